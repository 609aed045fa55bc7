package redact_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// made is a small case with records and what was found in them.
type made struct {
	*disclosetest.Case
	sets  []evidence.Digest
	lines [][]string
	files []evidence.Digest
}

// found is a redaction to be made: of the n-th place of text in a field.
type found struct {
	set, line                    int // from 0
	field, text, category, class string
}

// makeCase receives a file for each list of records, and says that they were read in it.
func makeCase(t testing.TB, seed uint64, records ...[]string) *made {
	t.Helper()
	ctx := t.Context()
	c, err := disclosetest.New(ctx, t.TempDir()+"/case", seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Store.Close() })
	m := &made{Case: c, lines: records}
	for i, lines := range records {
		files, err := c.Receive(ctx, fmt.Sprintf("EX-%03d", i+1), nil, disclosetest.File{Path: fmt.Sprintf("log-%d.txt", i), Content: fmt.Appendf(nil, "file %d of %d", i, seed)})
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.Parse(ctx, files[0], "", lines)
		if err != nil {
			t.Fatal(err)
		}
		m.files, m.sets = append(m.files, files[0]), append(m.sets, d)
	}
	return m
}

// find records what the plugin would have found under a policy.
func (m *made) find(t testing.TB, p *redact.Policy, list ...found) {
	t.Helper()
	type key struct {
		order string
		line  string
	}
	var out []key
	for _, f := range list {
		var rec map[string]any
		if err := json.Unmarshal([]byte(m.lines[f.set][f.line]), &rec); err != nil {
			t.Fatal(err)
		}
		s := at(rec, f.field)
		start := strings.Index(s, f.text)
		if start < 0 {
			t.Fatalf("%q is not in %s of %v", f.text, f.field, rec)
		}
		class := f.class
		if class == "" {
			class = redact.ClassProven
		}
		b, err := evidence.Canonical(map[string]any{
			"kind": "redaction", "time": nil, "record": evidence.RecordID(m.sets[f.set], int64(f.line+1)), "field": f.field, "start": start, "end": start + len(f.text),
			"category": f.category, "class": class, "rule": "test@1", "validator": nil, "form": "plain", "part": nil, "known_in": 1, "certainty": "stated",
			"source": map[string]any{"pointer": "/members"},
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key{fmt.Sprintf("%s %09d %s %09d", m.sets[f.set].Hex(), f.line, f.field, start), string(b)})
	}
	slices.SortFunc(out, func(a, b key) int { return cmp.Compare(a.order, b.order) })
	lines := make([]string, 0, len(out))
	for _, o := range out {
		lines = append(lines, o.line)
	}
	if err := m.Redact(t.Context(), string(p.Detection()), m.sets, lines); err != nil {
		t.Fatal(err)
	}
}

// at is the text at a JSON pointer.
func at(v any, pointer string) string {
	for _, name := range strings.Split(pointer, "/")[1:] {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			var i int
			_, _ = fmt.Sscan(name, &i)
			v = x[i]
		}
	}
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.0f", f)
	}
	s, _ := v.(string)
	return s
}

// policy reads a policy with these members beside the least.
func policy(t testing.TB, members map[string]any) *redact.Policy {
	t.Helper()
	all := map[string]any{
		"schema": 1, "name": "test", "basis": "a test",
		"defaults": map[string]any{"proven": "pseudonym", "strong": "pseudonym", "weak": "review", "review": "review"},
	}
	for k, v := range members {
		all[k] = v
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	p, err := redact.ParsePolicy(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB, m *made, p *redact.Policy, o redact.Options) *redact.Redactor {
	t.Helper()
	r, err := redact.Open(t.Context(), m.Store, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bodies are the redacted records.
func bodies(ctx context.Context, t testing.TB, r *redact.Redactor) (out []string, applied [][]redact.Applied) {
	t.Helper()
	err := r.Each(ctx, nil, func(rec *redact.Record) error {
		if err := evidence.CheckCanonical(rec.Body); err != nil {
			t.Errorf("%s: %v: %s", rec.ID, err, rec.Body)
		}
		out = append(out, string(rec.Body))
		applied = append(applied, append([]redact.Applied(nil), rec.Applied...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, applied
}
