package evidence

import (
	"strings"
	"unicode/utf8"
)

// NewName keeps the bytes of a file name: POSIX names are bytes, not text.
func NewName(b string) Name {
	if utf8.ValidString(b) {
		return Name{Text: b}
	}
	return Name{Text: strings.ToValidUTF8(b, "\uFFFD"), Raw: []byte(b)}
}

// Bytes returns the name as found.
func (n Name) Bytes() string {
	if n.Raw != nil {
		return string(n.Raw)
	}
	return n.Text
}

// String returns the printable form.
func (n Name) String() string { return n.Text }
