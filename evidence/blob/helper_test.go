package blob_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// The helper process puts objects into a store under adverse conditions. It
// prints a line "ACK <artifact>" for each object a commit acknowledged, "ERR
// <error>" for each failure, and "END".
//
// All system calls are made by one thread, so that strace can count them.
func helper(scenario string) int {
	runtime.LockOSThread()
	dir := os.Getenv("BLOB_TEST_DIR")
	ctx := context.Background()
	scenario, path, _ := strings.Cut(scenario, " ")
	switch scenario {
	case "copy":
		return helpCopy(ctx, dir, path)
	case "batches":
		return helpBatches(ctx, dir)
	case "stream":
		return helpStream(ctx, dir, true)
	case "careless":
		return helpStream(ctx, dir, false)
	}
	return 64
}

// helpBatches runs each kind of batch; what fails is staged and committed once more.
func helpBatches(ctx context.Context, dir string) int {
	var s *blob.Store
	for range 2 {
		var err error
		if s, err = blob.Open(filepath.Join(dir, "objects"), true); err == nil {
			break
		}
		fmt.Println("ERR", err)
	}
	if s == nil {
		return 1
	}
	content := func(i, n int) []byte {
		b := make([]byte, n)
		rand.NewChaCha8([32]byte{byte(i), 3}).Read(b)
		return b
	}
	write := func(i, n int, encoding string) func() (*blob.Staged, error) {
		return func() (*blob.Staged, error) {
			w, err := s.NewWriter(blob.WriterOptions{Encoding: encoding, SizeHint: int64(n)})
			if err != nil {
				return nil, err
			}
			defer w.Abort()
			if _, err := w.Write(content(i, n)); err != nil {
				return nil, err
			}
			return w.Finish()
		}
	}
	copyFile := func(i, n int) func() (*blob.Staged, error) {
		return func() (*blob.Staged, error) {
			f, err := os.Open(filepath.Join(dir, fmt.Sprintf("src-%d", n)))
			if err != nil {
				return nil, err
			}
			defer f.Close()
			st, _, err := s.CopyFile(ctx, f, blob.WriterOptions{}, nil)
			return st, err
		}
	}
	batches := [][]func() (*blob.Staged, error){
		{write(1, 100, evidence.StoredRaw), write(2, 300<<10, evidence.StoredZstd)},
		{copyFile(0, 2<<20), write(3, 1<<20, evidence.StoredRaw), copyFile(0, 5000)},
		nil, // many small ones; filled below
		{write(30, 10, evidence.StoredRaw), write(31, 10, evidence.StoredZstd)}, // few, and none with a descriptor
		{write(1, 100, evidence.StoredZstd), write(20, 1, evidence.StoredRaw)},  // the first is there already
	}
	for i := range 7 {
		batches[2] = append(batches[2], write(4+i, 50+i, []string{evidence.StoredRaw, evidence.StoredZstd}[i%2]))
	}
	var held []*blob.Staged // keep so many open that further ones are not
	run := func(batch []func() (*blob.Staged, error)) error {
		var staged []*blob.Staged
		defer func() {
			for _, st := range staged {
				st.Discard()
			}
		}()
		for _, f := range batch {
			st, err := f()
			if err != nil {
				return err
			}
			staged = append(staged, st)
		}
		if err := s.Commit(ctx, staged...); err != nil {
			return err
		}
		for _, st := range staged {
			b, err := json.Marshal(st.Artifact(evidence.Derived))
			if err != nil {
				return err
			}
			fmt.Printf("ACK %s\n", b)
		}
		return nil
	}
	early, err := write(99, 10, evidence.StoredRaw)()
	if err != nil {
		fmt.Println("ERR", err)
	}
	for i, b := range batches {
		for i == 2 && len(held) < 64 {
			st, err := write(100+len(held), 1, evidence.StoredRaw)()
			if err != nil {
				fmt.Println("ERR", err)
				continue
			}
			held = append(held, st)
		}
		for try := range 2 {
			err := run(b)
			if err == nil {
				break
			}
			fmt.Println("ERR", err)
			if try == 1 {
				return 1
			}
		}
	}
	// Refused where a sync has failed since.
	if early == nil {
	} else if err := s.Commit(ctx, early); err != nil {
		fmt.Println("ERR early:", err)
	} else if b, err := json.Marshal(early.Artifact(evidence.Derived)); err == nil {
		fmt.Printf("ACK %s\n", b)
	}
	for _, st := range held {
		st.Discard()
	}
	if err := s.Close(); err != nil {
		fmt.Println("ERR", err)
	}
	fmt.Println("END")
	return 0
}

