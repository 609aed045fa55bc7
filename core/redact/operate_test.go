package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// whole redacts the whole text of each message of a case by rules of one category, and
// returns what each became.
type whole struct {
	*made
	texts []string
}

func makeWhole(t *testing.T, seed uint64, category func(i int) string, texts ...string) *whole {
	t.Helper()
	var lines []string
	var list []found
	for i, text := range texts {
		b, err := evidence.Canonical(map[string]any{"kind": "message", "text": text})
		if err != nil {
			t.Fatal(err)
		}
		lines, list = append(lines, string(b)), append(list, found{0, i, "/text", text, category(i), ""})
	}
	m := makeCase(t, seed, lines)
	m.find(t, policy(t, nil), list...)
	return &whole{m, texts}
}

func (w *whole) by(t *testing.T, rule map[string]any) (out []string, applied []redact.Applied) {
	t.Helper()
	p := policy(t, map[string]any{"rules": []any{rule}})
	lines, all := bodies(t.Context(), t, open(t, w.made, p, redact.Options{Region: "CN"}))
	for i, line := range lines {
		var rec struct{ Text *string }
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		text := "null"
		if rec.Text != nil {
			text = *rec.Text
		}
		out, applied = append(out, text), append(applied, all[i][0])
	}
	return out, applied
}

// category makes a rule of a category.
func category(name string, rule map[string]any) map[string]any {
	rule["category"] = name
	return rule
}

func always(name string) func(int) string { return func(int) string { return name } }

func TestOperators(t *testing.T) {
	type rule = map[string]any
	cases := []struct {
		category, text string
		rule           rule
		want           string
	}{
		{"bank_card", "6222 0212 3456 7890 128", rule{"op": "mask"}, "[REDACTED bank_card]"},
		{"bank_card", "6222 0212 3456 7890 128", rule{"op": "mask", "reason": "5.2(a)(4)"}, "[REDACTED bank_card 5.2(a)(4)]"},
		{"bank_card", "6222 0212 3456 7890 128", rule{"op": "keep_last", "n": 4, "reason": "5.2(a)(4)"}, "[REDACTED bank_card ending 0128 5.2(a)(4)]"},
		{"iban", "gb29 nwbk 6016 1331 9268 19", rule{"op": "keep_last", "n": 4}, "[REDACTED iban ending 6819]"},
		{"account_number", "12345678", rule{"op": "keep_last", "n": 4}, "[REDACTED account_number]"}, // half would be shown
		{"ssn", "123-45-6789", rule{"op": "keep_last", "n": 4}, "[REDACTED ssn ending 6789]"},
		{"birth_date", "1984-03-12", rule{"op": "year"}, "[REDACTED birth_date in 1984]"},
		{"birth_date", "1984年3月12日", rule{"op": "year"}, "[REDACTED birth_date in 1984]"},
		{"birth_date", "03/12/1984", rule{"op": "year"}, "[REDACTED birth_date in 1984]"},
		{"birth_date", "1984 or 1985", rule{"op": "year"}, "[REDACTED birth_date]"},
		{"birth_date", "last spring", rule{"op": "year"}, "[REDACTED birth_date]"},
		{"person_name", "John Q. Public", rule{"op": "initials"}, "[REDACTED person_name initials J.Q.P.]"},
		{"person_name", "Шостакович Дмитрий", rule{"op": "initials"}, "[REDACTED person_name initials Ш.Д.]"},
		{"person_name", "O'Neill Ann", rule{"op": "initials"}, "[REDACTED person_name initials O.A.]"},
		{"person_name", "张三", rule{"op": "initials"}, "[REDACTED person_name]"},
		{"person_name", "J. Q.", rule{"op": "initials"}, "[REDACTED person_name initials J.Q.]"},
		{"ip", "203.0.113.77", rule{"op": "truncate_ip"}, "[REDACTED ip in 203_0_113_x]"},
		{"ip", "2001:db8:1:2::77", rule{"op": "truncate_ip"}, "[REDACTED ip in 2001_db8_1_x]"},
		{"ip", "not one", rule{"op": "truncate_ip"}, "[REDACTED ip]"},
		{"username", "alice_w", rule{"op": "replace", "text": "a user"}, "[a user]"},
		{"username", "alice_w", rule{"op": "keep"}, "alice_w"},
		{"username", "alice_w", rule{"op": "drop"}, "null"},
		{"username", "alice_w", rule{"op": "review"}, "[PENDING username]"},
	}
	var texts []string
	for _, c := range cases {
		texts = append(texts, c.text)
	}
	w := makeWhole(t, 3, func(i int) string { return cases[i].category }, texts...)
	for i, c := range cases {
		all, applied := w.by(t, category(c.category, c.rule))
		got, a := all[i], applied[i]
		if got != c.want {
			t.Errorf("%s of %q by %v: %q, want %q", c.category, c.text, c.rule, got, c.want)
		}
		if strings.Contains(a.Token, c.text) || c.rule["op"] == "keep" && a.Token != "" {
			t.Errorf("the log shows %q of %q", a.Token, c.text)
		}
	}
}

func TestShiftedDates(t *testing.T) {
	rule := category("birth_date", map[string]any{"op": "date_shift", "days": 100})
	got, _ := makeWhole(t, 5, always("birth_date"), "1984-03-12", "1984年3月12日").by(t, rule)
	if got[0] != got[1] || !strings.HasPrefix(got[0], "[REDACTED birth_date shifted to ") || strings.Contains(got[0], "12 Mar") {
		t.Error(got)
	}
	if other, _ := makeWhole(t, 6, always("birth_date"), "1984-03-12").by(t, rule); other[0] == got[0] {
		t.Error("two cases shift by the same")
	}
}

func TestDropInText(t *testing.T) {
	m := makeCase(t, 7, []string{`{"kind":"message","text":"id 110101199003074477, ok"}`})
	p := policy(t, map[string]any{"rules": []any{map[string]any{"category": "cn_resident_id", "op": "drop"}}})
	m.find(t, p, found{0, 0, "/text", "110101199003074477", "cn_resident_id", ""})
	out, _ := bodies(t.Context(), t, open(t, m, p, redact.Options{}))
	if out[0] != `{"kind":"message","text":"id [DROPPED], ok"}` {
		t.Error(out[0])
	}
}

func TestKeyedHash(t *testing.T) {
	rule := category("phone", map[string]any{"op": "keyed_hash"})
	got, _ := makeWhole(t, 8, always("phone"), "13812345678", "+86 138 1234 5678", "13812345679").by(t, rule)
	other, _ := makeWhole(t, 9, always("phone"), "13812345678").by(t, rule)
	if got[0] != got[1] || got[0] == got[2] || got[0] == other[0] || len(got[0]) != len("[phone_]")+26 || got[0] != strings.ToLower(got[0]) {
		t.Error(got, other)
	}
}

func TestNumbers(t *testing.T) {
	m := makeCase(t, 10, []string{`{"columns":{"qq":12345678901,"small":7},"kind":"row","table":"t"}`})
	p := policy(t, map[string]any{"names": []string{"*"}, "rules": []any{map[string]any{"category": "account_number", "op": "mask"}}})
	m.find(t, p, found{0, 0, "/columns/qq", "12345678901", "account_number", ""})
	out, _ := bodies(t.Context(), t, open(t, m, p, redact.Options{}))
	if out[0] != `{"columns":{"qq":"[REDACTED account_number]","small":7},"kind":"row","table":"t"}` {
		t.Error(out[0])
	}
}
