// Package publish builds the files of a redacted production (docs/formats/bundle.md,
// Redacted productions) out of records that core/redact has redacted. It never sees an
// original: whatever it writes is new, made of redacted values alone, and the one thing
// that links it to the evidence is a salted commitment that its caller computes.
//
// All is written from one database, which is built first and is itself a file of the
// production: so every file says the same, in memory that does not follow the number of
// records. The same records and decisions give the same bytes.
package publish
