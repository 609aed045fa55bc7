package handling_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB) *store.Case {
	t.Helper()
	c, err := store.Create(context.Background(), filepath.Join(t.TempDir(), "case"), store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:     func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return time.Second }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "test", Protocol: 1, OS: "linux", Arch: "amd64"},
	}, store.Init{Lab: "test"})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func stage(t testing.TB, c *store.Case, content string) *blob.Staged {
	t.Helper()
	w, err := c.Blobs().NewWriter(blob.WriterOptions{Encoding: evidence.StoredRaw})
	must(t, err)
	_, err = w.Write([]byte(content))
	must(t, err)
	st, err := w.Finish()
	must(t, err)
	return st
}

// receive makes an item of files, by path and content.
func receive(t testing.TB, c *store.Case, exhibit string, files ...string) {
	t.Helper()
	ctx := context.Background()
	begin, err := c.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": exhibit, "asserted.zone": "+08:00"}})
	must(t, err)
	b := store.Batch{Kind: "receive", Plain: map[string]any{"phase": "part"}, Refs: map[string]int64{"item": begin}}
	for i := 0; i < len(files); i += 2 {
		st := stage(t, c, files[i+1])
		b.Staged, b.Artifacts = append(b.Staged, st), append(b.Artifacts, st.Artifact(evidence.Original))
		b.Occurrences = append(b.Occurrences, evidence.Occurrence{Item: exhibit, Path: evidence.NewName(files[i]), Type: "file", Artifact: st.Digest})
	}
	_, err = c.Append(ctx, b)
	must(t, err)
	_, err = c.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": begin}})
	must(t, err)
}

func state(t testing.TB, c *store.Case) *store.State {
	t.Helper()
	s, err := c.State(context.Background())
	must(t, err)
	return s
}

func key(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

func sign(t testing.TB, n byte, text []byte) []byte {
	t.Helper()
	sig, err := sshsig.Sign(key(n), handling.Namespace, text)
	must(t, err)
	return sig
}

func fingerprint(t testing.TB, n byte) string {
	t.Helper()
	s, err := sshsig.Verify(sign(t, n, nil), nil, handling.Namespace)
	must(t, err)
	return s.Fingerprint()
}

func statement(t testing.TB, c *store.Case, change func(*handling.Statement)) []byte {
	t.Helper()
	s := handling.Statement{
		Exhibit: "EX-1", From: handling.Party{Name: "A. Examiner", Role: "examiner"}, To: handling.Party{Name: "B. Clerk", Organisation: "Court"},
		Method: "by hand", Released: "2026-11-22T10:00:00Z", SealOut: "4711", Condition: "seal intact",
	}
	if change != nil {
		change(&s)
	}
	s, err := handling.Prepare(context.Background(), c, s)
	must(t, err)
	b, err := s.Format()
	must(t, err)
	return b
}

func enter(c *store.Case, in handling.Signed) (handling.Entered, error) {
	return handling.Enter(context.Background(), c, in, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
}

func TestTransfer(t *testing.T) {
	c := create(t)
	receive(t, c, "EX-1", "b\nb", "content b", "a", "content a", "c\xff", "content c")
	text := statement(t, c, nil)
	if back, err := handling.Parse(text); err != nil || back.Files != 3 || back.Each[2].Path.Bytes() != "c\xff" || back.To.Organisation != "Court" {
		t.Fatalf("%+v %v", back, err)
	}
	in := handling.Signed{Text: text, Released: sign(t, 1, text), Received: sign(t, 2, text), ReceivedAt: "2026-11-22T11:00:00Z", SealIn: "4711", ConditionIn: "intact"}
	out, err := enter(c, in)
	must(t, err)
	it := state(t, c).Items[0]
	if len(it.Transfers) != 2 || it.Transfers[0].Signer != fingerprint(t, 1) || it.Transfers[1].Signer != fingerprint(t, 2) || it.Transfers[1].To != "B. Clerk" ||
		it.Transfers[1].Intent != out.Released || it.Transfers[1].At != "2026-11-22T11:00:00Z" || it.Transfers[0].Statement != string(text) {
		t.Errorf("%+v", it.Transfers)
	}
	// What the log holds is what ssh-keygen checks.
	le, err := c.Entry(context.Background(), out.Received)
	must(t, err)
	opened := map[string]string{}
	for _, o := range le.Openings {
		var s string
		if json.Unmarshal(o.Value, &s) == nil {
			opened[o.Field] = s
		}
	}
	if opened["asserted.seal.in"] != "4711" || opened["asserted.condition"] != "intact" || opened["asserted.to.key"] != fingerprint(t, 2) {
		t.Errorf("%v", opened)
	}
	keygen(t, 2, opened["asserted.statement"], opened["asserted.to.signature"])
	if r, err := verify.Case(context.Background(), c.Dir(), verify.Options{Now: time.Now}); err != nil || r.Verdict != verify.Intact {
		t.Errorf("%v %v", r, err)
	}
	if _, err := enter(c, in); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("entered twice: %v", err)
	}
}

func keygen(t *testing.T, n byte, text, sig string) {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Log("NOT TESTED: no ssh-keygen here")
		return
	}
	dir := t.TempDir()
	line, err := sshsig.PublicLine(key(n).Public().(ed25519.PublicKey), "")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "allowed"), []byte("x "+line+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "sig"), []byte(sig), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "-Y", "verify", "-f", "allowed", "-I", "x", "-n", handling.Namespace, "-s", "sig")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// First one party's part, then the other's, in two runs of the program.
