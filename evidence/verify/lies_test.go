package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestLies verifies cases whose log commits, properly, to what is not so: only
// recomputing what rows state can tell.
func TestLies(t *testing.T) {
	t.Parallel()
	other := "sha256:" + strings.Repeat("1", 64)
	set := func(o object, path string, v any) {
		parts := strings.Split(path, ".")
		for _, p := range parts[:len(parts)-1] {
			inner := object{}
			for k, v := range o[p].(object) {
				inner[k] = v
			}
			o[p] = inner
			o = inner
		}
		if v == nil {
			delete(o, parts[len(parts)-1])
		} else {
			o[parts[len(parts)-1]] = v
		}
	}
	for _, c := range []struct {
		what, path string
		value      any
		want       verify.Verdict
		object     string // "" is the object or row of what
	}{
		{"raw", "hashes.md5", strings.Repeat("0", 32), verify.Altered, ""},
		{"raw", "hashes.sha1", strings.Repeat("0", 40), verify.Altered, ""},
		{"raw", "hashes.sha512", strings.Repeat("0", 128), verify.Altered, ""},
		{"raw", "size", 1, verify.Altered, "artifacts row 2/0"},
		{"raw", "stored.sha256", other, verify.Altered, "artifacts row 2/0"},
		{"raw", "stored.encoding", "zstd", verify.Altered, ""},
		{"raw", "stored.encoding", "lzma", verify.Altered, "artifacts row 2/0"},
		{"raw", "stored.path", object{"text": "/etc/hostname"}, verify.Altered, "artifacts row 2/0"},
		{"raw", "artifact", nil, verify.Altered, "artifacts row 2/0"},
		{"text", "size", 1, verify.Altered, ""},
		{"text", "stored.size", 1, verify.Altered, ""},
		{"text", "stored.sha256", other, verify.Altered, ""},
		{"in place", "hashes.md5", strings.Repeat("0", 32), verify.Altered, ""},
		{"in place", "stored.path", object{"text": "relative"}, verify.Altered, ""},
		{"in place", "stored.path", object{"text": "/nowhere/to/be/found"}, verify.Incomplete, ""},
		{"in place", "stored.path", object{"text": os.TempDir()}, verify.Altered, ""},
		{"in place", "stored.path", object{"text": "/proc/self/mem"}, verify.CannotVerify, ""}, // opens, and fails to be read
		{"occurrence", "artifact", other, verify.Incomplete, "occurrences row 2/0"},
		{"derivation", "parent", other, verify.Incomplete, "derivations row 8/0"},
		{"derivation", "child", other, verify.Incomplete, "derivations row 8/0"},
		{"derivation", "run", other, verify.Incomplete, "derivations row 8/0"},
		{"subject", "subject", other + ":4", verify.Incomplete, "subjects row 12/0"},
		{"subject", "subject", other, verify.Incomplete, "subjects row 12/0"},
		{"unpack", "artifacts", 2, verify.Incomplete, "runs row 8/0"},
		{"unpack", "operation", "parse", verify.Altered, "runs row 8/0"},
		{"unpack", "config", object{"zone": "UTC"}, verify.Altered, "runs row 8/0"},
		{"unpack", "keys", []string{"key:0000000000000000"}, verify.Altered, "runs row 8/0"},
		{"unpack", "plugin.sha256", other, verify.Altered, "runs row 8/0"},
		{"unpack", "input", other, verify.Altered, "runs row 8/0"},
		{"unpack", "", func(o object) {
			o["input"] = other
			o["run"] = sum(canon(t, object{"config": o["config"], "input": other, "keys": o["keys"], "operation": "unpack", "plugin": o["plugin"].(object)["sha256"]}))
		}, verify.Incomplete, "runs row 8/0"},
		{"unpack", "run", nil, verify.Altered, "runs row 8/0"},
		{"unpack", "inputs", []object{{"artifact": other, "role": "main", "size": 1}}, verify.Altered, "runs row 8/0"},
		{"unpack", "inputs", []object{{"artifact": other, "size": 1}}, verify.Altered, "runs row 8/0"},
		{"unpack", "inputs", object{"artifact": other, "role": "main", "size": 1}, verify.Altered, "runs row 8/0"},
		{"unpack", "", func(o object) { // a manifest of what is not there
			o["inputs"], o["size"], o["bytes_read"] = []object{{"artifact": other, "role": "main", "size": 7}}, 7, 7
			o["input"] = sum(canon(t, object{"members": o["inputs"], "v": 1}))
			o["run"] = sum(canon(t, object{"config": o["config"], "input": o["input"], "keys": o["keys"], "operation": "unpack", "plugin": o["plugin"].(object)["sha256"]}))
		}, verify.Incomplete, "runs row 8/0"},
		{"unpack", "", func(o object) { // inputs that are longer than the run says
			o["inputs"] = []object{{"artifact": o["input"], "role": "main", "size": 1 << 40}}
			o["input"] = sum(canon(t, object{"members": o["inputs"], "v": 1}))
			o["run"] = sum(canon(t, object{"config": o["config"], "input": o["input"], "keys": o["keys"], "operation": "unpack", "plugin": o["plugin"].(object)["sha256"]}))
		}, verify.Altered, "runs row 8/0"},
		{"unpack", "units.read", 2, verify.Altered, "runs row 8/0"},
		{"unpack", "units.declared", -2, verify.Altered, "runs row 8/0"},
		{"unpack", "bytes_read", 1 << 40, verify.Altered, "runs row 8/0"},
		{"unpack", "bytes_read", -1, verify.Altered, "runs row 8/0"},
		{"parse", "units", object{"declared": -1, "read": 7, "emitted": 5, "rejected": 2, "skipped": 0}, verify.Altered, "runs row 9/0"},
		{"parse", "records.count", 4, verify.Altered, "runs row 9/0"},
		{"parse", "record_tree.size", 4, verify.Altered, "runs row 9/0"},
		{"parse", "record_tree", nil, verify.Altered, "runs row 9/0"},
		{"parse", "", func(o object) {
			o["records"].(object)["count"] = 4
			o["record_tree"].(object)["size"] = 4
		}, verify.Altered, "record set"},
		{"parse", "record_tree.root", strings.Repeat("0", 64), verify.Altered, "record set"},
		{"parse", "records.kinds", object{"message": 5}, verify.Altered, "record set"},
		{"parse", "records.kinds", object{"message": 4, "call": 1, "sms": 1}, verify.Altered, "record set"},
		{"parse", "records.artifact", other, verify.Incomplete, "record set " + other},
		{"parse", "diagnostics.count", 2, verify.Altered, "diagnostics"},
		{"parse", "diagnostics.codes", object{"line.other": 1}, verify.Altered, "diagnostics"},
		{"parse", "diagnostics.severities", object{"reject": 1, "warning": 1}, verify.Altered, "diagnostics"},
		{"parse", "diagnostics.artifact", other, verify.Incomplete, "diagnostics " + other},
		{"plugin", "sha256", other, verify.Altered, "plugin tomskype"},
	} {
		t.Run(fmt.Sprint(c.what, " ", c.path), func(t *testing.T) {
			t.Parallel()
			changed := false
			want := c.object
			dir := t.TempDir()
			f := newLyingFixture(t, filepath.Join(dir, "x"), "a", func(what string, o object) {
				if want == "" && what == c.what {
					want = "object " + o["artifact"].(string)
				}
				if what != c.what {
					return
				}
				changed = true
				if change, ok := c.value.(func(object)); ok {
					change(o)
				} else {
					set(o, c.path, c.value)
				}
			})
			switch want {
			case "record set":
				want += " " + f.objects["records"]
			case "diagnostics":
				want += " " + f.objects["diagnostics"]
			}
			if !changed {
				t.Fatal("nothing was changed")
			}
			expect(t, check(t, f.dir, verify.Options{}), c.want, want)
		})
	}
}

