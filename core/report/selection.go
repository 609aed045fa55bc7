package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/view"
)

// maxHits is how many hits of a selection are held to choose from.
const maxHits = 200_000

// selections shows what was selected, with what stands around it.
func (m *maker) selections(ctx context.Context) error {
	for i, sel := range m.o.Selections {
		s, err := m.selection(ctx, sel)
		if err != nil {
			return fmt.Errorf("selection %q: %w", sel.Name, err)
		}
		s.Anchor = fmt.Sprintf("selection-%d", i+1)
		m.page.Found.Selections = append(m.page.Found.Selections, *s)
	}
	return nil
}

// talk is a conversation on its way into the report.
type talk struct {
	key   string
	hits  int64
	first string // time of its first hit
	lines []spoken
}

// spoken is a record of a conversation: enough to put it in order.
type spoken struct {
	time string
	n    int64 // in the order of the log
	id   string
	hit  bool
}

func (m *maker) selection(ctx context.Context, sel Selection) (*Shown, error) {
	out := &Shown{Selection: sel}
	out.Name, out.Query, out.Description = visible(sel.Name), visible(sel.Query), visible(sel.Description)
	q, err := search.Parse(sel.Query, search.ParseOptions{Zone: m.o.Zone})
	if err != nil {
		return nil, err
	}
	hits := map[string]bool{}
	talks := map[string]*talk{}
	var hs hours
	over := int64(0)
	sum, err := search.Select(ctx, m.c, q, m.searchOptions(), func(h search.Hit) error {
		r, err := parse(h.Line)
		if err != nil {
			return err
		}
		if t, ok := r.at(); ok && !r.doubtful() {
			hs.add(t)
		}
		if len(hits) >= maxHits {
			over++
			return nil
		}
		hits[r.ID] = true
		key := r.conversation()
		if key == "" {
			key = "\x00" + r.ID // stands alone
		}
		t := talks[key]
		if t == nil {
			t = &talk{key: key, first: r.Time}
			talks[key] = t
		}
		t.hits++
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Hits = sum.Hits
	out.Note = m.note("hits of the selection “"+out.Name+"”", "exhibit search --count "+quote(sel.Query), "")
	out.Chart = hs.columns("Hits of “"+out.Name+"”", m.o.Zone)
	if out.Hits == 0 {
		return out, nil
	}
	shown := m.choose(talks, out)
	if err := m.fill(ctx, shown, hits); err != nil {
		return nil, err
	}
	return out, m.write(ctx, shown, out, &marker{q.Find})
}

// choose takes the conversations with most hits; single records count as one.
func (m *maker) choose(talks map[string]*talk, out *Shown) map[string]*talk {
	all := make([]*talk, 0, len(talks))
	for _, t := range talks {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *talk) int {
		return cmp.Or(cmp.Compare(b.hits, a.hits), strings.Compare(a.first, b.first), strings.Compare(a.key, b.key))
	})
	n := min(len(all), maxConversations)
	for _, t := range all[n:] {
		out.Left++
		out.LeftHits += t.hits
	}
	shown := map[string]*talk{}
	for _, t := range all[:n] {
		shown[t.key] = t
	}
	return shown
}

// maxTalk bounds what is held of one conversation; beyond it only hits are.
const maxTalk = 20_000

// fill finds everything that was said in the chosen conversations.
func (m *maker) fill(ctx context.Context, talks map[string]*talk, hits map[string]bool) error {
	var n int64
	return view.Records(ctx, m.c, view.Filter{}, func(line []byte) error {
		n++
		r, err := parse(line)
		if err != nil {
			return err
		}
		key := r.conversation()
		if key == "" {
			key = "\x00" + r.ID
		}
		t := talks[key]
		if t == nil || len(t.lines) >= maxTalk && !hits[r.ID] {
			return nil
		}
		t.lines = append(t.lines, spoken{time: r.Time, n: n, id: r.ID, hit: hits[r.ID]})
		return nil
	})
}

// window leaves of a conversation its hits and what stands around them; gaps
// say how much is left out.
func (m *maker) window(t *talk) []spoken {
	slices.SortFunc(t.lines, func(a, b spoken) int { return cmp.Or(strings.Compare(a.time, b.time), cmp.Compare(a.n, b.n)) })
	keep := make([]bool, len(t.lines))
	for i, l := range t.lines {
		if l.hit {
			for j := max(0, i-m.o.Context); j <= min(len(t.lines)-1, i+m.o.Context); j++ {
				keep[j] = true
			}
		}
	}
	var out []spoken
	var gap int64
	for i, l := range t.lines {
		if !keep[i] {
			gap++
			continue
		}
		if gap > 0 {
			out = append(out, spoken{n: -gap})
			gap = 0
		}
		out = append(out, l)
	}
	if gap > 0 {
		out = append(out, spoken{n: -gap})
	}
	return out
}

// write reads the records to be shown once more and makes rows of them.
func (m *maker) write(ctx context.Context, talks map[string]*talk, out *Shown, marks *marker) error {
	want := map[string]*Row{}
	var order []*talk
	windows := map[*talk][]spoken{}
	budget := maxShownRecords
	for _, t := range sortedTalks(talks) {
		w := m.window(t)
		if len(w) > budget {
			for _, s := range w[budget:] {
				if s.hit {
					out.LeftHits++
				}
			}
			w = w[:budget]
		}
		budget -= len(w)
		if len(w) == 0 {
			out.Left++
			continue
		}
		order = append(order, t)
		windows[t] = w
		for _, s := range w {
			if s.n >= 0 {
				want[s.id] = nil
			}
		}
	}
	recs := map[string]record{}
	err := view.Records(ctx, m.c, view.Filter{}, func(line []byte) error {
		id, err := idOf(line)
		if err != nil {
			return err
		}
		if _, ok := want[id]; !ok {
			return nil
		}
		r, err := parse(line)
		if err != nil {
			return err
		}
		r.fields = slices.Clone(r.fields)
		row := m.row(&r, marks)
		want[r.ID] = &row
		recs[r.ID] = r
		return nil
	})
	if err != nil {
		return err
	}
	alone := Conversation{Alone: true}
	for _, t := range order {
		c := conversation(t, windows[t], want, recs)
		if len(t.lines) > 1 {
			out.Conversations = append(out.Conversations, c)
			continue
		}
		alone.Hits++
		alone.Rows = append(alone.Rows, c.Rows...)
	}
	if alone.Hits > 0 {
		slices.SortStableFunc(alone.Rows, func(a, b Row) int { return strings.Compare(recs[a.ID].Time, recs[b.ID].Time) })
		alone.Title = "Records that stand alone"
		out.Conversations = append(out.Conversations, alone)
	}
	return nil
}

func sortedTalks(talks map[string]*talk) []*talk {
	all := make([]*talk, 0, len(talks))
	for _, t := range talks {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *talk) int {
		return cmp.Or(cmp.Compare(b.hits, a.hits), strings.Compare(a.first, b.first), strings.Compare(a.key, b.key))
	})
	return all
}

func conversation(t *talk, lines []spoken, rows map[string]*Row, recs map[string]record) Conversation {
	c := Conversation{Hits: t.hits}
	for _, s := range lines {
		if s.n < 0 {
			c.Rows = append(c.Rows, Row{Gap: -s.n})
			continue
		}
		row := rows[s.id]
		if row == nil {
			continue // superseded while the report was made
		}
		row.Hit = s.hit
		if c.Title == "" {
			r := recs[s.id]
			c.Service = visible(r.Service)
			if p := r.parties(); len(p) > 1 {
				c.Title = visible(strings.Join(p, " and "))
			} else {
				c.Title = kindLabel(r.Kind)
			}
		}
		if !row.NoTime {
			if c.From == "" {
				c.From = row.When
			}
			c.To = row.When
		}
		c.Rows = append(c.Rows, *row)
	}
	return c
}

func (m *maker) searchOptions() search.Options {
	return search.Options{Order: search.InLog, Tagged: m.o.Tagged, Boot: m.o.Boot}
}
