package main_test

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/skype"
)

func flagged(r sdktest.Object, flag string) bool {
	return strings.Contains(sdktest.Join(r["flags"], " "), flag)
}

// What ../shared/data/README.md says of the sample comes out: no more, no less.
func TestSample(t *testing.T) {
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, sdktest.Shared(t, "plaso/skype_main.db")))
	if out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(out.Result.Reason)
	}
	for kind, n := range map[string]int{"message": 15, "sms": 1, "call": 1, "account": 1, "contact": 2, "transfer": 2} {
		if got := sdktest.Count(records, "kind", kind); got != n {
			t.Errorf("%d of kind %s, not %d", got, kind, n)
		}
	}
	if len(records) != 22 {
		t.Errorf("%d records", len(records))
	}
	if m := sdktest.Find(t, records, "Messages", 61); !flagged(m, "time_implausible") || m["time"] != "2404-12-30T06:23:40Z" || m["text"] != "f you want I can copy some documents for you, if you can pay it... ;)" {
		t.Errorf("%v", m)
	}
	if m := sdktest.Find(t, records, "Messages", 51); m["text"] != nil || !flagged(m, "body_missing") || m["direction"] != "incoming" {
		t.Errorf("%v", m)
	}
	if m := sdktest.Find(t, records, "Messages", 47); m["text"] != "Hi European Competitor, I'd like to add you as a contact. Gen Beringer" || m["extra"].(sdktest.Object)["body_xml"] != "Hi European Competitor, I&apos;d like to add you as a contact. Gen Beringer" || m["status"] != "contact request, sent" {
		t.Errorf("%v", m)
	}
	if m := sdktest.Find(t, records, "Messages", 54); m["text"] != "https://www.dropbox.com/s/3t95y5d8j64azsj/Recipes.docx" || sdktest.Join(m["to"], " ") != "european.bbq.competitor" || m["direction"] != "outgoing" {
		t.Errorf("%v", m)
	}
	c := sdktest.Find(t, records, "Calls", 110)
	if c["duration_s"] != 646.0 || c["from"] != "gen.beringer" || sdktest.Join(c["to"], " ") != "european.bbq.competitor" || c["time"] != "2013-07-01T22:12:17Z" || c["direction"] != "outgoing" {
		t.Errorf("%v", c)
	}
	a := sdktest.Find(t, records, "Accounts", 1)
	if a["username"] != "gen.beringer" || a["created"] != "2013-07-30T21:22:00Z" || a["time_basis"].(sdktest.Object)["unit"] != "min" || sdktest.Join(a["emails"], " ") != "genberinger@gmail.com" {
		t.Errorf("%v", a)
	}
	x := sdktest.Find(t, records, "Transfers", 1094)
	if x["file_name"] != "secret-project.pdf" || x["file_size"] != 69986.0 || x["transferred"] != 69986.0 || x["status"] != "completed" || x["from"] != "gen.beringer" || sdktest.Join(x["to"], " ") != "european.bbq.competitor" ||
		x["time"] != "2013-10-24T21:49:35Z" || x["times"].([]any)[1].(sdktest.Object)["kind"] != "ended" || x["direction"] != "outgoing" {
		t.Errorf("%v", x)
	}
	s := sdktest.Find(t, records, "SMSes", 145)
	if s["from"] != "gen.beringer" || sdktest.Join(s["to"], " ") != "+34123456789" || s["status"] != "delivered" || s["time"] != "2013-07-01T22:14:22Z" {
		t.Errorf("%v", s)
	}
}

