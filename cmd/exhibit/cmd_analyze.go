package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/handover"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// What an analysis is made with where nobody says otherwise.
const (
	defaultAlpha = "0.01"
	defaultTop   = 200
	defaultCites = 5
	defaultEdges = 1_000_000
)

// analysisDefaults is the configuration of the analysis that exhibit run makes.
func analysisDefaults(state *store.State) ([]byte, error) {
	zone, err := intake.Zone(analysis.Zone(state))
	if err != nil {
		return nil, err
	}
	return evidence.Canonical(map[string]any{"zone": zone, "alpha": defaultAlpha, "top": defaultTop, "cites": defaultCites, "edges": defaultEdges})
}

func (p *program) analyzeCommand() *cli.Command {
	return command(&cli.Command{
		Name: "analyze", Usage: "what the records say together: terms, accounts that stand out, who spoke to whom about what",
		Description: "   Reads all current records and makes records of kind finding and edge, each naming those that\n" +
			"   it rests on. Terms are those of the keyword lists in the case, and of --list. What an\n" +
			"   analysis reads must be in the case, so that it can be made again: exhibit add it first.\n" +
			"   Every rule and every test is in docs/analysis.md.\n\n" +
			"   exhibit analyze --zone +08:00\n" +
			"   exhibit analyze --list EX-002:terms.txt --categories EX-002:themes.csv\n" +
			"   exhibit records --kind finding",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "list", Usage: "also look for the terms of this artifact, one a line in UTF-8 (`PLACE` or digest); may be repeated"},
			&cli.StringFlag{Name: "categories", Usage: "category and theme of terms, by the columns of this CSV artifact: term (or word), category, theme (`PLACE` or digest)"},
			&cli.StringFlag{Name: "mmdb", Usage: "the countries of addresses by this artifact, a database of MaxMind's format (`PLACE` or digest)"},
			&cli.StringFlag{Name: "region", Usage: "assume that telephone numbers without + are dialled in this `COUNTRY`, such as CN"},
			&cli.StringFlag{Name: "zone", Usage: "count days in this zone, an `OFFSET` such as +08:00 or UTC; else that which the items were received with, if it is one, else UTC"},
			&cli.StringFlag{Name: "alpha", Value: defaultAlpha, Usage: "`RATE` of error of the test of accounts, over all accounts together"},
			&cli.IntFlag{Name: "top", Value: defaultTop, Usage: "rankings have `N` rows"},
			&cli.IntFlag{Name: "cites", Value: defaultCites, Usage: "a finding or an edge names its first `N` records, beside the number of all and a query"},
			&cli.IntFlag{Name: "edges", Value: defaultEdges, Usage: "at most `N` edges, those with most records; 0 is all"},
			sandboxFlag(),
		},
	}, 0, 0, p.analyze)
}

func (p *program) analyze(c *cli.Context) error {
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		p.note("case %s in %s", title(state, k), visible(k.Dir()))
		config, err := analysisConfig(c, state)
		if err != nil {
			return err
		}
		var q analysis.Request
		if q.Lists, err = p.namedArtifacts(ctx, k, "list", c.StringSlice("list")); err != nil {
			return err
		}
		for flag, to := range map[string]*[]analysis.Named{"categories": &q.Categories, "mmdb": &q.Places} {
			if name := c.String(flag); name != "" {
				if *to, err = p.namedArtifacts(ctx, k, flag, []string{name}); err != nil {
					return err
				}
			}
		}
		read, err := analysis.Members(ctx, k, q)
		if err != nil {
			return err
		}
		if read.Sets == 0 {
			return &problem{what: "there are no records in the case to analyze", state: "Nothing was written.", try: "exhibit run", cause: evidence.ErrNotFound}
		}
		return p.withEngine(k, c, func(e *engine.Engine) error {
			run, made, err := e.Analyze(ctx, engine.Analysis{Plugin: analysis.Plugin, Members: read.Members, Config: config})
			if err != nil {
				return withState(err, "No analysis was recorded.")
			}
			return p.tellAnalysis(ctx, k, &run, made, read)
		})
	})
}

// analysisConfig is the configuration of the run.
func analysisConfig(c *cli.Context, state *store.State) ([]byte, error) {
	zone := c.String("zone")
	if zone == "" {
		zone = analysis.Zone(state)
	}
	zone, err := intake.Zone(zone)
	if err != nil {
		return nil, usagef("--zone: %s", complaint(err))
	}
	for name, most := range map[string]int{"top": 100_000, "cites": 100} {
		if n := c.Int(name); n < 1 || n > most {
			return nil, usagef("--%s %d: 1 to %d", name, n, most)
		}
	}
	if alpha, err := strconv.ParseFloat(c.String("alpha"), 64); err != nil || !(alpha > 0 && alpha < 0.5) {
		return nil, usagef("--alpha %s: a decimal between 0 and 0.5, such as 0.01", visible(c.String("alpha")))
	}
	if c.Int("edges") < 0 {
		return nil, usagef("--edges %d: not negative", c.Int("edges"))
	}
	config := map[string]any{"zone": zone, "alpha": c.String("alpha"), "top": c.Int("top"), "cites": c.Int("cites"), "edges": c.Int("edges")}
	if region := c.String("region"); region != "" {
		if len(region) != 2 || strings.ToUpper(region) != region {
			return nil, usagef("--region %s: two capital letters that name a country (ISO 3166-1), such as CN", visible(region))
		}
		config["region"] = region
	}
	return evidence.Canonical(config)
}