// TestLyingEntries writes logs whose chain and tree are right, and whose entries
// are not what the format has.
func TestLyingEntries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, member string
		seq          int64
		value        any
		want         verify.Verdict
	}{
		{"newer", "v", 3, 2, verify.CannotVerify},
		{"newer and first", "v", 0, 2, verify.CannotVerify},
		{"no version", "v", 3, 0, verify.Altered},
		{"another log", "origin", 3, "lab.example/00000000-0000-4000-8000-000000000000", verify.Altered},
		{"another number", "seq", 3, 2, verify.Altered},
		{"created again", "kind", 6, "create", verify.Altered},
		{"never created", "kind", 0, "note", verify.Altered},
		{"no kind", "kind", 3, "nonsense", verify.Altered},
		{"no chain", "prev", 3, "", verify.Altered},
		{"another chain", "prev", 3, strings.Repeat("0", 64), verify.Altered},
		{"no nonce", "nonce", 3, "", verify.Altered},
		{"no time", "time", 3, "2026-11-22T10:03:00.000000Z", verify.Altered},
		{"a later entry", "refs", 3, object{"item": 4}, verify.Altered},
		{"a number for a commitment", "commit", 3, object{"asserted.note": 1}, verify.Altered},
		{"no commitment", "commit", 3, object{"asserted.note": "00"}, verify.Altered},
		{"half a set", "sets", 3, object{"runs": object{"size": 0}}, verify.Altered},
		{"no root", "sets", 3, object{"runs": object{"root": "", "size": 0}}, verify.Altered},
		{"a set of nothing known", "sets", 3, object{"bits": object{"root": rootOf(nil), "size": 0}}, verify.Altered},
		{"a further member", "extra", 3, true, verify.Altered},
		{"a secret in plain", "plain", 3, object{"asserted.note": "x", "phase": "end"}, verify.Altered},
		{"no plain", "plain", 3, []int{}, verify.Altered},
		{"another case", "plain", 0, object{"case": "00000000-0000-4000-8000-000000000000", "format": "1"}, verify.Altered},
		{"another format", "plain", 0, object{"format": "2"}, verify.Altered},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newLyingFixture(t, filepath.Join(t.TempDir(), "x"), "a", func(what string, o object) {
				if what == "entry" && o["seq"] == c.seq {
					o[c.member] = c.value
				}
			})
			expect(t, check(t, f.dir, verify.Options{}), c.want, fmt.Sprintf("entry %d", c.seq))
		})
	}
}

