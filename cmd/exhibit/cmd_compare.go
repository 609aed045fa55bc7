package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	comparison "github.com/exhibit-forensics/exhibit/core/compare"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) compareCommand() *cli.Command {
	return command(&cli.Command{
		Name: "compare", Usage: "hold records against another tool's output for the same evidence", ArgsUsage: "FILE",
		Description: "   FILE is a table with headings (CSV, TSV) or JSON Lines. Which columns are compared with what,\n" +
			"   a mapping says: one of those that exhibit compare --list names, found by the headings, or your\n" +
			"   own (docs/formats/compare.md). Exit 3 where both sides are not the same.\n\n" +
			"   exhibit compare --list\n" +
			"   exhibit compare 'SMS messages.tsv' --exhibit EX-001\n" +
			"   exhibit compare plaso.jsonl --out compared.html --note\n" +
			"   exhibit compare export.csv --mapping mine.json --zone +08:00 --tolerance 2s",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "list", Usage: "say which mappings there are"},
			&cli.StringFlag{Name: "mapping", Usage: "the mapping: a `NAME` of those in the list, or a file that holds one"},
			&cli.StringFlag{Name: "exhibit", Usage: "only records of the item with this `NO`"},
			&cli.StringFlag{Name: "path", Usage: "only records of files whose path contains `TEXT`"},
			&cli.StringFlag{Name: "zone", Usage: "the `ZONE` of their times that state none: UTC or +08:00; else the mapping's"},
			&cli.DurationFlag{Name: "tolerance", Usage: "times this far apart (`TIME`) count as the same"},
			&cli.StringFlag{Name: "out", Usage: "write `FILE.html`, FILE.csv or FILE.jsonl, which must not be there yet"},
			&cli.BoolFlag{Name: "note", Usage: "enter what came of it in the log, as a note"},
		},
	}, 0, 1, p.compare)
}

// comparing is one comparison.
type comparing struct {
	p       *program
	c       *cli.Context
	file    string
	mapping *comparison.Mapping
	with    comparison.Comparison
	about   comparison.About
}

func (p *program) compare(c *cli.Context) error {
	if c.Bool("list") {
		return p.listMappings()
	}
	x := &comparing{p: p, c: c, file: c.Args().First(), with: comparison.Comparison{Tolerance: c.Duration("tolerance")}}
	switch {
	case x.file == "":
		return usagef("exhibit compare: a file is missing: exhibit compare FILE, or --list")
	case x.with.Tolerance < 0:
		return usagef("exhibit compare: --tolerance %s is less than nothing", x.with.Tolerance)
	}
	if out := c.String("out"); out != "" {
		if !slices.Contains([]string{".html", ".csv", ".jsonl"}, filepath.Ext(out)) {
			return usagef("exhibit compare: --out %s: the name ends with .html, .csv or .jsonl", visible(out))
		}
		if err := mustBeNew(out); err != nil {
			return err
		}
	}
	var err error
	if x.mapping, err = findMapping(c.String("mapping")); err != nil {
		return err
	}
	if c.Bool("note") {
		return p.writing(c, x.run)
	}
	return p.reading(c, x.run)
}

// findMapping returns the one of that name, or in that file; nil where none is named.
func findMapping(name string) (*comparison.Mapping, error) {
	if name == "" {
		return nil, nil
	}
	list, err := comparison.Mappings()
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.Name == name {
			return m, nil
		}
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &problem{what: fmt.Sprintf("there is no mapping %q, and no file of that name", name), try: "exhibit compare --list", cause: errUsage}
	} else if err != nil {
		return nil, err
	}
	m, err := comparison.ParseMapping(b)
	if err != nil {
		return nil, &problem{what: visible(name) + ": " + sentence(err), try: "docs/formats/compare.md", cause: errUsage}
	}
	return m, nil
}

func (p *program) listMappings() error {
	list, err := comparison.Mappings()
	if err != nil {
		return err
	}
	for _, m := range list {
		if p.asJSON {
			if err := writeJSON(p.out, m); err != nil {
				return err
			}
			continue
		}
		var fields []string
		for _, f := range m.Fields {
			fields = append(fields, f.Name)
		}
		if err := p.printf("%-20s %s: %s\n%20s %s\n", m.Name, m.Title, strings.Join(fields, ", "), "", m.Evidence); err != nil {
			return err
		}
	}
	return nil
}

