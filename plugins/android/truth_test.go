package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// query asks SQLite's own program.
func query(t testing.TB, c sdktest.Case, sql string) (rows []object) {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	db := filepath.Join(t.TempDir(), "evidence.db")
	if err := os.WriteFile(db, c.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Companions {
		if err := os.WriteFile(db+"-"+f.Role, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "-batch", "-json", db, sql).Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		return nil
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Every SMS that SQLite's own program finds comes out, with its text, its number on
// the right side and its time.
func compareSMS(t *testing.T, c sdktest.Case) int {
	records, _, out := read(t, c)
	if out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(out.Result.Outcome, out.Result.Reason)
	}
	byRow := map[float64]object{}
	for _, r := range records {
		if src := r["source"].(object); src["table"] == "sms" {
			byRow[src["rowid"].(float64)] = r
		}
	}
	rows := query(t, c, "SELECT _id, address, date, date_sent, type, body FROM sms")
	if len(rows) != len(byRow) || len(rows) == 0 {
		t.Fatalf("%d records of %d rows", len(byRow), len(rows))
	}
	for _, w := range rows {
		r := byRow[w["_id"].(float64)]
		if r["text"] != w["body"] || r["service"] != "sms" {
			t.Errorf("row %v: %v", w["_id"], r)
		}
		switch w["type"] {
		case 1.0:
			if r["from"] != w["address"] || r["direction"] != "incoming" || r["time_kind"] != "received" {
				t.Errorf("row %v: %v", w["_id"], r)
			}
		case 2.0:
			if to := r["to"].([]any); len(to) != 1 || to[0] != w["address"] || r["from"] != nil || r["direction"] != "outgoing" || r["time_kind"] != "sent" {
				t.Errorf("row %v: %v", w["_id"], r)
			}
		}
		date, ok := w["date"].(float64)
		if !ok {
			if r["time"] != nil {
				t.Errorf("row %v: a time of nothing", w["_id"])
			}
			continue
		}
		if date < 1e11 { // a restore wrote seconds
			date *= 1000
		}
		if got, err := time.Parse(time.RFC3339Nano, r["time"].(string)); err != nil || got.UnixMilli() != int64(date) {
			t.Errorf("row %v: %v is not %v", w["_id"], r["time"], date)
		}
	}
	return len(rows)
}

func TestMessagesOfSample(t *testing.T) {
	c := sample(t, "mmssms.db")
	if n := compareSMS(t, c); n != 9 {
		t.Errorf("%d SMS", n)
	}
	records, diagnostics, _ := read(t, c)
	first := records[0]
	if len(records) != 9 || first["time"] != "2013-10-29T16:56:28.038Z" || first["status"] != "sent, read" && first["status"] != "sent" || first["conversation"] != "1" {
		t.Errorf("%d: %v", len(records), first)
	}
	if count(diagnostics, "code", "android.count_differs") != 0 {
		t.Error("the count of the thread is nine, too")
	}
}

func TestCallsOfSample(t *testing.T) {
	c := sample(t, "contacts2.db")
	records, _, _ := read(t, c)
	rows := query(t, c, "SELECT _id, number, date, duration, type, name FROM calls")
	if len(records) != 3 || len(rows) != 3 {
		t.Fatalf("%d calls of %d", len(records), len(rows))
	}
	for i, w := range rows {
		r := records[i]
		who := r["from"]
		if w["type"] == 2.0 {
			who = r["to"].([]any)[0]
		}
		at, err := time.Parse(time.RFC3339Nano, r["time"].(string))
		if err != nil || r["kind"] != "call" || who != w["number"] || r["duration_s"] != w["duration"] || r["display_name"] != w["name"] || at.UnixMilli() != int64(w["date"].(float64)) {
			t.Errorf("%v: %v", w, r)
		}
	}
	if got := []any{records[0]["status"], records[1]["status"], records[2]["status"]}; !slices.Equal(got, []any{"missed", "dialled", "answered"}) {
		t.Error(got)
	}
}

func TestMessages(t *testing.T) {
	for _, name := range []string{"testdata/mmssms.db", "testdata/mmssms-57.db"} {
		t.Run(filepath.Base(name), func(t *testing.T) { compareSMS(t, load(t, name)) })
	}
}

func find(t testing.TB, records []object, table string, id int) object {
	t.Helper()
	for _, r := range records {
		if src := r["source"].(object); src["table"] == table && src["rowid"] == float64(id) {
			return r
		}
	}
	t.Fatalf("no record of row %d of %s", id, table)
	return nil
}

func TestMMS(t *testing.T) {
	records, diagnostics, _ := read(t, load(t, "testdata/mmssms.db"))
	m := find(t, records, "pdu", 1)
	if m["from"] != "+15550100" || join(m["to"]) != "+15550102 +15550101" || m["text"] != "look at this" || m["service"] != "mms" || m["time"] != "2024-05-01T04:50:00Z" || join(m["participants"]) != "+15550100 +15550101" {
		t.Errorf("%v", m)
	}
	extra := m["extra"].(object)
	if extra["subject"] != "Grüße" || join(extra["cc"]) != "+15550101" || len(extra["parts"].([]any)) != 3 {
		t.Errorf("%v", extra)
	}
	a := m["attachments"].([]any)[0].(object)
	if len(m["attachments"].([]any)) != 1 || a["name"] != "IMG_1.jpg" || a["media_type"] != "image/jpeg" || a["missing"] != true {
		t.Errorf("%v", a)
	}
	m = find(t, records, "pdu", 2)
	if m["from"] != nil || m["text"] != "Group\nmessage" || join(m["to"]) != "+15550100 +15550101" || m["status"] != "sent" {
		t.Errorf("%v", m)
	}
	if m = find(t, records, "pdu", 3); m["status"] != "announced, not downloaded, unread" || m["text"] != nil {
		t.Errorf("%v", m)
	}
	// What belongs to a message that is not there is kept, and said not to belong.
	if o := find(t, records, "part", 6); o["kind"] != "row" || o["columns"].(object)["text"] != "its message is gone" || count(diagnostics, "code", "android.orphan") != 2 {
		t.Errorf("%v", o)
	}
	if count(diagnostics, "code", "android.count_differs") != 1 {
		t.Error("the threads state eleven, and nothing is said")
	}
}

func join(v any) string {
	list, _ := v.([]any)
	var words []string
	for _, w := range list {
		s, _ := w.(string)
		words = append(words, s)
	}
	return strings.Join(words, " ")
}

// A row that is in the write-ahead log only comes out, from there; without the log
// that it may be missing is said.
func TestLog(t *testing.T) {
	c := load(t, "testdata/mmssms.db")
	records, _, _ := read(t, c)
	if r := find(t, records, "sms", 8); r["text"] != "only in the log" || r["source"].(object)["role"] != "wal" {
		t.Errorf("%v", r)
	}
	if r := find(t, records, "sms", 6); r["status"] != "received, read" {
		t.Errorf("%v", r)
	}
	c.Companions = nil
	records, diagnostics, _ := read(t, c)
	if count(diagnostics, "code", "sqlite.wal_missing") != 1 || find(t, records, "sms", 6)["status"] != "received, unread" {
		t.Errorf("%v", diagnostics)
	}
}

// A damaged page costs the rows on it.
func TestDamagedPage(t *testing.T) {
	dir := t.TempDir()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	db := filepath.Join(dir, "a.db")
	if err := os.WriteFile(db, load(t, "testdata/mmssms-57.db").Data, 0o600); err != nil {
		t.Fatal(err)
	}
	const rows = 500
	script := `WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i+1 FROM n WHERE i < ` + strconv.Itoa(rows) + `)
		INSERT INTO sms (_id,thread_id,address,date,type,body) SELECT i, 1, '+15550110', 1383066341303+i, 1, 'message number ' || i FROM n; ALTER TABLE sms ADD COLUMN vendor_column TEXT DEFAULT 'new';`
	if out, err := exec.Command(program, "-batch", "-bail", db, script).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	c := sdktest.Case{Name: "whole", Operation: evidence.OpParse, Data: data}
	records, _, _ := read(t, c)
	victim := find(t, records, "sms", rows/2)
	if victim["extra"].(object)["vendor_column"] != "new" {
		t.Errorf("a column that is not known is not in extra: %v", victim)
	}
	page := int(victim["source"].(object)["offset"].(float64)) / 1024 * 1024
	lost := 0
	for _, r := range records {
		if at := int(r["source"].(object)["offset"].(float64)); r["kind"] == "sms" && at >= page && at < page+1024 {
			lost++
		}
	}
	copy(data[page:page+1024], make([]byte, 1024))
	records, diagnostics, out := read(t, c)
	if len(records) != rows-lost || lost == 0 || count(diagnostics, "code", "sqlite.page_damaged") != 1 {
		t.Errorf("%d records, %d were on the page; %v", len(records), lost, diagnostics)
	}
	if out.Result.Err != nil {
		t.Error(out.Result.Err)
	}
}

func TestCalls(t *testing.T) {
	records, diagnostics, _ := read(t, load(t, "testdata/calllog.db"))
	if len(records) != 8 || count(records, "direction", "unknown") != 1 || count(diagnostics, "code", "android.type_unknown") != 1 {
		t.Errorf("%d calls, %v", len(records), diagnostics)
	}
	for _, c := range []struct {
		id         int
		from, to   any
		status     any
		account    any
		state, at  any
		durationIs any
	}{
		{1, "+15550100", "", "answered", "+15550102", nil, "2024-05-01T04:07:08.038Z", 61.0},
		{2, nil, "+15550101", "dialled", "+15550102", nil, "2024-05-01T04:08:20.000Z", 126.0},
		{3, nil, "", "missed", "+15550102", nil, "2024-05-01T04:10:00.000Z", 0.0},
		{6, "+15550105", "", "answered elsewhere", nil, nil, nil, nil},
		{7, "+15550106", "", "voicemail", nil, "deleted", "2024-05-01T04:15:00.000Z", 12.0},
		{8, nil, "+15550107", "dialled", nil, nil, "2024-05-01T05:26:40.000Z", 5.0},
	} {
		r := find(t, records, "calls", c.id)
		if r["from"] != c.from || join(r["to"]) != c.to || r["status"] != c.status || r["account"] != c.account || r["state"] != c.state || r["time"] != c.at || r["duration_s"] != c.durationIs {
			t.Errorf("%d: %v", c.id, r)
		}
	}
}

func TestContacts(t *testing.T) {
	records, _, _ := read(t, load(t, "testdata/contacts2.db"))
	p := find(t, records, "raw_contacts", 1)
	if join(p["names"]) != "Anna Example Annie" || join(p["phones"]) != "+1 555-0100 +1 555-0108" || join(p["emails"]) != "anna@example.com" || join(p["usernames"]) != "anna.example 15550100@s.whatsapp.net" ||
		p["organisation"] != "Example Ltd" || p["owner"] != "owner@example.com" || p["time"] != "2013-11-06T21:17:16.690Z" {
		t.Errorf("%v", p)
	}
	if p = find(t, records, "raw_contacts", 2); join(p["names"]) != "+15550101" || join(p["phones"]) != "+15550101" {
		t.Errorf("%v", p)
	}
	if p = find(t, records, "raw_contacts", 3); p["state"] != "deleted" || join(p["names"]) != "Gone Example" {
		t.Errorf("%v", p)
	}
	if d := find(t, records, "deleted_contacts", 9); d["state"] != "deleted" || d["time"] == nil {
		t.Errorf("%v", d)
	}
	if count(records, "kind", "call") != 2 || count(records, "kind", "contact") != 3 || count(records, "kind", "row") != 2 {
		t.Errorf("%d records", len(records))
	}
}
