package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"testing"

	seekable "github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// The outside truths are another implementation of RFC 6962, its definition
// (builder), and the order in which tlog stores nodes.
func TestTree(t *testing.T) {
	t.Parallel()
	const n = 300
	var data [][]byte
	var leaves [][32]byte
	var stored []tlog.Hash
	other := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	want := [][32]byte{[32]byte(rfc6962.DefaultHasher.EmptyRoot())}
	for i := range n {
		data = append(data, fmt.Appendf(nil, "leaf %d", i))
		leaves = append(leaves, [32]byte(rfc6962.DefaultHasher.HashLeaf(data[i])))
		if err := other.Append(leaves[i][:], nil); err != nil {
			t.Fatal(err)
		}
		root, err := other.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, [32]byte(root))
		hashes, err := tlog.StoredHashes(int64(i), data[i], tlog.HashReaderFunc(func(idx []int64) (out []tlog.Hash, err error) {
			for _, i := range idx {
				out = append(out, stored[i])
			}
			return out, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	roots, foretold, nodes := verify.Tree(leaves)
	for size := range want {
		if roots[size] != want[size] || foretold[size] != want[size] || !bytes.Equal(merkle(data[:size]), want[size][:]) {
			t.Fatalf("of %d leaves: %x, %x, want %x", size, roots[size], foretold[size], want[size])
		}
	}
	if len(nodes) != len(stored) {
		t.Fatalf("%d nodes, want %d", len(nodes), len(stored))
	}
	for i := range nodes {
		if nodes[i] != stored[i] {
			t.Fatalf("node %d is %x, want %x", i, nodes[i], stored[i])
		}
	}
}

// Where our parser accepts a note, x/mod's does, and sees the same in it.
func FuzzNote(f *testing.F) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	const origin = "lab.example/3f0c1d52-7a64-4b8e-9c0a-5d2e8f1b7a90"
	good, err := custody.SignCheckpoint(origin, 12, [32]byte{1}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(bytes.Clone(good), good[bytes.Index(good, []byte("\n\n"))+2:]...))
	f.Add(bytes.ReplaceAll(good, []byte("\n12\n"), []byte("\n012\n")))
	f.Add(bytes.ReplaceAll(good, []byte("\n12\n"), []byte("\n-1\n")))
	f.Add(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")))
	f.Add([]byte("\n\n— \n"))
	v, err := note.NewVerifier(vkey(origin, key))
	if err != nil {
		f.Fatal(err)
	}
	if _, _, _, ok := verify.OpenNote(good, vkey(origin, key)); !ok {
		f.Fatal("the good one is refused")
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		name, size, root, ok := verify.OpenNote(msg, vkey(origin, key))
		if !ok {
			return
		}
		n, err := note.Open(msg, note.VerifierList(v))
		if err != nil {
			t.Fatalf("accepted %q, x/mod says %v", msg, err)
		}
		if want := fmt.Sprintf("%s\n%d\n%s\n", name, size, tlog.Hash(root)); n.Text != want {
			t.Fatalf("read %q as %q", n.Text, want)
		}
	})
}

func FuzzElements(f *testing.F) {
	for _, s := range []string{"[]", "[1]", `[1,"a,]",{"b":[2,{"c":"\\\""}]},[[]],null]`, `{"a":1}`, `["\\"]`, "[1,]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := verify.Elements(b)
		if err != nil {
			return
		}
		var want []json.RawMessage
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d elements, want %d", b, len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%q: %q, want %q", b, got[i], want[i])
			}
		}
	})
}

// Where our decoder accepts an object, a plain zstd decoder prints the same, and
// so does the library that knows seek tables.
func FuzzSeekable(f *testing.F) {
	b := &builder{t: &testing.T{}}
	for _, content := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("abc"), 100_000), make([]byte, 512<<10)} {
		f.Add(b.seekable(content))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		content, stored, err := verify.DecodeSeekable(object)
		if !bytes.Equal(stored, object) {
			t.Fatalf("%d of %d stored bytes were hashed", len(stored), len(object))
		}
		if err != nil {
			return
		}
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		want, err := d.DecodeAll(object, nil)
		if err != nil || !bytes.Equal(content, want) {
			t.Fatalf("decoded to %d bytes, zstd says %d, %v", len(content), len(want), err)
		}
		r, err := seekable.NewReader(bytes.NewReader(object), d)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if len(content) > 0 {
			at := len(content) / 2
			part := make([]byte, min(100, len(content)-at))
			if _, err := r.ReadAt(part, int64(at)); err != nil || !bytes.Equal(part, content[at:at+len(part)]) {
				t.Fatalf("at %d: %q, %v", at, part, err)
			}
		}
	})
}