func (x *comparing) run(ctx context.Context, k *store.Case) error {
	if out := x.c.String("out"); out != "" {
		if err := outside("exhibit compare", out, k); err != nil {
			return err
		}
	}
	if err := x.read(); err != nil {
		return withState(err, "Nothing was compared.")
	}
	if err := x.add(ctx, k); err != nil {
		return withState(err, "Nothing was compared.")
	}
	r := x.with.Result()
	if len(r.Parts) == 0 {
		return &problem{what: "no row of " + visible(x.file) + " is one that a mapping is for: " + left(r), state: "Nothing was compared.", try: "exhibit compare --list", code: exitInputs}
	}
	if err := x.describe(ctx, k); err != nil {
		return err
	}
	place := func(id string) (comparison.Place, error) { return x.place(ctx, k, id) }
	if out := x.c.String("out"); out != "" {
		err := writeNew(out, func(w io.Writer) error {
			switch filepath.Ext(out) {
			case ".html":
				return r.HTML(w, x.about, place)
			case ".csv":
				return r.CSV(w, place)
			}
			return r.JSON(w, x.about, place)
		})
		if err != nil {
			return err
		}
	}
	if err := x.tell(r, place); err != nil {
		return err
	}
	if x.c.Bool("note") {
		seq, err := marks.AddNote(ctx, k, x.note(r), evidence.Subject{}, 0)
		if err != nil {
			return err
		}
		x.p.note("entered in the log as note #%d", seq)
	}
	if !r.Same() {
		return ended(exitInputs)
	}
	return nil
}

