package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

const typeSMS = 64

// messageType says what a message is that is not somebody's words (type 61, and the
// /me of type 60). The numbers are those of Skyperious (suurjaak), which found them
// in databases.
func messageType(n int64) string {
	switch n {
	case 2:
		return "topic or picture changed"
	case 4:
		return "group created"
	case 8, 9:
		return "conversation updated"
	case 10:
		return "participants added"
	case 12:
		return "participants removed"
	case 13:
		return "left"
	case 30:
		return "call started"
	case 39:
		return "call ended"
	case 50:
		return "contact request"
	case 51:
		return "contact details shared"
	case 53:
		return "contact blocked"
	case 60:
		return "emote"
	case 63:
		return "contacts sent"
	case typeSMS:
		return "SMS"
	case 68:
		return "files"
	case 70, 253:
		return "video"
	case 110:
		return "birthday"
	case 201:
		return "photo"
	}
	return ""
}

// Skype's sending_status and chatmsg_status, as its desktop API and SkypeKit name them.
func sendingStatus(row *sqlite.Row, direction string) string {
	if direction != sdk.Incoming {
		switch n, _ := row.Int64("sending_status"); n {
		case 1:
			return "sending"
		case 2:
			return "sent"
		case 3:
			return "failed"
		}
	}
	switch n, _ := row.Int64("chatmsg_status"); n {
	case 1:
		return "sending"
	case 2:
		return "sent"
	case 3:
		return "received"
	case 4:
		return "read"
	}
	return ""
}

// conversation is what Conversations, Participants and Chats say of one.
type conversation struct {
	identity sdk.Text
	people   []sdk.Text
}

func (r *reader) conversations() (byID map[int64]*conversation, byName map[string][]sdk.Text, err error) {
	byID, byName = map[int64]*conversation{}, map[string][]sdk.Text{}
	for row := range r.db.Table("Conversations") {
		if t := row.Text("identity"); r.kept.Take("Conversations", len(t.String())) {
			byID[row.ID("id")] = &conversation{identity: t}
		}
	}
	for row := range r.db.Table("Participants") {
		id, _ := row.Int64("convo_id")
		who := row.Text("identity")
		if c := byID[id]; c != nil && who.String() != "" && r.kept.Take("Participants", len(who.String())) {
			c.people = append(c.people, who)
		}
	}
	for row := range r.db.Table("Chats") {
		people := row.Text("participants")
		if name := row.Text("name").String(); name != "" && r.kept.Take("Chats", len(name)+2*len(people.String())) {
			byName[name] = split(people)
		}
	}
	return byID, byName, r.db.Err()
}

