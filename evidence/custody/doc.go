// Package custody is the custody log as a format (docs/formats/custody.md):
// entries and their salted commitments, Merkle trees over entries, set members
// and record lines, signed checkpoints and printed receipts.
//
// It is pure: no file, no clock, no randomness of its own. It is trusted by the
// writer of a case and by its verifier alike, so it refuses whatever is not in
// the one form that the format allows. Trees are RFC 6962, notes and
// checkpoints are C2SP signed-note and tlog-checkpoint, signatures Ed25519.
package custody
