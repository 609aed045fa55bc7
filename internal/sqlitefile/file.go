// Package sqlitefile reads the SQLite database file format and its write-ahead
// log (https://www.sqlite.org/fileformat2.html), without SQLite: which tables a
// file has, and where in the file the bytes of a row lie. It is made for evidence:
// nothing is written, nothing is trusted, memory is bounded whatever the input, and
// what is damaged is an error and never a loop.
//
// It does not run SQL and knows nothing of column types; plugins/sdk/sqlite does
// that, over the bytes that File.ReaderAt hands out.
package sqlitefile

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotDatabase: the file does not start as a SQLite database does; an encrypted one does not either.
	ErrNotDatabase = errors.New("not a SQLite database")
	// ErrCorrupt: something that the file format does not allow.
	ErrCorrupt = errors.New("corrupt SQLite database")
	// ErrNoRow: the table has no row of that number.
	ErrNoRow = errors.New("no such row")
	// ErrWithoutRowID: the b-tree is that of an index or of a table WITHOUT ROWID, whose rows have no number.
	ErrWithoutRowID = errors.New("rows of this table have no rowid")
	// ErrLimit: the file is larger or stranger than this package follows.
	ErrLimit = errors.New("limit reached")
)

// File is a database, with the committed part of its write-ahead log laid over it.
// Row, Rows and Schema are for one goroutine at a time; ReaderAt's result is for any.
type File struct {
	db      io.ReaderAt
	size    int64
	wal     io.ReaderAt
	header  Header
	log     WAL
	frames  []frame // by page, each page once
	usable  int
	held    int64 // how many pages there can be, whatever is stated
	cache   pageCache
	descent descent
}

// Place is a run of bytes of the database file, or of its write-ahead log.
type Place struct {
	WAL            bool
	Offset, Length int64
}

// Open reads the header (§1.3) and, where wal is not nil, finds the frames that are
// valid and committed (§4). A log that does not belong to the database or has no
// such frames is no error: WAL says so. ErrNotDatabase and ErrLimit are errors, and
// so is whatever reading returns.
func Open(db io.ReaderAt, size int64, wal io.ReaderAt, walSize int64) (*File, error) {
	f := &File{db: db, size: size}
	if wal != nil {
		f.wal = wal
		if err := f.readLog(walSize); err != nil {
			return nil, err
		}
	}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	f.cache.init(f.header.PageSize)
	return f, nil
}

// Header returns what the header states.
func (f *File) Header() Header { return f.header }

// WAL says what the write-ahead log holds; the zero WAL where there is none.
func (f *File) WAL() WAL { return f.log }

// place returns where the byte at offset of a page lies, and whether anything is there.
func (f *File) place(page uint32, offset, length int) (Place, bool) {
	if at, ok := f.frameOf(page); ok {
		return Place{WAL: true, Offset: at + int64(offset), Length: int64(length)}, true
	}
	at := int64(page-1)*int64(f.header.PageSize) + int64(offset)
	return Place{Offset: at, Length: int64(length)}, at+int64(length) <= f.size
}

// PageAt returns where a page lies (the first is 1). ok is false where the file has
// no such page, or only the beginning of it.
func (f *File) PageAt(page uint32) (p Place, ok bool) {
	if page == 0 || page > f.header.Pages {
		return Place{}, false
	}
	return f.place(page, 0, f.header.PageSize)
}

// readPage reads a page into b, which is as long as one. Bytes that the file does
// not have are an error.
func (f *File) readPage(page uint32, b []byte) error {
	if page == 0 || page > f.header.Pages {
		return fmt.Errorf("%w: page %d of %d", ErrCorrupt, page, f.header.Pages)
	}
	p, ok := f.place(page, 0, len(b))
	if !ok {
		return fmt.Errorf("%w: page %d lies beyond the end of the file", ErrCorrupt, page)
	}
	r := f.db
	if p.WAL {
		r = f.wal
	}
	return readFull(r, b, p.Offset)
}

// readFull reads len(b) bytes; an end before that is an error.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read at %d: %w", at, err)
}
