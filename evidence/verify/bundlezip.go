package verify

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

const (
	max32 = 1<<32 - 1
	max16 = 1<<16 - 1
	// maxEntries bounds the files of a bundle.
	maxEntries = 1_000_000
	endLength  = 22
	// end64Length is that of the ZIP64 end record and its locator.
	end64Length = 56 + 20
)

// zipEntry is what the headers of one entry say.
type zipEntry struct {
	name         string
	crc          uint32
	size, offset int64
}

// local returns the header before the content: the only one that the format has for it.
func (e zipEntry) local() []byte {
	le := binary.LittleEndian
	version, extra := uint16(20), []byte(nil)
	if e.size >= max32 {
		version, extra = 45, le.AppendUint64(le.AppendUint64([]byte{1, 0, 16, 0}, uint64(e.size)), uint64(e.size))
	}
	b := le.AppendUint32(nil, 0x04034b50)
	for _, v := range []uint16{version, 0, 0, 0, 33} {
		b = le.AppendUint16(b, v)
	}
	b = e.sums(b)
	b = le.AppendUint16(b, uint16(len(e.name)))
	b = le.AppendUint16(b, uint16(len(extra)))
	return append(append(b, e.name...), extra...)
}

func (e zipEntry) sums(b []byte) []byte {
	le := binary.LittleEndian
	size := uint32(min(e.size, max32))
	return le.AppendUint32(le.AppendUint32(le.AppendUint32(b, e.crc), size), size)
}

// central returns the header in the central directory.
func (e zipEntry) central() []byte {
	le := binary.LittleEndian
	var extra []byte
	if e.size >= max32 {
		extra = le.AppendUint64(le.AppendUint64(extra, uint64(e.size)), uint64(e.size))
	}
	if e.offset >= max32 {
		extra = le.AppendUint64(extra, uint64(e.offset))
	}
	version := uint16(20)
	if extra != nil {
		version = 45
		extra = append(le.AppendUint16([]byte{1, 0}, uint16(len(extra))), extra...)
	}
	b := le.AppendUint32(nil, 0x02014b50)
	for _, v := range []uint16{version, version, 0, 0, 0, 33} {
		b = le.AppendUint16(b, v)
	}
	b = e.sums(b)
	for _, v := range []uint16{uint16(len(e.name)), uint16(len(extra)), 0, 0, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, uint32(min(e.offset, max32)))
	return append(append(b, e.name...), extra...)
}

// zipEnd returns what follows the central directory.
func zipEnd(n, size, offset int64) []byte {
	le := binary.LittleEndian
	var b []byte
	if n >= max16 || size >= max32 || offset >= max32 {
		b = le.AppendUint64(le.AppendUint32(b, 0x06064b50), 44)
		b = le.AppendUint16(le.AppendUint16(b, 45), 45)
		b = append(b, make([]byte, 8)...)
		for _, v := range []int64{n, n, size, offset} {
			b = le.AppendUint64(b, uint64(v))
		}
		b = le.AppendUint32(le.AppendUint32(b, 0x07064b50), 0)
		b = le.AppendUint32(le.AppendUint64(b, uint64(offset+size)), 1)
	}
	few := uint16(min(n, max16))
	b = le.AppendUint32(le.AppendUint32(b, 0x06054b50), 0)
	b = le.AppendUint16(le.AppendUint16(b, few), few)
	b = le.AppendUint32(le.AppendUint32(b, uint32(min(size, max32))), uint32(min(offset, max32)))
	return le.AppendUint16(b, 0)
}

