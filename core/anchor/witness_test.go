package anchor_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/core/witness"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

func newWitness(t *testing.T, admitted ...string) (dir, vkey, url string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "witness")
	vkey, err := witness.Init(dir, "witness.example/1", now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range admitted {
		if err := witness.Admit(dir, key); err != nil {
			t.Fatal(err)
		}
	}
	w, err := witness.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler(clock, nil))
	t.Cleanup(func() {
		server.Close()
		w.Close()
	})
	return dir, vkey, server.URL
}

func (l *lab) cosign(url, vkey string, size int64) (core.Kept, error) {
	l.t.Helper()
	p, err := core.AskCosignature(l.k, size, url, vkey, now)
	if err != nil {
		l.t.Fatal(err)
	}
	return client.Send(l.t.Context(), l.k, p)
}

func TestCosigned(t *testing.T) {
	l := newLab(t)
	dir, vkey, url := newWitness(t)
	size, _ := l.seal()
	if _, err := l.cosign(url, vkey, size); !errors.Is(err, core.ErrRefused) {
		t.Errorf("not admitted: %v", err)
	}
	if err := witness.Admit(dir, l.vkey()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time, the witness knows it already
		kept, err := l.cosign(url+"/", vkey, size)
		if err != nil || kept.Time != "2026-11-22T20:00:00Z" || kept.Size != size {
			t.Fatalf("%+v %v", kept, err)
		}
	}
	r := l.verify(verify.Options{})
	if r.Verdict != verify.Intact || r.Attestation.Level != verify.SelfAsserted || len(r.Anchors) != 0 {
		t.Error(says(r))
	}
	r = l.verify(verify.Options{Witnesses: []string{vkey}, Require: verify.Anchored})
	if r.Verdict != verify.Intact || r.Attestation.Covered != size || len(r.Anchors) != 1 || r.Anchors[0].Type != "cosignature" || r.Anchors[0].Time != "2026-11-22T20:00:00Z" {
		t.Error(says(r))
	}
	_, other, _ := newWitness(t)
	if r = l.verify(verify.Options{Witnesses: []string{other}}); r.Verdict != verify.BelowRequired {
		t.Error(says(r))
	}
	if _, err := verify.Case(t.Context(), l.k.Dir(), verify.Options{Now: clock, Witnesses: []string{l.vkey()}}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("a log's key for a witness's: %v", err)
	}
	// Many entries on, and back: the witness does not go back.
	for range 9 {
		l.seal()
	}
	last, _ := l.seal()
	if _, err := l.cosign(url, vkey, last); err != nil {
		t.Fatal(err)
	}
	if _, err := l.cosign(url, vkey, size); !errors.Is(err, core.ErrRefused) {
		t.Errorf("an earlier one: %v", err)
	}
	r = l.verify(verify.Options{Witnesses: []string{vkey}, Require: verify.Anchored})
	if r.Verdict != verify.Intact || r.Attestation.Covered != last || len(r.Anchors) != 2 {
		t.Error(says(r))
	}
	// Each bit of a cosigned note: what is wrong shows.
	file := filepath.Join(l.k.Dir(), r.Anchors[slices.IndexFunc(r.Anchors, func(a verify.Anchor) bool { return a.Entries == last })].Object)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	step := 23
	if slow.Asked() {
		step = 1
	}
	for i := 0; i < len(good); i += step {
		b := bytes.Clone(good)
		b[i] ^= 1 << (i % 8)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := l.verify(verify.Options{Witnesses: []string{vkey}, Require: verify.Anchored}); r.Verdict == verify.Intact || r.Attestation.Level == verify.Anchored && r.Attestation.Covered == last {
			t.Errorf("byte %d: %s", i, says(r))
		}
	}
}

