package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// noticesShown is how many notices of one concern are printed; all are in the log.
const noticesShown = 20

// notices prints what an intake noticed.
type notices struct {
	p       *program
	bar     *progress
	exhibit string
	seen    map[intake.Concern]int64
}

func (n *notices) take(x intake.Notice) {
	if n.seen == nil {
		n.seen = map[intake.Concern]int64{}
	}
	n.seen[x.Concern]++
	if n.seen[x.Concern] > noticesShown {
		return
	}
	if n.bar != nil {
		n.bar.clear()
	}
	if x.Concern == intake.ConcernUnfinished {
		n.p.note("%s %s", visible(x.Path), x.Text)
		return
	}
	n.p.note("%s %s: %s: %s", n.exhibit, visible(x.Path), x.Concern, visible(x.Text))
}

func (n *notices) done() {
	if n.bar != nil {
		n.bar.clear()
	}
	for _, c := range []intake.Concern{
		intake.ConcernRefused, intake.ConcernUnreadable, intake.ConcernChanged, intake.ConcernMismatch, intake.ConcernAbsent, intake.ConcernUnlisted,
	} {
		if more := n.seen[c] - noticesShown; more > 0 {
			n.p.note("%s: %s more: %s", n.exhibit, number(more), c)
		}
	}
}

// received says in words what was received.
func (p *program) received(r intake.Request, rep intake.Report) error {
	n := rep.Counts
	parts := []string{count(n.Files, "file")}
	for _, x := range []struct {
		n    int64
		name string
	}{{n.Directories, "directory"}, {n.Symlinks, "symbolic link"}} {
		if x.n > 0 {
			parts = append(parts, count(x.n, x.name))
		}
	}
	parts = append(parts, size(n.Bytes))
	if n.Excluded > 0 {
		parts = append(parts, count(n.Excluded, "path")+" excluded")
	}
	if n.Special > 0 {
		parts = append(parts, count(n.Special, "special file")+" refused")
	}
	if rep.Resumed {
		parts = append(parts, count(rep.Skipped, "file")+" of these before the interruption")
	}
	where := ""
	if r.InPlace {
		where = "; the bytes stay where they are"
	}
	if err := p.printf("%s  %s: %s%s\n", rep.Exhibit, visible(r.Path), strings.Join(parts, ", "), where); err != nil {
		return err
	}
	for _, line := range compared(r, rep) {
		if err := p.printf("%s  %s\n", rep.Exhibit, line); err != nil {
			return err
		}
	}
	return nil
}

// compared says how the comparison with digests came out, and what failed.
func compared(r intake.Request, rep intake.Report) []string {
	n := rep.Counts
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if r.Expect != nil || len(r.Lists) > 0 {
		say("%s compared with the digests handed over: %s as stated, %s different", count(n.Compared, "file"), number(n.Compared-n.Mismatched), number(n.Mismatched))
	}
	if n.Mismatched > 0 {
		say("ALTERED before it was received, or wrongly listed: %s; the bytes are kept, and both values are in the log", count(n.Mismatched, "file"))
	}
	if n.Absent > 0 {
		say("listed and not there: %s", count(n.Absent, "file"))
	}
	if n.Unlisted > 0 {
		say("there and not listed: %s", count(n.Unlisted, "file"))
	}
	if rep.Outside > 0 {
		say("listed, but not in this item: %s", count(rep.Outside, "line"))
	}
	if n.Unreadable > 0 {
		say("could not be read: %s; the log says why", count(n.Unreadable, "path"))
	}
	if n.Changed > 0 {
		say("changed while being read: %s", count(n.Changed, "file"))
	}
	return out
}

// receipt is the report as JSON.
func receipt(r intake.Request, rep intake.Report, code int) map[string]any {
	mismatches := make([]map[string]any, len(rep.Mismatches))
	for i, m := range rep.Mismatches {
		mismatches[i] = map[string]any{"path": evidence.NewName(m.Path), "algorithm": m.Algorithm, "expected": m.Expected, "found": m.Found}
	}
	absent := make([]evidence.Name, len(rep.Absent))
	for i, p := range rep.Absent {
		absent[i] = evidence.NewName(p)
	}
	return map[string]any{
		"exhibit": rep.Exhibit, "path": evidence.NewName(r.Path), "entries": map[string]int64{"begin": rep.Begin, "end": rep.End},
		"resumed": rep.Resumed, "skipped": rep.Skipped, "counts": rep.Counts, "mismatches": mismatches,
		"absent": absent, "outside": rep.Outside, "exit": code,
	}
}

// progress is one line of a terminal that is written over.
type progress struct {
	p     *program
	shown bool
}

func (b *progress) show(format string, args ...any) {
	_, _ = fmt.Fprintf(b.p.err, "\r\x1b[K"+format, args...)
	b.shown = true
}

func (b *progress) clear() {
	if b.shown {
		_, _ = fmt.Fprint(b.p.err, "\r\x1b[K")
		b.shown = false
	}
}
