package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// pythonVerdicts is what testdata/verify_case.py, which knows docs/formats alone, says of cases.
func pythonVerdicts(t *testing.T, receipts []string, dirs ...string) []string {
	t.Helper()
	for _, name := range []string{"python3", "openssl", "zstd", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("NOT TESTED: no " + name + " here")
		}
	}
	args := []string{"testdata/verify_case.py"}
	for _, r := range receipts {
		args = append(args, "--receipt", r)
	}
	out, err := exec.CommandContext(t.Context(), "python3", append(append(args, dirs...), dirs[0])...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(dirs)+1 {
		t.Fatalf("%d lines for %d cases\n%s", len(lines), len(dirs), out)
	}
	return lines[:len(dirs)]
}

// A program written from the documents alone, which shares nothing with this package, comes to
// the same verdicts on intact and tampered cases.
func TestCaseInPython(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	other := newFixture(t, t.TempDir(), "b")
	var names, dirs []string
	var want []verify.Verdict
	add := func(name string, dir string) {
		names, dirs = append(names, name), append(dirs, dir)
		want = append(want, check(t, dir, verify.Options{}).Verdict)
	}
	add("intact", f.dir)
	turn := 0
	try := func(name string, edit func(x *tampered)) {
		if turn++; turn%3 != 0 && !slow.Asked() {
			return
		}
		x := tamper(t, f.dir)
		edit(x)
		if err := x.db.Close(); err != nil {
			t.Fatal(err)
		}
		add(name, x.dir)
	}
	sql := func(table, query string, args ...any) func(x *tampered) {
		return func(x *tampered) {
			if err := x.unguarded(table, query, args...); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	object := func(what string) string {
		d := f.objects[what]
		return filepath.Join("objects", "sha256", d[7:9], d[7:])
	}
	for _, table := range []string{"entries", "nodes", "openings", "sets", "artifacts", "occurrences", "derivations", "runs", "subjects", "checkpoints"} {
		key := map[string]string{"entries": "seq", "nodes": "idx", "checkpoints": "size", "openings": "seq || field", "sets": "seq || name"}[table]
		if key == "" {
			key = "seq || '/' || n"
		}
		try("a row gone from "+table, sql(table, "DELETE FROM "+table+" WHERE "+key+" = (SELECT max("+key+") FROM "+table+")"))
	}
	try("an entry gone from the middle", sql("entries", "DELETE FROM entries WHERE seq = 3"))
	try("an entry changed", sql("entries", "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'linux', 'plan9') AS BLOB) WHERE seq = 3"))
	try("a node changed", sql("nodes", "UPDATE nodes SET hash = zeroblob(32) WHERE idx = 4"))
	try("a value changed", sql("openings", "UPDATE openings SET value = CAST('\"EX-002\"' AS BLOB) WHERE field = 'asserted.exhibit'"))
	try("a salt changed", sql("openings", "UPDATE openings SET salt = substr(salt, 2) || '0' WHERE field = 'asserted.exhibit'"))
	try("a seed changed", sql("sets", "UPDATE sets SET seed = zeroblob(32) WHERE name = 'occurrences'"))
	try("a row changed", sql("occurrences", "UPDATE occurrences SET body = CAST(replace(CAST(body AS TEXT), 'dump/logs', 'dump/lugs') AS BLOB)"))
	try("a leaf changed", sql("artifacts", "UPDATE artifacts SET leaf = zeroblob(32)"))
	try("a row added", sql("subjects", "INSERT INTO subjects (seq, n, body, leaf) VALUES (12, 3, CAST('{\"subject\":\"exhibit:EX-001\"}' AS BLOB), zeroblob(32))"))
	try("a run's seed changed", sql("runs", "UPDATE runs SET seed = zeroblob(32)"))
	try("another log's name", sql("meta", "UPDATE meta SET value = 'lab.example/x' WHERE name = 'origin'"))
	try("an object changed", func(x *tampered) {
		b, err := os.ReadFile(x.file(object("raw")))
		if err != nil {
			t.Fatal(err)
		}
		b[3] ^= 1
		remove(t, x.file(object("raw")))
		write(t, x.file(object("raw")), b)
	})
	try("an object gone", func(x *tampered) { remove(t, x.file(object("text"))) })
	try("a record set swapped", func(x *tampered) {
		b, err := os.ReadFile(x.file(object("diagnostics")))
		if err != nil {
			t.Fatal(err)
		}
		remove(t, x.file(object("records")))
		write(t, x.file(object("records")), b)
	})
	try("a checkpoint changed", func(x *tampered) {
		write(t, x.file(notePath(lastSeal)), bytes.Replace(f.notes[lastSeal], []byte("\n12\n"), []byte("\n11\n"), 1))
	})
	try("a checkpoint of another history", func(x *tampered) {
		x.remove("checkpoints", "size = ?", lastSeal)
		write(t, x.file(notePath(lastSeal)), other.notes[lastSeal])
	})
	try("an older database", func(x *tampered) { x.cut(lastSeal - 2) })
	for _, lie := range []struct{ what, path string }{{"raw", "hashes"}, {"text", "size"}, {"unpack", "config"}, {"derivation", "child"}, {"occurrence", "artifact"}, {"parse", "record_tree"}} {
		if !slow.Asked() && lie.what != "unpack" {
			continue
		}
		l := newLyingFixture(t, t.TempDir(), "a", func(what string, o map[string]any) {
			if what != lie.what {
				return
			}
			switch v := o[lie.path].(type) {
			case string:
				o[lie.path] = "sha256:" + strings.Repeat("1", 64)
			case int:
				o[lie.path] = v + 1
			case map[string]any:
				c := map[string]any{}
				for k, x := range v {
					c[k] = x
				}
				for k, x := range c {
					if s, ok := x.(string); ok {
						c[k] = strings.Repeat("0", len(s))
					}
				}
				o[lie.path] = c
			}
		})
		add("a lie about "+lie.what+" "+lie.path, l.dir)
	}
	for i, line := range pythonVerdicts(t, nil, dirs...) {
		if code := fmt.Sprint(want[i].ExitCode()); !strings.HasPrefix(line, code+" ") {
			t.Errorf("%s: %v (%s); Python says %s", names[i], want[i], code, line)
		}
		if (want[i] == verify.Intact) != (names[i] == "intact") {
			t.Errorf("%s: %v", names[i], want[i])
		}
	}
}

// The same on cases that the program itself wrote: rotated keys, transfers, disposals; with receipts.
func TestWrittenCaseInPython(t *testing.T) {
	t.Parallel()
	var dirs []string
	var want []string
	add := func(w *written, receipts ...[]byte) {
		w.t.Helper()
		if err := w.Close(); err != nil {
			w.t.Fatal(err)
		}
		dirs = append(dirs, w.Dir())
		want = append(want, fmt.Sprint(check(t, w.Dir(), verify.Options{Receipts: receipts}).Verdict.ExitCode()))
	}
	w := newWritten(t)
	w.fill(3)
	a, b := w.hand(1), w.hand(2)
	w.sealBy(a)
	w.identity("rotate", a, b, a, b)
	w.append(store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x"}})
	w.sealBy(b)
	for row, err := range w.Runs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		w.destroy(row.Run.Input)
		break
	}
	add(w)
	w = newWritten(t)
	a, b = w.hand(1), w.hand(2)
	w.sealBy(a)
	w.identity("revoke", a, b, b)
	w.append(store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x"}})
	w.sealBy(a)
	add(w) // signed by a key that was revoked
	from, to := newParty(t, "-t", "ed25519"), newParty(t, "-t", "ecdsa", "-b", "256")
	for _, edit := range []func(h *handing){nil, func(h *handing) { h.values["Item"] = "0" }, func(h *handing) { h.root = strings.Repeat("ab", 32) }, func(h *handing) { h.to = h.from }} {
		w := newWritten(t)
		h := newHanding(t, w, from, to)
		if edit != nil {
			edit(h)
		}
		text := h.text()
		h.enter(text, h.from.sign(t, text, "exhibit-transfer"), text, h.to.sign(t, text, "exhibit-transfer"))
		add(w)
	}
	for _, secret := range []map[string]any{{"asserted.statement": "x"}, {"asserted.from.signature": "x"}, {"asserted.statement": "x", "asserted.from.signature": "x"}} {
		w := newWritten(t)
		w.append(store.Batch{Kind: "transfer", Plain: map[string]any{"phase": "released"}, Secret: secret})
		add(w)
	}
	for i, line := range pythonVerdicts(t, nil, dirs...) {
		if !strings.HasPrefix(line, want[i]+" ") {
			t.Errorf("case %d: exit %s; Python says %s", i, want[i], line)
		}
	}
	if strings.Join(want, " ") != "0 20 0 20 23 20 0 25 25" {
		t.Errorf("the cases are not what they should be: %v", want)
	}
	// A receipt over more than there is.
	w = newWritten(t)
	size := w.sealBy(w.hand(1))
	key := w.hand(1)
	note, err := custody.SignCheckpoint(w.Origin(), size+5, [32]byte{1}, key.key)
	if err != nil {
		t.Fatal(err)
	}
	receipt := filepath.Join(t.TempDir(), "receipt")
	write(t, receipt, note)
	dirs, want = nil, nil
	add(w, note)
	if line := pythonVerdicts(t, []string{receipt}, dirs...)[0]; want[0] != "22" || !strings.HasPrefix(line, "22 ") {
		t.Errorf("exit %s; Python says %s", want[0], line)
	}
}
