package engine_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// TestBackupOfManyFiles: a backup of more files than one run is handed, in a directory and
// in an archive: every file comes out once under its own path, every artifact counts as
// read, and nothing is done twice.
func TestBackupOfManyFiles(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: python3 is not installed")
	}
	const files = 450
	own := t.TempDir()
	build("itunesbackup", filepath.Join(own, "itunesbackup"))
	for name, archived := range map[string]bool{"directory": false, "archive": true} {
		t.Run(name, func(t *testing.T) {
			if archived {
				slow.Test(t)
			}
			dir := t.TempDir()
			to := filepath.Join(dir, "phone")
			if out, err := exec.Command(python, "../../plugins/itunesbackup/testdata/make.py", "many", to, fmt.Sprint(files)).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			at := "phone/Manifest.db!AppDomain-x/f/7"
			if archived {
				pack(t, dir, "phone", filepath.Join(dir, "backup.tar"))
				at = "backup.tar!" + at
			}
			c := newCase(t, dir, "")
			e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, own) })
			r := run(t, e)
			runs, named, there := 0, 0, false
			for _, a := range r.Artifacts {
				for _, x := range a.Runs {
					if x.Plugin == "itunesbackup" && x.As == "" && strings.HasSuffix(a.Path.Text, "Manifest.db") {
						runs++
						if x.Outcome != "complete" || len(x.Diagnostics) != 0 {
							t.Errorf("%s, %s, %v", x.Outcome, x.Reason, x.Diagnostics)
						}
					}
				}
				places, err := c.Places(t.Context(), a.Artifact)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range places {
					if strings.Contains(p.Path.Text, "!AppDomain-x/f/") {
						named++
						there = there || p.Path.Text == at
					}
				}
			}
			if runs != 3 || named != files || !there {
				t.Errorf("%d runs, %d files under their paths, %v", runs, named, there)
			}
			if again := run(t, e); again.Executed != 0 {
				t.Errorf("%d runs although there was nothing to do", again.Executed)
			}
			rep, err := verify.Case(t.Context(), c.Dir(), verify.Options{Now: options().Now})
			if err != nil || len(rep.Findings) > 0 {
				t.Errorf("verify: %v, %v", rep.Findings, err)
			}
		})
	}
}

// pack makes a tar archive of a directory, and removes it.
func pack(t *testing.T, root, dir, to string) {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Size: int64(len(data)), Mode: 0o600}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.RemoveAll(filepath.Join(root, dir))
	}
	if err == nil {
		err = os.WriteFile(to, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
