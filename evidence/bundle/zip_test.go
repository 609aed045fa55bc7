package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sparse is a file that is mostly zeros and of which only the rest is kept.
type sparse struct {
	size int64
	data map[int64][]byte // by offset; every write that holds anything but zeros
}

func (s *sparse) Write(b []byte) (int, error) {
	if !zeros(b) {
		s.data[s.size] = bytes.Clone(b)
	}
	s.size += int64(len(b))
	return len(b), nil
}

func zeros(b []byte) bool {
	return len(b) > 0 && b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

func (s *sparse) ReadAt(b []byte, at int64) (int, error) {
	if at >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), s.size-at))
	clear(b[:n])
	for off, data := range s.data {
		if from, to := max(off, at), min(off+int64(len(data)), at+int64(n)); from < to {
			copy(b[from-at:to-at], data[from-off:to-off])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// zeroReader reads n zeros.
func zeroReader(n int64) io.Reader { return io.LimitReader(endless{}, n) }

type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func sumOf(t testing.TB, r io.Reader) uint32 {
	t.Helper()
	h := crc32.NewIEEE()
	_, err := io.Copy(h, r)
	must(t, err)
	return h.Sum32()
}

// TestLargeFiles: sizes and offsets beyond 32 bits, which another reader finds again.
func TestLargeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED: ZIP64 with -short")
	}
	const large = 4<<30 + 17
	out := &sparse{data: map[int64][]byte{}}
	z := newZipWriter(out)
	must(t, z.file("bag/a", 3, crc32.ChecksumIEEE([]byte("abc")), strings.NewReader("abc")))
	must(t, z.file("bag/large", large, sumOf(t, zeroReader(large)), zeroReader(large)))
	must(t, z.file("bag/z", 3, crc32.ChecksumIEEE([]byte("xyz")), strings.NewReader("xyz")))
	must(t, z.close())
	r, err := zip.NewReader(out, out.size)
	must(t, err)
	if len(r.File) != 3 || r.File[1].UncompressedSize64 != large || r.File[1].CompressedSize64 != large {
		t.Fatalf("%+v", r.File)
	}
	last, err := r.File[2].Open()
	must(t, err)
	b, err := io.ReadAll(last)
	must(t, err)
	if string(b) != "xyz" {
		t.Fatalf("%q behind 4 GiB", b)
	}
	// Sizes in the second, an offset in the third, nothing where nothing is needed.
	for i, want := range []int{0, 4 + 16, 4 + 8} {
		if got := len(r.File[i].Extra); got != want {
			t.Errorf("file %d: extra field of %d bytes, want %d", i, got, want)
		}
	}
	// The local header has its sizes too, so that a reader that goes from the front finds them.
	head := make([]byte, 30+len("bag/large")+20)
	_, err = out.ReadAt(head, 30+5+3)
	must(t, err)
	if v := le.Uint16(head[4:]); v != zip64Version || le.Uint32(head[18:]) != max32 || le.Uint64(head[len(head)-8:]) != large {
		t.Errorf("local header of the large file: % x", head)
	}
}

// TestManyFiles: more than 65,535, read back by Go and by what is installed.
func TestManyFiles(t *testing.T) {
	const n = 70_000
	var out bytes.Buffer
	z := newZipWriter(&out)
	for i := range n {
		must(t, z.file(fmt.Sprintf("bag/%05d", i), 1, crc32.ChecksumIEEE([]byte{'x'}), strings.NewReader("x")))
	}
	must(t, z.close())
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	must(t, err)
	if len(r.File) != n {
		t.Fatalf("%d files", len(r.File))
	}
	name := filepath.Join(t.TempDir(), "many.zip")
	must(t, os.WriteFile(name, out.Bytes(), 0o600))
	outside(t, "python3", "-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert len(z.namelist()) == 70000; assert z.testzip() is None", name)
	outside(t, "unzip", "-tqq", name)
}

// outside runs a program of the system, where it is installed.
func outside(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Logf("NOT TESTED: %s is not installed", name)
		return
	}
	if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, text)
	}
}

func TestChangedWhileWritten(t *testing.T) {
	for what, r := range map[string]io.Reader{"shorter": strings.NewReader("ab"), "longer": strings.NewReader("abcd"), "other": strings.NewReader("abd")} {
		z := newZipWriter(io.Discard)
		if err := z.file("bag/a", 3, crc32.ChecksumIEEE([]byte("abc")), r); !errors.Is(err, evidence.ErrIntegrity) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
