package sqlitefile

import (
	"encoding/binary"
	"fmt"
	"strings"
)

const (
	magic      = "SQLite format 3\x00"
	headerSize = 100
	minUsable  = 480
)

// Encoding is how a database stores text.
type Encoding uint8

// The encodings of §1.3.13.
const (
	UTF8    Encoding = 1
	UTF16LE Encoding = 2
	UTF16BE Encoding = 3
)

// String returns the IANA name in lower case.
func (e Encoding) String() string {
	switch e {
	case UTF16LE:
		return "utf-16le"
	case UTF16BE:
		return "utf-16be"
	}
	return "utf-8"
}

// Header is what the first 100 bytes of the database state (§1.3), those of the
// newest committed version of page 1.
type Header struct {
	// PageSize is in bytes, a power of two from 512 to 65536; Reserved of them at the
	// end of every page are not used.
	PageSize, Reserved int
	// Pages is how many the database has: as the log's last commit says, else the
	// header where that is valid, else as many as fit into the file.
	Pages uint32
	// Missing is how many of these the file does not hold, because it was cut short.
	Missing uint32
	// WALMode: the database was last written through a write-ahead log.
	WALMode bool
	// TextEncoding is UTF8 where no table was ever made.
	TextEncoding Encoding
	// AutoVacuum: the database has pointer map pages.
	AutoVacuum                               bool
	ChangeCounter, SchemaCookie              uint32
	SchemaFormat, FreePages                  uint32
	UserVersion, ApplicationID, SQLiteNumber uint32
}

// readHeader reads page 1's beginning, from the log where it is there.
func (f *File) readHeader() error {
	var b [headerSize]byte
	r, at := f.db, int64(0)
	if p, ok := f.frameOf(1); ok {
		r, at = f.wal, p
	} else if f.size < headerSize {
		return fmt.Errorf("%w: %d bytes", ErrNotDatabase, f.size)
	}
	if err := readFull(r, b[:], at); err != nil {
		return err
	}
	if !strings.HasPrefix(string(b[:]), magic) {
		return ErrNotDatabase
	}
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	h := &f.header
	h.PageSize = int(binary.BigEndian.Uint16(b[16:]))
	if h.PageSize == 1 {
		h.PageSize = 65536
	}
	h.Reserved = int(b[20])
	if !isPageSize(h.PageSize) || h.PageSize-h.Reserved < minUsable {
		return fmt.Errorf("%w: pages of %d bytes, %d of them reserved", ErrNotDatabase, h.PageSize, h.Reserved)
	}
	f.usable = h.PageSize - h.Reserved
	if f.log.Frames > 0 && f.log.PageSize != h.PageSize {
		f.log.reject("its pages are not as long as those of the database")
		f.frames = nil
		return f.readHeader() // the database's own
	}
	h.WALMode = b[18] == 2 || b[19] == 2
	h.TextEncoding = UTF8
	if e := u32(56); e == 2 || e == 3 {
		h.TextEncoding = Encoding(e)
	}
	h.AutoVacuum = u32(52) != 0
	h.ChangeCounter, h.SchemaCookie, h.SchemaFormat, h.FreePages = u32(24), u32(40), u32(44), u32(36)
	h.UserVersion, h.ApplicationID, h.SQLiteNumber = u32(60), u32(68), u32(96)
	f.countPages(u32(28), u32(24) == u32(92))
	return nil
}

func isPageSize(n int) bool { return n >= 512 && n <= 65536 && n&(n-1) == 0 }

// countPages settles how many pages there are; stated is the header's own count.
func (f *File) countPages(stated uint32, valid bool) {
	h := &f.header
	size := int64(h.PageSize)
	held := uint32(min(f.size/size, 1<<32-2))
	f.held = int64(held) + int64(len(f.frames)) + 1
	switch {
	case f.log.Frames > 0:
		h.Pages = f.log.Pages
	case valid && stated > 0:
		h.Pages = stated
	default:
		h.Pages = uint32(min((f.size+size-1)/size, 1<<32-2))
	}
	if h.Pages <= held {
		return
	}
	h.Missing = h.Pages - held
	for _, fr := range f.frames {
		if fr.page > held && fr.page <= h.Pages {
			h.Missing--
		}
	}
}
