package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

const proofOrigin = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"

// proofLog is a small log with a run of which records can be proved.
type proofLog struct {
	bodies   [][]byte
	openings [][]custody.Opening
	nodes    [][32]byte
	key      ed25519.PrivateKey
	rand     *rand.ChaCha8
}

func (l *proofLog) read(idx []int64) ([][32]byte, error) {
	out := make([][32]byte, len(idx))
	for i, n := range idx {
		out[i] = l.nodes[n]
	}
	return out, nil
}

func (l *proofLog) add(t testing.TB, d custody.Draft) {
	t.Helper()
	prev, size := "", int64(len(l.bodies))
	if size > 0 {
		leaf := custody.LeafHash(l.bodies[size-1])
		prev = hex.EncodeToString(leaf[:])
	} else {
		d.Kind = "create"
	}
	d.Start, d.End, d.LocalOffset, d.Clock.Source = time.Unix(1, 0), time.Unix(2, 0), "+00:00", "system"
	d.Tool = custody.Tool{Name: "test", Version: "1", OS: "linux", Arch: "amd64"}
	body, openings, err := custody.Build(custody.Head{Origin: proofOrigin, Size: size, Prev: prev}, d, l.rand)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := custody.NewNodes(size, body, l.read)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		l.nodes = append(l.nodes, n.Hash)
	}
	l.bodies, l.openings = append(l.bodies, body), append(l.openings, openings)
}

func (l *proofLog) under(t testing.TB, size int64) proof.Under {
	t.Helper()
	root, err := custody.Root(size, l.read)
	if err != nil {
		t.Fatal(err)
	}
	note, err := custody.SignCheckpoint(proofOrigin, size, root, l.key)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Under{Note: note, Key: l.vkey()}
}

func (l *proofLog) vkey() string {
	return custody.VKey(proofOrigin, l.key.Public().(ed25519.PublicKey))
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

// makeProofs makes one proof of each type.
func makeProofs(t testing.TB) (l *proofLog, all map[string]proof.Proof) {
	t.Helper()
	l = &proofLog{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)), rand: rand.NewChaCha8([32]byte{3})}
	runSeed, setSeed := [32]byte{1}, [32]byte{2}
	tree := custody.NewRecordTree(runSeed)
	var lines [][]byte
	for i := range 6 {
		lines = append(lines, fmt.Appendf(nil, `{"kind":"row","text":"%d"}`, i))
		tree.Add(lines[i])
	}
	root, n := tree.Root()
	rt := evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: n}
	set := custody.NewSet(setSeed)
	var rows [][]byte
	var leaves [][32]byte
	for i := range 3 {
		rows = append(rows, fmt.Appendf(nil, `{"input":"i%d","record_tree":{"root":%q,"size":%d}}`, i, rt.Root, n))
		h, err := set.Add(rows[i])
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, h)
	}
	for range 4 {
		l.add(t, custody.Draft{Kind: "note", Secret: map[string]any{"asserted.note": "remark", "asserted.site": "Łódź <&>"}})
	}
	l.add(t, custody.Draft{Kind: "derive", Plain: map[string]any{"phase": "result"}, Sets: map[string]custody.SetRoot{"runs": set.Root()}})
	for range 2 {
		l.add(t, custody.Draft{Kind: "note"})
	}
	u := l.under(t, 7)
	all = map[string]proof.Proof{}
	keep := func(name string) func(proof.Proof, error) proof.Proof {
		return func(p proof.Proof, err error) proof.Proof {
			if err != nil {
				t.Fatal(err)
			}
			all[name] = p
			return p
		}
	}
	keep("entry")(proof.OfEntry(u, l.bodies[2], l.openings[2], l.read))
	e := keep("bare")(proof.OfEntry(u, l.bodies[4], nil, l.read))
	m := keep("member")(proof.OfMember(e, proof.SetMember{Set: "runs", N: 1, Body: rows[1], Seed: setSeed, Leaves: seqOf(leaves)}, []string{"record_tree"}))
	keep("record")(proof.OfRecord(m, proof.RecordLine{N: 3, Tree: rt, Seed: runSeed, Lines: seqOf(lines)}))
	keep("consistency")(proof.OfConsistency(l.under(t, 3), u, l.read))
	return l, all
}

