package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/proof"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
)

const origin = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// log is a custody log in memory.
type log struct {
	bodies   [][]byte
	openings [][]custody.Opening
	nodes    [][32]byte
	key      ed25519.PrivateKey
	rand     *rand.ChaCha8
}

func newLog(seed byte) *log {
	return &log{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)), rand: rand.NewChaCha8([32]byte{seed})}
}

func (l *log) read(idx []int64) ([][32]byte, error) {
	out := make([][32]byte, len(idx))
	for i, n := range idx {
		out[i] = l.nodes[n]
	}
	return out, nil
}

func (l *log) add(t testing.TB, d custody.Draft) {
	t.Helper()
	prev := ""
	if n := len(l.bodies); n > 0 {
		leaf := custody.LeafHash(l.bodies[n-1])
		prev = hex.EncodeToString(leaf[:])
	} else {
		d.Kind = "create"
	}
	d.Start, d.End = time.Unix(1, 0), time.Unix(2, 0)
	d.LocalOffset, d.Clock.Source = "+00:00", "system"
	d.Tool = custody.Tool{Name: "test", Version: "1", OS: "linux", Arch: "amd64"}
	body, openings, err := custody.Build(custody.Head{Origin: origin, Size: int64(len(l.bodies)), Prev: prev}, d, l.rand)
	must(t, err)
	nodes, err := custody.NewNodes(int64(len(l.bodies)), body, l.read)
	must(t, err)
	for _, n := range nodes {
		l.nodes = append(l.nodes, n.Hash)
	}
	l.bodies, l.openings = append(l.bodies, body), append(l.openings, openings)
}

func (l *log) under(t testing.TB, size int64) proof.Under {
	t.Helper()
	root, err := custody.Root(size, l.read)
	must(t, err)
	note, err := custody.SignCheckpoint(origin, size, root, l.key)
	must(t, err)
	return proof.Under{Note: note, Key: custody.VKey(origin, l.key.Public().(ed25519.PublicKey))}
}

func notes(t testing.TB, n int) *log {
	l := newLog(1)
	for range n {
		l.add(t, custody.Draft{Kind: "note", Secret: map[string]any{"asserted.note": "a remark"}})
	}
	return l
}

// Every entry of every size up to 40, as C2SP's own reader and an independent Merkle
// library see it.
func TestEntriesByOthers(t *testing.T) {
	l := notes(t, 40)
	for size := int64(1); size <= 40; size++ {
		u := l.under(t, size)
		root, err := custody.Root(size, l.read)
		must(t, err)
		for i := range size {
			text, err := proof.TLogProof(u, i, l.bodies[i], l.read)
			must(t, err)
			var got formats.TLogProof
			must(t, got.Unmarshal(text))
			if !bytes.Equal(got.Checkpoint, u.Note) || got.Index != uint64(i) || !bytes.Equal(got.Marshal(), text) {
				t.Fatalf("%d of %d: %+v", i, size, got)
			}
			path := make([][]byte, len(got.Hashes))
			for j := range got.Hashes {
				path[j] = got.Hashes[j][:]
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(l.bodies[i])
			if err := merkle.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(size), leaf, path, root[:]); err != nil {
				t.Errorf("%d of %d: %v", i, size, err)
			}
		}
		for _, i := range []int64{-1, size, 1 << 62} {
			if _, err := proof.TLogProof(u, i, l.bodies[0], l.read); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("entry %d of %d: %v", i, size, err)
			}
		}
		if _, err := proof.TLogProof(u, 0, []byte("another"), l.read); !errors.Is(err, evidence.ErrIntegrity) {
			t.Errorf("another entry: %v", err)
		}
	}
	if _, err := proof.TLogProof(l.under(t, 0), 0, l.bodies[0], l.read); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("an empty log: %v", err)
	}
}

func TestConsistencyByOthers(t *testing.T) {
	l := notes(t, 34)
	other := newLog(2)
	for range 34 {
		other.add(t, custody.Draft{Kind: "note"})
	}
	for b := int64(1); b <= 34; b++ {
		for a := int64(1); a <= b; a++ {
			p, err := proof.OfConsistency(l.under(t, a), l.under(t, b), l.read)
			must(t, err)
			head, note, _ := strings.Cut(p.TLog, "\n\n")
			rows := strings.Split(head, "\n")
			if rows[0] != fmt.Sprintf("old %d", a) || note != string(l.under(t, b).Note) {
				t.Fatalf("%s", p.TLog)
			}
			var path [][]byte
			for _, row := range rows[1:] {
				h, err := base64.StdEncoding.DecodeString(row)
				must(t, err)
				path = append(path, h)
			}
			rootA, err := custody.Root(a, l.read)
			must(t, err)
			rootB, err := custody.Root(b, l.read)
			must(t, err)
			if err := merkle.VerifyConsistency(rfc6962.DefaultHasher, uint64(a), uint64(b), path, rootA[:], rootB[:]); err != nil {
				t.Errorf("%d to %d: %v", a, b, err)
			}
			// Another log of the same name and key.
			if _, err := proof.OfConsistency(proof.Under{Note: other.under(t, a).Note, Key: other.under(t, a).Key}, l.under(t, b), l.read); !errors.Is(err, evidence.ErrIntegrity) {
				t.Errorf("a fork from %d to %d: %v", a, b, err)
			}
		}
	}
	if _, err := proof.OfConsistency(l.under(t, 9), l.under(t, 8), l.read); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("backwards: %v", err)
	}
}

