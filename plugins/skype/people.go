package main

import (
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// accounts reads the table Accounts.
func (r *reader) accounts() error {
	for row := range r.db.Table("Accounts") {
		a := sdk.Account{
			Common:  row.Common("skypename", "fullname", "phone_home", "phone_office", "phone_mobile", "pstnnumber", "emails", "registration_timestamp"),
			Service: sdk.Str(service), Username: row.Text("skypename"), DisplayName: row.Text("fullname"),
			Phones: names(row, "phone_mobile", "phone_home", "phone_office", "pstnnumber"), Emails: split(row.Text("emails")),
		}
		// In minutes since 1970, as a few columns are.
		a.Created = row.SetTime("registration_timestamp", sdk.Epoch{Unit: "min", Epoch: "unix", Kind: sdk.Created, Basis: sdk.Declared})
		a.Time = a.Created
		if err := r.out.Put(&a, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}

// contacts reads the table Contacts.
func (r *reader) contacts() error {
	phones := []string{"pstnnumber", "phone_mobile", "phone_home", "phone_office", "assigned_phone1", "assigned_phone2", "assigned_phone3", "main_phone"}
	known := append([]string{"skypename", "fullname", "displayname", "given_displayname", "emails"}, phones...)
	for row := range r.db.Table("Contacts") {
		p := sdk.Contact{
			Common: row.Common(known...),
			Owner:  r.account, Names: names(row, "displayname", "fullname", "given_displayname"), Usernames: names(row, "skypename"),
			Phones: names(row, phones...), Emails: split(row.Text("emails")), Organisation: sdk.Text{},
		}
		if err := r.out.Put(&p, row.Source()); err != nil {
			return err
		}
	}
	return r.db.Err()
}
