package main

import (
	"errors"
	"fmt"
	"runtime"
)

// errBomb: a decoder asks for more memory than it is given.
var errBomb = errors.New("too large a dictionary")

// errPanic: a library met bytes that it did not expect.
var errPanic = errors.New("the decoder failed")

// tame calls a library's decoder. One that panics over hostile bytes has found them
// corrupt; the process goes on.
func tame(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			var bug runtime.Error
			if e, ok := v.(error); ok && errors.As(e, &bug) {
				err = fmt.Errorf("%w: %w", errPanic, bug)
				return
			}
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return f()
}
