package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// fixture is a small case with one of everything that the format has.
type fixture struct {
	dir    string
	origin string
	vkey   string
	// source is a file that was left in place.
	source string
	// notes are the checkpoints, by size.
	notes map[int64][]byte
	// objects names the objects in the case by what they are.
	objects map[string]string
}

const (
	firstSeal  = 5  // entries covered by the first checkpoint
	lastSeal   = 12 // by the last
	allEntries = 13
)

// newFixture writes the case. Cases with the same history up to the first seal
// and different ones after it differ in variant.
func newFixture(t *testing.T, dir, variant string) *fixture {
	t.Helper()
	return newLyingFixture(t, dir, variant, nil)
}

// newLyingFixture writes the case, changed by edit.
func newLyingFixture(t *testing.T, dir, variant string, edit func(what string, o object)) *fixture {
	t.Helper()
	caseDir := filepath.Join(dir, "case")
	source := filepath.Join(filepath.Dir(dir), "source.bin") // the same for all cases of a test
	b := newBuilder(t, caseDir, "fixture")
	b.edit = edit
	f := &fixture{dir: caseDir, origin: b.origin, vkey: vkey(b.origin, b.key), source: source, notes: map[int64][]byte{}, objects: map[string]string{}}

	b.entry(draft{
		kind: "create", plain: object{"case": b.origin[len(b.origin)-36:], "format": "1"},
		secret: object{"asserted.case.title": "R v Müller", "asserted.actor.name": "A. Examiner"},
	})
	begin := b.entry(draft{
		kind: "receive", plain: object{"phase": "begin"},
		secret: object{"asserted.exhibit": "EX-001", "asserted.zone": "+08:00", "observed.source.path": object{"text": "/media/stick/dump"}},
	})
	log := bytes.Repeat([]byte("2008-07-31 taiwan,1\n"), 20)
	raw := b.store([]byte("original bytes\x00\xff, kept as they are"), "raw", "original")
	text := b.store(log, "zstd", "original")
	f.objects["raw"], f.objects["text"] = raw["artifact"].(string), text["artifact"].(string)
	left := []byte("read where it lies")
	b.must(os.WriteFile(source, left, 0o600))
	inPlace := object{
		"artifact": sum(left), "size": len(left), "origin": "original", "hashes": hashes(left),
		"stored": object{"encoding": "in-place", "sha256": sum(left), "size": len(left), "path": object{"text": source}},
	}
	place := func(path, kind string, artifact any) object {
		return object{"item": "EX-001", "path": object{"text": path}, "type": kind, "artifact": artifact, "fs": object{"mode": "0644", "mtime": "2008-08-01T00:00:00.000000000Z"}}
	}
	b.entry(draft{kind: "receive", plain: object{"phase": "part"}, refs: object{"item": begin}, sets: map[string][]object{
		"artifacts": {b.edited("raw", raw), b.edited("text", text), b.edited("in place", inPlace)},
		"occurrences": {
			b.edited("occurrence", place("dump/a.bin", "file", raw["artifact"])),
			place("dump/logs", "directory", ""),
			place("dump/logs/a.log", "file", text["artifact"]),
			place("dump/left.bin", "file", inPlace["artifact"]),
			{"item": "EX-001", "path": object{"raw": "/2E=", "text": "\ufffda"}, "type": "refused", "artifact": "", "note": "a socket"},
		},
	}})
	b.entry(draft{kind: "receive", plain: object{"phase": "end", "counts": object{"files": 3}}, refs: object{"item": begin}})
	f.notes[firstSeal] = b.sealLog()

	b.seed = variant
	files := object{"plugin": strings.Repeat("ab", 32), "plugin.json": strings.Repeat("cd", 32)}
	plugin := object{"name": "tomskype", "version": "1.2.0", "sha256": sum(canon(t, files))}
	b.edited("plugin", plugin)
	b.entry(draft{kind: "plugin", plain: object{"action": "pin", "plugin": plugin}})
	b.must(os.WriteFile(filepath.Join(caseDir, "plugins.lock.json"),
		canon(t, object{"v": 1, "plugins": object{"tomskype": object{"files": files, "sha256": plugin["sha256"], "version": "1.2.0"}}}), 0o600))
	b.entry(draft{
		kind: "key", plain: object{"action": "add", "fingerprint": "key:0011223344556677", "encoding": "hex", "form": "given"},
		secret: object{"asserted.name": "second key"},
	})
	intent := b.entry(draft{kind: "derive", plain: object{"phase": "intent", "plugins": []object{plugin}}})
	b.derive(f, intent, plugin, f.objects["text"], len(log))
	b.entry(draft{kind: "derive", plain: object{"phase": "intent", "plugins": []object{plugin}}}) // never ended
	f.notes[lastSeal] = b.sealLog()
	b.entry(draft{kind: "note", secret: object{"asserted.note": "after the seal: " + variant}, sets: map[string][]object{
		"subjects": {b.edited("subject", object{"subject": f.objects["records"] + ":4"}), {"subject": f.objects["raw"]}, {"subject": "exhibit:EX-001"}},
	}})
	b.close()
	return f
}

