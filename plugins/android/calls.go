package main

import (
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// callType says what type comes to (android.provider.CallLog.Calls, …_TYPE).
func callType(n int64) (status, direction string) {
	switch n {
	case 1:
		return "answered", sdk.Incoming
	case 2:
		return "dialled", sdk.Outgoing
	case 3:
		return "missed", sdk.Incoming
	case 4:
		return "voicemail", sdk.Incoming
	case 5:
		return "rejected", sdk.Incoming
	case 6:
		return "blocked", sdk.Incoming
	case 7:
		return "answered elsewhere", sdk.Incoming
	}
	return "", sdk.Unknown
}

// calls reads the table calls, of calllog.db or of contacts2.db before Android 7.
func (r *reader) calls() error {
	for row := range r.db.Table("calls") {
		n, _ := row.Int64("type")
		status, direction := callType(n)
		if direction == sdk.Unknown {
			r.typeOdd.Add(r.c, row.Source())
		}
		call := sdk.Call{
			Common:  row.Common("number", "date", "duration", "name", "deleted"),
			Service: sdk.Str("telephone"), Direction: direction, Status: sdk.OrNull(status),
			From: sdk.Null(), To: []sdk.Text{}, Duration: row.Int("duration"), DisplayName: row.Text("name"),
		}
		if own := row.Text("phone_account_address"); own.String() != "" {
			call.Account = own
			delete(call.Extra, "phone_account_address")
		}
		number(&call, row.Text("number"))
		if del, ok := row.Int64("deleted"); ok && del != 0 {
			call.State = sdk.Deleted // marked by the provider, and not removed yet
		}
		if call.Time = r.when(row, "date", "ms", sdk.Started); call.Time.IsNull() && call.Time.Raw.IsAbsent() {
			call.Time = sdk.NullTime(sdk.Started)
		}
		if err := r.out.Put(&call, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

// number sets the other side. Where it withheld its number the column is empty, or
// -1, -2 or -3 in versions before `presentation` (CallLog.Calls): that stays in extra.
func number(call *sdk.Call, n sdk.Text) {
	switch n.String() {
	case "":
		return
	case "-1", "-2", "-3":
		call.Extra["number"] = n
		return
	}
	if call.Direction == sdk.Outgoing {
		call.To = append(call.To, n)
	} else {
		call.From = n
	}
}
