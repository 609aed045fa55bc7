package main

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// Codes of diagnostics.
const (
	codeSchema  = "android.schema"
	codeCount   = "android.count_differs"
	codeOrphan  = "android.orphan"
	codeUnitOdd = "android.time_unit"
	codeTypeOdd = "android.type_unknown"
)

// reader is one database being read.
type reader struct {
	c   *sdk.Ctx
	db  *sqlite.DB
	out *sdk.Out

	kept     *sqlite.Budget
	unitOdd  sdk.Tally
	typeOdd  sdk.Tally
	orphaned sdk.Tally
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	head := make([]byte, min(16, in.Size))
	if n, err := in.ReadAt(head, 0); n < len(head) {
		return err
	}
	if string(head) == "SQLite format 3\x00" || c.Input(sqlite.RoleWAL) != nil {
		return database(c, in, out)
	}
	return backup(c, in, out)
}

func database(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	db, err := sqlite.Open(c, in)
	if err != nil {
		return err
	}
	defer db.Close()
	r := &reader{
		c: c, db: db, out: out, kept: sqlite.NewBudget(c),
		unitOdd:  sdk.Tally{Code: codeUnitOdd, Message: "the time makes no sense in the unit of its column, and was read in another one"},
		typeOdd:  sdk.Tally{Code: codeTypeOdd, Message: "the type is none that Android documents; the direction is not known"},
		orphaned: sdk.Tally{Code: codeOrphan, Message: "the row belongs to a message or contact that the database does not hold; it is kept as a row"},
	}
	defer r.unitOdd.Total(c)
	defer r.typeOdd.Total(c)
	defer r.orphaned.Total(c)
	found, err := db.Read([]sqlite.Section{
		r.section("sms", "address date type body", r.messages),
		r.section("calls", "number date type duration new name numbertype", r.calls), // other apps have a table of that name
		r.section("raw_contacts", "_id", r.contacts),
	})
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: no table as Android's providers for messages, calls or contacts have them", sdk.ErrMalformed)
	}
	return db.NotRead("raw", "sr_pending", "pending_msgs", "drm", "attachments", "voicemail_status", "stream_items", "status_updates")
}

// section is one that says first which version of its table the database states.
func (r *reader) section(table, needs string, read func() error) sqlite.Section {
	return sqlite.Section{Table: table, Needs: needs, Read: func() error {
		r.c.Diagnose(sdk.Diagnostic{
			Code: codeSchema, Severity: evidence.SeverityInfo, Message: "the version that the database states of its schema",
			Data: map[string]any{"table": table, "user_version": int64(r.db.Header().UserVersion)},
		})
		return read()
	}}
}

// when reads a time in the unit of its column, and of that of others where it makes
// no sense in it.
func (r *reader) when(row *sqlite.Row, column, unit, kind string) sdk.Time {
	other := "s"
	if unit == "s" {
		other = "ms"
	}
	t := row.SetTime(column, sdk.Epoch{Unit: unit, Epoch: "unix", Kind: kind, Basis: sdk.Declared}, sdk.Epoch{Unit: other, Epoch: "unix"})
	if t.Basis.Basis == sdk.Detected {
		r.unitOdd.Add(r.c, row.Source())
	}
	return t
}
