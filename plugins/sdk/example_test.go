package sdk_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// pipeSMS is a whole plugin: its main function is sdk.Main(pipeSMS). It reads lines
// of time, sender, recipient and text with a vertical bar between them.
var pipeSMS = sdk.Plugin{Name: "acme/pipe-sms", Version: "0.1.0", Parse: parsePipeSMS}

func parsePipeSMS(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	zone, err := sdk.ParseZone("+08:00", "layout")
	if err != nil {
		return err
	}
	format, err := sdk.ParseTimeFormat("%Y-%m-%d %H:%M:%S", zone, sdk.Sent, sdk.Declared)
	if err != nil {
		return err
	}
	for line := range in.Lines() {
		f := bytes.SplitN(line.Bytes, []byte("|"), 4)
		if len(f) != 4 {
			c.Reject(line.Source(), "line.fields", "the line does not have four fields")
			continue
		}
		m := sdk.SMS{From: sdk.Bytes(f[1]), To: []sdk.Text{sdk.Bytes(f[2])}, Text: sdk.Bytes(f[3])}
		m.Time = format.Parse(sdk.Bytes(f[0]))
		if err := out.Put(&m, line.Source()); err != nil {
			return err
		}
	}
	return in.Err()
}

// A useful plugin fits on a screen. Started by hand, `./pipe-sms run FILE` prints
// what it makes of a file; the same call is made here.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "export.txt")
	text := "2008-08-01 07:10:19|13212382994|13223650202|on my way\r\nhalf a line\r\n2008-08-01|+1|+2|caf\xe9\r\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	var diagnostics bytes.Buffer
	code := sdk.Command(context.Background(), pipeSMS, []string{"run", file}, os.Stdout, &diagnostics)
	fmt.Print(diagnostics.String(), "exit code ", code)
	// Output:
	// 1  sms  2008-07-31T23:10:19Z sent  bytes 0+53, line 1
	//    from        13212382994
	//    text        on my way
	//    time_basis  {"basis":"declared","unit":"text","zone":"+08:00","zone_basis":"layout"}
	//    time_raw    2008-08-01 07:10:19
	//    to          ["13223650202"]
	// 2  sms  bytes 68+21, line 3
	//    flags       ["time_unreadable"]
	//    from        +1
	//    text        caf�
	//    text_raw    Y2Fm6Q==
	//    time        null
	//    time_basis  {"basis":"declared","unit":"text","zone":"+08:00","zone_basis":"layout"}
	//    time_raw    2008-08-01
	//    to          ["+2"]
	// reject  line.fields  bytes 55+11, line 2: the line does not have four fields
	// acme/pipe-sms 0.1.0 parse: complete
	// units: declared none, read 3, emitted 2, rejected 1, skipped 0
	// records: 2, sha256:3ac94b3bc1cae2c3df49b0826647b6d97e42af107c26e5873cea3deb2edd2161
	// diagnostics: 1; artifacts: 0; bytes read: 91
	// exit code 0
}
