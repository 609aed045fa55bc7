package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func newBag(t testing.TB, name string) *Bag {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "scratch")
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	b, err := NewBag(name, NewScratch(f))
	must(t, err)
	return b
}

var day = time.Date(2026, 11, 22, 23, 30, 0, 0, time.FixedZone("", -5*3600))

// finished is a small bag, written.
func finished(t testing.TB, add ...Content) []byte {
	t.Helper()
	b := newBag(t, "b")
	for _, c := range append([]Content{Bytes("data/files/EX-1/z.txt", []byte("z")), Bytes(FilesFile, nil), Bytes(HowToFile, []byte("how"))}, add...) {
		must(t, b.Add(c))
	}
	_, err := b.Manifest()
	must(t, err)
	must(t, b.Finish(t.Context(), Info{Origin: "lab/x", Date: day, Entry: 7, Software: "exhibit 1"}, func(tags []byte) ([]byte, error) {
		return fmt.Appendf(nil, "signed %x\n", sha256.Sum256(tags)), nil
	}))
	var out bytes.Buffer
	must(t, b.Write(t.Context(), &out))
	if int64(out.Len()) != b.Size() {
		t.Errorf("%d bytes, foretold %d", out.Len(), b.Size())
	}
	return out.Bytes()
}

func unpacked(t testing.TB, b []byte) (dir string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	dir = t.TempDir()
	must(t, os.CopyFS(dir, z))
	return dir
}

// TestBag: what is in it, in which order, and that the tools of every system accept it.
func TestBag(t *testing.T) {
	b := finished(t)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		if f.Method != zip.Store || f.Flags != 0 || f.CreatorVersion>>8 != 0 || f.ExternalAttrs != 0 || len(f.Extra)+len(f.Comment) > 0 || !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", f.FileHeader)
		}
	}
	want := "b/HOW-TO-VERIFY.txt b/bag-info.txt b/bagit.txt b/data/files.csv b/data/files/EX-1/z.txt b/manifest-sha256.txt b/tagmanifest-sha256.txt b/tagmanifest-sha256.txt.sig"
	if strings.Join(names, " ") != want || !slices.IsSorted(names) {
		t.Errorf("%s", names)
	}
	dir := filepath.Join(unpacked(t, b), "b")
	for name, want := range map[string]string{
		BagItFile:    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
		InfoFile:     "Bag-Software-Agent: exhibit 1\nBagging-Date: 2026-11-23\nPayload-Oxum: 1.2\nExternal-Identifier: lab/x\nExhibit-Bundle-Version: 1\nExhibit-Entry: 7\n",
		ManifestFile: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  data/files.csv\n594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06  data/files/EX-1/z.txt\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if string(got) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	cmd := exec.Command("sha256sum", "--strict", "--quiet", "-c", ManifestFile, TagManifestFile)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil || len(text) > 0 {
		t.Errorf("sha256sum: %v %s", err, text)
	}
	name := filepath.Join(t.TempDir(), "b.zip")
	must(t, os.WriteFile(name, b, 0o600))
	outside(t, "unzip", "-tqq", name)
	outside(t, "7z", "t", name)
	outside(t, "python3", "-c", "import sys, zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None", name)
	if err := bagIt(os.DirFS(dir)); err != nil {
		t.Error(err)
	}
}

func TestBagIsTheSame(t *testing.T) {
	extra := []Content{Bytes("data/files/EX-1/a.txt", []byte("a")), Bytes("custody/log.jsonl", []byte("{}\n"))}
	one := finished(t, extra...)
	slices.Reverse(extra)
	if !bytes.Equal(one, finished(t, extra...)) {
		t.Error("the same contents in another order give other bytes")
	}
}

