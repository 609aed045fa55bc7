package jsonread_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
)

type output struct {
	sdk.Result
	diagnostics []string
}

func parse(t testing.TB, data []byte, op sdk.Op) output {
	t.Helper()
	var diagnostics bytes.Buffer
	r, err := sdk.Run(t.Context(), sdk.Plugin{Parse: op}, sdk.Job{
		Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader(data), int64(len(data)))},
		Records: io.Discard, Diagnostics: &diagnostics, Artifacts: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Units.Consistent() {
		t.Errorf("units do not add up: %+v", r.Units)
	}
	out := output{Result: r}
	for line := range strings.Lines(diagnostics.String()) {
		var d struct {
			Code, Severity string
			Source         struct{ Offset, Length int }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		out.diagnostics = append(out.diagnostics, fmt.Sprintf("%s %s %.40q", d.Severity, d.Code, data[d.Source.Offset:d.Source.Offset+d.Source.Length]))
	}
	return out
}

func (o output) says() string { return strings.Join(o.diagnostics, ", ") }

// elements lists pointers and bytes; each becomes a record.
func elements(t testing.TB, data []byte, pattern string) (got []string, out output) {
	t.Helper()
	out = parse(t, data, func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Elements(c, in, pattern) {
			s := e.Source()
			got = append(got, fmt.Sprintf("%s %s", e.Pointer, data[s.Offset:s.Offset+s.Length]))
			if err := out.Put(&sdk.Other{Common: e.Common(), Name: "x-test/value", Fields: map[string]any{"value": e.Value().Any()}}, s); err != nil {
				return err
			}
		}
		return in.Err()
	})
	return got, out
}

func TestElements(t *testing.T) {
	const text = ` {"skip": {"a":[1,{"b":"]}"}]}, "m/1": [ {"id":1} , [2] , "three" , 4.5e1, null , true ],
		"x":{"m":{"id":9},"n":[]}, "m~":{} } `
	for pattern, want := range map[string]string{
		"":          `| ` + strings.TrimSpace(text),
		"/m~11/*":   `|/m~11/0 {"id":1}|/m~11/1 [2]|/m~11/2 "three"|/m~11/3 4.5e1|/m~11/4 null|/m~11/5 true`,
		"/m~11/0":   `|/m~11/0 {"id":1}`,
		"/m~11/*/*": `|/m~11/0/id 1|/m~11/1/0 2`,
		"/*/m":      `|/x/m {"id":9}`,
		"/x/*":      `|/x/m {"id":9}|/x/n []`,
		"/none/*":   ``,
		"/x/none":   ``,
		"/m~0":      `|/m~0 {}`,
	} {
		got, out := elements(t, []byte(text), pattern)
		joined := ""
		for _, g := range got {
			joined += "|" + g
		}
		says := ""
		if want == "" {
			says = fmt.Sprintf("info json.nothing_found %.40q", text)
		}
		if joined != want || out.says() != says || out.Err != nil {
			t.Errorf("%s: %s; %s %v", pattern, joined, out.says(), out.Err)
		}
	}
}

func TestDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		text, pattern string
		want          int
		says          string
	}{
		"cut in an element":   {`[{"a":1},{"a":`, "/*", 1, `reject json.truncated "{\"a\":"`},
		"cut in a string":     {`[{"a":1},{"a":"x\`, "/*", 1, `reject json.truncated "{\"a\":\"x\\"`},
		"cut between":         {`[{"a":1},`, "/*", 1, `damage json.truncated ""`},
		"cut above":           {`{"x":{"a":[1,`, "/x/a/*", 1, `damage json.truncated ""`},
		"bad element":         {`[{"a":1},{"a" 1},{"a":2}]`, "/*", 2, `reject json.malformed "{\"a\" 1}"`},
		"bad word":            {`[{"a":tru},{"a":01},{"a":-},{"a":1.},{"a":1e},{"a":2}]`, "/*", 1, `reject json.malformed "{\"a\":tru}", reject json.malformed "{\"a\":01}", reject json.malformed "{\"a\":-}", reject json.malformed "{\"a\":1.}", reject json.malformed "{\"a\":1e}"`},
		"comma at the end":    {`[{"a":1,},[1,],{"a":2}]`, "/*", 1, `reject json.malformed "{\"a\":1,}", reject json.malformed "[1,]"`},
		"bad escape":          {`["\x", "\u12g4", "ok"]`, "/*", 1, `reject json.malformed "\"\\x\"", reject json.malformed "\"\\u12g4\""`},
		"brackets":            {`[{"a":[}},{"a":2}]`, "/*", 0, `reject json.malformed "{\"a\":[", damage json.malformed "}},{\"a\":2}]"`},
		"no JSON":             {`hello, world`, "/*", 0, `damage json.malformed "hello, world"`},
		"several documents":   {`[1] [2]` + "\n" + `[3]`, "/*", 3, ``},
		"words":               {`1 x 2`, "", 2, `reject json.malformed "x"`},
		"nothing":             {``, "/*", 0, ``},
		"an empty list":       {`{"x":{"m":[]}}`, "/x/m/*", 0, ``},
		"mark":                {"\xef\xbb\xbf[1]", "/*", 1, ``},
		"deep":                {`[` + strings.Repeat(`[`, 600) + strings.Repeat(`]`, 600) + `,1]`, "/*", 1, `reject json.too_deep "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["`},
		"deeper than is read": {strings.Repeat(`[`, 1<<21), "/x", 0, `damage json.malformed "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["`},
	} {
		got, out := elements(t, []byte(c.text), c.pattern)
		if len(got) != c.want || out.says() != c.says || out.Err != nil {
			t.Errorf("%s: %v; %s %v", name, got, out.says(), out.Err)
		}
	}
	// What is longer than an element may be costs itself, and no memory.
	long := `[1,"` + strings.Repeat("x", jsonread.MaxElement) + `",{"a":[` + strings.Repeat(`"y",`, jsonread.MaxElement/4) + `1]},3]`
	got, out := elements(t, []byte(long), "/*")
	if len(got) != 2 || len(out.diagnostics) != 2 || !strings.HasPrefix(out.says(), `reject json.element_too_long "\"xxx`) {
		t.Errorf("%d elements; %s", len(got), out.says())
	}
}

func TestValues(t *testing.T) {
	const text = `{"s":"a\n\"\u00e9\ud83d\ude0a","lone":"\ud83d!","bytes":"caf` + "\xe9" + `","ctl":"a` + "\x01" + `","n":17,"f":1.5e3,"h":1.5,"ns":"42",
		"b":true,"z":null,"o":{"k":[10,20,{"d":"x"}]},"twice":1,"big":12345678901234567890,"twice":2,"tw\u0069ce":3}`
	var fields map[string]any
	out := parse(t, []byte(text), func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Elements(c, in, "") {
			for path, want := range map[string]string{
				"s": "a\n\"é😊", "n": "17", "z": "", "o k 1": "20", "o k 2 d": "x", "b": "true", "o k 9": "", "o x": "", "twice": "3", "big": "12345678901234567890", "bytes": "caf\xe9", "lone": "\xed\xa0\xbd!",
			} {
				v := e.Get(strings.Fields(path)...)
				if got := v.Text(); got.String() != want || got.IsAbsent() != (v.Kind() == jsonread.Absent) {
					t.Errorf("%s is %q", path, got.String())
				}
				if s := v.Span(); v.Kind() != jsonread.Absent && text[s.Offset:s.Offset+s.Length] != string(v.Raw()) {
					t.Errorf("%s is at %v", path, s)
				}
			}
			for path, want := range map[string]int64{"n": 17, "f": 1500, "ns": 42, "h": -1, "b": -1, "z": -1, "big": -1} {
				if n, ok := e.Int64(path); ok != (want >= 0) || ok && n != want {
					t.Errorf("%s is %d %v", path, n, ok)
				}
			}
			if fmt.Sprint(e.Common().Flags) != "[json_duplicate json_odd]" {
				t.Error(e.Common().Flags)
			}
			fields = e.Extra("s", "o")
			var v struct{ N int }
			if err := e.Decode(&v); err != nil || v.N != 17 {
				t.Error(err, v)
			}
			var wrong struct{ S int }
			if err := e.Decode(&wrong); !errors.Is(err, sdk.ErrMalformed) || strings.Contains(err.Error(), "a\n") {
				t.Error(err)
			}
			return out.Put(&sdk.Row{Common: sdk.Common{Extra: fields}}, e.Source())
		}
		return in.Err()
	})
	if out.Err != nil || fields["twice"] != json.Number("1") || fields["twice#2"] != json.Number("2") || fields["twice#3"] != json.Number("3") || fields["s"] != nil || len(fields) != 13 {
		t.Errorf("%v %v", out.Err, fields)
	}
}

func TestLines(t *testing.T) {
	text := "\xef\xbb\xbf{\"a\":1}\r\n\n  {\"a\":2}  \n{\"a\":\n[3]\r{\"a\":\"" + strings.Repeat("x", 100) + "\"}"
	var got []string
	out := parse(t, []byte(text), func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Lines(c, in) {
			s := e.Source()
			got = append(got, fmt.Sprintf("%d %.9s", e.Line, text[s.Offset:s.Offset+s.Length]))
			if err := out.Put(&sdk.Row{}, s); err != nil {
				return err
			}
		}
		return in.Err()
	})
	if fmt.Sprint(got) != `[1 {"a":1} 3 {"a":2}]` || out.says() != `reject json.malformed "{\"a\":", reject json.malformed "[3]\r{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"` {
		t.Errorf("%v; %s", got, out.says())
	}
}

func TestUTF16(t *testing.T) {
	const text = `[{"who":"anna","text":"你好 😊"},{"who":"bo"}]`
	for _, e := range []unicode.BOMPolicy{unicode.UseBOM, unicode.IgnoreBOM} {
		for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
			data, err := unicode.UTF16(order, e).NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			out := parse(t, data, func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
				for e := range jsonread.Elements(c, in, "/*") {
					n++
					s := e.Get("who").Span()
					raw, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(data[s.Offset : s.Offset+s.Length])
					if err != nil || string(raw) != string(e.Get("who").Raw()) {
						t.Errorf("%q %v", raw, err)
					}
					if n == 1 && e.Text("text").String() != "你好 😊" {
						t.Error(e.Text("text"))
					}
				}
				return in.Err()
			})
			if n != 2 || out.says() != "" {
				t.Errorf("%d elements; %s", n, out.says())
			}
		}
	}
}

// Whatever encoding/json reads is read here, and as the same; spans are those of the
// elements; nothing makes it panic.
func FuzzElements(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+10,"x\u00e9\ud83d\ude0a",{"b":null}],"a":true}`, `[[],{},"",0]`, `{"a":[1,{"b":[}`, "\xff\xfe[\x001\x00]\x00", `"\ud83d"`, "[\"\x01\xff\"]"} {
		f.Add([]byte(s), "/*")
		f.Add([]byte(s), "")
	}
	f.Fuzz(func(t *testing.T, data []byte, pattern string) {
		if len(pattern) > 20 {
			return
		}
		end := 0
		var whole any
		read := false
		parse(t, data, func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			for e := range jsonread.Elements(c, in, pattern) {
				s := e.Source()
				if int(s.Offset) < end {
					t.Fatal("an element begins in another")
				}
				end = int(s.Offset + s.Length)
				if err := out.Put(&sdk.Row{Common: sdk.Common{Extra: map[string]any{"v": e.Value().Any()}}}, s); err != nil {
					return nil // nested too deeply to be written
				}
				if pattern == "" && !read {
					read = true
					whole = plain(e.Value())
				}
			}
			return in.Err()
		})
		var want any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if pattern == "" && json.Valid(data) && dec.Decode(&want) == nil {
			if !read || !reflect.DeepEqual(whole, want) {
				t.Fatalf("%v, want %v", whole, want)
			}
		}
	})
}

// plain is a value as encoding/json has it.
func plain(v jsonread.Value) any {
	switch v.Kind() {
	case jsonread.String:
		var s string
		_ = json.Unmarshal(v.Raw(), &s)
		if text := v.Text().String(); strings.ToValidUTF8(text, "") == text && text != s {
			return "differs: " + text
		}
		return s
	case jsonread.Number:
		return json.Number(v.Raw())
	case jsonread.Bool:
		b, _ := v.Bool()
		return b
	case jsonread.Array:
		list := []any{}
		for _, c := range v.Elements() {
			list = append(list, plain(c))
		}
		return list
	case jsonread.Object:
		m := map[string]any{}
		for name, c := range v.Members() {
			if !strings.Contains(name, "#") {
				c = v.Get(name) // the last one counts
			}
			var key string
			b, _ := json.Marshal(name)
			_ = json.Unmarshal(b, &key)
			if _, twice := m[key]; !twice && v.Get(name).Kind() != jsonread.Absent {
				m[key] = plain(c)
			}
		}
		return m
	}
	return nil
}
