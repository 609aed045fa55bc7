package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

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
			if n := t.variantOnly.all(); n > 0 {
				f.Caution += " In " + plural(n, "record") + " of these a listed term stands in the other script of Chinese (terms.other_script)."
			}
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

// variants says which terms stand in messages in the other script of Chinese only.
func (a *analysis) variants() error {
	t := a.totals
	if t.variant.all() == 0 {
		return nil
	}
	const caution = "Matched character by character by OpenCC’s table; words that differ between the scripts in more than their characters are not found, and a few characters that look alike after it are different words. Not counted as listed terms anywhere else."
	f := &sdk.Finding{
		Rule: "terms.other_script", Statement: fmt.Sprintf("In %s a listed term stands in the other script of Chinese, Traditional where the list has Simplified or the reverse; %s of these %s no term as it is listed.", messages(&t.variant), digits(t.variantOnly.all()), verb(t.variantOnly.all(), "holds", "hold")),
		Subject: "case", Numbers: numbersOf(&t.variant), Query: spoken, Finds: sdk.FindsMore, Caution: caution,
	}
	f.Numbers["unlisted"] = t.variantOnly.all()
	if err := a.put(a.cite(f, &t.variant.cites)); err != nil {
		return err
	}
	for _, i := range byCount(t.variants, func(i int) string { return a.l.terms[i].shown }) {
		c := &t.variants[i]
		if c.all() == 0 {
			break
		}
		var shown, query []string
		for _, form := range t.forms[i] {
			shown, query = append(shown, "“"+form+"”"), append(query, "text:"+quote(form))
		}
		f := &sdk.Finding{
			Rule: "terms.variant", Statement: fmt.Sprintf("The listed term “%s” stands in %s in the other script, as %s.", a.l.terms[i].shown, messages(c), strings.Join(shown, ", ")),
			Subject: "term", Value: sdk.Str(a.l.terms[i].shown), Numbers: numbersOf(c), Caution: caution, Query: spoken + " (" + strings.Join(query, " OR ") + ")", Finds: sdk.FindsAbout,
		}
		if err := a.put(a.cite(f, &c.cites)); err != nil {
			return err
		}
	}
	return nil
}

// languages says what the letters tell of the languages.
func (a *analysis) languages() error {
	t := a.totals
	for _, i := range byCount(t.languages[:], func(i int) string { return language(i).String() }) {
		c := &t.languages[i]
		if c.all() == 0 {
			break
		}
		l := languageNames[i]
		err := a.put(a.cite(&sdk.Finding{
			Rule: "volume.language", Statement: fmt.Sprintf("Language: %s: %s (%s).", l.name, messages(c), l.why), Subject: "language", Value: sdk.Str(l.name), Numbers: numbersOf(c),
			Caution: "Languages are told by letters alone, one for each message, and only as far as letters tell them; Latin letters beside others do not count.",
		}, &c.cites))
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

// spoken is the query for messages and text messages.
const spoken = "(kind:message OR kind:sms)"

// numbersOf are those of a count of messages.
func numbersOf(c *counted) map[string]any {
	return map[string]any{"records": c.all(), "message": c.message, "sms": c.sms, "cut": c.cut}
}
