package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Provenance is the account that stands beside an exported file
// (docs/formats/export.md). Its JSON is canonical.
type Provenance struct {
	// Version of this account's format: 1.
	Version int    `json:"v"`
	Format  string `json:"format"`
	File    File   `json:"file"`
	Case    Case   `json:"case"`
	Log     Log    `json:"log"`
	Tool    Tool   `json:"tool"`
	Asked   Asked  `json:"asked"`
	// Records counts all that were exported, Rows what became of them in the file.
	Records int64            `json:"records"`
	Rows    int64            `json:"rows"`
	Kinds   map[string]int64 `json:"kinds"`
	// Sets are the record sets that records came from, in the order of the log.
	Sets    []Set   `json:"record_sets"`
	Sheets  []Sheet `json:"sheets,omitempty"`
	Changes Changes `json:"changed"`
	LeftOut LeftOut `json:"left_out"`
	// Notes say in words what the numbers mean, and how to undo what was changed.
	Notes []string `json:"notes"`
}

// File is the exported file.
type File struct {
	Name   evidence.Name   `json:"name"`
	Size   int64           `json:"size"`
	SHA256 evidence.Digest `json:"sha256"`
}

// Case the records are of.
type Case struct {
	Origin string `json:"origin"`
	Title  string `json:"title,omitempty"`
}

// Log is the custody log as it stood when the records were read.
type Log struct {
	Size int64  `json:"size"`
	Root string `json:"root"`
	// Entry is the number of the entry that announced the export, nil where the
	// export is not in the log.
	Entry *int64 `json:"entry"`
	// Logged is false where it was asked not to be.
	Logged bool `json:"logged"`
}

// Tool that wrote the file.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Asked is what was asked for.
type Asked struct {
	// Select is as it was given, Selection the name of the saved selection where it
	// is one; Query the text, Normal its normal form with Kind and Exhibit in it.
	Select    string `json:"select"`
	Selection string `json:"selection,omitempty"`
	Query     string `json:"query"`
	Normal    string `json:"normal"`
	Kind      string `json:"kind"`
	Exhibit   string `json:"exhibit"`
	Order     string `json:"order"`
	Zone      string `json:"zone"`
	// Raw and Credentials are the options of that name.
	Raw         bool `json:"raw"`
	Credentials bool `json:"credentials"`
	// Untimed are records that the query leaves open because they state no time,
	// and that are not hits for that reason.
	Untimed int64 `json:"untimed"`
}

// Set is a record set that records came from.
type Set struct {
	Artifact evidence.Digest `json:"artifact"`
	// Run made it; several runs may have made the same one.
	Runs   []evidence.Digest `json:"runs"`
	Plugin string            `json:"plugin"`
	// Exported of the Records it has.
	Exported int64 `json:"exported"`
	Records  int64 `json:"records"`
}

// Sets returns the record sets whose records were exported. ids are counts by the
// first part of the records' ids; current are runs in the order of the log.
func Sets(ids map[string]int64, current []evidence.Run) ([]Set, error) {
	at := map[string]int{}
	var out []Set
	for _, run := range current {
		if run.Records == nil {
			continue
		}
		key := run.Records.Artifact.Hex()[:16]
		n, ok := ids[key]
		if !ok {
			continue
		}
		if i, known := at[key]; known {
			if out[i].Artifact != run.Records.Artifact {
				return nil, fmt.Errorf("%w: the ids of two record sets begin alike: %s", evidence.ErrAmbiguous, key)
			}
			out[i].Runs = append(out[i].Runs, run.ID)
			continue
		}
		at[key] = len(out)
		out = append(out, Set{
			Artifact: run.Records.Artifact, Runs: []evidence.Digest{run.ID}, Plugin: run.Plugin.Name + " " + run.Plugin.Version,
			Exported: n, Records: run.Records.Count,
		})
	}
	if len(out) != len(ids) {
		return nil, fmt.Errorf("%w: %d record sets, and runs for %d of them", evidence.ErrIntegrity, len(ids), len(out))
	}
	return out, nil
}

