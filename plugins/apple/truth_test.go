package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/apple"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The ten messages of the sample come out as SQLite's own program reads them, and what
// is left of 226 that were deleted; what somebody changed in one text is seen.
func TestSample(t *testing.T) {
	c := sdktest.Load(t, sdktest.Shared(t, "plaso/imessage_chat.db"))
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), c)
	if out.Result.Outcome != evidence.OutcomeComplete || sdktest.Count(records, "kind", "message") != 10 || sdktest.Count(records, "state", "deleted") != 226 || len(records) != 236 {
		t.Fatal(len(records), out.Result.Outcome, out.Result.Reason)
	}
	if sdktest.Count(diagnostics, "code", "sqlite.wal_missing") != 1 || sdktest.Count(diagnostics, "code", "apple.tombstones") != 1 || sdktest.Count(diagnostics, "code", "apple.body_undecodable") != 0 {
		t.Errorf("%v", diagnostics)
	}
	for _, w := range sdktest.SQL(t, c, "SELECT m.ROWID id, m.text, m.date, m.is_from_me, h.id who, c.chat_identifier chat FROM message m LEFT JOIN handle h ON h.ROWID = m.handle_id LEFT JOIN chat_message_join j ON j.message_id = m.ROWID LEFT JOIN chat c ON c.ROWID = j.chat_id") {
		r := sdktest.Find(t, records, "message", int(w["id"].(float64)))
		at, err := time.Parse(time.RFC3339Nano, r["time"].(string))
		if err != nil || at.Unix() != int64(w["date"].(float64))+978307200 || r["text"] != w["text"] || r["conversation"] != w["chat"] || r["service"] != "iMessage" || r["account"] != "ken.doh@icloud.com" {
			t.Errorf("%v: %v", w, r)
		}
		if w["is_from_me"] == 1.0 && (r["from"] != "ken.doh@icloud.com" || sdktest.Join(r["to"], " ") != w["who"]) || w["is_from_me"] == 0.0 && (r["from"] != w["who"] || sdktest.Join(r["to"], " ") != "ken.doh@icloud.com") {
			t.Errorf("%v: %v", w, r)
		}
	}
	// Who made the sample replaced a name in the texts, and not in the bodies.
	changed := 0
	for _, r := range records {
		if strings.Contains(sdktest.Join(r["flags"], " "), "text_differs") {
			changed++
			if !strings.Contains(r["extra"].(sdktest.Object)["attributed_text"].(string), "Microsoft Office") || !strings.Contains(r["text"].(string), "Open Office") {
				t.Errorf("%v", r)
			}
		}
	}
	if changed != 2 {
		t.Errorf("%d texts differ from their bodies", changed)
	}
}

func TestSeconds(t *testing.T) {
	records, diagnostics, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/chat.db"))
	for _, c := range []struct {
		id                                         int
		kind, from, to, conversation, text, status any
	}{
		{1, "message", "+15550100", "anna@example.com", "+15550100", "hello", "received, read"},
		{2, "message", "anna@example.com", "+15550100", "+15550100", "an answer", "delivered"},
		{3, "message", "anna@example.com", "+15550100 bo@example.com", "chat100", "to all of you", "sent"},
		{4, "message", "bo@example.com", "anna@example.com +15550100", "chat100", "from one of three", "received, unread"},
		{5, "sms", "+15550102", "+15550199", "+15550102", "\ufffc", "received, unread"},
		{6, "message", "anna@example.com", "+15550100 bo@example.com", "chat100", nil, "group named, sent"},
		{7, "sms", "+15550199", "", nil, "nobody's conversation", "failed"},
		{8, "message", "+15550100", "anna@example.com", "+15550100", "changed afterwards", "received, unread"},
		{9, "message", "+15550100", "anna@example.com", "+15550100", "odd body", "received, unread"},
	} {
		r := sdktest.Find(t, records, "message", c.id)
		if r["kind"] != c.kind || r["from"] != c.from || sdktest.Join(r["to"], " ") != c.to || r["conversation"] != c.conversation || r["text"] != c.text || r["status"] != c.status {
			t.Errorf("%d: %v", c.id, r)
		}
	}
	r := sdktest.Find(t, records, "message", 1)
	if r["time"] != "2015-11-22T18:09:46Z" || len(r["times"].([]any)) != 3 || r["time_basis"].(sdktest.Object)["unit"] != "s" || r["time_basis"].(sdktest.Object)["epoch"] != "mac" {
		t.Errorf("%v", r)
	}
	a := sdktest.Find(t, records, "message", 5)["attachments"].([]any)[0].(sdktest.Object)
	if a["name"] != "IMG_1.jpeg" || a["size"] != 712.0 || a["media_type"] != "image/jpeg" || a["missing"] != true {
		t.Errorf("%v", a)
	}
	if r = sdktest.Find(t, records, "message", 8); r["extra"].(sdktest.Object)["attributed_text"] != "as it was written" || sdktest.Count(diagnostics, "code", "apple.text_differs") != 1 {
		t.Errorf("%v", r)
	}
	if r = sdktest.Find(t, records, "message", 9); sdktest.Join(r["flags"], " ") != "body_undecodable" || r["extra"].(sdktest.Object)["attributedBody"] == nil || sdktest.Count(diagnostics, "code", "apple.body_undecodable") != 1 {
		t.Errorf("%v", r)
	}
	if sdktest.Count(records, "kind", "row") != 2 {
		t.Error("two messages were deleted")
	}
}

