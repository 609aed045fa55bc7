package sdk_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func charset(t testing.TB, name string) sdk.Charset {
	t.Helper()
	c, err := sdk.ParseCharset(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Vectors from Python's codecs (codecs.encode) and, for what is malformed, from the
// definitions: RFC 3629 §3, RFC 2781 §2, GB 18030-2005.
func TestCharset(t *testing.T) {
	for _, c := range []struct{ charset, hex, want string }{
		{"utf-8", "e585b3", "关"},
		{"UTF8", "", ""},
		{"us-ascii", "61", "a"},
		{"utf-8", "c0af", "!"},
		{"utf-8", "eda080", "!"},
		{"utf-8", "f4908080", "!"},
		{"utf-8", "e585", "!"},
		{"us-ascii", "80e5", "!"},
		{"gb18030", "b9d8d3da", "关于"},
		{"GBK", "b9d8", "关"},
		{"gb2312", "b9d8", "关"},
		{"gb18030", "8130813f", "!"},
		{"gb18030", "8431a437", "\ufffd"},
		{"gb18030", "418431a43742", "A\ufffdB"},
		{"gb18030", "9439da33", "\U0001f4a9"},
		{"gb18030", "b9", "!"},
		{"gb18030", "ff", "!"},
		{"gb18030", "b9d8ff", "!"},
		{"gb18030", "8431a437ff", "!"},
		{"gb18030", "e3329a36", "!"},
		{"gb18030", "84", "!"},
		{"gb18030", "8431a4", "!"},
		{"gb18030", "b97f", "!"},
		{"big5", "c3f6a9f3", "關於"},
		{"big5", "c3", "!"},
		{"big5", "c3ff", "!"},
		{"big5", "80", "!"},
		{"shift_jis", "82b182f182c982bf82cd", "こんにちは"},
		{"Shift-JIS", "b1", "ｱ"},
		{"shift_jis", "82", "!"},
		{"shift_jis", "8130", "!"},
		{"shift_jis", "fd", "!"},
		{"utf-16le", "735161003dd8a9dc", "关a\U0001f4a9"},
		{"utf-16be", "51730061d83ddca9", "关a\U0001f4a9"},
		{"utf-16le", "fdff", "\ufffd"},
		{"utf-16le", "73", "!"},
		{"utf-16le", "3dd8", "!"},
		{"utf-16le", "3dd86100", "!"},
		{"utf-16le", "a9dc", "!"},
		{"utf-16be", "d83dd83d", "!"},
		{"utf-16le", "fffe6100", "\ufeffa"},
	} {
		in, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := charset(t, c.charset).Append([]byte("before"), in)
		switch c.want {
		case "!":
			if !errors.Is(err, sdk.ErrCharset) || string(got) != "before" {
				t.Errorf("%s %s: got %q, %v", c.charset, c.hex, got, err)
			}
		default:
			if err != nil || string(got) != "before"+c.want {
				t.Errorf("%s %s: got %q, %v", c.charset, c.hex, got, err)
			}
		}
	}
	if _, err := sdk.ParseCharset("klingon"); !errors.Is(err, sdk.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := (sdk.Charset{}).Append(nil, []byte("a")); !errors.Is(err, sdk.ErrUnsupported) {
		t.Error(err)
	}
}

// All pairs of bytes from 0x80 must read as Python's strict codecs read them, but
// for what is private use there and refused here.
func TestCharsetsAgainstPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	const script = `
import sys
for a in range(0x80, 0x100):
    for b in range(0x100):
        raw = bytes([a, b])
        try: text = raw.decode(sys.argv[1])
        except UnicodeDecodeError: text = ""
        print(raw.hex(), text.encode("utf-8").hex())
`
	private := func(text []byte) bool {
		return bytes.ContainsFunc(text, func(r rune) bool { return r >= 0xE000 && r < 0xF900 || r >= 0x80 && r < 0xA0 })
	}
	for _, c := range []struct {
		name, codec string
		may         func(raw, text []byte) bool // where the tables differ by design
	}{
		{"gb18030", "gb18030", func(raw, _ []byte) bool { return raw[0] == 0x80 }},
		{"shift_jis", "cp932", func(_, _ []byte) bool { return false }},
		// More characters here than there, and another choice for eleven symbols.
		{"big5", "big5hkscs", func(raw, text []byte) bool { return len(text) == 0 || raw[0] <= 0xa2 }},
	} {
		out, err := exec.Command(python, "-c", script, c.codec).Output()
		if err != nil {
			t.Skipf("python3 does not run: %v", err)
		}
		cs, same, refused := charset(t, c.name), 0, 0
		for _, line := range lines(string(out)) {
			in, want, _ := strings.Cut(line, " ")
			raw, _ := hex.DecodeString(in)
			text, _ := hex.DecodeString(want)
			got, err := cs.Append(nil, raw)
			switch {
			case err == nil && bytes.Equal(got, text):
				same++
			case err != nil && want == "":
				refused++
			case !private(text) && !c.may(raw, text):
				t.Errorf("%s %s: got %q, %v; python %q", c.name, in, got, err, text)
			}
		}
		if same < 10_000 || refused < 5_000 {
			t.Errorf("%s: only %d equal, %d refused by both", c.name, same, refused)
		}
	}
}

func TestDecodeOfUTF8IsTheInput(t *testing.T) {
	in := []byte("关于")
	got, err := charset(t, "utf-8").Decode(in)
	if err != nil || &got[0] != &in[0] {
		t.Error("copied", err)
	}
}

func FuzzCharset(f *testing.F) {
	names := []string{"utf-8", "gb18030", "big5", "shift_jis", "utf-16le", "utf-16be"}
	for i := range names {
		f.Add(byte(i), []byte("a\x84\x31\xa4\x37\xb9\xd8"))
	}
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		c := charset(t, names[int(which)%len(names)])
		got, err := c.Append([]byte("x"), b)
		if err != nil {
			if string(got) != "x" {
				t.Fatalf("error, yet %q", got)
			}
			return
		}
		if !utf8.Valid(got) {
			t.Fatalf("%s %x: %q is not UTF-8", c.Name(), b, got)
		}
	})
}