// Fill takes over what a writer counted, and explains it.
func (p *Provenance) Fill(r Result) {
	p.Version = 1
	p.Records, p.Rows, p.Kinds, p.Sheets, p.Changes, p.LeftOut = r.Records, r.Rows, r.Kinds, r.Sheets, r.Changes, r.LeftOut
	p.Notes = notes(p.Format, p.Asked, r)
}

// notes explain a file to whoever has nothing else.
func notes(format string, asked Asked, r Result) []string {
	out := []string{"A row's id names its record: exhibit show ID prints the record, the bytes it was read from and the way to the original."}
	say := func(when bool, text string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(text, args...))
		}
	}
	say(format == "csv" && !asked.Raw,
		"Cells that begin with = + - @ tab, carriage return, newline, the full-width forms of the first four, or with an apostrophe have an apostrophe in front, so that no spreadsheet takes them for a formula. Taking one apostrophe from the front of every cell that begins with one gives the exact text. This concerns %d cells.", r.Changes.Prefixed)
	say(format == "csv" && asked.Raw, "Cells are exactly the records' text. A spreadsheet may take some for formulas.")
	say(format == "csv", "A spreadsheet that opens the file by itself drops leading zeros and turns long numbers into powers of ten: import it with every column as text, or use XLSX.")
	say(format == "timesketch", "An event for each time that a record states. The %d records that state none are no events.", r.LeftOut.Untimed)
	say(format == "timesketch", "Times of events are to the microsecond; the field time has the exact text.")
	say(format == "parquet", "The column time is to the microsecond; time_text has the exact text, json the exact record.")
	say(format == "graphml", "An edge for each record of kind edge; its id is the edge's, and cites are the first of the records that it rests on. A node for each identifier; that one person stands behind one does not follow. Weight is the number of records.")
	say(format == "jsonl" || format == "parquet", "Records are exact: values of credentials, where there are any, stand in them.")
	say(format == "xlsx", "Dates are to the microsecond, in the zone that their header names; the column time has the exact text. What was exported at what time is in the account and in the case's log: the file itself holds no clock's time.")
	out = append(out, r.Changes.list()...)
	say(asked.Untimed > 0, "%d records state no time, so that the query leaves open whether they belong here; they are left out.", asked.Untimed)
	return out
}

// list says in words what was changed, but for prefixes.
func (c Changes) list() []string {
	var out []string
	say := func(n int64, text string, more ...any) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%d "+text, append([]any{n}, more...)...))
		}
	}
	say(c.Masked, "values of credentials are shown as %s; the records have them.", mask)
	say(c.Cut, "cells hold only the beginning of a text longer than the 32,767 characters that a cell can hold; each ends with %q.", cutMark)
	say(c.Replaced, "characters in %d cells cannot stand in XML: control characters are shown as their pictures (U+2400 to U+241F), others as U+FFFD.", c.ReplacedCells)
	say(c.Undated, "times are outside what a spreadsheet's dates can hold (March 1900 to 9999) and stand as text alone.")
	return out
}

// Remarks are what whoever exports should know at once: what was changed and what
// was left out.
func (p *Provenance) Remarks() []string {
	out := p.Changes.list()
	if n := p.Changes.Prefixed; n > 0 {
		var in []string
		for _, name := range slices.Sorted(maps.Keys(p.Changes.PrefixedIn)) {
			in = append(in, fmt.Sprintf("%s %d", name, p.Changes.PrefixedIn[name]))
		}
		out = append(out, fmt.Sprintf("%d cells were given an apostrophe in front, against formulas (%s); --raw leaves them as they are.", n, strings.Join(in, ", ")))
	}
	if n := p.LeftOut.Untimed; n > 0 {
		out = append(out, fmt.Sprintf("%d of %d records state no time and are no events.", n, p.Records))
	}
	if n := p.Asked.Untimed; n > 0 {
		out = append(out, fmt.Sprintf("%d records state no time, so that the query leaves open whether they belong here; they are left out.", n))
	}
	return out
}

// Encode returns the account as a file's content.
func (p *Provenance) Encode() ([]byte, error) {
	if p.Sets == nil {
		p.Sets = []Set{}
	}
	b, err := evidence.Canonical(p)
	if err != nil {
		return nil, fmt.Errorf("export: provenance: %w", err)
	}
	return append(b, '\n'), nil
}
