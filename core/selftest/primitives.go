package selftest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// content makes what a vector of hashes is over, as testdata/vectors.py does.
func content(name string, size int) ([]byte, error) {
	switch name {
	case "nothing":
		return nil, nil
	case "abc":
		return []byte("abc"), nil
	case "stream":
		var out []byte
		for i := uint64(0); len(out) < size; i++ {
			block := sha256.Sum256(append([]byte("exhibit selftest"), byte(i>>56), byte(i>>48), byte(i>>40), byte(i>>32), byte(i>>24), byte(i>>16), byte(i>>8), byte(i)))
			out = append(out, block[:]...)
		}
		return out[:size], nil
	case "text":
		return bytes.Repeat([]byte("2008-07-31 taiwan,1\n"), size/20), nil
	}
	return nil, fmt.Errorf("vectors: no content %q", name)
}

// primitives are the hashes, signatures and the canonical form that all rests on.
func (t *tester) primitives(context.Context) error {
	for _, v := range t.vectors.Hashes {
		b, err := content(v.Name, v.Size)
		if err != nil {
			return err
		}
		for _, h := range []struct {
			name, want string
			hash       hash.Hash
		}{
			{"sha256", v.SHA256, sha256.New()},
			{"sha512", v.SHA512, sha512.New()},
			{"sha1", v.SHA1, sha1.New()},
			{"md5", v.MD5, md5.New()},
		} {
			h.hash.Write(b)
			t.add(known{id: "hash/" + h.name + "/" + v.Name, what: fmt.Sprintf("%s of %d bytes", h.name, len(b)), source: v.Source, expected: h.want}, hex.EncodeToString(h.hash.Sum(nil)), nil)
		}
	}
	for i, v := range t.vectors.Canonical {
		t.try(known{id: fmt.Sprintf("canonical/written/%d", i+1), what: "canonical JSON", source: v.Source, expected: v.Out}, func() (string, error) {
			b, err := evidence.Canonicalize([]byte(v.In))
			return string(b), err
		})
	}
	for _, v := range t.vectors.Refused {
		t.try(known{id: "canonical/refused/" + slug(v.What), what: v.What, source: "docs/formats/canonical.md", rejects: true, expected: "refused"}, func() (string, error) {
			return refused(evidence.CheckCanonical([]byte(v.In)), evidence.ErrNotCanonical)
		})
	}
	t.signatures()
	return nil
}

func (t *tester) signatures() {
	for _, v := range t.vectors.Ed25519 {
		id := "ed25519/" + slug(v.Source)
		t.try(known{id: id + "/sign", what: "Ed25519 signature made", source: v.Source, expected: hex.EncodeToString(v.Signature)}, func() (string, error) {
			key := ed25519.NewKeyFromSeed(v.Seed)
			if !bytes.Equal(key.Public().(ed25519.PublicKey), v.Public) {
				return "", errors.New("the public key is another one")
			}
			return hex.EncodeToString(ed25519.Sign(key, v.Message)), nil
		})
		t.add(known{id: id + "/verify", what: "the same verified", source: v.Source, expected: "accepted"}, word(ed25519.Verify(ed25519.PublicKey(v.Public), v.Message, v.Signature)), nil)
		t.add(known{id: id + "/altered-message", what: "the same under another message", source: v.Source, rejects: true, expected: "refused"},
			word(ed25519.Verify(ed25519.PublicKey(v.Public), append(bytes.Clone(v.Message), 0), v.Signature)), nil)
		t.add(known{id: id + "/altered-signature", what: "the same with a bit turned over", source: v.Source, rejects: true, expected: "refused"},
			word(ed25519.Verify(ed25519.PublicKey(v.Public), v.Message, flip(v.Signature, 40))), nil)
	}
	s := t.vectors.SSHSig
	const source = "PROTOCOL.sshsig, by openssl and Python"
	t.try(known{id: "sshsig/sign", what: "SSH signature made", source: source, expected: s.Signature}, func() (string, error) {
		b, err := sshsig.Sign(ed25519.NewKeyFromSeed(s.Seed), s.Namespace, []byte(s.Message))
		return string(b), err
	})
	for _, c := range []struct {
		id, what, message, namespace, want string
	}{
		{"verify", "the same verified", s.Message, s.Namespace, "accepted"},
		{"altered-message", "the same under another text", s.Message + " ", s.Namespace, "refused"},
		{"altered-namespace", "the same for another purpose", s.Message, s.Namespace + "x", "refused"},
	} {
		t.try(known{id: "sshsig/" + c.id, what: c.what, source: source, rejects: c.want == "refused", expected: c.want}, func() (string, error) {
			_, err := sshsig.Verify([]byte(s.Signature), []byte(c.message), c.namespace)
			return refused(err, sshsig.ErrSignature)
		})
	}
}

func word(ok bool) string {
	if ok {
		return "accepted"
	}
	return "refused"
}

// flip returns b with one bit of byte i turned over.
func flip(b []byte, i int) []byte {
	out := bytes.Clone(b)
	out[i] ^= 1
	return out
}

// slug makes an identifier of words.
func slug(s string) string {
	out := []byte{}
	for _, c := range []byte(s) {
		switch {
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.':
			out = append(out, c)
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
	}
	return string(bytes.Trim(out, "-"))
}

// read gives the stored nodes of a tree of these leaves' data.
func nodesOf(data [][]byte) ([][32]byte, custody.ReadHashes, error) {
	var nodes [][32]byte
	read := func(idx []int64) ([][32]byte, error) {
		out := make([][32]byte, len(idx))
		for i, n := range idx {
			if n < 0 || n >= int64(len(nodes)) {
				return nil, fmt.Errorf("node %d: %w", n, evidence.ErrNotFound)
			}
			out[i] = nodes[n]
		}
		return out, nil
	}
	for seq, b := range data {
		add, err := custody.NewNodes(int64(seq), b, read)
		if err != nil {
			return nil, nil, err
		}
		for _, n := range add {
			nodes = append(nodes, n.Hash)
		}
	}
	return nodes, read, nil
}
