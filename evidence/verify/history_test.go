package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// cut removes all entries from size on, with everything that hangs on them,
// as an older copy of case.db would not have them.
func (x *tampered) cut(size int64) {
	x.t.Helper()
	for _, table := range []string{"openings", "sets", "artifacts", "occurrences", "derivations", "runs", "subjects", "entries"} {
		x.remove(table, "seq >= ?", size)
	}
	nodes := int64(0)
	for n := size; n > 0; n /= 2 {
		nodes += n // one node for each pair, pair of pairs, …
	}
	x.remove("nodes", "idx >= ?", nodes)
	x.remove("checkpoints", "size > ?", size)
}

func (x *tampered) remove(table, where string, args ...any) {
	x.t.Helper()
	if err := x.unguarded(table, "DELETE FROM "+table+" WHERE "+where, args...); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tampered) file(name string) string { return filepath.Join(x.dir, filepath.FromSlash(name)) }

func notePath(size int) string { return fmt.Sprintf("checkpoints/%d.note", size) }

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) receipt(t *testing.T, size int64) []byte {
	t.Helper()
	b, err := custody.FormatReceipt(f.notes[size], f.vkey, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOlderDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for size := int64(1); size < allEntries; size++ {
		x := tamper(t, f.dir)
		x.cut(size)
		r := check(t, x.dir, verify.Options{})
		if size >= lastSeal {
			// Entries that nobody signed may go without a trace: this is what the tail says.
			expect(t, r, verify.Intact, "")
			continue
		}
		expect(t, r, verify.RolledBack, fmt.Sprintf("checkpoint %d", lastSeal))

		// Notes rolled back too: only a receipt is left to tell.
		remove(t, x.file(notePath(lastSeal)))
		if size < firstSeal {
			remove(t, x.file(notePath(firstSeal)))
		}
		remove(t, x.file("plugins.lock.json"))
		if size > firstSeal {
			continue // the plugin was pinned in the entry after it
		}
		expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")
		expect(t, check(t, x.dir, verify.Options{Receipts: [][]byte{f.receipt(t, lastSeal)}}), verify.RolledBack, "receipt 1")
		expect(t, check(t, x.dir, verify.Options{Receipts: [][]byte{f.notes[lastSeal]}, Trust: []string{f.vkey}}), verify.RolledBack, "receipt 1")
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	one, other := newFixture(t, t.TempDir(), "a"), newFixture(t, t.TempDir(), "b")
	if bytes.Equal(one.notes[lastSeal], other.notes[lastSeal]) || !bytes.Equal(one.notes[firstSeal], other.notes[firstSeal]) {
		t.Fatal("the two histories must part after the first seal")
	}
	// What holds of both histories fits both.
	r := check(t, other.dir, verify.Options{Receipts: [][]byte{one.receipt(t, firstSeal)}})
	expect(t, r, verify.Intact, "")
	if r.Attestation.Level != verify.Anchored || r.Attestation.Covered != firstSeal || r.Attestation.Tail != allEntries-lastSeal {
		t.Errorf("%+v", r.Attestation)
	}
	expect(t, check(t, other.dir, verify.Options{Receipts: [][]byte{one.receipt(t, firstSeal), one.receipt(t, lastSeal)}}), verify.Forked, "receipt 2")

	// The database of one history beside the notes of the other.
	x := tamper(t, other.dir)
	x.remove("checkpoints", "size = ?", lastSeal)
	write(t, x.file(notePath(lastSeal)), one.notes[lastSeal])
	expect(t, check(t, x.dir, verify.Options{}), verify.Forked, fmt.Sprintf("checkpoint %d", lastSeal))

	// A log that does not agree with itself is no second history.
	x.exec("INSERT OR REPLACE INTO nodes (idx, hash) VALUES (0, zeroblob(32))")
	r = check(t, x.dir, verify.Options{})
	expect(t, r, verify.Altered, "node 0")
	if !names(r, fmt.Sprintf("checkpoint %d", lastSeal)) {
		t.Error(findings(r))
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	for _, c := range []struct {
		name    string
		o       verify.Options
		want    verify.Verdict
		level   verify.Level
		covered int64
	}{
		{"none", verify.Options{}, verify.Intact, verify.SelfAsserted, lastSeal},
		{"right key", verify.Options{Trust: []string{f.vkey}}, verify.Intact, verify.Trusted, lastSeal},
		{"right key under the name of its holder", verify.Options{Trust: []string{vkey("examiner.example", key)}}, verify.Intact, verify.Trusted, lastSeal},
		{"wrong key", verify.Options{Trust: []string{vkey(f.origin, stranger)}}, verify.BelowRequired, verify.SelfAsserted, lastSeal},
		{"one of two", verify.Options{Trust: []string{vkey(f.origin, stranger), f.vkey}}, verify.Intact, verify.Trusted, lastSeal},
		{"self-asserted required of all", verify.Options{Require: verify.SelfAsserted}, verify.BelowRequired, verify.SelfAsserted, lastSeal},
		{"trusted required, no key", verify.Options{Require: verify.Trusted}, verify.BelowRequired, verify.SelfAsserted, lastSeal},
		{"receipt", verify.Options{Receipts: [][]byte{f.receipt(t, firstSeal)}}, verify.Intact, verify.Anchored, firstSeal},
		{"receipt by an unknown signer", verify.Options{Receipts: [][]byte{[]byte("no receipt")}}, verify.CannotVerify, verify.SelfAsserted, lastSeal},
	} {
		r := check(t, f.dir, c.o)
		if r.Verdict != c.want || r.Attestation.Level != c.level || r.Attestation.Covered != c.covered || r.Attestation.Tail != 1 {
			t.Errorf("%s: %s, %+v\n%s", c.name, r.Verdict, r.Attestation, findings(r))
		}
		if c.want == verify.BelowRequired && (r.Integrity != verify.Intact || r.Exit != 24) {
			t.Errorf("%s: integrity %s, exit %d", c.name, r.Integrity, r.Exit)
		}
	}
	// Without the unattested tail the whole log is covered.
	x := tamper(t, f.dir)
	x.cut(lastSeal)
	r := check(t, x.dir, verify.Options{Trust: []string{f.vkey}, Require: verify.Trusted})
	expect(t, r, verify.Intact, "")
	if r.Attestation.Tail != 0 {
		t.Error(r.Attestation)
	}
}

// A receipt that cannot be used says nothing against the case, and nothing for it.
func TestReceiptsThatDoNotFit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	good := f.receipt(t, lastSeal)
	for name, b := range map[string][]byte{
		"empty":               nil,
		"another log":         otherLog(t),
		"root changed":        bytes.ReplaceAll(good, f.notes[lastSeal][70:74], []byte("AAAA")),
		"bare, unknown key":   strangerNote(t, f),
		"size changed":        bytes.ReplaceAll(good, []byte("\n12\n"), []byte("\n11\n")),
		"cut in the middle":   good[:len(good)-40],
		"key of someone else": bytes.ReplaceAll(good, []byte(f.vkey), []byte(vkey(f.origin, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))))),
	} {
		if bytes.Equal(b, good) {
			t.Fatal(name, "is the good one")
		}
		expect(t, check(t, f.dir, verify.Options{Receipts: [][]byte{b}}), verify.CannotVerify, "receipt 1")
	}
}

