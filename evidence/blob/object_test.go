package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

func TestDescriptor(t *testing.T) {
	content := lines(1, 700<<10)
	inPlace := writeFile(t, filepath.Join(t.TempDir(), "a\xff name"), content)
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd, evidence.StoredInPlace} {
		t.Run(encoding, func(t *testing.T) {
			s, dir := openStore(t)
			var a evidence.Artifact
			if encoding == evidence.StoredInPlace {
				d, _, n, err := blob.HashFile(t.Context(), openFile(t, inPlace), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				name := evidence.NewName(inPlace)
				a = evidence.Artifact{SHA256: d, Size: n, Stored: evidence.Stored{Encoding: encoding, SHA256: d, Size: n, Path: &name}}
			} else {
				a = put(t, s, content, encoding)
			}
			f, err := s.Descriptor(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes from the start of the descriptor, %v", len(got), err)
			}
			if _, err := f.WriteAt([]byte("x"), 0); err == nil {
				t.Error("the descriptor can be written to")
			}
			if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
				t.Errorf("flags %#x, %v", flags, err)
			}
			if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("inherited by every child: %#x, %v", flags, err)
			}
			g, err := s.Descriptor(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			if off, err := g.Seek(0, io.SeekCurrent); off != 0 || err != nil {
				t.Errorf("a second descriptor is at %d, %v", off, err)
			}
			assertTmp(t, dir, 0)
		})
	}
}

// Nobody without privileges can open a decoded file again for writing.
func TestDecodedFileMode(t *testing.T) {
	s, _ := openStore(t)
	f, err := s.Descriptor(t.Context(), put(t, s, lines(1, 1000), evidence.StoredZstd))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm() != 0o400 {
		t.Errorf("mode %v", fi.Mode())
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Nlink != 0 {
		t.Errorf("%d names, %v", st.Nlink, err)
	}
}

// Bytes in place are hashed at every opening, whatever their times say.
func TestInPlaceChanges(t *testing.T) {
	s, _ := openStore(t)
	path := writeFile(t, filepath.Join(t.TempDir(), "image"), noise(1, 100<<10))
	then := time.Unix(1e9, 0)
	os.Chtimes(path, then, then)
	name := evidence.NewName(path)
	d := evidence.Sum(noise(1, 100<<10))
	a := evidence.Artifact{SHA256: d, Size: 100 << 10, Stored: evidence.Stored{Encoding: evidence.StoredInPlace, SHA256: d, Size: 100 << 10, Path: &name}}
	if err := check(t.Context(), s, a); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, noise(2, 100<<10))
	os.Chtimes(path, then, then)
	var ie *evidence.IntegrityError
	if err := check(t.Context(), s, a); !errors.As(err, &ie) || ie.Object != fmt.Sprintf("%q", path) || ie.Got != evidence.Sum(noise(2, 100<<10)) {
		t.Errorf("got %v", err)
	}
	os.Remove(path)
	if err := check(t.Context(), s, a); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("missing: %v", err)
	}
	for _, bad := range []*evidence.Name{nil, {Text: "relative"}, {}} {
		a.Stored.Path = bad
		if err := check(t.Context(), s, a); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// A case may come from anyone: what stands where an object should does not
// make the program wait or follow.
func TestNotRegular(t *testing.T) {
	s, dir := openStore(t)
	content := lines(1, 1000)
	a := put(t, s, content, evidence.StoredZstd)
	path := objectPath(dir, a.SHA256)
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copyOf := writeFile(t, filepath.Join(t.TempDir(), "copy"), stored)
	for what, put := range map[string]func() error{
		"pipe":      func() error { return unix.Mkfifo(path, 0o600) },
		"symlink":   func() error { return os.Symlink(copyOf, path) },
		"directory": func() error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(what, func(t *testing.T) {
			os.Remove(path)
			if err := put(); err != nil {
				t.Fatal(err)
			}
			if o, err := s.Reader(t.Context(), a); err == nil {
				o.Close()
				t.Error("opened")
			}
			if err := s.Commit(t.Context(), stage(t, s, content, blob.WriterOptions{})); err == nil {
				t.Error("taken for the object")
			}
			if _, err := os.Lstat(path); err != nil {
				t.Error("removed:", err)
			}
		})
	}
	os.Remove(path)
	if _, err := s.Reader(t.Context(), a); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("missing: %v", err)
	}
}

