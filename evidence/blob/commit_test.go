package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

func TestCommitBatch(t *testing.T) {
	for _, n := range []int{1, 3, 5, 300} { // one by one, by syncfs, with descriptors given up
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s, dir := openStore(t)
			var staged []*blob.Staged
			for i := range n {
				staged = append(staged, stage(t, s, noise(uint64(i), 100+i), blob.WriterOptions{}))
			}
			staged = append(staged, stage(t, s, noise(9999, 2<<20), blob.WriterOptions{})) // and a large one
			if got := objectsIn(t, dir); len(got) != 0 {
				t.Fatalf("%d objects have names before Commit", len(got))
			}
			if err := s.Commit(t.Context(), staged...); err != nil {
				t.Fatal(err)
			}
			if got := len(objectsIn(t, dir)); got != n+1 {
				t.Errorf("%d objects", got)
			}
			assertTmp(t, dir, 0)
			for _, st := range staged {
				if got := sumTool(t, "sha256sum", objectPath(dir, st.Digest)); n < 10 && got != st.Digest.Hex() {
					t.Errorf("%s holds %s", st.Digest, got)
				}
				if err := check(t.Context(), s, st.Artifact(evidence.Derived)); err != nil {
					t.Error(err)
				}
			}
			if err := s.Commit(t.Context(), staged...); err != nil {
				t.Error("again:", err)
			}
		})
	}
}

func check(ctx context.Context, s *blob.Store, a evidence.Artifact) error {
	f, err := s.Descriptor(ctx, a)
	if err != nil {
		return err
	}
	defer f.Close()
	d, _, n, err := blob.HashFile(ctx, f, nil, nil)
	if err == nil && (d != a.SHA256 || n != a.Size) {
		err = fmt.Errorf("%d bytes of %s", n, d)
	}
	return err
}

// The same content several times in one batch, from several goroutines, and
// again in another encoding, is one object, and all are told what it is.
func TestSameContent(t *testing.T) {
	s, dir := openStore(t)
	content := lines(1, 300<<10)
	var wg sync.WaitGroup
	artifacts := make([]evidence.Artifact, 16)
	for i := range artifacts {
		wg.Go(func() {
			encoding := []string{evidence.StoredRaw, evidence.StoredZstd}[i%2]
			a := stage(t, s, content, blob.WriterOptions{Encoding: encoding})
			b := stage(t, s, content, blob.WriterOptions{Encoding: encoding})
			if err := s.Commit(t.Context(), a, b); err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(a.Artifact(evidence.Derived), b.Artifact(evidence.Derived)); d != "" {
				t.Error(d)
			}
			artifacts[i] = b.Artifact(evidence.Derived)
		})
	}
	wg.Wait()
	if got := objectsIn(t, dir); len(got) != 1 {
		t.Fatalf("%d objects", len(got))
	}
	assertTmp(t, dir, 0)
	for _, a := range artifacts {
		if d := cmp.Diff(artifacts[0], a); d != "" {
			t.Error(d)
		}
		if err := check(t.Context(), s, a); err != nil {
			t.Error(err)
		}
	}
}

// An object that is there in one encoding stands for the same content staged in
// another, and Stored says so.
func TestOtherEncoding(t *testing.T) {
	for there, staged := range map[string]string{evidence.StoredRaw: evidence.StoredZstd, evidence.StoredZstd: evidence.StoredRaw} {
		s, dir := openStore(t)
		content := lines(1, 300<<10)
		want := put(t, s, content, there)
		for _, fresh := range []*blob.Store{s, reopen(t, dir)} {
			if d := cmp.Diff(want, put(t, fresh, content, staged)); d != "" {
				t.Errorf("%s over %s: %s", staged, there, d)
			}
		}
	}
}

