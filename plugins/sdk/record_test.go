package sdk_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// run runs op over data and returns what it wrote, line by line.
func run(t testing.TB, data string, op sdk.Op, change ...func(*sdk.Job)) (sdk.Result, []string, []string, []byte) {
	t.Helper()
	var records, diagnostics, artifacts bytes.Buffer
	j := sdk.Job{
		Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(data), int64(len(data)))},
		Records: &records, Diagnostics: &diagnostics, Artifacts: &artifacts,
	}
	for _, f := range change {
		f(&j)
	}
	r, err := sdk.Run(context.Background(), sdk.Plugin{Name: "test", Version: "0", Parse: op}, j)
	if err != nil {
		t.Fatal(err)
	}
	return r, lines(records.String()), lines(diagnostics.String()), artifacts.Bytes()
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// want builds the map that a record's line must be the canonical form of. It says
// again, the slow way, what docs/formats/records.md says.
type want map[string]any

func (w want) text(name string, v drawn) {
	if v.absent {
		return
	}
	if v.null {
		w[name] = nil
		return
	}
	w[name] = shown(v.s)
	if !utf8.ValidString(v.s) {
		w[name+"_raw"] = base64.StdEncoding.EncodeToString([]byte(v.s))
	}
}

// foreign is text under a name that is the evidence's.
func (w want) foreign(name string, v drawn) {
	w.text(name, v)
	if raw, ok := w[name+"_raw"]; ok {
		w[name] = map[string]any{"raw": raw, "text": shown(v.s)}
		delete(w, name+"_raw")
	}
}

func (w want) list(name string, vs []drawn) {
	if vs == nil {
		return
	}
	list, raw, bad := []any{}, []any{}, false
	for _, v := range vs {
		switch {
		case v.null || v.absent:
			list, raw = append(list, nil), append(raw, nil)
		case utf8.ValidString(v.s):
			list, raw = append(list, v.s), append(raw, nil)
		default:
			bad = true
			list, raw = append(list, shown(v.s)), append(raw, base64.StdEncoding.EncodeToString([]byte(v.s)))
		}
	}
	w[name] = list
	if bad {
		w[name+"_raw"] = raw
	}
}

func (w want) word(name, s string) {
	if s != "" {
		w[name] = s
	}
}

// shown has one U+FFFD for each byte that is not UTF-8.
func shown(s string) string { return string([]rune(s)) }

// drawn is a value that rapid drew, before it becomes a Text.
type drawn struct {
	s            string
	null, absent bool
}

func (d drawn) text() sdk.Text {
	switch {
	case d.absent:
		return sdk.Text{}
	case d.null:
		return sdk.Null()
	}
	return sdk.Str(d.s)
}

func texts(ds []drawn) []sdk.Text {
	if ds == nil {
		return nil
	}
	out := []sdk.Text{}
	for _, d := range ds {
		out = append(out, d.text())
	}
	return out
}

type gen struct{ t *rapid.T }

func (g gen) str(name string) string {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\xffb", "\xed\xa0\x80", "\xc3", "中文", "\x00\x1f\"\\/\n\u2028\x7f", "\U0001F600"}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(g.t, name)
}

func (g gen) text(name string) drawn {
	switch rapid.IntRange(0, 4).Draw(g.t, name+"?") {
	case 0:
		return drawn{absent: true}
	case 1:
		return drawn{null: true}
	}
	return drawn{s: g.str(name)}
}

func (g gen) list(name string) []drawn {
	n := rapid.IntRange(-1, 3).Draw(g.t, name+"#")
	if n < 0 {
		return nil
	}
	out := []drawn{}
	for i := range n {
		out = append(out, g.text(fmt.Sprint(name, i)))
	}
	return out
}

func (g gen) one(name string, words ...string) string {
	return rapid.SampledFrom(append(words, "")).Draw(g.t, name)
}

func (g gen) number(name string) (sdk.Number, any, bool) {
	switch rapid.IntRange(0, 3).Draw(g.t, name+"?") {
	case 0:
		return sdk.Number{}, nil, false
	case 1:
		return sdk.NullNum(), nil, true
	}
	n := rapid.Int64().Draw(g.t, name)
	if n > evidence.MaxSafeInteger || n < -evidence.MaxSafeInteger {
		return sdk.Num(n), fmt.Sprint(n), true
	}
	return sdk.Num(n), n, true
}

