package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/bodgit/sevenzip"
	"github.com/ulikunitz/xz/lzma"
)

// maxDictionary bounds what a 7z's or RAR's decoder may keep, whatever an archive asks
// for: twice what 7-Zip's and RAR's highest levels write by themselves.
const maxDictionary = 512 << 20

var errMethod = errors.New("a compression method with properties that make no sense")

// boundMethods has the library decode LZMA and LZMA2 by decoders that refuse a larger
// dictionary: its own would try to have it, and the process would end.
func boundMethods() {
	sevenzip.RegisterDecompressor([]byte{3, 1, 1}, boundLZMA)
	sevenzip.RegisterDecompressor([]byte{0x21}, boundLZMA2)
}

func boundLZMA(properties []byte, size uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 || len(properties) != 5 {
		return nil, errMethod
	}
	if binary.LittleEndian.Uint32(properties[1:]) > maxDictionary {
		return nil, errBomb
	}
	// The head of a .lzma file: properties and size (LZMA specification).
	head := binary.LittleEndian.AppendUint64(bytes.Clone(properties), size)
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), in[0]))
	return closing(r, in[0], err)
}

func boundLZMA2(properties []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	if len(in) != 1 || len(properties) != 1 || properties[0] > 40 {
		return nil, errMethod
	}
	n := int64(2|properties[0]&1) << (properties[0]/2 + 11)
	if n > maxDictionary {
		return nil, errBomb
	}
	r, err := lzma.Reader2Config{DictCap: int(n)}.NewReader2(in[0])
	return closing(r, in[0], err)
}

func closing(r io.Reader, c io.Closer, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, fmt.Errorf("lzma: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, c}, nil
}
