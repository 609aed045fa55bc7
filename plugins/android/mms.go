package main

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// X-Mms-Message-Type and the headers that hold addresses (OMA-TS-MMS_ENC, 7.3).
const (
	mmsSendReq         = 128
	mmsNotificationInd = 130
	mmsRetrieveConf    = 132

	headerBcc  = 129
	headerCc   = 130
	headerFrom = 137
	headerTo   = 151
)

// insertAddress stands where the network is to put the sender's own number.
const insertAddress = "insert-address-token"

// part is a part of an MMS; id is its row.
type part struct {
	id, seq int64
	ct      string
	text    sdk.Text
	name    sdk.Text
	all     map[string]any
	file    *sdk.Attachment // that was derived; nil where it lies elsewhere
}

type address struct {
	header int64
	value  sdk.Text
}

// mms reads the table pdu with its parts and addresses, and returns how many rows
// Android would count.
func (r *reader) mms(threads map[int64][]sdk.Text) (counted int64, err error) {
	messages, err := r.ids("pdu")
	if err != nil {
		return 0, err
	}
	parts, err := r.parts(messages)
	if err != nil {
		return 0, err
	}
	addresses, err := r.addresses(messages)
	if err != nil {
		return 0, err
	}
	for row := range r.db.Table("pdu") {
		m := sdk.SMS{Common: row.Common("thread_id", "date", "date_sent"), Service: sdk.Str("mms")}
		n, _ := row.Int64("msg_box")
		kind, _ := row.Int64("m_type")
		if mmsStatus(&m, row.Int64, n, kind); m.Direction == sdk.Unknown {
			r.typeOdd.Add(r.c, row.Source())
		}
		r.thread(&m, row, threads)
		mmsParties(&m, addresses[row.ID("_id")])
		charset, _ := row.Int64("sub_cs")
		subject(&m, row.Text("sub"), charset)
		content(&m, parts[row.ID("_id")])
		r.times(&m, row, n, "s")
		if err := r.out.Put(&m, row.Source()); err != nil {
			return counted, err
		}
		if n != boxDraft && (kind == mmsSendReq || kind == mmsNotificationInd || kind == mmsRetrieveConf) {
			counted++
		}
	}
	return counted, r.db.Err()
}

// mmsStatus sets direction and status by msg_box and m_type.
func mmsStatus(m *sdk.SMS, get integer, n, kind int64) {
	var status string
	status, m.Direction = box(n)
	if kind == mmsNotificationInd {
		status = "announced, not downloaded"
	}
	if m.Direction == sdk.Incoming {
		status += readState(get)
	}
	m.Status = sdk.OrNull(status)
}

// owners are the numbers of the rows that others may belong to.
type owners struct {
	ids map[int64]bool
	all bool // there was room for all of them
}

func (o *owners) lack(id int64, stated bool) bool { return o.all && !(stated && o.ids[id]) }

// ids returns the numbers of a table's rows.
func (r *reader) ids(table string) (*owners, error) {
	const size = 48 // of an entry
	o := &owners{ids: map[int64]bool{}, all: true}
	for row := range r.db.Table(table) {
		if o.all = r.kept.Bytes(table, size); !o.all {
			break
		}
		o.ids[row.ID("_id")] = true
	}
	return o, r.db.Err()
}

// orphan keeps a row whose owner is gone. That is no proof that it was deleted.
func (r *reader) orphan(row *sqlite.Row) error {
	r.orphaned.Add(r.c, row.Source())
	return r.out.Put(row.Record(), row.Source())
}

