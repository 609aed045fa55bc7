package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) exportCommand() *cli.Command {
	names, _ := export.Formats()
	return command(&cli.Command{
		Name: "export", Usage: "write records into a file for other programs",
		Description: "   Beside FILE stand FILE.provenance.json, which says where every row comes from\n" +
			"   and what was changed on the way, and FILE.sha256. The log has an entry before\n" +
			"   and one after.\n\n" +
			"   exhibit export --format csv --kind message --tz +08:00 --out messages.csv\n" +
			"   exhibit export --format xlsx --select '六四 after:2008-08-01' --out hits.xlsx\n" +
			"   exhibit export --format jsonl --select threats --out - | jq .text",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(names, ", ")},
			&cli.StringFlag{Name: "out", Usage: "write `FILE`, which must not be there yet; - is standard output (csv, jsonl, timesketch, graphml)"},
			&cli.StringFlag{Name: "select", Usage: "only these: a `NAME` saved with exhibit select, or a query"},
			&cli.StringFlag{Name: "kind", Usage: "only records of this `KIND`, and of its columns alone"},
			&cli.StringFlag{Name: "exhibit", Usage: "only of the item with this `NO`"},
			&cli.StringFlag{Name: "order", Value: "log", Usage: "`ORDER` of the rows: log or time"},
			&cli.BoolFlag{Name: "raw", Usage: "csv: leave cells as they are that a spreadsheet may take for formulas"},
			&cli.BoolFlag{Name: "credentials", Usage: "show passwords and the like, which tables mask otherwise"},
			&cli.StringFlag{Name: "recipient", Usage: "for whom it is handed out: `NAME`, stated in the log"},
			&cli.StringFlag{Name: "purpose", Usage: "what for: `TEXT`, stated in the log"},
			&cli.BoolFlag{Name: "no-log", Usage: "make no entry in the log, for a case that cannot be written to"},
		},
	}, 0, 0, p.export)
}

func (p *program) export(c *cli.Context) error {
	x, err := p.newExporting(c)
	if err != nil {
		return err
	}
	if c.Bool("no-log") {
		return p.reading(c, x.run)
	}
	err = p.writing(c, func(ctx context.Context, k *store.Case) error {
		x.logged = true
		return x.run(ctx, k)
	})
	if !x.logged && unwritable(err) {
		return &problem{
			what: "the case cannot be written to, so that its log cannot say that something was exported: " + sentence(err), state: "Nothing was written.",
			try: "--no-log, which the account beside the file will say", cause: err,
		}
	}
	return err
}

func unwritable(err error) bool {
	return errors.Is(err, unix.EROFS) || errors.Is(err, fs.ErrPermission)
}

// exporting is one export.
type exporting struct {
	p       *program
	out     string
	options export.Options
	asked   export.Asked
	said    map[string]any
	// logged: the case's log has or will have the entries.
	logged bool
	// query is nil where all records are meant, in the order of the log.
	query *search.Query
	marks *marks.Marks

	file *export.Output
	// intent is the entry before.
	intent  int64
	account export.Provenance
}

// newExporting reads the command line.
func (p *program) newExporting(c *cli.Context) (*exporting, error) {
	format, out := c.String("format"), c.String("out")
	formats, streaming := export.Formats()
	switch {
	case format == "":
		return nil, usagef("exhibit export: --format is missing: %s", strings.Join(formats, ", "))
	case !slices.Contains(formats, format):
		return nil, usagef("exhibit export: there is no format %q; there are %s", format, strings.Join(formats, ", "))
	case out == "":
		return nil, usagef("exhibit export: --out FILE is missing")
	case out == "-" && !slices.Contains(streaming, format):
		return nil, usagef("exhibit export: %s cannot go to standard output; %s can", format, strings.Join(streaming, ", "))
	case c.Bool("raw") && format != "csv":
		return nil, usagef("exhibit export: --raw is for csv: no other format changes cells")
	case c.String("order") != "log" && c.String("order") != "time":
		return nil, usagef("exhibit export: --order %s: log or time", visible(c.String("order")))
	}
	kind := c.String("kind")
	if format == "graphml" {
		if kind != "" && kind != "edge" {
			return nil, usagef("exhibit export: --kind %s: a graph is made of records of kind edge, which exhibit analyze makes", visible(kind))
		}
		kind = "edge"
	}
	zone := c.String("tz")
	if strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-") {
		zone = "UTC" + zone // in a table, a sign in front makes a formula
	}
	x := &exporting{
		p: p, out: out, said: map[string]any{},
		options: export.Options{
			Format: format, Kind: kind, Zone: p.zone, ZoneName: zone,
			Raw: c.Bool("raw"), Credentials: c.Bool("credentials"), Tool: version,
		},
		asked: export.Asked{
			Select: c.String("select"), Kind: kind, Exhibit: c.String("exhibit"), Order: c.String("order"),
			Zone: zone, Raw: c.Bool("raw"), Credentials: c.Bool("credentials"),
		},
	}
	for field, flag := range map[string]string{"asserted.recipient": "recipient", "asserted.purpose": "purpose"} {
		if v := c.String(flag); v != "" {
			x.said[field] = v
		}
	}
	return x, nil
}