// An object that is wrong is named, and stays as it is.
func TestDamagedObjectIsKept(t *testing.T) {
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		for what, damage := range map[string]func([]byte) []byte{
			"flipped":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"short":    func(b []byte) []byte { return b[:len(b)-1] },
			"long":     func(b []byte) []byte { return append(b, 0) },
			"empty":    func([]byte) []byte { return nil },
			"replaced": func([]byte) []byte { return []byte("another thing") },
		} {
			t.Run(encoding+"/"+what, func(t *testing.T) {
				s, dir := openStore(t)
				content := lines(1, 300<<10)
				a := put(t, s, content, encoding)
				path := objectPath(dir, a.SHA256)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				bad := damage(b)
				os.Remove(path)
				if err := os.WriteFile(path, bad, 0o444); err != nil {
					t.Fatal(err)
				}
				wantError := func(err error, want evidence.Digest) {
					t.Helper()
					var ie *evidence.IntegrityError
					if !errors.As(err, &ie) || !errors.Is(err, evidence.ErrIntegrity) {
						t.Fatalf("got %v", err)
					}
					name := "objects/sha256/" + a.SHA256.Hex()[:2] + "/" + a.SHA256.Hex()
					if d := cmp.Diff(evidence.IntegrityError{Object: name, Want: want, Got: evidence.Sum(bad)}, *ie); d != "" {
						t.Error(d)
					}
				}
				st := stage(t, s, content, blob.WriterOptions{Encoding: encoding})
				wantError(s.Commit(t.Context(), st), a.SHA256)
				_, err = s.Reader(t.Context(), a)
				wantError(err, a.Stored.SHA256)
				_, err = s.Descriptor(t.Context(), a)
				wantError(err, a.Stored.SHA256)
				if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
					t.Error("the damaged object was changed", err)
				}
				assertTmp(t, dir, 0)
				put(t, s, []byte("the store goes on"), encoding)
			})
		}
	}
}

