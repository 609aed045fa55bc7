package anchor

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"

	"github.com/digitorus/timestamp"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// MaxResponse bounds a time-stamp response in bytes.
const MaxResponse = 256 << 10

// StampRequest returns a TimeStampReq (RFC 3161 §2.4.1) over the file of a checkpoint, with
// a nonce of 64 bits from rand, asking for the authority's certificate.
func StampRequest(note []byte, rand io.Reader) ([]byte, error) {
	var nonce [8]byte
	if _, err := io.ReadFull(rand, nonce[:]); err != nil {
		return nil, fmt.Errorf("anchor: time-stamp request: random source: %w", err)
	}
	nonce[0] |= 1 // so that it is as long as it should be
	sum := sha256.Sum256(note)
	b, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: new(big.Int).SetBytes(nonce[:])}).Marshal()
	if err != nil {
		return nil, fmt.Errorf("anchor: time-stamp request: %w", err)
	}
	return b, nil
}

// ReadRequest returns what a TimeStampReq asks a stamp for, and its nonce, nil where it has
// none. It fails with evidence.ErrFormat.
func ReadRequest(request []byte) (imprint [32]byte, nonce *big.Int, err error) {
	q, err := timestamp.ParseRequest(request)
	if err != nil {
		return imprint, nil, fmt.Errorf("anchor: time-stamp request: %w: %w", evidence.ErrFormat, err)
	}
	if q.HashAlgorithm != crypto.SHA256 || len(q.HashedMessage) != len(imprint) {
		return imprint, nil, fmt.Errorf("anchor: time-stamp request: %w: not over a SHA-256", evidence.ErrFormat)
	}
	return [32]byte(q.HashedMessage), q.Nonce, nil
}
