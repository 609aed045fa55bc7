package main

import (
	"bufio"
	"errors"
	"io"

	fast "github.com/klauspost/compress/flate"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// inflater decodes deflate (RFC 1951). The fast decoder gives up some symbols before
// a stream's break, as the standard library's does; the exact one is asked for those.
type inflater struct {
	in   *sdk.Input
	from func() io.Reader // gives the stream again
	r    io.Reader
	fast io.ReadCloser
	n    int64 // bytes given so far
}

// reset begins the stream that br is at, and that from gives again.
func (f *inflater) reset(br *bufio.Reader, from func() io.Reader) error {
	f.from, f.n = from, 0
	if f.fast == nil {
		f.fast = fast.NewReader(br)
	} else if err := f.fast.(fast.Resetter).Reset(br, nil); err != nil {
		return err
	}
	f.r = f.fast
	return nil
}

func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n += int64(n)
	if err == nil || errors.Is(err, io.EOF) || f.r != f.fast || f.in.Err() != nil {
		return n, err
	}
	exact := newExactInflate(bufferedContent(f.from()))
	if _, again := io.CopyN(io.Discard, exact, f.n); again != nil {
		return n, err // it does no better
	}
	f.r = exact
	if n > 0 {
		return n, nil
	}
	return f.Read(p)
}
