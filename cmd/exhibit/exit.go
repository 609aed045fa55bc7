package main

import (
	"context"
	"errors"

	"github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Exit codes. docs/cli.md lists them for people; a test compares.
const (
	exitDone      = 0
	exitFailure   = 1
	exitInputs    = 3
	exitNoCase    = 10
	exitLocked    = 11
	exitKey       = 12
	exitNoSpace   = 13
	exitAltered   = 20
	exitMissing   = 21
	exitRolled    = 22
	exitForked    = 23
	exitBelow     = 24
	exitUnsure    = 25
	exitLeak      = 26
	exitRefused   = 30
	exitCrashed   = 31
	exitUsage     = 64
	exitCancelled = 130
)

// exit is one row of the table of exit codes.
type exit struct {
	code    int
	meaning string
	// causes are the errors that lead to it.
	causes []error
}

// errUsage: the command line itself is wrong.
var errUsage = errors.New("usage")

// exits is the table, worst first: where an error has several causes, or a
// command several outcomes, the first row counts.
func exits() []exit {
	return []exit{
		{exitCancelled, "cancelled by a signal", []error{context.Canceled}},
		{exitForked, "FORKED: the log differs from what was signed or handed out of the same log", []error{signer.ErrInconsistent, anchor.ErrForked}},
		{exitRolled, "ROLLED BACK: the log is shorter than it once was", []error{signer.ErrSmaller, anchor.ErrAhead}},
		{exitAltered, "ALTERED: something is not as it was recorded or handed over", []error{evidence.ErrIntegrity}},
		{exitMissing, "INCOMPLETE: something that the log, or a list of hashes, names is not there", nil},
		{exitLeak, "LEAK: a value that must not be in it was found", []error{disclose.ErrLeak}},
		{exitNoSpace, "no space left", []error{evidence.ErrNoSpace}},
		{exitRefused, "a plugin was refused: its bytes changed, or it cannot be confined as required", []error{evidence.ErrRefused}},
		{exitCrashed, "a plugin crashed, hung or went over its limits", []error{evidence.ErrPlugin}},
		{exitKey, "a key is wrong or missing", []error{evidence.ErrKey, signer.ErrRevoked, signer.ErrRetired, custody.ErrRevoked, custody.ErrRetired}},
		{exitLocked, "another process is writing to the case", []error{evidence.ErrLocked}},
		{exitNoCase, "there is no case at this place", []error{evidence.ErrNoCase}},
		{exitUsage, "the command line is wrong; nothing was done", []error{errUsage}},
		{exitUnsure, "CANNOT VERIFY: something could not be read or understood", nil},
		{exitBelow, "INTACT, but attested less strongly than `--require` asked", nil},
		{exitInputs, "finished, but some inputs failed", nil},
		{exitFailure, "any other failure", nil},
		{exitDone, "done", nil},
	}
}

// exitCode is the code that belongs to an error.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if p := (*problem)(nil); errors.As(err, &p) && p.code != 0 {
		return p.code
	}
	for _, e := range exits() {
		for _, cause := range e.causes {
			if errors.Is(err, cause) {
				return e.code
			}
		}
	}
	return exitFailure
}

// worst returns the code of two that stands first in the table.
func worst(a, b int) int {
	for _, e := range exits() {
		if e.code == a || e.code == b {
			return e.code
		}
	}
	return exitFailure
}
