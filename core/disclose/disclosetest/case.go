// Package disclosetest makes small cases to disclose parts of: always the same ones, byte
// for byte, without plugins or sandbox. Tests of those who write bundles and of those
// who verify them use it.
package disclosetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Case is a case under construction.
type Case struct {
	Store *store.Case
	// Key seals and signs.
	Key  ed25519.PrivateKey
	rand io.Reader
	now  time.Time
	runs int
}

// New makes a case in dir. Everything random in it follows from seed.
func New(ctx context.Context, dir string, seed uint64) (*Case, error) {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	c := &Case{rand: rand.NewChaCha8(key), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	signing := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(c.rand, signing); err != nil {
		return nil, err
	}
	c.Key = ed25519.NewKeyFromSeed(signing)
	var err error
	c.Store, err = store.Create(ctx, dir, store.Options{
		Now: c.Now, Rand: c.rand,
		Clock:     func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return time.Hour }, LocalOffset: func() string { return "+08:00" },
		Tool:     custody.Tool{Name: "exhibit", Version: "0.1.0", Protocol: evidence.PluginProtocol, OS: "linux", Arch: "amd64"},
		Observed: map[string]any{"observed.os.host": "bench-7"},
		Asserted: map[string]any{"asserted.actor.name": "A. Examiner", "asserted.actor.organisation": "Laboratory 9"},
	}, store.Init{Lab: "lab.example", Secret: map[string]any{"asserted.case.title": "Operation X", "asserted.case.number": "0142", "asserted.case.description": "who knew what"}})
	return c, err
}

// Now is a clock that ticks a second at each look.
func (c *Case) Now() time.Time { c.now = c.now.Add(time.Second); return c.now }

func (c *Case) stage(content []byte, encoding string) (*blob.Staged, error) {
	return c.Store.Blobs().Stage(content, blob.WriterOptions{Encoding: encoding, Hashes: hashes(encoding)})
}

// File is a file to receive.
type File struct {
	Path    string // any bytes
	Content []byte
}

// Receive takes files in as an exhibit, and returns the digests of their contents.
func (c *Case) Receive(ctx context.Context, exhibit string, secret map[string]any, files ...File) ([]evidence.Digest, error) {
	begin := map[string]any{"asserted.exhibit": exhibit}
	for k, v := range secret {
		begin[k] = v
	}
	seq, err := c.Store.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: begin})
	if err != nil {
		return nil, err
	}
	b := store.Batch{
		Kind: "receive", Plain: map[string]any{"phase": "part"}, Refs: map[string]int64{"item": seq},
		Occurrences: []evidence.Occurrence{{Item: exhibit, Path: evidence.NewName("."), Type: "directory"}},
	}
	var out []evidence.Digest
	for _, f := range files {
		st, err := c.stage(f.Content, evidence.StoredRaw)
		if err != nil {
			return nil, err
		}
		out = append(out, st.Digest)
		b.Staged, b.Artifacts = append(b.Staged, st), append(b.Artifacts, st.Artifact(evidence.Original))
		b.Occurrences = append(b.Occurrences, evidence.Occurrence{
			Item: exhibit, Path: evidence.NewName(f.Path), Type: "file", Artifact: st.Digest,
			FS: json.RawMessage(`{"mtime":"2008-08-01T00:00:00.5Z","size":` + fmt.Sprint(len(f.Content)) + `}`),
		})
	}
	if _, err := c.Store.Append(ctx, b); err != nil {
		return nil, err
	}
	_, err = c.Store.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": seq}})
	return out, err
}

func (c *Case) run(input evidence.Digest, operation, config string) (evidence.Run, error) {
	c.runs++
	r := evidence.Run{
		Plugin:    evidence.PluginRef{Name: "test/" + operation, Version: "1", SHA256: evidence.Sum([]byte(operation))},
		Operation: operation, Config: json.RawMessage(config), Input: input, Keys: []string{}, Offered: []string{},
		Outcome: evidence.OutcomeComplete, Units: evidence.Units{Declared: -1}, BytesRead: 1, Size: 1, Attempts: 1,
		Start: "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z",
	}
	var err error
	r.ID, err = evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: operation, Config: r.Config, Input: input}.ID()
	return r, err
}

