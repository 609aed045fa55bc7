package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestCreate(t *testing.T) {
	for _, where := range []string{"new directory", "empty directory"} {
		t.Run(where, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "case #1? 50%")
			if where == "empty directory" {
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			c := createIn(t, dir)
			want := map[string]fs.FileMode{
				".": fs.ModeDir | 0o700, "case.db": 0, "case.db-wal": 0, "case.db-shm": 0, "checkpoints": fs.ModeDir | 0o700, "lock": 0o600,
				"objects": fs.ModeDir, "objects/sha256": fs.ModeDir, "objects/tmp": fs.ModeDir,
				"secrets": fs.ModeDir | 0o700, "secrets/fingerprint.key": 0o600, "secrets/keys": fs.ModeDir | 0o700,
			}
			got := map[string]fs.FileMode{}
			if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
				info, err := d.Info()
				if err != nil {
					return err
				}
				got[name] = info.Mode()
				if want[name].Perm() == 0 { // other packages' business
					got[name] = info.Mode().Type()
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if names := entries(t, parent); !slices.Equal(names, []string{"case #1? 50%"}) {
				t.Errorf("beside the case: %q", names)
			}
			secret, err := c.Secret()
			if err != nil || len(secret) != 32 || slices.Max(secret) == 0 {
				t.Errorf("secret: %d bytes, %v", len(secret), err)
			}
			log := collect(t, c.Entries(context.Background(), 0))
			if len(log) != 1 {
				t.Fatalf("%d entries", len(log))
			}
			e, err := custody.ParseEntry(log[0].Body)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != "create" || e.Origin != c.Origin() || e.Plain["case"] != c.ID() || !strings.HasPrefix(c.Origin(), "lab.example/") || c.Dir() != dir {
				t.Errorf("entry 0: %+v", e)
			}
			var fields []string
			for _, o := range log[0].Openings {
				if err := custody.CheckOpening(e, o); err != nil {
					t.Error(err)
				}
				fields = append(fields, o.Field+"="+string(o.Value))
			}
			if diff := cmp.Diff([]string{`asserted.actor.name="A. Examiner"`, `asserted.case.title="A title"`, `observed.os.host="bench-1"`}, fields); diff != "" {
				t.Error(diff)
			}
			if c := reopen(t, c); c.Origin() != e.Origin {
				t.Errorf("origin is %q after reopening", c.Origin())
			}
		})
	}
}

// Two cases made from the same random bytes would share a fingerprint secret.
func TestCreateDrawsItsOwnSecret(t *testing.T) {
	a, b := create(t), create(t)
	x, _ := a.Secret()
	y, _ := b.Secret()
	if string(x) == string(y) || a.ID() == b.ID() {
		t.Fatal("two cases share secret or number")
	}
}

func TestCreateRefuses(t *testing.T) {
	ctx := context.Background()
	dir := create(t).Dir()
	before := listing(t, dir)
	if _, err := store.Create(ctx, dir, options(), store.Init{Lab: "lab"}); !errors.Is(err, evidence.ErrExists) || !strings.Contains(err.Error(), "a case is there already") {
		t.Errorf("over a case: %v", err)
	}
	if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
		t.Error(diff)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(ctx, full, options(), store.Init{Lab: "lab"}); !errors.Is(err, evidence.ErrExists) || !strings.Contains(err.Error(), `"letter.txt"`) {
		t.Errorf("in a full directory: %v", err)
	}
	if _, err := store.Create(ctx, filepath.Join(full, "letter.txt"), options(), store.Init{Lab: "lab"}); err == nil {
		t.Error("over a file")
	}
	if _, err := store.Create(ctx, filepath.Join(full, "none", "case"), options(), store.Init{Lab: "lab"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below a directory that is not there: %v", err)
	}
	for _, in := range []store.Init{{}, {Lab: "a lab"}, {Lab: "lab", Secret: map[string]any{"asserted.no.such.field": 1}}} {
		if _, err := store.Create(ctx, filepath.Join(full, "case"), options(), in); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	o := options()
	o.Monotonic = nil
	if _, err := store.Create(ctx, filepath.Join(full, "case"), o, store.Init{Lab: "lab"}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("without a clock: %v", err)
	}
	if names := entries(t, full); !slices.Equal(names, []string{"letter.txt"}) {
		t.Errorf("left behind: %q", names)
	}
}

// A killed attempt leaves its staging directory; the next one clears it, unless
// it is still at work.
func TestCreateAfterAKilledAttempt(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "case")
	staging := filepath.Join(parent, store.StagingPrefix+"case")
	if err := os.MkdirAll(filepath.Join(staging, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"case.db", "lock", "secrets/fingerprint.key"} {
		if err := os.WriteFile(filepath.Join(staging, name), []byte("half a fi"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := os.Open(filepath.Join(staging, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(context.Background(), dir, options(), store.Init{Lab: "lab"}); !errors.Is(err, evidence.ErrLocked) {
		t.Fatalf("while another attempt runs: %v", err)
	}
	lock.Close()
	c := createIn(t, dir)
	if names := entries(t, parent); !slices.Equal(names, []string{"case"}) {
		t.Errorf("beside the case: %q", names)
	}
	reopen(t, c)
}

// The stock client reads every table, generated columns included, and finds the
// same digests.
func TestStockClientReads(t *testing.T) {
	sqlite3, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3 on this machine")
	}
	c := create(t)
	b := received(t, c, "EX-001", "a\xff.txt", "content")
	want := b.Artifacts[0].SHA256
	appendTo(t, c, b)
	out, err := exec.Command(sqlite3, "-readonly", filepath.Join(c.Dir(), "case.db"),
		"PRAGMA integrity_check; SELECT a.digest, o.item, o.body ->> '$.path.raw', e.body ->> '$.kind' FROM artifacts a JOIN occurrences o USING (digest) JOIN entries e ON e.seq = o.seq").CombinedOutput()
	if err != nil || string(out) != "ok\n"+want.String()+"|EX-001|Yf8udHh0|receive\n" {
		t.Fatalf("%v: %s", err, out)
	}
}

func entries(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// listing describes every file below dir: what it holds and when it last changed.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil {
			return err
		}
		sum := ""
		if d.Type().IsRegular() {
			sum = evidence.Sum(read(t, name)).Short()
		}
		out[name] = strings.Join([]string{d.Type().String(), sum, itoa(st.Size), itoa(st.Mtim.Nano()), itoa(st.Ctim.Nano())}, " ")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