// A path made while the leaves pass by is the one that the library accepts.
func TestPath(t *testing.T) {
	leaf := func(i int64) [32]byte { return sha256.Sum256([]byte{0, byte(i), byte(i >> 8)}) }
	for _, size := range []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 100, 255, 256, 257, 1000} {
		tree := newTree()
		for i := range size {
			tree.add(leaf(i))
		}
		step := max(1, size/37)
		for i := int64(0); i < size; i += step {
			p := proof.NewPath(i, size)
			for j := range size {
				if _, _, ok := p.Done(); ok {
					t.Fatal("done before the leaves have passed")
				}
				p.Add(leaf(j))
			}
			at, path, ok := p.Done()
			root, _ := p.Root()
			if !ok || at != leaf(i) || root != tree.root() {
				t.Fatalf("%d of %d", i, size)
			}
			var bytesPath [][]byte
			for _, h := range path {
				bytesPath = append(bytesPath, h[:])
			}
			if err := merkle.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(size), at[:], bytesPath, root[:]); err != nil {
				t.Errorf("%d of %d: %v", i, size, err)
			}
			p.Add(leaf(0))
			if _, _, ok := p.Done(); ok {
				t.Error("one leaf too many")
			}
		}
	}
}

// tree is an RFC 6962 tree by the definition, level by level.
type tree struct{ leaves [][32]byte }

func newTree() *tree           { return &tree{} }
func (t *tree) add(h [32]byte) { t.leaves = append(t.leaves, h) }
func (t *tree) root() [32]byte { return rootOf(t.leaves) }
func rootOf(l [][32]byte) [32]byte {
	if len(l) == 1 {
		return l[0]
	}
	k := 1
	for 2*k < len(l) {
		k *= 2
	}
	return [32]byte(rfc6962.DefaultHasher.HashChildren(sliceOf(rootOf(l[:k])), sliceOf(rootOf(l[k:]))))
}
func sliceOf(h [32]byte) []byte { return h[:] }