// Rows that contradict the object, or themselves, are refused.
func TestRowContradicts(t *testing.T) {
	s, _ := openStore(t)
	raw := put(t, s, lines(1, 1000), evidence.StoredRaw)
	packed := put(t, s, lines(2, 1000), evidence.StoredZstd)
	for name, a := range map[string]evidence.Artifact{
		"raw, other size":            with(raw, func(a *evidence.Artifact) { a.Size++ }),
		"raw, other stored size":     with(raw, func(a *evidence.Artifact) { a.Stored.Size-- }),
		"raw, other stored digest":   with(raw, func(a *evidence.Artifact) { a.Stored.SHA256[0]++ }),
		"zstd, other size":           with(packed, func(a *evidence.Artifact) { a.Size-- }),
		"zstd, other stored size":    with(packed, func(a *evidence.Artifact) { a.Stored.Size++ }),
		"zstd, other stored digest":  with(packed, func(a *evidence.Artifact) { a.Stored.SHA256[0]++ }),
		"zstd said to be raw":        with(packed, func(a *evidence.Artifact) { a.Stored.Encoding = evidence.StoredRaw }),
		"raw said to be zstd":        with(raw, func(a *evidence.Artifact) { a.Stored.Encoding = evidence.StoredZstd }),
		"an encoding not there":      with(raw, func(a *evidence.Artifact) { a.Stored.Encoding = "" }),
		"a negative size":            with(packed, func(a *evidence.Artifact) { a.Size = -1 }),
		"a zstd size beyond reality": with(packed, func(a *evidence.Artifact) { a.Size = 1 << 62 }),
	} {
		t.Run(name, func(t *testing.T) {
			o, err := s.Reader(t.Context(), a)
			if err == nil {
				o.Close()
				t.Fatal("accepted")
			}
			if !errors.Is(err, evidence.ErrIntegrity) && !errors.Is(err, evidence.ErrFormat) {
				t.Error(err)
			}
		})
	}
}

// A row whose stored digest is right but whose content digest is not is found
// out by who decodes everything.
func TestDescriptorChecksContent(t *testing.T) {
	s, dir := openStore(t)
	a := put(t, s, lines(2, 1000), evidence.StoredZstd)
	got, want := a.SHA256, evidence.Sum([]byte("another thing"))
	a.SHA256 = want
	if err := os.MkdirAll(filepath.Dir(objectPath(dir, want)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(objectPath(dir, got), objectPath(dir, want)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Descriptor(t.Context(), a)
	var ie *evidence.IntegrityError
	if !errors.As(err, &ie) || ie.Want != want || ie.Got != got {
		t.Errorf("got %v", err)
	}
}

func with(a evidence.Artifact, f func(*evidence.Artifact)) evidence.Artifact {
	f(&a)
	return a
}

// Reads from several goroutines at once each see the content.
func TestReadAtInParallel(t *testing.T) {
	s, _ := openStore(t)
	content := append(lines(1, 2<<20), noise(1, 1<<20)...)
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		t.Run(encoding, func(t *testing.T) {
			s2 := s
			if encoding == evidence.StoredZstd {
				s2, _ = openStore(t)
			}
			o, err := s2.Reader(t.Context(), put(t, s2, content, encoding))
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			var wg sync.WaitGroup
			for g := range 6 {
				wg.Go(func() {
					for i := range 60 {
						off := (g*7919 + i*104729) % (len(content) - 5000)
						p := make([]byte, 5000)
						if _, err := o.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, content[off:off+5000]) {
							t.Errorf("at %d: %v", off, err)
							return
						}
					}
				})
			}
			wg.Wait()
			if _, err := o.ReadAt(make([]byte, 1), -1); err == nil || errors.Is(err, io.EOF) {
				t.Errorf("at -1: %v", err)
			}
		})
	}
}

func TestReaderCancelled(t *testing.T) {
	s, _ := openStore(t)
	a := put(t, s, noise(1, 2<<20), evidence.StoredRaw)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Reader(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
