// Package verify is the second opinion over a case directory: whether what lies
// there is what the custody log says was put there.
//
// It trusts nothing that the writer of a case trusts. It reads case.db and the
// objects itself, read-only, and recomputes every hash with code of its own,
// written from docs/formats/; it imports neither evidence/store nor
// evidence/blob. A mistake would have to be made twice to go unseen.
//
// It proves that a record has not changed since somebody outside held a
// fingerprint of it (a receipt, a trusted key). It proves nothing about whether
// the record was true, complete or lawfully obtained when it was made.
//
// The case is untrusted input: whatever its bytes are, Case returns a report.
// Nothing in its directory is changed or created, and a writer beside it is not
// held up. No evidence and no value that an opening holds appears in a report:
// digests, field names, row numbers and the paths of sources left in place do.
// What is checked, and what a report looks like: docs/formats/verify.md.
package verify
