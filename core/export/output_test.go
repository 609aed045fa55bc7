package export_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestOutput(t *testing.T) {
	for _, base := range []string{"a.csv", "with blank", `back\slash`, "new\nline", "長.csv"} {
		dir := t.TempDir()
		name := filepath.Join(dir, base)
		o, err := export.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := o.Scratch()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Close(), o.Place([]byte("{}\n")), o.Abort()); err != nil {
			t.Fatal(err)
		}
		if got := namesIn(t, dir); len(got) != 3 {
			t.Errorf("files %q", got)
		}
		if b, err := os.ReadFile(name); string(b) != "abc" {
			t.Errorf("%q, %v", b, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		check := exec.Command("sha256sum", "--strict", "-c", base+export.DigestsSuffix)
		check.Dir = dir
		if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), "OK") != 2 {
			t.Errorf("sha256sum: %v: %s", err, out)
		}
		// Nothing is replaced.
		if _, err := export.Create(name); !errors.Is(err, evidence.ErrExists) {
			t.Errorf("made again: %v", err)
		}
		if err := o.Remove(); err != nil || len(namesIn(t, dir)) != 0 {
			t.Errorf("not taken back: %v, %q", err, namesIn(t, dir))
		}
	}
}

// A file that comes meanwhile stays, whichever of the three it is, and of ours
// nothing is left.
func TestOutputDoesNotReplace(t *testing.T) {
	for _, suffix := range []string{"", export.ProvenanceSuffix, export.DigestsSuffix} {
		dir := t.TempDir()
		name := filepath.Join(dir, "a")
		o, err := export.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+suffix, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := o.Place([]byte("{}")); !errors.Is(err, evidence.ErrExists) {
			t.Errorf("%q: %v", suffix, err)
		}
		b, err := os.ReadFile(name + suffix)
		if got := namesIn(t, dir); string(b) != "theirs" || err != nil || len(got) != 1 {
			t.Errorf("%q: left %q, holding %q", suffix, got, b)
		}
	}
}

func TestOutputAbort(t *testing.T) {
	dir := t.TempDir()
	o, err := export.Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(o.Abort(), o.Abort()); err != nil || len(namesIn(t, dir)) != 0 {
		t.Error(err, namesIn(t, dir))
	}
	if _, err := export.Create(filepath.Join(dir, "none", "a")); err == nil {
		t.Error("made in a directory that is not there")
	}
}

// A full device is ErrNoSpace for every format, and nothing stays behind.
func TestOutputOnFullDevice(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("NOT TESTED: no right to mount:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	lines := mixed(t, 8000)
	for _, f := range formats() {
		o, err := export.Create(filepath.Join(dir, "a"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := export.NewWriter(o, export.Options{Format: f, Scratch: o.Scratch})
		if err != nil {
			t.Fatal(err)
		}
		if f == "graphml" {
			lines = edgeLines(8000)
		}
		for _, l := range lines {
			if err = w.Record(l); err != nil {
				break
			}
		}
		if err == nil {
			_, err = w.Close()
		}
		if !errors.Is(err, evidence.ErrNoSpace) {
			t.Errorf("%s: %v", f, err)
		}
		w.Abort()
		if err := o.Abort(); err != nil || len(namesIn(t, dir)) != 0 {
			t.Errorf("%s: %v, left %q", f, err, namesIn(t, dir))
		}
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil || st.Bfree != st.Blocks {
			t.Errorf("%s: %d of %d blocks free: a temporary file is still held", f, st.Bfree, st.Blocks)
		}
	}
}

func TestSets(t *testing.T) {
	run := func(id byte, set string, n int64) evidence.Run {
		d := evidence.Sum([]byte(set))
		return evidence.Run{ID: evidence.Digest{id}, Plugin: evidence.PluginRef{Name: "p", Version: "1"}, Records: &evidence.RecordSetRef{Artifact: d, Count: n}}
	}
	key := func(set string) string { d := evidence.Sum([]byte(set)); return d.Hex()[:16] }
	runs := []evidence.Run{run(1, "a", 5), run(2, "b", 6), run(3, "a", 5), {ID: evidence.Digest{4}}}
	got, err := export.Sets(map[string]int64{key("a"): 3}, runs)
	if err != nil || len(got) != 1 || got[0].Exported != 3 || got[0].Records != 5 || len(got[0].Runs) != 2 || got[0].Plugin != "p 1" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := export.Sets(map[string]int64{key("c"): 1}, runs); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("a record of no run: %v", err)
	}
}

func TestProvenance(t *testing.T) {
	_, r := write(t, export.Options{Format: "csv"}, line(t, 1, map[string]any{"text": "=1"}), line(t, 2, nil))
	p := export.Provenance{Format: "csv"}
	p.Fill(r)
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := evidence.CheckCanonical(b[:len(b)-1]); err != nil {
		t.Error(err)
	}
	var got struct {
		Records int64 `json:"records"`
		Changed struct {
			Prefixed int64            `json:"prefixed"`
			Columns  map[string]int64 `json:"prefixed_columns"`
		} `json:"changed"`
		Sets  []any    `json:"record_sets"`
		Notes []string `json:"notes"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Records != 2 || got.Changed.Prefixed != 1 || got.Changed.Columns["text"] != 1 || got.Sets == nil || !strings.Contains(strings.Join(got.Notes, " "), "one apostrophe from the front") {
		t.Errorf("%s", b)
	}
	if remarks := strings.Join(p.Remarks(), " "); !strings.Contains(remarks, "1 cells were given an apostrophe in front, against formulas (text 1)") {
		t.Error(remarks)
	}
}
