package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/analysis"
)

// Analysed is what the records say together, as an analysis found.
type Analysed struct {
	// Problem says why there is nothing to show.
	Problem string
	// By names run and plugin; Read what it read; After what came later.
	By, Read, After string
	// Zone is that by whose clock days are counted.
	Zone   string
	Claims []Claim
	Days   []*Columns
	Blocks []Block
	Test   *Test
	Keys   []OpenKey
	// Edges are the connections with most records; EdgesLeft are not shown.
	Edges     []EdgeRow
	EdgesLeft int64
	Cautions  []string
}

// Claim is a statement with its certainty; Note has its records. Short ones stand at the
// front too.
type Claim struct {
	Text, Certainty string
	Note            int
	Short           bool
}

// Block is a ranking of one sort of thing.
type Block struct {
	Title, Explain string
	Rows           []Counted
	// Left rows are not shown.
	Left int64
}

const (
	maxBlock    = 15
	maxFlagged  = 60
	maxEdgeRows = 25
	// maxQuery is how long a query may be to stand in a note; longer ones are in the finding.
	maxQuery  = 160
	testWidth = 260
)

// analysed reads the current analysis.
func (m *maker) analysed(ctx context.Context) error {
	a := &m.page.Analysed
	if err := m.keysInTheOpen(ctx, a); err != nil {
		return err
	}
	run, after, err := analysis.Current(ctx, m.c)
	if err != nil {
		return err
	}
	if run == nil {
		a.Problem = "The records were not analyzed when this report was made (exhibit analyze)."
		return nil
	}
	var records int64
	for _, in := range run.Inputs {
		if in.Role == "records" || in.Role == "cut" {
			records++
		}
	}
	a.By = fmt.Sprintf("plugin %s %s, run %s, %s", visible(run.Plugin.Name), visible(run.Plugin.Version), run.ID.Short(), m.clock.text(run.End))
	a.Read = count(records, "record set")
	if after.Sets > 0 {
		a.After = fmt.Sprintf("%s came after this analysis and are not in it. exhibit analyze makes it anew.", count(after.Sets, "record set"))
	}
	g := &gatherer{m: m, a: a, blocks: map[string]*Block{}}
	if err := analysis.Each(ctx, m.c, run, g.finding, g.edge); err != nil {
		return err
	}
	g.finish()
	return nil
}

// gatherer sorts findings into the page.
type gatherer struct {
	m      *maker
	a      *Analysed
	blocks map[string]*Block
	days   []dayCount
	edges  []*analysis.Edge
	// flagged counts the accounts that stand out, shown or not.
	flagged int64
	high    float64
}

type dayCount struct {
	day                time.Time
	message, sms, call int64
}

// sections are the rankings, by rule, in their order.
func sections() []struct{ rule, title, explain string } {
	return []struct{ rule, title, explain string }{
		{"terms.term", "Listed terms in messages", "Messages and SMS that hold the term; each counts once, whatever the number of times."},
		{"terms.category", "Categories of terms", "Messages and SMS with a term of the category."},
		{"terms.theme", "Themes of terms", "Messages and SMS with a term of the theme."},
		{"terms.list", "Lists", "Messages and SMS with a term of the list."},
		{"terms.variant", "Listed terms in the other script", "Messages and SMS in which the term stands in Traditional characters where the list has Simplified, or the reverse. Not counted above."},
		{"volume.language", "Languages, by their letters", "One for each message or SMS, as far as letters tell. The finding behind each number says what it rests on."},
		{"volume.script", "Scripts", "Which letters messages and SMS are written in. A script is no language."},
		{"places.country", "Countries of addresses", "By the database that was named; it says where an address was registered, not where a person was."},
		{"accounts.account", "Accounts with most messages", "Messages in the log of the account."},
		{"addresses.address", "Addresses with most records", "Messages, SMS, calls and accounts with the address."},
		{"accounts.exposed", "What account records expose", "Accounts whose record holds it."},
		{"people.together", "The same identifier in several kinds of records", "Matched letter for letter."},
		{"words.unlisted", "Words of messages that hold no listed term", "More frequent there than in the others, by the test that the finding states."},
	}
}

