// Package sdk is what a plugin author imports: it turns a function over an
// input into a process that exhibit can run.
//
//	func main() {
//		sdk.Main(sdk.Plugin{Name: "acme/pipe-sms", Version: "0.1.0", Parse: parse})
//	}
//
//	func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
//		for ln := range in.Lines() {
//			f := bytes.SplitN(ln.Bytes, []byte("|"), 3)
//			if len(f) != 3 {
//				c.Reject(ln.Source(), "line.fields", "the line does not have three fields")
//				continue
//			}
//			m := sdk.SMS{From: sdk.Bytes(f[0]), To: []sdk.Text{sdk.Bytes(f[1])}, Text: sdk.Bytes(f[2])}
//			if err := out.Put(&m, ln.Source()); err != nil {
//				return err
//			}
//		}
//		return in.Err()
//	}
//
// The package owns the handshake, the descriptors, the canonical form of
// records, the account of units, limits, progress and panics
// (docs/formats/wire.md, docs/formats/records.md). A plugin is trusted with
// nothing: the host checks whatever is written here.
//
// A run is a pure function of the input, the configuration and the keys. No
// clock, no randomness, no map order may reach the output.
//
// # Readers
//
// What most formats are made of has a reader, each with exact spans, bounded memory,
// and one bad record costing one record. They are packages of their own, so that a
// plugin is no larger than it needs to be.
//
// Lines of bytes, of any length and ending: [Input.Lines], as above. Lines of text in
// any charset, UTF-16 included:
//
//	cs, err := sdk.ChooseCharset(c, in, sdk.Charset{})
//	for ln := range delimited.Lines(in, cs.Charset, '\n') { … ln.Text … ln.Source() }
//
// Delimited text (CSV, TSV, …), package delimited:
//
//	t, err := delimited.Open(c, in, out, delimited.Options{})
//	for row := range t.Rows() {
//		m := sdk.SMS{Common: row.Common(), From: row.Text("sender"), Text: row.Text("body")}
//		m.Extra = row.Extra("sender", "body")
//		err := out.Put(&m, row.Source())
//	}
//	return t.Err()
//
// JSON, package jsonread: the elements under a pointer, or one value a line:
//
//	for e := range jsonread.Elements(c, in, "/conversations/*/messages/*") { // or jsonread.Lines(c, in)
//		m := sdk.Message{Common: e.Common(), From: e.Text("from", "name"), Text: e.Text("content")}
//		m.Extra = e.Extra("from", "content")
//		err := out.Put(&m, e.Source())
//	}
//	return in.Err()
//
// XML, package xmlread: elements by name, each with what is in it:
//
//	d, err := xmlread.Open(c, in)
//	if n, ok := d.Root().Int("count"); ok {
//		out.Declare(n)
//	}
//	for e := range d.Elements("sms") {
//		m := sdk.SMS{Common: e.Common(), From: e.Attr("address"), Text: e.Attr("body")}
//		m.Extra = e.Extra("address", "body")
//		err := out.Put(&m, e.Source())
//	}
//	return in.Err()
//
// SQLite with its write-ahead log, package sqlite:
//
//	db, err := sqlite.Open(c, in)
//	defer db.Close()
//	for row := range db.Query("message", `SELECT ROWID, text, handle_id FROM message`) {
//		m := sdk.Message{Text: row.Text("text"), Extra: row.Extra("text")}
//		err := out.Put(&m, row.Source())
//	}
//	return db.Err()
//
// Where a format has a field in some versions only, Text of a missing column or
// member is absent, which Put leaves out; HasTable and HasColumn tell schemas apart.
//
// # Kinds of records
//
// [Message], [SMS], [Call], [Account], [Contact], [Keyword], [Transfer] and [Row] are types.
// [Other] is a record of any other kind, named x-name/kind:
//
//	out.Put(&sdk.Other{Name: "x-acme/location", Fields: map[string]any{"latitude": row.Text("lat")}}, row.Source())
//
// An analysis makes [Finding] and [Edge], what finds personal data [Redaction].
//
// Whatever has no place in a type goes into Common.Extra under the source's own name.
//
// What an [Op] is handed (Ctx, Input, Out) belongs to that one call, and is to be
// used from one goroutine at a time, but for [Input.ReadAt], which many may call.
package sdk
