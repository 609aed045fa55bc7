package main

import (
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// writer holds the memory of records, which is used again.
type writer struct {
	scratch []byte
	extra   map[string]any
	account sdk.Account
	contact sdk.Contact
	row     sdk.Row
	lists   map[string][]sdk.Text
	pending []byte // text that is not ASCII, until the charset is settled
	cred    sdk.Credential
}

// foreignText appends the values of r that are not ASCII.
func foreignText(b []byte, r *row) []byte {
	for i := range r.values {
		if v := &r.values[i]; v.kind == textValue {
			if text := r.bytes(v); !plain(text) {
				b = append(append(b, text...), '\n')
			}
		}
	}
	return b
}

// settle decides the charset by values that are not ASCII.
func (p *parser) settle(sample []byte, src sdk.Source) {
	stated := p.text.stated.name
	if p.text.settle(sample) {
		p.c.Diagnose(sdk.Diagnostic{
			Code: "charset.contradicted", Severity: evidence.SeverityWarning, Source: src, Data: map[string]any{"stated": stated, "found": p.text.current.name},
			Message: "the dump states a charset in which any bytes are text, and its bytes are text in another, in which they are read",
		})
	}
}

// write makes a record of the row.
func (p *parser) write(s *shape, r *row, src sdk.Source) error {
	w, m := &p.writer, s.mapping
	if p.text.unsettled() {
		if n := len(w.pending); n < settleBytes {
			if w.pending = foreignText(w.pending, r); len(w.pending) > n {
				p.settle(w.pending, src)
			}
		}
	}
	w.scratch = w.scratch[:0]
	p.fit(s, r, src)
	switch m.kind {
	case kindAccount:
		return p.writeAccount(s, r, src)
	case kindContact:
		return p.writeContact(s, r, src)
	}
	rec := &w.row
	rec.Common = p.common(nil)
	rec.Table = sdk.Str(s.table.name)
	rec.Columns = rec.Columns[:0]
	for i := range s.columns {
		rec.Columns = append(rec.Columns, sdk.Column{Name: s.columns[i].name, Value: p.value(s, r, i)})
	}
	return p.out.Put(rec, src)
}

func (p *parser) common(extra map[string]any) sdk.Common {
	return sdk.Common{Charset: p.text.current.name, CharsetBasis: p.text.basis, Extra: extra}
}

// decode returns text for a record: what is none keeps its bytes.
func (p *parser) decode(b []byte) sdk.Text {
	text, scratch, ok := p.text.current.decode(p.writer.scratch, b)
	p.writer.scratch = scratch
	if !ok {
		p.undecoded++
	}
	return sdk.Bytes(text)
}

// value is what a record states of the value of column i.
func (p *parser) value(s *shape, r *row, i int) any {
	v := &r.values[i]
	b := r.bytes(v)
	t := s.columns[i].typ
	switch v.kind {
	case nullValue:
		return nil
	case boolValue:
		return b[0] == 't'
	case numberValue:
		if n, ok := integer(b); ok {
			return n
		}
		return p.decode(b)
	case bitsValue:
		return bits(b)
	case blobValue:
		if v.hex && t != textType || !v.hex && !printable(b) {
			return b
		}
		return p.decode(b)
	case textValue:
		switch {
		case p.dialect != postgreSQL:
		case t == integerType:
			if n, ok := integer(b); ok {
				return n
			}
		case t == boolType && len(b) == 1 && (b[0] == 't' || b[0] == 'f'):
			return b[0] == 't'
		case t == byteaType:
			if byteaValue(r, v); v.kind == blobValue {
				return r.bytes(v)
			}
		}
	}
	return p.decode(b)
}

// bits is the number that binary digits stand for, or the digits where it is none
// that a record holds.
func bits(b []byte) any {
	if len(b) > 53 {
		return string(b)
	}
	var n int64
	for _, c := range b {
		n = n<<1 | int64(c-'0')
	}
	return n
}

// printable: text of UTF-8 without control characters. Nothing is lost where bytes
// are shown as such.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			return false
		}
	}
	return utf8.Valid(b)
}

