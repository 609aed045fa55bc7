package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// written is a case made by the program's own writer.
type written struct {
	*store.Case
	t   *testing.T
	key ed25519.PrivateKey
}

func newWritten(t *testing.T) *written {
	t.Helper()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c, err := store.Create(context.Background(), filepath.Join(t.TempDir(), "a case? 100%"), store.Options{
		Now: func() time.Time { now = now.Add(time.Second); return now }, Rand: rand.Reader,
		Clock: func() custody.Clock { return custody.Clock{Source: "system"} }, Monotonic: func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" }, Tool: custody.Tool{Name: "exhibit", Version: "1", Protocol: 1, OS: "linux", Arch: "amd64"},
		Observed: map[string]any{"observed.os.host": "bench"},
	}, store.Init{Lab: "lab.example", Secret: map[string]any{"asserted.case.title": "A title"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &written{c, t, ed25519.NewKeyFromSeed(make([]byte, 32))}
}

func (w *written) append(b store.Batch) int64 {
	w.t.Helper()
	seq, err := w.Append(context.Background(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return seq
}

func (w *written) stage(encoding string, hashes []string, content []byte) *blob.Staged {
	w.t.Helper()
	bw, err := w.Blobs().NewWriter(blob.WriterOptions{Encoding: encoding, Hashes: hashes})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := bw.Write(content); err != nil {
		w.t.Fatal(err)
	}
	st, err := bw.Finish()
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

// fill receives files and runs a plugin over each.
func (w *written) fill(files int) {
	w.t.Helper()
	begin := w.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-1"}})
	intent := int64(-1)
	for i := range files {
		content := bytes.Repeat(fmt.Appendf(nil, "line of file %d\n", i), 1+i*9000)
		encoding := []string{evidence.StoredRaw, evidence.StoredZstd}[i%2]
		st := w.stage(encoding, []string{"md5", "sha1"}, content)
		w.append(store.Batch{
			Kind: "receive", Plain: map[string]any{"phase": "part"}, Refs: map[string]int64{"item": begin},
			Staged: []*blob.Staged{st}, Artifacts: []evidence.Artifact{st.Artifact(evidence.Original)},
			Occurrences: []evidence.Occurrence{
				{Item: "EX-1", Path: evidence.NewName(fmt.Sprintf("dir/%d\xff", i)), Type: "file", Artifact: st.Digest, FS: json.RawMessage(`{"mode":"0644","size":1}`)},
				{Item: "EX-1", Path: evidence.NewName("dir"), Type: "directory"},
			},
		})
		if intent < 0 {
			intent = w.append(store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent", "counts": map[string]any{"runs": files}}})
		}
		w.run(intent, st.Digest, int64(len(content)), i)
	}
	w.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": begin}})
}

func (w *written) run(intent int64, input evidence.Digest, size int64, i int) {
	w.t.Helper()
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "p", Version: "1", SHA256: evidence.Sum([]byte("p"))}, Operation: evidence.OpParse, Config: json.RawMessage(`{}`), Input: input,
		Outcome: evidence.OutcomeComplete, Units: evidence.Units{Declared: -1, Read: 400, Emitted: 400}, BytesRead: size, Size: size, Attempts: 1,
		Start: "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z", Artifacts: 1,
	}
	var err error
	if r.ID, err = (evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Input: input}.ID()); err != nil {
		w.t.Fatal(err)
	}
	row := store.RunRow{Seed: [32]byte{byte(i), 1}}
	tree := custody.NewRecordTree(row.Seed)
	var set bytes.Buffer
	for n := range 400 {
		line := fmt.Appendf(nil, `{"kind":"message","text":"%d of %d %s"}`, n, i, strings.Repeat("x", n))
		tree.Add(line)
		set.Write(append(line, '\n'))
	}
	records, child := w.stage(evidence.StoredZstd, nil, set.Bytes()), w.stage(evidence.StoredRaw, nil, fmt.Appendf(nil, "child %d", i))
	root, count := tree.Root()
	r.Records = &evidence.RecordSetRef{Artifact: records.Digest, Count: count, Kinds: map[string]int64{"message": 400}}
	r.RecordTree = &evidence.RecordTree{Root: fmt.Sprintf("%x", root), Size: count}
	row.Run = r
	w.append(store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result", "counts": map[string]any{"runs": 1}}, Refs: map[string]int64{"intent": intent},
		Staged: []*blob.Staged{records, child}, Artifacts: []evidence.Artifact{records.Artifact(evidence.Derived), child.Artifact(evidence.Derived)},
		Derivations: []evidence.Derivation{{Run: r.ID, Parent: input, Child: child.Digest, Complete: true}}, Runs: []store.RunRow{row},
	})
}

func (w *written) sealLog() {
	w.t.Helper()
	w.append(store.Batch{Kind: "seal", Plain: map[string]any{"signer": custody.VKey(w.Origin(), w.key.Public().(ed25519.PublicKey))}})
	size, root, err := w.Head(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	msg, err := custody.SignCheckpoint(w.Origin(), size, root, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.AddCheckpoint(context.Background(), size, msg); err != nil {
		w.t.Fatal(err)
	}
}

// TestWritten verifies what the program's own writer makes: at rest, beside the
// writer, as a crash leaves it, and as copies of it.
func TestWritten(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	w.fill(6)
	w.sealLog()
	trust := verify.Options{Trust: []string{custody.VKey(w.Origin(), w.key.Public().(ed25519.PublicKey))}, Require: verify.Trusted, Jobs: 3}
	clean := func(dir string) {
		t.Helper()
		before := listing(t, dir)
		r := check(t, dir, trust)
		expect(t, r, verify.Intact, "")
		if len(r.Findings) > 0 {
			t.Errorf("remarks on a clean case\n%s", findings(r))
		}
		delete(before, filepath.Join(dir, "case.db-shm")) // locks of the writer's own
		after := listing(t, dir)
		for name, want := range before {
			if after[name] != want {
				t.Errorf("verifying changed %q", name)
			}
		}
		if r.Attestation.Tail != 0 || r.Log.Entries != 1+1+6*2+1+1+1 {
			t.Errorf("%+v, %+v", r.Attestation, r.Log)
		}
	}
	crashed := filepath.Join(t.TempDir(), "crashed")
	if err := os.CopyFS(crashed, os.DirFS(w.Dir())); err != nil {
		t.Fatal(err)
	}
	clean(w.Dir())
	clean(crashed)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	clean(w.Dir())

	// A log without its index is not read: reading would have to create that.
	remove(t, filepath.Join(crashed, "case.db-shm"))
	expect(t, check(t, crashed, trust), verify.CannotVerify, "case.db")
	// And without the log, case.db is an older one, or nothing.
	remove(t, filepath.Join(crashed, "case.db-wal"))
	if r := check(t, crashed, trust); r.Verdict < verify.Incomplete {
		t.Errorf("%s\n%s", r.Verdict, findings(r))
	}
}

// TestBesideAWriter verifies while a process appends: each time a snapshot.
func TestBesideAWriter(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for n := 0; err == nil; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			_, err = w.Append(context.Background(), store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": fmt.Sprint(n)}})
		}
		stopped <- err
	}()
	last := int64(0)
	for range 20 {
		r := check(t, w.Dir(), verify.Options{})
		expect(t, r, verify.Intact, "")
		if r.Log.Entries < last {
			t.Errorf("%d entries after %d", r.Log.Entries, last)
		}
		last = r.Log.Entries
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if last < 2 {
		t.Error("the writer wrote nothing")
	}
}
