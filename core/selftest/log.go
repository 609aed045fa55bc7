package selftest

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const (
	byPython  = "docs/formats/custody.md, by Python and openssl"
	reference = "reference implementation of certificate-transparency, for RFC 6962, 2.1"
)

// log is from an entry's bytes to the signed checkpoint.
func (t *tester) log(context.Context) error {
	if err := t.trees(); err != nil {
		return err
	}
	l := t.vectors.Log
	for i, body := range l.Entries {
		t.try(known{id: fmt.Sprintf("log/entry/%d", i), what: fmt.Sprintf("leaf hash of entry %d", i), source: byPython, expected: l.Leaves[i]}, func() (string, error) {
			e, err := custody.ParseEntry([]byte(body))
			if err == nil && e.Seq != int64(i) {
				err = fmt.Errorf("it says that it is entry %d", e.Seq)
			}
			h := custody.LeafHash([]byte(body))
			return hex.EncodeToString(h[:]), err
		})
	}
	for _, c := range []struct {
		id, what string
		edit     func(string) string
	}{
		{"space", "an entry with a space in it", func(s string) string { return strings.Replace(s, ":", ": ", 1) }},
		{"member", "an entry with a member that no entry has", func(s string) string { return strings.Replace(s, `"commit":`, `"command":"x","commit":`, 1) }},
		{"cut", "an entry that ends early", func(s string) string { return s[:len(s)-1] }},
	} {
		t.try(known{id: "log/entry/altered-" + c.id, what: c.what, source: byPython, rejects: true, expected: "refused"}, func() (string, error) {
			_, err := custody.ParseEntry([]byte(c.edit(l.Entries[1])))
			return word(err == nil), nil
		})
	}
	for i, o := range l.Openings {
		id := fmt.Sprintf("log/commitment/%d-%s", o.Seq, o.Field)
		check := func(value string) (string, error) {
			e, err := custody.ParseEntry([]byte(l.Entries[o.Seq]))
			if err != nil {
				return "", err
			}
			return refused(custody.CheckOpening(e, custody.Opening{Field: o.Field, Salt: o.Salt, Value: []byte(value)}), evidence.ErrIntegrity)
		}
		t.try(known{id: id, what: "a commitment opened", source: byPython, expected: "accepted"}, func() (string, error) { return check(o.Value) })
		if i == 0 {
			t.try(known{id: id + "/altered", what: "the same with another value", source: byPython, rejects: true, expected: "refused"}, func() (string, error) { return check(`"another"`) })
		}
	}
	t.sets()
	return t.checkpoints()
}

// trees are roots of trees of every size that there are vectors for.
func (t *tester) trees() error {
	data := make([][]byte, len(t.vectors.Tree.Leaves))
	for i, b := range t.vectors.Tree.Leaves {
		data[i] = b
	}
	entries := make([][]byte, len(t.vectors.Log.Entries))
	for i, s := range t.vectors.Log.Entries {
		entries[i] = []byte(s)
	}
	for _, tree := range []struct {
		id, source string
		data       [][]byte
		roots      []string // from size 1
	}{{"reference", reference, data, t.vectors.Tree.Roots}, {"log", byPython, entries, t.vectors.Log.Roots[1:]}} {
		_, read, err := nodesOf(tree.data)
		if err != nil {
			return err
		}
		for i, want := range tree.roots {
			t.try(known{id: fmt.Sprintf("log/root/%s-%d", tree.id, i+1), what: fmt.Sprintf("root of a tree of %d", i+1), source: tree.source, expected: want}, func() (string, error) {
				r, err := custody.Root(int64(i+1), read)
				return hex.EncodeToString(r[:]), err
			})
		}
	}
	empty := custody.EmptyRoot()
	t.add(known{id: "log/root/0", what: "root of a tree of nothing", source: byPython, expected: t.vectors.Log.Roots[0]}, hex.EncodeToString(empty[:]), nil)
	return nil
}