// derive appends the result of two runs: one unpacks, one parses.
func (b *builder) derive(f *fixture, intent int64, plugin object, input string, size int) {
	run := func(operation string, keys []string) object {
		key := canon(b.t, object{"config": object{"zone": "+08:00"}, "input": input, "keys": keys, "operation": operation, "plugin": plugin["sha256"]})
		return object{
			"run": sum(key), "plugin": plugin, "operation": operation, "config": object{"zone": "+08:00"}, "input": input,
			"keys": keys, "offered": keys, "outcome": "complete", "bytes_read": size, "size": size, "artifacts": 0, "attempts": 1,
			"start": "2026-11-22T10:08:00Z", "end": "2026-11-22T10:08:01Z", "seed": b.random(32),
		}
	}
	unpack := run("unpack", []string{})
	child := b.store([]byte("what was inside"), "raw", "derived")
	unpack["artifacts"] = 1
	unpack["units"] = object{"declared": 1, "read": 1, "emitted": 1, "rejected": 0, "skipped": 0}

	parse := run("parse", []string{"key:0011223344556677"})
	var lines [][]byte
	for i := range 5 {
		kind := "message"
		if i == 3 {
			kind = "call"
		}
		lines = append(lines, canon(b.t, object{"kind": kind, "source": object{"offset": i * 20, "length": 19}, "text": fmt.Sprintf("line %d, %s", i, b.seed)}))
	}
	f.objects["child"] = child["artifact"].(string)
	records := b.store(append(bytes.Join(lines, []byte("\n")), '\n'), "zstd", "derived")
	parse["records"] = object{"artifact": records["artifact"], "count": 5, "kinds": object{"message": 4, "call": 1}}
	parse["record_tree"] = object{"root": b.recordRoot(parse["seed"].([]byte), lines), "size": 5}
	f.objects["records"] = records["artifact"].(string)
	bad := canon(b.t, object{"code": "line.unreadable", "severity": "reject", "message": "it has too few columns", "source": object{"offset": 100, "length": 19}})
	diagnostics := b.store(append(bad, '\n'), "zstd", "derived")
	f.objects["diagnostics"] = diagnostics["artifact"].(string)
	parse["diagnostics"] = object{"artifact": diagnostics["artifact"], "count": 1, "codes": object{"line.unreadable": 1}, "severities": object{"reject": 1}}
	parse["units"] = object{"declared": -1, "read": 6, "emitted": 5, "rejected": 1, "skipped": 0}

	result := func(sets map[string][]object) {
		b.entry(draft{kind: "derive", plain: object{"phase": "result"}, refs: object{"intent": intent}, sets: sets})
	}
	result(map[string][]object{
		"artifacts":   {b.edited("child", child)},
		"derivations": {b.edited("derivation", object{"run": unpack["run"], "parent": input, "child": child["artifact"], "n": 0, "name": object{"text": "inside.txt"}, "steps": []object{{"do": "gunzip"}}, "complete": true})},
		"runs":        {b.edited("unpack", unpack)},
	})
	result(map[string][]object{"artifacts": {b.edited("records", records), b.edited("diagnostics", diagnostics)}, "runs": {b.edited("parse", parse)}})
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, name) }

func (f *fixture) object(digest string) string {
	return filepath.Join(f.dir, "objects", "sha256", digest[7:9], digest[7:])
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// model makes what every verification compares the tables with, once.
var model = sync.OnceValues(func() (verify.Options, error) { return verify.WithModel(verify.Options{}) })

func check(t *testing.T, dir string, given verify.Options) *verify.Report {
	t.Helper()
	o, err := model()
	if err != nil {
		t.Fatal(err)
	}
	o.Trust, o.Receipts, o.Require, o.Progress, o.Jobs = given.Trust, given.Receipts, given.Require, given.Progress, given.Jobs
	o.Now = func() time.Time { return noon }
	if o.Jobs == 0 {
		o.Jobs = 1
	}
	r, err := verify.Case(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// expect demands a verdict, and a finding of that verdict about object unless it is "".
func expect(t *testing.T, r *verify.Report, want verify.Verdict, object string) {
	t.Helper()
	if r.Verdict != want || r.Exit != want.ExitCode() {
		t.Errorf("verdict %s (exit %d), want %s\n%s", r.Verdict, r.Exit, want, findings(r))
		return
	}
	if object != "" && !names(r, object) {
		t.Errorf("nothing names %q\n%s", object, findings(r))
	}
}

// names reports whether a finding that is no remark is about object.
func names(r *verify.Report, object string) bool {
	for _, f := range r.Findings {
		if f.Verdict != verify.Intact && f.Object == object {
			return true
		}
	}
	return false
}

func findings(r *verify.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s: %s: %s (%s)\n", f.Verdict, f.Object, f.What, f.Detail)
	}
	return b.String()
}
