package prove_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/core/prove"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestMaker: each sort of proof holds for who has nothing but it, and what is not there,
// not sealed or not one thing is said to be that.
func TestMaker(t *testing.T) {
	ctx := t.Context()
	c, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Store.Close()
	if _, err := prove.New(ctx, c.Store, nil); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("never sealed: %v", err)
	}
	files, err := c.Receive(ctx, "EX-001", map[string]any{"asserted.zone": "+08:00"}, disclosetest.File{Path: "a.txt", Content: []byte("a")}, disclosetest.File{Path: "b.txt", Content: []byte("b")})
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.Parse(ctx, files[0], "+08:00", disclosetest.Lines())
	if err != nil {
		t.Fatal(err)
	}
	old, err := c.Seal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receive(ctx, "EX-002", nil, disclosetest.File{Path: "late.txt", Content: []byte("late")}); err != nil {
		t.Fatal(err)
	}
	m, err := prove.New(ctx, c.Store, old) // as in a receipt
	if err != nil {
		t.Fatal(err)
	}
	cp, err := custody.ParseCheckpoint(old)
	if err != nil || m.Size() != cp.Size {
		t.Fatalf("%d, %v", m.Size(), err)
	}
	holds := func(name string) func(proof.Proof, error) {
		return func(p proof.Proof, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			b, err := p.Encode()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			r, err := verify.Proof(b, verify.ProofOptions{Trust: []string{c.VKey()}})
			if err != nil || r.Verdict != verify.Intact || r.Attestation.Level != verify.Trusted {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
	}
	holds("entry")(m.Entry(ctx, 1, []string{"asserted.exhibit"}))
	holds("artifact")(m.Artifact(ctx, files[1], nil))
	holds("occurrence")(m.Occurrence(ctx, "EX-001", "b.txt", nil))
	holds("record")(m.Record(ctx, set, 2, nil))

	fails := func(name string, want error) func(proof.Proof, error) {
		return func(_ proof.Proof, err error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, not %v", name, err, want)
			}
		}
	}
	fails("entry after the checkpoint", evidence.ErrNotFound)(m.Entry(ctx, m.Size(), nil))
	fails("field that is not there", evidence.ErrNotFound)(m.Entry(ctx, 1, []string{"asserted.nothing"}))
	fails("file after the checkpoint", evidence.ErrNotFound)(m.Occurrence(ctx, "EX-002", "late.txt", nil))
	fails("which file", evidence.ErrAmbiguous)(m.Occurrence(ctx, "EX-001", "", nil))
	fails("no such file", evidence.ErrNotFound)(m.Occurrence(ctx, "EX-001", "c.txt", nil))
	fails("no such artifact", evidence.ErrNotFound)(m.Artifact(ctx, evidence.Sum([]byte("x")), nil))
}
