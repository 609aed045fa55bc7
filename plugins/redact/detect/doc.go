// Package detect finds personal data in text: where they stand, what they are, how sure
// that is and why. It changes nothing, has no clock and no state between texts; what it
// says follows from the text, the options and the dictionary alone. docs/redaction.md
// lists what it knows.
//
// A text is folded (full-width forms, characters that show nothing) with a map back to
// its bytes, read once by a table of byte classes, and what may be something is put to
// a validator. No regular expression is run but those of Custom, behind a literal.
package detect
