package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// settleTimes decides how each column of times is read, drops those that hold no
// times, and joins a date with a time of day.
func (m *mapping) settleTimes(rows [][]string, itemZone string) error {
	var kept []timeColumn
	for _, t := range m.times {
		for _, row := range rows {
			t.votes.add([]byte(row[t.index]))
		}
		_, counted := t.votes.unit()
		if t.votes.filled > 0 && (counted+t.votes.counted["zero"]+t.votes.most())*2 < t.votes.filled {
			continue // sent: yes
		}
		kept = append(kept, t)
	}
	m.times = joinDates(kept)
	for i := range m.times {
		if err := m.times[i].compile(m, itemZone); err != nil {
			return err
		}
	}
	return nil
}

// joinDates makes one column of a date and a time of day: of the same kind, or the
// only ones.
func joinDates(list []timeColumn) (out []timeColumn) {
	dates, clocks := 0, 0
	for _, t := range list {
		switch {
		case t.isDate():
			dates++
		case t.isClock():
			clocks++
		}
	}
	used := map[int]bool{}
	for i, t := range list {
		if !t.isClock() {
			continue
		}
		for j, d := range list {
			if !d.isDate() || used[j] || t.kind != d.kind && (dates != 1 || clocks != 1) {
				continue
			}
			used[i], used[j] = true, true
			kind := t.kind
			if kind == sdk.Logged {
				kind = d.kind
			}
			joined := timeColumn{index: t.index, other: d.index, kind: kind, votes: d.votes}
			joined.votes.dateOnly = 0
			out = append(out, joined)
			break
		}
	}
	for i, t := range list {
		// A time of day without a date is no time.
		if !used[i] && !t.isClock() {
			out = append(out, t)
		}
	}
	// The record's own time is that of which is not said what it is, else when it was sent.
	rank := map[string]int{sdk.Logged: 0, sdk.Sent: 1, sdk.Received: 2}
	for i := 1; i < len(out); i++ {
		for j := i; j > 0 && rank[out[j].kind] < rank[out[j-1].kind]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func (t *timeColumn) isDate() bool {
	return t.votes.dateOnly > 0 && t.votes.dateOnly*2 > t.votes.filled
}

func (t *timeColumn) isClock() bool {
	return t.votes.timeOnly > 0 && t.votes.timeOnly*2 > t.votes.filled
}

// resolveOrders reads the whole input where the first rows leave the order of day
// and month open: a single date may decide it.
func (m *mapping) resolveOrders(c *sdk.Ctx, in *sdk.Input, d delimited.Dialect) error {
	open := func() bool {
		for i := range m.times {
			if m.times[i].basis == sdk.Assumed {
				return true
			}
		}
		return false
	}
	if !open() {
		return nil
	}
	for i := range m.times {
		m.times[i].votes = votes{}
	}
	for u := range delimited.Units(in, d) {
		if u.Defect != "" || u.Blank {
			continue
		}
		for i := range m.times {
			t := &m.times[i]
			at := t.index
			if t.other >= 0 {
				at = t.other
			}
			t.votes.add(u.Fields[at])
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	for i := range m.times {
		t := &m.times[i]
		if err := t.decide(m.chinese); err != nil {
			return err
		}
		if t.basis != sdk.Assumed {
			continue
		}
		_, rivals := t.votes.best(preferred(m.chinese))
		var other []string
		for _, o := range rivals {
			other = append(other, orderNames[o])
		}
		c.Diagnose(sdk.Diagnostic{
			Code: codeTimeOrder, Severity: evidence.SeverityWarning,
			Message: fmt.Sprintf("no date of the file tells day and month apart; %s was assumed, it may be %s; a layout that states the time's format decides it (exhibit layout add)",
				orderNames[t.order], strings.Join(other, " or ")),
			Data: map[string]any{"column": t.index + 1, "order": orderNames[t.order], "or": strings.Join(other, ", ")},
		})
	}
	return nil
}
