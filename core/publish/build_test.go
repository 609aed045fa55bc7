package publish_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// source yields records made by hand, as core/redact would.
type source struct {
	records  []redact.Record
	withheld []redact.Withheld
}

func (s source) Each(_ context.Context, choose func(string) bool, f func(*redact.Record) error) error {
	for i := range s.records {
		if choose != nil && !choose(s.records[i].ID) {
			continue
		}
		if err := f(&s.records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s source) Withheld(_ context.Context, _ func(string) bool, f func(redact.Withheld) error) error {
	for _, w := range s.withheld {
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

func (source) Counts() redact.Counts { return redact.Counts{OutOfScope: 3} }

const (
	phone = "[PHONE-7F3KQ2M9]"
	who   = "[USERNAME-0A1B2C3D]"
)

// message is a redacted message: text with a mark at the given place.
func message(line int, at, from, to, text string) redact.Record {
	b, err := evidence.Canonical(map[string]any{
		"kind": "message", "time": at, "service": "skype", "from": from, "to": []any{to}, "text": text, "direction": "incoming", "extra": map[string]any{"box": "in;1"},
	})
	if err != nil {
		panic(err)
	}
	r := redact.Record{ID: fmt.Sprintf("0123456789abcdef:%d", line), Kind: "message", Entry: 9, Run: 2, Leaf: int64(line - 1), Body: b, Original: []byte("ORIGINAL 13812345678")}
	if i := strings.Index(text, phone); i >= 0 {
		r.Applied = append(r.Applied, redact.Applied{
			Field: "/text", Category: "phone", Class: "strong", Operator: "pseudonym", Token: phone, Basis: "GDPR Art. 15(4)", By: "auto", OutStart: i, OutEnd: i + len(phone), OrigLen: 11,
		})
	}
	return r
}

func sample() source {
	s := source{records: []redact.Record{
		message(1, "2008-08-01T07:00:00Z", who, "bob", "ring "+phone+" at 6 <now> & \"soon\""),
		message(2, "2008-08-02T07:00:00Z", "bob", who, "今天北京见面 þ®"),
		message(3, "2008-08-01T08:00:00Z", "bob", who, "=1+1"),
	}}
	s.records[2].Applied = []redact.Applied{
		{Field: "/extra/真名", Category: "person_name", Class: "proven", Operator: "drop", Basis: "GDPR Art. 15(4)", By: "R. Viewer"},
		{Field: "/from", Category: "username", Class: "proven", Operator: "keep", Basis: "the subject", By: "auto"},
	}
	account, err := evidence.Canonical(map[string]any{"kind": "account", "time": nil, "service": "skype", "username": who, "extra": map[string]any{"city": "Urumqi"}})
	if err != nil {
		panic(err)
	}
	for line := 4; line < 12; line++ {
		s.records = append(s.records, redact.Record{ID: fmt.Sprintf("0123456789abcdef:%d", line), Kind: "account", Entry: 9, Run: 2, Leaf: int64(line - 1), Body: account})
	}
	s.records[10].Body = bytes.ReplaceAll(account, []byte("Urumqi"), []byte("Kashgar"))
	s.withheld = []redact.Withheld{{Entry: 9, Run: 3, Leaf: 17, Kind: "message", Category: "privilege", Basis: "counsel", By: "R. Viewer"}}
	return s
}

func policy() *redact.Policy {
	return &redact.Policy{Name: "sar-gdpr", Basis: "GDPR Art. 15(4)", Publish: &redact.Publish{K: 5, Quasi: []string{"city", "planet", "day"}}}
}

func scratch(t testing.TB) func() (*os.File, error) {
	dir := t.TempDir()
	return func() (*os.File, error) {
		f, err := os.CreateTemp(dir, "scratch")
		if err == nil {
			err = os.Remove(f.Name())
		}
		return f, err
	}
}

// request is what the tests ask for; commitments are told apart by their leaf.
func request(t testing.TB, earlier ...publish.Production) publish.Request {
	n, err := publish.NewNumbers("EX", earlier)
	if err != nil {
		t.Fatal(err)
	}
	return publish.Request{
		Numbers: n, Policy: policy(), Recipient: "Counsel", Program: "exhibit 0.1.0", Scratch: scratch(t),
		Commitment: func(r *redact.Record) (evidence.Digest, error) { return evidence.Sum(fmt.Append(nil, r.Leaf)), nil },
	}
}

func build(t testing.TB, s publish.Source, q publish.Request) (map[string][]byte, *publish.Report) {
	t.Helper()
	files := map[string][]byte{}
	r, err := publish.Build(t.Context(), s, q, func(name string, write func(io.Writer) error) error {
		var b bytes.Buffer
		if files[name] != nil {
			t.Errorf("%s is made twice", name)
		}
		err := write(&b)
		files[name] = b.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, r
}

// TestProduction: the files say what the records say, and each redaction.
func TestProduction(t *testing.T) {
	files, r := build(t, sample(), request(t))
	if r.Records != 11 || r.First != "EX-000001" || r.Last != "EX-000011" || r.Redactions != 2 || r.Kept != 1 || r.OutOfScope != 3 || r.Withheld != 1 || r.Texts != 11 || r.RSMF != 2 || r.Conversations != 1 {
		t.Errorf("%+v", r)
	}
	for name, parts := range map[string][]string{
		"records.jsonl":       {`"number":"EX-000001"`, `"redactions":[{"category":"phone","field":"/text","mark":"[PHONE-7F3KQ2M9]","operator":"pseudonym","reason":"GDPR Art. 15(4)"}]`},
		"records.csv":         {"EX-000003,message", ",'=1+1,"},
		"texts/EX-000001.txt": {"ring " + phone, "text: phone, pseudonym (GDPR Art. 15(4))"},
		"redaction-log.csv":   {"EX-000001,message,/text,phone,strong,pseudonym,,GDPR Art. 15(4),auto", "EX-000003,message,/extra/…,person_name,proven,drop,,GDPR Art. 15(4),R. Viewer"},
		"redaction-log.html":  {"<td>EX-000003</td><td>extra …</td>", "R. Viewer"},
		"withhold-log.csv":    {`"entry 9, run 3, record 17",message,privilege,counsel,R. Viewer`},
		"withhold-log.html":   {"entry 9, run 3, record 17"},
		"originals.csv":       {"number,entry,run,leaf,leaf_hash", "EX-000002,9,2,1," + evidence.Sum([]byte("1")).Hex()},
		"conversations.html":  {`<mark title="Redacted: phone, pseudonym (GDPR Art. 15(4))">[PHONE-7F3KQ2M9]<small>phone, GDPR Art. 15(4)</small></mark>`, "at 6 &lt;now&gt; &amp; &#34;soon&#34;", "left out: person name, drop"},
		"report.html":         {"11 documents", "<td>phone</td><td>pseudonym</td><td>strong</td><td>by rule</td><td>1</td>", "Names of people in free text"},
		"tables/account.csv":  {"Urumqi,7"},
		"about.json":          {`"prefix":"EX"`, `"suppressed_groups":1`},
		"README.txt":          {"REDACTED PRODUCTION EX", "withhold-log.csv", "names may be left"},
		"load/EX.dat":         {`..\texts\EX-000002.txt`},
		"rsmf/EX-000001.rsmf": {"X-RSMF-Version: 2.0.0\r\n", "X-RSMF-EventCount: 2\r\n", "X-RSMF-EventCollectionID: EX-000001\r\n", "X-RSMF-BeginDate: 2008-08-01T07:00:00Z"},
		"rsmf/EX-000002.rsmf": {"X-RSMF-EventCollectionID: EX-000001\r\n"},
		"records.db":          {"SQLite format 3\x00"},
	} {
		if files[name] == nil {
			t.Errorf("there is no %s", name)
		}
		for _, p := range parts {
			if !bytes.Contains(files[name], []byte(p)) {
				t.Errorf("%s does not hold %q:\n%.3000s", name, p, files[name])
			}
		}
	}
	for name, b := range files {
		for _, not := range []string{"13812345678", "真名", "0123456789abcdef", "Kashgar,1", "DRAFT: "} {
			if bytes.Contains(b, []byte(not)) {
				t.Errorf("%s holds %q", name, not)
			}
		}
	}
	if bytes.Contains(files["tables/account.csv"], []byte("Kashgar")) {
		t.Error("a group of one is published")
	}
}

// TestSameBytes: the same records give the same files.
func TestSameBytes(t *testing.T) {
	one, _ := build(t, sample(), request(t))
	two, _ := build(t, sample(), request(t))
	for name := range one {
		if !bytes.Equal(one[name], two[name]) {
			t.Errorf("%s is not the same twice", name)
		}
	}
}

// TestDraft: all that a person reads says so.
func TestDraft(t *testing.T) {
	q := request(t)
	q.Draft = true
	files, _ := build(t, sample(), q)
	for name, b := range files {
		switch {
		case strings.HasSuffix(name, ".html"), strings.HasSuffix(name, ".txt"), strings.HasSuffix(name, "records.csv"), strings.HasSuffix(name, "-log.csv"), strings.HasSuffix(name, ".rsmf"), strings.HasSuffix(name, ".dat"):
			if !bytes.Contains(b, []byte("DRAFT")) {
				t.Errorf("%s does not say that it is a draft", name)
			}
		case name == "about.json" && !bytes.Contains(b, []byte(`"draft":true`)):
			t.Error("about.json does not say that it is a draft")
		}
	}
}

// TestSupplement: a record keeps its number, new ones go on, another prefix begins anew.
func TestSupplement(t *testing.T) {
	first := request(t)
	build(t, source{records: sample().records[1:5]}, first)
	text, err := json.Marshal(first.Numbers.Production())
	if err != nil {
		t.Fatal(err)
	}
	var kept publish.Production
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	second := request(t, kept)
	files, r := build(t, sample(), second)
	var numbers []string
	for line := range strings.Lines(string(files["originals.csv"])) {
		f := strings.Split(line, ",")
		numbers = append(numbers, f[0]+"="+f[3])
	}
	want := []string{"number=leaf", "EX-000001=1", "EX-000002=2", "EX-000003=3", "EX-000004=4", "EX-000005=0", "EX-000006=5", "EX-000007=6", "EX-000008=7", "EX-000009=8", "EX-000010=9", "EX-000011=10"}
	if !slices.Equal(numbers, want) || r.Again != 4 {
		t.Errorf("%q, %d again", numbers, r.Again)
	}
	third := request(t, kept, second.Numbers.Production())
	files, r = build(t, source{records: sample().records[:1]}, third)
	if r.Again != 1 || r.First != "EX-000005" || len(third.Numbers.Production().Sets) != 0 {
		t.Errorf("%+v %s", r, files["originals.csv"])
	}
	other, err := publish.NewNumbers("AB", []publish.Production{kept})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := other.Of("0123456789abcdef:2"); n != 1 || err != nil {
		t.Error(n, err)
	}
	for _, bad := range []string{"", "ex", "1EX", "A B", "CON", "ABCDEFGHIJKLM", "A-B"} {
		if _, err := publish.NewNumbers(bad, nil); err == nil {
			t.Errorf("%q begins numbers", bad)
		}
	}
}

// TestDatabase: SQLite's own program opens it, finds it whole, and finds words of three
// letters in any script; no page of it, free or used, holds anything else than redacted rows.
func TestDatabase(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("NOT TESTED: no sqlite3 here")
	}
	files, _ := build(t, sample(), request(t))
	name := filepath.Join(t.TempDir(), "records.db")
	if err := os.WriteFile(name, files["records.db"], 0o600); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"PRAGMA integrity_check": "ok",
		"INSERT INTO search(search) VALUES('integrity-check'); SELECT 'whole'":              "whole",
		"SELECT number FROM record WHERE n IN (SELECT rowid FROM search('北京见'))":            "EX-000002",
		"SELECT number FROM record WHERE n IN (SELECT rowid FROM search('\"PHONE-7F3K\"'))": "EX-000001",
		"SELECT number FROM record WHERE text LIKE '%北京%'":                                  "EX-000002",
		"SELECT count(*) FROM redaction":                                                    "3",
		"SELECT v FROM search_config WHERE k='secure-delete'":                               "1",
		"PRAGMA freelist_count": "0",
		"PRAGMA journal_mode":   "delete",
	} {
		out, err := exec.Command("sqlite3", name, sql).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %q, %v", sql, got, err)
		}
	}
}

// TestCSV: encoding/csv reads the tables as they were meant.
func TestCSV(t *testing.T) {
	files, _ := build(t, sample(), request(t))
	for name, columns := range map[string]int{"records.csv": 13, "redaction-log.csv": 10, "withhold-log.csv": 6, "originals.csv": 5} {
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(files[name], []byte("\uFEFF")))).ReadAll()
		if err != nil || len(rows) < 2 || len(rows[0]) != columns {
			t.Errorf("%s: %v, %d rows", name, err, len(rows))
		}
	}
}
