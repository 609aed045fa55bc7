package bundle

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// rootOf reads a pruned tree as docs/formats/bundle.md says, and no more.
func rootOf(t *testing.T, text string, leaf func(line string) [32]byte) (root string, n int64) {
	t.Helper()
	type sub struct {
		hash   [32]byte
		size   int64
		hidden bool
		start  int64
	}
	var stack []sub
	last := sub{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		must(t, evidence.CheckCanonical([]byte(line)))
		s := sub{size: 1, start: n}
		if strings.HasPrefix(line, `{"hash"`) {
			var h struct {
				Hash string
				Size int64
			}
			must(t, json.Unmarshal([]byte(line), &h))
			b, err := hex.DecodeString(h.Hash)
			must(t, err)
			s = sub{[32]byte(b), h.Size, true, n}
			if n%h.Size != 0 || h.Size&(h.Size-1) != 0 {
				t.Fatalf("a subtree of %d at leaf %d", h.Size, n)
			}
			if last.hidden && last.size == s.size && last.start%(2*s.size) == 0 {
				t.Fatalf("two subtrees of %d at leaf %d could be one", s.size, last.start)
			}
		} else {
			s.hash = leaf(line)
		}
		last = s
		n += s.size
		for stack = append(stack, s); len(stack) > 1 && stack[len(stack)-1].size == stack[len(stack)-2].size; {
			l, r := stack[len(stack)-2], stack[len(stack)-1]
			stack = append(stack[:len(stack)-2], sub{hash: [32]byte(tlog.NodeHash(l.hash, r.hash)), size: 2 * l.size})
		}
	}
	for len(stack) > 1 {
		l, r := stack[len(stack)-2], stack[len(stack)-1]
		stack = append(stack[:len(stack)-2], sub{hash: [32]byte(tlog.NodeHash(l.hash, r.hash))})
	}
	if len(stack) == 0 {
		return "", n
	}
	return hex.EncodeToString(stack[0].hash[:]), n
}

// TestEverySubset: trees of up to 10 leaves, each with every choice of what is shown.
func TestEverySubset(t *testing.T) {
	var seed [32]byte
	for n := range 11 {
		set := custody.NewSet(seed)
		var bodies [][]byte
		for i := range n {
			bodies = append(bodies, fmt.Appendf(nil, `{"a":%d,"b":"x"}`, i))
			_, err := set.Add(bodies[i])
			must(t, err)
		}
		for mask := 1; mask < 1<<n; mask++ {
			var out bytes.Buffer
			w := bufio.NewWriter(&out)
			tree := NewTree(w)
			for i, body := range bodies {
				_, leaf, err := custody.MemberLeaf(seed, int64(i), body)
				must(t, err)
				if mask>>i&1 == 0 {
					tree.Hide(leaf)
					continue
				}
				line, err := Member(seed, int64(i), body, func(field string) bool { return field == "a" })
				must(t, err)
				must(t, tree.Show(line, leaf))
			}
			must(t, tree.Close(set.Root()))
			must(t, w.Flush())
			root, size := rootOf(t, out.String(), memberLeaf(t))
			if want := set.Root(); root != want.Root || size != want.Size {
				t.Fatalf("%d leaves, %b shown: root %s of %d, want %+v\n%s", n, mask, root, size, want, out.String())
			}
			if strings.Contains(out.String(), `"x"`) {
				t.Fatal("a closed field shows")
			}
		}
	}
}

// memberLeaf computes a leaf from a member's line.
func memberLeaf(t *testing.T) func(string) [32]byte {
	return func(line string) [32]byte {
		t.Helper()
		var m struct {
			Commit map[string]string
			Open   map[string]struct {
				Salt  string
				Value json.RawMessage
			}
		}
		must(t, json.Unmarshal([]byte(line), &m))
		if len(m.Open) == 0 {
			t.Fatal("nothing is open")
		}
		data := map[string]any{}
		for f, c := range m.Commit {
			data[f] = c
		}
		for f, o := range m.Open {
			if data[f] != nil {
				t.Fatalf("%s is open and closed", f)
			}
			data[f] = custody.Commitment(o.Salt, f, o.Value).Hex()
		}
		b, err := evidence.Canonical(data)
		must(t, err)
		return custody.LeafHash(b)
	}
}

func TestMemberOpen(t *testing.T) {
	body := []byte(`{"a":{"x":[1,null]},"z":"","é\n":"y"}`)
	for _, open := range [][]string{nil, {"a"}, {"é\n"}, {"a", "é\n", "z"}} {
		line, err := Member([32]byte{1}, 3, body, func(f string) bool {
			for _, o := range open {
				if o == f {
					return true
				}
			}
			return false
		})
		must(t, err)
		if open == nil {
			if line != nil {
				t.Errorf("%s", line)
			}
			continue
		}
		must(t, evidence.CheckCanonical(line))
		_, want, err := custody.MemberLeaf([32]byte{1}, 3, body)
		must(t, err)
		if memberLeaf(t)(string(line)) != want {
			t.Errorf("%q: another leaf: %s", open, line)
		}
	}
}

func TestTreeRefusesAnotherRoot(t *testing.T) {
	tree := NewTree(bufio.NewWriter(&bytes.Buffer{}))
	tree.Hide([32]byte{1})
	if err := tree.Close(custody.SetRoot{Root: strings.Repeat("0", 64), Size: 1}); !errors.Is(err, evidence.ErrIntegrity) {
		t.Error(err)
	}
}

// TestRecordAndOpeningLines: what is written is canonical, and what its names say.
func TestRecordAndOpeningLines(t *testing.T) {
	for _, b := range [][]byte{RecordLine(12, strings.Repeat("a", 32)), Opening(7, custody.Opening{Field: "asserted.note", Salt: strings.Repeat("b", 32), Value: []byte(`"x"`)})} {
		must(t, evidence.CheckCanonical(b))
	}
}