func (g *gatherer) finding(f *analysis.Finding) error {
	a := g.a
	switch f.Rule {
	case "records.unconfirmed", "terms.total", "terms.none", "terms.other_script", "stated.other", "stated.none", "people.total", "edges.total", "lists.change", "volume.untimed", "words.total":
		if f.Rule != "stated.other" || f.Cited > 0 {
			a.Claims = append(a.Claims, Claim{Text: visible(f.Statement), Certainty: f.Certainty, Note: g.note(f), Short: f.Rule == "terms.total" && f.Number("terms") > 0 || f.Rule == "records.unconfirmed"})
		}
		g.caution(f.Caution)
	case "records.kind":
		if f.Value == "call" && f.Number("timed") > 0 {
			seconds := f.Number("seconds")
			text := fmt.Sprintf("%s state how long they lasted: %s hours and %d minutes in all.", count(f.Number("timed"), "call"), number(seconds/3600), seconds%3600/60)
			a.Claims = append(a.Claims, Claim{Text: text, Certainty: f.Certainty, Note: g.note(f)})
		}
	case "volume.day":
		if day, err := time.Parse(time.DateOnly, f.Value); err == nil {
			g.days = append(g.days, dayCount{day, f.Number("message"), f.Number("sms"), f.Number("call")})
			_, zone, _ := strings.Cut(f.Statement, "(")
			a.Zone, _, _ = strings.Cut(zone, ")")
		}
	case "accounts.test":
		a.Test = &Test{
			Claim: Claim{Text: visible(f.Statement), Certainty: f.Certainty, Note: g.note(f)}, Caution: visible(f.Caution), BaseText: f.Text("rate"), Width: testWidth,
			How: fmt.Sprintf("%s; correction for %s: %s, error rate %s over all together; compared with the %s, %s.", f.Test["name"], count(f.Number("accounts"), "account"), f.Test["correction"], f.Test["alpha"], f.Test["base"], f.Text("base")),
		}
		_, _ = fmt.Sscan(f.Text("rate"), &a.Test.Base)
	case "accounts.unlisted":
		g.flag(f)
	}
	for _, s := range sections() {
		if s.rule == f.Rule {
			g.row(s.rule, s.title, s.explain, f)
		}
	}
	return nil
}

func (g *gatherer) caution(text string) {
	if text != "" && !slices.Contains(g.a.Cautions, visible(text)) {
		g.a.Cautions = append(g.a.Cautions, visible(text))
	}
}

func (g *gatherer) row(rule, title, explain string, f *analysis.Finding) {
	b := g.blocks[rule]
	if b == nil {
		b = &Block{Title: title, Explain: explain}
		g.blocks[rule] = b
	}
	n := f.Cited
	if f.Rule == "people.together" {
		n = f.Number("identifiers")
	}
	if n == 0 || len(b.Rows) == maxBlock {
		b.Left++
		return
	}
	name := f.Value
	if f.Rule == "accounts.exposed" {
		name = map[string]string{"phone": "telephone number", "email": "e-mail address", "ip": "address of registration", "credential": "password or its hash", "national_id": "national identity number"}[f.Value]
	}
	b.Rows = append(b.Rows, Counted{Value: visible(name), N: n, Note: g.note(f)})
	g.caution(f.Caution)
}

// note leads from a number to its records: the query, where it is short, and the finding.
func (g *gatherer) note(f *analysis.Finding) int {
	command := "exhibit show " + f.ID
	if f.Query != "" && len(f.Query) <= maxQuery {
		command += "; exhibit search " + quote(f.Query)
	}
	what := visible(f.Statement)
	switch f.Finds {
	case "more":
		what += " (The search finds these and may find more.)"
	case "about":
		what += " (The search folds text otherwise and may find some more or less.)"
	}
	return g.m.note(what, command, "")
}

func (g *gatherer) finish() {
	a := g.a
	for _, s := range sections() {
		b := g.blocks[s.rule]
		if b == nil || len(b.Rows) == 0 {
			continue
		}
		for i := range b.Rows {
			b.Rows[i].Bar = int(max(4, b.Rows[i].N*1000/b.Rows[0].N))
		}
		if s.rule == "people.together" || s.rule == "accounts.exposed" || s.rule == "volume.script" || s.rule == "volume.language" {
			most := slices.MaxFunc(b.Rows, func(x, y Counted) int { return cmp.Compare(x.N, y.N) }).N
			for i := range b.Rows {
				b.Rows[i].Bar = int(max(4, b.Rows[i].N*1000/most))
			}
		}
		a.Blocks = append(a.Blocks, *b)
	}
	for _, part := range []struct {
		title string
		n     func(dayCount) int64
	}{
		{"Messages", func(d dayCount) int64 { return d.message }},
		{"SMS", func(d dayCount) int64 { return d.sms }},
		{"Calls", func(d dayCount) int64 { return d.call }},
	} {
		if c := daysChart(part.title, g.days, part.n); c != nil {
			a.Days = append(a.Days, c)
		}
	}
	g.cutEdges()
	for _, e := range g.edges {
		g.a.Edges = append(g.a.Edges, g.edgeRow(e))
	}
	a.EdgesLeft -= int64(len(a.Edges))
	if a.Test != nil {
		a.Test.scale(g.high)
	}
}

// daysChart draws a count for each day; nil where there is none.
func daysChart(title string, days []dayCount, n func(dayCount) int64) *Columns {
	all := hours{n: map[int64]int64{}}
	var first, last time.Time
	by := map[time.Time]int64{}
	for _, d := range days {
		v := n(d)
		if v == 0 {
			continue
		}
		if first.IsZero() || d.day.Before(first) {
			first = d.day
		}
		if d.day.After(last) {
			last = d.day
		}
		by[d.day] = v
		all.n[d.day.Unix()/hourSeconds] += v
	}
	if len(by) == 0 {
		return nil
	}
	if last.Sub(first) > (maxBars-1)*24*time.Hour {
		return all.columns(title, time.UTC) // days are by their own zone already
	}
	c := &Columns{Title: title, Unit: "day", Width: chartWidth, Height: chartHeight}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		c.rows = append(c.rows, Counted{Value: day.Format(time.DateOnly), N: by[day]})
	}
	c.draw(c.rows)
	return c
}
