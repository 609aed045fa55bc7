package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/timeline"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) timelineCommand() *cli.Command {
	return command(&cli.Command{
		Name: "timeline", Usage: "what happened when: every time that a record states, in order",
		Description: "   Times are shown in --tz. ~ marks a time whose zone nobody stated, ! one that the plugin found\n" +
			"   implausible. Records without a time are counted, not shown.\n\n" +
			"   exhibit timeline --tz +08:00 --from 2008-08-01 --to 2008-08-02\n" +
			"   exhibit timeline --query 'kind:message march' --by day",
		Flags: append(selectFlags(),
			&cli.StringFlag{Name: "from", Usage: "only from this `TIME` on: 2008-08-01, 2008-08-01T17:30, with a zone or in --tz"},
			&cli.StringFlag{Name: "to", Usage: "only before this `TIME`"},
			&cli.StringFlag{Name: "by", Usage: "count them by hour, day, week or month (`LENGTH`)"},
		),
	}, 0, 0, p.timeline)
}

func (p *program) timeline(c *cli.Context) error {
	o := timeline.Options{TempDir: os.TempDir()}
	var err error
	if o.From, err = p.timeFlag(c, "from"); err != nil {
		return err
	}
	if o.To, err = p.timeFlag(c, "to"); err != nil {
		return err
	}
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		return usagef("exhibit timeline: nothing is from %s on and before %s", clock(o.From, p.zone), clock(o.To, p.zone))
	}
	by := c.String("by")
	if c.IsSet("by") && !slices.Contains([]string{timeline.Hour, timeline.Day, timeline.Week, timeline.Month}, by) {
		return usagef("--by %s: hour, day, week or month", visible(by))
	}
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		m, err := marks.Load(ctx, k)
		if err != nil {
			return err
		}
		q, err := p.chosen(c, m)
		if err != nil {
			return err
		}
		o.Search = searchOptions(m)
		var s timeline.Summary
		if by != "" {
			var buckets []timeline.Bucket
			if buckets, s, err = timeline.Count(ctx, k, q, o, by, p.zone); err == nil {
				err = p.writeBuckets(buckets, by)
			}
		} else {
			l := &eventLister{p: p, out: bufio.NewWriterSize(p.out, 64<<10)}
			l.width = terminalWidth(p.out)
			s, err = timeline.Events(ctx, k, q, o, l.keep, l.show)
			if ferr := l.out.Flush(); err == nil {
				err = ferr
			}
		}
		if err != nil {
			return err
		}
		p.remarkOnTimeline(s)
		return nil
	})
}

// timeForms are how a bound may be written, without a zone.
var timeForms = []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01", "2006"}

func (p *program) timeFlag(c *cli.Context, name string) (time.Time, error) {
	text := c.String(name)
	if !c.IsSet(name) {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, text, p.zone); err == nil {
			return t, nil
		}
		if t, err := time.Parse(form+"Z07:00", text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--%s %s: a time is such as 2008-08-01, 2008-08-01T17:30 or 2008-08-01T17:30:00+08:00", name, visible(text))
}

// remarkOnTimeline says what is not in it.
func (p *program) remarkOnTimeline(s timeline.Summary) {
	text := fmt.Sprintf("%s of %s", count(s.Events, "time"), count(s.Records, "record"))
	if s.Outside > 0 {
		text += fmt.Sprintf("; %s outside --from and --to", number(s.Outside))
	}
	if s.Untimed > 0 {
		text += fmt.Sprintf("; %s without any time, not shown", count(s.Untimed, "record"))
	}
	if s.Undecided > 0 {
		text += fmt.Sprintf("; %s left out by after: and before: for having none", count(s.Undecided, "record"))
	}
	if s.Records == 0 && s.Undecided == 0 {
		text += ": no record fulfils the query, or nothing was read yet (exhibit run)"
	}
	p.note("%s", text)
}

// terminalWidth is how many columns the terminal has that w is, 0 where w is none.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col < 40 {
		return 80
	}
	return int(size.Col)
}

// eventLister writes events: as JSON, in whole lines, or on a terminal day by day in lines
// that fit.
type eventLister struct {
	p     *program
	out   *bufio.Writer
	width int
	day   string
}

