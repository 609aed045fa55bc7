package main

import (
	"iter"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// candidate is a password and the key that it is.
type candidate struct {
	key      sdk.Key
	password []byte
}

// candidates are those that opened something in this archive, then all.
func (j *job) candidates() iter.Seq2[sdk.Key, []byte] {
	return func(yield func(sdk.Key, []byte) bool) {
		first := j.proven
		for _, p := range first {
			if !yield(p.key, p.password) {
				return
			}
		}
		for k, p := range j.c.Passwords() {
			if len(first) > 0 && first[0].key.Fingerprint == k.Fingerprint && string(first[0].password) == string(p) {
				continue
			}
			if !yield(k, p) {
				return
			}
		}
	}
}
