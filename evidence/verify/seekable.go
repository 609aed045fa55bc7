package verify

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Frames of a zstd object (docs/formats/case.md): 256 KiB of content each, the
// last shorter; and what they can take at most when they do not compress.
const (
	frameContent = 256 << 10
	frameStored  = frameContent + 1024
)

// seekTable reads the table at the end of a file in the zstd seekable format
// entry by entry: a skippable frame of two or three 32-bit numbers for each
// frame, and a footer of nine bytes. All numbers are little-endian.
type seekTable struct {
	frames   int64
	checksum bool
	// at is where the table begins: the frames fill the file up to there.
	at int64
	r  *bufio.Reader
}

type seekEntry struct {
	stored, content int64
	checksum        uint32
}

func badTable(why string) error {
	return fmt.Errorf("%w: seek table: %s", evidence.ErrFormat, why)
}

func openSeekTable(r io.ReaderAt, size int64) (*seekTable, error) {
	const header, footer = 8, 9
	var b [footer]byte
	if size < header+footer {
		return nil, badTable("the file is too short for one")
	}
	if _, err := r.ReadAt(b[:], size-footer); err != nil {
		return nil, err
	}
	descriptor := b[4]
	t := &seekTable{frames: int64(binary.LittleEndian.Uint32(b[:])), checksum: descriptor&0x80 != 0}
	entry := int64(8)
	if t.checksum {
		entry = 12
	}
	body := t.frames*entry + footer
	t.at = size - header - body
	switch {
	case binary.LittleEndian.Uint32(b[5:]) != 0x8F92EAB1:
		return nil, badTable("there is none")
	case descriptor&0x7C != 0:
		return nil, badTable("reserved bits are set")
	case t.at < 0:
		return nil, badTable("longer than the file")
	}
	if _, err := r.ReadAt(b[:header], t.at); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(b[:]) != 0x184D2A5E || int64(binary.LittleEndian.Uint32(b[4:])) != body {
		return nil, badTable("does not say its own length")
	}
	t.r = bufio.NewReader(io.NewSectionReader(r, t.at+header, t.frames*entry))
	return t, nil
}

// next returns the entry of the next frame.
func (t *seekTable) next() (e seekEntry, err error) {
	var b [12]byte
	entry := b[:8]
	if t.checksum {
		entry = b[:]
	}
	if _, err := io.ReadFull(t.r, entry); err != nil {
		return e, err
	}
	e.stored, e.content = int64(binary.LittleEndian.Uint32(b[:])), int64(binary.LittleEndian.Uint32(b[4:]))
	e.checksum = binary.LittleEndian.Uint32(b[8:])
	return e, nil
}

// decoder decodes zstd objects frame by frame, with buffers of its own.
type decoder struct {
	zstd   *zstd.Decoder
	stored []byte
	plain  []byte
}

func newDecoder() (*decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(frameContent), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	return &decoder{zstd: z, stored: make([]byte, frameStored), plain: make([]byte, 0, frameContent)}, nil
}

// decode reads the file f of the given size from its start to its end, hands
// all stored bytes to stored and the content to plain. It checks that the seek
// table leads to each frame, and that there is nothing else in the file. An error
// that wraps evidence.ErrFormat says what is wrong with the object; then all stored
// bytes were still handed on.
func (d *decoder) decode(f io.ReaderAt, size int64, stored, plain io.Writer) error {
	in := io.TeeReader(io.NewSectionReader(f, 0, size), stored)
	err := d.frames(f, in, size, plain)
	if _, rest := io.CopyBuffer(struct{ io.Writer }{io.Discard}, in, d.stored); rest != nil {
		return rest
	}
	return err
}

func (d *decoder) frames(f io.ReaderAt, in io.Reader, size int64, plain io.Writer) error {
	t, err := openSeekTable(f, size)
	if err != nil {
		return err
	}
	var at int64
	for i := range t.frames {
		e, err := t.next()
		if err != nil {
			return err
		}
		at += e.stored
		switch {
		case e.stored > frameStored || at > t.at:
			return badTable(fmt.Sprintf("frame %d is longer than it can be", i))
		case e.content > frameContent || e.content < frameContent && i < t.frames-1:
			return badTable(fmt.Sprintf("frame %d does not hold 256 KiB", i))
		}
		frame := d.stored[:e.stored]
		if _, err := io.ReadFull(in, frame); err != nil {
			return err
		}
		content, err := d.zstd.DecodeAll(frame, d.plain)
		if err != nil {
			return fmt.Errorf("%w: zstd frame %d: %w", evidence.ErrFormat, i, err)
		}
		if int64(len(content)) != e.content {
			return badTable(fmt.Sprintf("frame %d holds %d bytes, not %d", i, len(content), e.content))
		}
		if t.checksum && uint32(xxhash.Sum64(content)) != e.checksum {
			return badTable(fmt.Sprintf("frame %d has another checksum", i))
		}
		if _, err := plain.Write(content); err != nil {
			return err
		}
	}
	if at != t.at {
		return badTable("the frames do not fill the file")
	}
	return nil
}
