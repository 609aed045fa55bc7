package disclose_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/core/prove"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// The number that is redacted in the tests, as it is written twice.
const (
	secretPhone  = "13812345678"
	secretSpaced = "138 1234 5678"
)

// phoneText is the text of a record with that number.
func phoneText(number string) string { return "ring me at " + number + " tonight" }

// phoneLines are records of which three hold the number: in a text, in another spelling, and
// as who sent it.
func phoneLines() []string {
	var out []string
	for i := range 12 {
		from, text := "alice", fmt.Sprintf("message number %d, nothing of note", i)
		switch i {
		case 2:
			text = phoneText(secretPhone)
		case 5:
			text = phoneText(secretSpaced)
		case 7:
			from = secretPhone
		}
		out = append(out, disclosetest.Message(i*41, from, text))
	}
	return out
}

// span is a redaction that the plugin would have found.
type span struct {
	line               int // from 0
	field, text, class string
}

// redactedCase is a case with those records, and what was found in them; the redactor is
// open.
func redactedCase(t testing.TB, spans ...span) (*disclosetest.Case, *redact.Redactor) {
	t.Helper()
	ctx := t.Context()
	c, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 11)
	must(t, err)
	t.Cleanup(func() { _ = c.Store.Close() })
	lines := phoneLines()
	files, err := c.Receive(ctx, "EX-001", map[string]any{"asserted.exhibit.description": "Phone of the informant"}, disclosetest.File{Path: "Users/informant/chat.log", Content: []byte("chat\n")})
	must(t, err)
	set, err := c.Parse(ctx, files[0], "", lines)
	must(t, err)
	p, err := redact.ParsePolicy([]byte(`{"schema":1,"name":"test","basis":"a test","defaults":{"proven":"pseudonym","strong":"pseudonym","weak":"review","review":"review"}}`))
	must(t, err)
	var found []string
	for _, s := range spans {
		var rec map[string]any
		must(t, json.Unmarshal([]byte(lines[s.line]), &rec))
		value, _ := rec[strings.TrimPrefix(s.field, "/")].(string)
		start := strings.Index(value, s.text)
		if start < 0 {
			t.Fatalf("%q is not in %s", s.text, lines[s.line])
		}
		b, err := evidence.Canonical(map[string]any{
			"kind": "redaction", "time": nil, "record": evidence.RecordID(set, int64(s.line+1)), "field": s.field, "start": start, "end": start + len(s.text),
			"category": "phone", "class": s.class, "rule": "cn_mobile@1", "validator": nil, "form": "plain", "part": nil, "known_in": 1, "certainty": "stated",
			"source": map[string]any{"pointer": "/members"},
		})
		must(t, err)
		found = append(found, string(b))
	}
	must(t, c.Redact(ctx, string(p.Detection()), []evidence.Digest{set}, found))
	_, err = c.Seal(ctx)
	must(t, err)
	r, err := redact.Open(ctx, c.Store, p, redact.Options{Recipient: "Counsel", Region: "CN"})
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return c, r
}

// allSpans are every place of the number.
func allSpans() []span {
	return []span{
		{2, "/text", secretPhone, redact.ClassStrong},
		{5, "/text", secretSpaced, redact.ClassStrong},
		{7, "/from", secretPhone, redact.ClassProven},
	}
}

// produce makes a redacted bundle and returns what is in it.
func produce(t testing.TB, c *disclosetest.Case, q disclose.Redaction, query string) (map[string][]byte, *disclose.Report) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bundle.zip")
	req := disclose.Request{Redacted: &q}
	if query != "" {
		req.Select = disclosetest.Query(query)
	}
	r, err := c.Disclose(t.Context(), name, req)
	must(t, err)
	return contents(t, name), r
}

