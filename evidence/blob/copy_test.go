package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

func openFile(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func writeFile(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// toolHashes is what the stock tools say of a file.
func toolHashes(t testing.TB, path string) map[string]string {
	t.Helper()
	return map[string]string{"md5": sumTool(t, "md5sum", path), "sha1": sumTool(t, "sha1sum", path), "sha512": sumTool(t, "sha512sum", path)}
}

func TestCopyFileAgainstStockTools(t *testing.T) {
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		for _, size := range append(sizes, 9<<20+1) {
			t.Run(fmt.Sprintf("%s/%d", encoding, size), func(t *testing.T) {
				s, dir := openStore(t)
				path := writeFile(t, filepath.Join(t.TempDir(), "src"), noise(uint64(size), size))
				src := openFile(t, path)
				if _, err := src.Seek(17, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				var told int64
				st, info, err := s.CopyFile(t.Context(), src, blob.WriterOptions{Encoding: encoding, Hashes: allHashes}, func(n int64) { told += n })
				if err != nil {
					t.Fatal(err)
				}
				if info != (blob.CopyInfo{}) || told != int64(size) {
					t.Errorf("%+v, told %d", info, told)
				}
				if off, err := src.Seek(0, io.SeekCurrent); off != 17 || err != nil {
					t.Errorf("offset %d, %v", off, err)
				}
				if err := s.Commit(t.Context(), st); err != nil {
					t.Fatal(err)
				}
				a := st.Artifact(evidence.Original)
				if d := cmp.Diff(toolHashes(t, path), a.Hashes); d != "" {
					t.Error(d)
				}
				if got := sumTool(t, "sha256sum", path); got != a.SHA256.Hex() || a.Size != int64(size) {
					t.Errorf("%s of %d bytes, want %s", a.SHA256, a.Size, got)
				}
				if encoding == evidence.StoredZstd {
					if got := stock(t, nil, "zstd", "-dc", "--", objectPath(dir, a.SHA256)); evidence.Sum(got) != a.SHA256 {
						t.Error("zstd -dc prints something else")
					}
				} else if got := sumTool(t, "sha256sum", objectPath(dir, a.SHA256)); got != a.SHA256.Hex() {
					t.Error("the object holds something else")
				}
				if got := sumTool(t, "sha256sum", objectPath(dir, a.SHA256)); got != a.Stored.SHA256.Hex() {
					t.Error("stored bytes hash to something else")
				}
				d, hashes, n, err := blob.HashFile(t.Context(), src, allHashes, nil)
				if err != nil || d != a.SHA256 || n != a.Size || !cmp.Equal(hashes, a.Hashes) {
					t.Error("HashFile:", d, hashes, n, err)
				}
				assertTmp(t, dir, 0)
			})
		}
	}
}

// diskUse returns the bytes a file takes on the device.
func diskUse(t testing.TB, path string) int64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

// sparseFile has data at the given offsets, holes elsewhere.
func sparseFile(t testing.TB, size int64, data map[int64]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for off, s := range data {
		if _, err := f.WriteAt([]byte(s), off); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if use := diskUse(t, path); use >= size {
		t.Skipf("NOT TESTED: the filesystem of %s makes no holes", path)
	}
	return path
}

func TestHoles(t *testing.T) {
	const mib = 1 << 20
	for name, data := range map[string]map[int64]string{
		"all hole":    {},
		"hole first":  {9*mib - 5: "tail!"},
		"hole last":   {0: "head"},
		"in between":  {0: "head", 4*mib + 7: "middle", 6 * mib: "more", 9*mib - 1: "x"},
		"hole middle": {0: "head", 9*mib - 1: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := openStore(t)
			path := sparseFile(t, 9*mib, data)
			for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
				src := openFile(t, path)
				src.Seek(17, io.SeekStart)
				st, info, err := s.CopyFile(t.Context(), src, blob.WriterOptions{Encoding: encoding, Hashes: allHashes}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if off, err := src.Seek(0, io.SeekCurrent); off != 17 || err != nil {
					t.Errorf("offset %d, %v", off, err)
				}
				if !info.Sparse || info.Changed {
					t.Errorf("%+v", info)
				}
				if d := cmp.Diff(toolHashes(t, path), st.Hashes); d != "" || st.Digest.Hex() != sumTool(t, "sha256sum", path) {
					t.Error(encoding, st.Digest, d)
				}
				if encoding == evidence.StoredZstd {
					st.Discard()
					continue
				}
				if err := s.Commit(t.Context(), st); err != nil {
					t.Fatal(err)
				}
				object := objectPath(dir, st.Digest)
				if use, want := diskUse(t, object), diskUse(t, path)+64<<10; use > want {
					t.Errorf("the object takes %d bytes, its source with a margin %d", use, want)
				}
				stock(t, nil, "cmp", "--", path, object)
			}
		})
	}
}

// A hole takes no room, even where room had been reserved.
func TestHoleInReservedSpace(t *testing.T) {
	s, dir := openStore(t)
	w, err := s.NewWriter(blob.WriterOptions{SizeHint: 12 << 20})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("head"))
	w.Hole(8 << 20)
	w.Write([]byte("tail"))
	st, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if use := diskUse(t, objectPath(dir, st.Digest)); use > 64<<10 {
		t.Errorf("the object takes %d bytes", use)
	}
}

// Ten gigabytes of hole cost neither ten gigabytes of disk nor of memory.
func TestTenGigabyteHole(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("NOT TESTED: hashing 10 GB is not short")
	}
	s, dir := openStore(t)
	const size = 10e9
	path := sparseFile(t, size, map[int64]string{0: "head", 5e9: "middle", size - 4: "tail"})
	st, info, err := s.CopyFile(t.Context(), openFile(t, path), blob.WriterOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if !info.Sparse || info.Changed || st.Size != size {
		t.Errorf("%+v, %d bytes", info, st.Size)
	}
	// Outside truth: openssl dgst -sha256 of the same file, made with truncate and dd.
	if want := tenGigabyteDigest; st.Digest.Hex() != want {
		t.Errorf("digest %s, want %s", st.Digest, want)
	}
	if use := diskUse(t, objectPath(dir, st.Digest)); use > 1<<20 {
		t.Errorf("the object takes %d bytes of disk", use)
	}
	if peak := peakMemory(t); peak > 1<<30 {
		t.Errorf("the test process took %d bytes of memory at its peak", peak)
	}
}

const tenGigabyteDigest = "359c000793452e47799df776c4deed45f1a5b19829ed36b43ee7bf8f0cf4fa3b"

// peakMemory returns the process's largest resident set (VmHWM, proc(5)).
func peakMemory(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "VmHWM: %d kB", &kib)
	}
	if kib == 0 {
		t.Fatal("no VmHWM in /proc/self/status")
	}
	return kib << 10
}

