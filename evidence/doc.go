// Package evidence is exhibit's vocabulary: the words of docs/design.md §1 as
// types, the digests that name things, and the canonical JSON in which
// everything that is hashed is written.
//
// It depends on the standard library only, does no I/O, and is trusted by every
// other package. Formats defined here are written down in docs/formats/.
package evidence
