package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// iosType names ZMESSAGETYPE; text has no name.
func iosType(n int64) string {
	switch n {
	case 1:
		return "image"
	case 2:
		return "video"
	case 3:
		return "audio"
	case 4:
		return "contact"
	case 5:
		return "location"
	case 6:
		return "group event"
	case 7:
		return "link"
	case 8:
		return "document"
	case 10:
		return "system message"
	case 11:
		return "GIF"
	case iosRevoked:
		return "deleted by its sender"
	case 15:
		return "sticker"
	}
	return ""
}

const iosRevoked = 14

// session is a conversation of iOS.
type session struct{ jid, name sdk.Text }

// since2001 is how Core Data counts: seconds, with a fraction.
func since2001(row *sqlite.Row, column, kind string) sdk.Time {
	return row.SetTime(column, sdk.Epoch{Unit: "s", Epoch: "mac", Kind: kind, Basis: sdk.Declared})
}

// ios reads ZWAMESSAGE of ChatStorage.sqlite.
func (r *reader) ios() error {
	sessions, who := map[int64]session{}, map[int64]sdk.Text{}
	for row := range r.db.Table("ZWACHATSESSION") {
		s := session{row.Text("ZCONTACTJID"), row.Text("ZPARTNERNAME")}
		if r.kept.Take("ZWACHATSESSION", len(s.jid.String())+len(s.name.String())) {
			sessions[row.ID("Z_PK")] = s
		}
	}
	for row := range r.db.Table("ZWAGROUPMEMBER") {
		jid := row.Text("ZMEMBERJID")
		if r.kept.Take("ZWAGROUPMEMBER", len(jid.String())) {
			who[row.ID("Z_PK")] = jid
			n, _ := row.Int64("ZCHATSESSION")
			r.member(sessions[n].jid, jid)
		}
	}
	files := map[int64]media{}
	for row := range r.db.Table("ZWAMEDIAITEM") {
		m := mediaOf(row, "ZVCARDNAME", "ZVCARDSTRING", "ZFILESIZE", "ZVCARDNAME", "ZMEDIALOCALPATH", "ZTITLE")
		// ZVCARDNAME is a name, or a digest in base64; ZVCARDSTRING a type, or a vCard.
		if !m.attachment.SHA256.IsZero() || m.attachment.Name.String() == "" {
			m.attachment.Name = sdk.Null()
			if p := m.path.String(); p != "" {
				m.attachment.Name = sdk.Str(p[strings.LastIndexByte(p, '/')+1:])
			}
		}
		if !strings.Contains(m.attachment.MediaType.String(), "/") || strings.Contains(m.attachment.MediaType.String(), "\n") {
			m.attachment.MediaType = sdk.Null()
		}
		if r.kept.Take("ZWAMEDIAITEM", m.size()) {
			files[row.ID("Z_PK")] = m
		}
	}
	if err := r.db.Err(); err != nil {
		return err
	}
	for row := range r.db.Table("ZWAMESSAGE") {
		fromMe, _ := row.Int64("ZISFROMME")
		kind, _ := row.Int64("ZMESSAGETYPE")
		n, _ := row.Int64("ZCHATSESSION")
		s := sessions[n]
		m := sdk.Message{
			Common:  row.Common("ZISFROMME", "ZMESSAGEDATE", "ZSENTDATE", "ZTEXT"),
			Service: sdk.Str(service), Text: row.Text("ZTEXT"), Attachments: []sdk.Attachment{}, Status: sdk.OrNull(iosType(kind)),
		}
		member, _ := row.Int64("ZGROUPMEMBER")
		sender := who[member]
		if sender.String() == "" && !isGroup(row.Text("ZFROMJID")) {
			sender = row.Text("ZFROMJID")
		}
		if s.jid.IsNull() { // the conversation is gone
			if s.jid = row.Text("ZFROMJID"); fromMe != 0 {
				s.jid = row.Text("ZTOJID")
			}
		}
		r.parties(&m, fromMe != 0, s.jid, sender)
		if s.name.String() != "" {
			m.Extra["chat_name"] = s.name
		}
		if f, ok := row.Int64("ZMEDIAITEM"); ok {
			if f, ok := files[f]; ok {
				f.put(&m)
			}
		}
		if kind == iosRevoked {
			m.State = sdk.Deleted
		}
		// ZMESSAGEDATE is when it was sent, or received; ZSENTDATE when it left its sender.
		first := sdk.Received
		if fromMe != 0 {
			first = sdk.Sent
		}
		stamps(&m, orNull(since2001(row, "ZMESSAGEDATE", first), first), since2001(row, "ZSENTDATE", sdk.Sent))
		if err := r.out.Put(&m, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