// lines is a record set of n lines of little entropy.
func lines(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"kind":"message","text":"PIN %04d"}`, i)
	}
	return out
}

func seqOf[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// recordProof proves one line of a run's record set of n lines.
func recordProof(t testing.TB, n int, at int64) (p proof.Proof, all [][]byte, runSeed, setSeed [32]byte) {
	t.Helper()
	runSeed, setSeed = [32]byte{9, 9}, [32]byte{8, 8}
	all = lines(n)
	tree := custody.NewRecordTree(runSeed)
	whole := bytes.Join(append(all, nil), []byte("\n"))
	for _, l := range all {
		tree.Add(l)
	}
	root, size := tree.Root()
	rt := evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: size}
	body := fmt.Appendf(nil, `{"input":%q,"record_tree":{"root":%q,"size":%d},"records":{"artifact":%q,"count":%d}}`, evidence.Sum([]byte("the input")), rt.Root, size, evidence.Sum(whole), size)
	rows := [][]byte{[]byte(`{"record_tree":{},"x":1}`), body, []byte(`{"y":2}`)}
	set := custody.NewSet(setSeed)
	var leaves [][32]byte
	for _, row := range rows {
		h, err := set.Add(row)
		must(t, err)
		leaves = append(leaves, h)
	}
	l := notes(t, 5)
	l.add(t, custody.Draft{Kind: "derive", Plain: map[string]any{"phase": "result"}, Sets: map[string]custody.SetRoot{"runs": set.Root()}})
	l.add(t, custody.Draft{Kind: "note"})
	p, err := proof.OfEntry(l.under(t, 7), l.bodies[5], nil, l.read)
	must(t, err)
	p, err = proof.OfMember(p, proof.SetMember{Set: "runs", N: 1, Body: body, Seed: setSeed, Leaves: seqOf(leaves)}, []string{"record_tree"})
	must(t, err)
	p, err = proof.OfRecord(p, proof.RecordLine{N: at, Tree: rt, Seed: runSeed, Lines: seqOf(all)})
	must(t, err)
	return p, all, runSeed, setSeed
}

// A proof of one record holds no other record's bytes, no hash that its bytes could be tried
// against, and nothing from which such a thing follows: with the file in hand, trying every
// candidate for another record finds nothing.
func TestRecordProofWithholdsTheOthers(t *testing.T) {
	const n, at = 100, 42
	p, all, runSeed, setSeed := recordProof(t, n, at)
	file, err := p.Encode()
	must(t, err)
	if !bytes.Contains(file, []byte(`PIN 0042`)) {
		t.Fatal("the record itself is not in it")
	}
	hashes := everyHash(file)
	if len(hashes) < 10 {
		t.Fatalf("only %d hashes found in the file: the search for them is wrong", len(hashes))
	}
	salt := p.Record.Salt
	memberSalts := []string{salt}
	for _, o := range p.Member.Fields {
		memberSalts = append(memberSalts, o.Salt)
	}
	// A candidate as an attacker would try it: bare, as a leaf, with every salt in the file,
	// alone, in the record set of all the others, and combined with each hash at hand.
	for i, line := range all {
		if i == at {
			continue
		}
		if bytes.Contains(file, line) || bytes.Contains(file, []byte(fmt.Sprintf("PIN %04d", i))) {
			t.Fatalf("record %d is in the file", i)
		}
		tries := [][]byte{line, append(bytes.Clone(line), '\n'), append([]byte{0}, line...)}
		for _, s := range memberSalts {
			tries = append(tries, fmt.Appendf(nil, "\x00[%q,\"record\",%s]", s, line), fmt.Appendf(nil, "[%q,\"record\",%s]", s, line))
		}
		for _, b := range tries {
			h := sha256.Sum256(b)
			if hashes[h] {
				t.Fatalf("record %d can be found by trying", i)
			}
			for other := range hashes {
				if hashes[[32]byte(rfc6962.DefaultHasher.HashChildren(h[:], other[:]))] || hashes[[32]byte(rfc6962.DefaultHasher.HashChildren(other[:], h[:]))] {
					t.Fatalf("record %d can be found by trying, with a sibling", i)
				}
			}
		}
		if bytes.Contains(file, []byte(custody.RecordSalt(runSeed, int64(i)))) {
			t.Errorf("the salt of record %d is in the file", i)
		}
	}
	whole := evidence.Sum(bytes.Join(append(all, nil), []byte("\n")))
	for what, secret := range map[string][]byte{"seed of the run": runSeed[:], "seed of the set": setSeed[:], "digest of the record set": whole[:]} {
		if hashes[[32]byte(secret)] || bytes.Contains(file, []byte(hex.EncodeToString(secret))) {
			t.Errorf("the %s is in the file", what)
		}
	}
	if input := evidence.Sum([]byte("the input")); hashes[input] {
		t.Error("the digest of the input is in the file, and was not asked for")
	}
	// The hunt can find something: the disclosed record's own leaf, with its salt, leads to the root.
	own := sha256.Sum256(fmt.Appendf(nil, "\x00[%q,\"record\",%s]", salt, all[at]))
	first, err := hex.DecodeString(p.Record.Path[0])
	must(t, err)
	if parent := [32]byte(rfc6962.DefaultHasher.HashChildren(own[:], first)); own != custody.RecordLeaf(runSeed, at, all[at]) || hashes[parent] {
		t.Error("the leaf of the record itself is not what it should be")
	}
}

// everyHash returns every 32 bytes that the file holds in hexadecimal or base64.
func everyHash(file []byte) map[[32]byte]bool {
	out := map[[32]byte]bool{}
	for i := range file {
		if i+64 <= len(file) {
			if b, err := hex.DecodeString(string(file[i : i+64])); err == nil {
				out[[32]byte(b)] = true
			}
		}
		if i+44 <= len(file) {
			if b, err := base64.StdEncoding.DecodeString(string(file[i : i+44])); err == nil && len(b) == 32 {
				out[[32]byte(b)] = true
			}
		}
	}
	return out
}

func TestRefusals(t *testing.T) {
	l := notes(t, 3)
	u := l.under(t, 3)
	p, err := proof.OfEntry(u, l.bodies[1], l.openings[1], l.read)
	must(t, err)
	if len(p.Openings) != 1 || p.Openings[0].Value != `"a remark"` {
		t.Errorf("%+v", p.Openings)
	}
	wrong := l.openings[1][0]
	wrong.Value = []byte(`"another"`)
	if _, err := proof.OfEntry(u, l.bodies[1], []custody.Opening{wrong}, l.read); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("a wrong opening: %v", err)
	}
	if _, err := proof.OfMember(p, proof.SetMember{Set: "runs", Body: []byte(`{}`), Leaves: seqOf[[32]byte](nil)}, nil); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("a set that the entry has not: %v", err)
	}
	if _, err := proof.OfRecord(p, proof.RecordLine{}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("a record of no run: %v", err)
	}
	u.Key = custody.VKey(origin, ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	if _, err := proof.OfEntry(u, l.bodies[1], nil, l.read); !errors.Is(err, custody.ErrUnknownSigner) {
		t.Errorf("another key: %v", err)
	}
}