// A source that changes while it is read is still copied, and said to have changed.
func TestChangedWhileRead(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"overwritten": func(p string) error {
			f, err := os.OpenFile(p, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("changed"), 100)
			return errors.Join(err, f.Close())
		},
		"appended": func(p string) error {
			f, err := os.OpenFile(p, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = f.Write([]byte("more"))
			return errors.Join(err, f.Close())
		},
		"cut short": func(p string) error { return os.Truncate(p, 5<<20) },
		"emptied":   func(p string) error { return os.Truncate(p, 0) },
		"mode":      func(p string) error { return os.Chmod(p, 0o400) },
		"new name":  func(p string) error { return os.Link(p, p+".2") },
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := openStore(t)
			path := writeFile(t, filepath.Join(t.TempDir(), "src"), noise(1, 12<<20))
			src := openFile(t, path)
			once := false
			during := func(int64) {
				if !once {
					once = true
					if err := change(path); err != nil {
						t.Error(err)
					}
				}
			}
			st, info, err := s.CopyFile(t.Context(), src, blob.WriterOptions{Hashes: []string{"md5"}}, during)
			if err != nil {
				t.Fatal(err)
			}
			if !info.Changed {
				t.Error("not noticed")
			}
			if st.Size > 12<<20 {
				t.Errorf("read %d bytes, beyond the size at the start", st.Size)
			}
			// Digest and object agree, whatever was read.
			if err := s.Commit(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			if got := sumTool(t, "sha256sum", objectPath(dir, st.Digest)); got != st.Digest.Hex() {
				t.Errorf("object %s holds %s", st.Digest, got)
			}
			if got := sumTool(t, "md5sum", objectPath(dir, st.Digest)); got != st.Hashes["md5"] {
				t.Errorf("MD5 %s of an object that has %s", st.Hashes["md5"], got)
			}
		})
	}
	t.Run("in place", func(t *testing.T) {
		path := writeFile(t, filepath.Join(t.TempDir(), "src"), noise(1, 3<<20))
		f := openFile(t, path)
		_, _, n, err := blob.HashFile(t.Context(), f, nil, func(int64) { os.Truncate(path, 1<<20) })
		if !errors.Is(err, evidence.ErrChanged) || n == 0 {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	t.Run("unchanged", func(t *testing.T) {
		s, _ := openStore(t)
		src := openFile(t, writeFile(t, filepath.Join(t.TempDir(), "src"), noise(1, 3<<20)))
		if _, info, err := s.CopyFile(t.Context(), src, blob.WriterOptions{}, nil); err != nil || info.Changed {
			t.Errorf("%+v, %v", info, err)
		}
	})
}

func TestCopyCancelled(t *testing.T) {
	s, dir := openStore(t)
	for _, path := range []string{
		writeFile(t, filepath.Join(t.TempDir(), "src"), noise(1, 12<<20)),
		sparseFile(t, 1<<40, nil),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		src := openFile(t, path)
		if st, _, err := s.CopyFile(ctx, src, blob.WriterOptions{Hashes: allHashes}, func(int64) { cancel() }); !errors.Is(err, context.Canceled) || st != nil {
			t.Errorf("copy: %v, %v", st, err)
		}
		if _, _, _, err := blob.HashFile(ctx, src, allHashes, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("hash: %v", err)
		}
	}
	assertTmp(t, dir, 0)
}

// Files in /proc say they have size 0.
func TestCopyOfUnknownSize(t *testing.T) {
	s, dir := openStore(t)
	st, info, err := s.CopyFile(t.Context(), openFile(t, "/proc/version"), blob.WriterOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("/proc/version")
	if err != nil {
		t.Fatal(err)
	}
	if info.Changed || st.Digest != evidence.Sum(want) {
		t.Errorf("%+v, %d bytes", info, st.Size)
	}
	if err := s.Commit(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(objectPath(dir, st.Digest)); err != nil || !bytes.Equal(got, want) {
		t.Error(err)
	}
}

func TestCopyOfDirectoryFails(t *testing.T) {
	s, dir := openStore(t)
	if st, _, err := s.CopyFile(t.Context(), openFile(t, dir), blob.WriterOptions{}, nil); err == nil || st != nil {
		t.Error(st, err)
	}
	assertTmp(t, dir, 0)
}

// mount mounts a filesystem on dir until the test ends; root is needed. It
// returns dir.
func mount(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: mounting needs root")
	}
	if out, err := exec.CommandContext(t.Context(), "mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: mount: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// mountImage makes a filesystem in a file and mounts it.
func mountImage(t testing.TB, size string, mkfs ...string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	stock(t, nil, "truncate", "-s", size, image)
	stock(t, nil, append(mkfs, image)...)
	return mount(t, t.TempDir(), "-o", "loop", image)
}

// Where the filesystem can, a copy shares blocks and does not see later writes.
func TestReflink(t *testing.T) {
	dir := mountImage(t, "400M", "mkfs.xfs", "-q", "-m", "reflink=1")
	s, err := blob.Open(filepath.Join(dir, "objects"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, make := range map[string]func(path string) error{
		"dense": func(p string) error { return os.WriteFile(p, noise(1, 24<<20), 0o600) },
		"sparse": func(p string) error {
			if err := os.WriteFile(p, noise(2, 24<<20), 0o600); err != nil {
				return err
			}
			return os.Truncate(p, 64<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			want := sumTool(t, "sha256sum", path)
			var before, after unix.Statfs_t
			src := openFile(t, path)
			if err := errors.Join(src.Sync(), unix.Statfs(dir, &before)); err != nil {
				t.Fatal(err)
			}
			once := false
			st, info, err := s.CopyFile(t.Context(), src, blob.WriterOptions{Hashes: []string{"md5", "sha1"}}, func(int64) {
				if once { // the source changes after the clone was made
					return
				}
				once = true
				if f, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
					t.Error(err)
				} else {
					f.WriteAt([]byte("later"), 20<<20)
					f.Close()
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if want := (blob.CopyInfo{Reflinked: true, Sparse: name == "sparse"}); info != want {
				t.Errorf("%+v, want %+v", info, want)
			}
			if err := s.Commit(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			object := objectPath(filepath.Join(dir, "objects"), st.Digest)
			if got := sumTool(t, "sha256sum", object); got != want || st.Digest.Hex() != want {
				t.Errorf("object %s, digest %s, source was %s", got, st.Digest, want)
			}
			if err := unix.Statfs(dir, &after); err != nil {
				t.Fatal(err)
			}
			if used := int64(before.Bfree-after.Bfree) * before.Bsize; used > 8<<20 {
				t.Errorf("the copy took %d bytes", used)
			}
		})
	}
}
