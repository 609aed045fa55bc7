package engine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// TestTruth takes an open directory from received to decrypted, located, verified
// records, and compares every one with what its maker wrote down: first our own
// generator's, then the sample that an independent implementation encrypted.
func TestTruth(t *testing.T) {
	t.Run("generated", func(t *testing.T) {
		dir := t.TempDir()
		if err := corpus.Write(dir, corpus.Options{Seed: 7}); err != nil {
			t.Fatal(err)
		}
		truth(t, filepath.Join(dir, "server"), filepath.Join(dir, "truth"))
	})
	t.Run("sample", func(t *testing.T) {
		dir := "../../../shared/data/tom-open-directory"
		if _, err := os.Stat(dir); err != nil {
			t.Skip("SKIPPED: the sample is not at ../shared/data/tom-open-directory")
		}
		truth(t, filepath.Join(dir, "a3.skype.example"), filepath.Join(dir, "truth"))
	})
}

func truth(t *testing.T, evidenceDir, truthDir string) {
	c := newCase(t, evidenceDir, "+08:00")
	text, err := os.ReadFile(filepath.Join(truthDir, "layouts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layouts.Add(t.Context(), c, text); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, readers) })
	before := run(t, e)
	at, err := locate.Artifact(t.Context(), c, "conf/enc.key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.AddAt(t.Context(), c, "second", store.Place{Artifact: at, Offset: 0, Length: 16}, keyring.Hex); err != nil {
		t.Fatal(err)
	}
	after := run(t, e)
	if after.Executed == 0 || after.Executed >= before.Executed {
		t.Errorf("the second key repeated %d of %d runs", after.Executed, before.Executed)
	}
	if again := run(t, e); again.Executed != 0 {
		t.Errorf("%d runs although there was nothing to do", again.Executed)
	}
	compare(t, c, filepath.Join(truthDir, "records.jsonl"))
	rep, err := verify.Case(t.Context(), c.Dir(), verify.Options{Now: options().Now})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Findings) > 0 {
		t.Errorf("verify: %v", rep.Findings)
	}
}

type line = map[string]any

// place names a record by where it was read.
func place(path string, offset, number any) string {
	return fmt.Sprintf("%v@%v#%v", path, offset, number)
}

func compare(t *testing.T, c *store.Case, truthFile string) {
	t.Helper()
	want, rejects, damaged := readTruth(t, truthFile)
	got := map[string]line{}
	rows := map[string]int{}
	err := view.Records(t.Context(), c, view.Filter{}, func(text []byte) error {
		var r line
		if err := json.Unmarshal(text, &r); err != nil {
			return err
		}
		src := r["source"].(line)
		path := src["path"].(string)
		if damaged[path] {
			if src["partial"] != true {
				t.Errorf("%s: read from a file cut short, and does not say so", r["id"])
			}
			return nil
		}
		key := place(path, src["offset"], src["line"])
		switch r["kind"] {
		case "keyword":
			key = place(path, nil, src["line"])
		case "sms", "account": // the truth counts rows
			rows[path]++
			key = place(path, "row", rows[path])
		case "row", engine.KindDescription, engine.KindKey:
			return nil // the truth says nothing of other tables, nor of what files are made of
		}
		if _, twice := got[key]; twice {
			t.Errorf("%s: two records", key)
		}
		got[key] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for key, w := range want {
		r, ok := got[key]
		if !ok {
			t.Errorf("missing: %s", key)
		} else if d := differ(w, r); d != "" {
			t.Errorf("%s: %s", key, d)
		} else {
			continue
		}
		if bad++; bad > 10 {
			t.Fatal("and more")
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			if t.Errorf("invented: %s", key); bad > 10 {
				t.Fatal("and more")
			}
			bad++
		}
	}
	if len(want) == 0 {
		t.Fatal("the truth names no record that is read today")
	}
	compareRejects(t, c, rejects, damaged)
}

// differ compares the truth's fields with a record's; the truth says more about a
// message than was in it, and that is left out.
func differ(want, got line) string {
	src := got["source"].(line)
	for name, w := range want {
		var g any
		switch name {
		case "file", "row", "listed_terms", "pii", "span_of":
			continue
		case "offset", "length", "line":
			g = src[name]
		default:
			g = got[name]
		}
		if d := cmp.Diff(w, g); d != "" {
			return name + ": " + d
		}
	}
	if (got["kind"] == "message" || got["kind"] == "sms") && got["time_basis"] == nil {
		return "no time_basis"
	}
	return ""
}

func readTruth(t *testing.T, file string) (want, rejects map[string]line, damaged map[string]bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, rejects, damaged = map[string]line{}, map[string]line{}, map[string]bool{}
	in := bufio.NewScanner(f)
	for in.Buffer(nil, 1<<20); in.Scan(); {
		var r line
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		path := r["file"].(string)
		switch r["kind"] {
		case "message", "call":
			want[place(path, r["offset"], r["line"])] = r
		case "keyword":
			want[place(path, nil, r["line"])] = r
		case "reject":
			rejects[place(path, r["offset"], r["line"])] = r
		case "damaged":
			damaged[path] = true
		case "sms", "account":
			want[place(path, "row", r["row"])] = r
		default:
			t.Fatalf("the truth has a kind this test does not know: %v", r["kind"])
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return want, rejects, damaged
}

func compareRejects(t *testing.T, c *store.Case, rejects map[string]line, damaged map[string]bool) {
	t.Helper()
	var seen []string
	sawDamage := map[string]bool{}
	err := view.Diagnostics(t.Context(), c, view.Filter{}, func(text []byte) error {
		var d line
		if err := json.Unmarshal(text, &d); err != nil {
			return err
		}
		src, _ := d["source"].(line)
		path := src["path"].(string)
		if d["severity"] == "damage" {
			sawDamage[path] = true
		}
		if d["severity"] != "reject" || damaged[path] {
			return nil
		}
		key := place(path, src["offset"], src["line"])
		w, ok := rejects[key]
		if !ok {
			t.Errorf("rejected although it is sound: %s %v", key, d["code"])
		} else if w["length"] != src["length"] {
			t.Errorf("%s: length %v, want %v", key, src["length"], w["length"])
		}
		seen = append(seen, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range rejects {
		if !slices.Contains(seen, key) {
			t.Errorf("no diagnostic for the reject %s", key)
		}
	}
	for path := range damaged {
		if !sawDamage[path] {
			t.Errorf("no diagnostic says that %s is damaged", path)
		}
	}
}