// A file changed after it was once found right is read again, also on a
// filesystem that keeps no fractions of a second, where such a change may leave
// every time as it was.
func TestVerifiedStateIsNotTrustedAfterChange(t *testing.T) {
	for _, fs := range []string{"here", "ext4 of whole seconds"} {
		t.Run(fs, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "objects")
			if fs != "here" {
				dir = filepath.Join(mountImage(t, "8M", "mkfs.ext4", "-q", "-I", "128", "-O", "^has_journal"), "objects")
			}
			s := reopen(t, dir)
			defer s.Close()
			for i := range 3 { // one of them within one second
				a := put(t, s, noise(uint64(i), 100), evidence.StoredRaw)
				if err := check(t.Context(), s, a); err != nil {
					t.Fatal(err)
				}
				path := objectPath(dir, a.SHA256)
				fi, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if errors.Is(err, os.ErrPermission) {
					os.Chmod(path, 0o644)
					f, err = os.OpenFile(path, os.O_WRONLY, 0)
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.Write(noise(99, 100)); err != nil {
					t.Fatal(err)
				}
				f.Close()
				os.Chtimes(path, fi.ModTime(), fi.ModTime()) // as who wants it unnoticed would
				if err := check(t.Context(), s, a); !errors.Is(err, evidence.ErrIntegrity) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// What an interrupted process left is removed by the next that writes, and by
// no reader.
func TestLeftovers(t *testing.T) {
	s, dir := openStore(t)
	a := put(t, s, []byte("kept"), evidence.StoredRaw)
	w, err := s.NewWriter(blob.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(noise(1, 1<<20))
	stage(t, s, noise(2, 100), blob.WriterOptions{})
	assertTmp(t, dir, 2)
	r, err := blob.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	assertTmp(t, dir, 2)
	reopened := reopen(t, dir)
	assertTmp(t, dir, 0)
	if err := check(t.Context(), reopened, a); err != nil {
		t.Error(err)
	}
	put(t, reopened, []byte("new"), evidence.StoredRaw)
}

// Names in tmp/ that are taken are passed over, never written to.
func TestTempNeverOverwrites(t *testing.T) {
	s, dir := openStore(t)
	for i := range 20 {
		if err := os.WriteFile(filepath.Join(dir, "tmp", fmt.Sprint(i)), []byte("foreign"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, []byte("mine"), evidence.StoredRaw)
	for i := range 20 {
		if b, err := os.ReadFile(filepath.Join(dir, "tmp", fmt.Sprint(i))); err != nil || string(b) != "foreign" {
			t.Errorf("%d: %q, %v", i, b, err)
		}
	}
}

func TestReadOnlyStore(t *testing.T) {
	if _, err := blob.Open(filepath.Join(t.TempDir(), "none"), false); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("missing directory: %v", err)
	}
	s, dir := openStore(t)
	a := put(t, s, lines(1, 1000), evidence.StoredZstd)
	r, err := blob.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.NewWriter(blob.WriterOptions{}); err == nil {
		t.Error("a store open for reading takes objects")
	}
	if err := r.Commit(t.Context()); err == nil {
		t.Error("a store open for reading commits")
	}
	if err := check(t.Context(), r, a); err != nil {
		t.Error(err)
	}
}

func TestDiscardedAndForeign(t *testing.T) {
	s, dir := openStore(t)
	other, otherDir := openStore(t)
	gone := stage(t, s, []byte("a"), blob.WriterOptions{})
	gone.Discard()
	gone.Discard()
	kept := stage(t, s, []byte("b"), blob.WriterOptions{})
	if err := s.Commit(t.Context(), kept, gone); err == nil {
		t.Error("a discarded object was committed")
	}
	if err := s.Commit(t.Context(), kept); err == nil {
		t.Error("an object of a failed batch was committed")
	}
	if err := s.Commit(t.Context(), stage(t, other, []byte("c"), blob.WriterOptions{})); err == nil {
		t.Error("an object of another store was committed")
	}
	for _, d := range []string{dir, otherDir} {
		assertTmp(t, d, 0)
		if got := objectsIn(t, d); len(got) != 0 {
			t.Errorf("objects: %v", got)
		}
	}
}

func TestCancelled(t *testing.T) {
	s, dir := openStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	st := stage(t, s, []byte("a"), blob.WriterOptions{})
	cancel()
	if err := s.Commit(ctx, st); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	assertTmp(t, dir, 0)
	if got := objectsIn(t, dir); len(got) != 0 {
		t.Errorf("objects: %v", got)
	}
}

func TestWriterAfterItsEnd(t *testing.T) {
	s, dir := openStore(t)
	for _, end := range []func(*blob.Writer){
		func(w *blob.Writer) { w.Abort() },
		func(w *blob.Writer) { w.Hole(-1) },
		func(w *blob.Writer) {
			if st, err := w.Finish(); err == nil {
				st.Discard()
			}
		},
	} {
		w, err := s.NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd})
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("x"))
		end(w)
		if n, err := w.Write([]byte("y")); err == nil || n != 0 {
			t.Error("write after the end:", n, err)
		}
		if err := w.Hole(1); err == nil {
			t.Error("hole after the end")
		}
		if st, err := w.Finish(); err == nil || st != nil {
			t.Error("finish after the end")
		}
		w.Abort()
		assertTmp(t, dir, 0)
	}
}

func TestUnknownNames(t *testing.T) {
	s, dir := openStore(t)
	for _, o := range []blob.WriterOptions{{Encoding: "gzip"}, {Encoding: evidence.StoredInPlace}, {Hashes: []string{"md5", "crc32"}}, {Hashes: []string{"blake3"}}, {Hashes: []string{"SHA256"}}} {
		if _, err := s.NewWriter(o); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	assertTmp(t, dir, 0)
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, _, err := blob.HashFile(t.Context(), f, []string{"whirlpool"}, nil); !errors.Is(err, evidence.ErrFormat) || !strings.Contains(err.Error(), `"whirlpool"`) {
		t.Error(err)
	}
}
