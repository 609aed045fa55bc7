package main_test

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/whatsapp"
)

func join(v any) string {
	return strings.ReplaceAll(sdktest.Join(v, " "), "@s.whatsapp.net", "")
}

// expected is a message as it is to come out.
type expected struct {
	id                                   int
	from, to, text, status, time, moment any
}

func check(t *testing.T, records []sdktest.Object, table string, list []expected) {
	t.Helper()
	for _, w := range list {
		r := sdktest.Find(t, records, table, w.id)
		from := r["from"]
		if s, ok := from.(string); ok {
			from = strings.TrimSuffix(s, "@s.whatsapp.net")
		}
		if r["service"] != "whatsapp" || from != w.from || join(r["to"]) != w.to || r["text"] != w.text || r["status"] != w.status || r["time"] != w.time || r["time_kind"] != w.moment {
			t.Errorf("%d: %v", w.id, r)
		}
	}
}

const hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc"

func TestCurrent(t *testing.T) {
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/msgstore.db"))
	check(t, records, "message", []expected{
		{2, "15550100", "", "hello", nil, "2024-05-01T04:07:08.000Z", "sent"},
		{3, nil, "15550100", "hi, 你好 🙂", "read", "2024-05-01T04:08:20.000Z", "sent"},
		{4, "15550101", "", "the harbour", "image", "2024-05-01T04:10:00.000Z", "sent"},
		{5, nil, "15550100 15550101 15550102", "to all sailors", "delivered", "2024-05-01T04:11:40.000Z", "sent"},
		{6, "15550102", "", nil, "deleted by its sender", "2024-05-01T04:13:20.000Z", "sent"},
		{7, "15550100", "", nil, "location", "2024-05-01T04:15:00.000Z", "sent"},
		{8, nil, "15550100", "edited text", "sent", "2024-05-01T04:16:40.000Z", "sent"},
		{9, nil, "", nil, "system message", "2024-05-01T04:18:20.000Z", "sent"},
		{10, nil, "", "its conversation is gone", nil, nil, "sent"},
		{11, "15550100", "", "only in the log", nil, "2024-05-01T05:26:40.000Z", "sent"},
	})
	m := sdktest.Find(t, records, "message", 4)
	a := m["attachments"].([]any)[0].(sdktest.Object)
	if a["name"] != "IMG-20240501-WA0001.jpg" || a["sha256"] != hash || a["size"] != 31000.0 || a["media_type"] != "image/jpeg" || m["extra"].(sdktest.Object)["chat_name"] != "Sailors" || m["conversation"] != "15550100-1600000000@g.us" {
		t.Errorf("%v", m)
	}
	m = sdktest.Find(t, records, "message", 8)
	if m["times"].([]any)[1].(sdktest.Object)["time"] != "2024-05-01T04:17:40.000Z" || m["extra"].(sdktest.Object)["quoted"].([]any)[0].(sdktest.Object)["text_data"] != "hello" {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "message", 7); m["extra"].(sdktest.Object)["location"].([]any)[0].(sdktest.Object)["place_name"] != "Pier 7" {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "message", 6); m["state"] != "deleted" || m["extra"].(sdktest.Object)["revoked"] == nil {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "message", 11); m["source"].(sdktest.Object)["role"] != "wal" {
		t.Errorf("%v", m)
	}
	if o := sdktest.Find(t, records, "message_media", 77); o["kind"] != "row" || sdktest.Count(diagnostics, "code", "whatsapp.orphan") != 1 || sdktest.Count(diagnostics, "code", "sqlite.table_not_read") != 1 {
		t.Errorf("%v", o)
	}
	c := sdktest.Find(t, records, "call_log", 1)
	if c["from"] != "15550100@s.whatsapp.net" || c["status"] != "answered" || c["duration_s"] != 61.0 || c["time"] != "2024-05-01T04:33:20.000Z" || c["direction"] != "incoming" {
		t.Errorf("%v", c)
	}
	if c = sdktest.Find(t, records, "call_log", 2); join(c["to"]) != "15550101 15550100" || c["status"] != "not answered" || c["extra"].(sdktest.Object)["group"] != "15550100-1600000000@g.us" {
		t.Errorf("%v", c)
	}
	if u := out.Result.Units; u.Skipped != 1 || u.Emitted != 13 {
		t.Errorf("%+v", u)
	}
}

func TestLegacy(t *testing.T) {
	records, _, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/msgstore-2020.db"))
	check(t, records, "messages", []expected{
		{2, "15550100", "", "hello", nil, "2014-10-28T22:47:08.000Z", "sent"},
		{3, nil, "15550100", "an answer", "delivered", "2014-10-28T22:48:20.000Z", "sent"},
		{4, "15550101", "", "the harbour", "image", "2014-10-28T22:50:00.000Z", "sent"},
		{5, nil, "15550100 15550101", "to all sailors", "sent", "2014-10-28T22:51:40.000Z", "sent"},
		{6, "15550100", "", nil, "deleted by its sender", "2014-10-28T22:53:20.000Z", "sent"},
	})
	m := sdktest.Find(t, records, "messages", 4)
	if a := m["attachments"].([]any)[0].(sdktest.Object); a["name"] != "IMG_4.jpg" || a["sha256"] != hash {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "messages", 3); len(m["times"].([]any)) != 4 || m["times"].([]any)[3].(sdktest.Object)["kind"] != "read" {
		t.Errorf("%v", m)
	}
	if len(records) != 5 {
		t.Errorf("%d records", len(records))
	}
}

func TestIOS(t *testing.T) {
	records, _, _ := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/ChatStorage.sqlite"))
	check(t, records, "ZWAMESSAGE", []expected{
		{1, "15550100", "", "hello", nil, "2024-05-01T04:00:00.250000Z", "received"},
		{2, nil, "15550100", "an answer", nil, "2024-05-01T04:01:40Z", "sent"},
		{3, "15550101", "", "the harbour", "image", "2024-05-01T04:03:20Z", "received"},
		{4, nil, "15550100 15550101", "to all sailors", nil, "2024-05-01T04:05:00Z", "sent"},
		{5, "15550100", "", nil, "deleted by its sender", "2024-05-01T04:06:40Z", "received"},
		{6, "15550109", "", "its conversation is gone", nil, nil, "received"},
		{7, "15550100", "", "only in the log", nil, "2024-05-01T07:06:40Z", "received"},
	})
	m := sdktest.Find(t, records, "ZWAMESSAGE", 3)
	if a := m["attachments"].([]any)[0].(sdktest.Object); a["name"] != "0001.jpg" || a["sha256"] != hash || a["media_type"] != "image/jpeg" {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "ZWAMESSAGE", 1); m["times"].([]any)[1].(sdktest.Object)["time"] != "2024-05-01T03:59:59Z" || m["extra"].(sdktest.Object)["chat_name"] != "Anna" {
		t.Errorf("%v", m)
	}
	if m = sdktest.Find(t, records, "ZWAMESSAGE", 6); m["conversation"] != "15550109@s.whatsapp.net" {
		t.Errorf("%v", m)
	}
}
