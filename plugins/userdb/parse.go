package main

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// parse tells LDIF from lists of users by the first line that says anything.
func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	cs, err := sdk.ChooseCharset(c, in, sdk.Charset{})
	if err != nil {
		return err
	}
	isLDIF, lines := false, 0
	for l := range delimited.LinesOf(in, cs, '\n') {
		text := bytes.TrimRight(l.Text, "\r")
		if lines++; lines > formLines {
			break
		}
		if blank(text) || text[0] == ' ' {
			continue
		}
		name, _, _ := bytes.Cut(bytes.ToLower(text), []byte(":"))
		isLDIF = string(name) == "dn" || string(name) == "version"
		break
	}
	if err := in.Err(); err != nil {
		return err
	}
	if isLDIF {
		return directory(c, in, out, cs)
	}
	return users(c, in, out, cs)
}
