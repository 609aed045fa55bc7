package bundle

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Numbers of APPNOTE 4.3 and 4.5. archive/zip cannot be told to write these headers: it
// leaves ZIP64 sizes out of local ones, or follows the content with a descriptor.
const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50
	end64Signature   = 0x06064b50
	locatorSignature = 0x07064b50

	plainVersion = 20
	zip64Version = 45
	zip64Extra   = 1
	// firstDay is 1980-01-01 in DOS form.
	firstDay = 33

	max32 = 1<<32 - 1
	max16 = 1<<16 - 1

	// maxEntries is how many files a bundle may have.
	maxEntries = 1_000_000
)

// zipWriter writes stored files, one after the other. Sizes and sums are known before,
// so nothing is written twice and nothing but a line for each file is kept.
type zipWriter struct {
	w       *bufio.Writer
	at      uint64
	entries []zipEntry
	buf     []byte
}

type zipEntry struct {
	name   string
	size   uint64
	crc    uint32
	offset uint64
}

func newZipWriter(w io.Writer) *zipWriter {
	return &zipWriter{w: bufio.NewWriterSize(w, 1<<18)}
}

// file writes the next file. It fails with evidence.ErrIntegrity where content is not of
// this size and sum.
func (z *zipWriter) file(name string, size int64, crc uint32, content io.Reader) error {
	e := zipEntry{name: name, size: uint64(size), crc: crc, offset: z.at}
	if err := z.put(e.local()); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	if z.buf == nil {
		z.buf = make([]byte, 1<<18)
	}
	// One byte more than there should be shows that there is more.
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(z.w, sum)}, io.LimitReader(content, size+1), z.buf)
	if err != nil {
		return err
	}
	if n != size || sum.Sum32() != crc {
		return fmt.Errorf("%w: %s: its content changed while it was written", evidence.ErrIntegrity, name)
	}
	z.at += e.size
	z.entries = append(z.entries, e)
	return nil
}

func (z *zipWriter) put(b []byte) error {
	n, err := z.w.Write(b)
	z.at += uint64(n)
	return err
}

// close writes the directory and its end.
func (z *zipWriter) close() error {
	start := z.at
	for _, e := range z.entries {
		if err := z.put(e.central()); err != nil {
			return err
		}
	}
	if err := z.put(zipEnd(uint64(len(z.entries)), z.at-start, start)); err != nil {
		return err
	}
	return z.w.Flush()
}

var le = binary.LittleEndian

func (e zipEntry) local() []byte {
	var extra []byte
	version := uint16(plainVersion)
	if e.size >= max32 {
		version = zip64Version
		extra = le.AppendUint64(le.AppendUint64(le.AppendUint16(le.AppendUint16(nil, zip64Extra), 16), e.size), e.size)
	}
	b := le.AppendUint32(nil, localSignature)
	b = e.common(b, version, len(extra))
	return append(append(b, e.name...), extra...)
}

// common is what local and central headers share, from the version needed to the length
// of the extra field.
func (e zipEntry) common(b []byte, version uint16, extra int) []byte {
	size := uint32(min(e.size, max32))
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, 0) // flags
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint16(b, 0) // time
	b = le.AppendUint16(b, firstDay)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, size)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, uint16(extra))
}

func (e zipEntry) central() []byte {
	var numbers []byte
	if e.size >= max32 {
		numbers = le.AppendUint64(le.AppendUint64(numbers, e.size), e.size)
	}
	if e.offset >= max32 {
		numbers = le.AppendUint64(numbers, e.offset)
	}
	version := uint16(plainVersion)
	var extra []byte
	if numbers != nil {
		version = zip64Version
		extra = append(le.AppendUint16(le.AppendUint16(nil, zip64Extra), uint16(len(numbers))), numbers...)
	}
	b := le.AppendUint32(nil, centralSignature)
	b = le.AppendUint16(b, version) // made by; the upper byte 0 is MS-DOS
	b = e.common(b, version, len(extra))
	b = append(b, make([]byte, 2+2+2+4)...) // comment, disk, attributes
	b = le.AppendUint32(b, uint32(min(e.offset, max32)))
	return append(append(b, e.name...), extra...)
}

// zipEnd is the end of the directory of n entries, which is size bytes long and begins at start.
func zipEnd(n, size, start uint64) []byte {
	var b []byte
	if n >= max16 || size >= max32 || start >= max32 {
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, 44)
		b = le.AppendUint16(b, zip64Version)
		b = le.AppendUint16(b, zip64Version)
		b = le.AppendUint64(b, 0) // disks
		b = le.AppendUint64(le.AppendUint64(b, n), n)
		b = le.AppendUint64(le.AppendUint64(b, size), start)
		b = le.AppendUint32(b, locatorSignature)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, start+size)
		b = le.AppendUint32(b, 1)
	}
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint32(b, 0) // disks
	short := uint16(min(n, max16))
	b = le.AppendUint16(le.AppendUint16(b, short), short)
	b = le.AppendUint32(b, uint32(min(size, max32)))
	b = le.AppendUint32(b, uint32(min(start, max32)))
	return le.AppendUint16(b, 0)
}