func TestTransferInTwoSteps(t *testing.T) {
	c := create(t)
	receive(t, c, "EX-1", "a", "content")
	text := statement(t, c, nil)
	if _, err := enter(c, handling.Signed{Text: text, Received: sign(t, 2, text)}); !errors.Is(err, handling.ErrSigned) {
		t.Errorf("received before it was released: %v", err)
	}
	first, err := enter(c, handling.Signed{Text: text, Released: sign(t, 1, text)})
	must(t, err)
	if first.Received != -1 {
		t.Errorf("%+v", first)
	}
	// The log may have grown meanwhile.
	receive(t, c, "EX-2", "a", "other")
	second, err := enter(c, handling.Signed{Text: text, Received: sign(t, 2, text)})
	must(t, err)
	if it := state(t, c).Items[0]; it.Transfers[1].Intent != first.Released || it.Transfers[1].Seq != second.Received {
		t.Errorf("%+v", it.Transfers)
	}
}

func TestTransferRefuses(t *testing.T) {
	c, other := create(t), create(t)
	receive(t, c, "EX-1", "a", "content")
	receive(t, other, "EX-1", "a", "content")
	text := statement(t, c, nil)
	named := statement(t, c, func(s *handling.Statement) { s.From.Key, s.To.Key = fingerprint(t, 1), fingerprint(t, 2) })
	changed := bytes.Replace(text, []byte("B. Clerk"), []byte("C. Thief"), 1)
	entries := state(t, c).Size
	line := func(n byte) string {
		l, err := sshsig.PublicLine(key(n).Public().(ed25519.PublicKey), "")
		must(t, err)
		return l
	}
	one, err := sshsig.ParseAllowed([]byte("a " + line(1)))
	must(t, err)
	rolled := statement(t, c, nil)
	rolled = replaceLine(rolled, "Root", strings.Repeat("0", 64))
	longer := replaceLine(text, "Entries", "99")
	file, err := sshsig.Sign(key(1), "file", text)
	must(t, err)
	for _, x := range []struct {
		name string
		c    *store.Case
		in   handling.Signed
		want error
	}{
		{"signed by nobody", c, handling.Signed{Text: text}, handling.ErrSigned},
		{"both by one key", c, handling.Signed{Text: text, Released: sign(t, 1, text), Received: sign(t, 1, text)}, handling.ErrSigned},
		{"a signature under other words", c, handling.Signed{Text: text, Released: sign(t, 1, changed), Received: sign(t, 2, text)}, handling.ErrSigned},
		{"words changed after signing", c, handling.Signed{Text: changed, Released: sign(t, 1, text), Received: sign(t, 2, text)}, handling.ErrSigned},
		{"a signature for something else", c, handling.Signed{Text: text, Released: file}, handling.ErrSigned},
		{"no signature", c, handling.Signed{Text: text, Released: []byte("x")}, handling.ErrSigned},
		{"the keys exchanged", c, handling.Signed{Text: named, Released: sign(t, 2, named), Received: sign(t, 1, named)}, handling.ErrSigned},
		{"a key that is not allowed", c, handling.Signed{Text: text, Released: sign(t, 1, text), Received: sign(t, 2, text), Allowed: one}, handling.ErrSigned},
		{"another case", other, handling.Signed{Text: text, Released: sign(t, 1, text)}, handling.ErrStale},
		{"another root", c, handling.Signed{Text: rolled, Released: sign(t, 1, rolled)}, evidence.ErrIntegrity},
		{"a longer log", c, handling.Signed{Text: longer, Released: sign(t, 1, longer)}, handling.ErrStale},
		{"no statement", c, handling.Signed{Text: []byte("x"), Released: sign(t, 1, []byte("x"))}, evidence.ErrFormat},
		{"a statement cut short", c, handling.Signed{Text: text[:len(text)-9]}, evidence.ErrFormat},
		{"CRLF", c, handling.Signed{Text: bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))}, evidence.ErrFormat},
		{"a line twice", c, handling.Signed{Text: append(bytes.Clone(text), "Method: by post\n"...)}, evidence.ErrFormat},
	} {
		if _, err := enter(x.c, x.in); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if n := state(t, c).Size; n != entries {
		t.Errorf("%d entries were written", n-entries)
	}
	for name, s := range map[string]handling.Statement{
		"two lines": {Exhibit: "EX-1", From: handling.Party{Name: "a\nTo: b"}, To: handling.Party{Name: "b"}, Method: "m", Released: "2026-11-22T10:00:00Z"},
		"bidi":      {Exhibit: "EX-1", From: handling.Party{Name: "a\u202eb"}, To: handling.Party{Name: "b"}, Method: "m", Released: "2026-11-22T10:00:00Z"},
		"no method": {Exhibit: "EX-1", From: handling.Party{Name: "a"}, To: handling.Party{Name: "b"}, Released: "2026-11-22T10:00:00Z"},
		"local":     {Exhibit: "EX-1", From: handling.Party{Name: "a"}, To: handling.Party{Name: "b"}, Method: "m", Released: "2026-11-22T10:00:00+08:00"},
	} {
		if _, err := handling.Prepare(context.Background(), c, s); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replaceLine(text []byte, name, value string) []byte {
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, name+": ") {
			lines[i] = name + ": " + value
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// The list of an item's files is one that sha256sum -c accepts, names of any bytes included.
func TestFileListIsSha256sums(t *testing.T) {
	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("NOT TESTED: no sha256sum here")
	}
	names := []string{"plain", "with space", "back\\slash", "new\nline", "ret\rurn", "\xff\xfe", "-dash", "*star"}
	c := create(t)
	dir := t.TempDir()
	var files []string
	for _, n := range names {
		files = append(files, n, "content of "+n)
		must(t, os.WriteFile(filepath.Join(dir, n), []byte("content of "+n), 0o600))
	}
	receive(t, c, "EX-1", files...)
	var list bytes.Buffer
	must(t, handling.FileList(context.Background(), c, "EX-1", &list))
	cmd := exec.CommandContext(t.Context(), program, "-c", "--strict", "-")
	cmd.Dir, cmd.Stdin = dir, &list
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCorrect(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	receive(t, c, "EX-1", "a", "content")
	begin := state(t, c).Items[0].Seq
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	seq, err := handling.Correct(ctx, c, begin, map[string]json.RawMessage{"asserted.zone": raw(`"+09:00"`), "asserted.source": raw(`"the blue phone"`)}, "wrong label")
	must(t, err)
	s := state(t, c)
	if it := s.Items[0]; it.Zone != "+09:00" || it.Source != "the blue phone" {
		t.Errorf("%+v", it)
	}
	if by, ok := s.CorrectedBy(begin); !ok || by.Seq != seq || by.Why != "wrong label" {
		t.Errorf("%+v", by)
	}
	// The entry stays, and a correction can be corrected.
	le, err := c.Entry(ctx, begin)
	must(t, err)
	if !strings.Contains(fmt.Sprint(le.Openings), "+08:00") && !openingHas(le, `"+08:00"`) {
		t.Error("the entry was changed")
	}
	if _, err := handling.Correct(ctx, c, begin, map[string]json.RawMessage{"asserted.zone": raw(`"+10:00"`)}, "again"); err != nil || state(t, c).Items[0].Zone != "+10:00" {
		t.Errorf("%v", err)
	}
	if _, err := handling.Correct(ctx, c, 0, map[string]json.RawMessage{"asserted.case.title": raw(`"Right"`)}, "typo"); err != nil || string(state(t, c).Case["asserted.case.title"]) != `"Right"` {
		t.Errorf("%v", err)
	}
	size := state(t, c).Size
	for name, f := range map[string]map[string]json.RawMessage{
		"nothing":        {},
		"observed":       {"observed.os.host": raw(`"x"`)},
		"plain":          {"phase": raw(`"end"`)},
		"unknown":        {"asserted.nothing": raw(`"x"`)},
		"another type":   {"asserted.zone": raw(`1`)},
		"exhibit number": {"asserted.exhibit": raw(`"EX-2"`)},
		"signature":      {"asserted.to.signature": raw(`"x"`)},
	} {
		if _, err := handling.Correct(ctx, c, begin, f, "why"); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := handling.Correct(ctx, c, 99, map[string]json.RawMessage{"asserted.zone": raw(`"+09:00"`)}, "why"); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if n := state(t, c).Size; n != size {
		t.Error("something was written")
	}
}

func openingHas(le store.LogEntry, value string) bool {
	for _, o := range le.Openings {
		if string(o.Value) == value {
			return true
		}
	}
	return false
}

// ran adds a run over in: records, a child, under a key that lies in the evidence.
func ran(t testing.TB, c *store.Case, in evidence.Digest, keys ...string) (records, child evidence.Digest) {
	t.Helper()
	ctx := context.Background()
	line := fmt.Appendf(nil, `{"kind":"row","text":%q}`, in.Hex())
	seed := [32]byte{1}
	tree := custody.NewRecordTree(seed)
	tree.Add(line)
	root, n := tree.Root()
	rs, cs := stage(t, c, string(line)+"\n"), stage(t, c, "child of "+in.Hex())
	a, err := c.Artifact(ctx, in)
	must(t, err)
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "p", Version: "1", SHA256: evidence.Sum([]byte("p"))}, Operation: evidence.OpParse, Config: []byte("{}"), Input: in, Keys: keys,
		Outcome: evidence.OutcomeComplete, Units: evidence.Units{Declared: -1, Read: 1, Emitted: 1}, BytesRead: a.Size, Size: a.Size, Attempts: 1, Artifacts: 1,
		Records:    &evidence.RecordSetRef{Artifact: rs.Digest, Count: 1, Kinds: map[string]int64{"row": 1}},
		RecordTree: &evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: n},
		Start:      "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z",
	}
	r.ID, err = evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Keys: keys, Input: in}.ID()
	must(t, err)
	intent, err := c.Append(ctx, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent"}})
	must(t, err)
	_, err = c.Append(ctx, store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result"}, Refs: map[string]int64{"intent": intent}, Staged: []*blob.Staged{rs, cs},
		Artifacts:   []evidence.Artifact{rs.Artifact(evidence.Derived), cs.Artifact(evidence.Derived)},
		Derivations: []evidence.Derivation{{Run: r.ID, Parent: in, Child: cs.Digest, Complete: true}}, Runs: []store.RunRow{{Run: r, Seed: seed}},
	})
	must(t, err)
	return rs.Digest, cs.Digest
}

