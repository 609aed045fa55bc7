package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/search/fold"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const searchHelp = `   Words must all be there, in any order, as parts of longer text too: one letter of any
   script is enough. Case, width and the way a letter is put together make no difference.
   What is searched: every text and number of a record but kind, time, times, source,
   charset, flags, state and bytes that are no text. A query is best put in '…'.

   "two words"            exactly this, within one value; \" is a quote in it
   one OR two             either; (…) groups; AND may be written
   -word, NOT word        not this
   from:anna  to:  account:  text:  term:  status:   in this field; so for any other:
   columns.name:li        columns of a table, or extra.…
   from:=anna             this and nothing else, letter for letter
   kind:sms  exhibit:EX-001  tag:NAME  id:…          exactly this
   path:logs  path:*.txt  part of a path, or a pattern
   ip:10.0.0.0/8          an address, or a network
   after:2008-07-31  before:2008-08-02T12:00:00+08:00   from this on; before this; in --tz
                          where no zone is stated; records without a time are left out

   exhibit search 微信
   exhibit search 'petition kind:message -from:anna after:2008-07-31' --tz +08:00
   exhibit search '"see you" (from:anna OR to:anna)' --order time
   exhibit search 微信 --count

   More: docs/search.md`

// searchOrders are the orders by name.
var searchOrders = map[string]search.Order{
	"log": search.InLog, "time": search.ByTime, "-time": search.ByTimeDesc, "relevance": search.ByRelevance,
}

func (p *program) searchCommand() *cli.Command {
	return command(&cli.Command{
		Name: "search", Usage: "records that hold a text, or fulfil conditions", ArgsUsage: "QUERY…", Description: searchHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "order", Value: "log", Usage: "`ORDER` of hits: log (as read), time, -time (latest first; records without a time last) or relevance"},
			&cli.Int64Flag{Name: "limit", Usage: "show at most `N`; 0 is all; 50 where standard output is a terminal, else all"},
			&cli.Int64Flag{Name: "offset", Usage: "leave out the first `N`"},
			&cli.BoolFlag{Name: "count", Usage: "only say how many there are"},
		},
	}, 1, -1, p.search)
}

func (p *program) search(c *cli.Context) error {
	order, ok := searchOrders[c.String("order")]
	if !ok {
		return usagef("--order %s: log, time, -time or relevance", visible(c.String("order")))
	}
	if c.Int64("limit") < 0 || c.Int64("offset") < 0 {
		return usagef("--limit and --offset are 0 or more")
	}
	q, err := search.Parse(strings.Join(c.Args().Slice(), " "), search.ParseOptions{Zone: p.zone})
	if err != nil {
		return usagef("exhibit search: %s", complaint(err))
	}
	onTerminal := false
	if f, ok := p.out.(*os.File); ok {
		onTerminal = isTerminal(f)
	}
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		m, err := marks.Load(ctx, k)
		if err != nil {
			return err
		}
		s := &searching{p: p, q: q, o: searchOptions(m), start: p.now(), colour: onTerminal && p.env("NO_COLOR") == ""}
		s.o.Order, s.o.Offset, s.o.Limit, s.o.Count = order, c.Int64("offset"), c.Int64("limit"), true
		if onTerminal && !c.IsSet("limit") {
			s.o.Limit = 50
		}
		if c.Bool("count") {
			return s.count(ctx, k)
		}
		return s.list(ctx, k)
	})
}

// searching is one search with the way its hits are shown.
type searching struct {
	p      *program
	q      *search.Query
	o      search.Options
	start  time.Time
	colour bool
	shown  int64
}

func (s *searching) count(ctx context.Context, k *store.Case) error {
	s.o.Order, s.o.Limit, s.o.Offset = search.InLog, 1, 0
	sum, err := search.Select(ctx, k, s.q, s.o, func(search.Hit) error { return nil })
	if err != nil {
		return err
	}
	if s.p.asJSON {
		return writeJSON(s.p.out, map[string]any{"query": s.q.String(), "hits": sum.Hits, "untimed": sum.Untimed, "records": sum.Records, "unindexed": sum.Unindexed})
	}
	if err := s.p.printf("%d\n", sum.Hits); err != nil {
		return err
	}
	return s.conclude(ctx, k, sum, false)
}

func (s *searching) list(ctx context.Context, k *store.Case) error {
	out := bufio.NewWriterSize(s.p.out, 64<<10)
	sum, err := search.Select(ctx, k, s.q, s.o, func(h search.Hit) error {
		s.shown++
		text := string(h.Line)
		if !s.p.asJSON {
			var err error
			if text, err = s.text(h.Line); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(out, text)
		if s.colour && s.shown == s.o.Limit { // the page is full: counting may take longer
			err = firstError(err, out.Flush())
		}
		return err
	})
	if err = firstError(err, out.Flush()); err != nil || s.p.asJSON {
		return err
	}
	return s.conclude(ctx, k, sum, true)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// conclude says on standard error what the search came to.
func (s *searching) conclude(ctx context.Context, k *store.Case, sum search.Summary, page bool) error {
	took := s.p.now().Sub(s.start).Milliseconds()
	parts := []string{fmt.Sprintf("%s in %s (%d ms)", count(sum.Hits, "hit"), count(sum.Records, "record"), took)}
	if sum.Hits == 0 {
		parts[0] = fmt.Sprintf("nothing found: %s searched (%d ms)", count(sum.Records, "record"), took)
	}
	if sum.Untimed > 0 {
		parts = append(parts, number(sum.Untimed)+" without a time left out")
	}
	if sum.Unindexed > 0 {
		parts = append(parts, count(sum.Unindexed, "record set")+" read through, not being indexed: exhibit reindex")
	}
	if page && s.shown < sum.Hits {
		parts = append(parts, fmt.Sprintf("shown: %s from %s", number(s.shown), number(s.o.Offset+1)))
		if next := s.o.Offset + s.shown; next < sum.Hits && s.shown > 0 {
			parts = append(parts, fmt.Sprintf("more: --offset %d", next))
		}
	}
	s.p.note("%s", strings.Join(parts, "; "))
	if sum.Hits > 0 {
		return nil
	}
	for _, f := range s.q.Fields() {
		if !knownField(f) {
			s.p.note("%s: was taken for the name of a field; to look for the text itself put all of it in quotes", visible(f))
		}
	}
	return s.hidden(ctx, k)
}

// knownField reports whether docs/formats/records.md or docs/search.md has a field.
func knownField(name string) bool {
	root, _, _ := strings.Cut(name, ".")
	return slices.Contains(strings.Fields(`kind from to account ip ips text term status path exhibit tag id after before matched_term service conversation
		direction participants attachments duration_s display_name username phones emails created credential national_id owner names usernames organisation file_name file_path file_size transferred
		list effect category theme table columns extra source time time_kind time_raw time_basis times state flags charset charset_basis`), root)
}

// hidden says what might hold what was not found.
func (s *searching) hidden(ctx context.Context, k *store.Case) error {
	current, err := k.CurrentRuns(ctx)
	if err != nil {
		return err
	}
	byInput := map[evidence.Digest][]evidence.Run{}
	var lost int64
	for _, r := range current {
		for _, d := range r.Reads() {
			byInput[d] = append(byInput[d], r)
		}
		if r.Diagnostics != nil {
			for _, severity := range []string{evidence.SeverityReject, evidence.SeverityDamage, evidence.SeverityUnresolved} {
				lost += r.Diagnostics.Severities[severity]
			}
		}
	}
	var unread, part int64
	for a, err := range k.Work(ctx) {
		if err != nil {
			return err
		}
		switch engine.Status(a.Size, byInput[a.SHA256]) {
		case engine.StatusRead, engine.StatusEmpty:
		case engine.StatusUnread, engine.StatusFailed:
			unread++
		default:
			part++
		}
	}
	if unread+part+lost > 0 {
		s.p.note("Not searched is what became no record: %s not read, %s read in part, %s; exhibit status, exhibit diagnostics",
			count(unread, "artifact"), number(part), count(lost, "diagnostic"))
	}
	return nil
}

// windowed is how much of a long text is shown around its first match.
const windowed = 80

// text is a hit as `exhibit records` shows it, with the first match in sight.
func (s *searching) text(b []byte) (string, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return "", fmt.Errorf("a line of the case: %w: %w", evidence.ErrFormat, err)
	}
	for name, v := range l.fields {
		if len(v) <= maxShownText || fold.Unsearched(name) {
			continue
		}
		text := valueText(v)
		if utf8.RuneCountInString(text) <= maxShownText {
			continue
		}
		if at := s.q.Find(text); len(at) > 0 {
			if quoted, err := json.Marshal(window(text, at[0])); err == nil {
				l.fields[name] = quoted
			}
		}
	}
	shown := recordText(s.p, l)
	place := visible("[" + l.place() + "]")
	head := strings.TrimSuffix(shown, place)
	// The id and the time are not what was searched.
	from := min(len(head), len(l.ID))
	if len(s.q.Terms()) > 0 && len(s.q.Find(head[from:])) == 0 {
		if more := s.elsewhere(b); more != "" {
			head += visible(more) + "  "
		}
	}
	if s.colour {
		head = head[:from] + s.mark(head[from:])
	}
	return head + place, nil
}

// elsewhere is the first value that matches, where the line does not show it.
func (s *searching) elsewhere(b []byte) string {
	found := ""
	w := fold.Walker{Paths: true, Texts: true, Roots: []string{"source", "time_raw"}}
	if err := w.Walk(b, func(v *fold.Value) {
		if found != "" {
			return
		}
		text := v.Text()
		if at := s.q.Find(text); len(at) > 0 {
			found = string(v.Path) + "=" + window(text, at[0])
		}
	}); err != nil {
		return ""
	}
	return found
}

// window cuts a long text down to what stands around a range of bytes of it.
func window(text string, at [2]int) string {
	if utf8.RuneCountInString(text) <= maxShownText {
		return text
	}
	before, match, after := []rune(text[:at[0]]), []rune(text[at[0]:at[1]]), []rune(text[at[1]:])
	out := ""
	if n := len(before) - windowed/2; n > 0 {
		out, before = "…", before[n:]
	}
	if len(match) > windowed {
		match, after = match[:windowed], nil
	}
	end := ""
	if len(after) > windowed {
		after, end = after[:windowed], "…"
	}
	return out + string(before) + "«" + string(match) + "»" + string(after) + end
}

// mark puts the matches in colour.
func (s *searching) mark(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range s.q.Find(text) {
		b.WriteString(text[last:at[0]] + "\x1b[1;31m" + text[at[0]:at[1]] + "\x1b[0m")
		last = at[1]
	}
	return b.String() + text[last:]
}
