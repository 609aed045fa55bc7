package selftest

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// vectorsJSON is what testdata/vectors.py printed.
//
//go:embed vectors.json
var vectorsJSON []byte

// bytesHex are bytes as hexadecimal digits in JSON.
type bytesHex []byte

// UnmarshalJSON reads hexadecimal digits.
func (b *bytesHex) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	raw, err := hex.DecodeString(s)
	*b = raw
	return err
}

// vectors are the known answers of the formats; testdata/vectors.py says how they were made.
type vectors struct {
	Canonical []struct{ Source, In, Out string }
	Refused   []struct{ What, In string }
	Ed25519   []struct {
		Source                           string
		Seed, Message, Public, Signature bytesHex
	}
	Tree struct {
		Leaves []bytesHex
		Roots  []string
	}
	Hashes []struct {
		Name, Source, SHA256, SHA1, MD5, SHA512 string
		Size                                    int
	}
	SSHSig struct {
		Seed                          bytesHex
		Namespace, Message, Signature string
	}
	Log logVectors
}

type logVectors struct {
	Origin, VKey string
	Seed         bytesHex
	Entries      []string
	Openings     []struct {
		Seq                int
		Field, Salt, Value string
	}
	Leaves, Roots []string
	Notes         map[string]string
	Set           struct {
		Seed             bytesHex
		Bodies, LeafData []string
		Root             string
	}
	Runs struct {
		Seed bytesHex
		Body string
	}
	Records struct {
		Seed          bytesHex
		Lines, Leaves []string
		Root          string
	}
	Proofs map[string]string
}

func readVectors() (v vectors, err error) {
	if err := json.Unmarshal(vectorsJSON, &v); err != nil {
		return v, fmt.Errorf("vectors: %w", err)
	}
	return v, nil
}
