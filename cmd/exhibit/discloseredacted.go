package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// redactedFlags looks at what goes with --policy, and what does not.
func redactedFlags(c *cli.Context) error {
	if !c.IsSet("policy") {
		for _, flag := range []string{"prefix", "draft", "vault", "vault-to"} {
			if c.IsSet(flag) {
				return usagef("exhibit disclose: --%s is for redacted productions; under which --policy?", flag)
			}
		}
		return nil
	}
	for _, flag := range []string{"exhibit", "derived", "records", "with", "certificate"} {
		if c.IsSet(flag) {
			return usagef("exhibit disclose: --%s does not go with --policy: a redacted production holds nothing as it is. To narrow it: --select 'exhibit:EX-001', or scope in the policy", flag)
		}
	}
	if err := publish.CheckPrefix(c.String("prefix")); err != nil {
		return usagef("exhibit disclose: --prefix: %s", complaint(err))
	}
	return nil
}

// disclosureRedacted prepares a redacted production.
func (p *program) disclosureRedacted(ctx context.Context, c *cli.Context, k *store.Case, q *disclose.Request) error {
	policy, err := p.policy(c)
	if err != nil {
		return err
	}
	v, err := vaultWanted(c)
	if err != nil {
		return err
	}
	r, err := p.openRedaction(ctx, c, k, policy, c.String("recipient"))
	if err != nil {
		return err
	}
	q.Redacted = &disclose.Redaction{Redactor: r, Prefix: c.String("prefix"), Draft: c.Bool("draft")}
	if v != nil {
		q.Redacted.Seal = func(ctx context.Context, choose func(id string) bool) error {
			n, err := v.seal(ctx, k, r, choose, c.String("recipient"), p.now())
			if err == nil {
				p.note("%s: what %s stand for, sealed", visible(v.file), count(n, "mark"))
			}
			return err
		}
	}
	return nil
}

// unredacted says in words why a redacted production was not made; nil for anything else.
func unredacted(err error) error {
	var leak *disclose.LeakError
	switch {
	case errors.Is(err, disclose.ErrPending):
		return &problem{what: sentence(err), try: "exhibit redact review, or --draft to see what there is so far", cause: err}
	case errors.As(err, &leak):
		return &problem{what: sentence(err), try: "a rule of the policy that redacts or drops it, or exhibit redact review; --draft makes the bundle all the same, with the whole report in data/redacted/leakcheck.html", cause: err}
	}
	return nil
}

// tellProduction says what a redacted production holds.
func tellProduction(line func(format string, args ...any), r *disclose.Report) {
	m := r.Production
	line("  %s, %s to %s, with %s in data/redacted (begin with report.html)", count(m.Records, "redacted record"), m.First, m.Last, count(m.Redactions, "redaction"))
	var parts []string
	for _, category := range slices.Sorted(maps.Keys(m.Categories)) {
		parts = append(parts, fmt.Sprintf("%s %s", strings.ReplaceAll(category, "_", " "), number(m.Categories[category])))
	}
	if len(parts) > 0 {
		line("    %s", strings.Join(parts, ", "))
	}
	for _, n := range []struct {
		n    int64
		what string
	}{
		{m.Again, "of them under the number that they had in an earlier production"},
		{m.Kept, "found and left as they are, by rule or by a reviewer"},
		{m.OutOfScope, "records out of the policy's scope, not produced"},
		{m.Withheld, "records withheld, in withhold-log.csv"},
		{m.Pending, "redactions that a reviewer has still to decide on"},
	} {
		if n.n > 0 {
			line("    %s %s", number(n.n), n.what)
		}
	}
	if r.Leaks != nil {
		line("  leak check: %s; %s looked for", r.Leaks.Verdict, count(r.Leaks.Values.Values, "value"))
		if n := r.Leaks.Counts.Uncertain; n > 0 {
			line("    look at %s before it goes out, where something stands that may be a value or an ordinary word: exhibit leakcheck FILE", count(n, "place"))
		}
	}
	if m.Draft {
		line("  DRAFT: not to be handed out. Every page in it says so")
	}
	line("  Names of people in free text are found by dictionary, context and review: names may be left")
}
