package blob

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// The seek table of the zstd seekable format, version 0.1.0
// (zstd/contrib/seekable_format/zstd_seekable_compression_format.md): a
// skippable frame at the end of the file, all numbers little-endian:
//
//	0x184D2A5E | size of what follows | per frame: stored size, content size | frames | descriptor | 0x8F92EAB1
//
// each four bytes, the descriptor one. Descriptor bit 7 announces a checksum
// per frame; it is 0 here, as the zstd frames carry their own.
const (
	skippableMagic = 0x184D2A5E
	seekableMagic  = 0x8F92EAB1
	skipHeaderSize = 8
	seekEntrySize  = 8
	seekFooterSize = 9
)

// appendSeekTable appends the table of frames with these stored sizes, each of
// frameSize bytes of content but for the last, together size.
func appendSeekTable(dst []byte, stored []uint32, size int64) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, skippableMagic)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(stored)*seekEntrySize+seekFooterSize))
	for _, n := range stored {
		content := min(size, frameSize)
		dst = binary.LittleEndian.AppendUint32(dst, n)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(content))
		size -= content
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(stored)))
	dst = append(dst, 0)
	return binary.LittleEndian.AppendUint32(dst, seekableMagic)
}

// seekTable says where the frames of an object lie.
type seekTable struct {
	offsets []int64 // of each frame's start, and of the table: one more than frames
	size    int64   // of the content
}

// readSeekTable reads the table at the end of an object of the given stored
// size. It fails with evidence.ErrFormat on anything that appendSeekTable does
// not write, so that frame i holds the content from i*frameSize.
func readSeekTable(r io.ReaderAt, stored int64) (*seekTable, error) {
	bad := func(why string) (*seekTable, error) {
		return nil, fmt.Errorf("%w: zstd seek table: %s", evidence.ErrFormat, why)
	}
	if stored < skipHeaderSize+seekFooterSize {
		return bad("file too short")
	}
	var footer [seekFooterSize]byte
	if _, err := r.ReadAt(footer[:], stored-seekFooterSize); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(footer[5:]) != seekableMagic {
		return bad("magic number missing")
	}
	if footer[4] != 0 {
		return bad("unknown descriptor")
	}
	frames := int64(binary.LittleEndian.Uint32(footer[:4]))
	length := skipHeaderSize + frames*seekEntrySize + seekFooterSize
	if length > stored {
		return bad("longer than the file")
	}
	table := make([]byte, length)
	if _, err := r.ReadAt(table, stored-length); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(table) != skippableMagic || int64(binary.LittleEndian.Uint32(table[4:])) != length-skipHeaderSize {
		return bad("not a skippable frame of its own size")
	}
	t := &seekTable{offsets: make([]int64, 1, frames+1)}
	var at int64
	for i := range frames {
		e := table[skipHeaderSize+i*seekEntrySize:]
		n, content := int64(binary.LittleEndian.Uint32(e)), int64(binary.LittleEndian.Uint32(e[4:]))
		switch {
		case n == 0 || n > maxStoredFrame:
			return bad("frame of impossible stored size")
		case content == 0 || content > frameSize || content < frameSize && i != frames-1:
			return bad("frame of impossible content size")
		}
		at += n
		t.offsets = append(t.offsets, at)
		t.size += content
	}
	if at != stored-length {
		return bad("frames do not fill the file")
	}
	return t, nil
}

// frames returns how many frames there are.
func (t *seekTable) frames() int64 { return int64(len(t.offsets) - 1) }

// content returns how many bytes frame i decodes to.
func (t *seekTable) content(i int64) int { return int(min(t.size-i*frameSize, frameSize)) }
