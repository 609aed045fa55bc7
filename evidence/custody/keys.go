package custody

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Sentinels of keys that sign no more.
var (
	// ErrRetired: another key took the key's place in this log.
	ErrRetired = errors.New("key was rotated: another one signs this log")
	// ErrRevoked: the key was revoked.
	ErrRevoked = errors.New("key was revoked")
)

// Handover is an entry by which a key stops signing the log
// (docs/formats/custody.md, Keys that sign).
type Handover struct {
	// Seq is the entry; the checkpoint that carries it out is over Seq+1 entries.
	Seq int64
	// Key is the verifier key that stops, Successor the one that takes its place or
	// revokes it; Successor is "" where a key revokes itself.
	Key, Successor string
	// Revoked: the key is revoked rather than rotated.
	Revoked bool
	// Signed: the checkpoint over Seq+1 entries bears the signatures that it needs.
	Signed bool
}

// HandoverOf returns the handover that an entry announces, ok false where it announces none.
func HandoverOf(e Entry) (h Handover, ok bool) {
	action, _ := e.Plain["action"].(string)
	key, _ := e.Plain["signer"].(string)
	successor, _ := e.Plain["successor"].(string)
	if e.Kind != "identity" || key == "" || key == successor {
		return Handover{}, false
	}
	switch {
	case action == "rotate" && successor != "", action == "revoke":
		return Handover{Seq: e.Seq, Key: key, Successor: successor, Revoked: action == "revoke"}, true
	}
	return Handover{}, false
}

// Carry marks the handover as signed where note is the checkpoint over its entry and
// signed as it needs: a rotation by both keys, a revocation by the successor, or by
// the key itself where there is none.
func (h *Handover) Carry(note []byte) {
	need := []string{h.Key, h.Successor}
	if h.Revoked && h.Successor != "" {
		need = []string{h.Successor}
	}
	need = slices.DeleteFunc(need, func(k string) bool { return k == "" })
	for _, key := range need {
		cp, err := OpenCheckpoint(note, key)
		if err != nil || cp.Size != h.Seq+1 {
			return
		}
	}
	h.Signed = true
}

// MaySign reports, with ErrRetired or ErrRevoked, why key must not sign the log any
// more. A revocation counts from its entry on, a rotation once it is signed.
func MaySign(handovers []Handover, key string) error {
	for _, h := range handovers {
		switch {
		case h.Key != key:
		case h.Revoked:
			return fmt.Errorf("custody: %w by entry %d", ErrRevoked, h.Seq)
		case h.Signed:
			return fmt.Errorf("custody: %w, by entry %d", ErrRetired, h.Seq)
		}
	}
	return nil
}

// JoinSignatures returns one note with the signatures of both, a's first. It fails with
// evidence.ErrFormat where they are not notes over the same text, or bear a
// signature by the same key.
func JoinSignatures(a, b []byte) ([]byte, error) {
	textA, sigsA, okA := bytes.Cut(a, []byte("\n\n"))
	textB, sigsB, okB := bytes.Cut(b, []byte("\n\n"))
	if !okA || !okB || !bytes.Equal(textA, textB) {
		return nil, fmt.Errorf("custody: join signatures: %w: not over the same text", evidence.ErrFormat)
	}
	joined := slices.Concat(textA, []byte("\n\n"), sigsA, sigsB)
	cp, err := ParseCheckpoint(joined)
	if err != nil {
		return nil, fmt.Errorf("custody: join signatures: %w", err)
	}
	if signers := slices.Clone(cp.Signers); len(slices.Compact(slices.Sorted(slices.Values(signers)))) != len(signers) {
		return nil, fmt.Errorf("custody: join signatures: %w: two by one key", evidence.ErrFormat)
	}
	return joined, nil
}
