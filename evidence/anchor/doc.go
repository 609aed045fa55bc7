// Package anchor holds the formats by which a checkpoint is traced outside the case
// (docs/formats/anchors.md): requests for time stamps (RFC 3161), cosignatures and the keys
// of witnesses (C2SP tlog-cosignature), requests of the tlog-witness protocol, and the
// queue of what has no answer yet. It is pure; evidence/verify judges, with code of its own.
package anchor
