package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/plist"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// messages reads the table message of sms.db or chat.db.
func (r *reader) messages() error {
	data := map[string]any{"user_version": int64(r.db.Header().UserVersion)}
	for row := range r.db.Table("_SqliteDatabaseProperties") {
		if row.Text("key").String() == "_ClientVersion" {
			if v, ok := row.Int64("value"); ok {
				data["client_version"] = v
			}
		}
	}
	r.c.Diagnose(sdk.Diagnostic{Code: codeSchema, Severity: evidence.SeverityInfo, Message: "the version that the database states of its schema", Data: data})
	j, err := r.join()
	if err != nil {
		return err
	}
	for row := range r.db.Table("message") {
		m := r.message(row, j)
		var rec sdk.Record = &m
		if s := m.Service.String(); s == "SMS" || s == "MMS" || s == "RCS" {
			rec = (*sdk.SMS)(&m)
		}
		if err := r.out.Put(rec, row.Source()); err != nil {
			return err
		}
	}
	if err := r.db.Err(); err != nil {
		return err
	}
	return r.tombstones()
}

func (r *reader) message(row *sqlite.Row, j *joined) sdk.Message {
	id := row.ID("ROWID")
	m := sdk.Message{
		Common:  row.Common("text", "attributedBody", "service", "date", "date_read", "date_delivered", "date_edited", "message_summary_info"),
		Service: row.Text("service"), Account: bare(row.Text("account")), Conversation: sdk.Null(), From: sdk.Null(), To: []sdk.Text{},
		Text: row.Text("text"), Attachments: []sdk.Attachment{},
	}
	chats := j.chatsOf.of(id)
	if len(chats) > 0 {
		if c := j.chats[chats[0].b]; c != nil {
			m.Conversation, m.Participants = c.identifier, j.people(c)
			if c.name.String() != "" {
				m.Extra["chat_name"] = c.name
			}
		}
	}
	if len(chats) > 1 {
		var all []any
		for _, c := range chats {
			all = append(all, c.b)
		}
		m.Extra["chats"] = all
	}
	h, _ := row.Int64("handle_id")
	parties(&m, row, j.handles[h])
	r.text(&m, row)
	r.files(&m, j, id)
	edits(&m, row)
	if t, ok := j.removed[id]; ok {
		m.State = sdk.Deleted
		m.Extra["delete_date"] = sdk.OrNull(t.String())
	}
	m.Status = sdk.OrNull(status(row, m.Direction))
	times(&m, row)
	return m
}

// bare is an account without the letter of its sort: e:name@example.com, p:+15550100.
func bare(t sdk.Text) sdk.Text {
	s := t.String()
	if len(s) > 2 && s[1] == ':' && strings.ContainsRune("eEpP", rune(s[0])) {
		return sdk.Str(s[2:])
	}
	return t
}

// parties sets who: a message is from the account or from a handle, and to the
// account and all others of its conversation.
func parties(m *sdk.Message, row *sqlite.Row, handle sdk.Text) {
	own := m.Account
	if t := row.Text("destination_caller_id"); own.String() == "" && t.String() != "" {
		own = t
	}
	add := func(t sdk.Text) {
		for _, o := range append(m.To, m.From) {
			if strings.EqualFold(o.String(), t.String()) {
				return
			}
		}
		m.To = append(m.To, t)
	}
	switch n, ok := row.Int64("is_from_me"); {
	case !ok:
		m.Direction = sdk.Unknown
	case n != 0:
		m.Direction, m.From = sdk.Outgoing, own
		for _, p := range m.Participants {
			add(p)
		}
		if len(m.To) == 0 && handle.String() != "" {
			add(handle)
		}
	default:
		m.Direction, m.From = sdk.Incoming, handle
		if own.String() != "" {
			add(own)
		}
		for _, p := range m.Participants {
			add(p)
		}
	}
	if m.From.IsAbsent() {
		m.From = sdk.Null()
	}
}

