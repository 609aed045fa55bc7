package anchor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor/anchortest"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

var now = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

var client = core.Client{Timeout: 10 * time.Second}

func options() store.Options {
	return store.Options{
		Now: clock, Rand: rand.Reader, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return time.Hour }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "0.1.0", Protocol: evidence.PluginProtocol, OS: "linux", Arch: "amd64"},
	}
}

func newKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
}

// lab is a case and the key that seals it.
type lab struct {
	t   *testing.T
	k   *store.Case
	key ed25519.PrivateKey
}

func newLab(t *testing.T) *lab {
	t.Helper()
	k, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), options(), store.Init{Lab: "lab.example"})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, k: k, key: newKey()}
	t.Cleanup(func() { l.k.Close() })
	return l
}

func (l *lab) vkey() string {
	return custody.VKey(l.k.Origin(), l.key.Public().(ed25519.PublicKey))
}

// seal writes a remark, seals the log, and returns how many entries are sealed, with the note.
func (l *lab) seal() (int64, []byte) {
	l.t.Helper()
	ctx := l.t.Context()
	if _, err := l.k.Append(ctx, store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x"}}); err != nil {
		l.t.Fatal(err)
	}
	if _, err := core.Enter(ctx, l.k); err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.k.Append(ctx, store.Batch{Kind: "seal", Plain: map[string]any{"signer": l.vkey()}}); err != nil {
		l.t.Fatal(err)
	}
	size, root, err := l.k.Head(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	n, err := custody.SignCheckpoint(l.k.Origin(), size, root, l.key)
	if err == nil {
		err = l.k.AddCheckpoint(ctx, size, n)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return size, n
}

// verify verifies the case, of which this process has its hands off meanwhile.
func (l *lab) verify(o verify.Options) *verify.Report {
	l.t.Helper()
	dir := l.k.Dir()
	if err := l.k.Close(); err != nil {
		l.t.Fatal(err)
	}
	o.Now = clock
	r, err := verify.Case(context.Background(), dir, o)
	if err != nil {
		l.t.Fatal(err)
	}
	if l.k, err = store.Open(context.Background(), dir, options()); err != nil {
		l.t.Fatal(err)
	}
	return r
}

func says(r *verify.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %+v %+v\n", r.Verdict, r.Attestation, r.Anchors)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s %s (%s)\n", f.Verdict, f.Object, f.What, f.Detail)
	}
	return b.String() + strings.Join(r.NotChecked, "\n")
}

func newTSA(t *testing.T, o anchortest.Options) (*anchortest.TSA, string) {
	t.Helper()
	tsa, err := anchortest.New(clock, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tsa)
	t.Cleanup(server.Close)
	return tsa, server.URL
}

// openssl verifies a response as a stranger would.
func openssl(t *testing.T, l *lab, a store.Anchor, tsa *anchortest.TSA, at time.Time) error {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("NOT TESTED: openssl is not here")
	}
	root := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(root, anchortest.PEM(tsa.Root), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := l.k.Dir()
	out, err := exec.CommandContext(t.Context(), program, "ts", "-verify", "-in", filepath.Join(dir, a.File()), "-data", filepath.Join(dir, "checkpoints", fmt.Sprintf("%d.note", a.Size)),
		"-CAfile", root, "-untrusted", filepath.Join(dir, a.Beside(store.AnchorChain).File()), "-attime", fmt.Sprint(at.Unix())).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Verification: OK") {
		return errors.Join(fmt.Errorf("openssl: %s", out), err)
	}
	return nil
}
