package disclose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Names of sets.
const (
	setArtifacts   = "artifacts"
	setOccurrences = "occurrences"
	setDerivations = "derivations"
	setRuns        = "runs"
)

// place is the number of a member: entry and position in its set.
type place struct{ seq, n int64 }

// file is an artifact that is disclosed.
type file struct {
	digest evidence.Digest
	// row is the artifact's member that is opened, artifact what it says.
	row      place
	artifact evidence.Artifact
	// latest is how it is stored.
	latest evidence.Artifact
	// found are its occurrences in the exhibits, made how it was made of other files.
	found []found
	made  []made
	name  string
}

type found struct {
	item     string
	path     evidence.Name
	modified string
}

type made struct {
	parent   evidence.Digest
	run      evidence.Digest
	name     *evidence.Name
	how      string
	modified string
}

// chosen is what of the case is disclosed.
type chosen struct {
	state *store.State
	// exhibits are disclosed whole, in the order of the case.
	exhibits []store.Item
	whole    map[string]bool
	// files in the order of the log: received ones first. derived is how many are not.
	files    []*file
	by       map[evidence.Digest]*file
	first    int
	disposed map[evidence.Digest]int64
	// makers are the runs that made files of files.
	makers map[evidence.Digest]bool
	picks  []*pick
	// runs are those that are opened, named those whose name may be.
	runs  map[place]*openRun
	named map[evidence.Digest]bool
	// mentioned are exhibits of which no more than the number is disclosed, with a record.
	mentioned map[string]bool
	// entries are those with members that are opened, by set.
	entries map[string]map[int64]bool
	total   Withheld
	// redacted: a redacted production, of which titled, the policy's word on fields, says
	// whether the case's title and number may be opened.
	redacted bool
	titled   map[string]string
}

func (c *chosen) has(d evidence.Digest) bool { return c.by[d] != nil }

func (c *chosen) note(set string, seq int64) {
	if c.entries[set] == nil {
		c.entries[set] = map[int64]bool{}
	}
	c.entries[set][seq] = true
}

// choose finds out what is meant. It fails with evidence.ErrNotFound where an exhibit is
// not there, ErrNothing where nothing is chosen.
func choose(ctx context.Context, k *store.Case, q Request, w World) (*chosen, error) {
	c := &chosen{
		whole: map[string]bool{}, by: map[evidence.Digest]*file{}, makers: map[evidence.Digest]bool{},
		named: map[evidence.Digest]bool{}, mentioned: map[string]bool{}, entries: map[string]map[int64]bool{},
	}
	var err error
	if c.state, err = k.State(ctx); err != nil {
		return nil, err
	}
	if c.disposed, err = k.Disposed(ctx); err != nil {
		return nil, err
	}
	for _, number := range q.Exhibits {
		if !slices.ContainsFunc(c.state.Items, func(it store.Item) bool { return it.Exhibit == number }) {
			return nil, fmt.Errorf("exhibit %q: %w", number, evidence.ErrNotFound)
		}
		c.whole[number] = true
	}
	for _, it := range c.state.Items {
		if c.whole[it.Exhibit] {
			c.exhibits = append(c.exhibits, it)
		}
	}
	steps := []func(context.Context, *store.Case) error{c.received}
	if q.Derived {
		steps = append(steps, c.derived)
	}
	if q.Redacted != nil {
		q.Select = nil // it says which records are redacted, and discloses none as it is
		c.redacted, c.titled = true, q.Redacted.Redactor.Policy().Show
	}
	steps = append(steps, c.rows, func(ctx context.Context, k *store.Case) error { return c.records(ctx, k, q, w) })
	for _, step := range steps {
		if err := step(ctx, k); err != nil {
			return nil, err
		}
	}
	if len(c.exhibits)+len(c.picks)+len(q.Enclose) == 0 && q.Redacted == nil {
		return nil, ErrNothing
	}
	return c, nil
}

