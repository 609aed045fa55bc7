package proof

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// RecordTreeField is the field of a run's row that commits to its records.
const RecordTreeField = "record_tree"

// SetMember is one member of a set, with what proving it takes.
type SetMember struct {
	Set string
	N   int64
	// Body is the row, Seed the set's: it stays here.
	Body []byte
	Seed [32]byte
	// Leaves are the leaf hashes of all members in their order.
	Leaves iter.Seq2[[32]byte, error]
}

// OfMember adds to a proof of an entry that m is a member of one of its sets, and discloses
// those fields of it that are named; of the others it holds commitments. It fails with
// evidence.ErrNotFound where entry or member have no such set or field, with ErrIntegrity where they do
// not agree.
func OfMember(p Proof, m SetMember, fields []string) (Proof, error) {
	e, err := custody.ParseEntry([]byte(p.Entry))
	if err != nil {
		return Proof{}, fmt.Errorf("proof: %w", err)
	}
	bad := func(err error) (Proof, error) {
		return Proof{}, fmt.Errorf("proof: of member %d of set %s of entry %d: %w", m.N, m.Set, e.Seq, err)
	}
	root, ok := e.Sets[m.Set]
	if !ok || m.N < 0 || m.N >= root.Size {
		return bad(evidence.ErrNotFound)
	}
	data, leaf, err := custody.MemberLeaf(m.Seed, m.N, m.Body)
	if err != nil {
		return bad(err)
	}
	data = slices.Clone(data)
	path, err := wayTo(m.N, root.Size, &leaf, root.Root, m.Leaves)
	if err != nil {
		return bad(err)
	}
	p.Type = TypeMember
	p.Member = &Member{Set: m.Set, N: m.N, Leaf: string(data), Path: hexPath(path), Fields: []Opening{}}
	err = evidence.Members(m.Body, func(name, value []byte) error {
		if field := evidence.Unescape(name); slices.Contains(fields, field) {
			p.Member.Fields = append(p.Member.Fields, Opening{Field: field, Salt: custody.SetSalt(m.Seed, m.N, field), Value: string(value)})
		}
		return nil
	})
	if err != nil {
		return bad(err)
	}
	for _, field := range fields {
		if !slices.ContainsFunc(p.Member.Fields, func(o Opening) bool { return o.Field == field }) {
			return bad(fmt.Errorf("field %q: %w", field, evidence.ErrNotFound))
		}
	}
	return p, nil
}

// RecordLine is one line of a record set, with what proving it takes.
type RecordLine struct {
	// N is its number, from 0.
	N int64
	// Tree is what the run's row commits to, Seed the run's: it stays here.
	Tree evidence.RecordTree
	Seed [32]byte
	// Lines are all lines in their order, with or without their newlines.
	Lines iter.Seq2[[]byte, error]
}

// OfRecord adds to a proof of a run's row, which discloses RecordTreeField, that l is a line
// of its record set. It holds that line with its own salt, and of the others only salted
// hashes.
func OfRecord(p Proof, l RecordLine) (Proof, error) {
	made, err := OfRecords(p, l.Tree, l.Seed, []int64{l.N}, l.Lines)
	if err != nil {
		return Proof{}, err
	}
	return made[0], nil
}

// OfRecords is OfRecord of several lines, while all pass by once; ns are their numbers from
// 0, ascending.
func OfRecords(p Proof, tree evidence.RecordTree, seed [32]byte, ns []int64, lines iter.Seq2[[]byte, error]) ([]Proof, error) {
	bad := func(err error) ([]Proof, error) {
		return nil, fmt.Errorf("proof: of records: %w", err)
	}
	if p.Member == nil || !slices.ContainsFunc(p.Member.Fields, func(o Opening) bool { return o.Field == RecordTreeField }) {
		return bad(fmt.Errorf("%w: the run's row must disclose %s", evidence.ErrFormat, RecordTreeField))
	}
	ways := make([]*Path, len(ns))
	for i, n := range ns {
		if n < 0 || n >= tree.Size || i > 0 && n <= ns[i-1] {
			return bad(fmt.Errorf("record %d: %w", n+1, evidence.ErrNotFound))
		}
		ways[i] = NewPath(n, tree.Size)
	}
	hashes, n, next := custody.NewRecordLeaves(seed), int64(0), 0
	made := make([]Proof, 0, len(ns))
	for b, err := range lines {
		if err != nil {
			return bad(err)
		}
		h := hashes.Next(b)
		if next < len(ns) && n == ns[next] {
			one := p
			one.Type, one.Record = TypeRecord, &Record{N: n, Line: string(bytes.TrimSuffix(b, []byte("\n"))), Salt: custody.RecordSalt(seed, n)}
			made = append(made, one)
			next++
		}
		for _, w := range ways {
			w.Add(h)
		}
		n++
	}
	for i, w := range ways {
		_, path, ok := w.Done()
		got, _ := w.Root()
		if !ok || hex.EncodeToString(got[:]) != tree.Root {
			return bad(fmt.Errorf("%w: its leaves are not those that were committed to", evidence.ErrIntegrity))
		}
		made[i].Record.Path = hexPath(path)
	}
	return made, nil
}

// wayTo returns the path of leaf n, after it has seen that leaf is among the leaves and leads
// to root. leaf is read when they have passed.
func wayTo(n, size int64, leaf *[32]byte, root string, leaves iter.Seq2[[32]byte, error]) ([][32]byte, error) {
	way := NewPath(n, size)
	for h, err := range leaves {
		if err != nil {
			return nil, err
		}
		way.Add(h)
	}
	at, path, ok := way.Done()
	got, _ := way.Root()
	if !ok || at != *leaf || hex.EncodeToString(got[:]) != root {
		return nil, fmt.Errorf("%w: its leaves are not those that were committed to", evidence.ErrIntegrity)
	}
	return path, nil
}