// read reads their file, and hashes it on the way.
func (x *comparing) read() error {
	f, err := os.Open(x.file)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	in := io.TeeReader(f, sum)
	if err := x.with.Read(in, x.mapping, x.c.String("zone")); err != nil {
		return &problem{what: visible(x.file) + ": " + sentence(err), try: "exhibit compare --list, or a mapping of your own: --mapping FILE", cause: err}
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	x.about = comparison.About{
		Tool: "exhibit " + version, File: filepath.Base(x.file), SHA256: fmt.Sprintf("sha256:%x", sum.Sum(nil)), Size: at,
		Exhibit: x.c.String("exhibit"), Tolerance: x.with.Tolerance.String(), Zone: x.c.String("zone"),
	}
	return nil
}

// add takes in the records of the case.
func (x *comparing) add(ctx context.Context, k *store.Case) error {
	if no := x.c.String("exhibit"); no != "" {
		if err := hasItem(ctx, k, no); err != nil {
			return err
		}
	}
	part := x.c.String("path")
	return view.Records(ctx, k, view.Filter{Exhibit: x.c.String("exhibit")}, func(b []byte) error {
		if part != "" {
			var l line
			if err := json.Unmarshal(b, &l); err != nil {
				return fmt.Errorf("a line of the case: %w: %w", evidence.ErrFormat, err)
			}
			if !strings.Contains(l.Source.Path, part) {
				return nil
			}
		}
		return x.with.Add(b)
	})
}

// describe says which log the records are of.
func (x *comparing) describe(ctx context.Context, k *store.Case) error {
	size, root, err := k.Head(ctx)
	if err != nil {
		return err
	}
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	x.about.LogSize, x.about.LogRoot = size, fmt.Sprintf("%x", root)
	x.about.Case = strings.TrimSpace(textOf(state.Case["asserted.case.number"]) + " " + textOf(state.Case["asserted.case.title"]))
	if x.about.Case == "" {
		x.about.Case = k.Origin()
	}
	return nil
}

// place looks up where a record was read.
func (x *comparing) place(ctx context.Context, k *store.Case, id string) (comparison.Place, error) {
	s, err := view.Record(ctx, k, id, view.ShowOptions{})
	if err != nil {
		return comparison.Place{}, err
	}
	var l struct {
		Exhibit string `json:"exhibit"`
		Source  struct {
			Path   string `json:"path"`
			Table  string `json:"table"`
			RowID  *int64 `json:"rowid"`
			Offset *int64 `json:"offset"`
			Length int64  `json:"length"`
		} `json:"source"`
	}
	if err := json.Unmarshal(s.Record, &l); err != nil {
		return comparison.Place{}, fmt.Errorf("a line of the case: %w: %w", evidence.ErrFormat, err)
	}
	return comparison.Place{
		ID: id, Exhibit: l.Exhibit, Path: l.Source.Path, Table: l.Source.Table, RowID: l.Source.RowID, Offset: l.Source.Offset, Length: l.Source.Length,
		Bytes: s.Bytes[:min(len(s.Bytes), comparison.MaxBytes)],
	}, nil
}

// tell prints what came of it.
func (x *comparing) tell(r *comparison.Result, place func(string) (comparison.Place, error)) error {
	if x.p.asJSON {
		return r.JSON(x.p.out, x.about, place)
	}
	const shown = 10
	for _, part := range r.Parts {
		if err := x.p.printf("%s\n  %d here, %d there: %d the same, %d differ, %d only here, %d only there\n",
			part.Mapping.Title, part.Ours, part.Theirs, part.Matched, part.Differing, part.OnlyOurs, part.OnlyTheirs); err != nil {
			return err
		}
		for _, name := range most(part.Fields) {
			if err := x.p.printf("  %s differs in %s\n", visible(name), count(part.Fields[name], "pair")); err != nil {
				return err
			}
		}
		for i, off := range most(part.Offsets) {
			if i == 5 {
				break
			}
			if err := x.p.printf("  their time is %s in %s\n", comparison.Apart(off), count(part.Offsets[off], "pair")); err != nil {
				return err
			}
		}
		for i := range part.Pairs {
			if i == shown {
				x.p.note("%d more: --out FILE.html, .csv or .jsonl has all", len(part.Pairs)-shown)
				break
			}
			text, err := x.pairText(part, &part.Pairs[i], place)
			if err != nil {
				return err
			}
			if err := x.p.printf("%s", text); err != nil {
				return err
			}
		}
	}
	if t := left(r); t != "" {
		x.p.note("not compared: %s", t)
	}
	return nil
}

// pairText is a pair that does not match, for a person.
func (x *comparing) pairText(part *comparison.Part, pair *comparison.Pair, place func(string) (comparison.Place, error)) (string, error) {
	var b strings.Builder
	b.WriteString("  " + map[string]string{comparison.Differs: "DIFFERS", comparison.OnlyOurs: "ONLY HERE", comparison.OnlyTheirs: "ONLY THERE"}[pair.Verdict])
	if pair.Ours != nil {
		at, err := place(pair.Ours.ID)
		if err != nil {
			return "", err
		}
		b.WriteString("  " + at.ID + "  " + visible(at.Text()))
	}
	if pair.Theirs != nil {
		fmt.Fprintf(&b, "  their line %d", pair.Theirs.Line)
	}
	b.WriteByte('\n')
	for _, d := range pair.Differences {
		fmt.Fprintf(&b, "    %s: %s, theirs %s", d.Field, quoted(d.Ours), quoted(d.Theirs))
		if apart := d.Apart(); apart != "" {
			b.WriteString(", " + apart)
		}
		b.WriteByte('\n')
	}
	if row := pair.Ours; pair.Verdict != comparison.Differs {
		if row == nil {
			row = pair.Theirs
		}
		for _, f := range part.Mapping.Fields {
			if v := part.Value(row, f.Name); v != "" {
				fmt.Fprintf(&b, "    %s: %s\n", f.Name, quoted(v))
			}
		}
	}
	return b.String(), nil
}

func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	return `"` + visible(shortened(s, 120)) + `"`
}

// most are the names with the largest counts first.
func most(m map[string]int64) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if m[a] != m[b] {
			return int(m[b] - m[a])
		}
		return strings.Compare(a, b)
	})
	return names
}

// left says what was not compared.
func left(r *comparison.Result) string {
	var list []string
	for _, name := range most(r.Left) {
		list = append(list, fmt.Sprintf("%d × %s", r.Left[name], visible(name)))
	}
	return short(strings.Join(list, "; "), 400)
}

// note is the entry that --note makes: what was compared, and what came of it.
func (x *comparing) note(r *comparison.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Compared with %s, %d bytes, %s", x.about.File, x.about.Size, x.about.SHA256)
	if x.about.Exhibit != "" {
		b.WriteString(", records of " + x.about.Exhibit)
	}
	if x.with.Tolerance > 0 {
		b.WriteString(", times up to " + x.with.Tolerance.Round(time.Microsecond).String() + " apart taken as the same")
	}
	for _, part := range r.Parts {
		fmt.Fprintf(&b, "\n%s: %d here, %d there: %d the same, %d differ, %d only here, %d only there", part.Mapping.Name, part.Ours, part.Theirs, part.Matched, part.Differing, part.OnlyOurs, part.OnlyTheirs)
	}
	if t := left(r); t != "" {
		b.WriteString("\nnot compared: " + t)
	}
	return b.String()
}
