package disclose

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/exhibit-forensics/exhibit/core/prove"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxProofs bounds how many proofs of each sort a bundle has: each is some kilobytes and
// repeats its entry. Whoever needs more asks for them (exhibit prove).
const maxProofs = 200

// continues checks, before anything is written, that the log continues what the recipient has.
func (d *disclosure) continues(ctx context.Context) error {
	if len(d.q.Since) == 0 {
		return nil
	}
	size, root, err := d.k.Head(ctx)
	if err != nil {
		return err
	}
	return d.k.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
		for _, note := range d.q.Since {
			cp, err := custody.ParseCheckpoint(note)
			if err != nil {
				return err
			}
			if cp.Origin != d.k.Origin() {
				return fmt.Errorf("disclose: earlier checkpoint: %w: it is of %q, another log", evidence.ErrFormat, cp.Origin)
			}
			if cp.Size < 1 || cp.Size > size {
				return fmt.Errorf("disclose: earlier checkpoint: %w: it is over %d entries, and the log has %d", evidence.ErrIntegrity, cp.Size, size)
			}
			if err := custody.CheckConsistent(cp.Size, cp.Root, size, root, read); err != nil {
				return fmt.Errorf("disclose: earlier checkpoint of %d entries: %w", cp.Size, err)
			}
		}
		return nil
	})
}

// proofs adds proofs of single things, each for whoever has nothing else of the bundle
// (docs/formats/bundle.md, Proofs). They open what is opened, and nothing more.
func (d *disclosure) proofs(ctx context.Context) error {
	m, err := prove.New(ctx, d.k, d.note)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *prove.Maker) error{d.proveExport, d.proveExhibits, d.proveSets, d.proveRecords, d.proveSince} {
		if err := step(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (d *disclosure) addProof(name string, p proof.Proof) error {
	b, err := p.Encode()
	if err != nil {
		return err
	}
	d.report.Proofs++
	return d.bag.Make(path.Join(bundle.ProofsDir, name), func(w *bufio.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// opened are the names of the fields of an entry that the bundle opens.
func (d *disclosure) opened(ctx context.Context, seqs []int64) (map[int64][]string, error) {
	out := map[int64][]string{}
	_, _, err := d.c.openings(ctx, d.k, d.own, func(seq int64, o custody.Opening) error {
		if slices.Contains(seqs, seq) && !d.withheld.names(o.Value) {
			out[seq] = append(out[seq], o.Field)
		}
		return nil
	})
	return out, err
}

// proveExport proves the entry that commits to the manifest.
func (d *disclosure) proveExport(ctx context.Context, m *prove.Maker) error {
	fields, err := d.opened(ctx, []int64{d.result})
	if err != nil {
		return err
	}
	p, err := m.Entry(ctx, d.result, fields[d.result])
	if err != nil {
		return err
	}
	return d.addProof("bundle.proof", p)
}

// proveExhibits proves the entry by which each exhibit began to be received.
func (d *disclosure) proveExhibits(ctx context.Context, m *prove.Maker) error {
	list := d.c.exhibits[:min(len(d.c.exhibits), maxProofs)]
	var seqs []int64
	for _, it := range list {
		seqs = append(seqs, it.Seq)
	}
	fields, err := d.opened(ctx, seqs)
	if err != nil {
		return err
	}
	names := bundle.NewNames(d.bag.Name)
	for _, it := range list {
		p, err := m.Entry(ctx, it.Seq, fields[it.Seq])
		if err != nil {
			return err
		}
		if err := d.addProof(names.File("exhibits", it.Exhibit+".proof"), p); err != nil {
			return err
		}
	}
	d.tooMany(len(d.c.exhibits), "exhibits")
	return nil
}

// runProof proves the run that a pick's records were read by.
func (d *disclosure) runProof(ctx context.Context, m *prove.Maker, at place) (proof.Proof, error) {
	row, err := d.k.Member(ctx, setRuns, at.seq, at.n)
	if err != nil {
		return proof.Proof{}, err
	}
	open, err := d.c.memberFields(setRuns, store.Member{Seq: at.seq, N: at.n, Body: row.Body})
	if err != nil {
		return proof.Proof{}, err
	}
	var fields []string
	err = evidence.Members(row.Body, func(name, _ []byte) error {
		if field := evidence.Unescape(name); open != nil && open(field) {
			fields = append(fields, field)
		}
		return nil
	})
	if err != nil {
		return proof.Proof{}, err
	}
	return m.Member(ctx, setRuns, at.seq, at.n, fields)
}

// proveSets proves each run of which records are disclosed, with the root of its record set.
func (d *disclosure) proveSets(ctx context.Context, m *prove.Maker) error {
	for _, p := range d.c.picks[:min(len(d.c.picks), maxProofs)] {
		made, err := d.runProof(ctx, m, p.row)
		if err != nil {
			return err
		}
		if err := d.addProof(fmt.Sprintf("sets/%d-%d.proof", p.row.seq, p.row.n), made); err != nil {
			return err
		}
	}
	d.tooMany(len(d.c.picks), "record sets")
	return nil
}

// proveRecords proves single records, each by the number of its line in records.jsonl. Of a
// set that is disclosed whole there is the proof of the set.
func (d *disclosure) proveRecords(ctx context.Context, m *prove.Maker) error {
	left, all := maxProofs, 0
	for _, p := range d.c.picks {
		if p.whole {
			continue
		}
		all += len(p.lines)
		var numbers []int64
		for n := range p.lines {
			numbers = append(numbers, n-1)
		}
		slices.Sort(numbers)
		numbers = numbers[:min(len(numbers), left)]
		if len(numbers) == 0 {
			continue
		}
		left -= len(numbers)
		base, err := d.runProof(ctx, m, p.row)
		if err != nil {
			return err
		}
		made, err := proof.OfRecords(base, *p.run.RecordTree, p.seed, numbers, d.linesOf(ctx, p))
		if err != nil {
			return err
		}
		for i, one := range made {
			if err := d.addProof("records/"+strconv.FormatInt(p.first+int64(i), 10)+".proof", one); err != nil {
				return err
			}
		}
	}
	d.tooMany(all, "single records")
	return nil
}

var errStop = errors.New("stop")

// linesOf yields the lines of a pick's record set.
func (d *disclosure) linesOf(ctx context.Context, p *pick) func(yield func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		err := p.j.Lines(ctx, d.k, func(_ int64, line []byte) error {
			if !yield(line, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// proveSince proves that the log continues the checkpoints that the recipient has.
func (d *disclosure) proveSince(ctx context.Context, m *prove.Maker) error {
	seen := map[string]bool{}
	for _, note := range d.q.Since {
		p, err := m.Consistency(ctx, note)
		if err != nil {
			return err
		}
		cp, err := custody.ParseCheckpoint(note)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("consistency/%d-%d.proof", cp.Size, m.Size())
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := d.addProof(name, p); err != nil {
			return err
		}
	}
	return nil
}

func (d *disclosure) tooMany(n int, what string) {
	if n > maxProofs {
		d.w.Remark(fmt.Sprintf("custody/proofs has proofs of the first %d of %d %s; exhibit prove makes one of any other", maxProofs, n, what))
	}
}