// common draws the fields that all kinds have, and what they become.
func (g gen) common(w want) (c sdk.Common) {
	c.State = g.one("state", sdk.Live, sdk.Deleted)
	w.word("state", c.State)
	c.Charset, c.CharsetBasis = g.one("charset", "utf-8", "gb18030"), g.one("charset basis", sdk.Declared)
	w.word("charset", c.Charset)
	w.word("charset_basis", c.CharsetBasis)
	var flags []any
	if rapid.Bool().Draw(g.t, "flag") {
		c.Flags = []string{"a_flag", "another"}
		flags = append(flags, "a_flag", "another")
	}
	raw := g.text("time raw")
	zone, err := sdk.ParseZone(rapid.SampledFrom([]string{"+08:00", "UTC", "-03:30"}).Draw(g.t, "zone"), "item")
	if err != nil {
		g.t.Fatal(err)
	}
	switch rapid.IntRange(0, 3).Draw(g.t, "time") {
	case 1:
		c.Time = sdk.NullTime(sdk.Sent)
		w["time"], w["time_kind"] = nil, sdk.Sent
	case 2:
		c.Time = sdk.Unreadable(sdk.Sent, raw.text(), sdk.Basis{Basis: sdk.Assumed, Unit: "text", Zone: zone.Name(), ZoneBasis: zone.Basis})
		w["time"], w["time_kind"] = nil, sdk.Sent
		w["time_basis"] = map[string]any{"basis": "assumed", "unit": "text", "zone": zone.Name(), "zone_basis": "item"}
		w.text("time_raw", raw)
		flags = append(flags, "time_unreadable")
	case 3:
		f, err := sdk.ParseTimeFormat("%Y-%m-%d %H:%M:%S.%f", zone, sdk.Logged, sdk.Declared)
		if err != nil {
			g.t.Fatal(err)
		}
		c.Time = f.Parse(sdk.Str("1904-02-29 12:00:00.010"))
		w["time"] = map[string]string{"+08:00": "1904-02-29T04:00:00.010Z", "UTC": "1904-02-29T12:00:00.010Z", "-03:30": "1904-02-29T15:30:00.010Z"}[zone.Name()]
		w["time_kind"], w["time_raw"] = sdk.Logged, "1904-02-29 12:00:00.010"
		w["time_basis"] = map[string]any{"basis": "declared", "unit": "text", "zone": zone.Name(), "zone_basis": "item"}
		flags = append(flags, "time_implausible")
		c.Times = []sdk.Time{c.Time, sdk.NullTime(sdk.Read), {}}
		w["times"] = []any{
			map[string]any{"basis": w["time_basis"], "kind": sdk.Logged, "raw": w["time_raw"], "time": w["time"]},
			map[string]any{"kind": sdk.Read, "time": nil},
			map[string]any{"time": nil},
		}
	}
	if flags != nil {
		w["flags"] = flags
	}
	if rapid.Bool().Draw(g.t, "extra") {
		text := g.text("extra text")
		extra := want{"n": int64(5), "list": []any{"x", nil, true, "9007199254740993", int64(-1)}, "nested": map[string]any{"": "1.5", "bytes": map[string]any{"raw": "/w=="}}, "empty": map[string]any{}}
		text.absent = false
		extra.foreign("中", text)
		bad := []any{map[string]any{"raw": "YeM=", "text": "a\ufffd"}}
		extra["odd"] = bad
		c.Extra = map[string]any{
			"n": 5, "list": []any{"x", nil, true, int64(1<<53 + 1), int32(-1)}, "nested": map[string]any{"": 1.5, "bytes": []byte{0xff}}, "empty": map[string]any{},
			"中": text.text(), "odd": []string{"a\xe3"},
		}
		w["extra"] = map[string]any(extra)
	}
	return c
}

