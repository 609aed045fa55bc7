package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Flags of records.
const (
	flagLong   = "value_long"
	flagBase64 = "base64_odd"
	flagURL    = "value_not_fetched"
)

// What makes an entry an account, and a contact: object classes of RFC 2798, 2307 and
// 4519, of Active Directory and of Mozilla.
var (
	accountClasses = []string{"posixaccount", "shadowaccount", "account", "user", "sambasamaccount", "simplesecurityobject", "krbprincipalaux", "uidobject"}
	contactClasses = []string{"inetorgperson", "organizationalperson", "person", "contact", "mozillaabpersonalpha", "mozillaorgperson", "evolutionperson", "residentialperson"}
)

// fields are the attributes that a record has a place for.
var fields = map[string]string{
	"uid": "username", "userid": "username", "samaccountname": "username", "userprincipalname": "username", "nsaimid": "username", "jid": "username",
	"cn": "name", "commonname": "name", "displayname": "name", "mozillanickname": "name",
	"mail": "email", "rfc822mailbox": "email", "mozillasecondemail": "email", "mailalternateaddress": "email",
	"telephonenumber": "phone", "mobile": "phone", "mobiletelephonenumber": "phone", "homephone": "phone", "hometelephonenumber": "phone", "cellphone": "phone", "othertelephone": "phone",
	"pager": "phone", "ipphone": "phone", "facsimiletelephonenumber": "phone", "fax": "phone",
	"o": "organisation", "organizationname": "organisation", "company": "organisation",
	"userpassword": "password", "unicodepwd": "nthash", "sambantpassword": "nthash", "sambalmpassword": "lm",
	"createtimestamp": "created", "whencreated": "created", "modifytimestamp": "edited", "whenchanged": "edited",
	"iphostnumber": "ip",
}