// namedArtifacts finds what --list and --categories name.
func (p *program) namedArtifacts(ctx context.Context, k *store.Case, flag string, places []string) (out []analysis.Named, err error) {
	for _, place := range places {
		d, err := locate.Artifact(ctx, k, place)
		if err != nil {
			return nil, withTry(withState(fmt.Errorf("--%s: %w", flag, err), "Nothing was written."), "exhibit add --exhibit LIST-001 FILE, then --"+flag+" LIST-001:FILE: what an analysis reads must be in the case")
		}
		if !slices.ContainsFunc(out, func(n analysis.Named) bool { return n.Artifact == d }) {
			out = append(out, analysis.Named{Artifact: d, Name: place})
		}
	}
	return out, nil
}

// tellAnalysis says what came of it.
func (p *program) tellAnalysis(ctx context.Context, k *store.Case, run *evidence.Run, made bool, read analysis.Read) error {
	if p.asJSON {
		if err := writeJSON(p.out, struct {
			Made bool         `json:"made"`
			Run  evidence.Run `json:"run"`
		}{made, *run}); err != nil {
			return err
		}
	}
	if run.Outcome != evidence.OutcomeComplete {
		return ended(p.unfinished(run))
	}
	if p.asJSON {
		return nil
	}
	if !made {
		p.note("nothing has changed since this analysis was made; it is shown again")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ANALYSIS of %s in %s: run %s\n", count(read.Records, "record"), count(read.Sets, "record set"), run.ID.Short())
	t := findingTable{}
	err := analysis.Each(ctx, k, run, t.add, nil)
	if err != nil {
		return err
	}
	t.write(&b)
	fmt.Fprintf(&b, "\n%s and %s were recorded.\n", count(run.Records.Kinds["finding"], "finding"), count(run.Records.Kinds["edge"], "edge"))
	b.WriteString("All of them: exhibit records --kind finding, exhibit records --kind edge. In words and charts: exhibit report\n")
	_, err = io.WriteString(visibleWriter{p.out}, b.String())
	return err
}

// unfinished says why an analysis is not complete, and returns the exit code.
func (p *program) unfinished(run *evidence.Run) int {
	p.note("the analysis is %s: %s", run.Outcome, visible(run.Reason))
	if run.Outcome == evidence.OutcomeFailed {
		return exitCrashed
	}
	return exitInputs
}

// findingTable gathers the findings that stand for the rest.
type findingTable struct {
	rows []shownRule
}

type shownRule struct {
	rule, title string
	most        int
	lines       []string
	n           int
}

func (t *findingTable) add(f *analysis.Finding) error {
	if t.rows == nil {
		t.rows = []shownRule{
			{rule: "records.kind", title: "RECORDS", most: 20},
			{rule: "terms.total", title: "TERMS", most: 1},
			{rule: "terms.term", title: "MOST FREQUENT TERMS", most: 10},
			{rule: "terms.list", title: "LISTS", most: 10},
			{rule: "lists.change", title: "CHANGES OF LISTS", most: 10},
			{rule: "places.country", title: "COUNTRIES OF ADDRESSES", most: 10},
			{rule: "terms.category", title: "CATEGORIES", most: 10},
			{rule: "people.total", title: "IDENTIFIERS", most: 10},
			{rule: "people.together", title: "IN SEVERAL KINDS OF RECORDS", most: 10},
			{rule: "accounts.test", title: "ACCOUNTS LOGGED WITHOUT A LISTED TERM", most: 1},
			{rule: "accounts.unlisted", most: 50},
			{rule: "edges.total", title: "CONNECTIONS", most: 1},
		}
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.rule == f.Rule {
			if r.n++; len(r.lines) < r.most {
				r.lines = append(r.lines, f.Statement)
				if f.Caution != "" && r.most == 1 {
					r.lines = append(r.lines, "("+f.Caution+")")
				}
			}
		}
	}
	return nil
}

func (t *findingTable) write(b *strings.Builder) {
	for _, r := range t.rows {
		if len(r.lines) == 0 {
			continue
		}
		if r.title != "" {
			b.WriteString("\n" + r.title + "\n")
		}
		for _, l := range r.lines {
			b.WriteString("  " + l + "\n")
		}
		if r.n > r.most {
			fmt.Fprintf(b, "  … and %s more\n", number(int64(r.n-r.most)))
		}
	}
}

// writeRests says what a finding or an edge rests on, and how to come by it again.
func writeRests(b *strings.Builder, s *view.Shown) {
	var f struct {
		Cites        []string
		Cited        int64
		Query, Finds string
	}
	if json.Unmarshal(s.Record, &f) != nil {
		return
	}
	sets := slices.DeleteFunc(slices.Clone(s.Run.Inputs), func(m evidence.ManifestMember) bool { return m.Role != handover.Records && m.Role != handover.Cut })
	fmt.Fprintf(b, "\nWORKED OUT OVER %s; the manifest that lists them is %s\n", count(int64(len(sets)), "record set"), s.Run.Input)
	if len(f.Cites) > 0 {
		fmt.Fprintf(b, "  it rests on %s, the first: exhibit show %s\n", count(f.Cited, "record"), visible(f.Cites[0]))
	}
	if f.Query != "" {
		which := map[string]string{"exactly": "all of them, and no others", "more": "all of them, and perhaps others", "about": "about these: searching folds text otherwise"}[f.Finds]
		fmt.Fprintf(b, "  %s: exhibit search '%s'\n", which, strings.ReplaceAll(visible(f.Query), "'", `'\''`))
	}
	b.WriteString("  the whole analysis made again, and compared: exhibit verify --replay\n")
}
