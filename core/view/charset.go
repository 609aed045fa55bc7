package view

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// toUTF8 decodes text strictly: it fails with evidence.ErrFormat where a byte is not of
// the charset, "" being UTF-8.
func toUTF8(charset string, text []byte) (string, error) {
	if charset == "" || charset == "utf-8" || charset == "us-ascii" {
		if !utf8.Valid(text) {
			return "", fmt.Errorf("%w: not UTF-8", evidence.ErrFormat)
		}
		return string(text), nil
	}
	e, err := htmlindex.Get(charset)
	if err != nil {
		return "", fmt.Errorf("%w: charset %q", evidence.ErrFormat, charset)
	}
	out, err := e.NewDecoder().Bytes(text)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", fmt.Errorf("%w: not %s", evidence.ErrFormat, charset)
	}
	return string(out), nil
}

// iconvName is how iconv(1) calls a charset; "" where no conversion is needed.
func iconvName(charset string) string {
	switch c := strings.ToLower(charset); c {
	case "", "utf-8", "us-ascii", "ascii":
		return ""
	case "x-mac-cyrillic":
		return "MAC-CYRILLIC"
	case "macintosh":
		return "MACINTOSH"
	default:
		return strings.ToUpper(c)
	}
}
