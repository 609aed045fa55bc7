package disclose_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/proof"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestProofs: each proof in each sample holds by this program's second opinion and by the
// reference implementation, under the newest checkpoint, and opens what the bundle opens.
func TestProofs(t *testing.T) {
	sorts := map[string]int{}
	for what, q := range disclosetest.Requests() {
		name, r := bundleOf(t, q)
		files := contents(t, name)
		n := int64(0)
		for path, b := range files {
			rest, ok := strings.CutPrefix(path, "custody/proofs/")
			if !ok {
				continue
			}
			n++
			sort, _, _ := strings.Cut(rest, "/")
			sorts[sort]++
			report, err := verify.Proof(b, verify.ProofOptions{})
			must(t, err)
			if report.Exit != 0 || report.Log.Root != r.Root || report.Log.Entries != r.Size {
				t.Errorf("%s %s: %+v", what, path, report)
			}
			var p proof.Proof
			must(t, json.Unmarshal(b, &p))
			reference(t, p)
			for _, o := range p.Openings {
				line := `"field":"` + o.Field + `","salt":"` + o.Salt + `"`
				if !strings.Contains(string(files["custody/openings.jsonl"]), line) {
					t.Errorf("%s %s opens %s, which the bundle does not", what, path, o.Field)
				}
			}
			if p.Member == nil {
				continue
			}
			open := ""
			for other, text := range files {
				if strings.HasPrefix(other, "custody/sets/") {
					open += string(text)
				}
			}
			for _, f := range p.Member.Fields {
				if !strings.Contains(open, `"`+f.Field+`":{"salt":"`+f.Salt+`"`) {
					t.Errorf("%s %s opens %s of a member, which the bundle does not", what, path, f.Field)
				}
			}
			if p.Record != nil && !slices.Contains(strings.Split(string(files["data/records/records.jsonl"]), "\n"), p.Record.Line) {
				t.Errorf("%s %s shows a record that the bundle does not", what, path)
			}
		}
		if n == 0 || n != r.Proofs {
			t.Errorf("%s: %d proofs, %d reported", what, n, r.Proofs)
		}
	}
	for sort, want := range map[string]int{"bundle.proof": 6, "exhibits": 6, "sets": 4, "records": 20} {
		if sorts[sort] < want {
			t.Errorf("%d proofs of %s", sorts[sort], sort)
		}
	}
}

// reference checks the C2SP tlog-proof in a proof of an entry, the path of a record and that
// of a member with transparency-dev's code.
func reference(t *testing.T, p proof.Proof) {
	t.Helper()
	if p.Type == proof.TypeConsistency {
		return
	}
	var got formats.TLogProof
	must(t, got.Unmarshal([]byte(p.TLog)))
	cp, err := custody.OpenCheckpoint(got.Checkpoint, p.Key)
	must(t, err)
	path := make([][]byte, len(got.Hashes))
	for i := range path {
		path[i] = got.Hashes[i][:]
	}
	h := rfc6962.DefaultHasher
	must(t, merkle.VerifyInclusion(h, got.Index, uint64(cp.Size), h.HashLeaf([]byte(p.Entry)), path, cp.Root[:]))
	unhex := func(list []string) (out [][]byte) {
		for _, s := range list {
			b, err := hex.DecodeString(s)
			must(t, err)
			out = append(out, b)
		}
		return out
	}
	if p.Member != nil {
		e, err := custody.ParseEntry([]byte(p.Entry))
		must(t, err)
		root := e.Sets[p.Member.Set]
		must(t, merkle.VerifyInclusion(h, uint64(p.Member.N), uint64(root.Size), h.HashLeaf([]byte(p.Member.Leaf)), unhex(p.Member.Path), unhex([]string{root.Root})[0]))
	}
	if p.Record != nil {
		i := slices.IndexFunc(p.Member.Fields, func(o proof.Opening) bool { return o.Field == proof.RecordTreeField })
		var tree evidence.RecordTree
		must(t, json.Unmarshal([]byte(p.Member.Fields[i].Value), &tree))
		leaf := h.HashLeaf([]byte(`["` + p.Record.Salt + `","record",` + p.Record.Line + `]`))
		must(t, merkle.VerifyInclusion(h, uint64(p.Record.N), uint64(tree.Size), leaf, unhex(p.Record.Path), unhex([]string{tree.Root})[0]))
	}
}

// TestSince: the log continues what the recipient has, or nothing is disclosed.
func TestSince(t *testing.T) {
	ctx := t.Context()
	c, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 1)
	must(t, err)
	defer c.Store.Close()
	must(t, c.Sample(ctx))
	var notes [][]byte
	for cp, err := range c.Store.Checkpoints(ctx) {
		must(t, err)
		notes = append(notes, cp.Note)
	}
	if len(notes) < 2 {
		t.Fatal("too few checkpoints")
	}
	name := filepath.Join(t.TempDir(), "b.zip")
	r, err := c.Disclose(ctx, name, disclose.Request{Exhibits: []string{"EX-003"}, Since: [][]byte{notes[0], notes[1], notes[0]}})
	must(t, err)
	n := 0
	for path, b := range contents(t, name) {
		if !strings.HasPrefix(path, "custody/proofs/consistency/") {
			continue
		}
		n++
		report, err := verify.Proof(b, verify.ProofOptions{Receipts: [][]byte{notes[0], notes[1]}})
		must(t, err)
		if report.Verdict != verify.Intact || report.Attestation.Level != verify.Anchored || report.Log.Entries != r.Size {
			t.Errorf("%s: %+v", path, report)
		}
	}
	if n != 2 {
		t.Errorf("%d proofs of consistency", n)
	}
	before, _, err := c.Store.Head(ctx)
	must(t, err)
	other, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 2)
	must(t, err)
	defer other.Store.Close()
	foreign, err := other.Seal(ctx)
	must(t, err)
	forked, err := custody.SignCheckpoint(c.Store.Origin(), 3, [32]byte{1}, c.Key)
	must(t, err)
	longer, err := custody.SignCheckpoint(c.Store.Origin(), 10_000, [32]byte{1}, c.Key)
	must(t, err)
	for what, bad := range map[string]struct {
		note []byte
		want error
	}{"another log": {foreign, evidence.ErrFormat}, "a fork": {forked, evidence.ErrIntegrity}, "longer": {longer, evidence.ErrIntegrity}, "no note": {[]byte("x"), evidence.ErrFormat}} {
		_, err := c.Disclose(ctx, filepath.Join(t.TempDir(), "b.zip"), disclose.Request{Exhibits: []string{"EX-003"}, Since: [][]byte{bad.note}})
		if !errors.Is(err, bad.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after, _, err := c.Store.Head(ctx); err != nil || after != before {
		t.Errorf("refused, and the log has %d entries more (%v)", after-before, err)
	}
}