// gather puts every column that became no field into extra, and the values of fields
// by field into lists. An empty text stays in extra, since a field would be null.
func (p *parser) gather(s *shape, r *row) {
	w, m := &p.writer, s.mapping
	if w.extra == nil {
		w.extra, w.lists = map[string]any{}, map[string][]sdk.Text{}
	}
	clear(w.extra)
	for f := range m.fields {
		w.lists[f] = w.lists[f][:0]
	}
	for i := range s.columns {
		field := m.role[i]
		v := &r.values[i]
		composed := m.composed && (field == fDisplayName || field == fName)
		if field == "" || composed {
			w.put(s.columns[i].name, p.value(s, r, i))
			if field == "" {
				continue
			}
		}
		text, ok := p.fieldText(s, r, i)
		switch {
		case ok && text.String() != "":
			w.lists[field] = append(w.lists[field], text)
		case v.kind != nullValue && !composed:
			w.put(s.columns[i].name, p.value(s, r, i))
		}
	}
}

// put keeps both of two columns of one name.
func (w *writer) put(name string, v any) {
	for {
		if _, taken := w.extra[name]; !taken {
			w.extra[name] = v
			return
		}
		name += "#2"
	}
}

// fieldText is a value as text for a field; false where it is none.
func (p *parser) fieldText(s *shape, r *row, i int) (sdk.Text, bool) {
	v := &r.values[i]
	b := r.bytes(v)
	switch v.kind {
	case textValue, numberValue:
	case blobValue:
		if !printable(b) {
			return sdk.Text{}, false
		}
	default:
		return sdk.Text{}, false
	}
	return p.decode(b), true
}

// scalar is the first value of a field: absent where the table has no such column.
func (p *parser) scalar(s *shape, field string) sdk.Text {
	if len(s.mapping.fields[field]) == 0 {
		return sdk.Text{}
	}
	list := p.writer.lists[field]
	switch {
	case len(list) == 0:
		return sdk.Null()
	case len(list) == 1:
		return list[0]
	}
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = t.String()
	}
	return sdk.Str(strings.Join(parts, " "))
}

// list is a field's values: nil where the table has no such column.
func (p *parser) list(s *shape, field string) []sdk.Text {
	if len(s.mapping.fields[field]) == 0 {
		return nil
	}
	if l := p.writer.lists[field]; l != nil {
		return l
	}
	return []sdk.Text{}
}

// time reads the column that became time.
func (p *parser) time(s *shape, c *sdk.Common) {
	m := s.mapping
	if m.reader == nil {
		return
	}
	raw := p.writer.lists[fTime]
	if len(raw) == 0 {
		c.Time = sdk.NullTime(m.reader.kind)
		return
	}
	tm, flag := m.reader.read([]byte(raw[0].String()))
	c.Time = tm
	if flag != "" {
		c.Flags = append(c.Flags, flag)
	}
}

func (p *parser) writeAccount(s *shape, r *row, src sdk.Source) error {
	w := &p.writer
	p.gather(s, r)
	a := &w.account
	*a = sdk.Account{
		Common: p.common(w.extra), Username: p.scalar(s, fUsername), DisplayName: p.scalar(s, fDisplayName),
		Phones: p.list(s, fPhone), Emails: p.list(s, fEmail), IPs: p.list(s, fIP), NationalID: p.scalar(s, fNationalID),
	}
	if s.mapping.service != "" {
		a.Service = sdk.Str(s.mapping.service)
	}
	p.time(s, &a.Common)
	if s.mapping.reader != nil && s.mapping.reader.kind == sdk.Created {
		a.Created = a.Time
	}
	if c := w.lists[fCredential]; len(s.mapping.fields[fCredential]) > 0 && len(c) > 0 {
		w.cred = sdk.Credential{Type: credentialType([]byte(c[0].String())), Value: c[0]}
		a.Credential = &w.cred
	}
	return p.out.Put(a, src)
}

func (p *parser) writeContact(s *shape, r *row, src sdk.Source) error {
	w := &p.writer
	p.gather(s, r)
	c := &w.contact
	*c = sdk.Contact{
		Common: p.common(w.extra), Owner: p.scalar(s, fOwner), Phones: p.list(s, fPhone), Emails: p.list(s, fEmail),
		Usernames: p.list(s, fUsername), Organisation: p.scalar(s, fOrganisation), Names: p.list(s, fName),
	}
	if s.mapping.composed {
		c.Names = []sdk.Text{p.scalar(s, fName)}
	}
	p.time(s, &c.Common)
	return p.out.Put(c, src)
}
