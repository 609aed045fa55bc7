// Package handling writes into the log what becomes of items after they were received:
// custody passes, somebody has access, an entry turns out to be wrong, an item is returned
// or destroyed (docs/formats/custody.md, Kinds and Statements of transfer).
package handling

import "errors"

// Namespace is what signatures under statements of transfer are made for
// (ssh-keygen -Y sign -n).
const Namespace = "exhibit-transfer"

// Sentinels that callers branch on.
var (
	// ErrSigned: a signature is not what the statement needs.
	ErrSigned = errors.New("signature not accepted")
	// ErrStale: the statement is not about this case as it is.
	ErrStale = errors.New("the statement does not fit the case")
)
