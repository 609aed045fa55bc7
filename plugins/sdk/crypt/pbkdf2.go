package crypt

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// roundsBetween is how many rounds of PBKDF2 pass between two looks at the context.
const roundsBetween = 1 << 14

// PBKDF2 derives a key of n bytes from a password (RFC 8018 §5.2). It is that of
// crypto/pbkdf2 but for its length in time: ten million rounds, which an iPhone's backup
// asks for, take seconds, and are given up when ctx is done.
func PBKDF2(ctx context.Context, h func() hash.Hash, password, salt []byte, rounds, n int) ([]byte, error) {
	mac := hmac.New(h, password)
	var out, u []byte
	for block := uint32(1); len(out) < n; block++ {
		mac.Reset()
		mac.Write(salt)
		mac.Write(binary.BigEndian.AppendUint32(nil, block))
		u = mac.Sum(u[:0])
		at := len(out)
		out = append(out, u...)
		t := out[at:]
		for i := 1; i < rounds; i++ {
			if i%roundsBetween == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			mac.Reset()
			mac.Write(u)
			u = mac.Sum(u[:0])
			for j, c := range u {
				t[j] ^= c
			}
		}
	}
	return out[:n], nil
}
