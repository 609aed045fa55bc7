package blob_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	seekable "github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// Another implementation of the seekable format finds the content at any offset.
func TestSeekableByAnotherImplementation(t *testing.T) {
	s, dir := openStore(t)
	content := append(lines(1, 600<<10), noise(2, 300<<10)...)
	a := put(t, s, content, evidence.StoredZstd)
	f, err := os.Open(objectPath(dir, a.SHA256))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	r, err := seekable.NewReader(f, dec)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, off := range []int64{0, 1, 256<<10 - 1, 256 << 10, 512<<10 - 100, 899 << 10} {
		got := make([]byte, 1000)
		n, err := r.ReadAt(got, off)
		if err != nil || n != len(got) || !bytes.Equal(got, content[off:off+1000]) {
			t.Errorf("at %d: %d bytes, %v", off, n, err)
		}
	}
}

// What a frame encodes to depends on its content alone, not on what the encoder
// did before or on how the content arrived.
func TestDeterministic(t *testing.T) {
	contents := [][]byte{lines(1, 900<<10), noise(2, 300<<10), lines(3, 10), lines(1, 256<<10), make([]byte, 600<<10)}
	want := map[evidence.Digest]evidence.Digest{}
	for _, c := range contents { // a fresh encoder each
		s, _ := openStore(t)
		a := put(t, s, c, evidence.StoredZstd)
		want[a.SHA256] = a.Stored.SHA256
	}
	s, _ := openStore(t)
	for round := range 40 {
		c := contents[(round*7+round/5)%len(contents)]
		st := stage(t, s, c, blob.WriterOptions{Encoding: evidence.StoredZstd})
		if st.Stored.SHA256 != want[st.Digest] {
			t.Fatalf("round %d: other bytes", round)
		}
		st.Discard()
	}
}

// Every single flipped bit of an object is noticed when it is opened, although
// zstd itself would let some pass.
func TestEveryBitFlipCaught(t *testing.T) {
	s, dir := openStore(t)
	a := put(t, s, lines(1, 2000), evidence.StoredZstd)
	path := objectPath(dir, a.SHA256)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec, err := zstd.NewReader(nil, zstd.IgnoreChecksum(false))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	silent := 0
	for bit := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := f.WriteAt(bad[bit/8:bit/8+1], int64(bit/8)); err != nil {
			t.Fatal(err)
		}
		if out, err := dec.DecodeAll(bad, nil); err == nil && evidence.Sum(out) == a.SHA256 {
			silent++
		}
		// A fresh store: no memory of having read it before.
		o, err := openFresh(t, dir, a)
		var ie *evidence.IntegrityError
		if !errors.As(err, &ie) || ie.Want != a.Stored.SHA256 || ie.Got != evidence.Sum(bad) {
			t.Fatalf("bit %d: %v, %v", bit, o, err)
		}
		if _, err := f.WriteAt(good[bit/8:bit/8+1], int64(bit/8)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openFresh(t, dir, a); err != nil {
		t.Fatal("the object as it was is refused:", err)
	}
	t.Logf("%d bits of %d bytes; zstd alone would have missed %d", len(good)*8, len(good), silent)
}

// A seek table is only believed where it is exactly what the writer makes.
func TestSeekTableRefused(t *testing.T) {
	s, dir := openStore(t)
	a := put(t, s, noise(1, 300<<10), evidence.StoredZstd)
	good, err := os.ReadFile(objectPath(dir, a.SHA256))
	if err != nil {
		t.Fatal(err)
	}
	table := len(good) - (8 + 2*8 + 9)
	put32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	add := func(at int, n int) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[at:], binary.LittleEndian.Uint32(b[at:])+uint32(n))
			return b
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"nothing at all":            func([]byte) []byte { return nil },
		"only the footer":           func(b []byte) []byte { return b[len(b)-9:] },
		"no seekable magic":         add(len(good)-4, 1),
		"no skippable magic":        add(table, 1),
		"wrong length":              add(table+4, 1),
		"a checksum flag":           func(b []byte) []byte { b[len(b)-5] = 0x80; return b },
		"more frames than file":     put32(len(good)-9, 1<<29),
		"most frames of all":        put32(len(good)-9, 1<<32-1),
		"one frame less":            add(len(good)-9, -1),
		"a frame stored in nothing": put32(table+8, 0),
		"a frame beyond the file":   add(table+8, 1),
		"frames short of the file":  add(table+16, -1),
		"a short frame first":       add(table+12, -1),
		"a long frame":              put32(table+20, 256<<10+1),
		"an empty frame":            put32(table+20, 0),
		"a byte after it":           func(b []byte) []byte { return append(b, 0) },
		"a byte before it":          func(b []byte) []byte { return append([]byte{0}, b...) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := change(bytes.Clone(good))
			b := put(t, s, bad, evidence.StoredRaw)
			b.Size, b.Stored.Encoding = a.Size, evidence.StoredZstd
			if o, err := s.Reader(t.Context(), b); !errors.Is(err, evidence.ErrFormat) {
				t.Errorf("%v, %v", o, err)
			}
		})
	}
}

func openFresh(t testing.TB, dir string, a evidence.Artifact) (*blob.Object, error) {
	t.Helper()
	s, err := blob.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o, err := s.Reader(t.Context(), a)
	if err != nil {
		return nil, err
	}
	return o, o.Close()
}

// Whatever stands in an object, and whatever a row says of it, opening and
// reading ends in an error or in bytes, within bounded memory.
func FuzzObject(f *testing.F) {
	dir := f.TempDir()
	s, err := blob.Open(dir, true)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	for _, c := range [][]byte{nil, lines(1, 300), noise(1, 300), make([]byte, 300<<10)} {
		a := put(f, s, c, evidence.StoredZstd)
		b, err := os.ReadFile(objectPath(dir, a.SHA256))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, a.Size)
	}
	f.Fuzz(func(t *testing.T, stored []byte, size int64) {
		// The row claims that these bytes are a zstd object of that size.
		d := evidence.Sum(stored)
		a := evidence.Artifact{SHA256: d, Size: size, Stored: evidence.Stored{Encoding: evidence.StoredZstd, SHA256: d, Size: int64(len(stored))}}
		path := objectPath(dir, d)
		os.Mkdir(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, stored, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		o, err := s.Reader(t.Context(), a)
		if err != nil {
			return
		}
		defer o.Close()
		if o.Size() != size {
			t.Fatalf("size %d of %d", o.Size(), size)
		}
		n, err := io.Copy(io.Discard, io.NewSectionReader(o, 0, o.Size()))
		if err == nil && n != size {
			t.Fatalf("%d bytes of %d without error", n, size)
		}
		if f, err := s.Descriptor(t.Context(), a); err == nil { // no object has its own digest as content
			f.Close()
			t.Fatal("content of another digest handed out")
		}
	})
}

// A writer per goroutine on one store: encoders and buffers are not shared.
func TestWritersInParallel(t *testing.T) {
	s, _ := openStore(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := lines(uint64(i), 400<<10+i)
			st := stage(t, s, c, blob.WriterOptions{Encoding: evidence.StoredZstd})
			if err := s.Commit(t.Context(), st); err != nil || st.Digest != evidence.Sum(c) {
				t.Error(st.Digest, err)
			}
		})
	}
	wg.Wait()
}
