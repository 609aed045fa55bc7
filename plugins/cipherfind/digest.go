package main

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// digest is a way of making a key out of a passphrase: as much of its digest as the key is long,
// or of the digest's hexadecimal digits (docs/formats/case.md, Keys).
type digest struct {
	encoding string
	of       func(text []byte) []byte
}

// digests are those that programs are known to make keys with, for each length of key.
var digests = func() (out []digest) {
	for _, h := range []struct {
		name string
		sum  func([]byte) []byte
	}{
		{"md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }},
		{"sha-1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }},
		{"sha-256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	} {
		digits := func(b []byte) []byte { return []byte(hex.EncodeToString(h.sum(b))) }
		for _, form := range []struct {
			name string
			of   func([]byte) []byte
		}{{"", h.sum}, {"-digits", digits}} {
			for _, n := range keyLengths {
				if n <= len(form.of(nil)) {
					out = append(out, digest{fmt.Sprintf("%s%s-%d", h.name, form.name, n), func(b []byte) []byte { return form.of(b)[:n] }})
				}
			}
		}
	}
	return out
}()
