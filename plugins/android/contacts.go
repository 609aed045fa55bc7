package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// item is a row of the table data: one number, name, note of a contact.
type item struct {
	mime  string
	data1 sdk.Text
	all   map[string]any
}

// prefix of the types that Android itself has (ContactsContract.CommonDataKinds).
const prefix = "vnd.android.cursor.item/"

// contacts reads raw_contacts, each with its rows of data.
func (r *reader) contacts() error {
	owners, err := r.owners()
	if err != nil {
		return err
	}
	updated, err := r.updated()
	if err != nil {
		return err
	}
	items, err := r.items()
	if err != nil {
		return err
	}
	for row := range r.db.Table("raw_contacts") {
		p := sdk.Contact{
			Common: row.Common("deleted"),
			Names:  []sdk.Text{}, Phones: []sdk.Text{}, Emails: []sdk.Text{}, Usernames: []sdk.Text{}, Organisation: sdk.Null(), Owner: sdk.Null(),
		}
		if name := row.Text("account_name"); !name.IsNull() {
			p.Owner = name
		} else if id, ok := row.Int64("account_id"); ok {
			p.Owner = owners[id]
		}
		if n, ok := row.Int64("deleted"); ok && n != 0 {
			p.State = sdk.Deleted // marked, and kept until the account is synchronised
		}
		if id, ok := row.Int64("contact_id"); ok {
			p.Time = updated[id]
		}
		fill(&p, items[row.ID("_id")])
		if name := row.Text("display_name"); len(p.Names) == 0 && name.String() != "" {
			p.Names = append(p.Names, name)
			delete(p.Extra, "display_name")
		}
		if err := r.out.Put(&p, row.Source()); err != nil {
			return err
		}
	}
	if err := r.db.Err(); err != nil {
		return err
	}
	return r.deletedContacts()
}

// owners returns the names of the accounts that contacts were synchronised with.
func (r *reader) owners() (map[int64]sdk.Text, error) {
	owners := map[int64]sdk.Text{}
	for row := range r.db.Table("accounts") {
		if name := row.Text("account_name"); r.kept.Take("accounts", len(name.String())) {
			owners[row.ID("_id")] = name
		}
	}
	return owners, r.db.Err()
}

// updated returns when each contact was changed last.
func (r *reader) updated() (map[int64]sdk.Time, error) {
	times := map[int64]sdk.Time{}
	if !r.db.HasColumn("contacts", "contact_last_updated_timestamp") {
		return times, nil
	}
	for row := range r.db.Table("contacts") {
		if t := r.when(row, "contact_last_updated_timestamp", "ms", sdk.Edited); !t.Raw.IsAbsent() && r.kept.Take("contacts", 128) {
			times[row.ID("_id")] = t
		}
	}
	return times, r.db.Err()
}

// items returns the rows of data by the raw contact that they are of.
func (r *reader) items() (map[int64][]item, error) {
	mimes := map[int64]string{}
	for row := range r.db.Table("mimetypes") {
		if m := row.Text("mimetype").String(); r.kept.Take("mimetypes", len(m)) {
			mimes[row.ID("_id")] = m
		}
	}
	people, err := r.ids("raw_contacts")
	if err != nil {
		return nil, err
	}
	items := map[int64][]item{}
	for row := range r.db.Table("data") {
		id, ok := row.Int64("raw_contact_id")
		if people.lack(id, ok) {
			if err := r.orphan(row); err != nil {
				return nil, err
			}
			continue
		}
		mime, _ := row.Int64("mimetype_id")
		it := item{mime: mimes[mime], data1: row.Text("data1"), all: row.Common("raw_contact_id", "mimetype_id", "data_version", "is_read_only").Extra}
		if it.mime != "" {
			it.all["mimetype"] = strings.TrimPrefix(it.mime, prefix)
		}
		if it.mime == prefix+"photo" {
			if err := r.photo(row, id, it.all); err != nil {
				return nil, err
			}
		}
		if r.kept.TakeAll("data", it.all) {
			items[id] = append(items[id], it)
		}
	}
	return items, r.db.Err()
}

// stepSQLite is the step of bytes that are the value of a column (docs/formats/case.md).
const stepSQLite = "sqlite"

// photo derives the small picture of a contact, which stands in its row (data15); the
// large one is a file of its own beside the database, and data14 has its number.
func (r *reader) photo(row *sqlite.Row, contact int64, all map[string]any) error {
	picture := row.Bytes("data15")
	if len(picture) == 0 {
		return nil
	}
	id := row.ID("_id")
	name := evidence.Name{Text: fmt.Sprintf("contact-%d/photo-%d%s", contact, id, pictureEnding(picture))}
	a, err := r.out.Artifact(&name, sdk.ArtifactOptions{Steps: []sdk.Step{{"do": stepSQLite, "table": "data", "rowid": id, "column": "data15"}}})
	if err != nil {
		return err
	}
	if _, err := a.Write(picture); err != nil {
		return err
	}
	all["data15"] = map[string]any{"file": name.Text, "sha256": evidence.Sum(picture).String()}
	return a.End(true, "")
}

func pictureEnding(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return ".jpg"
	case bytes.HasPrefix(b, []byte("\x89PNG")):
		return ".png"
	}
	return ".bin"
}

// fill sets what the rows of data state of a contact. What a field does not hold
// whole, such as the type of a number, is in extra.
func fill(p *sdk.Contact, items []item) {
	var rest []any
	for _, it := range items {
		whole := len(it.all) <= 2 // data1 and its type of row
		kind, _ := strings.CutPrefix(it.mime, prefix)
		switch {
		case it.data1.IsNull():
			whole = false
		case kind == "name" || kind == "nickname":
			p.Names = append(p.Names, it.data1)
		case kind == "phone_v2":
			p.Phones = append(p.Phones, it.data1)
		case kind == "email_v2":
			p.Emails = append(p.Emails, it.data1)
		case kind == "im" || kind == "sip_address" || strings.HasSuffix(kind, ".profile"):
			p.Usernames = append(p.Usernames, it.data1)
		case kind == "organization" && p.Organisation.IsNull():
			p.Organisation = it.data1
		default:
			whole = false
		}
		if !whole {
			rest = append(rest, it.all)
		}
	}
	if len(rest) > 0 {
		p.Extra["data"] = rest
	}
}

// deletedContacts keeps what the provider notes of contacts that were deleted: a
// number and a time, and nothing of who it was.
func (r *reader) deletedContacts() error {
	for row := range r.db.Table("deleted_contacts") {
		rec := row.Record()
		rec.State = sdk.Deleted
		rec.Time = r.when(row, "contact_deleted_timestamp", "ms", sdk.Logged)
		if err := r.out.Put(rec, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
