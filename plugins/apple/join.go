package main

import (
	"cmp"
	"path"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// chat is a conversation.
type chat struct {
	identifier, name sdk.Text
	handles          []int64
}

// file is a row of attachment.
type file struct {
	attachment sdk.Attachment
	all        map[string]any
}

// pairs are the rows of a table that joins two others, by the first; 16 bytes each,
// since there is one for every message.
type pairs []struct{ a, b int64 }

func (p *pairs) add(a, b int64) { *p = append(*p, struct{ a, b int64 }{a, b}) }

func (p pairs) sort() {
	slices.SortStableFunc(p, func(x, y struct{ a, b int64 }) int { return cmp.Compare(x.a, y.a) })
}

// of returns the pairs of a.
func (p pairs) of(a int64) pairs {
	at, _ := slices.BinarySearchFunc(p, a, func(x struct{ a, b int64 }, a int64) int { return cmp.Compare(x.a, a) })
	end := at
	for end < len(p) && p[end].a == a {
		end++
	}
	return p[at:end]
}

// joined is what the other tables say of messages, by their numbers.
type joined struct {
	handles map[int64]sdk.Text
	chats   map[int64]*chat
	chatsOf pairs
	files   map[int64]file
	filesOf pairs
	removed map[int64]sdk.Time // in "recently deleted", and since when
}

func (r *reader) join() (*joined, error) {
	j := &joined{
		handles: map[int64]sdk.Text{}, chats: map[int64]*chat{},
		files: map[int64]file{}, removed: map[int64]sdk.Time{},
	}
	for row := range r.db.Table("handle") {
		if id := row.Text("id"); r.kept.Take("handle", len(id.String())) {
			j.handles[row.ID("ROWID")] = id
		}
	}
	for row := range r.db.Table("chat") {
		c := &chat{identifier: row.Text("chat_identifier"), name: row.Text("display_name")}
		if r.kept.Take("chat", len(c.identifier.String())+len(c.name.String())) {
			j.chats[row.ID("ROWID")] = c
		}
	}
	r.pairs("chat_handle_join", "chat_id", "handle_id", func(c, h int64, _ *sqlite.Row) {
		if c := j.chats[c]; c != nil {
			c.handles = append(c.handles, h)
		}
	})
	r.pairs("chat_message_join", "message_id", "chat_id", func(m, c int64, _ *sqlite.Row) { j.chatsOf.add(m, c) })
	// iOS 16: a message that was deleted stays for 30 days, in this table instead.
	r.pairs("chat_recoverable_message_join", "message_id", "chat_id", func(m, c int64, row *sqlite.Row) {
		j.chatsOf.add(m, c)
		j.removed[m] = since2001(row, "delete_date", sdk.Logged)
	})
	r.pairs("message_attachment_join", "message_id", "attachment_id", func(m, a int64, _ *sqlite.Row) { j.filesOf.add(m, a) })
	j.chatsOf.sort()
	j.filesOf.sort()
	for row := range r.db.Table("attachment") {
		f := file{all: row.Common("user_info").Extra}
		f.attachment = sdk.Attachment{Name: row.Text("transfer_name"), MediaType: row.Text("mime_type"), Size: row.Int("total_bytes"), Missing: true}
		where := row.Text("filename").String()
		if f.attachment.Name.String() == "" && where != "" {
			f.attachment.Name = sdk.Str(path.Base(where))
		}
		if r.kept.TakeAll("attachment", f.all) && r.kept.Bytes("attachment", len(where)+len(f.attachment.Name.String())) {
			j.files[row.ID("ROWID")] = f
		}
	}
	return j, r.db.Err()
}

// pairs goes through a table that joins two others.
func (r *reader) pairs(table, a, b string, do func(a, b int64, row *sqlite.Row)) {
	for row := range r.db.Table(table) {
		x, ok := row.Int64(a)
		y, also := row.Int64(b)
		if ok && also && r.kept.Bytes(table, 32) { // twice its size, for growing
			do(x, y, row)
		}
	}
}

// people are the addresses of a conversation's handles.
func (j *joined) people(c *chat) []sdk.Text {
	var list []sdk.Text
	for _, h := range c.handles {
		if id, ok := j.handles[h]; ok {
			list = append(list, id)
		}
	}
	return list
}
