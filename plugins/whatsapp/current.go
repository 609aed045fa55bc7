package main

import (
	"encoding/base64"
	"path"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

func isGroup(jid sdk.Text) bool { return strings.HasSuffix(jid.String(), "@g.us") }

// messageType names message_type and media_wa_type of Android; text has no name.
func messageType(n int64) string {
	switch n {
	case 1:
		return "image"
	case 2:
		return "audio"
	case 3:
		return "video"
	case 4, 14:
		return "contact"
	case 5:
		return "location"
	case 7:
		return "system message"
	case 8:
		return "call"
	case 9:
		return "document"
	case 10:
		return "missed call"
	case 13:
		return "GIF"
	case 15:
		return "deleted by its sender"
	case 16:
		return "live location"
	case 20:
		return "sticker"
	case 42:
		return "image to view once"
	case 43:
		return "video to view once"
	case 66:
		return "poll"
	}
	return ""
}

const typeRevoked = 15

// sendStatus names the status of a message that was sent.
func sendStatus(n int64) string {
	switch n {
	case 0:
		return "not sent"
	case 4:
		return "sent"
	case 5:
		return "delivered"
	case 8:
		return "played"
	case 13:
		return "read"
	}
	return ""
}

func status(row *sqlite.Row, kind int64, fromMe bool) sdk.Text {
	list := []string{}
	if s := messageType(kind); s != "" {
		list = append(list, s)
	}
	if n, ok := row.Int64("status"); ok && fromMe {
		if s := sendStatus(n); s != "" {
			list = append(list, s)
		}
	}
	return sdk.OrNull(strings.Join(list, ", "))
}

// media is a row of message_media, as much of it as a record has.
type media struct {
	attachment sdk.Attachment
	caption    sdk.Text
	path       sdk.Text
}

func mediaOf(row *sqlite.Row, name, mime, size, hash, file, caption string) media {
	m := media{caption: row.Text(caption), path: row.Text(file)}
	m.attachment = sdk.Attachment{Name: row.Text(name), MediaType: row.Text(mime), Size: row.Int(size), Missing: true}
	if m.attachment.Name.String() == "" && m.path.String() != "" {
		m.attachment.Name = sdk.Str(path.Base(m.path.String()))
	}
	// The hash is that of the file as it was sent, in base64.
	if b, err := base64.StdEncoding.DecodeString(row.Text(hash).String()); err == nil && len(b) == len(evidence.Digest{}) {
		copy(m.attachment.SHA256[:], b)
	}
	return m
}

func (m *media) size() int {
	return 256 + len(m.attachment.Name.String()) + len(m.caption.String()) + len(m.path.String())
}

// put adds the file to a message.
func (m *media) put(to *sdk.Message) {
	to.Attachments = append(to.Attachments, m.attachment)
	if m.path.String() != "" {
		to.Extra["file_path"] = m.path
	}
	if to.Text.String() == "" && m.caption.String() != "" {
		to.Text = m.caption
	}
}

// details are the tables whose rows say more of a message, by its number.
type details struct {
	media map[int64]media
	more  map[int64]map[string]any // by the name that they have in extra
}

// detail reads a table that has at most a few rows for each message.
func (r *reader) detail(d *details, table, key, as string, except ...string) {
	for row := range r.db.Table(table) {
		id, ok := row.Int64(key)
		if !ok {
			continue
		}
		all := row.Common(append(except, key, "chat_row_id")...).Extra
		if !r.kept.TakeAll(table, all) {
			return
		}
		m := d.more[id]
		if m == nil {
			m = map[string]any{}
			d.more[id] = m
		}
		list, _ := m[as].([]any)
		m[as] = append(list, all)
	}
}

func (r *reader) details() (*details, error) {
	d := &details{media: map[int64]media{}, more: map[int64]map[string]any{}}
	for row := range r.db.Table("message_media") {
		m := mediaOf(row, "media_name", "mime_type", "file_size", "file_hash", "file_path", "media_caption")
		if row.IsNull("file_size") {
			m.attachment.Size = row.Int("file_length")
		}
		if id, ok := row.Int64("message_row_id"); ok && r.kept.Take("message_media", m.size()) {
			d.media[id] = m
		}
	}
	for _, t := range detailTables() {
		if table := "message_" + t; r.db.HasColumn(table, "message_row_id") {
			r.detail(d, table, "message_row_id", t, "thumbnail")
		}
	}
	return d, r.db.Err()
}

// detailTables are message_… whose rows go into extra under the rest of the name.
func detailTables() []string {
	return []string{"location", "quoted", "edit_info", "revoked", "system", "forwarded", "vcard"}
}

// left keeps what belongs to messages that are not there. That is no proof that they
// were deleted.
func (r *reader) left(d *details) error {
	if len(d.media)+len(d.more) == 0 {
		return nil
	}
	for _, t := range append(detailTables(), "media") {
		for row := range r.db.Table("message_" + t) {
			id, ok := row.Int64("message_row_id")
			_, media := d.media[id]
			if !ok || t == "media" && !media || t != "media" && d.more[id] == nil {
				continue
			}
			r.orphans.Add(r.c, row.Source())
			if err := r.out.Put(row.Record(), row.Source()); err != nil {
				return err
			}
		}
	}
	return r.db.Err()
}

// current reads the table message, of versions since 2021.
func (r *reader) current() error {
	d, err := r.details()
	if err != nil {
		return err
	}
	for row := range r.db.Table("message") {
		n, _ := row.Int64("chat_row_id")
		if n == -1 && row.Text("key_id").String() == "-1" {
			r.out.Skip(1) // the row that every database begins with
			continue
		}
		id := row.ID("_id")
		fromMe, _ := row.Int64("from_me")
		kind, _ := row.Int64("message_type")
		m := sdk.Message{
			Common:  row.Common("from_me", "timestamp", "received_timestamp", "text_data"),
			Service: sdk.Str(service), Text: row.Text("text_data"), Attachments: []sdk.Attachment{},
		}
		sender, _ := row.Int64("sender_jid_row_id")
		c := r.chats[n]
		if c == nil {
			c = &chat{}
		}
		r.parties(&m, fromMe != 0, c.jid, r.jids[sender])
		if c.subject.String() != "" {
			m.Extra["chat_name"] = c.subject
		}
		if f, ok := d.media[id]; ok {
			f.put(&m)
		}
		for name, list := range d.more[id] {
			m.Extra[name] = list
		}
		m.Status = status(row, kind, fromMe != 0)
		if kind == typeRevoked {
			m.State = sdk.Deleted
		}
		stamps(&m, orNull(ms(row, "timestamp", sdk.Sent), sdk.Sent), ms(row, "received_timestamp", sdk.Received), edited(d.more[id]))
		delete(d.media, id)
		delete(d.more, id)
		if err := r.out.Put(&m, row.Source()); err != nil {
			return err
		}
	}
	if err := r.db.Err(); err != nil {
		return err
	}
	return r.left(d)
}

// edited is when a message was edited last.
func edited(more map[string]any) sdk.Time {
	list, _ := more["edit_info"].([]any)
	for _, e := range list {
		row, _ := e.(map[string]any)
		if n, ok := row["edited_timestamp"].(int64); ok && n > 0 {
			return sdk.Epoch{Unit: "ms", Epoch: "unix", Kind: sdk.Edited, Basis: sdk.Declared}.Time(n, sdk.Str(formatInt(n)))
		}
	}
	return sdk.Time{}
}
