package layout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const messages = `{
 "name": "contentfilter", "kind": "message", "service": "tom-skype", "for": ["**/contentfilter/*"],
 "delimiter": "\t", "fields": 7, "last_field_takes_rest": true,
 "columns": ["ip", "account", "peer", "direction", "time", "matched_term", "text"],
 "time": {"kind": "logged", "format": "%Y-%m-%d %H:%M:%S", "zone": "+08:00"},
 "direction": {"0": "outgoing", "1": "incoming"}
}`

func compile(t testing.TB, text string, o layout.Options) *layout.Parser {
	t.Helper()
	l, err := layout.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// records runs a layout over lines as a plugin would and returns what was written:
// records without their source, and the codes of rejected lines.
func records(t testing.TB, text, input string, o layout.Options) (got []map[string]any, codes []string) {
	t.Helper()
	p := compile(t, text, o)
	parse := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			if m := p.Check(ln.Bytes); !m.OK() {
				codes = append(codes, strings.TrimSuffix(m.Code+":"+m.Column, ":"))
				continue
			}
			if err := out.Put(p.Record(), ln.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}
	var written bytes.Buffer
	r, err := sdk.Run(context.Background(), sdk.Plugin{Name: "t", Version: "1", Parse: parse}, sdk.Job{
		Operation: "parse", Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(input), int64(len(input)))},
		Records: &written, Diagnostics: &bytes.Buffer{}, Artifacts: &bytes.Buffer{},
	})
	if err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	for line := range bytes.Lines(written.Bytes()) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "source")
		got = append(got, m)
	}
	return got, codes
}