// What somebody put there is remarked on; what the log names is judged.
func TestStrayFiles(t *testing.T) {
	l := newLab(t)
	size, _ := l.seal()
	for _, sort := range []string{store.AnchorStamp, store.AnchorNote} {
		if err := l.k.AddAnchor(store.AnchorOf(size, sort, []byte("garbage")), []byte("garbage")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(l.k.Dir(), "anchors", "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := l.verify(verify.Options{})
	if r.Verdict != verify.Intact || len(r.Findings) != 3 {
		t.Error(says(r))
	}
	for _, sort := range []string{"rfc3161", "cosignature"} {
		plain := map[string]any{"service": sort, "anchor": evidence.Sum([]byte("garbage")).String(), "stamped": "2026-11-22T20:00:00Z", "counts": map[string]int64{"entries": size}}
		if _, err := l.k.Append(t.Context(), store.Batch{Kind: "anchor", Plain: plain}); err != nil {
			t.Fatal(err)
		}
	}
	r = l.verify(verify.Options{})
	if r.Verdict != verify.Altered || len(r.Findings) != 3 || r.Findings[0].Verdict != verify.Altered || r.Findings[1].Verdict != verify.Altered {
		t.Error(says(r))
	}
	if n, err := core.Enter(t.Context(), l.k); n != 0 || err != nil {
		t.Errorf("garbage was entered: %d %v", n, err)
	}
}

// Whoever holds the key makes the log anew: the witness, what it signed before, and a receipt that
// it cosigned, each shows it.
func TestForkAgainstWitness(t *testing.T) {
	l := newLab(t)
	dir, vkey, url := newWitness(t, l.vkey())
	l.seal()
	before := filepath.Join(t.TempDir(), "before")
	if _, err := store.Backup(t.Context(), l.k.Dir(), before, store.BackupOptions{Secrets: true}); err != nil {
		t.Fatal(err)
	}
	size, _ := l.seal()
	kept, err := l.cosign(url, vkey, size)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := l.k.ReadAnchor(kept.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	// The older copy, put back: shorter, then with another history of the same length, then longer.
	k, err := store.Open(t.Context(), before, options())
	if err != nil {
		t.Fatal(err)
	}
	forked := &lab{t: t, k: k, key: l.key}
	t.Cleanup(func() { forked.k.Close() })
	if r := forked.verify(verify.Options{Receipts: [][]byte{cosigned}}); r.Verdict != verify.RolledBack {
		t.Error(says(r))
	}
	if _, err := forked.cosign(url, vkey, size-2); !errors.Is(err, core.ErrAhead) {
		t.Errorf("a shorter log: %v", err)
	}
	if n, _ := forked.seal(); n != size {
		t.Fatalf("%d, not %d", n, size)
	}
	if _, err := forked.cosign(url, vkey, size); !errors.Is(err, core.ErrForked) {
		t.Errorf("another history of the same length: %v", err)
	}
	longer, _ := forked.seal()
	if _, err := forked.cosign(url, vkey, longer); !errors.Is(err, core.ErrForked) {
		t.Errorf("another history: %v", err)
	}
	kepts, err := os.ReadDir(filepath.Join(dir, "conflicts"))
	if err != nil || len(kepts) != 2 {
		t.Errorf("%d conflicts kept, %v", len(kepts), err)
	}
	for name, o := range map[string]verify.Options{
		"receipt":             {Receipts: [][]byte{cosigned}},
		"receipt and witness": {Receipts: [][]byte{cosigned}, Witnesses: []string{vkey}},
	} {
		if r := forked.verify(o); r.Verdict != verify.Forked {
			t.Errorf("%s: %s", name, says(r))
		}
	}
	// The cosigned note lies in the case itself: whether the witness's key is given or not.
	if err := forked.k.AddAnchor(kept.Anchor, cosigned); err != nil {
		t.Fatal(err)
	}
	for _, o := range []verify.Options{{}, {Witnesses: []string{vkey}}} {
		if r := forked.verify(o); r.Verdict != verify.Forked || r.Findings[0].Object != kept.File() {
			t.Error(says(r))
		}
	}
	// Made anew with another key: the log's key is nowhere, and the witness is believed.
	if err := os.Remove(filepath.Join(forked.k.Dir(), kept.File())); err != nil {
		t.Fatal(err)
	}
	stranger := newLab(t)
	stranger.seal()
	if r := stranger.verify(verify.Options{Receipts: [][]byte{cosigned}, Witnesses: []string{vkey}}); r.Verdict != verify.CannotVerify {
		t.Errorf("another log's: %s", says(r))
	}
}

// A witness that answers what it should not.
func TestLyingWitness(t *testing.T) {
	l := newLab(t)
	_, vkey, honest := newWitness(t, l.vkey())
	size, note := l.seal()
	kept, err := l.cosign(honest, vkey, size)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := l.k.ReadAnchor(kept.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	line := cosigned[len(note):]
	later, _ := l.seal()
	var status int
	var kind string
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer server.Close()
	for name, c := range map[string]struct {
		status int
		kind   string
		body   []byte
		want   error
	}{
		"another checkpoint's line": {200, "text/plain", line, evidence.ErrIntegrity},
		"nothing":                   {200, "text/plain", nil, evidence.ErrFormat},
		"a web page":                {200, "text/html", []byte("<html>"), evidence.ErrFormat},
		"a size that is none":       {409, "text/x.tlog.size", []byte("x\n"), core.ErrForked},
		"the same size again":       {409, "text/x.tlog.size", []byte("0\n"), core.ErrForked},
		"always another size":       {409, "text/x.tlog.size", []byte("2\n"), core.ErrForked},
		"more than there are":       {409, "text/x.tlog.size", []byte("999\n"), core.ErrAhead},
		"overloaded":                {503, "text/plain", nil, core.ErrRefused},
		"not that key":              {403, "text/plain", nil, core.ErrRefused},
	} {
		status, kind, body = c.status, c.kind, c.body
		if _, err := l.cosign(server.URL, vkey, later); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if queue, err := core.Queue(l.k); err != nil || len(queue) != 1 {
		t.Errorf("%d wait, %v", len(queue), err)
	}
	if _, err := custody.ParseCheckpoint(cosigned); err != nil {
		t.Error(err)
	}
}
