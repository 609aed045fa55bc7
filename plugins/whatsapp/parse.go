package main

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

const service = "whatsapp"

// Codes of diagnostics.
const (
	codeSchema = "whatsapp.schema"
	codeOrphan = "whatsapp.orphan"
)

// reader is one database being read.
type reader struct {
	c   *sdk.Ctx
	db  *sqlite.DB
	out *sdk.Out

	kept    *sqlite.Budget
	orphans sdk.Tally
	jids    map[int64]sdk.Text
	chats   map[int64]*chat
	members map[string][]sdk.Text // of groups, by their address
}

// chat is a conversation: its address, and the name of a group.
type chat struct{ jid, subject sdk.Text }

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	db, err := sqlite.Open(c, in)
	if err != nil {
		return err
	}
	defer db.Close()
	r := &reader{
		c: c, db: db, out: out, kept: sqlite.NewBudget(c), jids: map[int64]sdk.Text{}, chats: map[int64]*chat{}, members: map[string][]sdk.Text{},
		orphans: sdk.Tally{Code: codeOrphan, Message: "the row belongs to a message that the database does not hold; it is kept as a row"},
	}
	defer r.orphans.Total(c)
	current := db.Has("message", "_id", "chat_row_id", "from_me", "timestamp") && db.HasColumn("message", "text_data")
	legacy := db.HasTable("messages") && db.Has("messages", "_id", "key_remote_jid", "key_from_me", "data", "timestamp")
	ios := db.Has("ZWAMESSAGE", "Z_PK", "ZCHATSESSION", "ZISFROMME", "ZMESSAGEDATE", "ZTEXT")
	if !current && !legacy && !ios {
		return fmt.Errorf("%w: no table of messages as WhatsApp has them", sdk.ErrMalformed)
	}
	c.Diagnose(sdk.Diagnostic{
		Code: codeSchema, Severity: evidence.SeverityInfo, Message: "which tables of messages the database has: message (Android since 2021), messages (before), ZWAMESSAGE (iOS)",
		Data: map[string]any{"message": current, "messages": legacy, "zwamessage": ios, "user_version": int64(db.Header().UserVersion)},
	})
	if err := r.addresses(); err != nil {
		return err
	}
	for _, s := range []struct {
		there bool
		read  func() error
	}{
		{current, r.current},
		{legacy, func() error { return r.legacy(current) }},
		{db.HasTable("call_log") && db.Has("call_log", "jid_row_id", "from_me", "timestamp", "duration"), r.calls},
		{ios, r.ios},
	} {
		if !s.there {
			continue
		}
		if err := s.read(); err != nil {
			return err
		}
	}
	if err := db.Err(); err != nil {
		return err
	}
	return db.NotRead("message_add_on_reaction", "message_poll", "message_orphaned_edit", "deleted_chat_job", "messages_quotes", "missed_call_logs", "ZWAPROFILEPUSHNAME")
}

// addresses reads who and where: jid, chat, and the members of groups.
func (r *reader) addresses() error {
	for row := range r.db.Table("jid") {
		t := row.Text("raw_string")
		if t.String() == "" && row.Text("server").String() != "" {
			t = sdk.Str(row.Text("user").String() + "@" + row.Text("server").String())
		}
		if r.kept.Take("jid", len(t.String())) {
			r.jids[row.ID("_id")] = t
		}
	}
	for row := range r.db.Table("chat") {
		n, _ := row.Int64("jid_row_id")
		if t := row.Text("subject"); r.kept.Take("chat", len(t.String())) {
			r.chats[row.ID("_id")] = &chat{r.jids[n], t}
		}
	}
	for row := range r.db.Table("group_participant_user") {
		group, _ := row.Int64("group_jid_row_id")
		user, _ := row.Int64("user_jid_row_id")
		r.member(r.jids[group], r.jids[user])
	}
	for row := range r.db.Table("group_participants") {
		r.member(row.Text("gjid"), row.Text("jid"))
	}
	return r.db.Err()
}

func (r *reader) member(group, who sdk.Text) {
	if g := group.String(); g != "" && who.String() != "" && r.kept.Take("group_participant_user", len(g)) {
		r.members[g] = append(r.members[g], who)
	}
}

// ms is how Android's database counts; where it is 0 or -1 there is no time.
func ms(row *sqlite.Row, column, kind string) sdk.Time {
	if n, ok := row.Int64(column); ok && n == -1 {
		return sdk.Time{}
	}
	return row.SetTime(column, sdk.Epoch{Unit: "ms", Epoch: "unix", Kind: kind, Basis: sdk.Declared})
}

// orNull is a time that the format has.
func orNull(t sdk.Time, kind string) sdk.Time {
	if t.Raw.IsAbsent() {
		return sdk.NullTime(kind)
	}
	return t
}

// stamps sets the time of a message, and those of what became of it.
func stamps(m *sdk.Message, first sdk.Time, more ...sdk.Time) {
	m.Time = first
	list := []sdk.Time{first}
	for _, t := range more {
		if !t.Raw.IsAbsent() {
			list = append(list, t)
		}
	}
	if len(list) > 1 {
		m.Times = list
	}
}

// parties sets who: chat is the other side or the group, sender who wrote in a group.
// The account's own number is in neither database.
func (r *reader) parties(m *sdk.Message, fromMe bool, chat, sender sdk.Text) {
	m.Conversation, m.From, m.To = chat, sdk.Null(), []sdk.Text{}
	m.Participants = r.members[chat.String()]
	m.Direction = sdk.Incoming
	switch {
	case fromMe:
		m.Direction = sdk.Outgoing
		if len(m.Participants) > 0 {
			m.To = append(m.To, m.Participants...)
		} else if chat.String() != "" {
			m.To = append(m.To, chat)
		}
	case sender.String() != "":
		m.From = sender
	case !isGroup(chat):
		m.From = chat
	}
	if m.From.IsAbsent() {
		m.From = sdk.Null()
	}
	if m.Conversation.IsAbsent() {
		m.Conversation = sdk.Null()
	}
}
