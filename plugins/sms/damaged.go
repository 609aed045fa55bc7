package main

import (
	"bytes"
	"encoding/base64"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// badFields are the fields with bytes that are no text in the file's charset: for
// each its bytes as they stand, by column.
type badFields map[int][]byte

// findBad returns nil where the damage is in none of the fields.
func findBad(u *delimited.Unit, cs sdk.Charset) (badFields, error) {
	var bad badFields
	for i, f := range u.Fields {
		if !bytes.Contains(f, []byte("\uFFFD")) {
			continue
		}
		raw, err := u.Raw(i)
		if err != nil {
			return nil, err
		}
		if _, err := cs.Decode(raw); err != nil {
			if bad == nil {
				bad = badFields{}
			}
			bad[i] = raw
		}
	}
	return bad, nil
}

// object is a record as docs/formats/records.md has it. The SDK writes bytes that
// are no text by themselves; here what can be read of them is to be read, so the
// text is ours and the bytes stand beside it.
type object map[string]any

// text puts a value, and the bytes it was read from where those are damaged.
func (o object) text(name string, t sdk.Text, raw []byte) {
	if t.IsAbsent() {
		return
	}
	o[name] = nil
	if !t.IsNull() {
		o[name] = t.String()
	}
	if raw != nil {
		o[name+"_raw"] = base64.StdEncoding.EncodeToString(raw)
	}
}

// foreign puts a value under a name that is the evidence's, where bytes do not
// stand beside it but inside.
func (o object) foreign(name string, t sdk.Text, raw []byte) {
	if raw == nil {
		o.text(name, t, nil)
		return
	}
	v := map[string]any{"raw": base64.StdEncoding.EncodeToString(raw)}
	if !t.IsNull() && !t.IsAbsent() {
		v["text"] = t.String()
	}
	o[name] = v
}

func (o object) list(name string, list []sdk.Text, raw []byte) {
	values := make([]any, len(list))
	for i, t := range list {
		values[i] = t.String()
	}
	o[name] = values
	if raw != nil && len(list) == 1 {
		o[name+"_raw"] = []any{base64.StdEncoding.EncodeToString(raw)}
	}
}

func (o object) common(kind string, c *sdk.Common, src sdk.Source) {
	o["kind"] = kind
	o["source"] = map[string]any{"offset": src.Offset, "length": src.Length, "line": src.Line}
	if c.Charset != "" {
		o["charset"], o["charset_basis"] = c.Charset, c.CharsetBasis
	}
	flags := []any{}
	for _, f := range c.Flags {
		flags = append(flags, f)
	}
	if c.Time.IsNull() && !c.Time.Raw.IsNull() {
		flags = append(flags, sdk.FlagUnreadable)
	} else if sec, _, _ := c.Time.Unix(); !c.Time.IsNull() && (sec < sdk.MinPlausible || sec >= sdk.MaxPlausible) {
		flags = append(flags, sdk.FlagImplausible)
	}
	o["flags"] = flags
}

func basis(b sdk.Basis) map[string]any {
	o := map[string]any{}
	for name, v := range map[string]string{"basis": b.Basis, "epoch": b.Epoch, "unit": b.Unit, "zone": b.Zone, "zone_basis": b.ZoneBasis} {
		if v != "" {
			o[name] = v
		}
	}
	return o
}

func stamp(t *sdk.Time) any {
	if t.IsNull() {
		return nil
	}
	return t.String()
}

// time puts the record's time, and all of them where there are several.
func (o object) time(c *sdk.Common) {
	if t := &c.Time; t.Kind != "" {
		o["time"], o["time_kind"] = stamp(t), t.Kind
		if t.Basis != (sdk.Basis{}) {
			o["time_basis"] = basis(t.Basis)
		}
		o.text("time_raw", t.Raw, nil)
	}
	if c.Times == nil {
		return
	}
	var list []any
	for i := range c.Times {
		t := &c.Times[i]
		one := object{"kind": t.Kind, "time": stamp(t)}
		if t.Basis != (sdk.Basis{}) {
			one["basis"] = basis(t.Basis)
		}
		one.text("raw", t.Raw, nil)
		list = append(list, map[string]any(one))
	}
	o["times"] = list
}

func (o object) put(out *sdk.Out, src sdk.Source) error {
	line, err := evidence.Canonical(map[string]any(o))
	if err != nil {
		return err
	}
	return out.PutRaw(line, src)
}

// putRow writes a row some of whose fields are damaged.
func (f *filler) putRow(out *sdk.Out, r *sdk.Row, src sdk.Source, bad badFields) error {
	o, columns := object{}, object{}
	o.common("row", &r.Common, src)
	o["table"] = ""
	for i, c := range r.Columns {
		columns.foreign(c.Name, c.Value.(sdk.Text), bad[f.columns[i].index])
	}
	o["columns"] = map[string]any(columns)
	return o.put(out, src)
}

// putSMS writes a message some of whose fields are damaged.
func (f *filler) putSMS(out *sdk.Out, m *sdk.SMS, src sdk.Source, bad badFields) error {
	o, extra := object{}, object{}
	o.common("sms", &m.Common, src)
	o.time(&m.Common)
	at := func(r role) []byte { return bad[f.m.column[r]] }
	for name, v := range map[string]struct {
		text sdk.Text
		from role
	}{
		"text": {m.Text, roleText}, "status": {m.Status, roleStatus}, "conversation": {m.Conversation, roleThread},
		"matched_term": {m.MatchedTerm, roleTerm}, "ip": {m.IP, roleIP}, "service": {m.Service, noRole},
		"from": {m.From, roleFrom}, "account": {m.Account, roleAccount},
	} {
		o.text(name, v.text, at(v.from))
	}
	o.list("to", m.To, at(roleTo))
	if m.Participants != nil {
		o.list("participants", m.Participants, nil)
	}
	o["direction"] = m.Direction
	placed := map[int]bool{}
	for r, c := range f.m.column {
		placed[c] = placed[c] || c >= 0 && role(r) != roleDirection && role(r) != rolePeer && (role(r) != roleTo || len(m.To) == 1)
	}
	for name, v := range m.Extra {
		extra.foreign(name, v.(sdk.Text), nil)
	}
	for i, raw := range bad { // whatever has no field of its own to stand beside
		if placed[i] {
			continue
		}
		name := f.nameOf(i)
		shown, _ := m.Extra[name].(sdk.Text)
		extra.foreign(name, orNull(shown), raw)
	}
	if len(extra) > 0 {
		o["extra"] = map[string]any(extra)
	}
	return o.put(out, src)
}

// nameOf names a column as extra does.
func (f *filler) nameOf(i int) string {
	for _, e := range f.m.extra {
		if e.index == i {
			return e.name
		}
	}
	return f.m.header[i]
}
