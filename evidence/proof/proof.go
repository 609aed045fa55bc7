// Package proof makes small files that prove one thing out of a case to somebody who has
// nothing else of it (docs/formats/proof.md): an entry of the log, one member of an entry's
// set, one record of a record set, or that a later log continues an earlier one. A proof
// discloses what it is about and nothing beside it; evidence/verify checks it by code of
// its own.
//
// It is pure: no file, no clock, no randomness.
package proof

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// The types of proofs.
const (
	TypeEntry       = "entry"
	TypeMember      = "member"
	TypeRecord      = "record"
	TypeConsistency = "consistency"
)

// Version of the format.
const Version = 1

// Proof is a proof as its file holds it.
type Proof struct {
	V    int    `json:"v"`
	Type string `json:"type"`
	// Key is the verifier key by which the checkpoint is signed: the proof's own word.
	Key string `json:"key"`
	// TLog is a C2SP tlog-proof of Entry; of consistency, what a C2SP tlog-witness takes.
	TLog string `json:"tlog"`
	// Old is the earlier checkpoint of a consistency proof, OldKey the verifier key by which
	// that one is signed.
	Old    string `json:"old,omitempty"`
	OldKey string `json:"old_key,omitempty"`
	// Entry is the entry, byte for byte.
	Entry string `json:"entry,omitempty"`
	// Openings are fields of the entry that are disclosed.
	Openings []Opening `json:"openings,omitempty"`
	// Member is one member of one of the entry's sets.
	Member *Member `json:"member,omitempty"`
	// Record is one line of the record set of the run that Member is.
	Record *Record `json:"record,omitempty"`
}

// Opening opens one commitment: Value is canonical JSON, as text.
type Opening struct {
	Field string `json:"field"`
	Salt  string `json:"salt"`
	Value string `json:"value"`
}

// Member is one member of a set.
type Member struct {
	Set string `json:"set"`
	N   int64  `json:"n"`
	// Leaf is the leaf data: a commitment for each field.
	Leaf string `json:"leaf"`
	// Path are the hashes from the leaf's sibling upwards, in hexadecimal.
	Path []string `json:"path"`
	// Fields are those that are disclosed.
	Fields []Opening `json:"fields"`
}

// Record is one line of a record set.
type Record struct {
	// N is the number of the line, from 0.
	N    int64    `json:"n"`
	Line string   `json:"line"`
	Salt string   `json:"salt"`
	Path []string `json:"path"`
}

// Encode returns the proof's file: one line of canonical JSON.
func (p Proof) Encode() ([]byte, error) {
	b, err := evidence.Canonical(p)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return append(b, '\n'), nil
}

// Under is the checkpoint that a proof rests on.
type Under struct {
	// Note is the signed note, Key the verifier key of one of its signatures.
	Note []byte
	Key  string
}

// OfEntry proves that the log under a checkpoint has entry body, and opens those of its
// commitments that are given. read gives the log's stored nodes. It fails with
// evidence.ErrNotFound where the checkpoint does not reach as far, with ErrIntegrity where
// nodes, checkpoint and entry do not agree, and where an opening does not open.
func OfEntry(u Under, body []byte, openings []custody.Opening, read custody.ReadHashes) (Proof, error) {
	e, err := custody.ParseEntry(body)
	if err != nil {
		return Proof{}, fmt.Errorf("proof: %w", err)
	}
	text, err := TLogProof(u, e.Seq, body, read)
	if err != nil {
		return Proof{}, fmt.Errorf("proof: of entry %d: %w", e.Seq, err)
	}
	p := Proof{V: Version, Type: TypeEntry, Key: u.Key, TLog: string(text), Entry: string(body)}
	for _, o := range openings {
		if err := custody.CheckOpening(e, o); err != nil {
			return Proof{}, fmt.Errorf("proof: %w", err)
		}
		p.Openings = append(p.Openings, Opening{Field: o.Field, Salt: o.Salt, Value: string(o.Value)})
	}
	return p, nil
}

// TLogProof returns a C2SP tlog-proof (https://c2sp.org/tlog-proof) that the tree under a
// checkpoint has a leaf of this data at index.
func TLogProof(u Under, index int64, data []byte, read custody.ReadHashes) ([]byte, error) {
	cp, err := custody.OpenCheckpoint(u.Note, u.Key)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= cp.Size {
		return nil, fmt.Errorf("%w under a checkpoint of %d entries", evidence.ErrNotFound, cp.Size)
	}
	path, err := tlog.ProveRecord(cp.Size, index, reader(read))
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(path, cp.Size, cp.Root, index, tlog.RecordHash(data)); err != nil {
		return nil, fmt.Errorf("%w: the log is not the one of this checkpoint", evidence.ErrIntegrity)
	}
	b := []byte("c2sp.org/tlog-proof@v1\nindex " + strconv.FormatInt(index, 10) + "\n")
	return append(append(lines(b, path), '\n'), u.Note...), nil
}

// OfConsistency proves that the log under a checkpoint continues the one under an earlier
// one. The proof is what a C2SP tlog-witness takes (https://c2sp.org/tlog-witness,
// add-checkpoint). It fails with evidence.ErrIntegrity where it does not continue it.
func OfConsistency(old, u Under, read custody.ReadHashes) (Proof, error) {
	was, err := custody.OpenCheckpoint(old.Note, old.Key)
	if err != nil {
		return Proof{}, fmt.Errorf("proof: earlier checkpoint: %w", err)
	}
	is, err := custody.OpenCheckpoint(u.Note, u.Key)
	if err != nil {
		return Proof{}, fmt.Errorf("proof: later checkpoint: %w", err)
	}
	if was.Origin != is.Origin || was.Size > is.Size || was.Size < 1 {
		return Proof{}, fmt.Errorf("proof: of consistency: %w: %d entries of %q, then %d of %q", evidence.ErrFormat, was.Size, was.Origin, is.Size, is.Origin)
	}
	if err := custody.CheckConsistent(was.Size, was.Root, is.Size, is.Root, read); err != nil {
		return Proof{}, fmt.Errorf("proof: %w", err)
	}
	path, err := tlog.ProveTree(is.Size, was.Size, reader(read))
	if err != nil {
		return Proof{}, fmt.Errorf("proof: of consistency: %w", err)
	}
	b := lines([]byte("old "+strconv.FormatInt(was.Size, 10)+"\n"), path)
	return Proof{V: Version, Type: TypeConsistency, Key: u.Key, TLog: string(append(append(b, '\n'), u.Note...)), Old: string(old.Note), OldKey: old.Key}, nil
}

func lines(b []byte, path []tlog.Hash) []byte {
	for _, h := range path {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return b
}

func reader(read custody.ReadHashes) tlog.HashReader {
	return tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		if len(idx) == 0 {
			return nil, nil
		}
		got, err := read(idx)
		if err != nil {
			return nil, err
		}
		if len(got) != len(idx) {
			return nil, fmt.Errorf("%w: %d nodes where %d were asked for", evidence.ErrIntegrity, len(got), len(idx))
		}
		out := make([]tlog.Hash, len(got))
		for i, h := range got {
			out[i] = h
		}
		return out, nil
	})
}

func hexPath(path [][32]byte) []string {
	out := make([]string, len(path))
	for i, h := range path {
		out[i] = hex.EncodeToString(h[:])
	}
	return out
}
