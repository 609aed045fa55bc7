package main

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

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
