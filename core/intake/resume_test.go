package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// entriesSoFar counts a case's entries beside its writer; 0 while it cannot be read.
func entriesSoFar(t *testing.T, dir string) int64 {
	t.Helper()
	c, err := store.OpenReader(t.Context(), dir)
	if err != nil {
		return 0
	}
	defer c.Close()
	n, _, err := c.Head(t.Context())
	if err != nil {
		return 0
	}
	return n
}

func phases(t *testing.T, c *store.Case) (out []string, resumed int) {
	t.Helper()
	for le, err := range c.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind != "receive" {
			continue
		}
		phase, _ := e.Plain["phase"].(string)
		out = append(out, phase)
		if r, _ := e.Plain["resumed"].(bool); r {
			resumed++
			if e.Refs["item"] == 0 {
				t.Error("a resuming entry does not say which item")
			}
		}
	}
	return out, resumed
}

// kill -9 in the middle, twice; then the same again completes one item.
func TestResumeAfterKill(t *testing.T) {
	const files = 1700
	top := t.TempDir()
	dir, caseDir := filepath.Join(top, "item"), filepath.Join(top, "case")
	for i := range files {
		write(t, filepath.Join(dir, fmt.Sprintf("d%02d/f%04d", i%40, i)), strings.Repeat(fmt.Sprintf("%d,", i), 300))
	}
	c, err := store.Create(t.Context(), caseDir, storeOptions(), store.Init{Lab: "lab"})
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, until := range []int64{3, 5} {
		cmd := helperCommand(t, caseDir, dir, os.Getuid())
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); entriesSoFar(t, caseDir) < until; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				_ = cmd.Process.Kill()
				t.Fatal("nothing is written")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	c, err = store.Open(t.Context(), caseDir, storeOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	state, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Items) != 1 || state.Items[0].Complete {
		t.Fatalf("after the kills: %+v", state.Items)
	}
	changed := filepath.Join(dir, "d00", "f0000")
	write(t, changed, "another content")
	rep, _ := add(t, c, intake.Request{Path: dir})
	if !rep.Resumed || rep.Exhibit != "EX-001" || rep.Skipped == 0 || rep.Skipped >= files {
		t.Errorf("%+v", rep)
	}
	seen := map[string]int{}
	for o, err := range c.Occurrences(t.Context(), "EX-001") {
		if err != nil {
			t.Fatal(err)
		}
		p := o.Path.Bytes()
		seen[p]++
		if o.Type != "file" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case p == "d00/f0000" && seen[p] == 2:
			if !slices.Contains(o.Flags, "resumed") || o.Note == "" {
				t.Errorf("received again: %+v", o)
			}
			fallthrough
		case p != "d00/f0000":
			if o.Artifact != evidence.Sum(text) {
				t.Errorf("%q: %s", p, o.Artifact)
			}
		}
	}
	if seen["d00/f0000"] != 2 {
		t.Errorf("the file that changed between has %d occurrences", seen["d00/f0000"])
	}
	delete(seen, "d00/f0000")
	// f0000 was written in place: its directory did not change.
	if want := files - 1 + 40 + 1; len(seen) != want {
		t.Errorf("%d paths, want %d", len(seen), want)
	}
	for p, n := range seen {
		if n != 1 {
			t.Errorf("%q occurs %d times", p, n)
		}
	}
	if rep.Counts.Files != files+1 {
		t.Errorf("%+v", rep.Counts)
	}
	got, resumed := phases(t, c)
	if resumed != 2 || got[len(got)-1] != "end" || slices.Contains(got[:len(got)-1], "end") {
		t.Errorf("%d resumed, %q", resumed, got)
	}
	// Complete now: the same again is another item.
	if rep, _ := add(t, c, intake.Request{Path: filepath.Join(dir, "d01")}); rep.Resumed || rep.Exhibit != "EX-002" {
		t.Errorf("%+v", rep)
	}
}

