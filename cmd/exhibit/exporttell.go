package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/export"
)

// about is the first sheet of XLSX. It has no name of a file and nothing of the
// log, which grows with every export: the same records make the same file.
func (x *exporting) about() [][2]string {
	a := x.account
	rows := [][2]string{
		{"Exported by exhibit", a.Tool.Version + ", program " + a.Tool.SHA256},
		{"Case", strings.TrimSpace(a.Case.Title + "\n" + a.Case.Origin)},
		{"Selection", orAll(a.Asked.Selection, "none saved")},
		{"Query", orAll(a.Asked.Query, "none: every record")},
		{"Query with filters", orAll(a.Asked.Normal, "none: every record")},
		{"Order", a.Asked.Order},
		{"Time zone of dates", a.Asked.Zone + "; the column time has the exact time in UTC"},
		{"Records", number(a.Records)},
	}
	for _, s := range a.Sheets {
		rows = append(rows, [2]string{"Sheet " + s.Name, count(s.Rows, "row")})
	}
	for _, n := range a.Notes {
		rows = append(rows, [2]string{"Note", n})
	}
	rows = append(rows, [2]string{"Columns", "docs/formats/export.md of exhibit. Beside this file stands its account, of the same name and " + export.ProvenanceSuffix + "."})
	const most = 10_000
	for i, s := range a.Sets {
		if i == most {
			return append(rows, [2]string{"Record sets", fmt.Sprintf("%s more: see the account beside the file", number(int64(len(a.Sets)-most)))})
		}
		rows = append(rows, [2]string{"Record set", fmt.Sprintf("%s: %s of %s records exported, read by %s in run %s", s.Artifact, number(s.Exported), number(s.Records), s.Plugin, s.Runs[0])})
	}
	return rows
}

func orAll(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// tell says what was done.
func (x *exporting) tell() error {
	a, r := x.account, x.p
	text, err := a.Encode()
	if err != nil {
		return err
	}
	if a.Records == 0 {
		r.note("0 records matched")
		if x.options.Format == "graphml" {
			r.note("a graph is made of records of kind edge; exhibit analyze makes them")
		}
	}
	for _, n := range a.Remarks() {
		r.note("%s", n)
	}
	if x.options.Format == "timesketch" && x.out != "-" && filepath.Ext(x.out) != ".jsonl" {
		r.note("Timesketch takes the file by its name: it must end in .jsonl")
	}
	switch {
	case x.out == "-" && r.asJSON:
		r.note("%s", bytes.TrimSpace(text))
		return nil
	case x.out == "-":
		r.note("%s, %s, sha256 %s", count(a.Records, "record"), size(a.File.Size), a.File.SHA256.Hex())
		return nil
	case r.asJSON:
		return r.printf("%s", text)
	}
	return r.printf("%s: %s, %s\nsha256 %s\n", visible(x.out), count(a.Records, "record"), size(a.File.Size), a.File.SHA256.Hex())
}