func encode(t testing.TB, p proof.Proof) []byte {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkProof(t testing.TB, b []byte, o verify.ProofOptions) *verify.ProofReport {
	t.Helper()
	r, err := verify.Proof(b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProofsHold(t *testing.T) {
	l, all := makeProofs(t)
	for name, p := range all {
		b := encode(t, p)
		r := checkProof(t, b, verify.ProofOptions{})
		if r.Verdict != verify.Intact || r.Exit != 0 || r.Attestation.Level != verify.SelfAsserted || len(r.Proved) == 0 {
			t.Errorf("%s: %v %v %v", name, r.Verdict, r.Attestation.Level, r.Findings)
		}
		if !verify.IsProof(b) {
			t.Errorf("%s is not taken for a proof", name)
		}
		// Under any name: an identity has a verifier key for each log.
		own := custody.VKey("lab", l.key.Public().(ed25519.PublicKey))
		if r := checkProof(t, b, verify.ProofOptions{Trust: []string{own}, Require: verify.Trusted}); r.Verdict != verify.Intact || r.Attestation.Level != verify.Trusted {
			t.Errorf("%s, trusted: %v %v", name, r.Verdict, r.Findings)
		}
		receipt, err := custody.FormatReceipt(l.under(t, 7).Note, l.vkey(), time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if r := checkProof(t, b, verify.ProofOptions{Receipts: [][]byte{receipt}, Require: verify.Anchored}); r.Verdict != verify.Intact || r.Attestation.Level != verify.Anchored {
			t.Errorf("%s, with a receipt: %v %v", name, r.Verdict, r.Findings)
		}
	}
	r := checkProof(t, encode(t, all["entry"]), verify.ProofOptions{})
	if len(r.Disclosed) != 2 || string(r.Disclosed[1].Value) != `"Łódź <&>"` {
		t.Errorf("%+v", r.Disclosed)
	}
	if r := checkProof(t, encode(t, all["record"]), verify.ProofOptions{}); r.Record != `{"kind":"row","text":"3"}` {
		t.Errorf("%q", r.Record)
	}
}

// What is wrong with a proof, with the exact verdict; the Python of testdata must agree.
func TestProofAdversary(t *testing.T) {
	l, all := makeProofs(t)
	other := &proofLog{key: ed25519.NewKeyFromSeed(make([]byte, 32)), rand: rand.NewChaCha8([32]byte{4})}
	for range 7 {
		other.add(t, custody.Draft{Kind: "note"})
	}
	type change func(p *proof.Proof)
	tlog := func(old, repl string) change {
		return func(p *proof.Proof) {
			if !strings.Contains(p.TLog, old) {
				t.Fatalf("no %q in\n%s", old, p.TLog)
			}
			p.TLog = strings.Replace(p.TLog, old, repl, 1)
		}
	}
	line := func(do func(lines []string) []string) change {
		return func(p *proof.Proof) {
			head, note, _ := strings.Cut(p.TLog, "\n\n")
			rows := strings.Split(head, "\n")
			if rows[0] == "c2sp.org/tlog-proof@v1" {
				rows[1] = rows[0] + "\n" + rows[1]
				rows = rows[1:]
			}
			p.TLog = strings.Join(do(rows), "\n") + "\n\n" + note
		}
	}
	member := func(do func(m *proof.Member)) change {
		return func(p *proof.Proof) {
			m := *p.Member
			m.Path = append([]string(nil), m.Path...)
			m.Fields = append([]proof.Opening(nil), m.Fields...)
			p.Member = &m
			do(&m)
		}
	}
	record := func(do func(r *proof.Record)) change {
		return func(p *proof.Proof) { r := *p.Record; r.Path = append([]string(nil), r.Path...); p.Record = &r; do(&r) }
	}
	resigned := func(size string) change {
		return func(p *proof.Proof) {
			root, err := custody.Root(7, l.read)
			if err != nil {
				t.Fatal(err)
			}
			note, err := custody.SignCheckpoint(proofOrigin, map[string]int64{"0": 0, "1": 1, "4": 4, "9": 9, "max": evidence.MaxSafeInteger}[size], root, l.key)
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(p.TLog, "\n\n")
			p.TLog = head + "\n\n" + string(note)
		}
	}
	const bad, unread = verify.Altered, verify.CannotVerify
	var files [][]byte
	var exits []int
	var names []string
	for _, c := range []struct {
		name, of string
		do       change
		want     verify.Verdict
	}{
		{"another index", "entry", tlog("index 2", "index 3"), bad},
		{"index 0", "entry", tlog("index 2", "index 0"), bad},
		{"index at the size", "entry", tlog("index 2", "index 7"), bad},
		{"a huge index", "entry", tlog("index 2", "index 9007199254740991"), bad},
		{"an index beyond 64 bits", "entry", tlog("index 2", "index 18446744073709551618"), unread},
		{"a negative index", "entry", tlog("index 2", "index -2"), unread},
		{"an index with a zero before it", "entry", tlog("index 2", "index 02"), unread},
		{"a missing sibling", "entry", line(func(s []string) []string { return s[:len(s)-1] }), bad},
		{"the first sibling missing", "entry", line(func(s []string) []string { return append(s[:1:1], s[2:]...) }), bad},
		{"no sibling", "entry", line(func(s []string) []string { return s[:1] }), bad},
		{"an extra sibling", "entry", line(func(s []string) []string { return append(s, s[1]) }), bad},
		{"siblings exchanged", "entry", line(func(s []string) []string { s[1], s[2] = s[2], s[1]; return s }), bad},
		{"a hundred siblings", "entry", line(func(s []string) []string {
			for len(s) < 101 {
				s = append(s, s[1])
			}
			return s
		}), unread},
		{"a short hash", "entry", line(func(s []string) []string { s[1] = "AAAA"; return s }), unread},
		{"extra data", "entry", tlog("index", "extra AAAA\nindex"), unread},
		{"size 0", "entry", resigned("0"), bad},
		{"size 1", "entry", resigned("1"), bad},
		{"a size with another way", "entry", resigned("4"), bad},
		{"a larger size with another way", "entry", resigned("9"), bad},
		{"a huge size", "entry", resigned("max"), bad},
		{"another checkpoint's text", "entry", tlog("\n7\n", "\n8\n"), bad},
		{"a checkpoint of another log", "entry", func(p *proof.Proof) {
			head, _, _ := strings.Cut(p.TLog, "\n\n")
			u := other.under(t, 7)
			p.TLog, p.Key = head+"\n\n"+string(u.Note), u.Key
		}, bad},
		{"another key of the same name", "entry", func(p *proof.Proof) { p.Key = other.vkey() }, bad},
		{"the key under another name", "entry", func(p *proof.Proof) {
			p.Key = custody.VKey("other/1b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11", l.key.Public().(ed25519.PublicKey))
		}, bad},
		{"another entry", "entry", func(p *proof.Proof) { p.Entry = string(l.bodies[3]) }, bad},
		{"an entry with a word changed", "entry", func(p *proof.Proof) { p.Entry = strings.Replace(p.Entry, `"linux"`, `"minix"`, 1) }, bad},
		{"a node in place of the leaf", "entry", func(p *proof.Proof) { p.Entry = string(l.nodes[2][:]) }, unread},
		{"no entry", "entry", func(p *proof.Proof) { p.Entry = "" }, unread},
		{"another value", "entry", func(p *proof.Proof) { p.Openings = []proof.Opening{p.Openings[0]}; p.Openings[0].Value = `"other"` }, bad},
		{"another salt", "entry", func(p *proof.Proof) {
			p.Openings = []proof.Opening{p.Openings[0]}
			p.Openings[0].Salt = strings.Repeat("0", 32)
		}, bad},
		{"another field", "entry", func(p *proof.Proof) {
			p.Openings = []proof.Opening{p.Openings[0]}
			p.Openings[0].Field = "asserted.room"
		}, bad},
		{"a value that is not canonical", "entry", func(p *proof.Proof) { p.Openings = []proof.Opening{p.Openings[0]}; p.Openings[0].Value += " " }, unread},
		{"a member of the set beside it", "member", member(func(m *proof.Member) { m.N = 2 }), bad},
		{"a member beyond the set", "member", member(func(m *proof.Member) { m.N = 3 }), bad},
		{"a set that the entry has not", "member", member(func(m *proof.Member) { m.Set = "artifacts" }), bad},
		{"a member's sibling missing", "member", member(func(m *proof.Member) { m.Path = m.Path[1:] }), bad},
		{"a member's sibling too many", "member", member(func(m *proof.Member) { m.Path = append(m.Path, m.Path[0]) }), bad},
		{"a leaf with a commitment changed", "member", member(func(m *proof.Member) { m.Leaf = strings.Replace(m.Leaf, `"input":"`, `"input":"0`, 1) }), bad},
		{"a field of the member that differs", "member", member(func(m *proof.Member) {
			m.Fields[0].Value = strings.Replace(m.Fields[0].Value, `"size":6`, `"size":7`, 1)
		}), bad},
		{"a record beside it", "record", record(func(r *proof.Record) { r.N = 2 }), bad},
		{"a record beyond the set", "record", record(func(r *proof.Record) { r.N = 6 }), bad},
		{"another record", "record", record(func(r *proof.Record) { r.Line = `{"kind":"row","text":"4"}` }), bad},
		{"another record's salt", "record", record(func(r *proof.Record) { r.Salt = custody.RecordSalt([32]byte{1}, 2) }), bad},
		{"a record's sibling missing", "record", record(func(r *proof.Record) { r.Path = r.Path[1:] }), bad},
		{"a record's sibling too many", "record", record(func(r *proof.Record) { r.Path = append(r.Path, r.Path[0]) }), bad},
		{"a record that is a node", "record", record(func(r *proof.Record) { r.Line = `"` + r.Path[0] + `"`; r.Path = r.Path[1:] }), bad},
		{"a record of a run that discloses no root", "record", member(func(m *proof.Member) { m.Fields = []proof.Opening{} }), bad},
		{"consistency from another size", "consistency", tlog("old 3", "old 4"), bad},
		{"consistency with a sibling missing", "consistency", line(func(s []string) []string { return s[:len(s)-1] }), bad},
		{"consistency with a sibling too many", "consistency", line(func(s []string) []string { return append(s, s[1]) }), bad},
		{"consistency with a log that forked", "consistency", func(p *proof.Proof) {
			u := other.under(t, 3)
			p.Old, p.OldKey = string(u.Note), u.Key
		}, bad},
		{"consistency with an earlier checkpoint by another key", "consistency", func(p *proof.Proof) { p.OldKey = other.vkey() }, bad},
		{"consistency backwards", "consistency", func(p *proof.Proof) {
			_, note, _ := strings.Cut(p.TLog, "\n\n")
			p.TLog, p.Old = "old 7\n\n"+p.Old, note
		}, bad},
		{"a later format", "entry", func(p *proof.Proof) { p.V = 2 }, unread},
		{"another type", "record", func(p *proof.Proof) { p.Type = "member" }, unread},
		{"a type that needs more", "entry", func(p *proof.Proof) { p.Type = "member" }, unread},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := all[c.of]
			c.do(&p)
			b := encode(t, p)
			r := checkProof(t, b, verify.ProofOptions{})
			if r.Verdict != c.want {
				t.Errorf("%v, not %v: %v", r.Verdict, c.want, r.Findings)
			}
			if len(r.Proved)+len(r.Disclosed) > 0 || r.Record != "" {
				t.Error("a proof that does not hold says that it proves something")
			}
			files, exits, names = append(files, b), append(exits, r.Exit), append(names, c.name)
		})
	}
	for i, code := range python(t, files) {
		if code != exits[i] {
			t.Errorf("%s: Python says %d, Go %d", names[i], code, exits[i])
		}
	}
}

// python checks proofs with the script of testdata; it returns nothing where it cannot be run.
func python(t *testing.T, proofs [][]byte) (codes []int) {
	t.Helper()
	program, err := exec.LookPath("python3")
	if err == nil {
		_, err = exec.LookPath("openssl")
	}
	if err != nil {
		t.Log("NOT TESTED: no python3 or openssl here")
		return nil
	}
	dir := t.TempDir()
	args := []string{"testdata/verify_proof.py"}
	for i, b := range proofs {
		args = append(args, filepath.Join(dir, strconv.Itoa(i)))
		if err := os.WriteFile(args[i+1], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(out)) {
		code, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	if len(codes) != len(proofs) {
		t.Fatalf("%d answers about %d proofs: %s", len(codes), len(proofs), out)
	}
	return codes
}

func TestProofsHoldInPython(t *testing.T) {
	_, all := makeProofs(t)
	var files [][]byte
	for _, p := range all {
		files = append(files, encode(t, p))
	}
	for i, code := range python(t, files) {
		if code != 0 {
			t.Errorf("%s: %d", files[i], code)
		}
	}
}

// No bit of a proof may be turned over without its being seen.
func TestProofBitFlips(t *testing.T) {
	_, all := makeProofs(t)
	flips := 0
	for name, p := range all {
		b := encode(t, p)
		for i := range b {
			bits := []int{0, 5}
			if testing.Short() {
				bits = []int{i % 8}
			}
			for _, bit := range bits {
				changed := bytes.Clone(b)
				changed[i] ^= 1 << bit
				flips++
				if r := checkProof(t, changed, verify.ProofOptions{}); r.Integrity == verify.Intact {
					t.Fatalf("%s: byte %d bit %d is not seen: %q", name, i, bit, changed[max(0, i-20):min(len(changed), i+20)])
				}
			}
		}
		for _, cut := range []int{0, 1, len(b) / 2, len(b) - 1} {
			if r := checkProof(t, b[:cut], verify.ProofOptions{}); r.Verdict != verify.CannotVerify {
				t.Errorf("%s cut to %d: %v", name, cut, r.Verdict)
			}
		}
	}
	t.Log(flips, "bits turned over")
}

func TestProofAttestation(t *testing.T) {
	l, all := makeProofs(t)
	b := encode(t, all["entry"])
	stranger := custody.VKey("s", ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	if r := checkProof(t, b, verify.ProofOptions{Trust: []string{stranger}}); r.Verdict != verify.BelowRequired || r.Exit != 24 || r.Integrity != verify.Intact {
		t.Errorf("%v %v", r.Verdict, r.Findings)
	}
	if r := checkProof(t, b, verify.ProofOptions{Require: verify.Anchored}); r.Verdict != verify.BelowRequired {
		t.Errorf("%v", r.Verdict)
	}
	// A receipt of the same size and key over other entries.
	forged, err := custody.SignCheckpoint(proofOrigin, 7, [32]byte{1}, l.key)
	if err != nil {
		t.Fatal(err)
	}
	if r := checkProof(t, b, verify.ProofOptions{Receipts: [][]byte{forged}}); r.Verdict != verify.Forked || r.Exit != 23 {
		t.Errorf("%v", r.Verdict)
	}
	// One of another size says nothing by itself; the consistency proof does.
	smaller := l.under(t, 3).Note
	r := checkProof(t, b, verify.ProofOptions{Receipts: [][]byte{smaller}})
	if r.Verdict != verify.Intact || r.Attestation.Level != verify.SelfAsserted || !strings.Contains(strings.Join(r.NotChecked, " "), "has 3 entries") {
		t.Errorf("%v %v", r.Verdict, r.NotChecked)
	}
	if r := checkProof(t, encode(t, all["consistency"]), verify.ProofOptions{Receipts: [][]byte{smaller}, Require: verify.Anchored}); r.Verdict != verify.Intact {
		t.Errorf("%v %v", r.Verdict, r.Findings)
	}
	if _, err := verify.Proof(b, verify.ProofOptions{Trust: []string{"x"}}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("%v", err)
	}
	var text bytes.Buffer
	if err := r.Text(&text); err != nil || !strings.Contains(text.String(), "INTACT") {
		t.Errorf("%v %s", err, text.String())
	}
	if j, err := r.JSON(); err != nil || !json.Valid(j) {
		t.Error(err)
	}
}

func FuzzProof(f *testing.F) {
	_, all := makeProofs(f)
	for _, p := range all {
		f.Add(encode(f, p))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := verify.Proof(b, verify.ProofOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Integrity != verify.Intact && len(r.Proved) > 0 {
			t.Error("proves something though it does not hold")
		}
	})
}
