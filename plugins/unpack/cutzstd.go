package main

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// newCutZstd reads a zstd stream of which nothing is missing but some of the last
// frame's checksum: the decoder would withhold the block before it.
func newCutZstd(in *sdk.Input, n int64) (io.Reader, error) {
	missing, err := missingChecksum(in)
	if err != nil {
		return nil, err
	}
	padded := io.MultiReader(in.Reader(), io.LimitReader(same(0), missing))
	r, err := newZstd(padded, zstd.IgnoreChecksum(true))
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(io.Discard, r, n)
	return r, err
}

// same is a reader of one byte, over and over.
type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// missingChecksum walks frames and blocks by their headers (RFC 8878 §3.1) and
// returns how many bytes of the last checksum are missing; io.ErrUnexpectedEOF
// where the stream is cut elsewhere.
func missingChecksum(in *sdk.Input) (int64, error) {
	for at := int64(0); ; {
		b := make([]byte, 6)
		if _, err := in.ReadAt(b, at); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		if b[0]&0xf0 == 0x50 && string(b[1:4]) == "\x2a\x4d\x18" { // skippable: its length follows
			if _, err := in.ReadAt(b[:4], at+4); err != nil {
				return 0, io.ErrUnexpectedEOF
			}
			at += 8 + int64(binary.LittleEndian.Uint32(b))
			continue
		}
		if string(b[:4]) != "\x28\xb5\x2f\xfd" {
			return 0, io.ErrUnexpectedEOF
		}
		end, err := lastBlock(in, at+4+frameHeaderLen(b[4]))
		if err != nil {
			return 0, err
		}
		if at = end; b[4]&4 != 0 {
			at += 4
		}
		if at > in.Size {
			return at - in.Size, nil
		}
	}
}

// frameHeaderLen is the length of a frame header with this descriptor.
func frameHeaderLen(descriptor byte) int64 {
	single := descriptor&0x20 != 0
	n := int64(1) + [4]int64{0, 1, 2, 4}[descriptor&3] + [4]int64{0, 2, 4, 8}[descriptor>>6]
	if !single || descriptor>>6 == 0 {
		return n + 1 // a window descriptor, or a content size of one byte
	}
	return n
}

// lastBlock returns where a frame's last block ends.
func lastBlock(in *sdk.Input, at int64) (int64, error) {
	for {
		b := make([]byte, 3)
		if _, err := in.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if at+3 > in.Size {
			return 0, io.ErrUnexpectedEOF
		}
		h := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		size := h >> 3
		if h>>1&3 == 1 {
			size = 1 // run-length
		}
		if at += 3 + size; at > in.Size {
			return 0, io.ErrUnexpectedEOF
		}
		if h&1 != 0 {
			return at, nil
		}
	}
}
