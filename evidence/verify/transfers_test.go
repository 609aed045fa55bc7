package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// party signs statements with a key that ssh-keygen made or reads.
type party struct{ key, fingerprint string }

func sshKeygen(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("NOT TESTED: no ssh-keygen here")
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func newParty(t *testing.T, kind ...string) party {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	sshKeygen(t, append(kind, "-q", "-N", "", "-C", "", "-f", key)...)
	return party{key, strings.Fields(sshKeygen(t, "-l", "-f", key+".pub"))[1]}
}

func (p party) sign(t *testing.T, text, namespace string, options ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "F")
	write(t, file, []byte(text))
	sshKeygen(t, append([]string{"-Y", "sign", "-f", p.key, "-n", namespace}, append(options, file)...)...)
	sig, err := os.ReadFile(file + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	return string(sig)
}

const statementHead = `STATEMENT OF TRANSFER OF CUSTODY

The exhibit below passes from one person to another. Whoever gives it and
whoever takes it sign this file as it is, byte for byte:

    ssh-keygen -Y sign -n exhibit-transfer -f KEY FILE

Each checks the digests first. A signature says that what is written here
was so when it was given or taken. It says nothing about what the exhibit
holds.

`

// handing is a transfer that a test writes, right unless it was changed.
type handing struct {
	w        *written
	item     int64
	from, to party
	// entries and root are those of the log, origin its name, unless changed.
	entries int64
	root    string
	values  map[string]string
	// intent is what the second entry says that it answers, 0 for the first.
	intent int64
}

func newHanding(t *testing.T, w *written, from, to party) *handing {
	t.Helper()
	item := w.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-001"}})
	w.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": item}})
	size, root, err := w.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &handing{w: w, item: item, from: from, to: to, entries: size, root: hex.EncodeToString(root[:]), values: map[string]string{}}
}

// text is the statement, written from docs/formats/custody.md.
func (h *handing) text() string {
	var b strings.Builder
	b.WriteString(statementHead)
	for _, l := range [][2]string{
		{"Statement", "1"},
		{"Log", h.w.Origin()},
		{"Entries", fmt.Sprint(h.entries)},
		{"Root", h.root},
		{"Exhibit", "EX-001"},
		{"Item", fmt.Sprint(h.item)},
		{"Files", "0"},
		{"Bytes", "0"},
		{"List", fmt.Sprintf("sha256:%x", sha256.Sum256(nil))},
		{"From", "A. Müller"},
		{"From-Key", h.from.fingerprint},
		{"To", "B. Clerk"},
		{"To-Key", ""},
		{"Method", "by hand"},
		{"Released", "2026-11-22T10:00:00Z"},
		{"Seal-Out", "4711"},
	} {
		value, changed := h.values[l[0]]
		if !changed {
			value = l[1]
		}
		if value != "" {
			b.WriteString(l[0] + ": " + value + "\n")
		}
	}
	return b.String()
}

// enter writes both entries; the last is the number of the second.
func (h *handing) enter(statement1, sig1, statement2, sig2 string) (released, received int64) {
	fields := func(statement, side string, p party, sig string) map[string]any {
		return map[string]any{
			"asserted.statement": statement, "asserted." + side + ".signature": sig, "asserted." + side + ".key": p.fingerprint,
			"asserted.from.name": "A. Müller", "asserted.to.name": "B. Clerk", "asserted.exhibit": "EX-001",
		}
	}
	released = h.w.append(store.Batch{Kind: "transfer", Plain: map[string]any{"phase": "released"}, Refs: map[string]int64{"item": h.item}, Secret: fields(statement1, "from", h.from, sig1)})
	intent := released
	if h.intent != 0 {
		intent = h.intent
	}
	received = h.w.append(store.Batch{Kind: "transfer", Plain: map[string]any{"phase": "received"}, Refs: map[string]int64{"item": h.item, "intent": intent}, Secret: fields(statement2, "to", h.to, sig2)})
	return released, received
}

func counted(r *verify.Report, what string) int64 {
	for _, c := range r.Checked {
		if strings.Contains(c.What, what) {
			return c.N
		}
	}
	return 0
}

// Signatures by every sort of key that ssh-keygen makes without hardware hold.
func TestTransferSignatures(t *testing.T) {
	t.Parallel()
	for _, kind := range [][]string{{"-t", "ed25519"}, {"-t", "rsa", "-b", "2048"}, {"-t", "ecdsa", "-b", "256"}, {"-t", "ecdsa", "-b", "384"}, {"-t", "ecdsa", "-b", "521"}} {
		for _, hash := range []string{"sha256", "sha512"} {
			w := newWritten(t)
			h := newHanding(t, w, newParty(t, kind...), newParty(t, "-t", "ed25519"))
			text := h.text()
			_, received := h.enter(text, h.from.sign(t, text, "exhibit-transfer", "-O", "hashalg="+hash), text, h.to.sign(t, text, "exhibit-transfer"))
			r := w.verify(verify.Options{})
			expect(t, r, verify.Intact, "")
			if len(r.Findings) > 0 || counted(r, "signatures under statements of transfer") != 2 {
				t.Errorf("%v %s: %s %+v", kind, hash, findings(r), r.Checked)
			}
			if !strings.Contains(strings.Join(r.NotChecked, "\n"), "Whose the keys are that signed transfers") {
				t.Errorf("%q", r.NotChecked)
			}
			// The same by another's signature.
			h = newHanding(t, w, h.from, h.to)
			text = h.text()
			released, _ := h.enter(text, h.from.sign(t, text+" ", "exhibit-transfer", "-O", "hashalg="+hash), text, h.to.sign(t, text, "exhibit-transfer"))
			r = w.verify(verify.Options{})
			expect(t, r, verify.Altered, fmt.Sprintf("transfer %d", released))
			if released != received+3 {
				t.Fatal(released, received)
			}
		}
	}
}

// A security key's signature, made here as PROTOCOL.u2f has it, and checked by ssh-keygen too.
func TestTransferBySecurityKey(t *testing.T) {
	t.Parallel()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	const kind, application = "sk-ssh-ed25519@openssh.com", "ssh:"
	str := func(parts ...string) string {
		var b []byte
		for _, s := range parts {
			b = append(append(b, byte(len(s)>>24), byte(len(s)>>16), byte(len(s)>>8), byte(len(s))), s...)
		}
		return string(b)
	}
	key := str(kind, string(private.Public().(ed25519.PublicKey)), application)
	public, err := ssh.ParsePublicKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(text string) string {
		sum := sha512Of(text)
		message := "SSHSIG" + str("exhibit-transfer", "", "sha512", sum)
		const flags = "\x01\x00\x00\x00\x07"
		a, m := sha256.Sum256([]byte(application)), sha256.Sum256([]byte(message))
		sig := ed25519.Sign(private, append(append(a[:], flags...), m[:]...))
		blob := "SSHSIG\x00\x00\x00\x01" + str(key, "exhibit-transfer", "", "sha512", str(kind, string(sig))+flags)
		return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: []byte(blob)}))
	}
	w := newWritten(t)
	h := newHanding(t, w, party{"", ssh.FingerprintSHA256(public)}, newParty(t, "-t", "ed25519"))
	text := h.text()
	sig := sign(text)
	allowed, file := filepath.Join(t.TempDir(), "allowed"), filepath.Join(t.TempDir(), "sig")
	write(t, allowed, []byte("a "+kind+" "+base64.StdEncoding.EncodeToString([]byte(key))+"\n"))
	write(t, file, []byte(sig))
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "a", "-n", "exhibit-transfer", "-s", file)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	h.enter(text, sig, text, h.to.sign(t, text, "exhibit-transfer"))
	expect(t, w.verify(verify.Options{}), verify.Intact, "")
	broken := strings.Replace(sig, sig[240:244], "AAAA", 1)
	h = newHanding(t, w, h.from, h.to)
	released, _ := h.enter(text, broken, text, h.to.sign(t, text, "exhibit-transfer"))
	if r := w.verify(verify.Options{}); r.Verdict < verify.CannotVerify || !names(r, fmt.Sprintf("transfer %d", released)) {
		t.Errorf("%v\n%s", r.Verdict, findings(r))
	}
}

