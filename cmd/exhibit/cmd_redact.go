package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) redactCommand() *cli.Command {
	return group("redact", "plan what may be shown, and decide what a person must",
		command(&cli.Command{
			Name: "plan", Usage: "what a policy would redact, in numbers",
			Description: "   Looks for personal data in all records where that was not done before, and says what would\n" +
				"   become of it. Nothing is changed and nothing handed out: exhibit disclose --policy does that.\n\n" +
				"   exhibit redact plan --policy sar-gdpr\n" +
				"   exhibit redact plan --policy policy.json --json | jq .counts.pending",
			Flags: []cli.Flag{policyFlag(), sandboxFlag()},
		}, 0, 0, p.redactPlan),
		command(&cli.Command{
			Name: "review", Usage: "accept, reject or change what the policy leaves to a person",
			Description: reviewHelp,
			Flags: []cli.Flag{
				policyFlag(),
				&cli.StringFlag{Name: "out", Usage: "write what is to be decided into a new `FILE`, CSV, to be filled in"},
				&cli.StringFlag{Name: "in", Usage: "take decisions from such a `FILE`, or from - for standard input"},
				&cli.BoolFlag{Name: "all", Usage: "also what the policy or a reviewer has decided already"},
				&cli.StringFlag{Name: "note", Usage: "a remark on these decisions: `TEXT`"},
				sandboxFlag(),
			},
		}, 0, 0, p.redactReview),
		command(&cli.Command{
			Name: "policy", Usage: "the policies that come with the program, or one of them", ArgsUsage: "[NAME]",
			Description: "   exhibit redact policy\n   exhibit redact policy sar-gdpr > policy.json",
		}, 0, 1, p.redactPolicy),
	)
}

// openRedaction looks for personal data where that was not done for this policy, and opens
// the redaction.
func (p *program) openRedaction(ctx context.Context, c *cli.Context, k *store.Case, policy *redact.Policy, recipient string) (*redact.Redactor, error) {
	if err := p.detect(ctx, c, k, policy); err != nil {
		return nil, err
	}
	r, err := redact.Open(ctx, k, policy, redact.Options{Recipient: recipient})
	if err != nil {
		return nil, withState(err, "Nothing was redacted.")
	}
	return r, nil
}

// detect makes the run of the plugin that a policy needs, where the case has none.
func (p *program) detect(ctx context.Context, c *cli.Context, k *store.Case, policy *redact.Policy) error {
	if _, err := redact.Find(ctx, k, policy); err == nil || !errors.Is(err, evidence.ErrNotFound) {
		return err
	}
	read, err := analysis.Members(ctx, k, analysis.Request{})
	if err != nil {
		return err
	}
	if read.Sets == 0 {
		return &problem{what: "there are no records in the case to redact", state: "Nothing was written.", try: "exhibit run", cause: evidence.ErrNotFound}
	}
	p.note("looking for personal data in %s of %s", count(read.Records, "record"), count(read.Sets, "record set"))
	return p.withEngine(k, c, func(e *engine.Engine) error {
		run, _, err := e.Analyze(ctx, engine.Analysis{Plugin: redact.Plugin, Operation: evidence.OpRedact, Members: read.Members, Config: policy.Detection()})
		if err != nil {
			return withState(err, "Nothing was redacted.")
		}
		if run.Outcome != evidence.OutcomeComplete {
			return &problem{
				what: "the search for personal data is " + string(run.Outcome) + ": " + run.Reason, state: "Nothing was redacted: what was not looked for cannot be hidden.",
				cause: evidence.ErrPlugin,
			}
		}
		return nil
	})
}

// planned is a plan as JSON has it.
type planned struct {
	Seq          int64           `json:"seq"`
	Policy       string          `json:"policy"`
	Title        string          `json:"title,omitempty"`
	PolicySHA256 evidence.Digest `json:"policy_sha256"`
	Basis        string          `json:"basis"`
	Run          evidence.Digest `json:"run"`
	Counts       redact.Counts   `json:"counts"`
}

func (p *program) redactPlan(c *cli.Context) error {
	policy, err := p.policy(c)
	if err != nil {
		return err
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		p.note("case %s in %s", title(state, k), visible(k.Dir()))
		r, err := p.openRedaction(ctx, c, k, policy, redact.NoRecipient)
		if err != nil {
			return err
		}
		seq, err := r.RecordPlan(ctx)
		if err != nil {
			return err
		}
		out := planned{seq, policy.Name, policy.Title, policy.SHA256(), policy.Basis, r.Run().ID, r.Counts()}
		if p.asJSON {
			return writeJSON(p.out, out)
		}
		return p.tellPlan(&out)
	})
}

func (p *program) tellPlan(d *planned) error {
	n := &d.Counts
	lines := []string{
		fmt.Sprintf("PLAN by policy %s (%s), #%d", d.Policy, d.PolicySHA256, d.Seq),
		"  basis: " + d.Basis, "",
		fmt.Sprintf("  %s would be shown, %s of them changed", count(n.Records, "record"), number(n.Redacted)),
		fmt.Sprintf("  %s out of scope: counted, not shown", count(n.OutOfScope, "record")) + also(n.Undated, " (%s without a time)"),
		fmt.Sprintf("  %s withheld", count(n.Withheld, "record")) + also(n.WithheldSets, ", %s whole record sets among them"),
		fmt.Sprintf("  %s to be decided by a person", count(n.Pending, "place")) + also(n.PendingRecords, ", in %s records"),
	}
	for _, l := range lines {
		if err := p.printf("%s\n", visible(l)); err != nil {
			return err
		}
	}
	rows := [][]string{{"", "CATEGORY", "CLASS", "OPERATOR", "PLACES"}}
	for _, s := range n.Spans {
		rows = append(rows, []string{"", s.Category, s.Class, s.Operator, number(s.N)})
	}
	if len(rows) > 1 {
		if err := p.printf("\n"); err != nil {
			return err
		}
		if err := table(p.out, rows); err != nil {
			return err
		}
	}
	if len(n.Dropped) > 0 {
		var list []string
		for _, name := range sortedKeys(n.Dropped) {
			list = append(list, name+" "+number(n.Dropped[name]))
		}
		if err := p.printf("\nfields that do not come out, with how often they are there: %s\n", visible(strings.Join(list, ", "))); err != nil {
			return err
		}
	}
	if n.Pending > 0 {
		return p.printf("\nNothing can be released before those are decided: exhibit redact review --policy …\n")
	}
	return nil
}

func also(n int64, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, number(n))
}