func (x *exporting) run(ctx context.Context, k *store.Case) (err error) {
	if x.asked.Exhibit != "" {
		if err := hasItem(ctx, k, x.asked.Exhibit); err != nil {
			return withState(err, "Nothing was written.")
		}
	}
	if err := x.choose(ctx, k); err != nil {
		return withState(err, "Nothing was written.")
	}
	if err := x.create(k); err != nil {
		return withState(err, "Nothing was written.")
	}
	if err := x.announce(ctx, k); err != nil {
		return withState(errors.Join(err, x.abort()), "Nothing was written.")
	}
	if err := x.write(ctx, k); err != nil {
		err = errors.Join(err, x.abort())
		// The log says how it ended, even where it was cancelled.
		return withState(errors.Join(err, x.failed(context.WithoutCancel(ctx), k, err)), x.nothing())
	}
	if err := x.finished(ctx, k); err != nil {
		return withState(errors.Join(err, x.takeBack()), x.nothing())
	}
	return x.tell()
}

// choose finds out which records are meant.
func (x *exporting) choose(ctx context.Context, k *store.Case) (err error) {
	if x.marks, err = marks.Load(ctx, k); err != nil {
		return err
	}
	x.asked.Query = x.asked.Select
	if s, ok := x.marks.Selection(x.asked.Select); ok {
		x.asked.Selection, x.asked.Query = s.Name, s.Query
	}
	all, err := search.Parse(x.asked.Query, search.ParseOptions{Zone: x.p.zone})
	if err != nil {
		return usagef("exhibit export: --select: %s", complaint(err))
	}
	var conditions []string
	if text := all.String(); text != "" {
		conditions = append(conditions, "("+text+")")
	}
	for _, f := range [][2]string{{"kind", x.asked.Kind}, {"exhibit", x.asked.Exhibit}} {
		if f[1] != "" {
			conditions = append(conditions, f[0]+`:"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(f[1])+`"`)
		}
	}
	joined, err := search.Parse(strings.Join(conditions, " "), search.ParseOptions{Zone: x.p.zone})
	if err != nil {
		return usagef("exhibit export: %s", complaint(err))
	}
	x.asked.Normal = joined.String()
	if all.String() != "" || x.asked.Order != "log" {
		x.query = joined
	}
	return nil
}

// create begins the file, which must not be where it would become part of the case.
func (x *exporting) create(k *store.Case) error {
	if x.out == "-" {
		// A reader that has enough is an error that the log can tell of, not the
		// end of this process.
		signal.Ignore(unix.SIGPIPE)
		return nil
	}
	if err := outside("exhibit export", x.out, k); err != nil {
		return err
	}
	var err error
	x.file, err = export.Create(x.out)
	if errors.Is(err, evidence.ErrExists) {
		return &problem{what: sentence(err), try: "another name", cause: err}
	}
	if err == nil {
		x.options.Scratch = x.file.Scratch
	}
	return err
}

func (x *exporting) abort() error {
	if x.file == nil {
		return nil
	}
	return x.file.Abort()
}

func (x *exporting) takeBack() error {
	if x.file == nil {
		return nil
	}
	return x.file.Remove()
}

func (x *exporting) nothing() string {
	if x.file == nil {
		return "What went to standard output is not complete."
	}
	return "No file was left."
}

// write writes the records, and puts file and account in their places.
func (x *exporting) write(ctx context.Context, k *store.Case) error {
	size, root, err := k.Head(ctx)
	if err != nil {
		return err
	}
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	t := tool()
	x.account = export.Provenance{
		Format: x.options.Format,
		Case:   export.Case{Origin: k.Origin(), Title: textOf(state.Case["asserted.case.title"])},
		Log:    export.Log{Size: size, Root: fmt.Sprintf("%x", root), Logged: x.logged},
		Tool:   export.Tool{Name: t.Name, Version: t.Version, SHA256: t.SHA256},
	}
	if x.logged {
		x.account.Log.Entry = &x.intent
	}
	runs, err := k.CurrentRuns(ctx)
	if err != nil {
		return err
	}
	var setsErr error
	x.options.About = func(r export.Result) [][2]string {
		setsErr = x.fill(r, runs)
		return x.about()
	}
	stream := newDigester(x.p.out)
	var to io.Writer = stream
	if x.file != nil {
		to = x.file
	}
	w, err := export.NewWriter(to, x.options)
	if err != nil {
		return err
	}
	if err := x.records(ctx, k, w.Record); err != nil {
		w.Abort()
		return err
	}
	result, err := w.Close()
	if err == nil {
		err = setsErr
	}
	if err == nil {
		err = x.fill(result, runs)
	}
	if err != nil {
		w.Abort()
		return err
	}
	x.account.File.Name = evidence.NewName(filepath.Base(x.out))
	if x.file == nil {
		x.account.File.SHA256, x.account.File.Size = stream.digest()
		return nil
	}
	x.account.File.SHA256, x.account.File.Size = x.file.Digest()
	text, err := x.account.Encode()
	if err != nil {
		return err
	}
	return x.file.Place(text)
}

// fill puts what was counted into the account.
func (x *exporting) fill(r export.Result, runs []evidence.Run) (err error) {
	x.account.Asked = x.asked
	x.account.Fill(r)
	x.account.Sets, err = export.Sets(r.Sets, runs)
	return err
}

// records yields what was asked for.
func (x *exporting) records(ctx context.Context, k *store.Case, yield func([]byte) error) error {
	if x.query == nil {
		return view.Records(ctx, k, view.Filter{Kind: x.asked.Kind, Exhibit: x.asked.Exhibit}, yield)
	}
	o := searchOptions(x.marks)
	if x.asked.Order == "time" {
		o.Order = search.ByTime
	}
	s, err := search.Select(ctx, k, x.query, o, func(h search.Hit) error { return yield(h.Line) })
	x.asked.Untimed = s.Untimed
	return err
}
