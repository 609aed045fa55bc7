package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/android"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// Every SMS that SQLite's own program finds comes out, with its text, its number on
// the right side and its time.
func compareSMS(t *testing.T, c sdktest.Case) int {
	records, _, out := sdktest.Read(t, main.Plugin(), c)
	if out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(out.Result.Outcome, out.Result.Reason)
	}
	byRow := map[float64]sdktest.Object{}
	for _, r := range records {
		if src := r["source"].(sdktest.Object); src["table"] == "sms" {
			byRow[src["rowid"].(float64)] = r
		}
	}
	rows := sdktest.SQL(t, c, "SELECT _id, address, date, date_sent, type, body FROM sms")
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
	c := sdktest.Load(t, sdktest.Shared(t, "plaso/mmssms.db"))
	if n := compareSMS(t, c); n != 9 {
		t.Errorf("%d SMS", n)
	}
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), c)
	first := records[0]
	if len(records) != 9 || first["time"] != "2013-10-29T16:56:28.038Z" || first["status"] != "sent, read" && first["status"] != "sent" || first["conversation"] != "1" {
		t.Errorf("%d: %v", len(records), first)
	}
	if sdktest.Count(diagnostics, "code", "android.count_differs") != 0 {
		t.Error("the count of the thread is nine, too")
	}
}

func TestCallsOfSample(t *testing.T) {
	c := sdktest.Load(t, sdktest.Shared(t, "plaso/contacts2.db"))
	records, _, _ := sdktest.Read(t, main.Plugin(), c)
	rows := sdktest.SQL(t, c, "SELECT _id, number, date, duration, type, name FROM calls")
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
		t.Run(filepath.Base(name), func(t *testing.T) { compareSMS(t, sdktest.Load(t, name)) })
	}
}

func TestMMS(t *testing.T) {
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/mmssms.db"))
	m := sdktest.Find(t, records, "pdu", 1)
	if m["from"] != "+15550100" || sdktest.Join(m["to"], " ") != "+15550102 +15550101" || m["text"] != "look at this" || m["service"] != "mms" || m["time"] != "2024-05-01T04:50:00Z" || sdktest.Join(m["participants"], " ") != "+15550100 +15550101" {
		t.Errorf("%v", m)
	}
	extra := m["extra"].(sdktest.Object)
	if extra["subject"] != "Grüße" || sdktest.Join(extra["cc"], " ") != "+15550101" || len(extra["parts"].([]any)) != 3 {
		t.Errorf("%v", extra)
	}
	a := m["attachments"].([]any)[0].(sdktest.Object)
	if len(m["attachments"].([]any)) != 1 || a["name"] != "IMG_1.jpg" || a["media_type"] != "image/jpeg" || a["missing"] != true {
		t.Errorf("%v", a)
	}
	m = sdktest.Find(t, records, "pdu", 2)
	if m["from"] != nil || m["text"] != "Group\nmessage" || sdktest.Join(m["to"], " ") != "+15550100 +15550101" || m["status"] != "sent" {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "pdu", 3); m["status"] != "announced, not downloaded, unread" || m["text"] != nil {
		t.Errorf("%v", m)
	}
	// What belongs to a message that is not there is kept, and said not to belong.
	if o := sdktest.Find(t, records, "part", 6); o["kind"] != "row" || o["columns"].(sdktest.Object)["text"] != "its message is gone" || sdktest.Count(diagnostics, "code", "android.orphan") != 2 {
		t.Errorf("%v", o)
	}
	if sdktest.Count(diagnostics, "code", "android.count_differs") != 1 {
		t.Error("the threads state eleven, and nothing is said")
	}
}

// A row that is in the write-ahead log only comes out, from there; without the log
// that it may be missing is said.
func TestLog(t *testing.T) {
	c := sdktest.Load(t, "testdata/mmssms.db")
	records, _, _ := sdktest.Read(t, main.Plugin(), c)
	if r := sdktest.Find(t, records, "sms", 8); r["text"] != "only in the log" || r["source"].(sdktest.Object)["role"] != "wal" {
		t.Errorf("%v", r)
	}
	if r := sdktest.Find(t, records, "sms", 6); r["status"] != "received, read" {
		t.Errorf("%v", r)
	}
	c.Companions = nil
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), c)
	if sdktest.Count(diagnostics, "code", "sqlite.wal_missing") != 1 || sdktest.Find(t, records, "sms", 6)["status"] != "received, unread" {
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
	if err := os.WriteFile(db, sdktest.Load(t, "testdata/mmssms-57.db").Data, 0o600); err != nil {
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
	records, _, _ := sdktest.Read(t, main.Plugin(), c)
	victim := sdktest.Find(t, records, "sms", rows/2)
	if victim["extra"].(sdktest.Object)["vendor_column"] != "new" {
		t.Errorf("a column that is not known is not in extra: %v", victim)
	}
	page := int(victim["source"].(sdktest.Object)["offset"].(float64)) / 1024 * 1024
	lost := 0
	for _, r := range records {
		if at := int(r["source"].(sdktest.Object)["offset"].(float64)); r["kind"] == "sms" && at >= page && at < page+1024 {
			lost++
		}
	}
	copy(data[page:page+1024], make([]byte, 1024))
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), c)
	if len(records) != rows-lost || lost == 0 || sdktest.Count(diagnostics, "code", "sqlite.page_damaged") != 1 {
		t.Errorf("%d records, %d were on the page; %v", len(records), lost, diagnostics)
	}
	if out.Result.Err != nil {
		t.Error(out.Result.Err)
	}
}

