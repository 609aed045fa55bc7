package main

import (
	"math"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// calls reads ZCALLRECORD of CallHistory.storedata (iOS 8 and later).
func (r *reader) calls() error {
	r.c.Diagnose(sdk.Diagnostic{
		Code: codeSchema, Severity: evidence.SeverityInfo, Message: "which columns tell the schema apart that the database has",
		Data: map[string]any{"handles": r.db.HasTable("ZHANDLE"), "service_provider": r.db.HasColumn("ZCALLRECORD", "ZSERVICE_PROVIDER")},
	})
	handles, err := r.remote()
	if err != nil {
		return err
	}
	for row := range r.db.Table("ZCALLRECORD") {
		call := sdk.Call{
			Common:  row.Common("Z_PK", "ZDATE", "ZADDRESS", "ZNAME"),
			Service: row.Text("ZSERVICE_PROVIDER"), From: sdk.Null(), To: []sdk.Text{}, Direction: sdk.Unknown, Duration: whole(row, "ZDURATION"), DisplayName: row.Text("ZNAME"),
		}
		if call.Service.String() == "" {
			call.Service = callService(row)
		}
		others := handles[row.ID("Z_PK")]
		if a := row.Text("ZADDRESS"); a.String() != "" && len(others) == 0 {
			others = []sdk.Text{a}
		}
		answered, _ := row.Int64("ZANSWERED")
		switch n, ok := row.Int64("ZORIGINATED"); {
		case !ok:
		case n != 0:
			call.Direction, call.Status = sdk.Outgoing, sdk.Str("dialled")
			call.To = append(call.To, others...)
		default:
			call.Direction, call.Status = sdk.Incoming, sdk.Str("missed or rejected")
			if answered != 0 {
				call.Status = sdk.Str("answered")
			}
			if len(others) > 0 {
				call.From = others[0]
			}
			call.To = append(call.To, others[min(1, len(others)):]...) // others of a group
		}
		if call.Time = row.Time("ZDATE", sdk.Epoch{Unit: "s", Epoch: "mac", Kind: sdk.Started, Basis: sdk.Declared}); call.Time.Raw.IsAbsent() {
			call.Time = sdk.NullTime(sdk.Started)
		}
		if err := r.out.Put(&call, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

// whole is a number of seconds with its fraction cut off; that is in extra.
func whole(row *sqlite.Row, column string) sdk.Number {
	f, ok := row.Float64(column)
	if !ok || math.IsNaN(f) || math.Abs(f) > 1<<53 {
		return row.Int(column)
	}
	return sdk.Num(int64(f))
}

// callService names ZCALLTYPE, for versions that name no provider.
func callService(row *sqlite.Row) sdk.Text {
	switch n, _ := row.Int64("ZCALLTYPE"); n {
	case 1:
		return sdk.Str("telephone")
	case 8:
		return sdk.Str("FaceTime video")
	case 16:
		return sdk.Str("FaceTime audio")
	}
	return sdk.Null()
}

// remote returns who the other sides of each call are, where they have a table of
// their own (iOS 13 and later): Core Data numbers the join's columns by entity, so
// that they are found by their endings.
func (r *reader) remote() (map[int64][]sdk.Text, error) {
	values := map[int64]sdk.Text{}
	for row := range r.db.Table("ZHANDLE") {
		v := row.Text("ZVALUE")
		if v.String() == "" {
			v = row.Text("ZNORMALIZEDVALUE")
		}
		if r.kept.Take("ZHANDLE", len(v.String())) {
			values[row.ID("Z_PK")] = v
		}
	}
	list := map[int64][]sdk.Text{}
	for _, table := range r.db.Tables() {
		call, handle := r.joinColumns(table)
		if call == "" || handle == "" {
			continue
		}
		r.pairs(table, call, handle, func(c, h int64, _ *sqlite.Row) {
			if v, ok := values[h]; ok && v.String() != "" {
				list[c] = append(list[c], v)
			}
		})
	}
	return list, r.db.Err()
}

func (r *reader) joinColumns(table string) (call, handle string) {
	if !strings.HasSuffix(table, "REMOTEPARTICIPANTHANDLES") {
		return "", ""
	}
	for _, c := range r.db.Columns(table) {
		switch {
		case strings.HasSuffix(c, "REMOTEPARTICIPANTCALLS"):
			call = c
		case strings.HasSuffix(c, "REMOTEPARTICIPANTHANDLES"):
			handle = c
		}
	}
	return call, handle
}
