package redact_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const least = `{"schema":1,"name":"p","basis":"b","defaults":{"proven":"mask","strong":"mask","weak":"review","review":"review"}`

func TestPolicies(t *testing.T) {
	for _, c := range []struct{ rest, complaint string }{
		{`}`, ""},
		{`,"unknown":1}`, "unknown"},
		{`,"name":"q"}`, "twice"},
		{`,"rules":[{"op":"mask"}]}`, "/rules/0"},
		{`,"rules":[{"category":"phone","op":"hash"}]}`, "/rules/0/op"},
		{`,"rules":[{"category":"phone","op":"keep_last"}]}`, "missing"},
		{`,"rules":[{"category":"phone","op":"mask","n":4}]}`, "/rules/0/n"},
		{`,"rules":[{"category":"phone","op":"mask","accept":"mask"}]}`, "/rules/0/accept"},
		{`,"rules":[{"category":"phone","op":"review","accept":"review"}]}`, "accept"},
		{`,"rules":[{"category":"ssn","op":"review","accept":"keep_last","n":4}]}`, ""},
		{`,"rules":[{"category":"ssn","op":"keep_last","n":5}]}`, "/rules/0/n"},
		{`,"rules":[{"category":"phone","op":"replace","text":"call 13812345678"}]}`, "/rules/0/text"},
		{`,"rules":[{"category":"Phone","op":"mask"}]}`, "/rules/0/category"},
		{`,"rules":[{"category":"phone","op":"mask","reason":"see 13812345678"}]}`, "reason"},
		{`,"custom":[{"id":"x","category":"code_name","pattern":"a+"}]}`, "/custom/0"},
		{`,"custom":[{"id":"x","category":"code_name","pattern":"a(","prefilter":"aa"}]}`, "/custom/0/pattern"},
		{`,"custom":[{"id":"x","category":"code_name","pattern":"(aa)*","prefilter":"aa"}]}`, "empty"},
		{`,"custom":[{"id":"x","category":"code_name","literals":["Nightfall"]}]}`, ""},
		{`,"scope":{}}`, "/scope"},
		{`,"scope":{"from":"2009-01-01T00:00:00Z","until":"2008-01-01T00:00:00Z"}}`, "before"},
		{`,"scope":{"from":"2009-02-30T00:00:00Z"}}`, "/scope/from"},
		{`,"scope":{"accounts":["a"],"undated":true}}`, "undated"},
		{`,"withhold":[{"exhibit":"EX-1","place":"EX-1:a","basis":"privilege"}]}`, "/withhold/0"},
		{`,"withhold":[{"exhibit":"EX-1"}]}`, "/withhold/0"},
		{`,"times":{"op":"date_shift","days":10}}`, "/times"},
		{`,"times":{"op":"keep","days":10}}`, "/times"},
		{`,"allow":["  "]}`, "/allow/0"},
		{`,"names":["*","a"]}`, "/names"},
		{`,"show":{"message.time_raw":"keep"}}`, "/show"},
		{`,"publish":{"k":1}}`, "/publish/k"},
		{`} {}`, ""},
	} {
		p, err := redact.ParsePolicy([]byte(least + c.rest))
		if c.rest == `} {}` {
			if !errors.Is(err, evidence.ErrFormat) {
				t.Error("two documents:", err)
			}
			continue
		}
		if c.complaint == "" {
			if err != nil || p.SHA256() != evidence.Sum(p.Canonical()) {
				t.Errorf("%s: %v", c.rest, err)
			}
			continue
		}
		if !errors.Is(err, evidence.ErrFormat) || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: %v, want %q", c.rest, err, c.complaint)
		}
	}
	a, err1 := redact.ParsePolicy([]byte(least + `}`))
	b, err2 := redact.ParsePolicy([]byte(` {"defaults": {"review":"review","weak":"review","strong":"mask","proven":"mask"},"basis":"b","name":"p","schema":1}`))
	if err1 != nil || err2 != nil || a.SHA256() != b.SHA256() {
		t.Error("the order of members is part of the digest", err1, err2)
	}
}