// messages reads the table Messages.
func (r *reader) messages() error {
	byID, byName, err := r.conversations()
	if err != nil {
		return err
	}
	for row := range r.db.Table("Messages") {
		m := sdk.Message{
			Common:  row.Common("author", "timestamp", "edited_timestamp", "body_xml"),
			Service: sdk.Str(service), Account: r.account, From: row.Text("author"), To: []sdk.Text{},
		}
		if id, ok := row.Int64("convo_id"); ok && byID[id] != nil {
			m.Conversation, m.Participants = byID[id].identity, byID[id].people
		} else {
			m.Conversation = row.Text("chatname")
		}
		if m.Participants == nil {
			m.Participants = byName[row.Text("chatname").String()]
		}
		r.parties(&m, row.Text("dialog_partner"))
		n, _ := row.Int64("type")
		if to := split(row.Text("identities")); n == typeSMS && len(to) > 0 && m.Direction == sdk.Outgoing {
			m.To = to // numbers, and nobody of the conversation
		}
		m.Status = sdk.OrNull(strings.Trim(messageType(n)+", "+sendingStatus(row, m.Direction), ", "))
		setBody(&m, row)
		m.Time = when(row, "timestamp", sdk.Sent)
		if precise := row.SetTime("timestamp__ms", sdk.Epoch{Unit: "ms", Epoch: "unix", Kind: sdk.Sent, Basis: sdk.Declared}); !precise.IsNull() && sameSecond(&m.Time, &precise) {
			m.Time = precise
		}
		if edited := row.SetTime("edited_timestamp", seconds(sdk.Edited)); !edited.Raw.IsAbsent() {
			m.Times = []sdk.Time{m.Time, edited}
		}
		if err := r.out.Put(&m, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

func sameSecond(a, b *sdk.Time) bool {
	x, _, _ := a.Unix()
	y, _, _ := b.Unix()
	return x == y
}

// parties sets direction and recipients: all of the conversation but its author.
func (r *reader) parties(m *sdk.Message, partner sdk.Text) {
	m.Direction = sdk.Unknown
	if !r.account.IsNull() && m.From.String() != "" {
		m.Direction = sdk.Incoming
		if strings.EqualFold(m.From.String(), r.account.String()) {
			m.Direction = sdk.Outgoing
		}
	}
	for _, p := range m.Participants {
		if !strings.EqualFold(p.String(), m.From.String()) {
			m.To = append(m.To, p)
		}
	}
	switch {
	case len(m.To) > 0:
	case m.Direction == sdk.Outgoing && partner.String() != "":
		m.To = append(m.To, partner)
	case m.Direction == sdk.Incoming:
		m.To = append(m.To, r.account)
	}
}

// setBody renders the body. Where that shows something else than is stored, what is
// stored is beside it.
func setBody(m *sdk.Message, row *sqlite.Row) {
	stored := row.Text("body_xml")
	m.Text, m.Attachments = stored, []sdk.Attachment{}
	if stored.IsNull() {
		m.Flags = append(m.Flags, flagNoBody)
		return
	}
	if n, ok := row.Int64("body_is_rawxml"); ok && n == 0 {
		return // text as it was typed
	}
	keep(m, stored, "body_xml")
}

// keep sets text and attachments, and what is stored in extra where it differs.
func keep(m *sdk.Message, stored sdk.Text, name string) {
	b := render(stored.String())
	m.Attachments = append(m.Attachments, b.files...)
	if b.text == stored.String() {
		return
	}
	m.Text = sdk.Str(b.text)
	if len(stored.String()) > sqlite.MaxKept {
		m.Flags = append(m.Flags, sqlite.FlagLong)
		return
	}
	m.Extra[name] = stored
}

// smsStatus names SkypeKit's Sms.STATUS.
func smsStatus(n int64) string {
	list := []string{1: "received", "read", "composing", "sending", "sent to server", "delivered", "some targets failed", "failed"}
	if n > 0 && n < int64(len(list)) {
		return list[n]
	}
	return ""
}

// smses reads the table SMSes: text messages to and from telephones.
func (r *reader) smses() error {
	for row := range r.db.Table("SMSes") {
		m := sdk.SMS{
			Common:  row.Common("timestamp", "body", "target_numbers"),
			Service: sdk.Str(service), Account: r.account, Conversation: sdk.Null(), From: sdk.Null(), To: []sdk.Text{},
			Text: row.Text("body"), Direction: sdk.Unknown,
		}
		kind, n := sdk.Sent, split(row.Text("target_numbers"))
		switch t, _ := row.Int64("type"); t {
		case 1:
			m.Direction, kind = sdk.Incoming, sdk.Received
			if m.From = row.Text("identity"); m.From.String() == "" && len(n) > 0 {
				m.From = n[0]
			}
		case 2:
			m.Direction, m.From, m.To = sdk.Outgoing, r.account, n
		default: // requests for a code that confirms a number
			m.Participants = n
		}
		status, _ := row.Int64("status")
		m.Status = sdk.OrNull(smsStatus(status))
		m.Time = when(row, "timestamp", kind)
		if err := r.out.Put(&m, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
