package sdk

// Account is an account of a service; kind account.
type Account struct {
	Common
	Service, Username, DisplayName Text
	Phones, Emails, IPs            []Text
	// Created is written as `created`; give it as Common.Time too, with the kind
	// created, so that it keeps its raw form and basis.
	Created    Time
	Credential *Credential
	NationalID Text
}

// Credential is a secret of an account as the input has it: a password, its hash.
type Credential struct {
	// Type says what Value is: password, md5, …
	Type  string
	Value Text
}

// Kind returns "account".
func (*Account) Kind() string { return "account" }

func (a *Account) encode(e *encoder, src *Source) {
	a.charset(e)
	a.Created.encodeValue(e, "created")
	if a.Credential != nil {
		e.key("credential")
		at := e.open()
		e.plain("type", a.Credential.Type)
		e.text("value", a.Credential.Value)
		e.close(at)
	}
	e.text("display_name", a.DisplayName)
	e.texts("emails", a.Emails)
	a.extra(e)
	a.flags(e)
	e.texts("ips", a.IPs)
	e.word("kind", "account")
	e.text("national_id", a.NationalID)
	e.texts("phones", a.Phones)
	e.text("service", a.Service)
	src.encode(e)
	e.plain("state", a.State)
	a.times(e)
	e.text("username", a.Username)
}

// Contact is an entry of an address book; kind contact.
type Contact struct {
	Common
	// Owner is whose address book it is.
	Owner                            Text
	Names, Phones, Emails, Usernames []Text
	Organisation                     Text
}

// Kind returns "contact".
func (*Contact) Kind() string { return "contact" }

func (c *Contact) encode(e *encoder, src *Source) {
	c.charset(e)
	e.texts("emails", c.Emails)
	c.extra(e)
	c.flags(e)
	e.word("kind", "contact")
	e.texts("names", c.Names)
	e.text("organisation", c.Organisation)
	e.text("owner", c.Owner)
	e.texts("phones", c.Phones)
	src.encode(e)
	e.plain("state", c.State)
	c.times(e)
	e.texts("usernames", c.Usernames)
}

// Keyword is a term of a list that a program acts on; kind keyword.
type Keyword struct {
	Common
	Term, List Text
	// Effect is Censor, Surveil or Unknown.
	Effect          string
	Category, Theme Text
}

// Kind returns "keyword".
func (*Keyword) Kind() string { return "keyword" }

func (k *Keyword) encode(e *encoder, src *Source) {
	e.text("category", k.Category)
	k.charset(e)
	e.plain("effect", k.Effect)
	k.extra(e)
	k.flags(e)
	e.word("kind", "keyword")
	e.text("list", k.List)
	src.encode(e)
	e.plain("state", k.State)
	e.text("term", k.Term)
	e.text("theme", k.Theme)
	k.times(e)
}

// Row is a row of a table that nobody has mapped; kind row.
type Row struct {
	Common
	Table Text
	// Columns in any order; a name that repeats becomes name#2. Values as in Extra.
	Columns []Column
}

// Column is one value of a row.
type Column struct {
	Name  string
	Value any
}

// Kind returns "row".
func (*Row) Kind() string { return "row" }

func (r *Row) encode(e *encoder, src *Source) {
	r.charset(e)
	e.key("columns")
	base := len(e.members)
	for _, c := range r.Columns {
		e.members = append(e.members, member{name: c.Name, value: c.Value})
	}
	e.object(base, 1)
	r.extra(e)
	r.flags(e)
	e.word("kind", "row")
	src.encode(e)
	e.plain("state", r.State)
	e.text("table", r.Table)
	r.times(e)
}

// Other is a record of a namespaced kind, x-name/kind: stored, searched, redacted
// and exported like the others.
type Other struct {
	Common
	// Name is the kind, such as "x-acme/location".
	Name string
	// Fields are the record's own, named as in Extra; none may bear the name of a common field.
	Fields map[string]any
}

// Kind returns o.Name.
func (o *Other) Kind() string { return o.Name }

func (o *Other) encode(e *encoder, src *Source) {
	if !namespaced.MatchString(o.Name) {
		e.fail("kind %q is not x-name/kind", o.Name)
		return
	}
	for name := range o.Fields {
		if commonField(name) {
			e.fail("a field of its own named %q", name)
			return
		}
	}
	e.encodeOther(o, src)
}
