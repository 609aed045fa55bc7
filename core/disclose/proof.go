package disclose

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// sets writes the trees of all sets with members that are opened.
func (d *disclosure) sets(ctx context.Context) error {
	for _, set := range slices.Sorted(maps.Keys(d.c.entries)) {
		for _, seq := range slices.Sorted(maps.Keys(d.c.entries[set])) {
			if err := d.set(ctx, set, seq); err != nil {
				return fmt.Errorf("disclose: set %s of entry %d: %w", set, seq, err)
			}
		}
	}
	return nil
}

func (d *disclosure) set(ctx context.Context, set string, seq int64) error {
	root, err := d.rootOf(ctx, set, seq)
	if err != nil {
		return err
	}
	seed, err := d.k.SetSeed(ctx, seq, set)
	if err != nil {
		return err
	}
	return d.bag.Make(bundle.SetsDir+"/"+strconv.FormatInt(seq, 10)+"-"+set+".jsonl", func(w *bufio.Writer) error {
		t := bundle.NewTree(w)
		for m, err := range d.k.Members(ctx, set, seq) {
			if err != nil {
				return err
			}
			if err := d.member(t, set, seed, m); err != nil {
				return err
			}
		}
		return t.Close(root)
	})
}

func (d *disclosure) member(t *bundle.Tree, set string, seed [32]byte, m store.Member) error {
	open, err := d.c.memberFields(set, m)
	if err != nil {
		return err
	}
	var line []byte
	if open != nil {
		if line, err = bundle.Member(seed, m.N, m.Body, open); err != nil {
			return err
		}
	}
	if line == nil {
		leaf := [32]byte{}
		if copy(leaf[:], m.Leaf) != len(leaf) {
			return damaged(set, m, evidence.ErrFormat)
		}
		t.Hide(leaf)
		return nil
	}
	_, leaf, err := custody.MemberLeaf(seed, m.N, m.Body)
	if err != nil {
		return err
	}
	return t.Show(line, leaf)
}

// rootOf is what an entry says of a set.
func (d *disclosure) rootOf(ctx context.Context, set string, seq int64) (custody.SetRoot, error) {
	for le, err := range d.k.Entries(ctx, seq) {
		if err != nil {
			return custody.SetRoot{}, err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return custody.SetRoot{}, err
		}
		if root, ok := e.Sets[set]; ok && e.Seq == seq {
			return root, nil
		}
		break
	}
	return custody.SetRoot{}, fmt.Errorf("%w: the entry has no such set", evidence.ErrIntegrity)
}

// recordTrees writes where the disclosed records stand in their record sets.
func (d *disclosure) recordTrees(ctx context.Context) error {
	for _, p := range d.c.picks {
		name := fmt.Sprintf("%s/%d-%d.jsonl", bundle.RecordTreesDir, p.row.seq, p.row.n)
		err := d.bag.Make(name, func(w *bufio.Writer) error {
			t, line := bundle.NewTree(w), p.first
			err := p.j.Lines(ctx, d.k, func(n int64, text []byte) error {
				leaf := custody.RecordLeaf(p.seed, n-1, text)
				if !p.has(n) {
					t.Hide(leaf)
					return nil
				}
				line++
				return t.Show(bundle.RecordLine(line-1, custody.RecordSalt(p.seed, n-1)), leaf)
			})
			if err != nil {
				return err
			}
			return t.Close(custody.SetRoot{Root: p.run.RecordTree.Root, Size: p.run.RecordTree.Size})
		})
		if err != nil {
			return fmt.Errorf("disclose: record set of run %d of entry %d: %w", p.row.n, p.row.seq, err)
		}
	}
	return nil
}

// log writes entries, openings, checkpoints and keys, up to a checkpoint.
func (d *disclosure) log(ctx context.Context, size int64) error {
	err := d.bag.Make(bundle.LogFile, func(w *bufio.Writer) error {
		n := int64(0)
		for le, err := range d.k.Entries(ctx, 0) {
			if err != nil {
				return err
			}
			n++
			if _, err := w.Write(append(le.Body[:len(le.Body):len(le.Body)], '\n')); err != nil {
				return err
			}
		}
		if n != size {
			return fmt.Errorf("%w: the log has %d entries, the checkpoint %d", evidence.ErrIntegrity, n, size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = d.bag.Make(bundle.OpeningsFile, func(w *bufio.Writer) error {
		var err error
		kept := int64(0)
		d.report.Withheld.Fields, _, err = d.c.openings(ctx, d.k, d.own, func(seq int64, o custody.Opening) error {
			if d.withheld.names(o.Value) {
				kept++
				d.w.Remark(fmt.Sprintf("field %s of entry %d names what is withheld, and is not opened", o.Field, seq))
				return nil
			}
			_, err := w.Write(append(bundle.Opening(seq, o), '\n'))
			return err
		})
		d.report.Withheld.Fields += kept
		return err
	})
	if err != nil {
		return err
	}
	sizes := map[int64]bool{}
	for cp, err := range d.k.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		sizes[cp.Size] = true
		if err := d.bag.Add(bundle.Bytes(fmt.Sprintf("%s/%d.note", bundle.CheckpointsDir, cp.Size), cp.Note)); err != nil {
			return err
		}
	}
	if err := d.anchors(sizes); err != nil {
		return err
	}
	return d.keys(ctx)
}

// anchors encloses the time stamps and cosignatures over checkpoints of these sizes.
func (d *disclosure) anchors(sizes map[int64]bool) error {
	found, err := d.k.Anchors(store.AnchorStamp, store.AnchorChain, store.AnchorNote)
	if err != nil {
		return err
	}
	for _, a := range found {
		if !sizes[a.Size] {
			continue
		}
		b, err := d.k.ReadAnchor(a)
		if err != nil {
			return err
		}
		if err := d.bag.Add(bundle.Bytes(a.File(), b)); err != nil {
			return err
		}
		if a.Sort != store.AnchorChain {
			d.about.Anchors++
			d.report.Anchors++
		}
	}
	return nil
}

func (d *disclosure) keys(ctx context.Context) error {
	state, err := d.k.State(ctx)
	if err != nil {
		return err
	}
	var keys string
	for _, k := range state.Signers {
		keys += k + "\n"
	}
	if err := d.bag.Add(bundle.Bytes(bundle.LogKeysFile, []byte(keys))); err != nil {
		return err
	}
	line := d.k.Origin() + ` namespaces="` + bundle.SignatureNamespace + `" ` + d.w.Signer.SSH() + "\n"
	return d.bag.Add(bundle.Bytes(bundle.SignersFile, []byte(line)))
}

// head is what a checkpoint states.
func (d *disclosure) head(note []byte) error {
	cp, err := custody.ParseCheckpoint(note)
	if err != nil {
		return err
	}
	d.about.Size, d.about.Root = cp.Size, hex.EncodeToString(cp.Root[:])
	d.report.Size, d.report.Root = cp.Size, d.about.Root
	if cmp.Compare(cp.Size, d.about.Entry) <= 0 {
		return fmt.Errorf("%w: the checkpoint does not cover entry %d", evidence.ErrIntegrity, d.about.Entry)
	}
	return nil
}