func TestBagRefuses(t *testing.T) {
	for _, name := range []string{"", "data", "/data/x", "data/../x", "data/CON", "data/a b", "data/" + strings.Repeat("x", 61), "data/" + strings.Repeat("x/", 73) + "y", "data//x", "data/x/", "data/x."} {
		if err := newBag(t, "bag").Add(Bytes(name, nil)); name != "data" && !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "a/b", "CON", "..", strings.Repeat("x", 31)} {
		if _, err := NewBag(name, nil); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("bag %q: %v", name, err)
		}
	}
	for what, names := range map[string][]string{
		"twice": {"data/a", "data/a"}, "case": {"data/a", "data/A"}, "directory": {"data/a", "data/A/b"},
	} {
		b := newBag(t, "b")
		for _, n := range names {
			must(t, b.Add(Bytes(n, nil)))
		}
		_, err := b.Manifest()
		must(t, err)
		err = b.Finish(t.Context(), Info{}, func([]byte) ([]byte, error) { return nil, nil })
		if !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	b := newBag(t, "b")
	_, err := b.Manifest()
	must(t, err)
	if err := b.Add(Bytes("data/late", nil)); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("payload after its manifest: %v", err)
	}
	if err := newBag(t, "b").Finish(t.Context(), Info{}, nil); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("no manifest: %v", err)
	}
}

func TestBagCancelled(t *testing.T) {
	b := newBag(t, "b")
	must(t, b.Add(Bytes("data/x", []byte("x"))))
	_, err := b.Manifest()
	must(t, err)
	must(t, b.Finish(t.Context(), Info{Origin: "o"}, func([]byte) ([]byte, error) { return nil, nil }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// bagIt checks a bag by the rules of RFC 8493 that the conformance suite is about.
func bagIt(bag fs.FS) error {
	text, err := fs.ReadFile(bag, "bagit.txt")
	if err != nil {
		return err
	}
	if string(text) != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		return fmt.Errorf("bagit.txt: %q", text)
	}
	var payload []string
	if err := fs.WalkDir(bag, "data", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			payload = append(payload, name)
		}
		return err
	}); err != nil {
		return err
	}
	found := 0
	for algorithm, h := range map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New} {
		for _, kind := range []string{"manifest-", "tagmanifest-"} {
			text, err := fs.ReadFile(bag, kind+algorithm+".txt")
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return err
			}
			listed := map[string]bool{}
			for line := range strings.Lines(string(text)) {
				digits, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
				name = strings.TrimLeft(name, " *")
				if !ok || listed[name] || strings.HasPrefix(name, "data/") != (kind == "manifest-") {
					return fmt.Errorf("%s%s: line %q", kind, algorithm, line)
				}
				listed[name] = true
				b, err := fs.ReadFile(bag, name)
				if err != nil {
					return err
				}
				sum := h()
				sum.Write(b)
				if fmt.Sprintf("%x", sum.Sum(nil)) != digits {
					return fmt.Errorf("%s: not as listed", name)
				}
			}
			if kind == "manifest-" {
				found++
				for _, name := range payload {
					if !listed[name] {
						return fmt.Errorf("%s: in no %s", name, algorithm)
					}
				}
			}
		}
	}
	if found == 0 {
		return errors.New("no manifest")
	}
	return nil
}

// TestBagItSuite: the rules that our bags are held to are those of the suite, of which
// they accept and refuse what its authors do.
func TestBagItSuite(t *testing.T) {
	root := "../../../shared/data/bagit-conformance-suite/v1.0"
	if _, err := os.Stat(root); err != nil {
		t.Skip("NOT TESTED: the BagIt conformance suite is not there: " + root)
	}
	seen := 0
	for _, kind := range []string{"valid", "invalid"} {
		dirs, err := os.ReadDir(filepath.Join(root, kind))
		must(t, err)
		for _, d := range dirs {
			seen++
			if err := bagIt(os.DirFS(filepath.Join(root, kind, d.Name()))); (err == nil) != (kind == "valid") {
				t.Errorf("%s/%s: %v", kind, d.Name(), err)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d bags", seen)
	}
	if bagIt(fstest.MapFS{}) == nil {
		t.Error("nothing is a bag")
	}
}