// keep is what of a record goes through the sorting: with --json all of it.
func (l *eventLister) keep(b []byte) ([]byte, error) {
	if l.p.asJSON {
		return bytes.Clone(b), nil
	}
	var r line
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("a record of the case: %w: %w", evidence.ErrFormat, err)
	}
	if l.width > 0 {
		return []byte(compactText(r) + "\x00" + r.ID), nil
	}
	// The time that leads the line is the event's, not the record's.
	r.Time = ""
	text := strings.SplitN(recordText(l.p, r), "  ", 3)
	return []byte(text[len(text)-1] + "\x00" + text[0]), nil
}

// compactText is what of a record fits beside its time: who, and what was said.
func compactText(r line) string {
	parts := []string{r.Kind}
	if from, to := r.text("from"), r.text("to"); from != "" || to != "" {
		parts = append(parts, from+" → "+to)
	}
	for _, name := range []string{"text", "term", "username", "display_name", "names", "file_name", "duration_s", "status", "columns"} {
		if v := r.text(name); v != "" && v != "[]" {
			parts = append(parts, short(v, maxShownText))
		}
	}
	return visible(strings.Join(parts, "  "))
}

func (l *eventLister) show(e timeline.Event) (err error) {
	at := e.At.In(l.p.zone)
	if l.p.asJSON {
		b := evidence.AppendString([]byte(`{"time":`), e.At.Format(time.RFC3339Nano))
		b = evidence.AppendString(append(b, `,"shown":`...), at.Format(time.RFC3339Nano))
		b = evidence.AppendString(append(b, `,"time_kind":`...), e.Kind)
		b = fmt.Appendf(b, `,"zone_assumed":%t,"record":%s}`, e.Assumed, e.Payload)
		_, err = fmt.Fprintf(l.out, "%s\n", b)
		return err
	}
	text, id, _ := strings.Cut(string(e.Payload), "\x00")
	mark := " "
	switch {
	case len(e.Flags) > 0:
		mark = "!"
	case e.Assumed:
		mark = "~"
	}
	if l.width == 0 {
		_, err = fmt.Fprintf(l.out, "%s%s %-8s  %s  %s\n", clock(at, l.p.zone), mark, visible(e.Kind), text, id)
		return err
	}
	if day := at.Format("Monday 2 January 2006 MST"); day != l.day {
		l.day = day
		if _, err := fmt.Fprintf(l.out, "%s\n", day); err != nil {
			return err
		}
	}
	row := fmt.Sprintf("  %s%s %-8s  ", at.Format("15:04:05"), mark, short(visible(e.Kind), 8))
	row += fit(text, l.width-len(row)-len(id)-2)
	_, err = fmt.Fprintf(l.out, "%s  %s\n", row, id)
	return err
}

// fit cuts text to so many columns, and fills it up to them.
func fit(s string, width int) string {
	width = max(width, 10)
	if n := columns(s); n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	n := 0
	for i, r := range s {
		w := columns(string(r))
		if n+w > width-1 {
			return s[:i] + "…" + strings.Repeat(" ", width-1-n)
		}
		n += w
	}
	return s
}

// barWidth is how long the bar of the fullest bucket is.
const barWidth = 40

func (p *program) writeBuckets(buckets []timeline.Bucket, by string) error {
	most := int64(1)
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	form := map[string]string{timeline.Hour: "2006-01-02 15:04", timeline.Day: "2006-01-02 Mon", timeline.Week: "2006-01-02", timeline.Month: "2006-01"}[by]
	zone := "-07:00"
	if p.zone == time.UTC {
		zone = "UTC"
	}
	var rows [][]string
	var until time.Time
	for _, b := range buckets {
		if p.asJSON {
			if err := writeJSON(p.out, b); err != nil {
				return err
			}
			continue
		}
		if !until.IsZero() && until.Before(b.From) {
			rows = append(rows, []string{"…", "", "nothing in between"})
		}
		until = b.To
		var kinds []string
		for _, k := range sortedKeys(b.Kinds) {
			kinds = append(kinds, visible(k)+" "+number(b.Kinds[k]))
		}
		bar := strings.Repeat("█", int(max(1, b.Count*barWidth/most)))
		if len(kinds) < 2 {
			kinds = nil
		}
		rows = append(rows, []string{b.From.Format(form + " " + zone), fmt.Sprintf("%*s", len(number(most)), number(b.Count)), strings.TrimSpace(bar + "  " + strings.Join(kinds, ", "))})
	}
	return table(p.out, rows)
}
