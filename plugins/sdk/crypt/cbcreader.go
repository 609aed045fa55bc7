package crypt

import (
	"crypto/cipher"
	"errors"
	"io"
)

// ErrPadding: a stream in CBC does not end as its padding asks: it is cut short, or
// damaged at its end.
var ErrPadding = errors.New("the padding is wrong")

// CBCReader decrypts a stream in CBC of any length in bounded memory.
type CBCReader struct {
	r    io.Reader
	mode cipher.BlockMode
	pad  bool
	buf  []byte // as read, then decrypted in place
	done []byte // decrypted, to be given
	held []byte // the last block, which may be padding
	rest int    // bytes of a block that is not whole, at the start of buf
	err  error
}

// NewCBCReader reads r, whose first block was encrypted with iv. With pkcs7 the padding is
// taken off, and ErrPadding is the end of a stream that has none; without it what is no
// whole block at the end is dropped.
func NewCBCReader(r io.Reader, b cipher.Block, iv []byte, pkcs7 bool) *CBCReader {
	return &CBCReader{r: r, mode: cipher.NewCBCDecrypter(b, iv), pad: pkcs7, buf: make([]byte, 32<<10)}
}

func (c *CBCReader) Read(p []byte) (int, error) {
	for len(c.done) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.done)
	c.done = c.done[n:]
	return n, nil
}

// fill decrypts what comes next.
func (c *CBCReader) fill() {
	size := c.mode.BlockSize()
	n, err := io.ReadFull(c.r, c.buf[c.rest:])
	n += c.rest
	whole := n - n%size
	c.mode.CryptBlocks(c.buf[:whole], c.buf[:whole])
	out := c.buf[:whole]
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if c.pad && whole > 0 { // the last block waits
		out = append(append([]byte(nil), c.held...), out...)
		c.held = append([]byte(nil), out[len(out)-size:]...)
		out = out[:len(out)-size]
	}
	c.done = append([]byte(nil), out...)
	c.rest = copy(c.buf, c.buf[whole:n])
	switch {
	case ended && c.pad:
		body, ok := Strip(PKCS7, c.held, size)
		if ok && c.rest == 0 && len(c.held) > 0 {
			c.done, c.err = append(c.done, body...), io.EOF
		} else {
			c.done, c.err = append(c.done, c.held...), ErrPadding
		}
		c.held = nil
	case ended:
		c.err = io.EOF
	case err != nil:
		c.err = err
	}
}
