package sdk_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// show runs a plugin by hand over a file of that text.
func show(parse sdk.Op, text string) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "export")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	var diagnostics bytes.Buffer
	code := sdk.Command(context.Background(), sdk.Plugin{Name: "acme/reader", Version: "0.1.0", Parse: parse}, []string{"run", file}, os.Stdout, &diagnostics)
	first, _, _ := bytes.Cut(diagnostics.Bytes(), []byte("\n"))
	fmt.Printf("%s; exit code %d\n", first, code)
}

// A table with a header line; its charset and delimiter are found.
func Example_delimited() {
	show(func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		t, err := delimited.Open(c, in, out, delimited.Options{})
		if err != nil {
			return err
		}
		for row := range t.Rows() {
			m := sdk.SMS{Common: row.Common(), From: row.Text("sender"), Text: row.Text("body")}
			m.Extra = row.Extra("sender", "body")
			if err := out.Put(&m, row.Source()); err != nil {
				return err
			}
		}
		return t.Err()
	}, "sender;body;folder\n+4912;\"two\nlines\";inbox\n+4913\n")
	// Output:
	// 1  sms  bytes 19+23, line 2
	//    charset        utf-8
	//    charset_basis  detected
	//    extra          {"folder":"inbox"}
	//    from           +4912
	//    text           two\nlines
	// reject  record.fields  bytes 43+5, line 4: the record does not have as many fields as the table  {"expected":3,"fields":1,"lines":1}; exit code 0
}

// Elements of a JSON document, each a record of a kind of the plugin's own.
func Example_json() {
	show(func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Elements(c, in, "/trips/*/points/*") {
			r := sdk.Other{Common: e.Common(), Name: "x-acme/location", Fields: map[string]any{"latitude": e.Text("lat"), "longitude": e.Text("lon")}}
			r.Extra = e.Extra("lat", "lon")
			if err := out.Put(&r, e.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}, `{"version":2,"trips":[{"points":[{"lat":52.5,"lon":13.4,"note":"caf\u00e9"}]}]}`)
	// Output:
	// 1  x-acme/location  bytes 33+42, /trips/0/points/0
	//    charset        utf-8
	//    charset_basis  assumed
	//    extra          {"note":"café"}
	//    latitude       52.5
	//    longitude      13.4
	// acme/reader 0.1.0 parse: complete; exit code 0
}

// Elements of an XML document, whose root says how many there should be.
func Example_xml() {
	show(func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		d, err := xmlread.Open(c, in)
		if err != nil {
			return err
		}
		if n, ok := d.Root().Int("count"); ok {
			out.Declare(n)
		}
		for e := range d.Elements("sms") {
			m := sdk.SMS{Common: e.Common(), From: e.Attr("address"), Text: e.Attr("body")}
			m.Extra = e.Extra("address", "body")
			if err := out.Put(&m, e.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}, `<?xml version='1.0' encoding='UTF-8'?><smses count="2"><sms address="+49" body="&#55357;&#56842;" read="1"/></smses>`)
	// Output:
	// 1  sms  bytes 55+53, /smses/sms[1]
	//    charset        utf-8
	//    charset_basis  declared
	//    extra          {"read":"1"}
	//    from           +49
	//    text           😊
	// acme/reader 0.1.0 parse: complete; exit code 0
}

// A database with its write-ahead log. Here the file is none, and the plugin says so.
func Example_sqlite() {
	show(func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		db, err := sqlite.Open(c, in)
		if err != nil {
			return err
		}
		defer db.Close()
		columns := "ROWID, text"
		if db.HasColumn("message", "date_edited") { // since iOS 16
			columns += ", date_edited"
		}
		for row := range db.Query("message", "SELECT "+columns+" FROM message") {
			m := sdk.Message{Text: row.Text("text"), Common: sdk.Common{Extra: row.Extra("text")}}
			if err := out.Put(&m, row.Source()); err != nil {
				return err
			}
		}
		return db.Err()
	}, "no database")
	// Output:
	// acme/reader 0.1.0 parse: failed (input is malformed: no SQLite database, or one that is encrypted: not a SQLite database: 11 bytes); exit code 1
}