// A clock that goes back is remarked on: it is what was seen.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	f := newLyingFixture(t, t.TempDir(), "a", func(what string, o object) {
		if what == "entry" && o["seq"] == int64(6) {
			at := o["time"].(object)
			at["start"], at["end"] = "2016-11-22T10:06:00.000000Z", "2016-11-22T10:06:00.000000Z"
		}
	})
	r := check(t, f.dir, verify.Options{})
	expect(t, r, verify.Intact, "")
	if !strings.Contains(findings(r), "INTACT: entry 6: was written at an earlier time") {
		t.Error(findings(r))
	}
}

// A digest by an algorithm that this program does not know is not vouched for,
// and that is said.
func TestUnknownAlgorithm(t *testing.T) {
	t.Parallel()
	f := newLyingFixture(t, t.TempDir(), "a", func(what string, o object) {
		if what == "raw" {
			o["hashes"] = object{"blake3": strings.Repeat("0", 64)}
		}
	})
	r := check(t, f.dir, verify.Options{})
	expect(t, r, verify.Intact, "")
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), `"blake3"`) {
		t.Error(r.NotChecked)
	}
}

// TestLyingLines commits properly to record sets that are none.
func TestLyingLines(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{
		"no object":      "[]\n",
		"not canonical":  `{"kind": "message"}` + "\n",
		"no kind":        `{"text":"x"}` + "\n",
		"kind no text":   `{"kind":1}` + "\n",
		"no end":         `{"kind":"message"}`,
		"empty line":     "\n",
		"bad UTF-8":      "{\"kind\":\"\xff\"}\n",
		"far too long":   `{"kind":"message","text":"` + strings.Repeat("x", 2<<20) + "\"}\n",
		"and never ends": strings.Repeat("x", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "lines")
			b.entry(draft{kind: "create"})
			row := b.store([]byte(lines), "zstd", "derived")
			input := b.store([]byte("input"), "raw", "original")
			key := canon(t, object{"config": object{}, "input": input["artifact"], "keys": []string{}, "operation": "parse", "plugin": sum(nil)})
			seed := b.random(32)
			whole := bytes.TrimSuffix([]byte(lines), []byte("\n"))
			n := strings.Count(lines, "\n")
			root := rootOf(nil)
			if n > 0 {
				root = b.recordRoot(seed, [][]byte{whole})
			}
			b.entry(draft{kind: "derive", plain: object{"phase": "result"}, sets: map[string][]object{
				"artifacts": {row, input},
				"runs": {{
					"run": sum(key), "plugin": object{"name": "p", "version": "1", "sha256": sum(nil)}, "operation": "parse", "config": object{}, "input": input["artifact"],
					"keys": []string{}, "offered": []string{}, "outcome": "complete", "bytes_read": 5, "size": 5, "artifacts": 0, "attempts": 1,
					"units":       object{"declared": -1, "read": n, "emitted": n, "rejected": 0, "skipped": 0},
					"records":     object{"artifact": row["artifact"], "count": n, "kinds": object{"message": n}},
					"record_tree": object{"root": root, "size": n},
					"seed":        seed,
				}},
			}})
			b.close()
			expect(t, check(t, b.dir, verify.Options{}), verify.Altered, "record set "+row["artifact"].(string))
		})
	}
}

