package sdk

import (
	"bytes"
	"iter"
)

// AddPassword is what an examiner types to make a password known; a diagnostic of what
// stays closed ends with it.
const AddPassword = "make its password known with `exhibit key add NAME --stdin` (or --file FILE), then `exhibit run` again"

// Passwords returns the keys handed to the job as the passwords that they may be: each as
// it is, then without the line ending that `echo` puts after a password. Values are not to
// be changed, kept or written anywhere.
func (c *Ctx) Passwords() iter.Seq2[Key, []byte] {
	return func(yield func(Key, []byte) bool) {
		for _, k := range c.Keys() {
			if !yield(k, k.Value) {
				return
			}
			bare := bytes.TrimSuffix(bytes.TrimSuffix(k.Value, []byte("\n")), []byte("\r"))
			if len(bare) < len(k.Value) && len(bare) > 0 && !yield(k, bare) {
				return
			}
		}
	}
}
