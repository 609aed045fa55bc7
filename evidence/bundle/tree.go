package bundle

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Tree writes a pruned tree (docs/formats/bundle.md): leaves that are disclosed as lines
// of their own, all others as hashes of subtrees as large as can be. It keeps one hash
// for each level, whatever the number of leaves.
type Tree struct {
	w *bufio.Writer
	// all are the roots of the perfect subtrees so far, hidden those of the leaves since
	// the last one that is shown, each at its place.
	all, hidden []subtree
	n           int64
}

type subtree struct {
	hash  [32]byte
	start int64
	size  int64
}

// NewTree begins a tree.
func NewTree(w *bufio.Writer) *Tree { return &Tree{w: w} }

// Hide adds a leaf of which only the hash may be known.
func (t *Tree) Hide(leaf [32]byte) {
	t.hidden = push(t.hidden, subtree{leaf, t.n, 1})
	t.all = push(t.all, subtree{leaf, t.n, 1})
	t.n++
}

// Show adds a leaf with the line that lets a reader compute it.
func (t *Tree) Show(line []byte, leaf [32]byte) error {
	if err := t.flush(); err != nil {
		return err
	}
	t.all = push(t.all, subtree{leaf, t.n, 1})
	t.n++
	_, err := t.w.Write(append(line, '\n'))
	return err
}

// Close writes what is left and checks that the leaves lead to root; it fails with
// evidence.ErrIntegrity where they do not.
func (t *Tree) Close(root custody.SetRoot) error {
	if err := t.flush(); err != nil {
		return err
	}
	top := custody.EmptyRoot()
	if n := len(t.all); n > 0 {
		top = t.all[n-1].hash
		for i := n - 2; i >= 0; i-- {
			top = node(t.all[i].hash, top)
		}
	}
	if got := hex.EncodeToString(top[:]); t.n != root.Size || got != root.Root {
		return fmt.Errorf("%w: %d members with root %s, where the log has %d with %s", evidence.ErrIntegrity, t.n, got, root.Size, root.Root)
	}
	return nil
}

func (t *Tree) flush() error {
	for _, s := range t.hidden {
		if _, err := t.w.WriteString(`{"hash":"` + hex.EncodeToString(s.hash[:]) + `","size":` + strconv.FormatInt(s.size, 10) + "}\n"); err != nil {
			return err
		}
	}
	t.hidden = t.hidden[:0]
	return nil
}

// push adds a subtree and joins what has become whole: two of one size, of which the
// left one begins at a multiple of both.
func push(stack []subtree, s subtree) []subtree {
	for n := len(stack); n > 0; n-- {
		left := stack[n-1]
		if left.size != s.size || left.start%(2*s.size) != 0 {
			break
		}
		s = subtree{node(left.hash, s.hash), left.start, 2 * s.size}
		stack = stack[:n-1]
	}
	return append(stack, s)
}

func node(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// Member returns the line of a member of a set: fields that open names with salt and
// value, all others as commitments; nil where it names none of the member's. body is the
// member's, canonical JSON, seed that of the set's salts.
func Member(seed [32]byte, n int64, body []byte, open func(field string) bool) ([]byte, error) {
	commit, opened := []byte(`{"commit":{`), []byte(`},"open":{`)
	c0, o0 := len(commit), len(opened)
	err := evidence.Members(body, func(quoted, value []byte) error {
		field := evidence.Unescape(quoted)
		salt := custody.SetSalt(seed, n, field)
		if !open(field) {
			commit = next(commit, c0, field)
			d := custody.Commitment(salt, field, value)
			commit = append(append(append(commit, '"'), d.Hex()...), '"')
			return nil
		}
		opened = next(opened, o0, field)
		opened = append(append(append(opened, `{"salt":"`...), salt...), `","value":`...)
		opened = append(append(opened, value...), '}')
		return nil
	})
	if err != nil || len(opened) == o0 {
		return nil, err
	}
	return append(append(commit, opened...), "}}"...), nil
}

// next begins the next member of an object, whose members begin at start.
func next(b []byte, start int, name string) []byte {
	if len(b) > start {
		b = append(b, ',')
	}
	return append(evidence.AppendString(b, name), ':')
}

// RecordLine is the line of a disclosed record: its number in records.jsonl, from 1, and
// the salt of its leaf.
func RecordLine(line int64, salt string) []byte {
	return []byte(`{"line":` + strconv.FormatInt(line, 10) + `,"salt":"` + salt + `"}`)
}

// Opening is the line of a disclosed field of entry seq.
func Opening(seq int64, o custody.Opening) []byte {
	b := append([]byte(`{"field":`), evidence.AppendString(nil, o.Field)...)
	b = append(append(append(b, `,"salt":"`...), o.Salt...), `","seq":`...)
	b = append(strconv.AppendInt(b, seq, 10), `,"value":`...)
	return append(append(b, o.Value...), '}')
}
