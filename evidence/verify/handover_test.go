package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// hand is one of several keys in play.
type hand struct {
	key  ed25519.PrivateKey
	vkey string
}

func (w *written) hand(n byte) hand {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32))
	return hand{k, custody.VKey(w.Origin(), k.Public().(ed25519.PublicKey))}
}

// checkpoint has the head signed by each of hands.
func (w *written) checkpoint(hands ...hand) (size int64) {
	w.t.Helper()
	size, root, err := w.Head(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	var note []byte
	for _, h := range hands {
		one, err := custody.SignCheckpoint(w.Origin(), size, root, h.key)
		if err == nil && note != nil {
			one, err = custody.JoinSignatures(note, one)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		note = one
	}
	if err := w.AddCheckpoint(context.Background(), size, note); err != nil {
		w.t.Fatal(err)
	}
	return size
}

func (w *written) sealBy(h hand) int64 {
	w.t.Helper()
	w.append(store.Batch{Kind: "seal", Plain: map[string]any{"signer": h.vkey}})
	return w.checkpoint(h)
}

func (w *written) identity(action string, key, successor hand, by ...hand) int64 {
	w.t.Helper()
	plain := map[string]any{"action": action, "signer": key.vkey}
	if successor.vkey != "" {
		plain["successor"] = successor.vkey
	}
	seq := w.append(store.Batch{Kind: "identity", Plain: plain})
	if len(by) > 0 {
		w.checkpoint(by...)
	}
	return seq
}

func (w *written) verify(o verify.Options) *verify.Report {
	w.t.Helper()
	return check(w.t, w.Dir(), o)
}

func trusting(h hand) verify.Options {
	return verify.Options{Trust: []string{h.vkey}, Require: verify.Trusted}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	a, b, c := w.hand(1), w.hand(2), w.hand(3)
	w.sealBy(a)
	w.identity("rotate", a, b, a, b)
	w.append(store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x"}})
	w.sealBy(b)
	for name, h := range map[string]hand{"the old key": a, "the new key": b} {
		if r := w.verify(trusting(h)); r.Verdict != verify.Intact || r.Attestation.Tail != 0 || len(r.Findings) > 0 {
			t.Errorf("%s: %v %+v\n%s", name, r.Verdict, r.Attestation, findings(r))
		}
	}
	expect(t, w.verify(trusting(c)), verify.BelowRequired, "attestation")
	// Once more: trust goes on from hand to hand.
	w.identity("rotate", b, c, b, c)
	w.sealBy(c)
	if r := w.verify(trusting(a)); r.Verdict != verify.Intact || r.Attestation.Covered != r.Log.Entries {
		t.Errorf("%v %+v\n%s", r.Verdict, r.Attestation, findings(r))
	}
	// The old key signs again.
	size := w.sealBy(a)
	expect(t, w.verify(verify.Options{}), verify.Altered, fmt.Sprintf("checkpoint %d", size))
	expect(t, w.verify(trusting(c)), verify.Altered, fmt.Sprintf("checkpoint %d", size))
}

// Announced and not signed by both, a rotation hands nothing over.
func TestRotationNotCarriedOut(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(a, b hand) []hand{
		"signed by nobody":    func(a, b hand) []hand { return nil },
		"by the old key only": func(a, b hand) []hand { return []hand{a} },
		"by the new key only": func(a, b hand) []hand { return []hand{b} },
	} {
		w := newWritten(t)
		a, b := w.hand(1), w.hand(2)
		w.sealBy(a)
		seq := w.identity("rotate", a, b, by(a, b)...)
		w.sealBy(b)
		r := w.verify(trusting(a))
		// What the new key signed is not trusted on the old one's word.
		expect(t, r, verify.BelowRequired, "attestation")
		if !strings.Contains(findings(r), fmt.Sprintf("entry %d: announces that another key", seq)) {
			t.Errorf("%s: no remark\n%s", name, findings(r))
		}
		w.sealBy(a)
		if r := w.verify(trusting(a)); r.Verdict != verify.Intact {
			t.Errorf("%s: the old key may go on: %v\n%s", name, r.Verdict, findings(r))
		}
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	a, b := w.hand(1), w.hand(2)
	early := w.sealBy(a)
	w.append(store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x"}})
	w.identity("revoke", a, b, a, b)
	r := w.verify(verify.Options{Require: verify.SelfAsserted})
	if r.Verdict != verify.Intact || r.Attestation.Covered != r.Log.Entries || len(r.Attestation.Keys) != 1 || !strings.HasPrefix(b.vkey, r.Attestation.Keys[0]) {
		t.Errorf("%v %+v\n%s", r.Verdict, r.Attestation, findings(r))
	}
	if !strings.Contains(findings(r), fmt.Sprintf("checkpoint %d: is signed by a key", early)) {
		t.Errorf("no remark on what the revoked key signed before\n%s", findings(r))
	}
	// A key that was revoked is no key to trust, and hands no trust on.
	expect(t, w.verify(trusting(a)), verify.BelowRequired, "attestation")
	if r := w.verify(trusting(b)); r.Verdict != verify.Intact {
		t.Errorf("%v\n%s", r.Verdict, findings(r))
	}
	size := w.sealBy(a)
	r = w.verify(verify.Options{})
	expect(t, r, verify.Altered, fmt.Sprintf("checkpoint %d", size))
	if !strings.Contains(findings(r), "do not trust this checkpoint") {
		t.Error(findings(r))
	}
}

// A receipt holds though its key was revoked since: somebody kept it.
func TestReceiptOfARevokedKey(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	a, b := w.hand(1), w.hand(2)
	size := w.sealBy(a)
	note, err := os.ReadFile(filepath.Join(w.Dir(), "checkpoints", fmt.Sprintf("%d.note", size)))
	if err != nil {
		t.Fatal(err)
	}
	w.identity("revoke", a, b, b)
	r := w.verify(verify.Options{Receipts: [][]byte{note}})
	if r.Verdict != verify.Intact || r.Attestation.Level != verify.Anchored || r.Attestation.Covered != size {
		t.Errorf("%v %+v\n%s", r.Verdict, r.Attestation, findings(r))
	}
}

func TestRevokedByItself(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	a, b := w.hand(1), w.hand(2)
	w.sealBy(a)
	w.identity("revoke", a, hand{}, a)
	r := w.verify(verify.Options{})
	if r.Verdict != verify.Intact || r.Attestation.Level != verify.Unattested {
		t.Errorf("%v %+v\n%s", r.Verdict, r.Attestation, findings(r))
	}
	w.sealBy(b)
	if r := w.verify(trusting(b)); r.Verdict != verify.Intact {
		t.Errorf("%v\n%s", r.Verdict, findings(r))
	}
}

func (w *written) objectOf(d evidence.Digest) string {
	return filepath.Join(w.Dir(), "objects", "sha256", d.Hex()[:2], d.Hex())
}

func (w *written) destroy(digests ...evidence.Digest) int64 {
	w.t.Helper()
	b := store.Batch{Kind: "dispose", Plain: map[string]any{"phase": "destroyed"}}
	for _, d := range digests {
		b.Subjects = append(b.Subjects, evidence.Subject{Artifact: d})
	}
	seq, _, err := w.Destroy(context.Background(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return seq
}

// What an entry destroyed is DISPOSED, what is gone otherwise is missing.
func TestDisposed(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	w.fill(3)
	var sets, others []evidence.Digest
	for row, err := range w.Runs(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		sets, others = append(sets, row.Run.Records.Artifact), append(others, row.Run.Input)
	}
	seq := w.destroy(sets[0], others[0])
	r := w.verify(verify.Options{})
	expect(t, r, verify.Intact, "")
	want := fmt.Sprintf("DISPOSED: its bytes were destroyed on purpose, as entry %d says", seq)
	if strings.Count(findings(r), want) != 2 || len(r.Findings) != 2 {
		t.Errorf("%s", findings(r))
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "DISPOSED") {
		t.Errorf("%q", r.NotChecked)
	}
	// Without an entry: missing, also beside one that is disposed of.
	remove(t, w.objectOf(others[1]))
	expect(t, w.verify(verify.Options{}), verify.Incomplete, "object "+others[1].String())
	w.destroy(others[1])
	expect(t, w.verify(verify.Options{}), verify.Intact, "")
	// An entry, and the object is there: interrupted.
	if err := os.WriteFile(w.objectOf(others[0]), []byte("x"), 0o444); err != nil {
		t.Fatal(err)
	}
	r = w.verify(verify.Options{})
	expect(t, r, verify.Altered, "object "+others[0].String())
	if !strings.Contains(findings(r), "is still there") {
		t.Error(findings(r))
	}
}

// A tag with the same subjects is no disposal.
func TestTagIsNoDisposal(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	w.fill(1)
	var d evidence.Digest
	for row, err := range w.Runs(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		d = row.Run.Input
	}
	w.append(store.Batch{Kind: "tag", Plain: map[string]any{"action": "add"}, Secret: map[string]any{"asserted.name": "destroyed"}, Subjects: []evidence.Subject{{Artifact: d}}})
	w.append(store.Batch{Kind: "dispose", Plain: map[string]any{"phase": "returned"}, Subjects: []evidence.Subject{{Artifact: d}}})
	remove(t, w.objectOf(d))
	expect(t, w.verify(verify.Options{}), verify.Incomplete, "object "+d.String())
}
