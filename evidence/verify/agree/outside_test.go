package agree_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func goFile(t testing.TB, path string) said {
	t.Helper()
	r, err := verify.Bundle(context.Background(), path, verify.BundleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return said{r.Verdict.String(), r.Attestation.Level.String(), r.Attestation.Covered, strings.Join(r.Codes, " ")}
}

// unpack writes files below a new directory.
func unpack(t *testing.T, f files) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestDirectories: a bundle as it lies unpacked, and what may lie in it besides.
func TestDirectories(t *testing.T) {
	t.Parallel()
	in := func(change func(dir string) error) string {
		dir := unpack(t, (&plan{}).build())
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	write := func(name string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600) }
	}
	for name, c := range map[string]struct {
		dir, codes, level string
		page              bool
	}{
		"whole":              {in(func(string) error { return nil }), "", "self-asserted", true},
		"left by the Finder": {in(write("data/.DS_Store")), "file.extra", "self-asserted", true},
		"odd name":           {in(write("data/files/a b\u202ec")), "file.extra", "self-asserted", true},
		"in custody":         {in(write("custody/x")), "file.extra", "none", true},
		"changed":            {in(write("data/files/EX-1/letter.txt")), "file.altered", "self-asserted", true},
		"removed":            {in(func(dir string) error { return os.Remove(filepath.Join(dir, "data/files.csv")) }), "file.missing", "self-asserted", true},
		"empty directory":    {in(func(dir string) error { return os.Mkdir(filepath.Join(dir, "data/empty"), 0o700) }), "", "self-asserted", true},
		"symbolic link":      {in(func(dir string) error { return os.Symlink("letter.txt", filepath.Join(dir, "data/files/EX-1/link")) }), "file.extra", "self-asserted", false},
		"link instead of a file": {in(func(dir string) error {
			name := filepath.Join(dir, "data/files/EX-1/letter.txt")
			if err := os.Rename(name, dir+".letter"); err != nil {
				return err
			}
			return os.Symlink(dir+".letter", name)
		}), "file.extra file.missing", "self-asserted", false},
		"link to a directory": {in(func(dir string) error { return os.Symlink("files", filepath.Join(dir, "data/more")) }), "file.extra", "self-asserted", false},
		"link instead of the tag manifest": {in(func(dir string) error {
			name := filepath.Join(dir, "tagmanifest-sha256.txt")
			if err := os.Rename(name, dir+".tags"); err != nil {
				return err
			}
			return os.Symlink(dir+".tags", name)
		}), "bag", "none", false},
		"nothing": {t.TempDir(), "bag", "none", false},
	} {
		t.Run(name, func(t *testing.T) {
			want := goFile(t, c.dir)
			if want.Codes != c.codes || want.Level != c.level {
				t.Errorf("Go says %+v, not %s", want, c.codes)
			}
			if got := pythonSays(t, []job{{Path: c.dir, Trust: []string{}, Receipts: [][]byte{}}}); got[0] != want {
				t.Errorf("Python says %+v, Go %+v", got[0], want)
			}
		})
	}
}

// TestOutsideTools: what the format promises to unzip, sha256sum and ssh-keygen.
func TestOutsideTools(t *testing.T) {
	name := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(name, zipOf("CASE-1", (&plan{}).build(), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(dir, stdin string, argv ...string) string {
		t.Helper()
		if _, err := exec.LookPath(argv[0]); err != nil {
			t.Logf("NOT TESTED: there is no %s", argv[0])
			return ""
		}
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if stdin != "" {
			f, err := os.Open(stdin)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd.Stdin = f
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v: %s", argv, err, out)
		}
		return string(out)
	}
	dir := t.TempDir()
	run(dir, "", "python3", "-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall('py')", name)
	run(dir, "", "unzip", "-q", name)
	bag := filepath.Join(dir, "CASE-1")
	if _, err := os.Stat(bag); err != nil {
		bag = filepath.Join(dir, "py", "CASE-1")
	}
	run(bag, "", "sha256sum", "--strict", "--quiet", "-c", "manifest-sha256.txt")
	run(bag, "", "sha256sum", "--strict", "--quiet", "-c", "tagmanifest-sha256.txt")
	for tool, argv := range map[string][]string{"7z": {"7z", "x", "-y", "-bso0", "-bsp0", "-o."}, "bsdtar": {"bsdtar", "-xf"}, "zipfile": {"python3", "-m", "zipfile", "-e"}} {
		to := t.TempDir()
		argv = append(argv, name)
		if tool == "zipfile" {
			argv = append(argv, ".")
		}
		if _, err := exec.LookPath(argv[0]); err != nil {
			t.Logf("NOT TESTED: there is no %s", argv[0])
			continue
		}
		run(to, "", argv...)
		if got := goFile(t, filepath.Join(to, "CASE-1")); got.Codes != "" {
			t.Errorf("unpacked by %s: %+v", tool, got)
		}
	}
	out := run(bag, filepath.Join(bag, "tagmanifest-sha256.txt"), "ssh-keygen", "-Y", "verify", "-f", "keys/allowed_signers", "-I", theOrigin, "-n", "exhibit-bundle", "-s", "tagmanifest-sha256.txt.sig")
	if out != "" && !strings.Contains(out, "Good") {
		t.Error(out)
	}
	if got := goFile(t, bag); got.Codes != "" {
		t.Errorf("unpacked: %+v", got)
	}
}

// TestForeignBags: bags that are no bundles are said to be none, not to be whole.
func TestForeignBags(t *testing.T) {
	bags, _ := filepath.Glob("../../../../shared/data/bagit-conformance-suite/v1.0/*/*")
	if len(bags) == 0 {
		t.Skip("NOT TESTED: bagit-conformance-suite is not there")
	}
	for _, dir := range bags {
		want := goFile(t, dir)
		if want.Verdict == "INTACT" || want.Level != "none" {
			t.Errorf("%s: Go says %+v", dir, want)
		}
		if got := pythonSays(t, []job{{Path: dir, Trust: []string{}, Receipts: [][]byte{}}}); got[0] != want {
			t.Errorf("%s: Python says %+v, Go %+v", dir, got[0], want)
		}
		t.Logf("%s: %+v", filepath.Base(dir), want)
	}
	// As anybody's files with a list of hashes: what BagIt asks of its tag files is not looked at,
	// but whole ones match and those with a changed, missing or added file do not.
	b := openBrowser(t, "file://"+page(t))
	for _, dir := range bags {
		dir, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		var r pageResult
		if err := json.Unmarshal(b.give("folder", "", "", "list", dir), &r); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s %v", filepath.Base(dir), r.Verdict, r.Counts)
		if valid := filepath.Base(filepath.Dir(dir)) == "valid"; valid && r.Verdict != "MATCH" {
			t.Errorf("%s: %+v", dir, r)
		}
	}
}

// TestBytesFollow: equal contents give equal bytes, and a reader needs no more than
// the names and contents to say what the bytes must be.
func TestBytesFollow(t *testing.T) {
	a, b := zipOf("C", (&plan{}).build(), nil), zipOf("C", maps.Clone((&plan{}).build()), nil)
	if !bytes.Equal(a, b) {
		t.Error("two ZIP files of the same")
	}
	if r := goSays(t, tampering{zip: slices.Clone(a)}); r.Codes != "" {
		t.Errorf("%+v", r)
	}
}
