// Package timeline puts what records say of time in order: every time that a record
// states is an event of its own, so that a file's creation and its last change both stand
// where they belong.
package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Options of a timeline.
type Options struct {
	// Search is handed on to search.Select; its order, offset and limit are not used.
	Search search.Options
	// From and To bound the events: from From on, before To. The zero time is no bound.
	From, To time.Time
	// Memory is how many bytes of events are sorted at once, 32 MiB where 0. What is more
	// goes to a nameless temporary file in TempDir and is merged.
	Memory  int64
	TempDir string
}

// Event is one time of one record.
type Event struct {
	At time.Time
	// Kind is what happened then: sent, received, created, …; "" where the record does not say.
	Kind string
	// Assumed: the zone was stated neither by the source nor by anybody.
	Assumed bool
	// Flags of the record about its times: time_implausible, …
	Flags []string
	// Payload is what the caller made of the record.
	Payload []byte
}

// Summary says what a timeline came to.
type Summary struct {
	// Records were looked at; Untimed of them state no time that can be read; Events are
	// inside the bounds, Outside were outside.
	Records, Untimed, Events, Outside int64
	// Undecided records were left out by after: or before: of the query for having no time.
	Undecided int64
}

const defaultMemory = 32 << 20

// stated is what is read of a record.
type stated struct {
	Time     string   `json:"time"`
	TimeKind string   `json:"time_kind"`
	Basis    *basis   `json:"time_basis"`
	Flags    []string `json:"flags"`
	Times    []struct {
		Kind  string `json:"kind"`
		Time  string `json:"time"`
		Basis *basis `json:"basis"`
	} `json:"times"`
}

type basis struct {
	ZoneBasis string `json:"zone_basis"`
	Basis     string `json:"basis"`
}

// UnmarshalJSON also takes a basis that is one word.
func (b *basis) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &b.Basis)
	}
	type plain basis
	return json.Unmarshal(text, (*plain)(b))
}

func (b *basis) assumed() bool {
	return b != nil && (b.ZoneBasis == "assumed" || b.Basis == "assumed")
}

// Events calls yield with every time of every record that fulfils q, in the order of time
// and, at one time, of the log. keep turns a joined record into what is kept of it; the
// payload is good until yield returns. Memory is bounded by o.Memory.
func Events(ctx context.Context, c *store.Case, q *search.Query, o Options, keep func(line []byte) ([]byte, error), yield func(Event) error) (s Summary, err error) {
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	sorter := &sorter{memory: o.Memory, dir: o.TempDir}
	defer sorter.close()
	s, err = walk(ctx, c, q, o, func(line []byte, events []Event) error {
		payload, err := keep(line)
		if err != nil {
			return err
		}
		for _, e := range events {
			e.Payload = payload
			if err := sorter.add(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	n := 0
	return s, sorter.each(func(e Event) error {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return yield(e)
	})
}

// walk calls do with each record that has an event inside the bounds, and those events.
func walk(ctx context.Context, c *store.Case, q *search.Query, o Options, do func(line []byte, events []Event) error) (Summary, error) {
	var s Summary
	so := o.Search
	so.Order, so.Offset, so.Limit = search.InLog, 0, 0
	var events, seen []Event
	found, err := search.Select(ctx, c, q, so, func(h search.Hit) error {
		s.Records++
		var r stated
		if err := json.Unmarshal(h.Line, &r); err != nil {
			return fmt.Errorf("timeline: record %s: %w: %w", h.ID, evidence.ErrFormat, err)
		}
		events, seen = events[:0], seen[:0]
		timed := false
		take := func(at, kind string, b *basis) {
			t, err := time.Parse(time.RFC3339Nano, at)
			if err != nil {
				return
			}
			timed = true
			for _, have := range seen {
				if have.At.Equal(t) && have.Kind == kind {
					return // stated twice: in time and in times
				}
			}
			seen = append(seen, Event{At: t, Kind: kind})
			if !o.From.IsZero() && t.Before(o.From) || !o.To.IsZero() && !t.Before(o.To) {
				s.Outside++
				return
			}
			events = append(events, Event{At: t, Kind: kind, Assumed: b.assumed(), Flags: timeFlags(r.Flags)})
		}
		take(r.Time, r.TimeKind, r.Basis)
		for _, t := range r.Times {
			take(t.Time, t.Kind, t.Basis)
		}
		if !timed {
			s.Untimed++
		}
		if len(events) == 0 {
			return nil
		}
		s.Events += int64(len(events))
		return do(h.Line, events)
	})
	s.Undecided = found.Untimed
	return s, err
}

func timeFlags(flags []string) []string {
	var out []string
	for _, f := range flags {
		if len(f) > 5 && f[:5] == "time_" {
			out = append(out, f)
		}
	}
	return out
}
