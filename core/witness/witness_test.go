package witness_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/exhibit-forensics/exhibit/core/witness"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const origin = "lab.example/1b4e28ba-2fa1-4d2e-883f-0016d3cca427"

var now = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func vkey(b byte) string { return custody.VKey(origin, key(b).Public().(ed25519.PublicKey)) }

// tree is a log of entries "0", "1", … of a sort.
type tree struct{ nodes [][32]byte }

func newTree(t *testing.T, sort string, size int) *tree {
	t.Helper()
	tr := &tree{}
	for i := range size {
		nodes, err := custody.NewNodes(int64(i), fmt.Appendf(nil, "%s%d", sort, i), tr.read)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			tr.nodes = append(tr.nodes, n.Hash)
		}
	}
	return tr
}

func (tr *tree) read(idx []int64) ([][32]byte, error) {
	out := make([][32]byte, len(idx))
	for i, n := range idx {
		out[i] = tr.nodes[n]
	}
	return out, nil
}

// request is an add-checkpoint request for the first size entries.
func (tr *tree) request(t *testing.T, old, size int64, by ed25519.PrivateKey) anchor.AddCheckpoint {
	t.Helper()
	root, err := custody.Root(size, tr.read)
	if err != nil {
		t.Fatal(err)
	}
	r := anchor.AddCheckpoint{Old: old}
	if r.Note, err = custody.SignCheckpoint(origin, size, root, by); err != nil {
		t.Fatal(err)
	}
	if old > 0 && old < size {
		if r.Proof, err = custody.ProveConsistent(old, size, tr.read); err != nil {
			t.Fatal(err)
		}
		oldRoot, err := custody.Root(old, tr.read)
		if err != nil {
			t.Fatal(err)
		}
		// The proof is one for others too.
		path := make([][]byte, len(r.Proof))
		for i := range r.Proof {
			path[i] = r.Proof[i][:]
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(size), path, oldRoot[:], root[:]); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func start(t *testing.T, dir string) (*witness.Witness, string) {
	t.Helper()
	w, err := witness.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler(clock, nil))
	t.Cleanup(func() {
		server.Close()
		w.Close()
	})
	return w, server.URL + "/add-checkpoint"
}

func newDir(t *testing.T) (dir, vk string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "w")
	vk, err := witness.Init(dir, "w.example/1", now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(witness.Admit(dir, vkey(1)), witness.Admit(dir, vkey(1))); err != nil {
		t.Fatal(err)
	}
	return dir, vk
}

func post(t *testing.T, url string, body []byte) (int, string, []byte) {
	t.Helper()
	resp, err := http.Post(url, "text/plain", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), b
}

// Each rule of C2SP tlog-witness, add-checkpoint, in the order of its text.
func TestAddCheckpoint(t *testing.T) {
	dir, vk := newDir(t)
	w, url := start(t, dir)
	if w.VKey() != vk {
		t.Error(w.VKey())
	}
	log, fork := newTree(t, "a", 40), newTree(t, "b", 40)
	verifier, err := fnote.NewVerifierForCosignatureV1(vk)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name string, r anchor.AddCheckpoint, want int) []byte {
		t.Helper()
		status, kind, body := post(t, url, r.Marshal())
		if status != want {
			t.Errorf("%s: %d, not %d: %s", name, status, want, body)
		}
		if status == http.StatusOK {
			n, err := note.Open(append(bytes.Clone(r.Note), body...), note.VerifierList(verifier))
			if err != nil || len(n.Sigs) != 1 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if size := strings.HasPrefix(kind, "text/x.tlog.size"); size != (status == http.StatusConflict && bytes.Trim(body, "0123456789\n") == nil || status == http.StatusConflict && len(bytes.Trim(body, "0123456789\n")) == 0) {
			t.Errorf("%s: %q %q", name, kind, body)
		}
		return body
	}
	foreign := log.request(t, 0, 5, key(1))
	foreign.Note = bytes.ReplaceAll(foreign.Note, []byte("1b4e28ba"), []byte("2b4e28ba"))
	ask("unknown origin", foreign, 404)
	ask("unknown key", log.request(t, 0, 5, key(9)), 403)
	forged := log.request(t, 0, 5, key(1))
	forged.Note = bytes.Replace(forged.Note, []byte("\n5\n"), []byte("\n6\n"), 1)
	ask("wrong signature", forged, 403)
	ask("old size greater", anchor.AddCheckpoint{Old: 6, Note: log.request(t, 0, 5, key(1)).Note}, 400)
	if b := ask("old size not known", log.request(t, 3, 5, key(1)), 409); string(b) != "0\n" {
		t.Errorf("%q", b)
	}
	first := log.request(t, 0, 5, key(1))
	first.Proof = [][32]byte{{}}
	ask("a proof from nothing", first, 422)
	ask("first", log.request(t, 0, 5, key(1)), 200)
	ask("again", log.request(t, 5, 5, key(1)), 200)
	if b := ask("stale", log.request(t, 0, 9, key(1)), 409); string(b) != "5\n" {
		t.Errorf("%q", b)
	}
	ask("another root", fork.request(t, 5, 5, key(1)), 409)
	ask("another history", fork.request(t, 5, 9, key(1)), 422)
	short := log.request(t, 5, 9, key(1))
	short.Proof = short.Proof[1:]
	ask("short proof", short, 422)
	long := log.request(t, 5, 9, key(1))
	long.Proof = append(long.Proof, [32]byte{})
	ask("long proof", long, 422)
	ask("smaller", log.request(t, 5, 5, key(1)), 200)
	ask("on", log.request(t, 5, 9, key(1)), 200)
	if b := ask("back", log.request(t, 5, 5, key(1)), 409); string(b) != "9\n" {
		t.Errorf("%q", b)
	}
	// Another key of the same log, admitted while it serves; an unknown one beside it is ignored.
	if err := witness.Admit(dir, vkey(2)); err != nil {
		t.Fatal(err)
	}
	two := log.request(t, 9, 12, key(2))
	joined, err := custody.JoinSignatures(two.Note, log.request(t, 0, 12, key(7)).Note)
	if err != nil {
		t.Fatal(err)
	}
	two.Note = joined
	ask("two signatures, one known", two, 200)
	for name, body := range map[string]string{"nothing": "", "a web form": "a=b", "too long": strings.Repeat("x", 1<<20)} {
		if status, _, _ := post(t, url, []byte(body)); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	for name, c := range map[string]struct {
		method, url string
		want        int
	}{"GET": {"GET", url, 405}, "elsewhere": {"POST", url + "x", 404}} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	// What did not continue the log is kept: root, history, two proofs, and the one from nothing.
	kept, err := os.ReadDir(filepath.Join(dir, "conflicts"))
	if err != nil || len(kept) != 5 {
		t.Errorf("%d, %v", len(kept), err)
	}
}

// A witness that was stopped, or whose disk is full, forgets nothing that it signed.
func TestRestart(t *testing.T) {
	dir, _ := newDir(t)
	log := newTree(t, "a", 40)
	w, err := witness.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler(clock, nil))
	if status, _, body := post(t, server.URL+"/add-checkpoint", log.request(t, 0, 30, key(1)).Marshal()); status != 200 {
		t.Fatal(status, string(body))
	}
	if _, err := witness.Open(dir); !errors.Is(err, evidence.ErrLocked) {
		t.Errorf("served twice: %v", err)
	}
	server.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// What a kill leaves of a file that was being written.
	temp, err := filepath.Glob(filepath.Join(dir, "logs", "*.note"))
	if err != nil || len(temp) != 1 {
		t.Fatal(temp, err)
	}
	if err := os.WriteFile(temp[0]+".tmp", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, url := start(t, dir)
	if status, _, body := post(t, url, log.request(t, 0, 30, key(1)).Marshal()); status != 409 || string(body) != "30\n" {
		t.Error(status, string(body))
	}
	if status, _, _ := post(t, url, log.request(t, 30, 31, key(1)).Marshal()); status != 200 {
		t.Error(status)
	}
	// Its memory damaged: it signs nothing rather than anything.
	if err := os.WriteFile(temp[0], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := post(t, url, log.request(t, 0, 31, key(1)).Marshal()); status != 500 {
		t.Error(status)
	}
	if err := os.WriteFile(filepath.Join(dir, "admitted"), []byte("# comment\n\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := post(t, url, log.request(t, 0, 31, key(1)).Marshal()); status != 500 {
		t.Error(status)
	}
}

// Two histories sent at once, many times: at most one is ever cosigned.
func TestRace(t *testing.T) {
	dir, _ := newDir(t)
	_, url := start(t, dir)
	a, b := newTree(t, "a", 40), newTree(t, "b", 40)
	var mu sync.Mutex
	signed := map[string]int{}
	var wg sync.WaitGroup
	for i := range 30 {
		name, log := "a", a
		if i%2 == 1 {
			name, log = "b", b
		}
		body := log.request(t, 0, 7, key(1)).Marshal()
		wg.Go(func() {
			resp, err := http.Post(url, "text/plain", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode == 200 {
				signed[name]++
			}
		})
	}
	wg.Wait()
	if len(signed) != 1 || signed["a"]+signed["b"] != 1 {
		t.Errorf("signed %v", signed)
	}
}

func TestServe(t *testing.T) {
	dir, _ := newDir(t)
	w, err := witness.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	told := make(chan int, 1)
	go func() { ended <- w.Serve(ctx, l, clock, func(_ string, status int, _ error) { told <- status }) }()
	log := newTree(t, "a", 5)
	if status, _, _ := post(t, "http://"+l.Addr().String()+"/add-checkpoint", log.request(t, 0, 5, key(1)).Marshal()); status != 200 || <-told != 200 {
		t.Error(status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDirectory(t *testing.T) {
	dir, _ := newDir(t)
	if _, err := witness.Init(dir, "again", now, rand.Reader); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := witness.Init(filepath.Join(t.TempDir(), "x"), "a b", now, rand.Reader); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	if _, err := witness.Open(t.TempDir()); err == nil {
		t.Error("opened what others may read, and is none")
	}
	for _, bad := range []string{"", "x", anchor.VKey("w", key(1).Public().(ed25519.PublicKey)), custody.VKey("not an origin", key(1).Public().(ed25519.PublicKey))} {
		if err := witness.Admit(dir, bad); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q admitted: %v", bad, err)
		}
	}
	file := filepath.Join(dir, "witness.json")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x80
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if w, err := witness.Open(dir); err == nil {
			w.Close()
			t.Errorf("byte %d changed: opened", i)
		}
	}
	if err := errors.Join(os.WriteFile(file, good, 0o600), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(dir); !errors.Is(err, witness.ErrLax) {
		t.Errorf("others may look into it: %v", err)
	}
	if err := errors.Join(os.Chmod(dir, 0o700), os.Remove(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(dir); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	if err := witness.Admit(dir, vkey(1)); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
}
