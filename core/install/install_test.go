package install_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/install"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const manifest = `{"v":1,"name":"acme/x","version":"1","title":"t","description":"d","licence":"l","protocol":1,"runtime":"exec","program":"bin/x","deterministic":true,"operations":[{"operation":"parse","accepts":[{}]}]}`

type files map[string]string

func plugin(t *testing.T, more files) string {
	t.Helper()
	dir := t.TempDir()
	all := files{"plugin.json": manifest, "bin/x": "not really a program", "testdata/s": "a sample"}
	for name, text := range more {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func stage(t *testing.T, from, target string) *install.Staged {
	t.Helper()
	s, err := install.Stage(from, target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Discard(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// listing is what lies in a directory, by path, with its mode.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(dir, name)
		out = append(out, fmt.Sprintf("%s %o", rel, info.Mode().Perm()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, ", ")
}

func TestInstall(t *testing.T) {
	target := filepath.Join(t.TempDir(), "plugins")
	s := stage(t, plugin(t, nil), target)
	dir, replaced, err := s.Commit(false)
	if err != nil || replaced != "" || filepath.Base(dir) != "acme.x" {
		t.Fatal(dir, replaced, err)
	}
	if got := listing(t, target); got != "acme.x/bin/x 755, acme.x/plugin.json 644" {
		t.Error(got)
	}
	// The same name with other bytes: only when asked, and nothing is lost.
	next := stage(t, plugin(t, files{"more": "m"}), target)
	if before, err := next.Before(); err != nil || before == nil || before.Digest != s.Plugin.Digest {
		t.Fatal(before, err)
	}
	if _, _, err := next.Commit(false); !errors.Is(err, evidence.ErrExists) {
		t.Fatal(err)
	}
	if _, replaced, err = next.Commit(true); err != nil || replaced == "" {
		t.Fatal(replaced, err)
	}
	if got := listing(t, replaced); got != "bin/x 755, plugin.json 644" {
		t.Error(got)
	}
	if err := s.Runs(); !errors.Is(err, evidence.ErrRefused) {
		t.Errorf("a text runs: %v", err)
	}
}

func TestStageRefuses(t *testing.T) {
	link := plugin(t, nil)
	if err := os.Symlink("/etc/passwd", filepath.Join(link, "more")); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"a link": link, "no program": plugin(t, files{"plugin.json": strings.Replace(manifest, "bin/x", "bin/y", 1)}), "no manifest": t.TempDir(),
		"a newer format": plugin(t, files{"plugin.json": strings.Replace(manifest, `"v":1`, `"v":2`, 1)}), "nothing": filepath.Join(t.TempDir(), "none"),
	} {
		target := t.TempDir()
		if _, err := install.Stage(from, target); err == nil {
			t.Errorf("%s is staged", name)
		}
		if entries, _ := os.ReadDir(target); len(entries) > 0 {
			t.Errorf("%s leaves %v", name, entries)
		}
	}
}

func archive(t *testing.T, members []zip.FileHeader, texts files) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range texts {
		members = append(members, zip.FileHeader{Name: name, Comment: text})
	}
	for _, h := range members {
		text := h.Comment
		h.Comment = ""
		f, err := w.CreateHeader(&h)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "p.zip")
	if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestZip(t *testing.T) {
	for _, top := range []string{"", "x-1/"} {
		target := filepath.Join(t.TempDir(), "deep", "plugins")
		s := stage(t, archive(t, nil, files{top + "plugin.json": manifest, top + "bin/x": "x", top + "testdata/big": "b"}), target)
		if _, _, err := s.Commit(false); err != nil {
			t.Fatal(err)
		}
		if got := listing(t, target); got != "acme.x/bin/x 755, acme.x/plugin.json 644" {
			t.Error(got)
		}
	}
	linked := zip.FileHeader{Name: "bin/x", Comment: "/etc/passwd"}
	linked.SetMode(fs.ModeSymlink | 0o777)
	for name, members := range map[string][]zip.FileHeader{
		"above": {{Name: "../evil"}}, "root": {{Name: "/evil"}}, "backslash": {{Name: `..\evil`}}, "inside": {{Name: "a/../../evil"}}, "drive": {{Name: "c:evil"}},
		"a link": {linked}, "twice": {{Name: "bin/x"}, {Name: "bin/x"}}, "dot": {{Name: "./evil"}},
	} {
		outer := t.TempDir()
		target := filepath.Join(outer, "a", "plugins")
		if _, err := install.Stage(archive(t, members, files{"plugin.json": manifest}), target); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if got := listing(t, outer); got != "" {
			t.Errorf("%s leaves %s", name, got)
		}
	}
}

// Signatures are made by ssh-keygen, of every sort of key that it makes.
func TestSignature(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("NOT TESTED: no ssh-keygen here")
	}
	sum := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	list := sum("not really a program") + "  bin/x\n" + sum(manifest) + " *./plugin.json\n"
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		dir := plugin(t, files{"SHA256SUMS": list})
		keys := t.TempDir()
		key, other := filepath.Join(keys, "key"), filepath.Join(keys, "other")
		tool(t, "ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "a comment", "-f", key)
		tool(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
		tool(t, "ssh-keygen", "-q", "-Y", "sign", "-n", install.Namespace, "-f", key, filepath.Join(dir, "SHA256SUMS"))
		public, foreign := read(t, key+".pub"), read(t, other+".pub")
		s := stage(t, dir, t.TempDir())
		for name, c := range map[string]struct {
			signers string
			trusted bool
			err     error
			who     string
		}{
			"none named":        {},
			"its key":           {signers: foreign + public, trusted: true},
			"an allowed signer": {signers: "# ours\nann@example.org " + public, trusted: true, who: "ann@example.org"},
			"for this purpose":  {signers: `ann@example.org namespaces="git,exhibit-plugin" ` + public, trusted: true, who: "ann@example.org"},
			"for another":       {signers: `ann@example.org namespaces="git" ` + public, err: evidence.ErrRefused},
			"no longer":         {signers: `ann@example.org valid-before="20200101" ` + public, err: evidence.ErrFormat},
			"another key":       {signers: foreign, err: evidence.ErrRefused},
			"no key":            {signers: "\n", err: evidence.ErrRefused},
			"no keys at all":    {signers: "what is this\n", err: evidence.ErrFormat},
		} {
			var signers []byte
			if c.signers != "" {
				signers = []byte(c.signers)
			}
			got, err := s.Signature(signers)
			if !errors.Is(err, c.err) || err == nil && (got.Trusted != c.trusted || got.Name != c.who || got.By == "") {
				t.Errorf("%s, %s: %+v, %v", kind, name, got, err)
			}
		}
		// One byte more in the list, and another namespace.
		for name, change := range map[string]func(){
			"the list": func() { s.Sums = append(bytes.Clone(s.Sums), "\n"...) },
			"another namespace": func() {
				s.Sums = []byte(list)
				file := filepath.Join(keys, "sums")
				if err := os.WriteFile(file, s.Sums, 0o644); err != nil {
					t.Fatal(err)
				}
				tool(t, "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, file)
				s.Sig = []byte(read(t, file+".sig"))
			},
			"no signature": func() { s.Sig = []byte("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n") },
			"no list":      func() { s.Sums = nil },
		} {
			change()
			if _, err := s.Signature(nil); !errors.Is(err, evidence.ErrRefused) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
	// A list by itself must be right too.
	for name, text := range map[string]string{
		"another digest": sum("x") + "  bin/x\n" + sum(manifest) + "  plugin.json\n", "too few": sum(manifest) + "  plugin.json\n", "too many": list + sum("x") + "  more\n", "no list": "hello\n",
	} {
		if _, err := stage(t, plugin(t, files{"SHA256SUMS": text}), t.TempDir()).Signature(nil); !errors.Is(err, evidence.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := stage(t, plugin(t, files{"SHA256SUMS": list}), t.TempDir()).Signature(nil); err != nil || got.By != "" {
		t.Error(got, err)
	}
	if _, err := stage(t, plugin(t, nil), t.TempDir()).Signature([]byte("\n")); !errors.Is(err, evidence.ErrRefused) {
		t.Error(err)
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
