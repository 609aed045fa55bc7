package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

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

func (a *analysis) test() map[string]any {
	return map[string]any{"name": "one-sided exact binomial", "correction": "Holm", "alpha": a.o.Alpha, "base": "upper end of the one-sided 95 % interval (Clopper-Pearson) of the rate of all accounts that are not flagged"}
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