func (r *reader) parts(messages *owners) (map[int64][]part, error) {
	parts := map[int64][]part{}
	for row := range r.db.Table("part") {
		mid, ok := row.Int64("mid")
		if messages.lack(mid, ok) {
			if err := r.orphan(row); err != nil {
				return nil, err
			}
			continue
		}
		p := part{id: row.ID("_id"), ct: row.Text("ct").String(), text: row.Text("text"), all: row.Common("_id", "mid").Extra}
		p.seq, _ = row.Int64("seq")
		for _, column := range []string{"name", "fn", "cl", "cid"} {
			if p.name = row.Text(column); p.name.String() != "" {
				break
			}
		}
		if r.kept.TakeAll("part", p.all) && r.kept.Bytes("part", len(p.text.String())) {
			parts[mid] = append(parts[mid], p)
		}
	}
	return parts, r.db.Err()
}

func (r *reader) addresses(messages *owners) (map[int64][]address, error) {
	list := map[int64][]address{}
	for row := range r.db.Table("addr") {
		id, ok := row.Int64("msg_id")
		if messages.lack(id, ok) {
			if err := r.orphan(row); err != nil {
				return nil, err
			}
			continue
		}
		a := address{value: row.Text("address")}
		a.header, _ = row.Int64("type")
		if r.kept.Take("addr", len(a.value.String())) {
			list[id] = append(list[id], a)
		}
	}
	return list, r.db.Err()
}

// mmsParties sets who by the headers of the message. Cc and Bcc are recipients too,
// and named in extra.
func mmsParties(m *sdk.SMS, list []address) {
	m.From, m.To = sdk.Null(), []sdk.Text{}
	copies := map[int64][]any{}
	for _, a := range list {
		switch a.header {
		case headerFrom:
			if a.value.String() != insertAddress {
				m.From = a.value
			}
		case headerTo:
			m.To = append(m.To, a.value)
		case headerCc, headerBcc:
			m.To = append(m.To, a.value)
			copies[a.header] = append(copies[a.header], a.value)
		default:
			m.Extra["addr"] = append(listOf(m.Extra["addr"]), map[string]any{"type": a.header, "address": a.value})
		}
	}
	if l := copies[headerCc]; l != nil {
		m.Extra["cc"] = l
	}
	if l := copies[headerBcc]; l != nil {
		m.Extra["bcc"] = l
	}
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}

// charsetUTF8 is UTF-8's MIBenum.
const charsetUTF8 = 106

// subject shows a subject as it was sent: Android stores its bytes as characters of
// ISO 8859-1 (PduPersister.toIsoString), and their charset beside it.
func subject(m *sdk.SMS, stored sdk.Text, charset int64) {
	if charset != charsetUTF8 || stored.String() == "" {
		return
	}
	var b []byte
	for _, c := range stored.String() {
		if c > 0xff {
			return // it was stored as text after all
		}
		b = append(b, byte(c))
	}
	if s := string(b); s != stored.String() && utf8.ValidString(s) {
		m.Extra["subject"] = sdk.Str(s)
	}
}

func (p *part) isText() bool { return p.ct == "text/plain" && !p.text.IsNull() }

const smil = "application/smil"

// content sets the text and the attachments: a part is the one or the other, but for
// the layout of the slides, which is only listed in extra.
func content(m *sdk.SMS, parts []part) {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.id, b.id)) })
	m.Text, m.Attachments = sdk.Null(), []sdk.Attachment{}
	var texts []string
	var all []any
	for _, p := range parts {
		switch {
		case p.isText():
			texts = append(texts, p.text.String())
			if len(texts) == 1 {
				m.Text = p.text // with its bytes, where they are no text
			}
			delete(p.all, "text")
		case p.ct == smil:
		case p.file != nil:
			m.Attachments = append(m.Attachments, *p.file)
		default:
			// The file lies beside the database, at _data.
			m.Attachments = append(m.Attachments, sdk.Attachment{Name: p.name, MediaType: sdk.OrNull(p.ct), Missing: true})
		}
		all = append(all, p.all)
	}
	if len(texts) > 1 {
		m.Text = sdk.Str(strings.Join(texts, "\n"))
	}
	if len(all) > 0 {
		m.Extra["parts"] = all
	}
}
