package main

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
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

// numbersOf are those of a count of messages.
func numbersOf(c *counted) map[string]any {
	return map[string]any{"records": c.all(), "message": c.message, "sms": c.sms, "cut": c.cut}
}

// messages says how many messages and text messages.
func messages(c *counted) string {
	switch {
	case c.sms == 0:
		return plural(c.message, "message")
	case c.message == 0:
		return plural(c.sms, "text message")
	}
	return plural(c.message, "message") + " and " + plural(c.sms, "text message")
}

// digits writes a number as people read it.
func digits(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int64, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "s"):
		thing += "es"
	default:
		thing += "s"
	}
	return digits(n) + " " + thing
}

// verb is the form of a verb after a number of things.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func quote(s string) string {
	if strings.ContainsAny(s, `"\`) {
		s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)
	}
	return `"` + s + `"`
}

// spoken is the query for messages and text messages.
const spoken = "(kind:message OR kind:sms)"

// report writes the findings that need no single name.
func (a *analysis) report() error {
	for _, part := range []func() error{a.kinds, a.days, a.texts, a.terms, a.changes, a.agreement, a.scripts, a.exposed, a.identifiers, a.tested, a.rankings, a.countries} {
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

func (a *analysis) texts() error {
	t := a.totals
	lists := plural(int64(len(a.l.terms)), "different term") + " on " + plural(int64(len(a.l.lists)), "list")
	all := a.cite(&sdk.Finding{
		Rule: "terms.total", Statement: fmt.Sprintf("Of %s with a text, %s hold a listed term and %s hold none; %s.", messages(&t.text), plural(t.listed.all(), "record"), plural(t.unlisted.all(), "record"), lists),
		Subject: "case", Numbers: map[string]any{
			"records": t.text.all(), "message": t.text.message, "sms": t.text.sms, "cut": t.text.cut, "listed": t.listed.all(), "unlisted": t.unlisted.all(),
			"no_text": t.noText.all(), "terms": int64(len(a.l.terms)), "lists": int64(len(a.l.lists)), "terms_empty": a.l.empty, "terms_long": a.l.long,
		},
		Query: spoken, Finds: sdk.FindsMore,
		Caution: "Only the lists that the case holds, or that were named, were looked for; another list may have been in force.",
	}, &t.text.cites)
	if err := a.put(all); err != nil || len(a.l.terms) == 0 {
		return err
	}
	for _, part := range []struct {
		rule, how string
		c         *counted
	}{{"terms.some", "at least one", &t.listed}, {"terms.none", "no", &t.unlisted}} {
		f := &sdk.Finding{
			Rule: part.rule, Statement: fmt.Sprintf("In %s there is %s listed term.", messages(part.c), part.how), Subject: "case", Numbers: numbersOf(part.c), Query: spoken, Finds: sdk.FindsMore,
		}
		if part.rule == "terms.none" {
			f.Query, f.Finds = a.without(spoken)
			f.Caution = "That a message was logged does not say why: the list in force may be another one, or may hold forms that fold differently."
		}
		if err := a.put(a.cite(f, &part.c.cites)); err != nil {
			return err
		}
	}
	return nil
}

// without adds to a query that no listed term is in the text, where there are few, and
// says what it finds.
func (a *analysis) without(query string) (with, finds string) {
	const most = 60
	if len(a.l.terms) > most {
		return query, sdk.FindsMore
	}
	for _, t := range a.l.terms {
		query += " -text:" + quote(t.shown)
	}
	return query, sdk.FindsAbout
}

// byCount orders numbers of things by how often they were counted, then by name.
func byCount(c []counted, name func(int) string) []int {
	order := make([]int, len(c))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(c[y].all(), c[x].all()), cmp.Compare(name(x), name(y)), cmp.Compare(x, y))
	})
	return order
}

func (a *analysis) terms() error {
	t := a.totals
	for _, i := range byCount(t.terms, func(i int) string { return a.l.terms[i].shown }) {
		x, c := &a.l.terms[i], &t.terms[i]
		f := &sdk.Finding{
			Rule: "terms.term", Statement: fmt.Sprintf("The listed term “%s” occurs in %s.", x.shown, messages(c)), Subject: "term", Value: sdk.Str(x.shown),
			Numbers: numbersOf(c), Lists: []string{}, Categories: a.names(x.categories, a.l.categories), Themes: a.names(x.themes, a.l.themes),
			Query: spoken + " text:" + quote(x.shown), Finds: sdk.FindsMore,
		}
		for _, l := range x.lists {
			f.Lists = append(f.Lists, a.l.lists[l].title())
		}
		f.Numbers["listed_by"] = x.cites.n
		if err := a.put(a.cite(f, &c.cites)); err != nil {
			return err
		}
	}
	for _, i := range byCount(t.lists, func(i int) string { return a.l.lists[i].title() }) {
		l, c := &a.l.lists[i], &t.lists[i]
		f := &sdk.Finding{
			Rule: "terms.list", Statement: fmt.Sprintf("A term of the list “%s”, which has %s, occurs in %s.", l.title(), plural(int64(len(l.terms)), "different term"), messages(c)),
			Subject: "list", Value: sdk.Str(l.title()), Numbers: numbersOf(c),
		}
		f.Numbers["terms"], f.Numbers["listed_by"] = int64(len(l.terms)), l.cites.n
		if err := a.put(a.cite(f, &c.cites)); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		subject, plural string
		names           []string
		counts          []counted
	}{{"category", "categories", a.l.categories, t.categories}, {"theme", "themes", a.l.themes, t.themes}} {
		for _, i := range byCount(part.counts, func(i int) string { return part.names[i] }) {
			c := &part.counts[i]
			err := a.put(a.cite(&sdk.Finding{
				Rule: "terms." + part.subject, Statement: fmt.Sprintf("A term of the %s “%s” occurs in %s.", part.subject, part.names[i], messages(c)),
				Subject: part.subject, Value: sdk.Str(part.names[i]), Numbers: numbersOf(c),
			}, &c.cites))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *analysis) names(which []int32, all []string) []string {
	if len(which) == 0 {
		return nil
	}
	var out []string
	for _, i := range which {
		out = append(out, all[i])
	}
	slices.Sort(out)
	return out
}

// agreement compares what the log says of the term with what is in the text.
func (a *analysis) agreement() error {
	t := a.totals
	for _, part := range []struct {
		rule, text string
		c          *counted
	}{
		{"stated.found", "the log states a term, and the text holds it", &t.statedFound},
		{"stated.other", "the log states a term that the text does not hold", &t.statedOther},
		{"stated.none", "the log states no term", &t.statedNone},
		{"stated.none_listed", "the log states no term although the text holds a listed one", &t.statedNoneListed},
	} {
		if t.statedFound.all()+t.statedOther.all()+t.statedNone.all() == 0 {
			return nil // no source has the field
		}
		err := a.put(a.cite(&sdk.Finding{
			Rule: part.rule, Statement: fmt.Sprintf("In %s %s.", messages(part.c), part.text), Subject: "case", Numbers: numbersOf(part.c), Query: spoken, Finds: sdk.FindsMore,
		}, &part.c.cites))
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *analysis) scripts() error {
	t := a.totals
	for _, i := range byCount(t.scripts[:], func(i int) string { return script(i).String() }) {
		c := &t.scripts[i]
		if c.all() == 0 {
			break
		}
		err := a.put(a.cite(&sdk.Finding{
			Rule: "volume.script", Statement: fmt.Sprintf("Script %s: %s.", script(i), messages(c)), Subject: "script", Value: sdk.Str(script(i).String()), Numbers: numbersOf(c),
			Caution: "A script is no language: Han is written in Chinese and Japanese, Latin in many.",
		}, &c.cites))
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *analysis) exposed() error {
	words := [exposures]string{"a telephone number", "an e-mail address", "an address of registration", "a credential", "a national identity number"}
	names := [exposures]string{"phone", "email", "ip", "credential", "national_id"}
	for i := range a.totals.exposed {
		c := &a.totals.exposed[i]
		if c.n == 0 {
			continue
		}
		err := a.put(a.cite(&sdk.Finding{
			Rule: "accounts.exposed", Statement: fmt.Sprintf("%s %s %s.", plural(c.n, "account record"), verb(c.n, "holds", "hold"), words[i]), Subject: "exposed", Value: sdk.Str(names[i]),
			Numbers: map[string]any{"records": c.n}, Query: "kind:account", Finds: sdk.FindsMore,
		}, c))
		if err != nil {
			return err
		}
	}
	return nil
}

// identifiers says how many different ones there are, and where they stand together.
func (a *analysis) identifiers() error {
	p := &a.people
	for t := range nodeTypes {
		if p.distinct[t] == 0 {
			continue
		}
		f := &sdk.Finding{
			Rule: "people.total", Statement: fmt.Sprintf("There %s %s of type %s.", verb(p.distinct[t], "is", "are"), plural(p.distinct[t], "different identifier"), t), Subject: "identifier", Value: sdk.Str(t.String()),
			Numbers: map[string]any{"identifiers": p.distinct[t]},
		}
		for mask := range p.seen[t] {
			for k := range kindNames {
				if n := p.seen[t][mask]; n > 0 && mask&(1<<k) != 0 {
					before, _ := f.Numbers["in_"+kindNames[k]].(int64)
					f.Numbers["in_"+kindNames[k]] = before + n
				}
			}
		}
		if t == nodeAccount {
			var logged int64
			for _, n := range p.logged {
				logged += n
			}
			f.Numbers["logged"] = logged
		}
		if err := a.put(f); err != nil {
			return err
		}
		if err := a.together(t); err != nil {
			return err
		}
	}
	for i := range p.across.rows {
		if err := a.across(&p.across.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// together counts identifiers that stand in records of several kinds.
func (a *analysis) together(t nodeType) error {
	for mask, n := range a.people.seen[t] {
		if n == 0 || bits.OnesCount(uint(mask)) < 2 {
			continue
		}
		err := a.put(&sdk.Finding{
			Rule: "people.together", Statement: fmt.Sprintf("%s of type %s %s in records of each of these kinds: %s.", plural(n, "identifier"), t, verb(n, "stands", "stand"), kindsOf(mask)), Subject: "identifier", Value: sdk.Str(t.String() + " in " + kindsOf(mask)),
			Numbers: map[string]any{"identifiers": n}, Certainty: sdk.Matched, Caution: sameness(t),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func kindsOf(mask int) string {
	var out []string
	for k, name := range kindNames {
		if mask&(1<<k) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// sameness says what the same identifier does not show.
func sameness(t nodeType) string {
	switch t {
	case nodePhone:
		return "The same number may have had several holders over time."
	case nodeIP:
		return "Many people may share an address, and an address passes from one to another within hours."
	case nodeEmail:
		return "The same address is matched letter for letter; whoever uses it is not known from it."
	}
	return "The same name of the same service is one account; that one person used it does not follow."
}

func (a *analysis) across(r *ranked) error {
	f := &sdk.Finding{
		Rule: "people.across", Statement: fmt.Sprintf("The %s “%s” stands in %s of these kinds: %s.", r.kind(), r.value(), plural(r.total(), "record"), kindsOf(int(r.mask()))),
		Subject: r.kind().String(), Value: sdk.Str(r.value()), Service: serviceOf(&r.node), Numbers: map[string]any{"kinds": r.by, "records": r.total()},
		Certainty: sdk.Matched, Caution: sameness(r.kind()), Cited: r.total(), Query: quote(form(&r.node)), Finds: sdk.FindsMore,
	}
	for k, n := range r.records {
		if n > 0 {
			f.Numbers[kindNames[k]] = int64(n)
			f.Cites = append(f.Cites, a.x.id(int64(r.first[k])))
		}
	}
	if r.unserved {
		f.Caution += " Some of these records do not state the service; no other service has an account of this name."
	}
	return a.put(f)
}

func serviceOf(n *node) sdk.Text {
	if n.kind() != nodeAccount {
		return sdk.Text{}
	}
	return sdk.OrNull(n.service())
}

// tested describes the test of accounts and what it rests on.
func (a *analysis) tested() error {
	o := &a.people.test
	if o.accounts == 0 || len(a.l.terms) == 0 {
		return nil
	}
	f := &sdk.Finding{
		Rule:    "accounts.test",
		Subject: "case",
		Statement: fmt.Sprintf("Of %s whose log was read, %s logged without a listed term significantly more often than the others, whose rate is %s (%s of %s messages).",
			plural(o.accounts, "account"), was(o.count), decimal(o.rate), digits(o.unlisted), digits(o.messages)),
		Numbers: map[string]any{
			"accounts": o.accounts, "flagged": o.count, "others_unlisted": o.unlisted, "others_messages": o.messages, "rate": decimal(o.rate), "base": decimal(o.base),
			"least_messages": o.least, "too_few": o.silent, "spread": decimal(o.spread), "rounds": int64(o.rounds),
		},
		Certainty: sdk.Tested, Test: a.test(),
		Caution: fmt.Sprintf("Accounts with fewer than %d messages (%s) could not be found by this test whatever they hold. The test asks whether logging without a listed term is rarer among the others; it does not say why an account was logged.", o.least, digits(o.silent)),
	}
	if o.spread > 1.5 {
		f.Caution += fmt.Sprintf(" The others differ among themselves more than one common rate explains (χ² over degrees of freedom %s), so that the error rate is larger than stated.", decimal(o.spread))
	}
	return a.put(f)
}

func was(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return digits(n) + " were"
}

func (a *analysis) test() map[string]any {
	return map[string]any{"name": "one-sided exact binomial", "correction": "Holm", "alpha": a.o.Alpha, "base": "upper end of the one-sided 95 % interval (Clopper-Pearson) of the rate of all accounts that are not flagged"}
}

// decimal writes four significant digits.
func decimal(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "none"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// power writes ten to the power of lg, which may be smaller than any float.
func power(lg float64) string {
	if math.IsInf(lg, -1) {
		return "0"
	}
	if lg > -4 {
		return strconv.FormatFloat(math.Pow(10, lg), 'f', 4, 64)
	}
	whole := math.Floor(lg)
	return fmt.Sprintf("%.1fe%d", math.Pow(10, lg-whole), int64(whole))
}

// outlying writes the accounts of a part that are flagged.
func (a *analysis) outlying(p *portion) error {
	o := &a.people.test
	if len(a.l.terms) == 0 {
		return nil
	}
	type row struct {
		n  *node
		lg float64
	}
	var rows []row
	for i := range p.nodes {
		n := &p.nodes[i]
		if lg, ok := o.flagged[tally{int64(n.logged), int64(n.unlisted)}]; ok && n.mine && n.logged > 0 {
			rows = append(rows, row{n, lg})
			a.flagged[n.key] = true
		}
	}
	slices.SortFunc(rows, func(x, y row) int { return cmp.Or(cmp.Compare(x.lg, y.lg), cmp.Compare(x.n.key, y.n.key)) })
	for _, r := range rows {
		n, k := int64(r.n.logged), int64(r.n.unlisted)
		low, high := interval(k, n, 0.025)
		query := "kind:message account:=" + quote(r.n.value())
		if s := r.n.service(); s != "" {
			query += " service:=" + quote(s)
		}
		f := &sdk.Finding{
			Rule: "accounts.unlisted",
			Statement: fmt.Sprintf("The account “%s” was logged without a listed term in %d of %d messages, %s times the rate of the others (corrected p = %s).",
				r.n.value(), k, n, decimal(float64(k)/float64(n)/o.rate), power(r.lg)),
			Subject: "account", Value: sdk.Str(r.n.value()), Service: sdk.OrNull(r.n.service()),
			Numbers: map[string]any{
				"messages": n, "unlisted": k, "rate": decimal(float64(k) / float64(n)), "rate_low": decimal(low), "rate_high": decimal(high), "ratio": decimal(float64(k) / float64(n) / o.rate), "p": power(r.lg),
			},
			Certainty: sdk.Tested, Test: a.test(), Cited: k, Cites: a.x.ids(r.n.cites),
			Caution: "That logging of this account is not explained by the listed terms does not say what explains it.",
		}
		f.Query, f.Finds = a.without(query)
		if o.rate == 0 {
			f.Statement = fmt.Sprintf("The account “%s” was logged without a listed term in %d of %d messages; of the others none was (corrected p = %s).", r.n.value(), k, n, power(r.lg))
			f.Numbers["ratio"] = "none"
		}
		if err := a.put(f); err != nil {
			return err
		}
	}
	return nil
}

// rankings writes the accounts with most messages and the addresses with most records.
func (a *analysis) rankings() error {
	p := &a.people
	for i := range p.accounts.rows {
		r := &p.accounts.rows[i]
		query := "kind:message account:=" + quote(r.value())
		finds := sdk.FindsMore
		if s := r.service(); s != "" {
			query, finds = query+" service:="+quote(s), sdk.FindsExactly
		}
		err := a.put(&sdk.Finding{
			Rule: "accounts.account", Statement: fmt.Sprintf("The log of the account “%s” has %s with a text, %d of them without a listed term.", r.value(), plural(int64(r.logged), "message"), r.unlisted),
			Subject: "account", Value: sdk.Str(r.value()), Service: serviceOf(&r.node), Numbers: map[string]any{"messages": int64(r.logged), "unlisted": int64(r.unlisted), "rank": int64(i + 1)},
			Cited: int64(r.logged), Cites: a.x.ids([]uint32{r.first[inMessage]}), Query: query, Finds: finds,
		})
		if err != nil {
			return err
		}
	}
	for i := range p.addresses.rows {
		r := &p.addresses.rows[i]
		f := &sdk.Finding{
			Rule: "addresses.address", Statement: fmt.Sprintf("The address %s stands in %s.", r.value(), plural(r.total(), "record")),
			Subject: "ip", Value: sdk.Str(r.value()), Numbers: map[string]any{"records": r.total(), "rank": int64(i + 1)}, Cited: r.total(), Query: "ip:" + quote(r.value()), Finds: sdk.FindsExactly, Caution: sameness(nodeIP),
		}
		for k, n := range r.records {
			if n > 0 {
				f.Numbers[kindNames[k]] = int64(n)
				f.Cites = append(f.Cites, a.x.id(int64(r.first[k])))
			}
		}
		if err := a.put(f); err != nil {
			return err
		}
	}
	return nil
}

func (a *analysis) countries() error {
	if a.places == nil {
		return nil
	}
	return a.places.report(a)
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