// text takes the text of the attributed body where the column text is empty, as it is
// for most messages since iOS 16, and compares the two where both are there.
func (r *reader) text(m *sdk.Message, row *sqlite.Row) {
	stored := row.Bytes("attributedBody")
	if len(stored) == 0 {
		return
	}
	text, err := attributedText(stored)
	switch {
	case err != nil:
		r.bodies.Add(r.c, row.Source())
		m.Flags = append(m.Flags, flagBody)
		m.Extra["attributedBody"] = row.Common().Extra["attributedBody"]
	case m.Text.String() == "":
		m.Text = sdk.Str(text)
	case m.Text.String() != text:
		r.differs.Add(r.c, row.Source())
		m.Flags = append(m.Flags, flagDiffers)
		m.Extra["attributed_text"] = sdk.Str(text)
	}
}

func (r *reader) files(m *sdk.Message, j *joined, id int64) {
	var all []any
	for _, a := range j.filesOf.of(id) {
		if f, ok := j.files[a.b]; ok {
			m.Attachments = append(m.Attachments, f.attachment)
			all = append(all, f.all)
		}
	}
	if len(all) > 0 {
		m.Extra["attachments"] = all
	}
}

// maxEdits is how many earlier versions of a message are listed.
const maxEdits = 1000

// edits lists what message_summary_info keeps of a message that was edited: each
// version of each part, its time in seconds since 2001 (iOS 16).
func edits(m *sdk.Message, row *sqlite.Row) {
	stored := row.Bytes("message_summary_info")
	if len(stored) == 0 {
		return
	}
	v, err := plist.Parse(stored)
	info, ok := v.(map[string]any)
	if err != nil || !ok {
		m.Extra["message_summary_info"] = row.Common().Extra["message_summary_info"]
		return
	}
	var list []any
	parts, _ := info["ec"].(map[string]any)
	for _, part := range sorted(parts) {
		versions, _ := parts[part].([]any)
		for _, v := range versions {
			version, _ := v.(map[string]any)
			e := map[string]any{"part": part, "text": nil, "time": nil}
			if b, ok := version["t"].([]byte); ok {
				if text, err := attributedText(b); err == nil {
					e["text"] = sdk.Str(text)
				} else {
					e["text"] = append([]byte{}, b[:min(len(b), sqlite.MaxBlob)]...)
				}
			}
			if at, ok := version["d"].(float64); ok {
				t := sdk.Epoch{Unit: "us", Epoch: "mac"}.Time(int64(at*1e6), sdk.Text{})
				e["time"] = sdk.OrNull(t.String())
			}
			if list = append(list, e); len(list) == maxEdits {
				break
			}
		}
	}
	if len(list) > 0 {
		m.Extra["edits"] = list
	}
	if gone, ok := info["rp"].([]any); ok && len(gone) > 0 {
		m.Extra["retracted_parts"] = int64(len(gone))
	}
}

// times sets the message's time, and those of what became of it.
func times(m *sdk.Message, row *sqlite.Row) {
	kind := sdk.Received
	if m.Direction != sdk.Incoming {
		kind = sdk.Sent
	}
	if m.Time = since2001(row, "date", kind); m.Time.Raw.IsAbsent() {
		m.Time = sdk.NullTime(kind)
	}
	list := []sdk.Time{m.Time}
	for _, t := range []struct{ column, kind string }{{"date_delivered", sdk.Received}, {"date_read", sdk.Read}, {"date_edited", sdk.Edited}} {
		if at := since2001(row, t.column, t.kind); !at.Raw.IsAbsent() {
			list = append(list, at)
		}
	}
	if len(list) > 1 {
		m.Times = list
	}
}

// tombstones keeps what is left of messages that were deleted: a number that they had
// everywhere, and nothing of what they said.
func (r *reader) tombstones() error {
	n := int64(0)
	for _, table := range []string{"deleted_messages", "sync_deleted_messages"} {
		for row := range r.db.Table(table) {
			rec := row.Record()
			rec.State = sdk.Deleted
			if err := r.out.Put(rec, row.Source()); err != nil {
				return err
			}
			n++
		}
	}
	if n > 0 && r.db.Err() == nil {
		r.c.Diagnose(sdk.Diagnostic{
			Code: codeDeletion, Severity: evidence.SeverityInfo, Message: "the database names messages that were deleted, without anything of what they said; each is kept as a row",
			Data: map[string]any{"messages": n},
		})
	}
	return r.db.Err()
}
