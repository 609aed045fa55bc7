package main

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence/anchor/anchortest"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"exhibit": main})
}

// buildPlugin builds the plugin of testdata as bundled plugins are built, and
// returns the directory to look for plugins in.
func buildPlugin(t *testing.T) string {
	t.Helper()
	return built(t, "testdata/plugins/pipesms")
}

// built makes plugins of directories with their sources, and returns the directory that
// has them.
func built(t *testing.T, sources ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, s := range sources {
		if err := buildplugin.Build(s, filepath.Join(dir, filepath.Base(s))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// buildBundled builds all bundled plugins, where all tests are asked for, and returns the
// directory that has them; "" otherwise.
func buildBundled(t *testing.T) string {
	t.Helper()
	if !slow.Asked() {
		return ""
	}
	manifests, err := filepath.Glob("../../plugins/*/plugin.json")
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	for i, m := range manifests {
		manifests[i] = filepath.Dir(m)
	}
	return built(t, manifests...)
}

func TestScripts(t *testing.T) {
	analyzer, redactor := buildAnalyzer(t), built(t, "../../plugins/redact")
	plugins, bundled := buildPlugin(t), buildBundled(t)
	tsa, err := anchortest.New(time.Now, anchortest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	certificates := t.TempDir() // not where scripts receive all that lies there
	if err := openUp(certificates, 0o755); err != nil {
		t.Fatal(err)
	}
	stamping := httptest.NewServer(tsa)
	t.Cleanup(stamping.Close) // after the scripts, which run beside each other
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("EXHIBIT_PLUGINS", plugins)
			e.Setenv("ANALYZER", analyzer)
			e.Setenv("REDACTOR", redactor)
			e.Setenv("TEST_PLUGINS", plugins)
			e.Setenv("BUNDLED", bundled)
			sources, err := filepath.Abs("../../plugins")
			if err != nil {
				return err
			}
			e.Setenv("SAMPLES", sources)
			e.Setenv("TSA", stamping.URL)
			for name, cert := range map[string]*x509.Certificate{"TSA_CERT": tsa.Leaf, "TSA_ROOT": tsa.Root} {
				file := filepath.Join(certificates, strings.ToLower(name)+".pem")
				if err := os.WriteFile(file, anchortest.PEM(cert), 0o644); err != nil {
					return err
				}
				e.Setenv(name, file)
			}
			program, err := exec.LookPath("exhibit")
			if err != nil {
				return err
			}
			// Other users run the program too.
			err = errors.Join(openUp(filepath.Dir(program), 0o711), openUp(e.WorkDir, 0o711), os.Chmod(e.WorkDir, 0o777))
			if bundled != "" {
				err = errors.Join(err, openUp(bundled, 0o755))
			}
			return err
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "long":
				return slow.Asked(), nil
			case "root":
				return os.Getuid() == 0, nil
			case "sample":
				_, err := os.Stat(sample)
				return err == nil, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "asnobody": asNobody, "poke": poke, "flip": flip, "mkfifo": mkfifo, "mksparse": mksparse, "tmpfs": tmpfs, "hasbytes": hasBytes, "lock": lock, "agekey": ageKey,
			"section": section, "marked": hasMark, "links": links, "selfcontained": selfContained,
		},
	})
}

// sample is the received directory that the examples are about; it is no part of
// the project, and scripts that need it say so by the condition [sample].
const sample = "../../../shared/data/tom-open-directory/a3.skype.example"

// openUp lets everybody pass through dir and the directories above it that are ours.
func openUp(dir string, mode os.FileMode) error {
	for top := filepath.Clean(os.TempDir()); dir != top && dir != "/" && strings.HasPrefix(dir, top); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, mode); err != nil {
			return err
		}
	}
	return nil
}

// code N COMMAND…: the command ends with exactly that exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// asnobody N COMMAND…: code, by a user without any rights.
func asNobody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: asnobody N COMMAND…")
	}
	if os.Getuid() != 0 {
		code(ts, false, args)
		return
	}
	code(ts, false, append([]string{args[0], "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, args[1:]...))
}

// poke FILE OFFSET HEX: overwrites bytes; a negative offset counts from the end.
func poke(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args[0], args[1], func(old []byte) []byte {
		b, err := hex.DecodeString(args[2])
		ts.Check(err)
		return b
	}, len(args[2])/2)
}

// flip FILE OFFSET: turns one bit over.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args[0], args[1], func(old []byte) []byte { return []byte{old[0] ^ 1} }, 1)
}

func edit(ts *testscript.TestScript, pattern, offset string, change func([]byte) []byte, n int) {
	files, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file %s", pattern)
	}
	at, err := strconv.ParseInt(offset, 10, 64)
	ts.Check(err)
	ts.Check(os.Chmod(files[0], 0o644))
	f, err := os.OpenFile(files[0], os.O_RDWR, 0)
	ts.Check(err)
	if at < 0 {
		info, err := f.Stat()
		ts.Check(err)
		at += info.Size()
	}
	old := make([]byte, n)
	_, err = f.ReadAt(old, at)
	ts.Check(err)
	_, err = f.WriteAt(change(old), at)
	ts.Check(errors.Join(err, f.Close()))
}

func mkfifo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(unix.Mkfifo(ts.MkAbs(args[0]), 0o644))
}

// mksparse FILE BYTES: a file that is one hole.
func mksparse(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// tmpfs DIR SIZE mounts one for the script, or remounts it with another size.
func tmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err == nil {
		ts.Check(unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size="+args[1]))
		return
	}
	ts.Check(os.Mkdir(dir, 0o777))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { ts.Check(unix.Unmount(dir, unix.MNT_DETACH)) })
}

// lock FILE: as another process that writes to the case would, until the script ends.
func lock(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	ts.Check(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	ts.Defer(func() { ts.Check(f.Close()) })
}

// hasbytes DIR TEXT: some file below DIR holds the text; negated, none does.
func hasBytes(ts *testscript.TestScript, neg bool, args []string) {
	found := ""
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(name string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		if strings.Contains(string(b), args[1]) {
			found = name
		}
		return err
	}))
	if neg == (found != "") {
		ts.Fatalf("the text %q: found in %q", args[1], found)
	}
}