// Parse records that these lines, canonical JSON, were read in an input whose item was
// declared to be of this zone, "" for none.
func (c *Case) Parse(ctx context.Context, input evidence.Digest, zone string, lines []string) (evidence.Digest, error) {
	config := "{}"
	if zone != "" {
		config = `{"zone":"` + zone + `"}`
	}
	r, err := c.run(input, evidence.OpParse, config)
	if err != nil {
		return evidence.Digest{}, err
	}
	return c.records(ctx, r, lines, store.Batch{})
}

// records ends a run that made these records.
func (c *Case) records(ctx context.Context, r evidence.Run, lines []string, b store.Batch) (evidence.Digest, error) {
	var seed [32]byte
	if _, err := io.ReadFull(c.rand, seed[:]); err != nil {
		return evidence.Digest{}, err
	}
	tree, kinds, text := custody.NewRecordTree(seed), map[string]int64{}, strings.Builder{}
	for _, l := range lines {
		if err := evidence.CheckCanonical([]byte(l)); err != nil {
			return evidence.Digest{}, err
		}
		tree.Add([]byte(l))
		kind, _ := evidence.KindAndTime([]byte(l))
		kinds[kind]++
		text.WriteString(l + "\n")
	}
	st, err := c.stage([]byte(text.String()), evidence.StoredZstd)
	if err != nil {
		return evidence.Digest{}, err
	}
	root, n := tree.Root()
	r.Units = evidence.Units{Declared: -1, Read: n, Emitted: n}
	r.Records = &evidence.RecordSetRef{Artifact: st.Digest, Count: n, Kinds: kinds}
	r.RecordTree = &evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: n}
	b.Staged, b.Artifacts = append(b.Staged, st), append(b.Artifacts, st.Artifact(evidence.Derived))
	b.Runs = []store.RunRow{{Run: r, Seed: seed}}
	return st.Digest, c.derive(ctx, b)
}

// Redact records that the redact plugin, with this configuration, found these redactions,
// canonical JSON, in the record sets.
func (c *Case) Redact(ctx context.Context, config string, sets []evidence.Digest, lines []string) error {
	var members []evidence.ManifestMember
	for _, d := range sets {
		a, err := c.Store.Artifact(ctx, d)
		if err != nil {
			return err
		}
		members = append(members, evidence.ManifestMember{Role: "records", Artifact: d, Size: a.Size})
	}
	m := evidence.NewManifest(members)
	text, err := m.Bytes()
	if err != nil {
		return err
	}
	st, err := c.stage(text, evidence.StoredZstd)
	if err != nil {
		return err
	}
	r, err := c.run(st.Digest, evidence.OpRedact, config)
	if err != nil {
		return err
	}
	r.Plugin.Name, r.Inputs = "redact", m.Members
	_, err = c.records(ctx, r, lines, store.Batch{Staged: []*blob.Staged{st}, Artifacts: []evidence.Artifact{st.Artifact(evidence.Derived)}})
	return err
}

// Member is something made out of something else.
type Member struct {
	// Name is "" for what stands under its parent's own path.
	Name    string
	Content []byte
	Steps   string
}

