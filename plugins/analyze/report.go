package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// source is where all findings come from: the members of the manifest together.
func (a *analysis) source() sdk.Source {
	if len(a.c.Inputs()) == 1 {
		return sdk.PointerTo("/")
	}
	return sdk.PointerTo("/members")
}

func (a *analysis) put(f *sdk.Finding) error {
	if f.Certainty == "" {
		f.Certainty = sdk.Counted
	}
	if f.Value.IsAbsent() {
		f.Value = sdk.Null()
	}
	if f.Cites == nil {
		f.Cites = []string{}
	}
	return a.out.Put(f, a.source())
}

// cite names the records that a finding rests on.
func (a *analysis) cite(f *sdk.Finding, c *cites) *sdk.Finding {
	f.Cites, f.Cited = a.x.ids(c.first), c.n
	return f
}

// report writes the findings that need no single name.
func (a *analysis) report() error {
	for _, part := range []func() error{a.kinds, a.unconfirmed, a.days, a.texts, a.terms, a.variants, a.changes, a.agreement, a.languages, a.scripts, a.exposed, a.identifiers, a.tested, a.rankings, a.countries} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (a *analysis) kinds() error {
	t := a.totals
	names := make([]string, 0, len(t.kinds))
	for name := range t.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		k := t.kinds[name]
		f := &sdk.Finding{
			Rule: "records.kind", Statement: "There " + verb(k.n, "is ", "are ") + plural(k.n, "record") + " of kind " + name + ".", Subject: "kind", Value: sdk.Str(name),
			Numbers: map[string]any{"records": k.n, "cut": k.cut}, Query: "kind:" + quote(name), Finds: sdk.FindsExactly,
		}
		if name == "call" && t.callsTimed > 0 {
			f.Numbers["timed"], f.Numbers["seconds"] = t.callsTimed, t.callSeconds
		}
		if err := a.put(a.cite(f, &k.cites)); err != nil {
			return err
		}
	}
	return nil
}

// unconfirmed says how much rests on a guess.
func (a *analysis) unconfirmed() error {
	c := &a.totals.unconfirmed
	if c.n == 0 {
		return nil
	}
	return a.put(a.cite(&sdk.Finding{
		Rule: "records.unconfirmed", Statement: plural(c.n, "record") + " " + verb(c.n, "was", "were") + " read by a layout that nobody has confirmed.",
		Subject: "case", Numbers: map[string]any{"records": c.n},
		Caution: "What the columns mean is the program’s guess where nobody has confirmed a layout: whose log it is, who sent what, in which zone. All that is counted of these records rests on it.",
	}, c))
}

func (a *analysis) days() error {
	t := a.totals
	numbers := make([]int64, 0, len(t.days))
	for n := range t.days {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	offset := "Z"
	if a.o.Zone != "UTC" {
		offset = a.o.Zone
	}
	for _, n := range numbers {
		d := t.days[n]
		name := func(n int64) string { return time.Unix(n*daySeconds, 0).UTC().Format(time.DateOnly) }
		all := d.message + d.sms + d.call
		err := a.put(&sdk.Finding{
			Rule: "volume.day", Statement: fmt.Sprintf("On %s (%s): %s, %s, %s.", name(n), a.o.Zone, plural(d.message, "message"), plural(d.sms, "text message"), plural(d.call, "call")),
			Subject: "day", Value: sdk.Str(name(n)), Numbers: map[string]any{"records": all, "message": d.message, "sms": d.sms, "call": d.call}, Cited: all,
			Query: fmt.Sprintf("(kind:message OR kind:sms OR kind:call) after:%sT00:00:00%s before:%sT00:00:00%s", name(n), offset, name(n+1), offset), Finds: sdk.FindsExactly,
		})
		if err != nil {
			return err
		}
	}
	if t.untimed+t.moreDays == 0 {
		return nil
	}
	text := fmt.Sprintf("%s of messages, text messages and calls state no time that could be read; they are on no day.", plural(t.untimed, "record"))
	if t.moreDays > 0 {
		text += fmt.Sprintf(" %s more are on days beyond the first %s that were met.", digits(t.moreDays), digits(maxDays))
	}
	return a.put(&sdk.Finding{
		Rule: "volume.untimed", Statement: text, Subject: "case", Numbers: map[string]any{"records": t.untimed, "more": t.moreDays}, Cited: t.untimed,
	})
}

// last says how many connections there are, and how many did not become edges.
func (a *analysis) last() error {
	p := &a.people
	which := "all of them"
	if p.edges < p.connections {
		which = fmt.Sprintf("all with at least %s, and the first of those with one less", plural(p.least, "record"))
	}
	return a.put(&sdk.Finding{
		Rule: "edges.total", Statement: fmt.Sprintf("Records connect %s of identifiers; %s of these are recorded as edges: %s.", plural(p.connections, "pair"), digits(p.edges), which),
		Subject: "case", Numbers: map[string]any{"connections": p.connections, "edges": p.edges, "least_records": p.least}, Query: "kind:edge", Finds: sdk.FindsMore,
	})
}
