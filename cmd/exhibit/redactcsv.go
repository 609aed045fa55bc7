package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxReview bounds a file of decisions.
const maxReview = 256 << 20

// reviewColumns are those of the file that a reviewer fills in: the first five are theirs.
// docs/formats/policy.md, Review.
var reviewColumns = []string{
	"verdict", "everywhere", "to_category", "to_operator", "to_text",
	"category", "text", "before", "after", "proposed", "class", "rule", "known_in", "exhibit", "kind", "record", "field", "start", "end",
}

// reviewOut writes what awaits a reviewer into a new file.
func (p *program) reviewOut(ctx context.Context, r *redact.Redactor, name string, all bool) error {
	n := int64(0)
	err := writeNew(name, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(reviewColumns); err != nil {
			return err
		}
		err := r.Spans(ctx, all, func(f redact.Found) error {
			n++
			return out.Write([]string{
				"", "", "", "", "",
				f.Category, noFormula(f.Text), noFormula(f.Before), noFormula(f.After), f.Proposed, f.Class, f.Rule, strconv.FormatInt(f.KnownIn, 10),
				f.Exhibit, f.Kind, f.Record, noFormula(f.Field), strconv.Itoa(f.Start), strconv.Itoa(f.End),
			})
		})
		out.Flush()
		if err != nil {
			return err
		}
		return out.Error()
	})
	if err != nil {
		return withState(err, "Nothing was written.")
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"file": name, "places": n})
	}
	return p.printf("%s written to %s\nIt shows what is to be hidden: keep it as you keep the case.\n", count(n, "place"), visible(name))
}

// noFormula keeps a spreadsheet from taking text for a formula.
func noFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return "'" + s
	}
	return s
}

// reviewRow is a row that a reviewer filled in.
type reviewRow struct {
	line  int
	cells map[string]string
}

type spot struct {
	record, field string
	start, end    int
}

// readReview reads decisions and looks up what they are about: a row that is about nothing
// in the case as it is now, or says nothing, makes the whole file fail, with its line.
func readReview(ctx context.Context, r *redact.Redactor, text []byte) ([]redact.Decision, error) {
	rows, err := reviewRows(text)
	if err != nil {
		return nil, err
	}
	found := map[spot]*redact.Found{}
	for _, row := range rows {
		at, err := row.spot()
		if err != nil {
			return nil, err
		}
		found[at] = nil
	}
	if err := r.Spans(ctx, true, func(f redact.Found) error {
		at := spot{f.Record, f.Field, f.Start, f.End}
		if _, wanted := found[at]; wanted {
			found[at] = &f
		}
		return nil
	}); err != nil {
		return nil, err
	}
	out := make([]redact.Decision, 0, len(rows))
	for _, row := range rows {
		at, err := row.spot()
		if err != nil {
			return nil, err
		}
		d, err := row.decision(at, found[at])
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// reviewRows are the rows with a verdict.
func reviewRows(text []byte) ([]reviewRow, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: the file has no header: %w", evidence.ErrFormat, err)
	}
	for _, name := range []string{"verdict", "category", "record", "field", "start", "end"} {
		if !slices.Contains(head, name) {
			return nil, fmt.Errorf("%w: the file has no column %s", evidence.ErrFormat, name)
		}
	}
	var rows []reviewRow
	for {
		cells, err := in.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", evidence.ErrFormat, err)
		}
		line, _ := in.FieldPos(0)
		row := reviewRow{line: line, cells: map[string]string{}}
		for i, name := range head {
			row.cells[name] = cells[i]
		}
		if strings.TrimSpace(row.cells["verdict"]) != "" {
			rows = append(rows, row)
		}
	}
}

func (r *reviewRow) fail(format string, args ...any) error {
	return fmt.Errorf("line %d: %w: %s", r.line, evidence.ErrFormat, fmt.Sprintf(format, args...))
}

func (r *reviewRow) spot() (at spot, err error) {
	at = spot{record: r.cells["record"], field: strings.TrimPrefix(r.cells["field"], "'")}
	if at.start, err = strconv.Atoi(r.cells["start"]); err == nil {
		at.end, err = strconv.Atoi(r.cells["end"])
	}
	if err != nil {
		return at, r.fail("start and end are numbers")
	}
	return at, nil
}

var yesNo = map[string]bool{"": false, "no": false, "n": false, "yes": true, "y": true, "x": true}

func (r *reviewRow) decision(at spot, f *redact.Found) (redact.Decision, error) {
	verdict := strings.ToLower(strings.TrimSpace(r.cells["verdict"]))
	everywhere, known := yesNo[strings.ToLower(strings.TrimSpace(r.cells["everywhere"]))]
	if !known {
		return redact.Decision{}, r.fail("everywhere: yes or no")
	}
	d := redact.Decision{Verdict: verdict, Category: r.cells["category"], Record: at.record, Field: at.field, Start: at.start, End: at.end}
	switch {
	case verdict == redact.Insert:
		if everywhere {
			return d, r.fail("what is added stands in one place; a term that is to be found everywhere goes into the policy, under custom")
		}
	case f == nil:
		return d, r.fail("nothing was found there: write the file again with --out")
	case r.cells["category"] != f.Category:
		return d, r.fail("category is what was found; what it is instead goes under to_category")
	case everywhere && f.Canonical == "":
		return d, r.fail("a part of a value can only be decided in its place")
	case everywhere:
		d = redact.Decision{Verdict: verdict, Category: f.Category, Value: f.Canonical}
	}
	if verdict == redact.Amend {
		d.To = &redact.Change{Category: r.cells["to_category"], Op: r.cells["to_operator"]}
		if text := r.cells["to_text"]; text != "" {
			x, err := extent(f, text)
			if err != nil {
				return d, r.fail("to_text: %s", complaint(err))
			}
			d.To.Start, d.To.End = x.Start, x.End
		}
	}
	if err := d.Check(); err != nil {
		return d, r.fail("%s", complaint(err))
	}
	return d, nil
}
