package main

import (
	"bufio"
	"compress/flate"
	"errors"
	"io"
)

// exactInflate decodes deflate (RFC 1951) a bit at a time, after M. Adler's puff: it
// asks for no bit more than a symbol has, and so gives every symbol that is
// complete before a stream's break. It is slow and used for nothing else.
type exactInflate struct {
	br    *bufio.Reader
	hold  uint32
	count uint

	window [32 << 10]byte
	n      int64  // bytes decoded
	out    []byte // decoded, of which given were handed out
	given  int
	end    error

	inBlock, final bool
	stored         int // bytes left of a stored block, where no codes are in use
	lengths, dists *huffman
}

func newExactInflate(br *bufio.Reader) *exactInflate { return &exactInflate{br: br} }

func (x *exactInflate) Read(p []byte) (int, error) {
	for x.given == len(x.out) {
		if x.end != nil {
			return 0, x.end
		}
		x.out, x.given = x.out[:0], 0
		for x.end == nil && len(x.out) < 16<<10 {
			x.end = x.step()
		}
	}
	n := copy(p, x.out[x.given:])
	x.given += n
	return n, nil
}

// step decodes one symbol, one stored byte, or the head of a block.
func (x *exactInflate) step() error {
	switch {
	case !x.inBlock && x.final:
		return io.EOF
	case !x.inBlock:
		return x.block()
	case x.lengths != nil:
		return x.symbol()
	case x.stored == 0:
		x.inBlock = false
		return nil
	}
	b, err := x.br.ReadByte()
	if err != nil {
		return noEOF(err)
	}
	x.stored--
	x.put(b)
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (x *exactInflate) corrupt() error { return flate.CorruptInputError(x.n) }

func (x *exactInflate) put(b byte) {
	x.window[x.n%int64(len(x.window))] = b
	x.n++
	x.out = append(x.out, b)
}

func (x *exactInflate) bits(n uint) (int, error) {
	for x.count < n {
		b, err := x.br.ReadByte()
		if err != nil {
			return 0, noEOF(err)
		}
		x.hold |= uint32(b) << x.count
		x.count += 8
	}
	v := x.hold & (1<<n - 1)
	x.hold >>= n
	x.count -= n
	return int(v), nil
}

// block reads the head of a block.
func (x *exactInflate) block() error {
	head, err := x.bits(3)
	if err != nil {
		return err
	}
	x.inBlock, x.final, x.lengths = true, head&1 != 0, nil
	switch head >> 1 {
	case 0:
		x.hold, x.count = 0, 0 // to the next byte
		var b [4]byte
		if _, err := io.ReadFull(x.br, b[:]); err != nil {
			return noEOF(err)
		}
		if b[0] != ^b[2] || b[1] != ^b[3] {
			return x.corrupt()
		}
		x.stored = int(b[0]) | int(b[1])<<8
	case 1:
		x.lengths, x.dists = fixedCodes()
	case 2:
		return x.dynamic()
	default:
		return x.corrupt()
	}
	return nil
}

// Bases and extra bits of lengths and distances (RFC 1951 §3.2.5).
var (
	lengthBase = [29]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [29]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [30]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distBits   = [30]uint{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

func (x *exactInflate) symbol() error {
	s, err := x.decode(x.lengths)
	switch {
	case err != nil:
		return err
	case s < 256:
		x.put(byte(s))
		return nil
	case s == 256:
		x.inBlock = false
		return nil
	case s-257 >= len(lengthBase):
		return x.corrupt()
	}
	more, err := x.bits(lengthBits[s-257])
	if err != nil {
		return err
	}
	length := lengthBase[s-257] + more
	if s, err = x.decode(x.dists); err != nil {
		return err
	}
	if s >= len(distBase) {
		return x.corrupt()
	}
	if more, err = x.bits(distBits[s]); err != nil {
		return err
	}
	dist := int64(distBase[s] + more)
	if dist > x.n {
		return x.corrupt()
	}
	for range length {
		x.put(x.window[(x.n-dist)%int64(len(x.window))])
	}
	return nil
}

// huffman is a canonical code: how many symbols each length has, and the symbols.
type huffman struct {
	count   [16]int
	symbols []int
}

func newHuffman(lengths []byte) *huffman {
	h := &huffman{}
	for n := 1; n <= 15; n++ {
		for s, l := range lengths {
			if int(l) == n {
				h.count[n]++
				h.symbols = append(h.symbols, s)
			}
		}
	}
	return h
}

// left is how many codes of the greatest length are not assigned: 0 where the code
// is complete, negative where there are too many.
func (h *huffman) left() int {
	left := 1
	for n := 1; n <= 15; n++ {
		if left = left<<1 - h.count[n]; left < 0 {
			return left
		}
	}
	return left
}

func (x *exactInflate) decode(h *huffman) (int, error) {
	code, first, index := 0, 0, 0
	for n := 1; n <= 15; n++ {
		b, err := x.bits(1)
		if err != nil {
			return 0, err
		}
		code |= b
		if code-first < h.count[n] {
			return h.symbols[index+code-first], nil
		}
		index += h.count[n]
		first = (first + h.count[n]) << 1
		code <<= 1
	}
	return 0, x.corrupt()
}

func fixedCodes() (lengths, dists *huffman) {
	var l [288]byte
	for s := range l {
		switch {
		case s < 144:
			l[s] = 8
		case s < 256:
			l[s] = 9
		case s < 280:
			l[s] = 7
		default:
			l[s] = 8
		}
	}
	var d [30]byte
	for s := range d {
		d[s] = 5
	}
	return newHuffman(l[:]), newHuffman(d[:])
}

// dynamic reads the codes of a block (RFC 1951 §3.2.7).
func (x *exactInflate) dynamic() error {
	head, err := x.bits(14)
	if err != nil {
		return err
	}
	nlen, ndist, ncode := head&31+257, head>>5&31+1, head>>10+4
	if nlen > 286 || ndist > 30 {
		return x.corrupt()
	}
	var lengths [316]byte
	for i := range ncode {
		n, err := x.bits(3)
		if err != nil {
			return err
		}
		lengths[[19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = byte(n)
	}
	codes := newHuffman(lengths[:19])
	if codes.left() != 0 {
		return x.corrupt()
	}
	lengths = [316]byte{}
	for i := 0; i < nlen+ndist; {
		s, err := x.decode(codes)
		if err != nil {
			return err
		}
		if s < 16 {
			lengths[i] = byte(s)
			i++
			continue
		}
		var value byte
		if s == 16 {
			if i == 0 {
				return x.corrupt()
			}
			value = lengths[i-1]
		}
		more, err := x.bits([3]uint{2, 3, 7}[s-16])
		if err != nil {
			return err
		}
		repeat := [3]int{3, 3, 11}[s-16] + more
		if i+repeat > nlen+ndist {
			return x.corrupt()
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	x.lengths, x.dists = newHuffman(lengths[:nlen]), newHuffman(lengths[nlen:nlen+ndist])
	// An incomplete code is allowed only where it has one symbol.
	for _, h := range []*huffman{x.lengths, x.dists} {
		if left := h.left(); left < 0 || left > 0 && len(h.symbols) > 1 {
			return x.corrupt()
		}
	}
	if lengths[256] == 0 {
		return x.corrupt() // the block could not end
	}
	return nil
}
