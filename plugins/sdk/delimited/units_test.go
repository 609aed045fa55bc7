package delimited_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/google/go-cmp/cmp"
)

func charset(t testing.TB, name string) sdk.Charset {
	t.Helper()
	c, err := sdk.ParseCharset(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func input(text string) *sdk.Input {
	return sdk.NewInput(strings.NewReader(text), int64(len(text)))
}

// units lists what Units makes of text: line, bytes, and the fields or the defect.
func units(t testing.TB, text string, d delimited.Dialect) (got []string) {
	t.Helper()
	in := input(text)
	for u := range delimited.Units(in, d) {
		raw := text[u.Span.Offset : u.Span.Offset+u.Span.Length]
		what := string(bytes.Join(u.Fields, []byte{'|'}))
		switch {
		case u.Blank:
			what = "BLANK"
		case u.Defect != "":
			what = strings.ToUpper(u.Defect)
		}
		got = append(got, fmt.Sprintf("%d %q %s", u.Line, raw, what))
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return got
}

func TestUnits(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		lenient bool
		want    []string
	}{
		"lines":              {"a,b\r\nc,d", false, []string{`1 "a,b" a|b`, `2 "c,d" c|d`}},
		"a record of lines":  {"a,\"b\r\n\"\"\n\"\nc,d\n", false, []string{"1 \"a,\\\"b\\r\\n\\\"\\\"\\n\\\"\" a|b\r\n\"\n", `4 "c,d" c|d`}},
		"fields":             {"a\n\na,b,c\na,b\n", false, []string{`1 "a" FIELDS`, `2 "" BLANK`, `3 "a,b,c" FIELDS`, `4 "a,b" a|b`}},
		"no end":             {"a,\"b\nc,d\n", false, []string{`1 "a,\"b" QUOTE`, `2 "c,d" c|d`}},
		"no end, own lines":  {"a,\"b\nx\nc,d\n", false, []string{`1 "a,\"b\nx" QUOTE`, `3 "c,d" c|d`}},
		"more after the end": {"a,\"b\"x\nc,\"d\ne\"\n", false, []string{`1 "a,\"b\"x" QUOTE`, `2 "c,\"d\ne\"" c|d` + "\ne"}},
		"odd quotes":         {"a,\"b\"x\"\nc,d\n", true, []string{`1 "a,\"b\"x\"" a|b"x`, `2 "c,d" c|d`}},
		"odd, over lines":    {"\"b\"x\ny\",a\nc,d\n", true, []string{`1 "\"b\"x\ny\",a" b"x` + "\ny|a", `3 "c,d" c|d`}},
		"well formed inside": {"a,\"b\nc,d\n\"\n", true, []string{`1 "a,\"b\nc,d\n\"" a|b` + "\nc,d\n"}},
		"empty":              {"", false, nil},
		"empty fields":       {",\n\"\",\"\"\n", false, []string{`1 "," |`, `2 "\"\",\"\"" |`}},
	} {
		got := units(t, c.text, delimited.Dialect{Charset: charset(t, "utf-8"), Delimiter: ",", Quote: '"', Fields: 2, Lenient: c.lenient})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A quote without an end reaches MaxLines far, and no further.
func TestUnitsAreBounded(t *testing.T) {
	d := delimited.Dialect{Charset: charset(t, "utf-8"), Delimiter: ",", Quote: '"', Fields: 2}
	text := "a,\"b\n" + strings.Repeat("x\n", delimited.MaxLines+10) + "c,d\n"
	got := units(t, text, d)
	if len(got) != delimited.MaxLines+12 || got[0] != `1 "a,\"b" QUOTE` || got[len(got)-1] != fmt.Sprintf(`%d "c,d" c|d`, delimited.MaxLines+12) {
		t.Errorf("%d units; %s … %s", len(got), got[0], got[len(got)-1])
	}
	long := strings.Repeat("x", delimited.MaxUnit+1)
	for _, text := range []string{"a,b\n" + long + "\r\nc,d\n", "a,b\n" + long + long + "\nc,d\n", "a,b\na,\"" + long[:delimited.MaxUnit-10] + "\nyyyyyyyyyyy\nc,d\n"} {
		got := units(t, text, d)
		last := got[len(got)-1]
		if got[0] != `1 "a,b" a|b` || !strings.HasSuffix(last, `"c,d" c|d`) || !strings.Contains(got[1], strings.ToUpper(sdk.CodeLongLine)) && !strings.Contains(got[1], "QUOTE") {
			t.Errorf("%d units; %.80s … %.80s; %s", len(got), got[1], got[1][len(got[1])-30:], last)
		}
	}
}

// Lines in UTF-16 end at a line feed, not at a byte 0x0A; spans are of the bytes.
func TestWideLines(t *testing.T) {
	const text = "\ufeffਊ਀\n\u0a00x\r\n\nlast"
	for name, little := range map[string]bool{"utf-16le": true, "utf-16be": false} {
		var b []byte
		for _, r := range text {
			hi, lo := byte(r>>8), byte(r)
			if little {
				hi, lo = lo, hi
			}
			b = append(b, hi, lo)
		}
		var got []string
		for l := range delimited.Lines(input(string(b)), charset(t, name), '\n') {
			got = append(got, fmt.Sprintf("%d %d+%d %q %v", l.Number, l.Span.Offset, l.Span.Length, l.Text, l.Damaged))
		}
		want := []string{`1 2+4 "ਊ\u0a00" false`, `2 8+4 "\u0a00x" false`, `3 16+0 "" false`, `4 18+8 "last" false`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Raw gives back the bytes of a field, in whatever charset.
func TestRaw(t *testing.T) {
	text := "a,\"x\xffy\nz\"\"\"\n\xfe,b\n"
	var got []string
	for u := range delimited.Units(input(text), delimited.Dialect{Charset: charset(t, "gb18030"), Delimiter: ",", Quote: '"', Fields: 2}) {
		if !u.Damaged {
			t.Error("the damage is not seen")
		}
		for i := range u.Fields {
			raw, err := u.Raw(i)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%q %q", u.Fields[i], raw))
		}
	}
	if diff := cmp.Diff([]string{`"a" "a"`, "\"x\uFFFDy\\nz\\\"\" \"x\\xffy\\nz\\\"\\\"\"", "\"\uFFFD\" \"\\xfe\"", `"b" "b"`}, got); diff != "" {
		t.Error(diff)
	}
}

// Units cover the input: none overlaps another, and all lines are in one.
func FuzzUnits(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "a,\"b\nc\"\n", "a,\"b\nc,\"d\"\ne,f\n", "\"\n\"\"\n\",\",\"\n\n", "a,b\r\n\xff,\"\r\n", "a,b\n\n"} {
		f.Add(s, "utf-8", true)
		f.Add(s, "utf-16le", false)
	}
	f.Fuzz(func(t *testing.T, text, name string, lenient bool) {
		cs, err := sdk.ParseCharset(name)
		if err != nil {
			return
		}
		at, line := int64(0), int64(1)
		for u := range delimited.Units(input(text), delimited.Dialect{Charset: cs, Delimiter: ",", Quote: '"', Fields: 2, Lenient: lenient}) {
			if u.Span.Offset < at || u.Span.Offset+u.Span.Length > int64(len(text)) || u.Line != line || u.Lines < 1 {
				t.Fatalf("a unit at %+v, line %d, where byte %d, line %d is due", u.Span, u.Line, at, line)
			}
			at, line = u.Span.Offset+u.Span.Length, line+u.Lines
			if u.Defect == "" && !u.Blank && len(u.Fields) != 2 {
				t.Fatalf("%d fields", len(u.Fields))
			}
			for i := range u.Fields {
				if _, err := u.Raw(i); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