// TestLyingObjects states the right digests of zstd objects that are not as the
// format has them.
func TestLyingObjects(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("some content, "), 50_000) // three frames
	for name, change := range map[string]func(b []byte) []byte{
		"no seek table":         func(b []byte) []byte { return b[:len(b)-9-8-3*12] },
		"stray bytes before it": func(b []byte) []byte { return append([]byte("stray"), b...) },
		"stray bytes after it":  func(b []byte) []byte { return append(b, 0) },
		"frames of other sizes": func(b []byte) []byte { b[len(b)-9-36+4] ^= 1; return b },
		"frames elsewhere":      func(b []byte) []byte { b[len(b)-9-36]++; b[len(b)-9-24]--; return b },
		"another checksum":      func(b []byte) []byte { b[len(b)-9-36+8] ^= 1; return b },
		"reserved bits":         func(b []byte) []byte { b[len(b)-5] |= 4; return b },
		"another magic":         func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"more frames":           func(b []byte) []byte { b[len(b)-9] = 4; return b },
		"millions of frames":    func(b []byte) []byte { copy(b[len(b)-9:], "\xff\xff\xff\xff"); return b },
		"its own length":        func(b []byte) []byte { b[len(b)-9-36-4] ^= 1; return b },
		"nothing":               func(b []byte) []byte { return nil },
		"too short":             func(b []byte) []byte { return b[len(b)-10:] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "lines")
			b.entry(draft{kind: "create"})
			row := b.store(content, "zstd", "derived")
			digest := row["artifact"].(string)
			file := filepath.Join(b.dir, "objects", "sha256", digest[7:9], digest[7:])
			before, err := os.ReadFile(file)
			b.must(err)
			after := change(bytes.Clone(before))
			write(t, file, after)
			row["stored"] = object{"encoding": "zstd", "sha256": sum(after), "size": len(after)}
			b.entry(draft{kind: "note", sets: map[string][]object{"artifacts": {row}}})
			b.close()
			expect(t, check(t, b.dir, verify.Options{}), verify.Altered, "object "+digest)
			write(t, file, before)
			r := check(t, b.dir, verify.Options{})
			expect(t, r, verify.Altered, "object "+digest) // not the bytes that were recorded
			if name != "nothing" && !strings.Contains(findings(r), "bytes") {
				t.Error(findings(r))
			}
		})
	}
}

// TestLaterRow keeps an artifact in place first and stores it later: the later
// row counts, and the earlier one must not contradict it.
func TestLaterRow(t *testing.T) {
	t.Parallel()
	content := []byte("first read where it lay, then taken in")
	for _, c := range []struct {
		name   string
		change func(earlier object)
		want   verify.Verdict
	}{
		{"says less", func(o object) { delete(o, "hashes") }, verify.Intact},
		{"says the same", func(object) {}, verify.Intact},
		{"another digest", func(o object) { o["hashes"] = object{"md5": strings.Repeat("0", 32)} }, verify.Altered},
		{"a further digest", func(o object) { o["hashes"] = object{"sha512": strings.Repeat("0", 128)} }, verify.Altered},
		{"another size", func(o object) {
			o["size"] = 1
			o["stored"].(object)["size"] = 1
		}, verify.Altered},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "later")
			b.entry(draft{kind: "create"})
			later := b.store(content, "raw", "original")
			earlier := object{
				"artifact": sum(content), "size": len(content), "origin": "original", "hashes": hashes(content),
				"stored": object{"encoding": "in-place", "sha256": sum(content), "size": len(content), "path": object{"text": "/gone/since"}},
			}
			c.change(earlier)
			b.entry(draft{kind: "note", sets: map[string][]object{"artifacts": {earlier}}})
			b.entry(draft{kind: "note", sets: map[string][]object{"artifacts": {later}}})
			b.close()
			named := ""
			if c.want != verify.Intact {
				named = "artifacts row 1/0"
			}
			expect(t, check(t, b.dir, verify.Options{}), c.want, named)
		})
	}
}