// add takes an artifact among the files.
func (c *chosen) add(d evidence.Digest) *file {
	f := c.by[d]
	if f == nil {
		f = &file{digest: d}
		c.by[d] = f
		c.files = append(c.files, f)
	}
	return f
}

// received takes the files of the exhibits.
func (c *chosen) received(ctx context.Context, k *store.Case) error {
	all := map[evidence.Digest]bool{}
	for m, err := range k.Members(ctx, setOccurrences, -1) {
		if err != nil {
			return err
		}
		var o evidence.Occurrence
		if err := json.Unmarshal(m.Body, &o); err != nil {
			return damaged(setOccurrences, m, err)
		}
		if !o.Artifact.IsZero() {
			all[o.Artifact] = true
		}
		if !c.whole[o.Item] {
			continue
		}
		c.note(setOccurrences, m.Seq)
		if o.Artifact.IsZero() || c.disposed[o.Artifact] > 0 {
			continue
		}
		f := c.add(o.Artifact)
		f.found = append(f.found, found{o.Item, o.Path, mtime(o.FS)})
	}
	c.first = len(c.files)
	c.total.Files = int64(len(all) - c.first)
	return nil
}

func damaged(set string, m store.Member, err error) error {
	return fmt.Errorf("%w: member %d of set %s of entry %d: %w", evidence.ErrIntegrity, m.N, set, m.Seq, err)
}

// mtime is the time of last change that a filesystem or a container states, "" where it
// states none in RFC 3339.
func mtime(meta json.RawMessage) string {
	var v struct {
		MTime string `json:"mtime"`
	}
	if len(meta) == 0 || json.Unmarshal(meta, &v) != nil {
		return ""
	}
	if _, err := time.Parse(time.RFC3339Nano, v.MTime); err != nil {
		return ""
	}
	return v.MTime
}

// derived takes what was made of files, until nothing more was.
func (c *chosen) derived(ctx context.Context, k *store.Case) error {
	taken := map[place]bool{}
	for again := true; again; {
		again = false
		for m, err := range k.Members(ctx, setDerivations, -1) {
			if err != nil {
				return err
			}
			at := place{m.Seq, m.N}
			if taken[at] {
				continue
			}
			var d evidence.Derivation
			if err := json.Unmarshal(m.Body, &d); err != nil {
				return damaged(setDerivations, m, err)
			}
			if !c.has(d.Parent) || c.disposed[d.Child] > 0 {
				continue
			}
			taken[at], again = true, true
			c.note(setDerivations, m.Seq)
			c.makers[d.Run] = true
			f := c.add(d.Child)
			f.made = append(f.made, made{d.Parent, d.Run, d.Name, how(&d), mtime(d.Meta)})
		}
	}
	return nil
}

// rows finds the members of the files' artifacts: the first that says how the artifact
// is disclosed, received or derived, else the first there is.
func (c *chosen) rows(ctx context.Context, k *store.Case) error {
	for m, err := range k.Members(ctx, setArtifacts, -1) {
		if err != nil {
			return err
		}
		var a evidence.Artifact
		if err := json.Unmarshal(m.Body, &a); err != nil {
			return damaged(setArtifacts, m, err)
		}
		f := c.by[a.SHA256]
		if f == nil {
			continue
		}
		want := evidence.Derived
		if len(f.found) > 0 {
			want = evidence.Original
		}
		if f.latest.SHA256.IsZero() || f.artifact.Origin != want && a.Origin == want {
			f.row, f.artifact = place{m.Seq, m.N}, a
		}
		f.latest = a
	}
	for _, f := range c.files {
		if f.latest.SHA256.IsZero() {
			return fmt.Errorf("%w: artifact %s has no row", evidence.ErrIntegrity, f.digest)
		}
		c.note(setArtifacts, f.row.seq)
	}
	withheld := map[evidence.Digest]bool{}
	for d, err := range k.Derivations(ctx) {
		if err != nil {
			return err
		}
		if !c.has(d.Child) {
			withheld[d.Child] = true
		}
	}
	c.total.Derived = int64(len(withheld))
	return nil
}
