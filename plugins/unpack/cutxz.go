package main

import (
	"bufio"
	"io"

	"github.com/mikelolasagasti/xz"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// cutXz reads an xz stream that is cut short up to the last byte that what is left
// of it decides. The decoder stops 21 bytes before the end of its input, which may
// be a page of a log; so two of them read the input, one with the lowest and one
// with the highest bytes behind it. A range decoder compares its code with bounds:
// where both extremes give the same, whatever stood there would have given it too.
type cutXz struct {
	low, high *bufio.Reader
	end       error
}

// behindCut is more than the decoder looks ahead.
const behindCut = 64

func newCutXz(in *sdk.Input, n int64) (io.Reader, error) {
	open := func(fill byte) (*bufio.Reader, error) {
		r, err := xz.NewReader(io.MultiReader(in.Reader(), io.LimitReader(same(fill), behindCut)), maxWindow)
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, r, n); err != nil {
			return nil, err
		}
		// Of the read in which it meets an error the decoder gives nothing: let it be small.
		return bufio.NewReaderSize(r, 16), nil
	}
	low, err := open(0x00)
	if err != nil {
		return nil, err
	}
	high, err := open(0xff)
	if err != nil {
		return nil, err
	}
	return &cutXz{low: low, high: high}, nil
}

// same is a reader of one byte, over and over.
type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

func (c *cutXz) Read(p []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	// An error of either only says that it has no more.
	a, _ := c.low.Peek(1)
	b, _ := c.high.Peek(1)
	n := min(len(p), c.low.Buffered(), c.high.Buffered())
	if len(a) == 0 || len(b) == 0 {
		n = 0
	}
	a, _ = c.low.Peek(n)
	b, _ = c.high.Peek(n)
	for i := range a {
		if a[i] != b[i] {
			n = i
			break
		}
	}
	copy(p, a[:n])
	if n < len(a) || n == 0 {
		c.end = io.ErrUnexpectedEOF
		return n, c.end
	}
	_, err1 := c.low.Discard(n)
	_, err2 := c.high.Discard(n)
	if err1 != nil || err2 != nil {
		c.end = io.ErrUnexpectedEOF
	}
	return n, nil
}