func TestMessage(t *testing.T) {
	got, codes := records(t, messages, strings.Join([]string{
		"192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\t自由\ta\tb",
		"2001:db8::7\tanna\tbo\t1\t2008-08-01 00:00:00\t\t",
		"\tanna\t\t\t\t\thello",
		"192.0.2.7\tanna\tbo\t0\t2008-02-30 07:10:19\t\tno such day",
		"192.0.2.256\tanna\tbo\t0\t2008-08-01 07:10:19\t\tno such address",
		"192.0.2.7\tanna\tbo\t2\t2008-08-01 07:10:19\t\tno such direction",
		"192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\ttoo few",
		"\t\t\t\t\t\t",
		"192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\t\tnot \xfftext",
		"fe80::1%eth0\tanna\tbo\t0\t2008-08-01 07:10:19\t\tan address of a machine's own",
		"",
	}, "\n"), layout.Options{})
	basis := map[string]any{"basis": "declared", "unit": "text", "zone": "+08:00", "zone_basis": "layout"}
	want := []map[string]any{
		{
			"kind": "message", "service": "tom-skype", "ip": "192.0.2.7", "account": "anna", "from": "anna", "to": []any{"bo"}, "direction": "outgoing",
			"time": "2008-07-31T23:10:19Z", "time_raw": "2008-08-01 07:10:19", "time_kind": "logged", "time_basis": basis, "matched_term": "自由", "text": "a\tb",
		},
		{
			"kind": "message", "service": "tom-skype", "ip": "2001:db8::7", "account": "anna", "from": "bo", "to": []any{"anna"}, "direction": "incoming",
			"time": "2008-07-31T16:00:00Z", "time_raw": "2008-08-01 00:00:00", "time_kind": "logged", "time_basis": basis, "matched_term": nil, "text": nil,
		},
		{
			"kind": "message", "service": "tom-skype", "ip": nil, "account": "anna", "from": nil, "to": []any{}, "participants": []any{"anna"}, "direction": "unknown",
			"time": nil, "time_kind": "logged", "matched_term": nil, "text": "hello",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"time:time", "ip:ip", "direction:direction", "fields", "empty", "text", "ip:ip"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestOtherKinds(t *testing.T) {
	for _, c := range []struct {
		name, layout, input string
		want                map[string]any
	}{
		{
			"call", `{"kind":"call","delimiter":"|","fields":5,"columns":["from","to","duration_s","status","extra.line"]}`, "a|b|62||7",
			map[string]any{"kind": "call", "from": "a", "to": []any{"b"}, "duration_s": 62.0, "status": nil, "direction": "unknown", "extra": map[string]any{"line": "7"}},
		},
		{
			"call to nobody known", `{"kind":"call","delimiter":"|","fields":3,"columns":["account","peer","status"]}`, "a|b|busy",
			map[string]any{"kind": "call", "account": "a", "from": nil, "to": []any{}, "direction": "unknown", "status": "busy", "extra": map[string]any{"peer": "b"}},
		},
		{
			"sms", `{"kind":"sms","delimiter":"::","fields":3,"columns":["from","to","text"],"last_field_takes_rest":true}`, "1::2::x::y",
			map[string]any{"kind": "sms", "from": "1", "to": []any{"2"}, "direction": "unknown", "text": "x::y"},
		},
		{
			"account", `{"kind":"account","delimiter":",","fields":4,"columns":["username","phone","ip","time"],"time":{"kind":"created","format":"%s"}}`, "u,1,192.0.2.1,1217546419",
			map[string]any{
				"kind": "account", "username": "u", "phones": []any{"1"}, "ips": []any{"192.0.2.1"}, "created": "2008-07-31T23:20:19Z",
				"time": "2008-07-31T23:20:19Z", "time_kind": "created", "time_raw": "1217546419",
				"time_basis": map[string]any{"basis": "declared", "epoch": "unix", "unit": "s", "zone": "UTC", "zone_basis": "source"},
			},
		},
		{
			"contact", `{"kind":"contact","delimiter":",","fields":3,"columns":["owner","name","email"]}`, "u,N,",
			map[string]any{"kind": "contact", "owner": "u", "names": []any{"N"}, "emails": []any{}},
		},
		{
			"keyword", `{"kind":"keyword","delimiter":",","fields":2,"columns":["term","category"]}`, "t,c",
			map[string]any{"kind": "keyword", "term": "t", "category": "c", "effect": "unknown"},
		},
		{
			"row", `{"kind":"row","delimiter":";","fields":2,"columns":["Größe","b"]}`, "1;",
			map[string]any{"kind": "row", "columns": map[string]any{"Größe": "1", "b": nil}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, codes := records(t, c.layout, c.input, layout.Options{})
			if diff := cmp.Diff([]map[string]any{c.want}, got); diff != "" {
				t.Error(diff, codes)
			}
		})
	}
}

// The zone is the layout's, else the item's, else assumed; each record says which.
func TestZone(t *testing.T) {
	const format = `{"kind":"row","delimiter":",","fields":2,"columns":["time","b"],"time":{"kind":"logged","format":"%FORMAT"ZONE}}`
	for _, c := range []struct{ format, zone, item, raw, time, basis string }{
		{"%F %T", "+08:00", "+01:00", "2008-08-01 08:00:00", "2008-08-01T00:00:00Z", "layout"},
		{"%F %T", "", "+01:00", "2008-08-01 08:00:00", "2008-08-01T07:00:00Z", "item"},
		{"%F %T", "", "", "2008-08-01 08:00:00", "2008-08-01T08:00:00Z", "assumed"},
		{"%F %T %z", "", "", "2008-08-01 08:00:00 -0330", "2008-08-01T11:30:00Z", "source"},
		{"%F %T %z", "+08:00", "", "2008-08-01 08:00:00 -0330", "2008-08-01T11:30:00Z", "source"},
	} {
		text := strings.Replace(format, "%FORMAT", c.format, 1)
		zone := ""
		if c.zone != "" {
			zone = `,"zone":"` + c.zone + `"`
		}
		text = strings.Replace(text, "ZONE", zone, 1)
		got, codes := records(t, text, c.raw+",x", layout.Options{Zone: c.item})
		if len(got) != 1 {
			t.Fatal(c, codes)
		}
		basis := got[0]["time_basis"].(map[string]any)["zone_basis"]
		if got[0]["time"] != c.time || basis != c.basis {
			t.Errorf("%v: got %v, zone by %v", c, got[0]["time"], basis)
		}
		if assumed := compile(t, text, layout.Options{Zone: c.item}).ZoneAssumed(); assumed != (c.basis == "assumed") {
			t.Errorf("%v: ZoneAssumed %v", c, assumed)
		}
	}
}

// Quoted fields, as Python 3's csv.reader reads them (strict=True), but for line
// breaks inside a field: a unit is a line.
func TestQuote(t *testing.T) {
	const text = `{"kind":"row","delimiter":",","quote":"\"","fields":3,"columns":["a","b","c"]}`
	for _, c := range []struct {
		line string
		want []any
		code string
	}{
		{`1,2,3`, []any{"1", "2", "3"}, ""},
		{`"1",2,"3"`, []any{"1", "2", "3"}, ""},
		{`"a,b","say ""no""",c`, []any{"a,b", `say "no"`, "c"}, ""},
		{`"","""",`, []any{nil, `"`, nil}, ""},
		{`a"b,c"d,e`, []any{`a"b`, `c"d`, "e"}, ""},
		{`"a`, nil, "quote"},
		{`"a"b,c,d`, nil, "quote"},
		{`1,2`, nil, "fields"},
		{`1,2,3,4`, nil, "fields"},
		{`1,2,"3",`, nil, "fields"},
	} {
		got, codes := records(t, text, c.line, layout.Options{})
		if c.code != "" {
			if len(codes) != 1 || codes[0] != c.code {
				t.Errorf("%s: got %v %v, want %s", c.line, got, codes, c.code)
			}
			continue
		}
		if len(got) != 1 {
			t.Errorf("%s: %v", c.line, codes)
			continue
		}
		columns := got[0]["columns"].(map[string]any)
		if diff := cmp.Diff(c.want, []any{columns["a"], columns["b"], columns["c"]}); diff != "" {
			t.Errorf("%s: %s", c.line, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	for why, text := range map[string]string{
		"unknown member":       `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"comment":"#"}`,
		"data after":           `{"kind":"row","delimiter":",","fields":1,"columns":["a"]} 1`,
		"no delimiter":         `{"kind":"row","delimiter":"","fields":1,"columns":["a"]}`,
		"a line's end":         `{"kind":"row","delimiter":"\n","fields":1,"columns":["a"]}`,
		"fields and columns":   `{"kind":"row","delimiter":",","fields":2,"columns":["a"]}`,
		"a name twice":         `{"kind":"row","delimiter":",","fields":2,"columns":["a","a"]}`,
		"unknown kind":         `{"kind":"mail","delimiter":",","fields":1,"columns":["a"]}`,
		"unknown column":       `{"kind":"message","delimiter":",","fields":1,"columns":["tiem"]}`,
		"empty extra":          `{"kind":"message","delimiter":",","fields":1,"columns":["extra."]}`,
		"time undescribed":     `{"kind":"message","delimiter":",","fields":1,"columns":["time"]}`,
		"time without column":  `{"kind":"message","delimiter":",","fields":1,"columns":["text"],"time":{"kind":"sent","format":"%s"}}`,
		"kind of time":         `{"kind":"message","delimiter":",","fields":1,"columns":["time"],"time":{"kind":"noted","format":"%s"}}`,
		"time format":          `{"kind":"message","delimiter":",","fields":1,"columns":["time"],"time":{"kind":"sent","format":"%Q"}}`,
		"time without a date":  `{"kind":"message","delimiter":",","fields":1,"columns":["time"],"time":{"kind":"sent","format":"%T"}}`,
		"zone by name":         `{"kind":"message","delimiter":",","fields":1,"columns":["time"],"time":{"kind":"sent","format":"%F %T","zone":"Asia/Shanghai"}}`,
		"direction undefined":  `{"kind":"message","delimiter":",","fields":1,"columns":["direction"]}`,
		"direction unknown":    `{"kind":"message","delimiter":",","fields":1,"columns":["direction"],"direction":{"0":"out"}}`,
		"peer alone":           `{"kind":"message","delimiter":",","fields":1,"columns":["peer"]}`,
		"parties twice":        `{"kind":"message","delimiter":",","fields":3,"columns":["account","peer","from"]}`,
		"charset":              `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"charset":"ebcdic"}`,
		"long quote":           `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"quote":"<<"}`,
		"multiline unquoted":   `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"multiline":true}`,
		"quote with rest":      `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"quote":"'","last_field_takes_rest":true}`,
		"quote as delimiter":   `{"kind":"row","delimiter":"'","fields":1,"columns":["a"],"quote":"'"}`,
		"header out of bounds": `{"kind":"row","delimiter":",","fields":1,"columns":["a"],"header":-1}`,
	} {
		if l, err := layout.Parse([]byte(text)); !errors.Is(err, layout.ErrLayout) || l != nil {
			t.Errorf("%s: got %v, %v", why, l, err)
		}
		if strings.Contains(why, "data after") {
			continue
		}
		if schema(t).Validate(decode(t, text)) == nil && !inexpressible[why] {
			t.Errorf("%s: the schema accepts it", why)
		}
	}
}

// What JSON Schema cannot say: equal lengths, one name once after a prefix, formats of others.
var inexpressible = map[string]bool{
	"fields and columns": true, "time format": true, "time without a date": true, "quote as delimiter": true,
	"peer alone": true, "parties twice": true,
}

func decode(t testing.TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// schema is layout-1.json without its demand for a name and paths, which the
// configuration of a run leaves out.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	const path = "../../../schemas/layout/layout-1.json"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	doc := decode(t, string(b))
	if err := c.AddResource("layout-1.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("layout-1.json#/$defs/layout")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAccepts(t *testing.T) {
	for _, text := range []string{
		messages,
		`{"kind":"row","delimiter":",","fields":2,"columns":["any name","time"],"time":{"kind":"logged","format":"%s"},"quote":"\"","header":1,"charset":"gb18030"}`,
		`{"kind":"call","delimiter":"|","fields":2,"columns":["duration_s","extra.line"]}`,
		`{"kind":"row","delimiter":",","fields":1,"columns":["a"],"quote":"'","multiline":true,"plugin":"acme/notes"}`,
	} {
		if err := schema(t).Validate(decode(t, text)); err != nil {
			t.Error(err)
		}
		compile(t, text, layout.Options{})
	}
}

func TestStarts(t *testing.T) {
	p := compile(t, messages, layout.Options{})
	for head, want := range map[string]bool{"192.0.2.": true, "2001:db8": true, "\tanna": true, "7\tanna\x00": true, "hello wo": false, "\x00": false, "1.2.3.4 ": false} {
		if got := p.Starts([]byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
	if !p.Strong() {
		t.Error("a layout with an address and a time is not strong")
	}
	if compile(t, `{"kind":"row","delimiter":",","fields":1,"columns":["a"]}`, layout.Options{}).Strong() {
		t.Error("a layout of text alone is strong")
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	p := compile(t, messages, layout.Options{})
	line := []byte("192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\t自由\ta")
	if n := testing.AllocsPerRun(100, func() {
		if m := p.Check(line); !m.OK() {
			t.Fatal(m)
		}
		p.Record()
	}); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

func BenchmarkCheckRecord(b *testing.B) {
	p := compile(b, messages, layout.Options{})
	line := []byte("192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\t自由\t看到一篇关于自由的文章")
	b.ReportAllocs()
	for b.Loop() {
		if m := p.Check(line); !m.OK() {
			b.Fatal(m)
		}
		p.Record()
	}
}
