package publish

import (
	"context"
	"os"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Source yields what may be shown: redact.Redactor is one.
type Source interface {
	Each(ctx context.Context, choose func(id string) bool, f func(*redact.Record) error) error
	Withheld(ctx context.Context, choose func(id string) bool, f func(redact.Withheld) error) error
	Counts() redact.Counts
}

// Request says what is built.
type Request struct {
	// Numbers gives the production numbers.
	Numbers *Numbers
	// Policy is the one in force.
	Policy *redact.Policy
	// Choose says by its id whether a record is wanted; nil for all.
	Choose func(id string) bool
	// Commitment is the salted hash of the original that the log commits to: the leaf of its
	// run's record tree. It is the only thing that is computed from an original.
	Commitment func(r *redact.Record) (evidence.Digest, error)
	// Case is what the case may be called, "" for nothing; Recipient and Program as stated.
	Case, Recipient, Program string
	// Draft is stamped wherever a person reads.
	Draft bool
	// Scratch makes temporary files that are gone when they are closed.
	Scratch func() (*os.File, error)
}