// readZip reads a ZIP file that is to the byte what its entries make it, and calls
// add for each. why says what is not so; err is a failure of reading.
func readZip(r io.ReaderAt, total int64, add func(zipEntry) bool) (why string, err error) {
	n, size, offset, ok, err := readZipEnd(r, total)
	if err != nil || !ok {
		return "it does not end as a ZIP file of this format does", err
	}
	directory := bufio.NewReaderSize(io.NewSectionReader(r, offset, size), int(min(size+1, 64<<10)))
	at, used, last := int64(0), int64(0), ""
	for range n {
		e, header, err := readCentral(directory)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return "its directory is cut short", nil
		}
		if err != nil {
			return "", err
		}
		if e.offset != at || !bytes.Equal(header, e.central()) || e.name <= last {
			return "an entry of its directory is not as the format has it", nil
		}
		want := e.local()
		got := make([]byte, len(want))
		if e.size > offset-at-int64(len(want)) {
			return "an entry is longer than the file", nil
		}
		if _, err := r.ReadAt(got, at); err != nil {
			return "", err
		}
		if !bytes.Equal(got, want) {
			return "what stands before an entry differs from the directory", nil
		}
		e.offset = at + int64(len(want))
		at, used, last = e.offset+e.size, used+int64(len(header)), e.name
		if !add(e) {
			return "a name in it is not safe, or not the bag's", nil
		}
	}
	if at != offset || used != size {
		return "there is something in it that is no entry", nil
	}
	return "", nil
}

// readZipEnd returns number of entries, and size and place of the directory.
func readZipEnd(r io.ReaderAt, total int64) (n, size, offset int64, ok bool, err error) {
	if total < endLength {
		return 0, 0, 0, false, nil
	}
	le := binary.LittleEndian
	tail := make([]byte, min(total, end64Length+endLength))
	if _, err := r.ReadAt(tail, total-int64(len(tail))); err != nil {
		return 0, 0, 0, false, err
	}
	end := tail[len(tail)-endLength:]
	n, size, offset = int64(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	if n == max16 || size == max32 || offset == max32 {
		if len(tail) < end64Length+endLength {
			return 0, 0, 0, false, nil
		}
		n, size, offset = int64(le.Uint64(tail[32:])), int64(le.Uint64(tail[40:])), int64(le.Uint64(tail[48:]))
	}
	if n < 1 || n > maxEntries || size < 0 || offset < 0 || size > total || offset > total {
		return 0, 0, 0, false, nil
	}
	want := zipEnd(n, size, offset)
	ok = offset+size+int64(len(want)) == total && bytes.HasSuffix(tail, want)
	return n, size, offset, ok, nil
}

// readCentral reads one header of the central directory, as it is.
func readCentral(r *bufio.Reader) (e zipEntry, header []byte, err error) {
	le := binary.LittleEndian
	header = make([]byte, 46, 46+maxName+28)
	if _, err := io.ReadFull(r, header); err != nil {
		return e, nil, err
	}
	e.crc, e.size, e.offset = le.Uint32(header[16:]), int64(le.Uint32(header[20:])), int64(le.Uint32(header[42:]))
	names, extras := int(le.Uint16(header[28:])), int(le.Uint16(header[30:]))
	if names > maxName || extras > 28 {
		return zipEntry{offset: -1}, header, nil
	}
	header = header[:46+names+extras]
	if _, err := io.ReadFull(r, header[46:]); err != nil {
		return e, nil, err
	}
	e.name = string(header[46 : 46+names])
	extra := header[46+names:]
	if len(extra) > 4 {
		extra = extra[4:]
		if e.size == max32 && len(extra) >= 16 {
			e.size, extra = int64(le.Uint64(extra)), extra[16:]
		}
		if e.offset == max32 && len(extra) >= 8 {
			e.offset = int64(le.Uint64(extra))
		}
	}
	return e, header, nil
}

// maxName is the longest name of a file, in bytes.
const maxName = 150

// safeName reports whether a path is safe wherever it may be unpacked.
func safeName(name string) bool {
	if len(name) > maxName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || len(part) > 60 || part[0] == '.' || part[0] == '-' || part[len(part)-1] == '.' {
			return false
		}
		for _, c := range []byte(part) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
				return false
			}
		}
		device, _, _ := strings.Cut(strings.ToUpper(part), ".")
		switch {
		case device == "CON" || device == "PRN" || device == "AUX" || device == "NUL":
			return false
		case len(device) == 4 && (device[:3] == "COM" || device[:3] == "LPT") && device[3] >= '0' && device[3] <= '9':
			return false
		}
	}
	return true
}
