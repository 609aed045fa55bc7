package anchor

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const (
	// maxProof is how many hashes a request may have (C2SP tlog-witness).
	maxProof = 63
	// MaxRequest bounds an add-checkpoint request in bytes.
	MaxRequest = 80 << 10
)

// AddCheckpoint is a request of C2SP tlog-witness.
type AddCheckpoint struct {
	// Old is the size that the witness is taken to know.
	Old int64
	// Proof shows that the tree of the checkpoint continues that of Old entries (RFC 6962 §2.1.2).
	Proof [][32]byte
	// Note is the checkpoint, as its log signed it.
	Note []byte
}

// Marshal writes the request's body.
func (r AddCheckpoint) Marshal() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.Old)
	for _, h := range r.Proof {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), r.Note...)
}

// ParseAddCheckpoint reads what Marshal writes; evidence.ErrFormat otherwise. Signatures
// and proof are not judged; the note is in its one form.
func ParseAddCheckpoint(b []byte) (r AddCheckpoint, cp custody.Checkpoint, err error) {
	bad := func(why string) (AddCheckpoint, custody.Checkpoint, error) {
		return AddCheckpoint{}, custody.Checkpoint{}, fmt.Errorf("anchor: add-checkpoint: %w: %s", evidence.ErrFormat, why)
	}
	head, note, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok || len(b) > MaxRequest {
		return bad("no empty line, or too long")
	}
	lines := strings.Split(string(head), "\n")
	digits, ok := strings.CutPrefix(lines[0], "old ")
	r.Old, err = strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || r.Old < 0 || strconv.FormatInt(r.Old, 10) != digits {
		return bad("its first line is not the old size")
	}
	if len(lines)-1 > maxProof {
		return bad("more than 63 hashes")
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != 32 || base64.StdEncoding.EncodeToString(h) != line {
			return bad("not a hash")
		}
		r.Proof = append(r.Proof, [32]byte(h))
	}
	if cp, err = custody.ParseCheckpoint(note); err != nil {
		return AddCheckpoint{}, custody.Checkpoint{}, err
	}
	r.Note = note
	return r, cp, nil
}