func TestDatabase(t *testing.T) {
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/main.db"))
	for id, want := range map[int][4]string{
		100: {"I'm here <now> :)", "outgoing", "sent", "bo.example"},
		101: {"see here (https://example.com/x?a=1&b=2)", "incoming", "read", "anna.example"},
		102: {"2 < 3 & 4", "incoming", "read", "anna.example bo.example"},
		104: {"a text in two", "outgoing", "SMS, sent", "+15550102"},
		105: {"plan.pdf, b.txt", "outgoing", "files, sent", "bo.example"},
		106: {"bo.example (Bo)", "outgoing", "call ended, sent", "bo.example"},
		107: {"plain <b>bold</b><br/>next", "incoming", "received", "anna.example"},
		108: {"To view this shared photo, go to: https://login.skype.com/login/sso?pic=0-x", "incoming", "photo, read", "anna.example"},
		150: {"only in the log", "incoming", "received", "anna.example"},
	} {
		m := sdktest.Find(t, records, "Messages", id)
		if got := [4]string{m["text"].(string), m["direction"].(string), m["status"].(string), sdktest.Join(m["to"], " ")}; got != want {
			t.Errorf("%d: %q", id, got)
		}
	}
	if m := sdktest.Find(t, records, "Messages", 150); m["source"].(sdktest.Object)["role"] != "wal" {
		t.Errorf("%v", m["source"])
	}
	if m := sdktest.Find(t, records, "Messages", 101); m["times"].([]any)[1].(sdktest.Object)["time"] != "2013-07-30T21:27:20Z" {
		t.Errorf("%v", m["times"])
	}
	if m := sdktest.Find(t, records, "Messages", 109); m["time"] != nil || m["direction"] != "unknown" || m["from"] != nil {
		t.Errorf("%v", m)
	}
	files := sdktest.Find(t, records, "Messages", 105)["attachments"].([]any)
	if len(files) != 2 || files[0].(sdktest.Object)["name"] != "plan.pdf" || files[1].(sdktest.Object)["size"] != 12.0 {
		t.Errorf("%v", files)
	}
	if f := sdktest.Find(t, records, "Messages", 108)["attachments"].([]any)[0].(sdktest.Object); f["name"] != "f.png" || f["size"] != 108188.0 {
		t.Errorf("%v", f)
	}
	if c := sdktest.Find(t, records, "Calls", 110); sdktest.Join(c["to"], " ") != "bo.example cy.example" || c["duration_s"] != 646.0 || len(c["extra"].(sdktest.Object)["members"].([]any)) != 2 {
		t.Errorf("%v", c)
	}
	if c := sdktest.Find(t, records, "Calls", 111); c["status"] != "missed" || c["from"] != "bo.example" || sdktest.Join(c["to"], " ") != "anna.example" || len(c["extra"].(sdktest.Object)["members"].([]any)) != 1 {
		t.Errorf("%v", c)
	}
	if o := sdktest.Find(t, records, "CallMembers", 123); o["kind"] != "row" || sdktest.Count(diagnostics, "code", "skype.orphan") != 1 || sdktest.Count(diagnostics, "code", "sqlite.table_not_read") != 1 {
		t.Errorf("%v", o)
	}
	if x := sdktest.Find(t, records, "Transfers", 131); x["status"] != "cancelled remotely" || x["direction"] != "incoming" || x["from"] != "bo.example" || x["transferred"] != 10.0 {
		t.Errorf("%v", x)
	}
	if p := sdktest.Find(t, records, "Contacts", 3); sdktest.Join(p["phones"], " ") != "+15550199" || sdktest.Join(p["names"], " ") != "Pizza" || p["owner"] != "anna.example" {
		t.Errorf("%v", p)
	}
}

func TestExport(t *testing.T) {
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/messages.json"))
	if len(records) != 6 || out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatal(len(records), out.Result.Reason)
	}
	r := records[0]
	if r["text"] != "I'm here :)" || r["direction"] != "outgoing" || sdktest.Join(r["to"], " ") != "8:bo.example" || r["time"] != "2020-07-11T11:18:09.509Z" || r["account"] != "8:anna.example" ||
		r["extra"].(sdktest.Object)["content"] != "I&apos;m <b>here</b> <ss type=\"smile\">:)</ss>" || r["source"].(sdktest.Object)["pointer"] != "/conversations/0/MessageList/0" {
		t.Errorf("%v", r)
	}
	if r = records[1]; r["time"] != "2020-07-11T11:19:13Z" || r["attachments"].([]any)[0].(sdktest.Object)["name"] != "f.png" || r["direction"] != "incoming" {
		t.Errorf("%v", r)
	}
	if r = records[2]; r["text"] != "1 &lt; 2" || r["state"] != "deleted" {
		t.Errorf("%v", r)
	}
	if r = records[3]; !flagged(r, "time_unreadable") || r["time_raw"] != "yesterday" {
		t.Errorf("%v", r)
	}
	if r = records[4]; r["text"] != "Three of us" || r["status"] != "ThreadActivity/TopicUpdate" || r["direction"] != "unknown" {
		t.Errorf("%v", r)
	}
	if r = records[5]; !flagged(r, "body_missing") || r["text"] != nil {
		t.Errorf("%v", r)
	}
}

// The probe knows an export from other JSON.
func TestProbe(t *testing.T) {
	head := sdktest.Load(t, "testdata/messages.json").Data
	for _, c := range []struct {
		head []byte
		want bool
	}{{head, true}, {append([]byte("\xef\xbb\xbf\r\n"), head...), true}, {[]byte(`{"messages":[]}`), false}, {[]byte("conversations MessageList"), false}, {nil, false}} {
		if got := main.Plugin().Probe(sampleOf(c.head)).Confidence >= 50; got != c.want {
			t.Errorf("%.40q: %v", c.head, got)
		}
	}
}

func sampleOf(head []byte) sdk.Sample { return sdk.Sample{Head: head, Size: int64(len(head))} }
