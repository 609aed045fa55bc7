// Command custody measures what the custody log costs, for scripts/bench/bench.py: appends that
// are durable when they return, beside a bare write and fsync of as many bytes in the same
// directory; and proofs out of a log of N entries whose nodes are in memory.
//
//	custody DIR APPENDS ENTRIES
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// result is seconds each, but for the sizes.
type result struct {
	Append float64 `json:"append"`
	Fsync  float64 `json:"fsync"`
	// Bytes is how long an entry is.
	Bytes int `json:"bytes"`
	// Build makes the tree, Prove and Check are of one proof, Consistent of one of consistency.
	Build      float64 `json:"build"`
	Prove      float64 `json:"prove"`
	Check      float64 `json:"check"`
	Consistent float64 `json:"consistent"`
	ProofBytes int     `json:"proof_bytes"`
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "custody:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: custody DIR APPENDS ENTRIES")
	}
	appends, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	entries, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	var r result
	if err := r.appends(ctx, args[0], appends); err != nil {
		return err
	}
	if err := r.proofs(entries); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func (r *result) appends(ctx context.Context, dir string, n int) error {
	c, err := store.Create(ctx, filepath.Join(dir, "case"), store.Options{
		Now: time.Now, Rand: rand.Reader, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 0 }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "bench", Version: "1", Protocol: evidence.PluginProtocol, OS: "linux", Arch: "amd64"},
	}, store.Init{Lab: "bench"})
	if err != nil {
		return err
	}
	defer c.Close()
	start := time.Now()
	for i := range n {
		if _, err := c.Append(ctx, store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "note " + strconv.Itoa(i)}}); err != nil {
			return err
		}
	}
	r.Append = time.Since(start).Seconds() / float64(n)
	le, err := c.Entry(ctx, 1)
	if err != nil {
		return err
	}
	r.Bytes = len(le.Body)
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return err
	}
	defer f.Close()
	start = time.Now()
	for range n {
		if _, err := f.Write(le.Body); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	r.Fsync = time.Since(start).Seconds() / float64(n)
	return nil
}

// proofs are of the entry in the middle, under a checkpoint over all n.
func (r *result) proofs(n int) error {
	const origin = "bench/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"
	var nodes [][32]byte
	read := func(idx []int64) ([][32]byte, error) {
		out := make([][32]byte, len(idx))
		for i, at := range idx {
			out[i] = nodes[at]
		}
		return out, nil
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	draft := custody.Draft{
		Kind: "note", Start: at, End: at, LocalOffset: "+00:00", Clock: custody.Clock{Source: "system"},
		Tool: custody.Tool{Name: "bench", Version: "1", Protocol: 1, OS: "linux", Arch: "amd64"}, Secret: map[string]any{"asserted.note": "x"},
	}
	middle := int64(n / 2)
	var body []byte
	start := time.Now()
	for seq := range int64(n) {
		leaf := strconv.AppendInt(nil, seq, 10) // any bytes are a leaf; only one is looked at
		if seq == middle {
			var err error
			leaf, _, err = custody.Build(custody.Head{Origin: origin, Size: seq, Prev: fmt.Sprintf("%064x", seq)}, draft, rand.Reader)
			if err != nil {
				return err
			}
			body = leaf
		}
		add, err := custody.NewNodes(seq, leaf, read)
		if err != nil {
			return err
		}
		for _, x := range add {
			nodes = append(nodes, x.Hash)
		}
	}
	r.Build = time.Since(start).Seconds()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	under := proof.Under{Key: custody.VKey(origin, key.Public().(ed25519.PublicKey))}
	old := under
	for size, to := range map[int64]*proof.Under{int64(n): &under, middle: &old} {
		root, err := custody.Root(size, read)
		if err != nil {
			return err
		}
		if to.Note, err = custody.SignCheckpoint(origin, size, root, key); err != nil {
			return err
		}
	}
	var text []byte
	var err error
	r.Prove, err = timed(func() error {
		p, err := proof.OfEntry(under, body, nil, read)
		if err == nil {
			text, err = p.Encode()
		}
		return err
	})
	if err != nil {
		return err
	}
	r.ProofBytes = len(text)
	if r.Check, err = timed(func() error { return holds(text) }); err != nil {
		return err
	}
	r.Consistent, err = timed(func() error {
		p, err := proof.OfConsistency(old, under, read)
		if err != nil {
			return err
		}
		b, err := p.Encode()
		if err != nil {
			return err
		}
		return holds(b)
	})
	return err
}

func holds(b []byte) error {
	r, err := verify.Proof(b, verify.ProofOptions{})
	if err == nil && r.Verdict != verify.Intact {
		err = fmt.Errorf("the proof is %s", r.Verdict)
	}
	return err
}

// timed is the best of several rounds, in seconds a call.
func timed(f func() error) (float64, error) {
	const rounds, calls = 5, 200
	best := 0.0
	for range rounds {
		start := time.Now()
		for range calls {
			if err := f(); err != nil {
				return 0, err
			}
		}
		if s := time.Since(start).Seconds() / calls; best == 0 || s < best {
			best = s
		}
	}
	return best, nil
}