// TestRedactedBundle: what was redacted is nowhere in the file, nor what names the case, the
// exhibit or where it was read; the log commits to it like to any bundle.
func TestRedactedBundle(t *testing.T) {
	c, r := redactedCase(t, allSpans()...)
	files, report := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	p := report.Production
	if p == nil || p.Records != 12 || p.Redactions < 3 || p.First != "EX-000001" || p.Last != "EX-000012" || report.Leaks == nil || report.Leaks.Counts.Certain != 0 {
		t.Fatalf("%+v %+v", p, report.Leaks)
	}
	for name, b := range files {
		for _, text := range []string{secretPhone, secretSpaced, "2345678", "informant", "chat.log", "Operation X", "DRAFT: "} {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%s holds %q", name, text)
			}
		}
	}
	for _, name := range []string{"records.jsonl", "records.db", "report.html", "originals.csv", "leakcheck.json", "leakcheck.html", "README.txt", "load/EX.dat", "texts/EX-000012.txt"} {
		if files["data/redacted/"+name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	for name := range files {
		if strings.HasPrefix(name, "custody/sets/") || strings.HasPrefix(name, "custody/records/") || strings.HasPrefix(name, "data/files/") {
			t.Errorf("%s opens something", name)
		}
	}
	if how := string(files["HOW-TO-VERIFY.txt"]); !strings.Contains(how, "6. THE REDACTED RECORDS") || strings.Contains(how, "{redacted}") {
		t.Error(how)
	}
}

// TestOriginals: the hash of each document is that which a proof of its original leads to.
func TestOriginals(t *testing.T) {
	c, r := redactedCase(t, allSpans()...)
	files, _ := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	rows, err := csv.NewReader(bytes.NewReader(files["data/redacted/originals.csv"])).ReadAll()
	must(t, err)
	if len(rows) != 13 {
		t.Fatal(rows)
	}
	note, err := c.Seal(t.Context())
	must(t, err)
	m, err := prove.New(t.Context(), c.Store, note)
	must(t, err)
	for i, line := range phoneLines() {
		p, err := m.Record(t.Context(), r.Run().Inputs[0].Artifact, int64(i+1), nil)
		must(t, err)
		leaf := custody.LeafHash([]byte(`["` + p.Record.Salt + `","record",` + line + `]`))
		entry, err := custody.ParseEntry([]byte(p.Entry))
		must(t, err)
		got := strings.Join(rows[i+1], ",")
		want := fmt.Sprintf("EX-%06d,%d,%d,%d,%x", i+1, entry.Seq, p.Member.N, p.Record.N, leaf)
		if got != want {
			t.Errorf("%s, and the proof leads to %s", got, want)
		}
	}
}

// TestRedactedSupplement: numbers are remembered by the log, not those of a draft.
func TestRedactedSupplement(t *testing.T) {
	c, r := redactedCase(t, allSpans()...)
	_, draft := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX", Draft: true}, `"number 11"`)
	_, first := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "number")
	if draft.Production.First != "EX-000001" || first.Production.Again != 0 || first.Production.Records != 10 {
		t.Fatalf("%+v %+v", draft.Production, first.Production)
	}
	files, second := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	if second.Production.Again != 10 || second.Production.Last != "EX-000012" {
		t.Errorf("%+v", second.Production)
	}
	// The first record that was not in the first production: a text with the number.
	if b := files["data/redacted/texts/EX-000011.txt"]; !bytes.Contains(b, []byte("ring me at [")) {
		t.Errorf("%s", b)
	}
	for name, b := range files {
		if strings.HasPrefix(name, "custody/openings") && bytes.Contains(b, []byte("production")) {
			t.Errorf("%s opens what numbers stand for", name)
		}
	}
}

// TestNotReleased: open reviews and leaks stop a production, and a draft says that it is one.
func TestNotReleased(t *testing.T) {
	spans := allSpans()
	spans[1].class = redact.ClassReview
	c, r := redactedCase(t, spans...)
	ask := func(q disclose.Redaction, query string) error {
		req := disclose.Request{Redacted: &q}
		if query != "" {
			req.Select = disclosetest.Query(query)
		}
		_, err := c.Disclose(t.Context(), filepath.Join(t.TempDir(), "x.zip"), req)
		return err
	}
	if err := ask(disclose.Redaction{Redactor: r, Prefix: "EX"}, ""); !errors.Is(err, disclose.ErrPending) {
		t.Errorf("open reviews: %v", err)
	}
	if err := ask(disclose.Redaction{Redactor: r, Prefix: "EX"}, `"number 1"`); err != nil {
		t.Errorf("nothing open in what was asked for: %v", err)
	}
	if err := ask(disclose.Redaction{Redactor: r, Prefix: "EX"}, "nowheretobefound"); !errors.Is(err, disclose.ErrNothing) {
		t.Errorf("nothing chosen: %v", err)
	}
	if err := ask(disclose.Redaction{Redactor: r, Prefix: "no prefix"}, ""); err == nil {
		t.Error("any prefix will do")
	}
	files, _ := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX", Draft: true}, "")
	for name, b := range files {
		people := strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".txt")
		if people && (strings.HasPrefix(name, "data/") || strings.HasPrefix(name, "HOW")) && !bytes.Contains(b, []byte("DRAFT")) {
			t.Errorf("%s does not say that it is a draft", name)
		}
	}

	// A number that is known and was overlooked in one place is a leak.
	c, r = redactedCase(t, allSpans()[:1]...)
	err := ask(disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	var leak *disclose.LeakError
	if !errors.As(err, &leak) || !errors.Is(err, disclose.ErrLeak) || strings.Contains(err.Error(), "2345678") {
		t.Errorf("a leak: %v", err)
	}
	name := filepath.Join(t.TempDir(), "draft.zip")
	draft, err := c.Disclose(t.Context(), name, disclose.Request{Redacted: &disclose.Redaction{Redactor: r, Prefix: "EX", Draft: true}})
	if err != nil || draft.Production.Again != 0 {
		t.Error("a production that failed has given numbers", err)
	}
	if b := contents(t, name)["data/redacted/leakcheck.html"]; !bytes.Contains(b, []byte("LEAK")) || !bytes.Contains(b, []byte("DRAFT")) {
		t.Errorf("%s", b)
	}
}

// TestSamePayload: the same case and decisions give the same files.
func TestSamePayload(t *testing.T) {
	one, two := redactedPayload(t), redactedPayload(t)
	for name, b := range one {
		if !bytes.Equal(b, two[name]) {
			t.Errorf("%s is not the same twice", name)
		}
	}
}

func redactedPayload(t testing.TB) map[string][]byte {
	c, r := redactedCase(t, allSpans()...)
	files, _ := produce(t, c, disclose.Redaction{Redactor: r, Prefix: "EX"}, "")
	for name := range files {
		if !strings.HasPrefix(name, "data/redacted/") {
			delete(files, name)
		}
	}
	return files
}
