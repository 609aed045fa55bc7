package redact_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	message = `{"account":"alice_w","attachments":[{"media_type":"image/jpeg","name":"bob.jpg","sha256":"sha256:0011","size":17}],"charset":"utf-8","direction":"incoming","extra":{"Remark":"call 13812345678","id":4711,"secret":{"raw":"AAEC","text":"x"}},"from":"+8613812345678","kind":"message","odd_raw":"AAEC","service":"tom-skype","source":{"length":10,"offset":0},"text":"my number is 138 1234 5678, mail bob@example.org","time":"2008-07-31T23:10:19Z","time_basis":{"basis":"declared","unit":"text","zone":"+08:00","zone_basis":"item"},"time_raw":"1.8.2008 07:10:19","times":[{"basis":{"basis":"declared"},"kind":"sent","raw":"7:10","time":"2008-07-31T23:10:19Z"}],"to":["alice_w","carol"]}`
	contact = `{"emails":["bob@example.org"],"kind":"contact","names":["Bob Builder"],"phones":["0086 138-1234-5678"],"source":{"line":1},"time":null}`
)

func basic() []found {
	return []found{
		{0, 0, "/account", "alice_w", "username", ""},
		{0, 0, "/attachments/0/name", "bob.jpg", "attachment_name", ""},
		{0, 0, "/extra/Remark", "13812345678", "phone", "strong"},
		{0, 0, "/from", "+8613812345678", "phone", ""},
		{0, 0, "/text", "138 1234 5678", "phone", "strong"},
		{0, 0, "/text", "bob@example.org", "email", "strong"},
		{0, 0, "/to/0", "alice_w", "username", ""},
		{1, 0, "/emails/0", "bob@example.org", "email", ""},
		{1, 0, "/names/0", "Bob Builder", "person_name", ""},
		{1, 0, "/phones/0", "0086 138-1234-5678", "phone", ""},
	}
}

func TestRedact(t *testing.T) {
	m := makeCase(t, 1, []string{message}, []string{contact})
	p := policy(t, map[string]any{"names": []string{"Remark"}})
	m.find(t, p, basic()...)
	r := open(t, m, p, redact.Options{Region: "CN"})
	out, applied := bodies(t.Context(), t, r)
	if len(out) != 2 {
		t.Fatal(out)
	}
	all := strings.Join(out, "\n")
	for _, hidden := range []string{"alice_w", "bob", "Bob", "138", "5678", "carol", "example.org", "0011", "AAEC", "4711", "07:10", "7:10", "offset", "raw", "sha256"} {
		if strings.Contains(all, hidden) {
			t.Errorf("%q stands in %s", hidden, all)
		}
	}
	tokens := regexp.MustCompile(`\[PHONE-[0-9A-Z]{8}\]`).FindAllString(all, -1)
	if len(tokens) != 4 || tokens[0] != tokens[1] || tokens[1] != tokens[2] || tokens[2] != tokens[3] {
		t.Errorf("one number in four spellings: %q in %s", tokens, all)
	}
	for _, kept := range []string{`"my number is [PHONE-`, `"direction":"incoming"`, `"service":"tom-skype"`, `"Remark":"call [PHONE-`, `"size":17`, `"time":"2008-07-31T23:10:19Z"`, `"zone":"+08:00"`} {
		if !strings.Contains(all, kept) {
			t.Errorf("%q is missing in %s", kept, all)
		}
	}
	// What no detector found in a field that names somebody is hidden all the same.
	if !strings.Contains(out[0], `"to":["[USERNAME-`) || strings.Count(out[0], "[USERNAME-") != 3 {
		t.Errorf("carol: %s", out[0])
	}
	for _, a := range applied[0] {
		if a.Field == "/text" && a.Category == "phone" && (a.OutStart != len("my number is ") || a.OutEnd != a.OutStart+len(a.Token) || a.OrigLen != 13 || a.By != redact.ByAuto || a.Operator != redact.OpPseudonym) {
			t.Errorf("%+v", a)
		}
	}
	c := r.Counts()
	if c.Records != 2 || c.Redacted != 2 || c.Pending != 0 || len(c.Spans) == 0 || c.Dropped["message.source"] != 1 || c.Dropped["message.attachments.sha256"] != 1 {
		t.Errorf("%+v", c)
	}
	if strings.Join(out, "") != strings.Join(first(bodies(t.Context(), t, r)), "") {
		t.Error("twice the same gives something else")
	}
}

func first(a []string, _ [][]redact.Applied) []string { return a }

func TestNeedsItsRun(t *testing.T) {
	m := makeCase(t, 2, []string{message})
	p := policy(t, nil)
	if _, err := redact.Open(t.Context(), m.Store, p, redact.Options{}); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatal(err)
	}
	m.find(t, policy(t, map[string]any{"allow": []string{"carol"}}), found{0, 0, "/account", "alice_w", "username", ""})
	if _, err := redact.Open(t.Context(), m.Store, p, redact.Options{}); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatal("a run with other settings:", err)
	}
	m.find(t, p, found{0, 0, "/account", "alice_w", "username", ""})
	if _, err := redact.Find(t.Context(), m.Store, p); err != nil {
		t.Fatal(err)
	}
	later, err := m.Receive(t.Context(), "EX-9", nil)
	_ = later
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Parse(t.Context(), m.files[0], "", []string{contact, contact}); err != nil {
		t.Fatal(err)
	}
}
