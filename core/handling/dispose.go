package handling

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Disposable is what would be destroyed with an item.
type Disposable struct {
	// Objects are the artifacts whose objects are in the case and which nothing else needs:
	// what was received, what was made out of it, what was read from it. Ascending.
	Objects []evidence.Digest
	// Bytes is the size of their content.
	Bytes int64
	// Shared is how many artifacts of the item stay because another item needs them, InPlace
	// how many were never in the case.
	Shared, InPlace int64
}

// graph is what was made out of what.
type graph struct {
	children map[evidence.Digest][]evidence.Digest
	runs     []evidence.Run
}

// reach adds to set everything that was made out of what is in it: derived artifacts,
// record sets, diagnostics, manifests.
func (g *graph) reach(set map[evidence.Digest]bool) {
	queue := make([]evidence.Digest, 0, len(set))
	for d := range set {
		queue = append(queue, d)
	}
	for len(queue) > 0 {
		d := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, child := range g.children[d] {
			if !set[child] {
				set[child] = true
				queue = append(queue, child)
			}
		}
	}
}

// FindDisposable finds what would be destroyed with an item.
func FindDisposable(ctx context.Context, c *store.Case, state *store.State, exhibit string) (*Disposable, error) {
	g := &graph{children: map[evidence.Digest][]evidence.Digest{}}
	for d, err := range c.Derivations(ctx) {
		if err != nil {
			return nil, err
		}
		g.children[d.Parent] = append(g.children[d.Parent], d.Child)
	}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		r := row.Run
		g.runs = append(g.runs, r)
		for _, in := range r.Reads() {
			if r.Input != in {
				g.children[in] = append(g.children[in], r.Input) // the manifest names it
			}
		}
		if r.Records != nil {
			g.children[r.Input] = append(g.children[r.Input], r.Records.Artifact)
		}
		if r.Diagnostics != nil {
			g.children[r.Input] = append(g.children[r.Input], r.Diagnostics.Artifact)
		}
	}
	mine, others := map[evidence.Digest]bool{}, map[evidence.Digest]bool{}
	for o, err := range c.Occurrences(ctx, "") {
		switch {
		case err != nil:
			return nil, err
		case o.Artifact.IsZero():
		case o.Item == exhibit:
			mine[o.Artifact] = true
		default:
			others[o.Artifact] = true
		}
	}
	g.reach(mine)
	g.reach(others)
	g.keys(state, others)
	return sift(ctx, c, mine, others)
}

// keys adds the artifacts that hold keys with which what is needed was opened.
func (g *graph) keys(state *store.State, needed map[evidence.Digest]bool) {
	for _, r := range g.runs {
		if !needed[r.Input] {
			continue
		}
		for _, k := range state.Keys {
			if k.Place != nil && slices.Contains(r.Keys, k.Fingerprint) {
				needed[k.Place.Artifact] = true
			}
		}
	}
}

func sift(ctx context.Context, c *store.Case, mine, others map[evidence.Digest]bool) (*Disposable, error) {
	gone, err := c.Disposed(ctx)
	if err != nil {
		return nil, err
	}
	out := &Disposable{}
	for d := range mine {
		if _, already := gone[d]; already {
			continue
		}
		if others[d] {
			out.Shared++
			continue
		}
		a, err := c.Artifact(ctx, d)
		if err != nil {
			return nil, err
		}
		if a.Stored.Encoding == evidence.StoredInPlace {
			out.InPlace++
			continue
		}
		out.Objects = append(out.Objects, d)
		out.Bytes += a.Size
	}
	slices.SortFunc(out.Objects, func(a, b evidence.Digest) int { return strings.Compare(a.Hex(), b.Hex()) })
	return out, nil
}

// Dispose writes that an item was returned or destroyed. With what, its objects are destroyed
// too: the entry names each and is durable first. It returns the entry and how many
// objects were removed.
func Dispose(ctx context.Context, c *store.Case, it store.Item, phase string, said map[string]any, what *Disposable) (seq, removed int64, err error) {
	b := store.Batch{
		Kind: "dispose", Plain: map[string]any{"phase": phase}, Secret: said, Refs: map[string]int64{"item": it.Seq},
	}
	if what == nil || len(what.Objects) == 0 {
		seq, err = c.Append(ctx, b)
		return seq, 0, err
	}
	if phase != "destroyed" {
		return 0, 0, fmt.Errorf("handling: dispose of %s: %w: objects are destroyed with what is destroyed", it.Exhibit, evidence.ErrFormat)
	}
	b.Plain["counts"] = map[string]any{"artifacts": int64(len(what.Objects)), "bytes": what.Bytes}
	b.Subjects = make([]evidence.Subject, len(what.Objects))
	for i, d := range what.Objects {
		b.Subjects[i] = evidence.Subject{Artifact: d}
	}
	return c.Destroy(ctx, b)
}
