package custody_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"pgregory.net/rapid"
)

// flips calls f with b after each of its bits was flipped, one at a time.
func flips(b []byte, f func(bit int, flipped []byte)) {
	c := bytes.Clone(b)
	for bit := range 8 * len(c) {
		c[bit/8] ^= 1 << (bit % 8)
		f(bit, c)
		c[bit/8] ^= 1 << (bit % 8)
	}
}

// A flipped bit anywhere in an entry contradicts the checkpoint over it.
func TestFlippedBitInEntryIsSeen(t *testing.T) {
	body, _ := sample(t)
	build := func(body []byte) [32]byte {
		l := &log{tb: t}
		for _, b := range [][]byte{[]byte("0"), []byte("1"), body, []byte("3"), []byte("4")} {
			l.add(b)
		}
		return l.root(5)
	}
	note, err := custody.SignCheckpoint(origin, 5, build(body), privateKey(1))
	if err != nil {
		t.Fatal(err)
	}
	cp, err := custody.OpenCheckpoint(note, custody.VKey(origin, publicKey(1)))
	if err != nil || cp.Root != build(body) {
		t.Fatalf("unharmed: %v", err)
	}
	flips(body, func(bit int, b []byte) {
		if build(b) == cp.Root {
			t.Errorf("bit %d: same root", bit)
		}
	})
}

func TestFlippedBitInOpeningIsSeen(t *testing.T) {
	body, openings := sample(t)
	e, err := custody.ParseEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	check := func(o custody.Opening) {
		n++
		if custody.CheckOpening(e, o) == nil {
			t.Errorf("opens: %q %q %q", o.Field, o.Salt, o.Value)
		}
	}
	for _, o := range openings {
		flips([]byte(o.Field), func(_ int, b []byte) { check(custody.Opening{Field: string(b), Salt: o.Salt, Value: o.Value}) })
		flips([]byte(o.Salt), func(_ int, b []byte) { check(custody.Opening{Field: o.Field, Salt: string(b), Value: o.Value}) })
		flips(o.Value, func(_ int, b []byte) { check(custody.Opening{Field: o.Field, Salt: o.Salt, Value: b}) })
		for _, other := range openings {
			if other.Field != o.Field {
				check(custody.Opening{Field: o.Field, Salt: other.Salt, Value: o.Value})
				check(custody.Opening{Field: o.Field, Salt: o.Salt, Value: other.Value})
				check(custody.Opening{Field: other.Field, Salt: o.Salt, Value: o.Value})
			}
		}
		check(custody.Opening{Field: o.Field, Salt: o.Salt + "0", Value: o.Value})
		check(custody.Opening{Field: o.Field, Salt: o.Salt, Value: append(bytes.Clone(o.Value), ' ')})
		check(custody.Opening{Field: o.Field, Salt: o.Salt})
	}
	if n < 1000 {
		t.Fatalf("%d openings tried", n)
	}
}

// A commitment that was made to something other than an opening's form does
// not open: nobody can have two readings of one value.
func TestOpeningHasOneForm(t *testing.T) {
	body, _ := sample(t)
	e, err := custody.ParseEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	const field, salt = "asserted.note", "00112233445566778899aabbccddeeff"
	open := func(salt, value string) error {
		e.Commit[field] = custody.Commitment(salt, field, []byte(value))
		return custody.CheckOpening(e, custody.Opening{Field: field, Salt: salt, Value: []byte(value)})
	}
	if err := open(salt, `"x"`); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{``, `"x" `, `"x","y"`, `{"b":1,"a":2}`, `1.0`, `"\u0041"`, `9007199254740992`, "\"\xff\""} {
		if err := open(salt, value); !errors.Is(err, evidence.ErrNotCanonical) {
			t.Errorf("value %q: %v", value, err)
		}
	}
	for _, salt := range []string{"", "00", strings.ToUpper(salt), salt + "00", salt[:30] + "zz"} {
		if err := open(salt, `"x"`); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("salt %q: %v", salt, err)
		}
	}
	delete(e.Commit, field)
	if err := custody.CheckOpening(e, custody.Opening{Field: field, Salt: salt, Value: []byte(`"x"`)}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("field that is not committed to: %v", err)
	}
}

// An opening cannot be cut differently: what ends one part cannot begin the next.
func TestCommitmentKeepsItsPartsApart(t *testing.T) {
	base := custody.Commitment("00", "a", []byte(`"b"`))
	for _, c := range [][3]string{{"0", "0a", `"b"`}, {"00a", "", `"b"`}, {"00", `a","b`, `""`}, {`00","a`, "", `"b"`}, {"00", "a", `"b",1`}} {
		if custody.Commitment(c[0], c[1], []byte(c[2])) == base {
			t.Errorf("%q commits to the same", c)
		}
	}
}

