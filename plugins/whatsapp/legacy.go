package main

import (
	"strconv"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// legacy reads the table messages, of versions before 2021. Where the database was
// moved to the newer schema, its rows are in message under the same numbers: only
// those are read that are not.
func (r *reader) legacy(moved bool) error {
	sql := "SELECT * FROM messages"
	if moved {
		sql = "SELECT * FROM messages AS m WHERE NOT EXISTS (SELECT 1 FROM message AS n WHERE n._id = m._id)"
	}
	subjects := map[string]sdk.Text{}
	for row := range r.db.Table("chat_list") {
		if jid := row.Text("key_remote_jid").String(); jid != "" && row.Text("subject").String() != "" && r.kept.Take("chat_list", 2*len(jid)) {
			subjects[jid] = row.Text("subject")
		}
	}
	for row := range r.db.Query("messages", sql) {
		jid := row.Text("key_remote_jid")
		if jid.String() == "-1" {
			r.out.Skip(1) // the row that every database begins with
			continue
		}
		fromMe, _ := row.Int64("key_from_me")
		kind, _ := row.Int64("media_wa_type")
		m := sdk.Message{
			Common:  row.Common("key_remote_jid", "key_from_me", "remote_resource", "data", "timestamp", "received_timestamp", "receipt_device_timestamp", "read_device_timestamp", "media_caption"),
			Service: sdk.Str(service), Text: row.Text("data"), Attachments: []sdk.Attachment{},
		}
		r.parties(&m, fromMe != 0, jid, row.Text("remote_resource"))
		if s, ok := subjects[jid.String()]; ok {
			m.Extra["chat_name"] = s
		}
		if row.Text("media_mime_type").String() != "" || row.Text("media_name").String() != "" {
			f := mediaOf(row, "media_name", "media_mime_type", "media_size", "media_hash", "media_url", "media_caption")
			f.path = sdk.Text{} // a URL, and in extra
			f.put(&m)
		} else if t := row.Text("media_caption"); t.String() != "" {
			m.Extra["media_caption"] = t
		}
		m.Status = status(row, kind, fromMe != 0)
		if kind == typeRevoked {
			m.State = sdk.Deleted
		}
		stamps(&m, orNull(ms(row, "timestamp", sdk.Sent), sdk.Sent), ms(row, "received_timestamp", sdk.Received), ms(row, "receipt_device_timestamp", sdk.Received), ms(row, "read_device_timestamp", sdk.Read))
		if err := r.out.Put(&m, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

// callAnswered is the call_result of a call that was taken.
const callAnswered = 5

// calls reads call_log.
func (r *reader) calls() error {
	others := map[int64][]sdk.Text{}
	for row := range r.db.Table("call_log_participant_v2") {
		call, ok := row.Int64("call_log_row_id")
		who, also := row.Int64("jid_row_id")
		if ok && also && r.jids[who].String() != "" && r.kept.Take("call_log_participant_v2", 64) {
			others[call] = append(others[call], r.jids[who])
		}
	}
	for row := range r.db.Table("call_log") {
		who, _ := row.Int64("jid_row_id")
		fromMe, _ := row.Int64("from_me")
		call := sdk.Call{
			Common:  row.Common("from_me", "timestamp", "duration"),
			Service: sdk.Str(service), Direction: sdk.Incoming, From: sdk.Null(), To: []sdk.Text{}, Duration: row.Int("duration"), Status: sdk.Str("not answered"),
		}
		if n, ok := row.Int64("call_result"); ok && n == callAnswered {
			call.Status = sdk.Str("answered")
		}
		other := r.jids[who]
		if fromMe != 0 {
			call.Direction = sdk.Outgoing
			call.To = append(call.To, others[row.ID("_id")]...)
			if len(call.To) == 0 && other.String() != "" {
				call.To = append(call.To, other)
			}
		} else if other.String() != "" {
			call.From = other
		}
		if group, _ := row.Int64("group_jid_row_id"); group > 0 && r.jids[group].String() != "" {
			call.Extra["group"] = r.jids[group]
		}
		call.Time = orNull(ms(row, "timestamp", sdk.Started), sdk.Started)
		if err := r.out.Put(&call, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
