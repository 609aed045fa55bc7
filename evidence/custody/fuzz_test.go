package custody_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
)

// Every seed is checked for what it is a seed of: a fuzzer without good seeds finds nothing.

func FuzzParseEntry(f *testing.F) {
	body, _ := sample(f)
	d := draft()
	d.Kind, d.Plain, d.Secret, d.Refs = "create", map[string]any{"format": "1"}, nil, nil
	first, _, err := custody.Build(custody.Head{Origin: origin}, d, randomness(9))
	if err != nil {
		f.Fatal(err)
	}
	d = draft()
	d.Kind, d.Plain, d.Clock = "plugin", map[string]any{"action": "pin", "plugins": []any{map[string]any{"name": "unpack", "version": "1", "sha256": aDigest}}}, custody.Clock{Source: "system"}
	pin, _, err := custody.Build(head(), d, randomness(9))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{body, first, pin} {
		if _, err := custody.ParseEntry(seed); err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := custody.ParseEntry(b)
		if err != nil {
			if !cmp.Equal(e, custody.Entry{}) {
				t.Error("error, and an entry all the same")
			}
			return
		}
		// An entry that was accepted can be told back to the byte.
		if got := rebuild(t, e); !bytes.Equal(got, b) {
			t.Errorf("accepted\n%s\nwhich is, written again,\n%s", b, got)
		}
	})
}

// rebuild writes an entry from what was read of it, without Build.
func rebuild(t *testing.T, e custody.Entry) []byte {
	t.Helper()
	null := func(p *int64) any {
		if p == nil {
			return nil
		}
		return *p
	}
	var synchronised any
	if e.Clock.Synchronised != nil {
		synchronised = *e.Clock.Synchronised
	}
	commit := map[string]any{}
	for name, d := range e.Commit {
		commit[name] = d.Hex()
	}
	format := func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000000Z07:00") }
	return canonical(t, map[string]any{
		"v": e.Version, "origin": e.Origin, "seq": e.Seq, "id": e.ID, "kind": e.Kind, "prev": e.Prev, "nonce": e.Nonce,
		"plain": e.Plain, "commit": commit, "sets": e.Sets, "refs": e.Refs,
		"tool": map[string]any{"name": e.Tool.Name, "version": e.Tool.Version, "sha256": e.Tool.SHA256, "protocol": e.Tool.Protocol, "os": e.Tool.OS, "arch": e.Tool.Arch},
		"time": map[string]any{
			"start": format(e.Start), "end": format(e.End), "local_offset": e.LocalOffset, "monotonic_us": e.MonotonicUS,
			"clock": map[string]any{"source": e.Clock.Source, "synchronised": synchronised, "offset_us": null(e.Clock.OffsetUS), "error_us": null(e.Clock.ErrorUS)},
		},
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	for _, size := range []int64{0, 1, 1234, evidence.MaxSafeInteger} {
		msg := signed(f, size, 1)
		if _, err := custody.ParseCheckpoint(msg); err != nil {
			f.Fatal(err)
		}
		f.Add(msg)
		f.Add(msg[:len(msg)-20])
	}
	vkey := custody.VKey(origin, publicKey(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		cp, err := custody.ParseCheckpoint(b)
		if err != nil {
			if !cmp.Equal(cp, custody.Checkpoint{}) {
				t.Error("error, and a checkpoint all the same")
			}
			if _, err := custody.OpenCheckpoint(b, vkey); err == nil {
				t.Error("opens, and yet is malformed")
			}
			return
		}
		text := custody.CheckpointBody(cp.Origin, cp.Size, cp.Root) + "\n— "
		if !bytes.HasPrefix(b, []byte(text)) || len(cp.Signers) == 0 || len(cp.Signers) != bytes.Count(b, []byte("\n— ")) {
			t.Errorf("accepted\n%s\nas %+v", b, cp)
		}
		if opened, err := custody.OpenCheckpoint(b, vkey); err == nil && (opened.Root != cp.Root || opened.Size != cp.Size || opened.Root != someRoot) {
			t.Errorf("opened as %+v", opened)
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	text, _, _ := receipt(f, 1234)
	for _, mangle := range manglings {
		seed := []byte(mangle(string(text)))
		if _, _, err := custody.ParseReceipt(seed); err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		note, vkey, err := custody.ParseReceipt(b)
		if err != nil {
			if note != nil || vkey != "" {
				t.Error("error, and a receipt all the same")
			}
			return
		}
		cp, err := custody.ParseCheckpoint(note)
		if err != nil {
			t.Fatal(err)
		}
		if name, _, err := custody.ParseVKey(vkey); err != nil || name != cp.Origin {
			t.Fatalf("key of %q: %v", name, err)
		}
		// What was read reads the same again.
		again := "-----BEGIN EXHIBIT CHECKPOINT-----\n" + string(note) + "-----END EXHIBIT CHECKPOINT-----\n" +
			"-----BEGIN EXHIBIT LOG KEY-----\n" + vkey + "\n-----END EXHIBIT LOG KEY-----\n"
		note2, vkey2, err := custody.ParseReceipt([]byte(again))
		if err != nil || !bytes.Equal(note2, note) || vkey2 != vkey {
			t.Errorf("%v\n%s\nread again\n%s", err, note, note2)
		}
	})
}
