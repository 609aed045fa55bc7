package view

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// A record that is a row of a database is found again by sqlite3, whatever the table is called.
func TestRowByHand(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("NOT TESTED: rows by hand: no sqlite3 here")
	}
	dir := t.TempDir()
	pipe(t, dir, []byte("CREATE TABLE \"it's \"\"odd\" (a TEXT); INSERT INTO \"it's \"\"odd\" VALUES ('one'), ('two');"), "sqlite3", "in.db")
	b := pipe(t, dir, nil, "cat", "in.db")
	w := &way{links: []Link{{Artifact: evidence.Sum(b), Size: int64(len(b))}}, original: &Original{Exhibit: "EX-001", Path: evidence.NewName("in.db"), name: evidence.NewName("in.db")}}
	s := &Shown{source: recordSource{Table: `it's "odd`, RowID: 2}}
	r := s.recipe(w)
	if got := pipe(t, dir, nil, "sh", "-c", r.Script()); strings.TrimSpace(string(got)) != "a = two" {
		t.Errorf("%q\n%s", got, r.Script())
	}
	s = &Shown{source: recordSource{Pointer: "/a/0"}}
	if r := s.recipe(w); len(r.Unknown) != 1 || !strings.Contains(r.Unknown[0], "/a/0") {
		t.Errorf("%+v", r)
	}
	w.original = nil
	if r := s.recipe(w); len(r.Unknown) != 1 || len(r.Steps) != 0 {
		t.Errorf("%+v", r)
	}
}
