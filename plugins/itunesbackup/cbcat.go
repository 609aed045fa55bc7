package main

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"io"
)

// cbcAt decrypts what lies at any place of a stream in CBC whose vector is zero: a block
// needs the one before it only.
type cbcAt struct {
	r     io.ReaderAt
	block cipher.Block
}

func newCBCAt(r io.ReaderAt, b cipher.Block) io.ReaderAt { return cbcAt{r, b} }

func (c cbcAt) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	const size = aes.BlockSize
	first := off / size * size
	end := (off + int64(len(p)) + size - 1) / size * size
	b := make([]byte, end-first)
	n, err := c.r.ReadAt(b, first)
	b = b[:n/size*size]
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	var iv [size]byte
	if first > 0 {
		if _, err := c.r.ReadAt(iv[:], first-size); err != nil {
			return 0, err
		}
	}
	cipher.NewCBCDecrypter(c.block, iv[:]).CryptBlocks(b, b)
	if int64(len(b)) <= off-first {
		return 0, io.EOF
	}
	if n = copy(p, b[off-first:]); n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
