package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func (r *reader) contact(m *model) error {
	x := sdk.Contact{Common: r.common(m), Owner: m.text("Account")}
	if name := m.text("Name"); !name.IsNull() && name.String() != "" {
		x.Names = []sdk.Text{name}
	}
	for _, e := range m.all("Entries") {
		entry(e, &x.Phones, &x.Emails, &x.Usernames)
	}
	for _, o := range m.all("Organizations") {
		if x.Organisation.IsNull() {
			x.Organisation = o.text("Name")
		}
	}
	x.Time = r.when(m, "TimeCreated", sdk.Created)
	x.Extra = m.rest()
	return r.out.Put(&x, m.e.Source())
}

// entry sorts an entry of a contact or an account.
func entry(e *model, phones, emails, others *[]sdk.Text) {
	v := e.text("Value")
	if v.IsNull() || v.String() == "" {
		return
	}
	switch e.kind() {
	case "PhoneNumber":
		*phones = append(*phones, v)
	case "EmailAddress":
		*emails = append(*emails, v)
	case "UserID":
		*others = append(*others, v)
	}
}

func (r *reader) account(m *model) error {
	x := sdk.Account{Common: r.common(m), Service: m.text("ServiceType", "ServiceIdentifier", "Source"), Username: m.text("Username"), DisplayName: m.text("Name")}
	var more []sdk.Text
	for _, e := range m.all("Entries") {
		entry(e, &x.Phones, &x.Emails, &more)
	}
	if p := m.text("Password"); !p.IsNull() && p.String() != "" {
		x.Credential = &sdk.Credential{Type: "password", Value: p}
	}
	x.Created = r.when(m, "TimeCreated", sdk.Created)
	x.Time = x.Created
	x.Extra = m.rest()
	if more != nil {
		x.Extra["user_ids"] = more
	}
	return r.out.Put(&x, m.e.Source())
}
