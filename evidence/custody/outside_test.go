package custody_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
)

// stock returns a program of the operating system, or skips the test.
func stock(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here", name)
	}
	return path
}

// A page of Python that knows the format from docs/formats/custody.md alone
// comes to the same commitments, leaves and roots.
func TestPythonComesToTheSame(t *testing.T) {
	python := stock(t, "python3")
	body, openings := sample(t)
	e, err := custody.ParseEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	type opening struct {
		Salt, Field string
		Value       json.RawMessage
	}
	type question struct {
		Entry    string
		Openings []opening
		SetSeed  string
		Members  []string
		RunSeed  string
		Lines    []string
	}
	type answer struct {
		Entry      string
		Openings   []string
		LeafData   []string
		Leaves     []string
		Root       string
		Lines      []string
		RecordRoot string
	}
	setSeed, runSeed := [32]byte{1, 2, 3}, [32]byte{4, 5, 6}
	q := question{
		Entry: string(body), SetSeed: hex.EncodeToString(setSeed[:]), Members: someMembers, RunSeed: hex.EncodeToString(runSeed[:]),
		Lines: []string{`{"kind":"message","text":"早上好"}`, `{}`, string(recordLine(t)), `{"a":[1,2,{"b":null}]}`, `{"text":"\u0001\n\"\\"}`},
	}
	leaf := custody.LeafHash(body)
	want := answer{Entry: hex.EncodeToString(leaf[:])}
	for _, o := range openings {
		q.Openings = append(q.Openings, opening{o.Salt, o.Field, o.Value})
		want.Openings = append(want.Openings, e.Commit[o.Field].Hex())
	}
	for i, m := range someMembers {
		data, leaf, err := custody.MemberLeaf(setSeed, int64(i), []byte(m))
		if err != nil {
			t.Fatal(err)
		}
		want.LeafData = append(want.LeafData, string(data))
		want.Leaves = append(want.Leaves, hex.EncodeToString(leaf[:]))
	}
	root, _ := setRoot(t, setSeed, someMembers...)
	want.Root = root.Root
	tree := custody.NewRecordTree(runSeed)
	for i, l := range q.Lines {
		tree.Add([]byte(l))
		leaf := custody.RecordLeaf(runSeed, int64(i), []byte(l))
		want.Lines = append(want.Lines, hex.EncodeToString(leaf[:]))
	}
	recordRoot, _ := tree.Root()
	want.RecordRoot = hex.EncodeToString(recordRoot[:])

	in, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "recompute.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got answer
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Go -, Python +:\n%s", diff)
	}
}

// openssl accepts our signature over the three lines, makes the same one with
// our key, and refuses another text.
func TestOpenSSLAcceptsACheckpoint(t *testing.T) {
	openssl := stock(t, "openssl")
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pub, err := x509.MarshalPKIXPublicKey(publicKey(1))
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(privateKey(1))
	if err != nil {
		t.Fatal(err)
	}
	pubFile := file("pub.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}))
	privFile := file("priv.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv}))

	msg := string(signed(t, 1234, 1))
	text, sigs, ok := strings.Cut(msg, "\n\n")
	if !ok {
		t.Fatal("no signature")
	}
	textFile := file("text", []byte(text+"\n"))
	fields := strings.Fields(sigs)
	sig, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(sig) != 68 {
		t.Fatalf("%d bytes of signature: %v", len(sig), err)
	}
	sigFile := file("sig", sig[4:])
	run := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		return cmd.CombinedOutput()
	}
	verify := func(text string) ([]byte, error) {
		return run("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", pubFile, "-in", text, "-sigfile", sigFile)
	}
	if out, err := verify(textFile); err != nil {
		t.Errorf("openssl refuses the checkpoint: %v\n%s", err, out)
	}
	if out, err := verify(file("other", []byte(strings.Replace(text, "1234", "1235", 1)+"\n"))); err == nil {
		t.Errorf("openssl accepts another checkpoint: %s", out)
	}
	again := filepath.Join(dir, "again")
	if out, err := run("pkeyutl", "-sign", "-rawin", "-inkey", privFile, "-in", textFile, "-out", again); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := os.ReadFile(again)
	if err != nil || !bytes.Equal(got, sig[4:]) {
		t.Errorf("openssl signs as %x (%v), we as %x", got, err, sig[4:])
	}
}
