package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

const service = "skype"

// flagNoBody is the flag of a message whose body is NULL.
const flagNoBody = "body_missing"

// Codes of diagnostics.
const (
	codeSchema  = "skype.schema"
	codeOrphan  = "skype.orphan"
	codeAccount = "skype.account_unknown"
)

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	head := make([]byte, min(16, in.Size))
	if n, err := in.ReadAt(head, 0); n < len(head) {
		return err
	}
	if bytes.HasPrefix(head, []byte("SQLite format 3\x00")) || c.Input(sqlite.RoleWAL) != nil {
		return database(c, in, out)
	}
	return export(c, in, out)
}

// reader is one database being read.
type reader struct {
	c   *sdk.Ctx
	db  *sqlite.DB
	out *sdk.Out

	kept     *sqlite.Budget
	orphaned sdk.Tally
	account  sdk.Text // whose history it is; null where the database does not say
}

func database(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	db, err := sqlite.Open(c, in)
	if err != nil {
		return err
	}
	defer db.Close()
	r := &reader{
		c: c, db: db, out: out, kept: sqlite.NewBudget(c), account: sdk.Null(),
		orphaned: sdk.Tally{Code: codeOrphan, Message: "the row belongs to a call that the database does not hold; it is kept as a row"},
	}
	defer r.orphaned.Total(c)
	if err := r.whose(); err != nil {
		return err
	}
	found, err := db.Read([]sqlite.Section{
		{Table: "Accounts", Needs: "skypename", Read: r.accounts},
		{Table: "Contacts", Needs: "skypename", Read: r.contacts},
		{Table: "Messages", Needs: "author timestamp body_xml", Read: r.messages},
		{Table: "SMSes", Needs: "timestamp body", Read: r.smses},
		{Table: "Calls", Needs: "begin_timestamp", Read: r.calls},
		{Table: "Transfers", Needs: "filename starttime", Read: r.transfers},
	})
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: no table as Skype's main.db has them", sdk.ErrMalformed)
	}
	return db.NotRead("Voicemails", "VideoMessages", "Videos", "LegacyMessages", "ContactGroups", "Alerts", "MediaDocuments", "MessageAnnotations")
}

// whose finds the account that the database is of: it is the one in Accounts.
func (r *reader) whose() error {
	n := 0
	for row := range r.db.Table("Accounts") {
		if name := row.Text("skypename"); name.String() != "" {
			if n++; n == 1 {
				r.account = name
			}
		}
	}
	if n > 1 {
		r.account = sdk.Null()
	}
	if n != 1 {
		r.c.Diagnose(sdk.Diagnostic{
			Code: codeAccount, Severity: evidence.SeverityWarning, Message: "the database does not state exactly one account: whose it is, and which way messages went, is not known",
			Data: map[string]any{"accounts": int64(n)},
		})
	}
	data := map[string]any{"user_version": int64(r.db.Header().UserVersion)}
	for row := range r.db.Table("AppSchemaVersion") {
		if v, ok := row.Int64("SQLiteSchemaVersion"); ok {
			data["schema"] = v
		}
	}
	r.c.Diagnose(sdk.Diagnostic{Code: codeSchema, Severity: evidence.SeverityInfo, Message: "the version that the database states of its schema", Data: data})
	return r.db.Err()
}

// seconds is how Skype counts times, but for a few columns in minutes.
func seconds(kind string) sdk.Epoch {
	return sdk.Epoch{Unit: "s", Epoch: "unix", Kind: kind, Basis: sdk.Declared}
}

// when reads a time; where the column is 0 or NULL there is none.
func when(row *sqlite.Row, column, kind string) sdk.Time {
	t := row.SetTime(column, seconds(kind))
	if t.Raw.IsAbsent() {
		return sdk.NullTime(kind)
	}
	return t
}

// has reports whether a list has a name, in any case.
func has(list []sdk.Text, name sdk.Text) bool {
	for _, t := range list {
		if strings.EqualFold(t.String(), name.String()) {
			return true
		}
	}
	return false
}

// names returns the columns that say something, each once.
func names(row *sqlite.Row, columns ...string) []sdk.Text {
	list := []sdk.Text{}
	for _, column := range columns {
		if t := row.Text(column); t.String() != "" && !has(list, t) {
			list = append(list, t)
		}
	}
	return list
}

// split returns the words of a column that holds several.
func split(t sdk.Text) []sdk.Text {
	list := []sdk.Text{}
	for _, s := range strings.FieldsFunc(t.String(), func(c rune) bool { return c == ' ' || c == ',' || c == ';' }) {
		list = append(list, sdk.Str(s))
	}
	return list
}