// With an item goes everything made out of it, and nothing that another one needs: not the
// same file, not what was made of it, not the key that opened it.
func TestDispose(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	receive(t, c, "EX-1", "mine", "only here", "shared", "in both", "key", "KEYBYTES", "otherkey", "UNUSED")
	receive(t, c, "EX-2", "shared", "in both", "locked", "needs the key")
	d := func(s string) evidence.Digest { return evidence.Sum([]byte(s)) }
	mineSet, mineChild := ran(t, c, d("only here"))
	deep, deeper := ran(t, c, mineChild)
	sharedSet, sharedChild := ran(t, c, d("in both"))
	const used, unused = "key:0123456789abcdef", "key:fedcba9876543210"
	for fp, content := range map[string]string{used: "KEYBYTES", unused: "UNUSED"} {
		_, err := c.Append(ctx, store.Batch{Kind: "key", Plain: map[string]any{"action": "add", "form": "place", "fingerprint": fp, "encoding": "raw"}, Secret: map[string]any{
			"asserted.name": content, "asserted.place": map[string]any{"artifact": d(content).String(), "offset": 0, "length": 4},
		}})
		must(t, err)
	}
	ran(t, c, d("needs the key"), used)
	s := state(t, c)
	what, err := handling.FindDisposable(ctx, c, s, "EX-1")
	must(t, err)
	want := map[evidence.Digest]bool{d("only here"): true, mineSet: true, mineChild: true, deep: true, deeper: true, d("UNUSED"): true}
	for _, got := range what.Objects {
		if !want[got] {
			t.Errorf("%s would go", got.Short())
		}
	}
	if len(what.Objects) != len(want) || what.Shared != 4 {
		t.Errorf("%d of %d, %d shared", len(what.Objects), len(want), what.Shared)
	}
	it, err := handling.Item(s, "EX-1")
	must(t, err)
	seq, removed, err := handling.Dispose(ctx, c, it, "destroyed", map[string]any{"asserted.authority.number": "12/2026"}, what)
	must(t, err)
	if removed != int64(len(want)) {
		t.Errorf("%d removed", removed)
	}
	for _, keep := range []evidence.Digest{d("in both"), sharedSet, sharedChild, d("KEYBYTES"), d("needs the key")} {
		if !c.Blobs().Has(keep) {
			t.Errorf("%s, which EX-2 needs, is gone", keep.Short())
		}
	}
	if got := state(t, c).Items[0].Disposals; len(got) != 1 || got[0].Seq != seq || got[0].Phase != "destroyed" || got[0].Objects != int64(len(want)) {
		t.Errorf("%+v", got)
	}
	r, err := verify.Case(ctx, c.Dir(), verify.Options{Now: time.Now})
	must(t, err)
	if r.Verdict != verify.Intact || len(r.Findings) != len(want) {
		t.Errorf("%v %+v", r.Verdict, r.Findings)
	}
	// What is left is read as before; nothing reads what is gone.
	for row, err := range c.Runs(ctx) {
		must(t, err)
		if row.Run.Records != nil && !c.Blobs().Has(row.Run.Records.Artifact) {
			t.Error("a run whose records are gone is offered for reading")
		}
	}
	// No second time, and no statement about it.
	again, err := handling.FindDisposable(ctx, c, state(t, c), "EX-1")
	if err != nil || len(again.Objects) != 0 {
		t.Errorf("%+v %v", again, err)
	}
	if _, err := handling.Prepare(ctx, c, handling.Statement{Exhibit: "EX-1", From: handling.Party{Name: "a"}, To: handling.Party{Name: "b"}, Method: "m", Released: "2026-11-22T10:00:00Z"}); !errors.Is(err, evidence.ErrDisposed) {
		t.Errorf("%v", err)
	}
	if _, _, err := handling.Dispose(ctx, c, it, "returned", nil, what); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("%v", err)
	}
}
