package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const reviewHelp = "   On a terminal each place is shown with what stands around it. A decision counts for the value\n" +
	"   wherever and however it is written, or for one place. It is an entry of the log, under the\n" +
	"   policy's name, and can be changed by a later one. Elsewhere: --out, fill in, --in.\n\n" +
	"   exhibit redact review --policy sar-gdpr\n" +
	"   exhibit redact review --policy sar-gdpr --out review.csv\n" +
	"   exhibit redact review --policy sar-gdpr --in review.csv --examiner 'R. Reviewer'"

func (p *program) redactReview(c *cli.Context) error {
	policy, err := p.policy(c)
	if err != nil {
		return err
	}
	out, in := c.String("out"), c.String("in")
	switch {
	case out != "" && in != "":
		return usagef("exhibit redact review: --out or --in, not both")
	case out == "" && in == "" && (!p.terminal || p.asJSON):
		return usagef("exhibit redact review: there is no terminal: --out FILE, or --in FILE")
	}
	if err := mustBeNew(out); err != nil {
		return err
	}
	var given []byte
	if in != "" {
		if given, err = p.readInput(in, maxReview); err != nil {
			return &problem{what: "decisions " + visible(in) + ": " + err.Error(), state: "Nothing was decided.", cause: err}
		}
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		r, err := p.openRedaction(ctx, c, k, policy, redact.NoRecipient)
		if err != nil {
			return err
		}
		switch {
		case out != "":
			return p.reviewOut(ctx, r, out, c.Bool("all"))
		case in != "":
			list, err := readReview(ctx, r, given)
			if err != nil {
				return withState(err, "Nothing was decided.")
			}
			return p.decided(ctx, k, policy, list, c.String("note"))
		}
		t := &reviewer{p: p, in: bufio.NewReader(p.in), done: map[[2]string]bool{}, all: c.Bool("all")}
		err = r.Spans(ctx, t.all, t.ask)
		if errors.Is(err, errQuit) {
			err = nil
		}
		return errors.Join(err, p.decided(ctx, k, policy, t.list, c.String("note")))
	})
}

// decided records decisions and says so.
func (p *program) decided(ctx context.Context, k *store.Case, policy *redact.Policy, list []redact.Decision, note string) error {
	seqs, err := redact.Decide(ctx, k, policy, list, note)
	if err != nil {
		return err
	}
	if p.asJSON {
		if seqs == nil {
			seqs = []int64{}
		}
		return writeJSON(p.out, map[string]any{"decisions": len(list), "entries": seqs})
	}
	if len(list) == 0 {
		return p.printf("nothing was decided\n")
	}
	return p.printf("%s, recorded in %s (#%d) under policy %s\n", count(int64(len(list)), "decision"), countEntries(len(seqs)), seqs[len(seqs)-1], policy.Name)
}

func countEntries(n int) string {
	if n == 1 {
		return "one entry"
	}
	return number(int64(n)) + " entries"
}

// errQuit ends asking.
var errQuit = errors.New("enough")

// reviewer asks a person at the terminal, one place after the other.
type reviewer struct {
	p    *program
	in   *bufio.Reader
	list []redact.Decision
	// done are category and value that were decided everywhere just now.
	done  map[[2]string]bool
	all   bool
	shown int
	said  bool
}

const reviewKeys = "a accept, r reject, c CATEGORY it is something else, o OPERATOR redact it so: for this value everywhere\n" +
	"A, R, C, O: the same, in this place only · x TEXT: hide this text, which is part of the line · s skip · q end, and record"

// ask shows a place and takes an answer.
func (t *reviewer) ask(f redact.Found) error {
	if f.Canonical != "" && t.done[[2]string{f.Category, f.Canonical}] {
		return nil
	}
	if !t.said {
		t.said = true
		if _, err := fmt.Fprintln(t.p.err, reviewKeys); err != nil {
			return err
		}
	}
	t.shown++
	if _, err := fmt.Fprintf(t.p.err, "\n%d  %s (%s, %s)  %s %s  %s %s\n   %s>>> %s <<<%s\n", t.shown, f.Category, f.Class, visible(f.Rule), f.ID, visible(f.Exhibit), f.Kind, visible(f.Field),
		visible(f.Before), visible(f.Text), visible(f.After)); err != nil {
		return err
	}
	if t.all {
		if _, err := fmt.Fprintf(t.p.err, "   now: %s, by %s\n", f.Operator, visible(f.By)); err != nil {
			return err
		}
	}
	for {
		if _, err := fmt.Fprintf(t.p.err, "   accept is %s > ", f.Proposed); err != nil {
			return err
		}
		line, err := t.in.ReadString('\n')
		if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
			return errQuit // what was decided is kept
		}
		d, again, err := answer(strings.TrimSpace(line), &f)
		switch {
		case errors.Is(err, errQuit):
			return err
		case err != nil:
			if _, err := fmt.Fprintf(t.p.err, "   %s\n%s\n", visible(complaint(err)), reviewKeys); err != nil {
				return err
			}
			continue
		case again:
			return nil
		}
		if d.Value != "" {
			t.done[[2]string{f.Category, f.Canonical}] = true
		}
		t.list = append(t.list, d)
		return nil
	}
}

// answer reads what a person typed; skip says that nothing was decided.
func answer(line string, f *redact.Found) (d redact.Decision, skip bool, err error) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "s", "":
		return d, true, nil
	case "q":
		return d, false, errQuit
	}
	d = redact.Decision{Category: f.Category, Record: f.Record, Field: f.Field, Start: f.Start, End: f.End}
	if strings.Contains("arco", word) && f.Canonical != "" {
		d = redact.Decision{Category: f.Category, Value: f.Canonical}
	}
	switch strings.ToLower(word) {
	case "a":
		d.Verdict = redact.Accept
	case "r":
		d.Verdict = redact.Reject
	case "c":
		d.Verdict, d.To = redact.Amend, &redact.Change{Category: rest}
	case "o":
		d.Verdict, d.To = redact.Amend, &redact.Change{Op: rest}
	case "x":
		d.Verdict = redact.Amend
		if d.To, err = extent(f, rest); err != nil {
			return d, false, err
		}
	default:
		return d, false, fmt.Errorf("%w: no such answer", evidence.ErrFormat)
	}
	return d, false, d.Check()
}

// extent is where a text stands in what was shown of the line, so that it covers some of
// what was found, or lies next to it.
func extent(f *redact.Found, text string) (*redact.Change, error) {
	before, after := strings.TrimPrefix(f.Before, "…"), strings.TrimSuffix(f.After, "…")
	shown := before + f.Text + after
	begin := f.Start - len(before)
	if at := strings.Index(shown, text); text != "" && at >= 0 && strings.Count(shown, text) == 1 {
		return &redact.Change{Start: begin + at, End: begin + at + len(text)}, nil
	}
	return nil, fmt.Errorf("%w: the text must stand once in what is shown", evidence.ErrFormat)
}