// clocks are the forms of GeneralizedTime (RFC 4517, 3.3.13) that directories write.
func clocks() ([]sdk.TimeFormat, error) {
	zone, err := sdk.ParseZone("UTC", "source")
	if err != nil {
		return nil, err
	}
	var list []sdk.TimeFormat
	for _, format := range []string{"%Y%m%d%H%M%SZ", "%Y%m%d%H%M%S.%fZ", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S.%f%z"} {
		f, err := sdk.ParseTimeFormat(format, zone, "", sdk.Declared)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

func (r *ldif) clock(kind string, t sdk.Text) (at sdk.Time) {
	for i := range r.clocks {
		f := r.clocks[i]
		f.Kind = kind
		if at = f.Parse(t); !at.IsNull() {
			return at
		}
	}
	return at
}

// parts is what an entry says, by the places that records have for it.
type parts struct {
	lists                            map[string][]sdk.Text
	extra                            map[string]any
	flags                            []string
	credential                       *sdk.Credential
	state                            string
	created, edited                  sdk.Time
	dn                               sdk.Text
	change                           string
	account, contact, hasCredentials bool
}

// record makes an account, a contact or a row of an entry.
func (r *ldif) record(e *entry, src sdk.Source) (sdk.Record, error) {
	p := parts{lists: map[string][]sdk.Text{}, extra: map[string]any{}}
	for i := range e.attributes {
		if err := r.take(&p, &e.attributes[i]); err != nil {
			return nil, err
		}
	}
	if e.over {
		p.flag(flagLong)
	}
	if e.odd > 0 {
		p.extra["lines_odd"] = int64(e.odd)
	}
	if e.damaged {
		p.flag(sdk.FlagCharsetDamaged)
	}
	common := sdk.Common{Extra: p.extra, Flags: p.flags, Time: p.created}
	common.Charset, common.CharsetBasis = stated(r.cs, e.charset)
	if p.created.Raw.IsAbsent() {
		common.Time = p.edited
	} else if !p.edited.Raw.IsAbsent() {
		common.Times = []sdk.Time{p.created, p.edited}
	}
	p.extra["dn"] = p.dn
	if p.change != "" {
		r.change.Add(r.c, src)
		p.extra["changetype"] = p.change
	}
	return p.record(common), nil
}

func (p *parts) flag(f string) {
	if !slices.Contains(p.flags, f) {
		p.flags = append(p.flags, f)
	}
}

// record chooses the kind. A change other than an addition says nothing whole of anybody.
func (p *parts) record(common sdk.Common) sdk.Record {
	list := func(name string) []sdk.Text { return append([]sdk.Text{}, p.lists[name]...) }
	first := func(name string) sdk.Text {
		if l := p.lists[name]; len(l) > 0 {
			return l[0]
		}
		return sdk.Null()
	}
	more := func(name, attribute string) {
		if l := p.lists[name]; len(l) > 1 {
			for _, t := range l[1:] {
				p.add(attribute, t)
			}
		}
	}
	addition := p.change == "" || p.change == "add"
	switch {
	case addition && (p.account || p.hasCredentials || p.contact && len(p.lists["username"]) > 0):
		a := &sdk.Account{
			Common: common, Username: first("username"), DisplayName: first("name"), Phones: list("phone"), Emails: list("email"),
			Created: p.created, Credential: p.credential,
		}
		if l := p.lists["ip"]; l != nil {
			a.IPs = l
		}
		more("username", "uid")
		more("name", "cn")
		for _, t := range p.lists["organisation"] {
			p.add("o", t)
		}
		if p.state != "" {
			p.extra["password"] = p.state
		}
		if p.state == stateLocked {
			a.Flags = append(a.Flags, flagLocked)
		}
		return a
	case addition && (p.contact || len(p.lists["phone"])+len(p.lists["email"]) > 0):
		more("organisation", "o")
		return &sdk.Contact{Common: common, Names: list("name"), Phones: list("phone"), Emails: list("email"), Usernames: list("username"), Organisation: first("organisation")}
	}
	row := &sdk.Row{Common: common, Table: sdk.Str("ldif")}
	for name, l := range p.lists {
		for _, t := range l {
			p.add(name, t)
		}
	}
	for _, name := range sorted(p.extra) {
		row.Columns = append(row.Columns, sdk.Column{Name: name, Value: p.extra[name]})
	}
	row.Extra = nil
	return row
}

func sorted(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// add keeps a value under its attribute: one as it is, several in a list.
func (p *parts) add(name string, v any) {
	switch have := p.extra[name].(type) {
	case nil:
		p.extra[name] = v
	case []any:
		p.extra[name] = append(have, v)
	default:
		p.extra[name] = []any{have, v}
	}
}

// take puts an attribute where it belongs.
func (r *ldif) take(p *parts, a *attribute) error {
	name := a.name + a.options
	switch {
	case a.url:
		p.flag(flagURL)
		p.add(name, map[string]any{"url": sdk.Bytes(a.value)})
		return nil
	case a.odd:
		p.flag(flagBase64)
		p.add(name, sdk.Bytes(a.value))
		return nil
	case a.long || a.base64 && a.name != "userpassword" && (!utf8.Valid(a.value) || bytes.IndexByte(a.value, 0) >= 0):
		return r.binary(p, a, name)
	}
	v := sdk.Bytes(a.value)
	switch a.name {
	case "-":
		return nil
	case "dn":
		p.dn = v
		return nil
	case "changetype":
		p.change = strings.ToLower(v.String())
		return nil
	case "objectclass":
		class := strings.ToLower(v.String())
		p.account = p.account || slices.Contains(accountClasses, class)
		p.contact = p.contact || slices.Contains(contactClasses, class)
	}
	place := fields[a.name]
	if p.change != "" && p.change != "add" { // what is to be changed, in its order
		if place == "password" || place == "nthash" || place == "lm" {
			r.secret(p, place, a)
			p.further()
		} else {
			p.add(name, v)
		}
		return nil
	}
	switch place {
	case "":
		p.add(name, v)
	case "password", "nthash", "lm":
		r.secret(p, place, a)
	case "created":
		p.created = r.clock(sdk.Created, v)
	case "edited":
		p.edited = r.clock(sdk.Edited, v)
	default:
		p.lists[place] = append(p.lists[place], v)
		if a.options != "" {
			p.add(name, v)
		}
	}
	return nil
}

// secret keeps the last password; of others only what they are kept as is said, since
// extra is shown to everybody.
func (r *ldif) secret(p *parts, place string, a *attribute) {
	p.hasCredentials = true
	c, state := &sdk.Credential{Type: place, Value: sdk.Bytes(a.value)}, ""
	if place == "password" {
		if c, state = password(string(a.value)); c != nil && c.Type == "unknown" {
			c.Type = "plain" // RFC 4519, 2.41: without a scheme it is the password itself
		}
	}
	if p.credential != nil {
		p.further()
	}
	if c != nil || p.credential == nil {
		p.credential, p.state = c, state
	}
}

// further says what the credential is kept as, to make room for the next.
func (p *parts) further() {
	if p.credential != nil {
		p.add("further_passwords", p.credential.Type)
		p.credential = nil
	}
}

// binary keeps bytes that are no text: a short value in the record, a picture or a long
// one as a file of its own.
func (r *ldif) binary(p *parts, a *attribute, name string) error {
	picture := strings.HasSuffix(a.name, "photo") || a.name == "thumbnaillogo"
	if !picture && !a.long && len(a.value) <= 1<<10 {
		p.add(name, append([]byte{}, a.value...))
		return nil
	}
	if !a.base64 {
		p.flag(flagLong)
		p.add(name, sdk.Bytes(a.value))
		return nil
	}
	ending := ".bin"
	if picture && (a.name == "jpegphoto" || bytes.HasPrefix(a.value, []byte("\xff\xd8\xff"))) {
		ending = ".jpg"
	}
	file := strconv.Itoa(r.n) + "/" + a.name + ending
	if l, ok := p.extra[name].([]any); ok {
		file = fmt.Sprintf("%d/%s-%d%s", r.n, a.name, len(l)+1, ending)
	} else if p.extra[name] != nil {
		file = fmt.Sprintf("%d/%s-2%s", r.n, a.name, ending)
	}
	made, err := r.out.Unbase64(r.in, a.at, evidence.Name{Text: file}, nil)
	if err != nil {
		return err
	}
	p.add(name, map[string]any{"file": file, "sha256": made.SHA256.String()})
	return nil
}