// What detection depends on is in the plugin's configuration, and nothing else is.
func TestDetection(t *testing.T) {
	a := policy(t, map[string]any{
		"allow": []string{"10086"}, "detect": map[string]any{"regions": []string{"CN"}, "zone": "+08:00", "fields": map[string]string{"row.columns": "skip"}},
		"custom": []any{map[string]any{"id": "x", "category": "code_name", "literals": []string{"Nightfall"}}},
	})
	const want = `{"allow":["10086"],"custom":[{"category":"code_name","id":"x","literals":["Nightfall"]}],"fields":{"row.columns":"skip"},"regions":["CN"],"zone":"+08:00"}`
	if got := string(a.Detection()); got != want {
		t.Error(got)
	}
	b := policy(t, map[string]any{"rules": []any{map[string]any{"category": "phone", "op": "mask"}}, "name": "other"})
	if got := string(b.Detection()); got != "{}" {
		t.Error(got)
	}
}

func TestPresets(t *testing.T) {
	if want := []string{"internal-review", "publication-research", "sar-gdpr", "us-filing"}; !slices.Equal(redact.Presets(), want) {
		t.Fatal(redact.Presets())
	}
	for _, name := range redact.Presets() {
		text, ok := redact.Preset(name)
		p, err := redact.ParsePolicy(text)
		if !ok || err != nil || p.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := redact.Preset("../preset/us-filing"); ok {
		t.Error("a path is no name")
	}
}

// Rule 5.2(a) of the Federal Rules of Civil Procedure, and nothing more.
func TestFiling(t *testing.T) {
	record := map[string]any{"kind": "message", "account": "alice_w", "text": "Ann Minor (born 1999-12-31, SSN 123-45-6789, card 4111 1111 1111 1111, account 000123456789) lives at 1 Main St, phone +1 212 555 0100, mail ann@example.org"}
	line, err := evidence.Canonical(record)
	if err != nil {
		t.Fatal(err)
	}
	m := makeCase(t, 20, []string{string(line)})
	text, _ := redact.Preset("us-filing")
	p, err := redact.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	m.find(t, p,
		found{0, 0, "/account", "alice_w", "username", ""}, found{0, 0, "/text", "Ann Minor", "person_name", "review"}, found{0, 0, "/text", "1999-12-31", "birth_date", "strong"},
		found{0, 0, "/text", "123-45-6789", "ssn", "strong"}, found{0, 0, "/text", "4111 1111 1111 1111", "bank_card", "proven"}, found{0, 0, "/text", "000123456789", "account_number", "strong"},
		found{0, 0, "/text", "1 Main St", "address", "review"}, found{0, 0, "/text", "+1 212 555 0100", "phone", "strong"}, found{0, 0, "/text", "ann@example.org", "email", "strong"})
	r := open(t, m, p, redact.Options{})
	out, _ := bodies(t.Context(), t, r)
	var got struct{ Account, Text string }
	if err := json.Unmarshal([]byte(out[0]), &got); err != nil {
		t.Fatal(err)
	}
	const want = "[PENDING person_name 5.2(a)(3)] (born [REDACTED birth_date in 1999 5.2(a)(2)], SSN [REDACTED ssn ending 6789 5.2(a)(1)], card [REDACTED bank_card ending 1111 5.2(a)(4)], account [REDACTED account_number ending 6789 5.2(a)(4)]) lives at 1 Main St, phone +1 212 555 0100, mail ann@example.org"
	if got.Text != want || got.Account != "alice_w" {
		t.Errorf("%q", got)
	}
	if n, err := r.Pending(t.Context()); n != 1 || err != nil {
		t.Error("a name is a person's to decide:", n, err)
	}
	if _, err := redact.Decide(t.Context(), m.Store, p, []redact.Decision{{Verdict: redact.Accept, Category: "person_name", Value: "ann minor"}}, "born 1999: a minor when it was written"); err != nil {
		t.Fatal(err)
	}
	out, _ = bodies(t.Context(), t, open(t, m, p, redact.Options{}))
	if !strings.Contains(out[0], "[REDACTED person_name initials A.M. 5.2(a)(3)] (born") {
		t.Error(out[0])
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, name := range redact.Presets() {
		text, _ := redact.Preset(name)
		f.Add(text)
	}
	f.Add([]byte(least + `,"custom":[{"id":"x","category":"c","pattern":"a","prefilter":"aa"}],"scope":{"from":"2009-01-01T00:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := redact.ParsePolicy(text)
		if err != nil {
			return
		}
		if err := evidence.CheckCanonical(p.Detection()); err != nil {
			t.Fatal(err)
		}
		again, err := redact.ParsePolicy(p.Canonical())
		if err != nil || again.SHA256() != p.SHA256() {
			t.Fatal("its canonical form is another policy", err)
		}
	})
}
