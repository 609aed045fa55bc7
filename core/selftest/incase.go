package selftest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// testCase is a case that is made on this computer's disk, and what the tests need of it.
type testCase struct {
	dir, origin, vkey string
	key               ed25519.PrivateKey
	// early is a backup of it from before the second seal.
	early string
	note  []byte
	size  int64
}

const byDesign = "docs/formats/verify.md"

// inCase makes a case in Work, verifies it, and tampers with copies of it.
func (t *tester) inCase(ctx context.Context) error {
	c := &testCase{dir: filepath.Join(t.o.Work, "case"), key: ed25519.NewKeyFromSeed(t.vectors.Log.Seed)}
	if err := t.makeCase(ctx, c); err != nil {
		// What cannot be made here is a finding about this computer.
		t.add(known{id: "case/made", what: "a case made in " + t.o.Machine.Filesystem, source: "docs/formats/case.md", expected: "made"}, "error: "+err.Error(), nil)
		return ctx.Err()
	}
	t.add(known{id: "case/made", what: "a case made, sealed and closed", source: "docs/formats/case.md", expected: "made"}, "made", nil)
	if err := t.verifyCase(ctx, c); err != nil {
		return err
	}
	return t.signer(ctx)
}

func (t *tester) makeCase(ctx context.Context, c *testCase) (err error) {
	k, err := store.Create(ctx, c.dir, store.Options{
		Now: t.o.Now, Rand: t.o.Rand, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 0 }, LocalOffset: func() string { return "+00:00" }, Tool: t.o.Program.Tool,
	}, store.Init{Lab: "selftest", Secret: map[string]any{"asserted.case.title": "selftest"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	c.origin = k.Origin()
	c.vkey = custody.VKey(c.origin, c.key.Public().(ed25519.PublicKey))
	t.try(known{
		id: "case/durable", what: "settings of SQLite, read back from the connection that writes", source: "docs/formats/case.md; sqlite.org/pragma.html (2 is FULL)",
		expected: "journal_mode=wal synchronous=2 foreign_keys=1 locking_mode=normal ignore_check_constraints=0 writable_schema=0",
	}, func() (string, error) {
		s, err := k.Settings(ctx)
		return strings.Join(s, " "), err
	})
	if err := t.objects(ctx, k); err != nil {
		return err
	}
	if _, _, err := c.seal(ctx, k); err != nil {
		return err
	}
	c.early = filepath.Join(t.o.Work, "early")
	if _, err := store.Backup(ctx, c.dir, c.early, store.BackupOptions{}); err != nil {
		return err
	}
	if _, err := k.Append(ctx, store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "between two seals"}}); err != nil {
		return err
	}
	c.note, c.size, err = c.seal(ctx, k)
	return err
}

// objects stores what vectors of hashes are over, and reads it back.
func (t *tester) objects(ctx context.Context, k *store.Case) error {
	batch := store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-1"}}
	for _, v := range t.vectors.Hashes {
		b, err := content(v.Name, v.Size)
		if err != nil {
			return err
		}
		encoding := evidence.StoredRaw
		if v.Name == "text" {
			encoding = evidence.StoredZstd
		}
		st, err := k.Blobs().Stage(b, blob.WriterOptions{Encoding: encoding, Hashes: []string{"md5", "sha1", "sha512"}})
		if err != nil {
			return err
		}
		a := st.Artifact(evidence.Original)
		t.add(known{
			id: "case/object/stored-" + v.Name, what: fmt.Sprintf("%d bytes stored (%s), with their digests", v.Size, encoding), source: v.Source,
			expected: strings.Join([]string{v.SHA256, v.SHA1, v.MD5, v.SHA512}, " "),
		}, strings.Join([]string{a.SHA256.Hex(), a.Hashes["sha1"], a.Hashes["md5"], a.Hashes["sha512"]}, " "), nil)
		batch.Staged, batch.Artifacts = append(batch.Staged, st), append(batch.Artifacts, a)
		batch.Occurrences = append(batch.Occurrences, evidence.Occurrence{Item: "EX-1", Path: evidence.NewName(v.Name), Type: "file", Artifact: a.SHA256})
	}
	seq, err := k.Append(ctx, batch)
	if err != nil {
		return err
	}
	if _, err := k.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": seq}}); err != nil {
		return err
	}
	for i, v := range t.vectors.Hashes {
		t.try(known{id: "case/object/read-" + v.Name, what: "the same read back", source: v.Source, expected: v.SHA256}, func() (string, error) {
			a, err := k.Artifact(ctx, batch.Artifacts[i].SHA256)
			if err != nil {
				return "", err
			}
			o, err := k.Blobs().Reader(ctx, a)
			if err != nil {
				return "", err
			}
			defer o.Close()
			b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
			return evidence.Sum(b).Hex(), err
		})
	}
	return nil
}

// seal signs the head with the key of the vectors.
func (c *testCase) seal(ctx context.Context, k *store.Case) (note []byte, size int64, err error) {
	if _, err := k.Append(ctx, store.Batch{Kind: "seal", Plain: map[string]any{"signer": c.vkey}}); err != nil {
		return nil, 0, err
	}
	size, root, err := k.Head(ctx)
	if err != nil {
		return nil, 0, err
	}
	if note, err = custody.SignCheckpoint(c.origin, size, root, c.key); err != nil {
		return nil, 0, err
	}
	return note, size, k.AddCheckpoint(ctx, size, note)
}