// sets are the salted trees over members and over records.
func (t *tester) sets() {
	l := t.vectors.Log
	t.try(known{id: "log/set", what: "root of a set", source: byPython, expected: l.Set.Root}, func() (string, error) {
		s := custody.NewSet([32]byte(l.Set.Seed))
		for _, b := range l.Set.Bodies {
			if _, err := s.Add([]byte(b)); err != nil {
				return "", err
			}
		}
		return s.Root().Root, nil
	})
	for i, want := range l.Set.LeafData {
		t.try(known{id: fmt.Sprintf("log/set/leaf-%d", i), what: fmt.Sprintf("leaf data of member %d", i), source: byPython, expected: want}, func() (string, error) {
			data, _, err := custody.MemberLeaf([32]byte(l.Set.Seed), int64(i), []byte(l.Set.Bodies[i]))
			return string(data), err
		})
	}
	for i, want := range l.Records.Leaves {
		h := custody.RecordLeaf([32]byte(l.Records.Seed), int64(i), []byte(l.Records.Lines[i]))
		t.add(known{id: fmt.Sprintf("log/records/leaf-%d", i), what: fmt.Sprintf("leaf hash of record %d", i), source: byPython, expected: want}, hex.EncodeToString(h[:]), nil)
	}
	for _, c := range []struct {
		id, what, line string
		rejects        bool
	}{{"records", "root of a record set", "", false}, {"records/altered", "the same with one record changed", `{"kind":"message","text":"another"}`, true}} {
		want := l.Records.Root
		if c.rejects {
			want = "another root"
		}
		t.try(known{id: "log/" + c.id, what: c.what, source: byPython, rejects: c.rejects, expected: want}, func() (string, error) {
			tree := custody.NewRecordTree([32]byte(l.Records.Seed))
			for i, line := range l.Records.Lines {
				if c.rejects && i == 2 {
					line = c.line
				}
				tree.Add([]byte(line))
			}
			r, _ := tree.Root()
			if got := hex.EncodeToString(r[:]); !c.rejects || got == l.Records.Root {
				return got, nil
			}
			return "another root", nil
		})
	}
}

// checkpoints are signed notes over the log's head.
func (t *tester) checkpoints() error {
	l := t.vectors.Log
	key := ed25519.NewKeyFromSeed(l.Seed)
	t.add(known{id: "log/checkpoint/key", what: "verifier key", source: byPython, expected: l.VKey}, custody.VKey(l.Origin, key.Public().(ed25519.PublicKey)), nil)
	other := custody.VKey(l.Origin, ed25519.NewKeyFromSeed(t.vectors.Ed25519[0].Seed).Public().(ed25519.PublicKey))
	note := l.Notes["6"]
	t.try(known{id: "log/checkpoint/sign", what: "checkpoint over 6 entries signed", source: byPython, expected: note}, func() (string, error) {
		root, err := hex.DecodeString(l.Roots[6])
		if err != nil {
			return "", err
		}
		b, err := custody.SignCheckpoint(l.Origin, 6, [32]byte(root), key)
		return string(b), err
	})
	open := func(note, vkey string) (string, error) {
		cp, err := custody.OpenCheckpoint([]byte(note), vkey)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d entries, root %x", cp.Size, cp.Root), nil
	}
	t.try(known{id: "log/checkpoint/verify", what: "the same verified", source: byPython, expected: "6 entries, root " + l.Roots[6]}, func() (string, error) { return open(note, l.VKey) })
	for _, c := range []struct {
		id, what, note, vkey string
		want                 error
	}{
		{"altered-size", "a checkpoint whose size was changed", strings.Replace(note, "\n6\n", "\n7\n", 1), l.VKey, evidence.ErrIntegrity},
		{"altered-root", "a checkpoint whose root was changed", l.Notes["3"][:strings.Index(l.Notes["3"], "\n\n")] + note[strings.Index(note, "\n\n"):], l.VKey, evidence.ErrIntegrity},
		{"another-key", "a checkpoint by a key that is not known", note, other, custody.ErrUnknownSigner},
		{"carriage-return", "a checkpoint with another line end", strings.Replace(note, "\n", "\r\n", 1), l.VKey, evidence.ErrFormat},
	} {
		t.try(known{id: "log/checkpoint/" + c.id, what: c.what, source: byPython, rejects: true, expected: "refused"}, func() (string, error) {
			_, err := custody.OpenCheckpoint([]byte(c.note), c.vkey)
			return refused(err, c.want)
		})
	}
	return nil
}