func TestFlippedBitInSetIsSeen(t *testing.T) {
	seed := [32]byte{5, 6, 7}
	want, _ := setRoot(t, seed, someMembers...)
	for i, body := range someMembers {
		flips([]byte(body), func(bit int, b []byte) {
			s := custody.NewSet(seed)
			for j, other := range someMembers {
				if j == i {
					other = string(b)
				}
				if _, err := s.Add([]byte(other)); err != nil {
					return // seen: no longer canonical
				}
			}
			if s.Root() == want {
				t.Errorf("member %d, bit %d: same root", i, bit)
			}
		})
	}
	flips(seed[:], func(bit int, b []byte) {
		if got, _ := setRoot(t, [32]byte(b), someMembers...); got == want {
			t.Errorf("seed, bit %d: same root", bit)
		}
	})
	swapped := []string{someMembers[0], someMembers[3], someMembers[2], someMembers[1]}
	if got, _ := setRoot(t, seed, swapped...); got == want {
		t.Error("members swapped: same root")
	}
	if got, _ := setRoot(t, seed, someMembers[:3]...); got == want || got.Root == want.Root {
		t.Error("member left out: same root")
	}
}

func TestFlippedBitInRecordSetIsSeen(t *testing.T) {
	seed := [32]byte{9}
	lines := [][]byte{[]byte(`{"kind":"sms","text":"a"}`), []byte(`{"kind":"sms","text":"b"}`), []byte(`{}`)}
	rootOf := func(seed [32]byte, lines [][]byte) [32]byte {
		tree := custody.NewRecordTree(seed)
		for _, l := range lines {
			tree.Add(l)
		}
		root, _ := tree.Root()
		return root
	}
	want := rootOf(seed, lines)
	for i := range lines {
		was := lines[i]
		flips(was, func(bit int, b []byte) {
			lines[i] = b
			if rootOf(seed, lines) == want {
				t.Errorf("line %d, bit %d: same root", i, bit)
			}
		})
		lines[i] = was
	}
	flips(seed[:], func(bit int, b []byte) {
		if rootOf([32]byte(b), lines) == want {
			t.Errorf("seed, bit %d: same root", bit)
		}
	})
}

func TestFlippedBitInCheckpointIsSeen(t *testing.T) {
	vkey := custody.VKey(origin, publicKey(1))
	note := signed(t, 1234, 1)
	flips(note, func(bit int, b []byte) {
		if cp, err := custody.OpenCheckpoint(b, vkey); err == nil {
			t.Errorf("bit %d: opens as %+v\n%s", bit, cp, b)
		}
	})
	flips([]byte(vkey), func(bit int, b []byte) {
		if _, err := custody.OpenCheckpoint(note, string(b)); err == nil {
			t.Errorf("key, bit %d: opens", bit)
		}
	})
}

// A flipped bit in a receipt is refused, or changes nothing of note and key.
func TestFlippedBitInReceiptIsSeenOrHarmless(t *testing.T) {
	text, note, vkey := receipt(t, 1234)
	refused := 0
	flips(text, func(bit int, b []byte) {
		gotNote, gotKey, err := custody.ParseReceipt(b)
		if err != nil {
			refused++
			return
		}
		if bytes.Equal(gotNote, note) && gotKey == vkey {
			return
		}
		if _, err := custody.OpenCheckpoint(gotNote, vkey); err == nil && !bytes.Equal(gotNote, note) {
			t.Errorf("bit %d: another note that opens:\n%s", bit, gotNote)
		}
	})
	// Note and key make up 396 bytes; whatever happens there is refused.
	if refused < 8*300 {
		t.Errorf("%d flips refused", refused)
	}
}

// Any draft that is let in comes out as it went in; its openings open it, and no others.
func TestAnyDraftIsReadBack(t *testing.T) {
	text := rapid.StringN(1, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		d := draft()
		d.Secret = map[string]any{}
		for _, f := range custody.Fields() {
			if f.Place() == "commit" && f.Type == "text" && rapid.Bool().Draw(t, f.Name) {
				d.Secret[f.Name] = text.Draw(t, "value of "+f.Name)
			}
		}
		d.Plain["counts"] = rapid.MapOf(rapid.StringMatching(`[a-z][a-z0-9_-]{0,20}`), rapid.Int64Range(0, 1<<53-1)).Draw(t, "counts")
		d.MonotonicUS = rapid.Int64Range(0, 1<<53-1).Draw(t, "monotonic")
		h := head()
		h.Size = rapid.Int64Range(7, 1<<53-1).Draw(t, "size")
		rand := randomness(rapid.Byte().Draw(t, "random"))
		body, openings, err := custody.Build(h, d, rand)
		if err != nil {
			t.Fatal(err)
		}
		e, err := custody.ParseEntry(body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq != h.Size || !e.Start.Equal(d.Start) || e.MonotonicUS != d.MonotonicUS || len(e.Commit) != len(d.Secret) {
			t.Fatalf("%+v", e)
		}
		for name, n := range d.Plain["counts"].(map[string]int64) {
			if e.Plain["counts"].(map[string]any)[name] != n {
				t.Fatalf("count %s", name)
			}
		}
		for i, o := range openings {
			if err := custody.CheckOpening(e, o); err != nil {
				t.Fatal(err)
			}
			o.Field = openings[(i+1)%len(openings)].Field
			if len(openings) > 1 && custody.CheckOpening(e, o) == nil {
				t.Fatalf("%s opened as another field", o.Field)
			}
		}
		again, _, err := custody.Build(h, d, rand)
		if err != nil || bytes.Equal(again, body) {
			t.Fatal("two entries alike")
		}
	})
}
