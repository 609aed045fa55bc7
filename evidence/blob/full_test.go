package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// A full device is ErrNoSpace, at whatever point it is met; nothing is
// acknowledged, nothing is left behind, and once there is room the same store
// takes the same object.
func TestFullDevice(t *testing.T) {
	source := writeFile(t, filepath.Join(t.TempDir(), "src"), noise(5, 3<<20))
	ways := map[string]func(s *blob.Store) (*blob.Staged, error){
		"copy": func(s *blob.Store) (*blob.Staged, error) {
			st, _, err := s.CopyFile(t.Context(), openFile(t, source), blob.WriterOptions{}, nil)
			return st, err
		},
	}
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		for _, hint := range []int64{0, 3 << 20} {
			ways[fmt.Sprintf("write %s, hint %d", encoding, hint)] = func(s *blob.Store) (*blob.Staged, error) {
				w, err := s.NewWriter(blob.WriterOptions{Encoding: encoding, SizeHint: hint})
				if err != nil {
					return nil, err
				}
				defer w.Abort()
				if _, err := w.Write(noise(6, 3<<20)); err != nil {
					return nil, err
				}
				return w.Finish()
			}
		}
	}
	for _, fs := range []string{"tmpfs", "ext4"} {
		for way, stage := range ways {
			t.Run(fs+"/"+way, func(t *testing.T) {
				var dir string
				if fs == "tmpfs" {
					dir = mount(t, t.TempDir(), "-t", "tmpfs", "-o", "size=12m", "tmpfs")
				} else {
					dir = mountImage(t, "16M", "mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal")
				}
				objects := filepath.Join(dir, "objects")
				s := reopen(t, objects)
				t.Cleanup(func() { s.Close() })
				kept := put(t, s, []byte("there before"), evidence.StoredRaw)
				filler := filepath.Join(dir, "filler")
				fill(t, filler, 1<<20)
				st, err := stage(s)
				if err == nil {
					err = s.Commit(t.Context(), st)
				}
				if !errors.Is(err, evidence.ErrNoSpace) {
					t.Fatalf("got %v", err)
				}
				assertTmp(t, objects, 0)
				if got := objectsIn(t, objects); len(got) != 1 {
					t.Errorf("objects: %v", got)
				}
				if err := check(t.Context(), s, kept); err != nil {
					t.Error(err)
				}
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				if st, err = stage(s); err != nil {
					t.Fatal("with room again:", err)
				}
				if err := s.Commit(t.Context(), st); err != nil {
					t.Fatal("with room again:", err)
				}
				if err := check(t.Context(), s, st.Artifact(evidence.Original)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// fill writes until the device is full but for leave bytes.
func fill(t testing.TB, path string, leave int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := bytes.Repeat([]byte("x"), 64<<10)
	var size int64
	for {
		n, err := f.Write(block)
		size += int64(n)
		if err != nil {
			break
		}
	}
	if err := f.Truncate(max(0, size-leave)); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// Without a single free inode not even an empty object can be begun.
func TestNoInodes(t *testing.T) {
	dir := mount(t, t.TempDir(), "-t", "tmpfs", "-o", "size=4m,nr_inodes=12", "tmpfs")
	objects := filepath.Join(dir, "objects")
	s := reopen(t, objects)
	var staged []*blob.Staged
	var failed error
	for i := range 20 {
		w, err := s.NewWriter(blob.WriterOptions{})
		if err != nil {
			failed = err
			break
		}
		fmt.Fprint(w, i)
		st, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		staged = append(staged, st)
	}
	if !errors.Is(failed, evidence.ErrNoSpace) {
		t.Fatalf("got %v", failed)
	}
	if err := s.Commit(t.Context(), staged...); !errors.Is(err, evidence.ErrNoSpace) { // no inode for a directory
		t.Fatalf("got %v", err)
	}
	assertTmp(t, objects, 0)
	put(t, s, []byte("with room again"), evidence.StoredRaw)
}