// verifyCase has the second opinion look at the case, and at what became of it under tampering.
func (t *tester) verifyCase(ctx context.Context, c *testCase) error {
	digest := t.vectors.Hashes[len(t.vectors.Hashes)-1].SHA256
	object := filepath.Join("objects", "sha256", digest[:2], digest)
	otherRoot, err := custody.SignCheckpoint(c.origin, c.size, [32]byte{1}, c.key)
	if err != nil {
		return err
	}
	stranger := custody.VKey(c.origin, ed25519.NewKeyFromSeed(t.vectors.Ed25519[0].Seed).Public().(ed25519.PublicKey))
	for _, x := range []struct {
		id, what string
		from     string
		tamper   func(dir string) error
		o        verify.Options
		want     verify.Verdict
		level    verify.Level
	}{
		{"intact", "the case verified", c.dir, nil, verify.Options{}, verify.Intact, verify.SelfAsserted},
		{"trusted", "the same with the key that signed it", c.dir, nil, verify.Options{Trust: []string{c.vkey}, Require: verify.Trusted}, verify.Intact, verify.Trusted},
		{"anchored", "the same with a receipt", c.dir, nil, verify.Options{Receipts: [][]byte{c.note}, Require: verify.Anchored}, verify.Intact, verify.Anchored},
		{"another-key", "the same with the key of somebody else", c.dir, nil, verify.Options{Trust: []string{stranger}, Require: verify.Trusted}, verify.BelowRequired, verify.SelfAsserted},
		{"bit-flipped", "one bit of an object turned over", c.dir, func(dir string) error { return flipFile(filepath.Join(dir, object), 17) }, verify.Options{}, verify.Altered, verify.SelfAsserted},
		{"object-gone", "an object removed", c.dir, func(dir string) error { return os.Remove(filepath.Join(dir, object)) }, verify.Options{}, verify.Incomplete, verify.SelfAsserted},
		{"checkpoint-changed", "a bit of a checkpoint turned over", c.dir, func(dir string) error {
			return flipFile(filepath.Join(dir, "checkpoints", fmt.Sprintf("%d.note", c.size)), len(c.origin)+1)
		}, verify.Options{}, verify.Altered, verify.SelfAsserted},
		{"rolled-back", "an older copy of the case, with a receipt of the newer", c.early, nil, verify.Options{Receipts: [][]byte{c.note}}, verify.RolledBack, verify.SelfAsserted},
		{"forked", "a receipt by the log's own key over another history", c.dir, nil, verify.Options{Receipts: [][]byte{otherRoot}}, verify.Forked, verify.SelfAsserted},
	} {
		k := known{id: "case/verify/" + x.id, what: x.what, source: byDesign, rejects: x.want > verify.BelowRequired, expected: fmt.Sprintf("%s; %s", x.want, x.level)}
		t.try(k, func() (string, error) {
			dir := x.from
			if x.tamper != nil {
				dir = filepath.Join(t.o.Work, "tampered-"+x.id)
				if err := errors.Join(os.CopyFS(dir, os.DirFS(x.from)), x.tamper(dir)); err != nil {
					return "", err
				}
			}
			x.o.Now = t.o.Now
			r, err := verify.Case(ctx, dir, x.o)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("%s; %s", r.Verdict, r.Attestation.Level), nil
		})
	}
	return ctx.Err()
}

// flipFile turns one bit of a file's byte over.
func flipFile(name string, at int) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return err
	}
	return os.WriteFile(name, flip(b, at), 0o600)
}

// signer: an identity signs no log that is shorter than, or another than, the one it signed.
func (t *tester) signer(ctx context.Context) error {
	d, err := signer.OpenDir(filepath.Join(t.o.Work, "identities"))
	if err != nil {
		return err
	}
	if _, err := d.New(ctx, "selftest", t.o.Now(), t.o.Rand); err != nil {
		return err
	}
	s, err := d.Load("selftest")
	if err != nil {
		return err
	}
	l := t.vectors.Log
	sign := func(size int64, edit func(string) string) error {
		data := make([][]byte, size)
		for i := range data {
			data[i] = []byte(edit(l.Entries[i]))
		}
		_, read, err := nodesOf(data)
		if err != nil {
			return err
		}
		root, err := custody.Root(size, read)
		if err != nil {
			return err
		}
		_, err = s.Sign(ctx, l.Origin, size, root, read)
		return err
	}
	same := func(s string) string { return s }
	for _, x := range []struct {
		id, what string
		size     int64
		edit     func(string) string
		err      error
		want     string
	}{
		{"first", "a log of 4 entries signed", 4, same, nil, "accepted"},
		{"longer", "the same with 6", 6, same, nil, "accepted"},
		{"shorter", "the same with 5 again", 5, same, signer.ErrSmaller, "refused"},
		{"another", "another log of 7 under the same name", 7, func(s string) string { return strings.Replace(s, `"linux"`, `"plan9"`, 1) }, signer.ErrInconsistent, "refused"},
	} {
		t.try(known{id: "signer/" + x.id, what: x.what, source: "docs/formats/identity.md", rejects: x.err != nil, expected: x.want}, func() (string, error) {
			return refused(sign(x.size, x.edit), x.err)
		})
	}
	return nil
}