// interrupted leaves an unfinished item of the request in the case.
func interrupted(t *testing.T, c *store.Case, r intake.Request) intake.Report {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o := intake.Options{Now: time.Now, Notice: func(n intake.Notice) {
		if n.Concern == intake.ConcernRefused || n.Concern == intake.ConcernMismatch {
			cancel()
		}
	}}
	rep, err := intake.Add(ctx, c, o, r)
	if !errors.Is(err, context.Canceled) || !intake.Unfinished(rep, err) {
		t.Fatalf("%+v, %v", rep, err)
	}
	left, err := os.ReadDir(filepath.Join(c.Dir(), "objects", "tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d unfinished objects are left, %v", len(left), err)
	}
	return rep
}

func TestResumeOnlyTheSame(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	awkward(t, dir)
	r := intake.Request{Path: dir, Zone: "+08:00", Source: "disk", Exclude: []string{"*.bak"}, Lists: []*intake.List{list(t, md5Line("hello", "a.txt"))}}
	first := interrupted(t, c, r)
	rec := &recorder{}
	for what, other := range map[string]intake.Request{
		"zone":     {Path: dir, Zone: "+09:00", Source: "disk", Exclude: r.Exclude, Lists: r.Lists},
		"source":   {Path: dir, Zone: "+08:00", Exclude: r.Exclude, Lists: r.Lists},
		"excluded": {Path: dir, Zone: "+08:00", Source: "disk", Lists: r.Lists},
		"expected": {Path: dir, Zone: "+08:00", Source: "disk", Exclude: r.Exclude},
		"in-place": {Path: dir, Zone: "+08:00", Source: "disk", Exclude: r.Exclude, Lists: r.Lists, InPlace: true},
		"purpose":  {Path: dir, Zone: "+08:00", Source: "disk", Exclude: r.Exclude, Lists: r.Lists, Asserted: map[string]any{"asserted.purpose": "x"}},
	} {
		other.Exhibit = first.Exhibit
		_, err := intake.Add(t.Context(), c, rec.options(), other)
		if !errors.Is(err, evidence.ErrExists) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
		// Without the number it is another item, and the unfinished one is mentioned.
		other.Exhibit = ""
		rep, rec := add(t, c, other)
		if rep.Resumed || rep.Exhibit == first.Exhibit || !slices.Equal(rec.of(intake.ConcernUnfinished), []string{first.Exhibit}) {
			t.Errorf("%s: %+v %+v", what, rep, rec.notices)
		}
	}
	rep, _ := add(t, c, r)
	if !rep.Resumed || rep.Exhibit != first.Exhibit || rep.Counts.Compared != 1 {
		t.Errorf("%+v", rep)
	}
}

// What was found wrong before the interruption is reported after it as well.
func TestResumeKeepsMismatches(t *testing.T) {
	c := newCase(t)
	dir := filepath.Join(t.TempDir(), "item")
	text := md5Line("good", "z-last")
	write(t, filepath.Join(dir, "z-last"), "bad")
	for i := range 1100 {
		name := fmt.Sprintf("f%04d", i)
		write(t, filepath.Join(dir, name), "x")
		text += md5Line("y", name)
	}
	r := intake.Request{Path: dir, Lists: []*intake.List{list(t, text)}}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	rep, err := intake.Add(ctx, c, intake.Options{Now: time.Now, Notice: func(intake.Notice) {
		if n++; n == 900 {
			cancel()
		}
	}}, r)
	if !errors.Is(err, context.Canceled) || size(t, c) < 3 {
		t.Fatalf("%+v, %v, %d entries", rep.Counts, err, size(t, c))
	}
	rep, rec := add(t, c, r)
	if !rep.Resumed || rep.Skipped < 499 || rep.Counts.Mismatched != 1101 || len(rep.Mismatches) != 1101 || len(rec.of(intake.ConcernMismatch)) != 1101 || rep.Counts.Compared != 1101 || rep.Counts.Absent != 0 {
		t.Errorf("skipped %d, %d mismatches, %+v", rep.Skipped, len(rep.Mismatches), rep.Counts)
	}
}
