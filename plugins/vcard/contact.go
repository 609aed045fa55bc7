package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// clocks are the forms of REV (RFC 6350, 4.3.5; ISO 8601 basic and extended). Where no
// zone is stated, that of the item holds, else UTC.
func clocks(c *sdk.Ctx) ([]sdk.TimeFormat, error) {
	zone, err := sdk.ParseZone("UTC", sdk.Assumed)
	if err != nil {
		return nil, err
	}
	if c.Zone() != "" {
		if zone, err = sdk.ParseZone(c.Zone(), "item"); err != nil {
			return nil, err
		}
	}
	var list []sdk.TimeFormat
	for _, format := range []string{"%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y%m%dT%H%M%S%z", "%Y-%m-%dT%H:%M:%S", "%Y%m%dT%H%M%S"} {
		f, err := sdk.ParseTimeFormat(format, zone, sdk.Edited, sdk.Declared)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// text decodes bytes: in the charset that the property states, else as UTF-8, else in
// that of the file.
func (r *reader) text(b []byte, stated sdk.Charset) sdk.Text {
	utf8, _ := sdk.ParseCharset("utf-8")
	for _, cs := range []sdk.Charset{stated, utf8, r.charset.Charset} {
		if cs.Name() == "" || r.wide && cs == r.charset.Charset {
			continue
		}
		if out, err := cs.Append(nil, b); err == nil {
			return sdk.Str(string(out))
		}
		if cs == stated {
			break
		}
	}
	cs := r.charset.Charset
	if r.wide { // what cannot be read of it was shown as U+FFFD when the line was
		cs = utf8
	}
	if stated.Name() != "" {
		cs = stated
	}
	if cs.Name() == "" {
		return sdk.Str(string(b))
	}
	shown, _ := cs.AppendShown(nil, b, nil)
	return sdk.Damaged(string(shown), b)
}

// value decodes a property's value. Where its charset is not known it is read as that
// of the file.
func (r *reader) value(p *property, rec *sdk.Contact) sdk.Text {
	b := p.value
	if p.quotedPrintable() {
		b = unquote(b)
	}
	stated, err := sdk.ParseCharset(p.get("CHARSET"))
	if p.get("CHARSET") != "" && err == nil && stated.Name() != "utf-8" {
		rec.Charset, rec.CharsetBasis = stated.Name(), sdk.Declared
	}
	if r.wide && !p.quotedPrintable() {
		stated = sdk.Charset{} // the file is in another one as it stands
	}
	t := r.text(b, stated)
	if p.quotedPrintable() && strings.Contains(t.String(), "\r\n") {
		return sdk.Str(strings.ReplaceAll(t.String(), "\r\n", "\n"))
	}
	return t
}

// whole resolves the escapes of a value that has no parts.
func whole(t sdk.Text) sdk.Text {
	if s := unescape(t.String()); s != t.String() {
		return sdk.Str(s)
	}
	return t
}

// joined is the parts of a structured value in an order, those that are empty left out.
func joined(s string, separator string, order ...int) string {
	parts := components(s, ';')
	var list []string
	if order == nil {
		for i := range parts {
			order = append(order, i)
		}
	}
	for _, i := range order {
		if i < len(parts) {
			if v := strings.TrimSpace(unescape(strings.Join(components(parts[i], ','), " "))); v != "" {
				list = append(list, v)
			}
		}
	}
	return strings.Join(list, separator)
}

// contact makes the record of a card.
func (r *reader) contact(c *card) (*sdk.Contact, error) {
	rec := &sdk.Contact{
		Names: []sdk.Text{}, Phones: []sdk.Text{}, Emails: []sdk.Text{}, Usernames: []sdk.Text{}, Organisation: sdk.Null(), Owner: sdk.Text{},
	}
	rec.Extra = map[string]any{}
	if r.charset.Stated() != "" && r.charset.Name() != "utf-8" {
		rec.Charset, rec.CharsetBasis = r.charset.Stated(), r.charset.Basis
	}
	var structured string
	for i := range c.properties {
		p := &c.properties[i]
		if p.base64() || strings.HasPrefix(strings.ToLower(string(p.value[:min(len(p.value), 5)])), "data:") {
			done, err := r.file(rec, c, p)
			if err != nil {
				return nil, err
			}
			if done {
				continue
			}
		}
		v := r.value(p, rec)
		if p.long {
			rec.Flags = appendOnce(rec.Flags, flagLong)
		}
		if p.name == "N" {
			structured = v.String()
		}
		if r.field(rec, p, v) {
			continue
		}
		put(rec, p, whole(v))
	}
	if name := joined(structured, " ", 3, 1, 2, 0, 4); len(rec.Names) == 0 && name != "" {
		rec.Names = append(rec.Names, sdk.Str(name))
	}
	if c.odd != nil {
		rec.Extra["lines_odd"] = c.odd
	}
	return rec, nil
}

func appendOnce(list []string, s string) []string {
	for _, o := range list {
		if o == s {
			return list
		}
	}
	return append(list, s)
}

// field sets the field that a property is for; it reports whether that says all.
func (r *reader) field(rec *sdk.Contact, p *property, v sdk.Text) bool {
	bare := len(p.params) == 0 && p.group == ""
	plain := whole(v)
	if plain.String() == "" {
		return bare
	}
	switch p.name {
	case "FN", "NICKNAME":
		rec.Names = append(rec.Names, plain)
		return true
	case "TEL":
		rec.Phones = append(rec.Phones, without(plain, "tel:"))
		return bare
	case "EMAIL":
		rec.Emails = append(rec.Emails, without(plain, "mailto:"))
		return bare
	case "IMPP", "X-SKYPE", "X-SKYPE-USERNAME", "X-JABBER", "X-AIM", "X-ICQ", "X-MSN", "X-YAHOO", "X-QQ", "X-GOOGLE-TALK", "X-SIP", "X-TWITTER", "X-GADUGADU", "X-GROUPWISE":
		rec.Usernames = append(rec.Usernames, plain)
	case "ORG":
		if org := joined(v.String(), ", "); rec.Organisation.IsNull() && org != "" {
			rec.Organisation = sdk.Str(org)
		}
	case "REV":
		for i := range r.clocks {
			if rec.Time = r.clocks[i].Parse(plain); !rec.Time.IsNull() {
				break
			}
		}
		return bare
	}
	return false
}

func without(t sdk.Text, prefix string) sdk.Text {
	if s := t.String(); len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return sdk.Str(s[len(prefix):])
	}
	return t
}

// put keeps a property under its name: its value, and what its parameters say.
func put(rec *sdk.Contact, p *property, v any) {
	if len(p.params) > 0 || p.group != "" {
		m := map[string]any{"value": v}
		if t := p.types(); t != nil {
			m["type"] = t
		}
		if p.group != "" {
			m["group"] = p.group
		}
		for _, q := range p.params {
			switch q.name {
			case "TYPE", "CHARSET", "ENCODING":
			default:
				m[strings.ToLower(q.name)] = q.value
			}
		}
		if len(m) > 1 {
			v = m
		}
	}
	list, _ := rec.Extra[p.name].([]any)
	rec.Extra[p.name] = append(list, v)
}

// file derives what a property holds in base64; done is false where it holds none.
func (r *reader) file(rec *sdk.Contact, c *card, p *property) (done bool, err error) {
	at, media := p.at, ""
	if !p.base64() {
		head, _, _ := strings.Cut(string(p.value[:min(len(p.value), 256)]), ",")
		var found bool
		if media, found = strings.CutSuffix(strings.ToLower(strings.TrimPrefix(head, "data:")), ";base64"); !found {
			return false, nil
		}
		// The head is not folded, or the file would begin elsewhere.
		skip := r.size([]byte(head + ","))
		at.Offset, at.Length = at.Offset+skip, at.Length-skip
	} else {
		for _, t := range p.types() {
			media, _ = t.(string)
		}
	}
	if at.Length <= 0 {
		return false, nil
	}
	name := fmt.Sprintf("%d/%s%s", r.n, strings.ToLower(p.name), extension(media))
	if n := len(asList(rec.Extra[p.name])); n > 0 {
		name = fmt.Sprintf("%d/%s-%d%s", r.n, strings.ToLower(p.name), n+1, extension(media))
	}
	a, err := r.out.Unbase64(r.in, at, evidence.Name{Text: name}, nil)
	if err != nil {
		return false, err
	}
	put(rec, p, map[string]any{"file": name, "sha256": a.SHA256.String()})
	return true, nil
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

func extension(media string) string {
	_, sub, ok := strings.Cut(media, "/")
	if !ok {
		sub = media
	}
	switch sub {
	case "jpeg", "jpg":
		return ".jpg"
	case "png", "gif", "bmp", "tiff", "webp", "wav", "ogg", "aac", "pgp", "x509":
		return "." + sub
	}
	return ".bin"
}
