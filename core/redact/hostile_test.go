package redact_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// What a plugin says that does not fit the records ends the redaction: a span that is not
// where it is said to be would leave something in the open.
func TestRedactionsThatDoNotFit(t *testing.T) {
	const line = `{"kind":"message","text":"张三 13812345678"}`
	for name, change := range map[string]func(id string) []string{
		"beyond the end":             func(id string) []string { return []string{redaction(id, "/text", 0, 99)} },
		"within a letter":            func(id string) []string { return []string{redaction(id, "/text", 1, 6)} },
		"empty":                      func(id string) []string { return []string{redaction(id, "/text", 3, 3)} },
		"a field that is not there":  func(id string) []string { return []string{redaction(id, "/body", 0, 3)} },
		"a record that is not there": func(id string) []string { return []string{redaction(id[:17]+"2", "/text", 0, 3)} },
		"another set":                func(string) []string { return []string{redaction("0123456789abcdef:1", "/text", 0, 3)} },
		"a category that is none": func(id string) []string {
			return []string{strings.Replace(redaction(id, "/text", 0, 3), `"phone"`, `"13812345678"`, 1)}
		},
		"no number": func(id string) []string {
			return []string{strings.Replace(redaction(id, "/text", 0, 3), `"start":0`, `"start":"0"`, 1)}
		},
	} {
		m := makeCase(t, 50, []string{line})
		p := policy(t, nil)
		if err := m.Redact(t.Context(), "{}", m.sets, change(evidence.RecordID(m.sets[0], 1))); err != nil {
			t.Fatal(err)
		}
		if _, err := redact.Open(t.Context(), m.Store, p, redact.Options{}); !errors.Is(err, evidence.ErrIntegrity) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// In the wrong order; overlapping spans are hidden whole.
	m := makeCase(t, 51, []string{line, line})
	a, b := evidence.RecordID(m.sets[0], 1), evidence.RecordID(m.sets[0], 2)
	if err := m.Redact(t.Context(), "{}", m.sets, []string{redaction(b, "/text", 0, 6), redaction(a, "/text", 0, 6)}); err != nil {
		t.Fatal(err)
	}
	if _, err := redact.Open(t.Context(), m.Store, policy(t, nil), redact.Options{}); !errors.Is(err, evidence.ErrIntegrity) {
		t.Error(err)
	}
	m = makeCase(t, 52, []string{line})
	id := evidence.RecordID(m.sets[0], 1)
	if err := m.Redact(t.Context(), "{}", m.sets, []string{redaction(id, "/text", 3, 10), redaction(id, "/text", 0, 6)}); err != nil {
		t.Fatal(err)
	}
	if out, _ := bodies(t.Context(), t, open(t, m, policy(t, nil), redact.Options{})); out[0] != `{"kind":"message","text":"[REDACTED phone]12345678"}` {
		t.Error(out[0])
	}
}

func redaction(id, field string, start, end int) string {
	b, err := evidence.Canonical(map[string]any{
		"kind": "redaction", "time": nil, "record": id, "field": field, "start": start, "end": end, "category": "phone", "class": "proven", "rule": "r@1", "form": "plain", "part": nil, "known_in": 0,
	})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// A value in several parts is hidden part by part, and stands for nothing.
func TestParts(t *testing.T) {
	m := makeCase(t, 53, []string{`{"kind":"sms","text":"13812"}`, `{"kind":"sms","text":"345678 ok"}`})
	part := func(line int64, end int) string {
		return strings.Replace(redaction(evidence.RecordID(m.sets[0], line), "/text", 0, end), `"part":null`, `"part":{"group":1,"n":1,"of":2}`, 1)
	}
	if err := m.Redact(t.Context(), "{}", m.sets, []string{part(1, 5), part(2, 6)}); err != nil {
		t.Fatal(err)
	}
	r := open(t, m, policy(t, nil), redact.Options{})
	if out, _ := bodies(t.Context(), t, r); out[0] != `{"kind":"sms","text":"[REDACTED phone]"}` || out[1] != `{"kind":"sms","text":"[REDACTED phone] ok"}` {
		t.Error(out)
	}
}

// Members that nobody knows, words that are none, kinds of others: dropped and counted.
func TestUnknown(t *testing.T) {
	const odd = `{"direction":"call 13812345678","flags":["ok","+86 138 1234 5678"],"kind":"message","secret_field":"13812345678","state":"live","text":{"a":"b"},"time":"yesterday","to":"alice"}`
	const other = `{"geo":{"lat":1,"name":"home"},"kind":"x-acme/location","source":{"line":1},"time":"2008-01-01T00:00:00Z"}`
	m := makeCase(t, 54, []string{odd, other, `{"extra":{"13812345678":"x","Remark":{"raw":"AA","text":"fine"},"a/b":["y"]},"kind":"contact"}`})
	p := policy(t, map[string]any{"names": []string{"Remark", "text", "a/b"}, "show": map[string]string{"x-acme/location.geo": "keep"}})
	m.find(t, p, found{0, 2, "/extra/a~1b/0", "y", "username", ""})
	r := open(t, m, p, redact.Options{})
	out, _ := bodies(t.Context(), t, r)
	if out[0] != `{"kind":"message","state":"live"}` || out[1] != `{"geo":{},"kind":"x-acme/location","time":"2008-01-01T00:00:00Z"}` {
		t.Error(out)
	}
	if !strings.HasPrefix(out[2], `{"extra":{"Remark":{"text":"fine"},"a/b":["[USERNAME-`) || strings.Contains(out[2], "138") {
		t.Error(out[2])
	}
	for field, n := range map[string]int64{"message.direction": 1, "message.flags": 1, "message.secret_field": 1, "message.text": 1, "message.time": 1, "message.to": 1, "x-acme/location.source": 1, "x-acme/location.geo": 2, "contact.extra": 2} {
		if r.Counts().Dropped[field] != n {
			t.Errorf("%s: %d, want %d in %v", field, r.Counts().Dropped[field], n, r.Counts().Dropped)
		}
	}
}

func TestAllowed(t *testing.T) {
	m := makeCase(t, 55, []string{`{"account":"Support@Example.org","from":"10086","kind":"sms","to":["alice"]}`})
	p := policy(t, map[string]any{"allow": []string{"support@example.org", "10086"}})
	m.find(t, p)
	if out, _ := bodies(t.Context(), t, open(t, m, p, redact.Options{})); !strings.HasPrefix(out[0], `{"account":"Support@Example.org","from":"10086","kind":"sms","to":["[USERNAME-`) {
		t.Error(out[0])
	}
	p = policy(t, map[string]any{"detect": map[string]any{"fields": map[string]string{"sms.to": "skip"}}})
	m.find(t, p)
	if out, _ := bodies(t.Context(), t, open(t, m, p, redact.Options{})); !strings.HasSuffix(out[0], `"to":["alice"]}`) {
		t.Error(out[0])
	}
}