func TestNanoseconds(t *testing.T) {
	records, _, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/sms.db"))
	r := sdktest.Find(t, records, "message", 1)
	if r["time"] != "2024-05-01T04:00:00.123456789Z" || r["text"] != "hello, "+strings.Repeat("long ", 30)+"text 你好" || r["time_basis"].(sdktest.Object)["basis"] != "detected" || r["time_raw"] != "736228800123456789" {
		t.Errorf("%v", r)
	}
	r = sdktest.Find(t, records, "message", 2)
	edits := r["extra"].(sdktest.Object)["edits"].([]any)
	if r["text"] != "at seven" || r["status"] != "delivered, edited" || len(edits) != 2 || edits[0].(sdktest.Object)["text"] != "at sven" || edits[0].(sdktest.Object)["time"] != "2024-05-01T04:03:20.500000Z" {
		t.Errorf("%v", r)
	}
	if r = sdktest.Find(t, records, "message", 3); r["status"] != "sent, retracted" || r["text"] != nil || r["extra"].(sdktest.Object)["retracted_parts"] != 1.0 {
		t.Errorf("%v", r)
	}
	if r = sdktest.Find(t, records, "message", 4); r["status"] != "reaction: loved, received, unread" || r["extra"].(sdktest.Object)["associated_message_guid"] != "p:0/B1" {
		t.Errorf("%v", r)
	}
	if r = sdktest.Find(t, records, "message", 5); r["state"] != "deleted" || r["text"] != "thrown away" || r["conversation"] != "+15550100" || r["extra"].(sdktest.Object)["delete_date"] != "2024-05-01T04:20:00.000000000Z" {
		t.Errorf("%v", r)
	}
	if r = sdktest.Find(t, records, "message", 6); r["source"].(sdktest.Object)["role"] != "wal" || r["kind"] != "sms" {
		t.Errorf("%v", r)
	}
	if sdktest.Count(records, "kind", "row") != 1 {
		t.Error("one message was deleted everywhere")
	}
}

func TestCalls(t *testing.T) {
	records, _, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/CallHistory.storedata"))
	for _, c := range []struct {
		id                                      int
		service, from, to, status, at, duration any
	}{
		{1, "com.apple.Telephony", "+15550100", "", "answered", "2024-05-01T04:00:00.250000Z", 61.0},
		{2, "com.apple.Telephony", nil, "+15550101", "dialled", "2024-05-01T04:01:40Z", 0.0},
		{3, "com.apple.FaceTime", "bo@example.com", "", "missed or rejected", "2024-05-01T04:03:20Z", 0.0},
		{4, "FaceTime audio", "+15550100", "+15550102", "answered", "2024-05-01T04:05:00.500000Z", 12.0},
		{5, "com.apple.Telephony", "+15550107", "", "missed or rejected", nil, nil},
	} {
		r := sdktest.Find(t, records, "ZCALLRECORD", c.id)
		if r["kind"] != "call" || r["service"] != c.service || r["from"] != c.from || sdktest.Join(r["to"], " ") != c.to || r["status"] != c.status || r["time"] != c.at || r["duration_s"] != c.duration {
			t.Errorf("%d: %v", c.id, r)
		}
	}
}