// record draws a record of any kind and what it must become, but for its source.
func (g gen) record() (sdk.Record, want) {
	w := want{}
	text := func(name string) sdk.Text {
		d := g.text(name)
		w.text(name, d)
		return d.text()
	}
	list := func(name string) []sdk.Text {
		d := g.list(name)
		w.list(name, d)
		return texts(d)
	}
	word := func(name string, words ...string) string {
		s := g.one(name, words...)
		w.word(name, s)
		return s
	}
	kind := rapid.SampledFrom([]string{"message", "sms", "call", "account", "contact", "keyword", "row", "x-acme/place"}).Draw(g.t, "kind")
	c := g.common(w)
	w["kind"] = kind
	switch kind {
	case "message", "sms":
		m := sdk.Message{
			Common: c, Service: text("service"), Account: text("account"), Conversation: text("conversation"), From: text("from"), To: list("to"),
			Direction: word("direction", sdk.Incoming, sdk.Unknown), Text: text("text"), Status: text("status"), IP: text("ip"),
			MatchedTerm: text("matched_term"), Participants: list("participants"),
		}
		if rapid.Bool().Draw(g.t, "attached") {
			n, js, stated := g.number("size")
			name := g.text("name")
			m.Attachments = []sdk.Attachment{{Name: name.text(), Size: n, Missing: true}, {SHA256: evidence.Sum(nil)}}
			a := want{"missing": true}
			a.text("name", name)
			if stated {
				a["size"] = js
			}
			w["attachments"] = []any{map[string]any(a), map[string]any{"sha256": evidence.Sum(nil).String()}}
		}
		if kind == "sms" {
			return (*sdk.SMS)(&m), w
		}
		return &m, w
	case "call":
		n, js, stated := g.number("duration")
		if stated {
			w["duration_s"] = js
		}
		return &sdk.Call{
			Common: c, Service: text("service"), Account: text("account"), From: text("from"), To: list("to"), Direction: word("direction", sdk.Outgoing),
			Duration: n, Status: text("status"), IP: text("ip"), DisplayName: text("display_name"),
		}, w
	case "account":
		a := sdk.Account{
			Common: c, Service: text("service"), Username: text("username"), DisplayName: text("display_name"),
			Phones: list("phones"), Emails: list("emails"), IPs: list("ips"), NationalID: text("national_id"),
		}
		if rapid.Bool().Draw(g.t, "created") {
			a.Created = sdk.Epoch{Unit: "ms", Epoch: "unix"}.Time(1_000_000_000_007, sdk.Text{})
			w["created"] = "2001-09-09T01:46:40.007Z"
		}
		if rapid.Bool().Draw(g.t, "credential") {
			cw := want{"type": "md5"}
			v := g.text("value")
			cw.text("value", v)
			a.Credential = &sdk.Credential{Type: "md5", Value: v.text()}
			w["credential"] = map[string]any(cw)
		}
		return &a, w
	case "contact":
		return &sdk.Contact{
			Common: c, Owner: text("owner"), Names: list("names"), Phones: list("phones"), Emails: list("emails"), Usernames: list("usernames"), Organisation: text("organisation"),
		}, w
	case "keyword":
		return &sdk.Keyword{
			Common: c, Term: text("term"), List: text("list"), Effect: word("effect", sdk.Censor), Category: text("category"), Theme: text("theme"),
		}, w
	case "row":
		columns := want{}
		r := &sdk.Row{Common: c, Table: text("table")}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z\x{4e00}-\x{4e20}\x{1f600}\x{ffee}]{0,6}`), 0, 6, rapid.ID).Draw(g.t, "columns") {
			v := g.text("value of " + name)
			v.absent = false
			columns.foreign(name, v)
			r.Columns = append(r.Columns, sdk.Column{Name: name, Value: v.text()})
		}
		w["columns"] = map[string]any(columns)
		return r, w
	default:
		v := g.text("ward")
		v.absent = false
		w.text("ward", v)
		w["zz"], w["aa"] = int64(1), true
		return &sdk.Other{Common: c, Name: kind, Fields: map[string]any{"ward": v.text(), "zz": 1, "aa": true}}, w
	}
}

func (g gen) source(size int64) (sdk.Source, map[string]any) {
	w := want{}
	s := sdk.Source{Profile: g.one("profile", "p"), Key: g.one("key", "key:00")}
	w.word("profile", s.Profile)
	w.word("key", s.Key)
	shape := rapid.IntRange(1, 7).Draw(g.t, "source")
	if shape&1 != 0 {
		s.HasSpan = true
		s.Offset = rapid.Int64Range(0, size).Draw(g.t, "offset")
		s.Length = rapid.Int64Range(0, size-s.Offset).Draw(g.t, "length")
		w["offset"], w["length"] = s.Offset, s.Length
	}
	if shape&2 != 0 {
		s.HasRow = true
		s.Table, s.RowID = "t\"able", rapid.Int64().Draw(g.t, "rowid")
		w["table"], w["rowid"] = s.Table, any(s.RowID)
		if s.RowID > evidence.MaxSafeInteger || s.RowID < -evidence.MaxSafeInteger {
			w["rowid"] = fmt.Sprint(s.RowID)
		}
	}
	if shape&4 != 0 {
		s.Pointer = "/a/0"
		w["pointer"] = s.Pointer
	}
	if s.Line = rapid.Int64Range(0, 9).Draw(g.t, "line"); s.Line > 0 {
		w["line"] = s.Line
	}
	return s, w
}

func TestRecordsAreCanonical(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := gen{rt}
		n := rapid.IntRange(1, 3).Draw(rt, "records")
		var recs []sdk.Record
		var srcs []sdk.Source
		var expect []string
		for range n {
			rec, w := g.record()
			src, sw := g.source(1000)
			w["source"] = sw
			line, err := evidence.Canonical(map[string]any(w))
			if err != nil {
				rt.Fatal(err)
			}
			recs, srcs, expect = append(recs, rec), append(srcs, src), append(expect, string(line))
		}
		r, got, _, _ := run(t, strings.Repeat("x", 1000), func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			for i, rec := range recs {
				if err := out.Put(rec, srcs[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if r.Outcome != evidence.OutcomeComplete || len(got) != n {
			rt.Fatalf("%+v", r)
		}
		for i := range got {
			if got[i] != expect[i] {
				rt.Fatalf("%T\ngot  %s\nwant %s", recs[i], got[i], expect[i])
			}
			if err := evidence.CheckCanonical([]byte(got[i])); err != nil {
				rt.Fatalf("%s: %v", got[i], err)
			}
		}
	})
}

// Names that evidence chooses may repeat, look like the names of raw bytes, or
// be no text: nothing is lost, and the line stays canonical.
func TestColumnsThatCollide(t *testing.T) {
	_, got, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		return out.Put(&sdk.Row{Columns: []sdk.Column{
			{"b", 1}, {"a", "x"}, {"a", "y"}, {"a#2", "z"}, {"c", "\xff"}, {"c_raw", "own"}, {"d\xfe", []byte("blob")},
		}}, sdk.At(0, 1))
	})
	want := `{"columns":{"a":"x","a#2":"y","a#2#2":"z","b":1,"c":{"raw":"/w==","text":"` + "\ufffd" + `"},"c_raw":"own","d\\xfe":{"raw":"YmxvYg=="}},"kind":"row","source":{"length":1,"offset":0}}`
	if len(got) != 1 || got[0] != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestRecordsThatCannotBeWritten(t *testing.T) {
	loop := map[string]any{}
	loop["again"] = loop
	for name, rec := range map[string]sdk.Record{
		"type":  &sdk.Message{Common: sdk.Common{Extra: map[string]any{"t": struct{}{}}}},
		"loop":  &sdk.Message{Common: sdk.Common{Extra: loop}},
		"kind":  &sdk.Other{Name: "location"},
		"field": &sdk.Other{Name: "x-acme/location", Fields: map[string]any{"source": 1}},
	} {
		r, got, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			_ = out.Put(&sdk.Keyword{Term: sdk.Str("before")}, sdk.At(0, 1))
			_ = out.Put(rec, sdk.At(0, 1))
			return nil // even a plugin that ignores the error cannot end complete
		})
		if r.Outcome != evidence.OutcomeFailed || len(got) != 1 || !strings.Contains(r.Reason, sdk.ErrRecord.Error()) {
			t.Errorf("%s: %+v %q", name, r, got)
		}
	}
}
