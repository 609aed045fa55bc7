package selftest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

const byPythonProof = "docs/formats/proof.md, by Python and openssl"

// proofs are made, and checked by the code that shares nothing with their making.
func (t *tester) proofs(context.Context) error {
	l := t.vectors.Log
	data := make([][]byte, len(l.Entries))
	for i, s := range l.Entries {
		data[i] = []byte(s)
	}
	_, read, err := nodesOf(data)
	if err != nil {
		return err
	}
	under := proof.Under{Note: []byte(l.Notes["6"]), Key: l.VKey}
	for _, name := range slices.Sorted(maps.Keys(l.Proofs)) {
		want := l.Proofs[name]
		t.try(known{id: "proof/" + name + "/made", what: "proof of type " + name + " made", source: byPythonProof, expected: want}, func() (string, error) {
			p, err := t.prove(name, under, read)
			if err != nil {
				return "", err
			}
			b, err := p.Encode()
			return string(b), err
		})
		t.verdict(known{id: "proof/" + name + "/verified", what: "the same verified", source: byPythonProof, expected: verify.Intact.String()}, want)
		edits, err := alterations(want)
		if err != nil {
			return err
		}
		for _, e := range edits {
			t.verdict(known{id: "proof/" + name + "/altered-" + e.member, what: "the same with " + e.member + " changed", source: byPythonProof, rejects: true, expected: verify.Altered.String()}, e.text)
		}
	}
	return nil
}

func (t *tester) verdict(k known, text string) {
	t.try(k, func() (string, error) {
		r, err := verify.Proof([]byte(text), verify.ProofOptions{})
		if err != nil {
			return "", err
		}
		return r.Verdict.String(), nil
	})
}

func (t *tester) prove(name string, u proof.Under, read custody.ReadHashes) (proof.Proof, error) {
	l := t.vectors.Log
	switch name {
	case proof.TypeConsistency:
		return proof.OfConsistency(proof.Under{Note: []byte(l.Notes["3"]), Key: l.VKey}, u, read)
	case proof.TypeEntry:
		var opened []custody.Opening
		for _, o := range l.Openings {
			if o.Seq == 1 && o.Field == "asserted.exhibit" {
				opened = append(opened, custody.Opening{Field: o.Field, Salt: o.Salt, Value: []byte(o.Value)})
			}
		}
		return proof.OfEntry(u, []byte(l.Entries[1]), opened, read)
	case proof.TypeMember:
		p, err := proof.OfEntry(u, []byte(l.Entries[2]), nil, read)
		if err != nil {
			return p, err
		}
		seed := [32]byte(l.Set.Seed)
		return proof.OfMember(p, proof.SetMember{Set: "artifacts", N: 3, Body: []byte(l.Set.Bodies[3]), Seed: seed, Leaves: memberLeaves(seed, l.Set.Bodies)}, []string{"artifact"})
	case proof.TypeRecord:
		p, err := proof.OfEntry(u, []byte(l.Entries[4]), nil, read)
		if err != nil {
			return p, err
		}
		seed := [32]byte(l.Runs.Seed)
		m := proof.SetMember{Set: "runs", N: 0, Body: []byte(l.Runs.Body), Seed: seed, Leaves: memberLeaves(seed, []string{l.Runs.Body})}
		if p, err = proof.OfMember(p, m, []string{proof.RecordTreeField}); err != nil {
			return p, err
		}
		lines := func(yield func([]byte, error) bool) {
			for _, s := range l.Records.Lines {
				if !yield([]byte(s), nil) {
					return
				}
			}
		}
		tree := evidence.RecordTree{Root: l.Records.Root, Size: int64(len(l.Records.Lines))}
		return proof.OfRecord(p, proof.RecordLine{N: 0, Tree: tree, Seed: [32]byte(l.Records.Seed), Lines: lines})
	}
	return proof.Proof{}, fmt.Errorf("no way to make a proof of type %q: %w", name, evidence.ErrFormat)
}

func memberLeaves(seed [32]byte, bodies []string) iter.Seq2[[32]byte, error] {
	return func(yield func([32]byte, error) bool) {
		for i, b := range bodies {
			_, leaf, err := custody.MemberLeaf(seed, int64(i), []byte(b))
			if !yield(leaf, err) {
				return
			}
		}
	}
}

// alteration is a proof with one member changed, in a form that still reads as a proof.
type alteration struct{ member, text string }

func alterations(text string) (out []alteration, err error) {
	var p map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, err
	}
	edit := func(member, from, to string) error {
		changed := strings.Replace(text, from, to, 1)
		if changed == text {
			return fmt.Errorf("nothing to change in %s: %w", member, evidence.ErrFormat)
		}
		out = append(out, alteration{member, changed})
		return nil
	}
	if _, ok := p["entry"]; ok {
		if err := edit("entry", `\"name\":\"vectors.py\"`, `\"name\":\"vectors.pz\"`); err != nil {
			return nil, err
		}
	}
	if _, ok := p["openings"]; ok {
		if err := edit("opening", `"value":"\"EX-001\""`, `"value":"\"EX-002\""`); err != nil {
			return nil, err
		}
	}
	if _, ok := p["record"]; ok {
		if err := edit("record", `\"text\":\"早上好\"`, `\"text\":\"晚上好\"`); err != nil {
			return nil, err
		}
	} else if _, ok := p["member"]; ok {
		if err := edit("member", `"n":3`, `"n":2`); err != nil {
			return nil, err
		}
	}
	if _, ok := p["old"]; ok {
		if err := edit("path", `"tlog":"old 3\n`, `"tlog":"old 2\n`); err != nil {
			return nil, err
		}
	}
	return out, nil
}
