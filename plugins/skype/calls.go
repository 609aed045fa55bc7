package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// member is one who was in a call.
type member struct {
	identity sdk.Text
	seconds  int64
	all      map[string]any
}

// callKey names a call as CallMembers do: by its row, or in old schemas by its name.
type callKey struct {
	id   int64
	name string
}

// calls reads the table Calls, each with its CallMembers.
func (r *reader) calls() error {
	known, all := map[callKey]bool{}, true
	for row := range r.db.Table("Calls") {
		name := row.Text("name").String()
		if all = r.kept.Take("Calls", 2*len(name)+64); !all {
			break
		}
		known[callKey{id: row.ID("id")}] = true
		if name != "" {
			known[callKey{name: name}] = true
		}
	}
	if err := r.db.Err(); err != nil {
		return err
	}
	members := map[callKey][]member{}
	for row := range r.db.Table("CallMembers") {
		key := callKey{}
		if key.id, _ = row.Int64("call_db_id"); !known[key] || key.id == 0 {
			key = callKey{name: row.Text("call_name").String()}
		}
		if all && !known[key] {
			r.orphaned.Add(r.c, row.Source())
			if err := r.out.Put(row.Record(), row.Source()); err != nil {
				return err
			}
			continue
		}
		m := member{identity: row.Text("identity"), all: row.Common("call_db_id").Extra}
		m.seconds, _ = row.Int64("call_duration")
		if r.kept.TakeAll("CallMembers", m.all) {
			members[key] = append(members[key], m)
		}
	}
	for row := range r.db.Table("Calls") {
		list := append(members[callKey{id: row.ID("id")}], members[callKey{name: row.Text("name").String()}]...)
		call := r.call(row, list)
		if err := r.out.Put(&call, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

func (r *reader) call(row *sqlite.Row, members []member) sdk.Call {
	call := sdk.Call{
		Common:  row.Common("begin_timestamp", "host_identity", "duration"),
		Service: sdk.Str(service), Account: r.account, From: row.Text("host_identity"), To: []sdk.Text{},
		Direction: sdk.Unknown, Duration: row.Int("duration"), DisplayName: row.Text("topic"), Status: sdk.Null(),
	}
	if n, ok := row.Int64("is_incoming"); ok {
		call.Direction = sdk.Outgoing
		if n != 0 {
			call.Direction = sdk.Incoming
		}
	}
	delete(call.Extra, "topic")
	longest, all := int64(-1), []any{}
	for _, m := range members {
		if m.identity.String() != "" && !strings.EqualFold(m.identity.String(), call.From.String()) && !has(call.To, m.identity) {
			call.To = append(call.To, m.identity)
		}
		longest = max(longest, m.seconds)
		all = append(all, m.all)
	}
	if len(all) > 0 {
		call.Extra["members"] = all
	}
	// Calls states a duration in later versions only; each member has one of its own.
	if row.IsNull("duration") && longest >= 0 {
		call.Duration = sdk.Num(longest)
	}
	if n, _ := row.Int64("is_unseen_missed"); n != 0 {
		call.Status = sdk.Str("missed")
	}
	if call.Direction == sdk.Incoming && !r.account.IsNull() && !has(call.To, r.account) {
		call.To = append(call.To, r.account)
	}
	call.Time = when(row, "begin_timestamp", sdk.Started)
	return call
}

// transferStatus names SkypeKit's Transfer.STATUS.
func transferStatus(n int64) string {
	list := []string{
		"new", "connecting", "waiting to be accepted", "transferring", "transferring over a relay", "paused", "paused remotely",
		"cancelled", "completed", "failed", "placeholder", "offered by another instance", "cancelled remotely",
	}
	if n >= 0 && n < int64(len(list)) {
		return list[n]
	}
	return ""
}

// transfers reads the table Transfers.
func (r *reader) transfers() error {
	for row := range r.db.Table("Transfers") {
		t := sdk.Transfer{
			Common:  row.Common("partner_handle", "starttime", "finishtime", "filename", "filepath", "filesize", "bytestransferred"),
			Service: sdk.Str(service), Account: r.account, From: sdk.Null(), To: []sdk.Text{}, Direction: sdk.Unknown, Status: sdk.Null(),
			FileName: row.Text("filename"), FilePath: row.Text("filepath"), FileSize: row.Int("filesize"), Transferred: row.Int("bytestransferred"),
		}
		partner := row.Text("partner_handle")
		switch n, _ := row.Int64("type"); n {
		case 1:
			t.Direction, t.From = sdk.Incoming, partner
			if !r.account.IsNull() {
				t.To = append(t.To, r.account)
			}
		case 2:
			t.Direction, t.From = sdk.Outgoing, r.account
			if !partner.IsNull() {
				t.To = append(t.To, partner)
			}
		}
		if n, ok := row.Int64("status"); ok {
			t.Status = sdk.OrNull(transferStatus(n))
		}
		t.Time = when(row, "starttime", sdk.Started)
		if end := row.SetTime("finishtime", seconds(sdk.Ended)); !end.Raw.IsAbsent() {
			t.Times = []sdk.Time{t.Time, end}
		}
		if err := r.out.Put(&t, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
