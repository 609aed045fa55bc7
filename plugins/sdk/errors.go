package sdk

import (
	"context"
	"errors"
)

// What an Op may return, wrapped, to say why it stopped. Any error but ErrLimit
// makes the run failed; problems in single units of the input are diagnostics,
// not errors. Texts hold nothing of the evidence.
var (
	// ErrMalformed: the input as a whole is not what the plugin reads.
	ErrMalformed = errors.New("input is malformed")
	// ErrWrongKey: no key that was handed over opens the input.
	ErrWrongKey = errors.New("wrong or missing key")
	// ErrLimit: a limit of the job was reached. The run is partial; what came before is kept.
	ErrLimit = errors.New("limit reached")
	// ErrUnsupported: the input is well formed, but uses what the plugin does not read.
	ErrUnsupported = errors.New("not supported")
	// ErrSource: a record or diagnostic whose Source names no place in the input: a defect of the plugin.
	ErrSource = errors.New("source is not a place in the input")
	// ErrRecord: a record that cannot be written as it is: a defect of the plugin.
	ErrRecord = errors.New("record cannot be written")
	// ErrCharset: bytes are not text in the stated charset.
	ErrCharset = errors.New("bytes are not text in this charset")
)

// reasonOf says in words why an Op stopped.
func reasonOf(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return "cancelled"
	}
	return validText(err.Error())
}
