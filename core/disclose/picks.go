package disclose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// pick is what of one record set is disclosed.
type pick struct {
	row place
	// run is the member of set runs that commits to the record set, seed that of its salts.
	run  evidence.Run
	seed [32]byte
	j    *view.Joiner
	// whole: every record is. Else lines are, from 1.
	whole bool
	lines map[int64]bool
	// exhibit and path are of what the records were read in, path in printable form.
	exhibit, path string
	// first is the number in records.jsonl of the first of them.
	first, count int64
}

func (p *pick) has(n int64) bool { return p.whole || p.lines[n] }

// records chooses records: all of the exhibits, and those that the query selects. Of two
// runs with the same record set the first is taken: a record is disclosed once.
func (c *chosen) records(ctx context.Context, k *store.Case, q Request, w World) error {
	joiners, err := view.Joiners(ctx, k)
	if err != nil {
		return err
	}
	by := map[evidence.Digest]*pick{}
	for _, j := range joiners {
		c.total.Records += j.Set().Count
		if !q.Records {
			continue
		}
		if i := slices.IndexFunc(j.Places, func(p store.PlaceOf) bool { return c.whole[p.Item] }); i >= 0 && by[j.Set().Artifact] == nil && j.Set().Count > 0 {
			by[j.Set().Artifact] = &pick{j: j, whole: true, exhibit: j.Places[i].Item, path: bundle.PrintablePath(j.Places[i].Path.Bytes())}
		}
	}
	if q.Select != nil {
		if err := c.selected(ctx, k, q, w, joiners, by); err != nil {
			return err
		}
	}
	for _, p := range by {
		c.picks = append(c.picks, p)
	}
	if err := c.runRows(ctx, k); err != nil {
		return err
	}
	slices.SortFunc(c.picks, func(a, b *pick) int { return a.row.compare(b.row) })
	line := int64(1)
	for _, p := range c.picks {
		p.first = line
		if p.count = int64(len(p.lines)); p.whole {
			p.count = p.run.Records.Count
		}
		line += p.count
		if !c.whole[p.exhibit] {
			c.mentioned[p.exhibit] = true
		}
	}
	c.total.Records -= line - 1
	return nil
}

func (p place) compare(o place) int {
	if p.seq != o.seq {
		return int(p.seq - o.seq)
	}
	return int(p.n - o.n)
}

// selected adds the records that the query finds.
func (c *chosen) selected(ctx context.Context, k *store.Case, q Request, w World, joiners []*view.Joiner, by map[evidence.Digest]*pick) error {
	// The id of a hit begins with the digits of its record set.
	sets := map[string]*view.Joiner{}
	for _, j := range joiners {
		prefix, _, _ := strings.Cut(evidence.RecordID(j.Set().Artifact, 1), ":")
		if other := sets[prefix]; other != nil && other.Set().Artifact != j.Set().Artifact {
			return fmt.Errorf("disclose: %w: two record sets begin with %s", evidence.ErrAmbiguous, prefix)
		} else if other == nil {
			sets[prefix] = j
		}
	}
	s, err := search.Select(ctx, k, q.Select, w.Search, func(h search.Hit) error {
		prefix, n, err := splitID(h.ID)
		j := sets[prefix]
		if err != nil || j == nil {
			return errors.Join(err, fmt.Errorf("disclose: record %q: %w", h.ID, evidence.ErrNotFound))
		}
		p := by[j.Set().Artifact]
		if p == nil {
			p = &pick{j: j, lines: map[int64]bool{}}
			if len(j.Places) > 0 {
				at := j.Places[max(0, slices.IndexFunc(j.Places, func(p store.PlaceOf) bool { return c.whole[p.Item] }))]
				p.exhibit, p.path = at.Item, bundle.PrintablePath(at.Path.Bytes())
			}
			by[j.Set().Artifact] = p
		}
		if !p.whole {
			p.lines[n] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	remarkUntimed(w, s)
	return nil
}

func remarkUntimed(w World, s search.Summary) {
	if s.Untimed > 0 {
		w.Remark(strconv.FormatInt(s.Untimed, 10) + " records are left out because after: and before: ask for a time and they state none")
	}
}

// openRun is a member of set runs that is opened.
type openRun struct {
	run evidence.Run
	// tree: records are disclosed that it leads to; whole: all of them.
	tree, whole bool
	// reads: everything that it read is disclosed.
	reads bool
}

// runRows finds the members of set runs for the picks, and for the runs that made files: of
// rows for one run the last that did not fail.
func (c *chosen) runRows(ctx context.Context, k *store.Case) error {
	picks := map[evidence.Digest]*pick{}
	for _, p := range c.picks {
		picks[p.j.Run().ID] = p
	}
	makers := map[evidence.Digest]place{}
	rows := map[place]*openRun{}
	for row, err := range k.Runs(ctx) {
		if err != nil {
			return err
		}
		r, at := row.Run, place{row.Seq, row.N}
		if p := picks[r.ID]; p != nil && r.Records != nil && r.Records.Artifact == p.j.Set().Artifact {
			p.row, p.run, p.seed = at, r, row.Seed
		}
		if c.makers[r.ID] && r.Outcome != evidence.OutcomeFailed {
			delete(rows, makers[r.ID])
			makers[r.ID] = at
			rows[at] = &openRun{run: r}
		}
	}
	for _, p := range c.picks {
		if p.run.RecordTree == nil {
			return fmt.Errorf("%w: the run of a record set has no tree over its records", evidence.ErrIntegrity)
		}
		rows[p.row] = &openRun{run: p.run, tree: true, whole: p.whole}
	}
	for at, r := range rows {
		r.reads = !slices.ContainsFunc(r.run.Reads(), func(d evidence.Digest) bool { return !c.has(d) })
		if !r.reads && !r.tree {
			delete(rows, at) // it would say nothing but that there is such a run
			continue
		}
		c.note(setRuns, at.seq)
		if r.reads {
			c.named[r.run.ID] = true
		}
	}
	c.runs = rows
	return nil
}