func otherLog(t *testing.T) []byte {
	b := newBuilder(t, t.TempDir(), "other")
	defer b.close()
	b.origin = "lab.example/00000000-0000-4000-8000-000000000000"
	b.entry(draft{kind: "create"})
	msg := b.sealLog()
	r, err := custody.FormatReceipt(msg, vkey(b.origin, b.key), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// strangerNote is a note over the right root, signed by a key that nobody knows.
func strangerNote(t *testing.T, f *fixture) []byte {
	cp, err := custody.ParseCheckpoint(f.notes[lastSeal])
	if err != nil {
		t.Fatal(err)
	}
	b, err := custody.SignCheckpoint(f.origin, cp.Size, cp.Root, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheckpointsThatDoNotFit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	last := fmt.Sprintf("checkpoint %d", lastSeal)
	both := func(x *tampered, b []byte) {
		write(t, x.file(notePath(lastSeal)), b)
		x.exec("INSERT OR REPLACE INTO checkpoints (size, note) VALUES (?, ?)", lastSeal, b)
	}
	for _, c := range []struct {
		name   string
		change func(x *tampered)
		want   verify.Verdict
		object string
	}{
		{"signed by a stranger", func(x *tampered) { both(x, strangerNote(t, f)) }, verify.Altered, last},
		{"of another size", func(x *tampered) { both(x, f.notes[firstSeal]) }, verify.Altered, last},
		{"not a note", func(x *tampered) { both(x, []byte("nonsense")) }, verify.Altered, last},
		{"a later one, never in the log", func(x *tampered) {
			b, err := custody.SignCheckpoint(f.origin, 99, [32]byte{1}, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)))
			if err != nil {
				t.Fatal(err)
			}
			write(t, x.file(notePath(99)), b)
		}, verify.RolledBack, "checkpoint 99"},
		{"a cosignature in one copy only", func(x *tampered) {
			write(t, x.file(notePath(lastSeal)), append(bytes.Clone(f.notes[lastSeal]), "— witness.example AAAAAAAA\n"...))
		}, verify.Altered, last},
		{"cosigned in both copies", func(x *tampered) {
			both(x, append(bytes.Clone(f.notes[lastSeal]), "— witness.example AAAAAAAA\n"...))
		}, verify.Intact, ""},
		{"one signature twice", func(x *tampered) {
			_, line, _ := bytes.Cut(f.notes[lastSeal], []byte("\n\n"))
			both(x, append(bytes.Clone(f.notes[lastSeal]), line...))
		}, verify.Altered, last},
		{"file missing", func(x *tampered) { remove(t, x.file(notePath(firstSeal))) }, verify.Incomplete, fmt.Sprintf("checkpoint %d", firstSeal)},
		{"row missing", func(x *tampered) { x.remove("checkpoints", "size = ?", firstSeal) }, verify.Incomplete, fmt.Sprintf("checkpoint %d", firstSeal)},
		{"gone altogether", func(x *tampered) { // as if sealing had been interrupted: only a remark
			remove(t, x.file(notePath(firstSeal)))
			x.remove("checkpoints", "size = ?", firstSeal)
		}, verify.Intact, ""},
		{"a link instead of a file", func(x *tampered) {
			remove(t, x.file(notePath(firstSeal)))
			if err := os.Symlink(f.path(notePath(firstSeal)), x.file(notePath(firstSeal))); err != nil {
				t.Fatal(err)
			}
		}, verify.Altered, fmt.Sprintf("checkpoint %d", firstSeal)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			c.change(x)
			r := check(t, x.dir, verify.Options{})
			expect(t, r, c.want, c.object)
			if c.name == "gone altogether" && !strings.Contains(findings(r), fmt.Sprintf("INTACT: entry %d: announces a checkpoint", firstSeal-1)) {
				t.Error(findings(r))
			}
		})
	}
}

// Case.db and file may be changed alike: then only form and signature can tell.
func TestBothCopiesOfANote(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	put := func(b []byte) {
		write(t, x.file(notePath(lastSeal)), b)
		x.exec("INSERT OR REPLACE INTO checkpoints (size, note) VALUES (?, ?)", lastSeal, b)
	}
	good := f.notes[lastSeal]
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= patterns(i)[0]
		put(b)
		expect(t, check(t, x.dir, verify.Options{}), verify.Altered, fmt.Sprintf("checkpoint %d", lastSeal))
		if t.Failed() {
			t.Fatalf("byte %d: %q", i, b)
		}
	}
	put(good)
	expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")
}
