// Package signer keeps the Ed25519 identities that sign custody logs, outside
// any case (docs/formats/identity.md), and signs checkpoints with them.
//
// A signer remembers the last checkpoint it signed for each log and refuses to
// sign a tree that does not continue it: a log that was cut short or rewritten
// after a seal cannot be sealed again by the same identity. The memory is as good
// as the directory that holds it. Whoever holds an identity's file can sign
// anything elsewhere; checkpoints kept by others are what refutes that.
package signer

import (
	"errors"

	"github.com/exhibit-forensics/exhibit/internal/private"
)

// Sentinels that callers branch on.
var (
	// ErrLax: someone else than the owner can read or change an identity's files.
	ErrLax = private.ErrLax
	// ErrSmaller: a larger tree of this log was signed already.
	ErrSmaller = errors.New("log is shorter than when it was last signed")
	// ErrInconsistent: the tree does not continue the one that was signed last.
	ErrInconsistent = errors.New("log does not continue what was last signed")
	// ErrRevoked: the identity was revoked and signs nothing any more.
	ErrRevoked = errors.New("identity was revoked")
	// ErrRetired: the identity handed this log over to another one.
	ErrRetired = errors.New("identity handed this log over to another one")
)