// A log that states a transfer that was not so: whoever holds its key can write such entries.
func TestTransferLies(t *testing.T) {
	t.Parallel()
	a, b := newParty(t, "-t", "ed25519"), newParty(t, "-t", "ed25519")
	const namespace = "exhibit-transfer"
	for name, c := range map[string]struct {
		// edit changes what is signed; enter, what is entered.
		edit  func(h *handing)
		enter func(h *handing, text string) (int64, int64)
		want  verify.Verdict
		// second: it is the second entry that is wrong.
		second bool
	}{
		"right": {want: verify.Intact},
		"the statement changed after it was signed": {
			enter: func(h *handing, text string) (int64, int64) {
				other := strings.Replace(text, "4711", "4712", 1)
				return h.enter(other, a.sign(t, text, namespace), other, b.sign(t, text, namespace))
			}, want: verify.Altered,
		},
		"signed for another purpose": {
			enter: func(h *handing, text string) (int64, int64) {
				return h.enter(text, a.sign(t, text, "file"), text, b.sign(t, text, namespace))
			}, want: verify.Altered,
		},
		"one party signed for both": {
			enter: func(h *handing, text string) (int64, int64) {
				h.to = a
				return h.enter(text, a.sign(t, text, namespace), text, a.sign(t, text, namespace))
			}, want: verify.Altered, second: true,
		},
		"two statements": {
			enter: func(h *handing, text string) (int64, int64) {
				other := strings.Replace(text, "4711", "4712", 1)
				return h.enter(text, a.sign(t, text, namespace), other, b.sign(t, other, namespace))
			}, want: verify.Altered, second: true,
		},
		"another key than the statement names": {
			edit: func(h *handing) { h.values["To-Key"] = a.fingerprint }, want: verify.Altered, second: true,
		},
		"another key than the entry names": {
			enter: func(h *handing, text string) (int64, int64) {
				h.from = b
				return h.enter(text, a.sign(t, text, namespace), text, b.sign(t, text, namespace))
			}, want: verify.Altered,
		},
		"an answer to nothing":  {edit: func(h *handing) { h.intent = h.item }, want: verify.Altered, second: true},
		"another log":           {edit: func(h *handing) { h.values["Log"] = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11" }, want: verify.Altered},
		"another item":          {edit: func(h *handing) { h.values["Item"] = "0" }, want: verify.Altered},
		"a log that was longer": {edit: func(h *handing) { h.entries += 5 }, want: verify.Altered},
		"another history":       {edit: func(h *handing) { h.root = strings.Repeat("ab", 32) }, want: verify.Forked},
		"no statement of ours":  {edit: func(h *handing) { h.values["Item"] = "" }, want: verify.CannotVerify},
		"a statement to come":   {edit: func(h *handing) { h.values["Statement"] = "2" }, want: verify.CannotVerify},
		"a signature that is no": {enter: func(h *handing, text string) (int64, int64) {
			return h.enter(text, "x", text, b.sign(t, text, namespace))
		}, want: verify.CannotVerify},
	} {
		w := newWritten(t)
		h := newHanding(t, w, a, b)
		if c.edit != nil {
			c.edit(h)
		}
		enter := c.enter
		if enter == nil {
			enter = func(h *handing, text string) (int64, int64) {
				return h.enter(text, a.sign(t, text, namespace), text, b.sign(t, text, namespace))
			}
		}
		released, received := enter(h, h.text())
		object := fmt.Sprintf("transfer %d", released)
		if c.second {
			object = fmt.Sprintf("transfer %d", received)
		}
		r := w.verify(verify.Options{})
		if c.want == verify.Intact {
			object = ""
		}
		if r.Verdict != c.want || object != "" && !names(r, object) {
			t.Errorf("%s: %v, want %v about %q\n%s", name, r.Verdict, c.want, object, findings(r))
		}
	}
}

// What is entered without a signature says so; what was taken away is not vouched for.
func TestTransferUnsigned(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	h := newHanding(t, w, party{}, party{})
	seq := w.append(store.Batch{Kind: "transfer", Plain: map[string]any{"phase": "released"}, Refs: map[string]int64{"item": h.item}, Secret: map[string]any{"asserted.to.name": "B"}})
	r := w.verify(verify.Options{})
	expect(t, r, verify.Intact, "")
	if !strings.Contains(findings(r), fmt.Sprintf("transfer %d: is signed by nobody", seq)) {
		t.Error(findings(r))
	}
	// A statement without a signature is a word; a signature without a statement cannot be checked.
	plain := map[string]any{"phase": "released"}
	seq = w.append(store.Batch{Kind: "transfer", Plain: plain, Refs: map[string]int64{"item": h.item}, Secret: map[string]any{"asserted.statement": h.text()}})
	r = w.verify(verify.Options{})
	expect(t, r, verify.Intact, "")
	if !strings.Contains(findings(r), fmt.Sprintf("transfer %d: has a statement that is signed by nobody", seq)) {
		t.Error(findings(r))
	}
	seq = w.append(store.Batch{Kind: "transfer", Plain: plain, Refs: map[string]int64{"item": h.item}, Secret: map[string]any{"asserted.from.signature": "x"}})
	expect(t, w.verify(verify.Options{}), verify.CannotVerify, fmt.Sprintf("transfer %d", seq))
}

// The entry names somebody else than the statement: a remark. A log that does not agree with
// itself is no second history.
func TestTransferRemarks(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	h := newHanding(t, w, newParty(t, "-t", "ed25519"), newParty(t, "-t", "ed25519"))
	h.values["From"], h.root = "C. Another", strings.Repeat("ab", 32)
	text := h.text()
	released, _ := h.enter(text, h.from.sign(t, text, "exhibit-transfer"), text, h.to.sign(t, text, "exhibit-transfer"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := check(t, w.Dir(), verify.Options{})
	if r.Verdict != verify.Forked || !strings.Contains(findings(r), "states asserted.from.name otherwise than what was signed") {
		t.Errorf("%v\n%s", r.Verdict, findings(r))
	}
	x := tamper(t, w.Dir())
	x.exec("INSERT OR REPLACE INTO nodes (idx, hash) VALUES (0, zeroblob(32))")
	expect(t, check(t, x.dir, verify.Options{}), verify.Altered, fmt.Sprintf("transfer %d", released))
}

// The opening of a signature is gone: incomplete, and what hangs on it is named as not checked.
func TestTransferWithoutOpening(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	h := newHanding(t, w, newParty(t, "-t", "ed25519"), newParty(t, "-t", "ed25519"))
	text := h.text()
	released, _ := h.enter(text, h.from.sign(t, text, "exhibit-transfer"), text, h.to.sign(t, text, "exhibit-transfer"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	x := tamper(t, w.Dir())
	x.remove("openings", "seq = ? AND field = 'asserted.from.signature'", released)
	r := check(t, x.dir, verify.Options{})
	if r.Verdict < verify.Incomplete || !strings.Contains(strings.Join(r.NotChecked, "\n"), fmt.Sprintf("The signature of transfer %d", released)) {
		t.Errorf("%v\n%s\n%q", r.Verdict, findings(r), r.NotChecked)
	}
}

func sha512Of(text string) string {
	sum := sha512.Sum512([]byte(text))
	return string(sum[:])
}