// Unpack records that members were made of an input, and returns their digests.
func (c *Case) Unpack(ctx context.Context, input evidence.Digest, members ...Member) ([]evidence.Digest, error) {
	r, err := c.run(input, evidence.OpUnpack, "{}")
	if err != nil {
		return nil, err
	}
	r.Artifacts = int64(len(members))
	b := store.Batch{Runs: []store.RunRow{{Run: r}}}
	var out []evidence.Digest
	for i, m := range members {
		st, err := c.stage(m.Content, evidence.StoredZstd)
		if err != nil {
			return nil, err
		}
		d := evidence.Derivation{Run: r.ID, Parent: input, Child: st.Digest, N: int64(i), Steps: json.RawMessage(m.Steps), Complete: true}
		if m.Name != "" {
			name := evidence.NewName(m.Name)
			d.Name, d.Meta = &name, json.RawMessage(`{"mtime":"2008-07-31T00:00:00Z"}`)
		}
		out = append(out, st.Digest)
		b.Staged, b.Artifacts = append(b.Staged, st), append(b.Artifacts, st.Artifact(evidence.Derived))
		b.Derivations = append(b.Derivations, d)
	}
	return out, c.derive(ctx, b)
}

func (c *Case) derive(ctx context.Context, b store.Batch) error {
	b.Kind, b.Plain = "derive", map[string]any{"phase": "result"}
	_, err := c.Store.Append(ctx, b)
	return err
}

// Seal signs the head of the log.
func (c *Case) Seal(ctx context.Context) ([]byte, error) {
	origin := c.Store.Origin()
	vkey := custody.VKey(origin, c.Key.Public().(ed25519.PublicKey))
	if _, err := c.Store.Append(ctx, store.Batch{Kind: "seal", Plain: map[string]any{"signer": vkey}}); err != nil {
		return nil, err
	}
	size, root, err := c.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	note, err := custody.SignCheckpoint(origin, size, root, c.Key)
	if err != nil {
		return nil, err
	}
	return note, c.Store.AddCheckpoint(ctx, size, note)
}

// VKey is the verifier key.
func (c *Case) VKey() string {
	return custody.VKey(c.Store.Origin(), c.Key.Public().(ed25519.PublicKey))
}

// SSH is the public key.
func (c *Case) SSH() string {
	line, err := sshsig.PublicLine(c.Key.Public().(ed25519.PublicKey), "x")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(line)[:2], " ")
}

// SignSSH signs.
func (c *Case) SignSSH(_ context.Context, namespace string, message []byte) ([]byte, error) {
	return sshsig.Sign(c.Key, namespace, message)
}

// World is what disclosing from this case needs.
func (c *Case) World() disclose.World {
	return disclose.World{Now: c.Now, Software: "exhibit 0.1.0", Signer: c, Remark: func(string) {}}
}

// Output is a bundle that is written to a file, or nowhere.
type Output struct {
	Name string
	f    *os.File
}

// NewOutput makes the file.
func NewOutput(name string) (*Output, error) {
	f, err := os.Create(name)
	return &Output{name, f}, err
}

// Write appends.
func (o *Output) Write(b []byte) (int, error) { return o.f.Write(b) }

// Scratch makes a file without a name.
func (o *Output) Scratch() (*os.File, error) {
	f, err := os.CreateTemp("", "scratch")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

// Reserve takes none.
func (o *Output) Reserve(int64) error { return nil }

// Place ends the file.
func (o *Output) Place() error { return o.f.Close() }

// Abort takes it away.
func (o *Output) Abort() error {
	_ = o.f.Close() // it goes
	return os.Remove(o.Name)
}

// Tar makes an archive, with where the content of each member begins.
func Tar(files ...File) (archive []byte, offsets []int64, err error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.Path, Mode: 0o644, Size: int64(len(f.Content)), Format: tar.FormatPAX}); err != nil {
			return nil, nil, err
		}
		offsets = append(offsets, int64(b.Len()))
		if _, err := w.Write(f.Content); err != nil {
			return nil, nil, err
		}
	}
	return b.Bytes(), offsets, w.Close()
}

// Gzip compresses.
func Gzip(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	return b.Bytes(), w.Close()
}

// hashes are those of intake: more for received files.
func hashes(encoding string) []string {
	if encoding == evidence.StoredRaw {
		return []string{"md5", "sha1"}
	}
	return nil
}