func TestCalls(t *testing.T) {
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/calllog.db"))
	if len(records) != 8 || sdktest.Count(records, "direction", "unknown") != 1 || sdktest.Count(diagnostics, "code", "android.type_unknown") != 1 {
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
		r := sdktest.Find(t, records, "calls", c.id)
		if r["from"] != c.from || sdktest.Join(r["to"], " ") != c.to || r["status"] != c.status || r["account"] != c.account || r["state"] != c.state || r["time"] != c.at || r["duration_s"] != c.durationIs {
			t.Errorf("%d: %v", c.id, r)
		}
	}
}

func TestContacts(t *testing.T) {
	records, _, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/contacts2.db"))
	p := sdktest.Find(t, records, "raw_contacts", 1)
	if sdktest.Join(p["names"], " ") != "Anna Example Annie" || sdktest.Join(p["phones"], " ") != "+1 555-0100 +1 555-0108" || sdktest.Join(p["emails"], " ") != "anna@example.com" || sdktest.Join(p["usernames"], " ") != "anna.example 15550100@s.whatsapp.net" ||
		p["organisation"] != "Example Ltd" || p["owner"] != "owner@example.com" || p["time"] != "2013-11-06T21:17:16.690Z" {
		t.Errorf("%v", p)
	}
	if p = sdktest.Find(t, records, "raw_contacts", 2); sdktest.Join(p["names"], " ") != "+15550101" || sdktest.Join(p["phones"], " ") != "+15550101" {
		t.Errorf("%v", p)
	}
	if p = sdktest.Find(t, records, "raw_contacts", 3); p["state"] != "deleted" || sdktest.Join(p["names"], " ") != "Gone Example" {
		t.Errorf("%v", p)
	}
	if d := sdktest.Find(t, records, "deleted_contacts", 9); d["state"] != "deleted" || d["time"] == nil {
		t.Errorf("%v", d)
	}
	if sdktest.Count(records, "kind", "call") != 2 || sdktest.Count(records, "kind", "contact") != 3 || sdktest.Count(records, "kind", "row") != 2 {
		t.Errorf("%d records", len(records))
	}
}

// A contact's picture comes out as a file of its own, as sqlite3's writefile writes it.
func TestPhoto(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	db := filepath.Join(t.TempDir(), "contacts2.db")
	picture := append([]byte("\xff\xd8\xff\xe0"), make([]byte, 9000)...) // longer than a page
	if err := os.WriteFile(db, sdktest.Load(t, "testdata/contacts2.db").Data, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "INSERT INTO data (_id, mimetype_id, raw_contact_id, data15) VALUES (900, 7, 1, x'ffd8ffe0' || zeroblob(9000)), (901, 7, 2, NULL);"
	if out, err := exec.Command(program, "-batch", "-bail", db, script, "SELECT writefile('"+db+".jpg', CAST(data15 AS BLOB)) FROM data WHERE _id = 900").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	want, err := os.ReadFile(db + ".jpg")
	if err != nil {
		t.Fatal(err)
	}
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, db))
	if n := len(out.Artifacts); n == 0 {
		t.Fatal("no file")
	}
	a := out.Artifacts[len(out.Artifacts)-1]
	if a.Name.Text != "contact-1/photo-900.jpg" || !a.Complete || string(a.Data) != string(want) || len(want) != len(picture) || a.Steps[0]["do"] != "sqlite" {
		t.Errorf("%s %v, %d bytes", a.Name.Text, a.Steps, len(a.Data))
	}
	var found bool
	for _, d := range sdktest.Find(t, records, "raw_contacts", 1)["extra"].(sdktest.Object)["data"].([]any) {
		p, _ := d.(sdktest.Object)["data15"].(sdktest.Object)
		found = found || p["file"] == "contact-1/photo-900.jpg" && p["sha256"] == evidence.Sum(want).String()
	}
	if !found {
		t.Error("the contact does not name its photo")
	}
}
