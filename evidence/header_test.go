package evidence_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// sampleRecord is a record of the size that most have.
const sampleRecord = `{"account":"bluetom2950","charset":"utf-8","charset_basis":"detected","direction":"incoming","from":"skyblue1541","ip":"203.0.113.210","kind":"message","matched_term":"taiwan","service":"tom-skype","source":{"key":"key:0011223344556677","length":128,"line":1,"offset":0,"profile":"tom-messages-3.6"},"state":"live","text":"关于taiwan,我有话要说","time":"2008-07-31T23:10:19Z"}`

func TestScanRecord(t *testing.T) {
	h, _, err := evidence.ScanRecord([]byte(sampleRecord), nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(h.Kind) != "message" || string(h.Time) != "2008-07-31T23:10:19Z" || !h.Source.HasSpan || h.Source.Span != (evidence.Span{Length: 128}) || h.Source.Role != nil {
		t.Errorf("%+v", h)
	}
	for _, c := range []struct {
		line string
		want error
	}{
		{`{}`, nil},
		{`{"kind":"x","source":{},"time":null}`, nil},
		{`{"source":{"length":1,"offset":-5,"role":"a\nb"}}`, nil},
		{`{"kind":1}`, evidence.ErrFormat},
		{`{"kind":"a\nb"}`, evidence.ErrFormat},
		{`{"time":5}`, evidence.ErrFormat},
		{`{"source":null}`, evidence.ErrFormat},
		{`{"source":{"length":1}}`, evidence.ErrFormat},
		{`{"source":{"length":null,"offset":1}}`, evidence.ErrFormat},
		{`{"source":{"length":{},"offset":1}}`, evidence.ErrFormat},
		{`{"source":{"role":1}}`, evidence.ErrFormat},
		{`{"source":{"offset":1,"length":1}}`, evidence.ErrNotCanonical},
		{`{"source":{"length":01,"offset":1}}`, evidence.ErrNotCanonical},
		{`{"source":{`, evidence.ErrNotCanonical},
		{`{"source":`, evidence.ErrFormat},
		{`{"source"`, evidence.ErrNotCanonical},
		{`{"a":1`, evidence.ErrNotCanonical},
		{`{"a":1}}`, evidence.ErrNotCanonical},
		{`[]`, evidence.ErrNotCanonical},
		{``, evidence.ErrNotCanonical},
	} {
		h, _, err := evidence.ScanRecord([]byte(c.line), nil)
		if !errors.Is(err, c.want) || err != nil && (h.Kind != nil || h.Time != nil || h.Source.HasSpan) {
			t.Errorf("%s: %+v, %v", c.line, h, err)
		}
	}
	if h, _, err := evidence.ScanRecord([]byte(`{"source":{"length":1,"offset":-5}}`), nil); err != nil || h.Source.Span.Offset != -5 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestScanDiagnostic(t *testing.T) {
	h, err := evidence.ScanDiagnostic([]byte(`{"code":"line.odd","data":{"code":"no"},"severity":"reject","source":{"length":3,"offset":9,"role":"wal"}}`))
	if err != nil || string(h.Code) != "line.odd" || string(h.Severity) != "reject" || h.Source.Span != (evidence.Span{Offset: 9, Length: 3}) || string(h.Source.Role) != "wal" {
		t.Errorf("%+v, %v", h, err)
	}
}

// What ScanRecord finds, encoding/json finds; what it accepts, CheckCanonical does.
func TestScanRecordAgrees(t *testing.T) {
	member := func(known *rapid.Generator[any]) *rapid.Generator[any] { return rapid.OneOf(known, anyValue(1)) }
	text := rapid.Map(rapid.String(), func(s string) any { return s })
	number := rapid.Map(rapid.Int64Range(-10, 1000), func(n int64) any { return n })
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOfN(rapid.String(), anyValue(1), 0, 4).Draw(t, "members")
		if rapid.Bool().Draw(t, "kind?") {
			m["kind"] = member(text).Draw(t, "kind")
		}
		if rapid.Bool().Draw(t, "time?") {
			m["time"] = member(text).Draw(t, "time")
		}
		if rapid.Bool().Draw(t, "source?") {
			src := rapid.MapOfN(rapid.String(), anyValue(1), 0, 3).Draw(t, "source")
			for _, n := range []string{"offset", "length"} {
				if rapid.Bool().Draw(t, n+"?") {
					src[n] = member(number).Draw(t, n)
				}
			}
			m["source"] = src
		}
		line, err := evidence.Canonical(m)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "spoil?") {
			line[rapid.IntRange(0, len(line)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		h, members, err := evidence.ScanRecord(line, make([]evidence.Member, 1))
		if err != nil {
			if len(members) != 1 {
				t.Fatalf("%s: %d members of a line that was refused", line, len(members)-1)
			}
			return
		}
		var found [][2]string
		for _, m := range members[1:] {
			found = append(found, [2]string{string(line[m.Name : m.Value-2]), string(line[m.Value:m.End])})
		}
		var all [][2]string
		if err := evidence.Members(line, func(name, value []byte) error {
			all = append(all, [2]string{string(name), string(value)})
			return nil
		}); err != nil || !slices.Equal(found, all) {
			t.Fatalf("%s: members %q, want %q (%v)", line, found, all, err)
		}
		if err := evidence.CheckCanonical(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var want struct {
			Kind   string
			Time   *string
			Source struct{ Offset, Length *int64 }
		}
		// Names must match exactly, which Unmarshal does not ask for.
		var exact map[string]json.RawMessage
		if err := json.Unmarshal(line, &exact); err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]any{"kind": &want.Kind, "time": &want.Time} {
			if v, ok := exact[name]; ok {
				if err := json.Unmarshal(v, to); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
		}
		var source map[string]json.RawMessage
		if v, ok := exact["source"]; ok {
			if err := json.Unmarshal(v, &source); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		for name, to := range map[string]any{"offset": &want.Source.Offset, "length": &want.Source.Length} {
			if v, ok := source[name]; ok {
				if err := json.Unmarshal(v, to); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
		}
		if string(h.Kind) != want.Kind || (want.Time == nil) != (h.Time == nil) || want.Time != nil && string(h.Time) != *want.Time ||
			h.Source.HasSpan != (want.Source.Offset != nil) || h.Source.HasSpan && (h.Source.Span.Offset != *want.Source.Offset || h.Source.Span.Length != *want.Source.Length) {
			t.Fatalf("%s: %+v", line, h)
		}
	})
}

func BenchmarkScanRecord(b *testing.B) {
	line := []byte(sampleRecord)
	b.SetBytes(int64(len(line)))
	var members []evidence.Member
	for b.Loop() {
		var err error
		if _, members, err = evidence.ScanRecord(line, members[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
