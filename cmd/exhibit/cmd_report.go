package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/report"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func (p *program) reportCommand() *cli.Command {
	return command(&cli.Command{
		Name: "report", Usage: "write one HTML file for people who were not there",
		Description: "   The file needs no network and prints well. Selections are shown in full, in\n" +
			"   their conversations. Everything is verified first; --no-verify leaves that out\n" +
			"   and the report says so.\n\n" +
			"   exhibit report --out report.html\n" +
			"   exhibit report --select threats --select '六四 after:2008-08-01' --tz +08:00 --out report.html --pdf report.pdf",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write the report to `FILE`, which must not be there yet", Required: false},
			&cli.StringFlag{Name: "pdf", Usage: "also print it to `FILE` with Chromium, where that is installed"},
			&cli.StringSliceFlag{Name: "select", Usage: "show this selection: a `NAME` saved with exhibit select, or a query; may be repeated; else all that are saved"},
			&cli.BoolFlag{Name: "no-select", Usage: "show no selection"},
			&cli.IntFlag{Name: "context", Value: 3, Usage: "show `N` records before and after each hit"},
			&cli.BoolFlag{Name: "no-verify", Usage: "do not verify the case first"},
			&cli.StringSliceFlag{Name: "receipt", Usage: "verify against the receipt in `FILE`; may be repeated"},
		},
	}, 0, 0, p.report)
}

func (p *program) report(c *cli.Context) error {
	out, pdf := c.String("out"), c.String("pdf")
	if out == "" {
		return usagef("exhibit report: --out FILE is missing")
	}
	if n := c.Int("context"); n < 0 || n > 1000 {
		return usagef("--context %d: from 0 to 1000", n)
	}
	var printer string
	if pdf != "" {
		var err error
		if printer, err = p.chromium(); err != nil {
			return err
		}
	}
	for _, name := range []string{out, pdf} {
		if err := mustBeNew(name); err != nil {
			return err
		}
	}
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		o := report.Options{At: p.now(), Zone: p.zone, Examiner: c.String("examiner"), Version: version, Context: c.Int("context")}
		if o.Examiner == "" {
			o.Examiner = p.env("EXHIBIT_EXAMINER")
		}
		o.Program = tool().SHA256
		m, err := marks.Load(ctx, k)
		if err != nil {
			return err
		}
		o.Boot, o.TagsOf = bootID(), m.TagsOf
		o.Tagged = func(tag string) (map[string]bool, error) { return m.Tagged(tag), nil }
		o.Selections = reportSelections(c, m)
		for _, s := range o.Selections {
			if _, err := search.Parse(s.Query, search.ParseOptions{Zone: p.zone}); err != nil {
				return usagef("--select %s: %s", visible(s.Name), complaint(err))
			}
		}
		if !c.Bool("no-verify") {
			if o.Verdict, err = p.verdictFor(ctx, c, k); err != nil {
				return err
			}
		}
		p.note("reading the records")
		if err := writeNew(out, func(w io.Writer) error { return report.Write(ctx, w, k, o) }); err != nil {
			return withState(err, "No report was written.")
		}
		if pdf != "" {
			p.note("printing with %s", printer)
			if err := printPDF(ctx, printer, out, pdf); err != nil {
				return withState(err, fmt.Sprintf("The report is in %s; it was not printed.", visible(out)))
			}
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"report": out, "pdf": pdf, "verdict": verdictName(o.Verdict)})
		}
		if err := p.printf("%s\n", strings.TrimSpace(visible(out)+"\n"+visible(pdf))); err != nil {
			return err
		}
		if o.Verdict != nil && o.Verdict.Integrity != verify.Intact {
			p.note("THE CASE IS NOT INTACT: %s. The report says so on its first page.", o.Verdict.Integrity)
			return ended(o.Verdict.Exit)
		}
		return nil
	})
}

func verdictName(v *verify.Report) string {
	if v == nil {
		return "not verified"
	}
	return v.Integrity.String()
}

// reportSelections are those that were asked for, else all that are saved.
func reportSelections(c *cli.Context, m *marks.Marks) []report.Selection {
	if c.Bool("no-select") {
		return nil
	}
	var out []report.Selection
	if !c.IsSet("select") {
		for _, s := range m.Selections() {
			out = append(out, report.Selection{Name: s.Name, Query: s.Query, Description: s.Description})
		}
		return out
	}
	for _, name := range c.StringSlice("select") {
		if s, ok := m.Selection(name); ok {
			out = append(out, report.Selection{Name: s.Name, Query: s.Query, Description: s.Description})
			continue
		}
		out = append(out, report.Selection{Name: name, Query: name})
	}
	return out
}

// verdictFor verifies the case as exhibit verify does.
func (p *program) verdictFor(ctx context.Context, c *cli.Context, k *store.Case) (*verify.Report, error) {
	o := verify.Options{Now: p.now}
	for _, name := range c.StringSlice("receipt") {
		text, err := readBounded(name, maxReceipt)
		if err != nil {
			return nil, fmt.Errorf("receipt %s: %w", visible(name), err)
		}
		o.Receipts = append(o.Receipts, text)
	}
	p.note("verifying the case")
	return verify.Case(ctx, k.Dir(), o)
}

var errNoChromium error = &problem{what: "no Chromium was found to print with", try: "install chromium, or leave out --pdf and print the HTML file from any browser", cause: evidence.ErrNotFound}
