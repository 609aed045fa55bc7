package redact_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

var dated = []string{
	`{"account":"a1","kind":"message","text":"first","time":"2008-01-01T00:00:00Z"}`,
	`{"from":"+8613812345678","kind":"sms","text":"second","time":"2008-06-01T00:00:00Z","to":["b2"]}`,
	`{"kind":"message","participants":["A1"],"text":"third","time":null}`,
	`{"kind":"message","text":"fourth","time":"2009-01-01T00:00:00Z"}`,
}

func texts1(t *testing.T, r *redact.Redactor) (out string) {
	t.Helper()
	all, _ := bodies(t.Context(), t, r)
	for i, name := range []string{"first", "second", "third", "fourth", "fifth"} {
		if strings.Contains(strings.Join(all, "\n"), `"text":"`+name) {
			out += string(rune('1' + i))
		}
	}
	return out
}

func TestScope(t *testing.T) {
	m := makeCase(t, 40, dated, []string{`{"kind":"message","text":"fifth","time":"2008-02-02T00:00:00.5Z"}`})
	m.find(t, policy(t, nil))
	for _, c := range []struct {
		scope        map[string]any
		want         string
		out, undated int64
	}{
		{map[string]any{"authority": "warrant 17"}, "12345", 0, 0},
		{map[string]any{"from": "2008-01-01T00:00:00Z", "until": "2008-06-01T00:00:00Z"}, "15", 3, 1},
		{map[string]any{"from": "2008-06-01T00:00:00Z"}, "24", 3, 1},
		{map[string]any{"until": "2008-06-01T00:00:00Z", "undated": true}, "135", 2, 0},
		{map[string]any{"accounts": []string{"a1"}}, "13", 3, 0},
		{map[string]any{"accounts": []string{"138 1234 5678", "nobody"}}, "2", 4, 0},
		{map[string]any{"exhibits": []string{"EX-002"}}, "5", 4, 0},
		{map[string]any{"exhibits": []string{"EX-002"}, "accounts": []string{"a1"}}, "", 5, 0},
	} {
		r := open(t, m, policy(t, map[string]any{"scope": c.scope}), redact.Options{Region: "CN"})
		if got, n := texts1(t, r), r.Counts(); got != c.want || n.OutOfScope != c.out || n.Undated != c.undated || n.Records != int64(len(c.want)) {
			t.Errorf("%v: %q, %+v", c.scope, got, n)
		}
	}
}

func TestWithheld(t *testing.T) {
	m := makeCase(t, 41, dated, []string{`{"kind":"message","text":"fifth","time":null}`})
	m.find(t, policy(t, nil), found{0, 0, "/text", "first", "code_name", ""})
	withheld := func(r *redact.Redactor) (out []redact.Withheld) {
		if err := r.Withheld(t.Context(), nil, func(w redact.Withheld) error {
			out = append(out, w)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, rule := range []map[string]any{
		{"exhibit": "EX-001", "basis": "privilege"}, {"artifact": m.files[0].String(), "basis": "privilege", "category": "privilege"}, {"place": "EX-001:log-0.txt", "basis": "privilege"},
	} {
		r := open(t, m, policy(t, map[string]any{"withhold": []any{rule}, "defaults": map[string]any{"proven": "keep", "strong": "keep", "weak": "keep", "review": "keep"}}), redact.Options{})
		if got, n := texts1(t, r), r.Counts(); got != "5" || n.Withheld != 4 || n.WithheldSets != 1 {
			t.Errorf("%v: %s, %+v", rule, got, n)
		}
		w := withheld(r)
		if len(w) != 4 || w[3].Leaf != 3 || w[3].Basis != "privilege" || w[3].Entry == 0 || w[3].Exhibit != "EX-001" || w[3].By != redact.ByAuto {
			t.Errorf("%v: %+v", rule, w)
		}
	}
	// One record, because of what is in it.
	p := policy(t, map[string]any{"rules": []any{map[string]any{"category": "code_name", "op": "withhold", "reason": "order 17"}}})
	r := open(t, m, p, redact.Options{})
	if got, w := texts1(t, r), withheld(r); got != "2345" || len(w) != 1 || w[0].Category != "code_name" || w[0].Basis != "order 17" || r.Counts().Withheld != 1 {
		t.Errorf("%s, %+v", got, w)
	}
	// A policy that names what is not there withholds too little.
	p = policy(t, map[string]any{"withhold": []any{map[string]any{"artifact": evidence.Sum([]byte("none")).String(), "basis": "privilege"}}})
	if _, err := redact.Open(t.Context(), m.Store, p, redact.Options{}); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
}

func TestTimes(t *testing.T) {
	const line = `{"account":"alice_w","created":"2007-01-01T00:00:00Z","extra":{"ts":1217545819},"kind":"account","time":"2008-07-31T23:10:19.25Z","time_basis":{"basis":"declared","zone":"+08:00"},"time_kind":"created","time_raw":"1.8.2008","times":[{"basis":null,"kind":"created","raw":"x","time":"2008-07-30T23:10:19Z"}]}`
	other := strings.ReplaceAll(line, "alice_w", "bob")
	m := makeCase(t, 42, []string{line, other, `{"kind":"sms","time":null}`})
	m.find(t, policy(t, nil))
	get := func(times map[string]any) []string {
		out, _ := bodies(t.Context(), t, open(t, m, policy(t, map[string]any{"times": times, "names": []string{"*"}}), redact.Options{}))
		return out
	}
	out := get(map[string]any{"op": "keep"})
	if !strings.Contains(out[0], `"extra":{"ts":1217545819}`) || !strings.Contains(out[0], `"time":"2008-07-31T23:10:19.25Z"`) || strings.Contains(out[0], "raw") {
		t.Error(out[0])
	}
	out = get(map[string]any{"op": "drop"})
	if strings.Contains(out[0], "200") || strings.Contains(out[0], "ts") || !strings.Contains(out[0], `"time":null`) {
		t.Error(out[0])
	}
	shifted := get(map[string]any{"op": "date_shift", "days": 50, "subject": "account"})
	for _, s := range shifted[:2] {
		if strings.Contains(s, "2008-07-31") || strings.Contains(s, "2008-07-30") || strings.Contains(s, "2007-01-01") || strings.Contains(s, "1217") || strings.Contains(s, "+08:00") ||
			!strings.Contains(s, `T23:10:19.25Z"`) || !strings.Contains(s, `"time_basis":{"basis":"shifted"}`) {
			t.Error(s)
		}
	}
	if !strings.Contains(shifted[2], `"time":null`) {
		t.Error(shifted[2])
	}
	date := func(s, member string) string { _, rest, _ := strings.Cut(s, `"`+member+`":"`); return rest[:10] }
	if date(shifted[0], "created") == date(shifted[1], "created") {
		t.Error("two accounts are moved by the same")
	}
	same := get(map[string]any{"op": "date_shift", "days": 50, "subject": "case"})
	if date(same[0], "created") != date(same[1], "created") {
		t.Error("one case is moved by two numbers of days")
	}
}
