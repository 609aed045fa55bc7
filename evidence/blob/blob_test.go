package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

var allHashes = []string{"md5", "sha1", "sha512"}

// openStore opens a new store below a directory of the test's own.
func openStore(t testing.TB) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "objects")
	return reopen(t, dir), dir
}

func reopen(t testing.TB, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func stage(t testing.TB, s *blob.Store, content []byte, o blob.WriterOptions) *blob.Staged {
	t.Helper()
	st, err := s.Stage(content, o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func put(t testing.TB, s *blob.Store, content []byte, encoding string) evidence.Artifact {
	t.Helper()
	st := stage(t, s, content, blob.WriterOptions{Encoding: encoding})
	if err := s.Commit(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	return st.Artifact(evidence.Derived)
}

func objectPath(dir string, d evidence.Digest) string {
	return filepath.Join(dir, "sha256", d.Hex()[:2], d.Hex())
}

// noise is content that does not compress; lines is content that does.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	r.Read(b)
	return b
}

func lines(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `{"account":"bluetom%04d","charset":"utf-8","charset_basis":"detected","direction":"incoming","from":"skyblue%04d","ip":"203.0.113.%d","kind":"message","matched_term":"taiwan","service":"tom-skype","source":{"key":"key:0011223344556677","length":128,"line":%d,"offset":%d,"profile":"tom-messages-3.6"},"state":"live","text":"关于taiwan,我有话要说 %x","time":"2008-07-31T23:%02d:%02dZ"}`+"\n",
			r.IntN(3000), r.IntN(10000), r.IntN(256), i+1, i*128, r.Uint64(), r.IntN(60), r.IntN(60))
	}
	return b.Bytes()[:n]
}

// stock runs a tool of the system: the outside truth. Where it is not installed
// the test says so and is skipped.
func stock(t testing.TB, stdin io.Reader, argv ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		t.Skipf("NOT TESTED: %s is not installed", argv[0])
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = stdin
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(argv, " "), err)
	}
	return out
}

// unzstd decodes with the library, all frames in a row; nil where it cannot.
func unzstd(t testing.TB, b []byte) []byte {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	out, err := dec.DecodeAll(b, nil)
	if err != nil {
		return nil
	}
	return out
}

func sumTool(t testing.TB, tool, path string) string {
	t.Helper()
	sum, _, _ := strings.Cut(string(stock(t, nil, tool, "--", path)), " ")
	return sum
}

// sizes lie around every boundary in the package.
var sizes = []int{0, 1, 31, 32<<10 - 1, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 256<<10 - 1, 256 << 10, 256<<10 + 1, 512 << 10, 1 << 20, 1<<20 + 1, 2<<20 + 12345}

// What the writer says of an object is what the system's own tools say.
func TestWriterAgainstStockTools(t *testing.T) {
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%d", encoding, size), func(t *testing.T) {
				s, dir := openStore(t)
				content := lines(uint64(size), size)
				if size%2 == 1 {
					content = noise(uint64(size), size)
				}
				plain := filepath.Join(t.TempDir(), "plain")
				if err := os.WriteFile(plain, content, 0o600); err != nil {
					t.Fatal(err)
				}
				st := stage(t, s, content, blob.WriterOptions{Encoding: encoding, Hashes: allHashes, SizeHint: int64(size)})
				if err := s.Commit(t.Context(), st); err != nil {
					t.Fatal(err)
				}
				got := st.Artifact(evidence.Original)
				path := objectPath(dir, got.SHA256)
				fi, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				if fi.Mode() != 0o444 {
					t.Errorf("mode %v", fi.Mode())
				}
				want := evidence.Artifact{
					SHA256: digest(t, sumTool(t, "sha256sum", plain)), Size: int64(size), Origin: evidence.Original,
					Hashes: map[string]string{"md5": sumTool(t, "md5sum", plain), "sha1": sumTool(t, "sha1sum", plain), "sha512": sumTool(t, "sha512sum", plain)},
					Stored: evidence.Stored{Encoding: encoding, SHA256: digest(t, sumTool(t, "sha256sum", path)), Size: fi.Size()},
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
				read := stock(t, nil, "cat", "--", path)
				if encoding == evidence.StoredZstd {
					read = stock(t, nil, "zstd", "-dc", "--", path)
				}
				if !bytes.Equal(read, content) {
					t.Error("stored bytes are not the content")
				}
				assertTmp(t, dir, 0)
			})
		}
	}
}

func digest(t testing.TB, hex string) evidence.Digest {
	t.Helper()
	d, err := evidence.ParseDigest(hex)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// assertTmp checks how many unfinished objects there are.
func assertTmp(t testing.TB, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "tmp"))
	if err != nil || len(entries) != want {
		t.Errorf("tmp holds %d files, want %d (%v)", len(entries), want, err)
	}
}

// objectsIn returns the names below sha256/.
func objectsIn(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(filepath.Join(dir, "sha256"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// However content is cut into writes and holes, the object is the same.
func TestWriterModel(t *testing.T) {
	s, _ := openStore(t)
	pool := noise(7, 700<<10)
	rapid.Check(t, func(rt *rapid.T) {
		encoding := rapid.SampledFrom([]string{evidence.StoredRaw, evidence.StoredZstd}).Draw(rt, "encoding")
		reserve := rapid.SampledFrom([]int64{0, 1 << 20, 3 << 20}).Draw(rt, "hint")
		w, err := s.NewWriter(blob.WriterOptions{Encoding: encoding, SizeHint: reserve})
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Abort()
		var want []byte
		for range rapid.IntRange(0, 6).Draw(rt, "steps") {
			n := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 600<<10), rapid.SampledFrom([]int{32 << 10, 256 << 10, 512 << 10})).Draw(rt, "n")
			if rapid.Bool().Draw(rt, "hole") {
				if err := w.Hole(int64(n)); err != nil {
					rt.Fatal(err)
				}
				want = append(want, make([]byte, n)...)
				continue
			}
			from := rapid.IntRange(0, len(pool)-n).Draw(rt, "from")
			if k, err := w.Write(pool[from : from+n]); err != nil || k != n {
				rt.Fatal(k, err)
			}
			want = append(want, pool[from:from+n]...)
		}
		st, err := w.Finish()
		if err != nil {
			rt.Fatal(err)
		}
		if err := s.Commit(t.Context(), st); err != nil {
			rt.Fatal(err)
		}
		a := st.Artifact(evidence.Derived)
		if a.SHA256 != evidence.Sum(want) || a.Size != int64(len(want)) {
			rt.Fatalf("%d bytes %s, want %d %s", a.Size, a.SHA256, len(want), evidence.Sum(want))
		}
		o, err := s.Reader(t.Context(), a)
		if err != nil {
			rt.Fatal(err)
		}
		defer o.Close()
		for range 4 {
			off := rapid.Int64Range(0, int64(len(want))+10).Draw(rt, "off")
			p := make([]byte, rapid.IntRange(0, 600<<10).Draw(rt, "len"))
			rest := want[min(off, int64(len(want))):]
			n, err := o.ReadAt(p, off)
			if n != min(len(p), len(rest)) || !bytes.Equal(p[:n], rest[:n]) {
				rt.Fatalf("ReadAt(%d, %d) = %d, %v", len(p), off, n, err)
			}
			if n < len(p) && !errors.Is(err, io.EOF) || n == len(p) && n > 0 && err != nil {
				rt.Fatalf("ReadAt(%d, %d) = %d, %v", len(p), off, n, err)
			}
		}
	})
}