// helpCopy stages one copy and gives it up.
func helpCopy(ctx context.Context, dir, path string) int {
	s, err := blob.Open(filepath.Join(dir, "objects"), true)
	if err != nil {
		return 1
	}
	f, err := os.Open(path)
	if err != nil {
		return 1
	}
	st, _, err := s.CopyFile(ctx, f, blob.WriterOptions{}, nil)
	if err != nil {
		return 1
	}
	st.Discard()
	return 0
}

// helpStream commits batch after batch until it is killed. Careless, it forgets
// to make anything durable: the control of the power cut test.
func helpStream(ctx context.Context, dir string, careful bool) int {
	s, err := blob.Open(filepath.Join(dir, "objects"), true)
	if err != nil {
		fmt.Println("ERR", err)
		return 1
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; ; i++ {
		n := []int{1, 2, 12}[i%3]
		var staged []*blob.Staged
		for range n {
			w, err := s.NewWriter(blob.WriterOptions{Encoding: []string{evidence.StoredRaw, evidence.StoredZstd}[r.IntN(2)]})
			if err != nil {
				fmt.Println("ERR", err)
				return 1
			}
			fmt.Fprintf(w, "%d %x", r.Uint64(), make([]byte, r.IntN(20000)))
			st, err := w.Finish()
			if err != nil {
				fmt.Println("ERR", err)
				return 1
			}
			staged = append(staged, st)
		}
		if careful {
			err = s.Commit(ctx, staged...)
		} else {
			err = carelessCommit(dir, staged)
		}
		if err != nil {
			fmt.Println("ERR", err)
			return 1
		}
		for _, st := range staged {
			b, err := json.Marshal(st.Artifact(evidence.Derived))
			if err != nil {
				return 1
			}
			fmt.Printf("ACK %s\n", b)
		}
	}
}

// carelessCommit names the staged files as Commit does, but syncs nothing.
func carelessCommit(dir string, staged []*blob.Staged) error {
	temps, err := filepath.Glob(filepath.Join(dir, "objects", "tmp", "*"))
	if err != nil {
		return err
	}
	for _, temp := range temps {
		b, err := os.ReadFile(temp)
		if err != nil {
			return err
		}
		for _, st := range staged {
			if evidence.Sum(b) != st.Stored.SHA256 {
				continue
			}
			path := objectPath(filepath.Join(dir, "objects"), st.Digest)
			os.Mkdir(filepath.Dir(path), 0o755)
			if err := os.Link(temp, path); err != nil && !os.IsExist(err) {
				return err
			}
		}
	}
	for _, st := range staged {
		st.Discard()
	}
	return nil
}

// acks reads the helper's lines.
func parseHelper(t testing.TB, out []byte) (acked []evidence.Artifact, errs []string, ended bool) {
	t.Helper()
	for line := range bytesLines(out) {
		switch word, rest, _ := cut(line); word {
		case "ACK":
			var a evidence.Artifact
			if err := json.Unmarshal([]byte(rest), &a); err != nil {
				t.Fatalf("helper's line %q: %v", line, err)
			}
			acked = append(acked, a)
		case "ERR":
			errs = append(errs, rest)
		case "END":
			ended = true
		default:
			t.Fatalf("helper's line %q", line)
		}
	}
	return acked, errs, ended
}
