package main

import (
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// Telephony.TextBasedSmsColumns, MESSAGE_TYPE_….
const (
	boxInbox = iota + 1
	boxSent
	boxDraft
	boxOutbox
	boxFailed
	boxQueued
)

// boxes says what type (sms) and msg_box (pdu) come to.
func box(n int64) (status, direction string) {
	switch n {
	case boxInbox:
		return "received", sdk.Incoming
	case boxSent:
		return "sent", sdk.Outgoing
	case boxDraft:
		return "draft", sdk.Outgoing
	case boxOutbox:
		return "outbox", sdk.Outgoing
	case boxFailed:
		return "failed", sdk.Outgoing
	case boxQueued:
		return "queued", sdk.Outgoing
	}
	return "", sdk.Unknown
}

// messages reads SMS and MMS.
func (r *reader) messages() error {
	threads, stated, err := r.threads()
	if err != nil {
		return err
	}
	found, err := r.sms(threads)
	if err != nil {
		return err
	}
	if r.db.Has("pdu", "date", "msg_box", "m_type") {
		n, err := r.mms(threads)
		if err != nil {
			return err
		}
		found += n
	}
	if stated >= 0 && stated != found && r.db.Err() == nil {
		r.c.Diagnose(sdk.Diagnostic{
			Code: codeCount, Severity: evidence.SeverityWarning, Message: "the threads state another number of messages than there are (drafts left out, as Android counts)",
			Data: map[string]any{"stated": stated, "found": found},
		})
	}
	return r.db.Err()
}

// threads returns the addresses of each thread, and how many messages the threads
// state together; -1 where they do not.
func (r *reader) threads() (parties map[int64][]sdk.Text, stated int64, err error) {
	addresses := map[int64]sdk.Text{}
	for row := range r.db.Table("canonical_addresses") {
		a := row.Text("address")
		if r.kept.Take("canonical_addresses", len(a.String())) {
			addresses[row.ID("_id")] = a
		}
	}
	parties, stated = map[int64][]sdk.Text{}, -1
	for row := range r.db.Table("threads") {
		if n, ok := row.Int64("message_count"); ok {
			stated = max(stated, 0) + n
		}
		var list []sdk.Text
		ids := strings.Fields(row.Text("recipient_ids").String())
		if !r.kept.Take("threads", 32*len(ids)) {
			continue
		}
		for _, f := range ids {
			id, err := strconv.ParseInt(f, 10, 64)
			if a, ok := addresses[id]; ok && err == nil {
				list = append(list, a)
			}
		}
		if len(list) > 0 {
			parties[row.ID("_id")] = list
		}
	}
	return parties, stated, r.db.Err()
}

// sms reads the table sms, and returns how many rows Android would count.
func (r *reader) sms(threads map[int64][]sdk.Text) (counted int64, err error) {
	for row := range r.db.Table("sms") {
		n, _ := row.Int64("type")
		m := sdk.SMS{Common: row.Common("thread_id", "address", "date", "date_sent", "body"), Service: sdk.Str("sms")}
		var status string
		status, m.Direction = box(n)
		if m.Direction == sdk.Unknown {
			r.typeOdd.Add(r.c, row.Source())
		}
		m.Status = sdk.OrNull(status + smsReport(row.Int64, m.Direction))
		r.thread(&m, row, threads)
		parties(&m, row.Text("address"))
		m.Text = row.Text("body")
		r.times(&m, row, n, "ms")
		if err := r.out.Put(&m, row.Source()); err != nil {
			return counted, err
		}
		if n != boxDraft {
			counted++
		}
	}
	return counted, r.db.Err()
}

// integer reads a whole number under a name: a column, an attribute.
type integer func(name string) (n int64, ok bool)

// smsReport says what read and status add: status is a TP-Status (3GPP TS 23.040,
// 9.2.3.15), -1 for none, which Android maps to 0 complete, 32 pending, 64 failed.
func smsReport(get integer, direction string) string {
	if direction == sdk.Incoming {
		return readState(get)
	}
	n, ok := get("status")
	switch {
	case !ok || n < 0 || direction != sdk.Outgoing:
		return ""
	case n < 32:
		return ", delivered"
	case n < 64:
		return ", delivery pending"
	}
	return ", delivery failed"
}

func readState(get integer) string {
	switch n, ok := get("read"); {
	case !ok:
		return ""
	case n == 0:
		return ", unread"
	}
	return ", read"
}

func (r *reader) thread(m *sdk.SMS, row *sqlite.Row, threads map[int64][]sdk.Text) {
	m.Conversation = row.Text("thread_id")
	if id, ok := row.Int64("thread_id"); ok {
		m.Participants = threads[id]
	}
}

// parties sets who: the database names the other side only.
func parties(m *sdk.SMS, other sdk.Text) {
	m.From, m.To = sdk.Null(), []sdk.Text{}
	switch {
	case m.Direction == sdk.Outgoing && !other.IsNull():
		m.To = append(m.To, other)
	case m.Direction == sdk.Incoming:
		m.From = other
	case !other.IsNull() && m.Participants == nil:
		m.Participants = []sdk.Text{other}
	}
}

// times sets date, which is when the telephone received or sent the message, and
// date_sent, which is when the network says that it was sent.
func (r *reader) times(m *sdk.SMS, row *sqlite.Row, box int64, unit string) {
	kind := timeKind(m.Direction, box)
	m.Time = r.when(row, "date", unit, kind)
	if m.Time.IsNull() && m.Time.Raw.IsAbsent() {
		m.Time = sdk.NullTime(kind)
	}
	if sent := r.when(row, "date_sent", unit, sdk.Sent); !sent.Raw.IsAbsent() {
		m.Times = []sdk.Time{m.Time, sent}
	}
}

func timeKind(direction string, box int64) string {
	switch {
	case direction == sdk.Incoming:
		return sdk.Received
	case box == boxDraft:
		return sdk.Created
	case direction == sdk.Unknown:
		return sdk.Logged
	}
	return sdk.Sent
}
