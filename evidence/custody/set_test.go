package custody_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"pgregory.net/rapid"
)

func setRoot(tb rapid.TB, seed [32]byte, bodies ...string) (custody.SetRoot, [][32]byte) {
	tb.Helper()
	s := custody.NewSet(seed)
	var leaves [][32]byte
	for _, b := range bodies {
		leaf, err := s.Add([]byte(b))
		if err != nil {
			tb.Fatal(err)
		}
		leaves = append(leaves, leaf)
	}
	return s.Root(), leaves
}

var someMembers = []string{
	`{"item":"EX-1","path":{"text":"a.log"},"type":"file"}`,
	`{}`,
	`{"\u0001":true,"\n\"é\\":[1,{"a":null}],"x":"` + "\U0001F600" + `"}`,
	`{"item":"EX-1","path":{"text":"b.log"},"type":"file"}`,
}

func TestSetRootIsThatOfItsMembers(t *testing.T) {
	seed := [32]byte{7}
	for n := range len(someMembers) + 1 {
		root, leaves := setRoot(t, seed, someMembers[:n]...)
		want := merkleRoot(t, leaves)
		if root.Root != hex.EncodeToString(want[:]) || root.Size != int64(n) {
			t.Errorf("%d members: %+v, want %x", n, root, want)
		}
		for i, body := range someMembers[:n] {
			data, leaf, err := custody.MemberLeaf(seed, int64(i), []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if leaf != leaves[i] || leaf != custody.LeafHash(data) {
				t.Errorf("member %d: leaf %x, in the set %x", i, leaf, leaves[i])
			}
			// Each field can be opened alone, with its salt.
			commitments := decode(t, data)
			fields := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(body), &fields); err != nil {
				t.Fatal(err)
			}
			if len(commitments) != len(fields) {
				t.Errorf("member %d: %d commitments to %d fields", i, len(commitments), len(fields))
			}
			for name, value := range fields {
				if got := custody.Commitment(custody.SetSalt(seed, int64(i), name), name, value).Hex(); got != commitments[name] {
					t.Errorf("member %d, field %q: opens to %s, committed to %s", i, name, got, commitments[name])
				}
			}
		}
	}
}

// The number, name and seed all enter a salt: equal values in two members, or two
// sets, cannot be seen to be equal.
func TestSetSaltsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, seed := range [][32]byte{{1}, {2}} {
		for n := range int64(12) {
			for _, field := range []string{"a", "b", "", "0", "1", "é"} {
				at := fmt.Sprint(seed[0], n, field)
				salt := custody.SetSalt(seed, n, field)
				if len(salt) != 32 || seen[salt] != "" {
					t.Errorf("%s has the salt of %s: %s", at, seen[salt], salt)
				}
				seen[salt] = at
			}
		}
	}
}

func TestSetRefuses(t *testing.T) {
	s := custody.NewSet([32]byte{1})
	if _, err := s.Add([]byte(someMembers[0])); err != nil {
		t.Fatal(err)
	}
	before := s.Root()
	for _, body := range []string{``, `[]`, `null`, `{"b":1,"a":2}`, `{"a":1,"a":1}`, `{"a":1.5}`, `{ }`, `{"a":1}x`, `{"a":"` + "\xff" + `"}`, `{"a":1`} {
		if leaf, err := s.Add([]byte(body)); !errors.Is(err, evidence.ErrNotCanonical) || leaf != [32]byte{} {
			t.Errorf("%q: %v", body, err)
		}
		if data, leaf, err := custody.MemberLeaf([32]byte{1}, 0, []byte(body)); !errors.Is(err, evidence.ErrNotCanonical) || data != nil || leaf != [32]byte{} {
			t.Errorf("%q: %v", body, err)
		}
	}
	if s.Root() != before {
		t.Error("a refused member changed the set")
	}
}

func TestRecordTreeIsThatOfItsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
		lines := rapid.SliceOfN(rapid.Map(rapid.String(), func(s string) []byte { return evidence.AppendString(nil, s) }), 0, 70).Draw(t, "lines")
		tree := custody.NewRecordTree(seed)
		var leaves [][32]byte
		for i, line := range lines {
			leaf := custody.RecordLeaf(seed, int64(i), line)
			// The leaf by its definition, from the salt that would be disclosed.
			data := fmt.Appendf(nil, `["%s","record",%s]`, custody.RecordSalt(seed, int64(i)), line)
			if leaf != custody.LeafHash(data) {
				t.Fatalf("leaf %d is not that of its data", i)
			}
			leaves = append(leaves, leaf)
			if i%2 == 1 {
				line = append(bytes.Clone(line), '\n')
			}
			tree.Add(line)
		}
		root, n := tree.Root()
		if want := merkleRoot(t, leaves); root != want || n != int64(len(lines)) {
			t.Fatalf("%d lines: %x, want %x", n, root, want)
		}
	})
}

func TestRecordTreeAllocatesNothing(t *testing.T) {
	line := recordLine(t)
	tree := custody.NewRecordTree([32]byte{1})
	if n := testing.AllocsPerRun(1000, func() { tree.Add(line) }); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}
