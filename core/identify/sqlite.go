package identify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
)

const (
	sqliteMagic = "SQLite format 3\x00"
	// maxObjects bounds the tables that are listed of one database.
	maxObjects = 4096
	// maxSchemaBytes bounds what is read of a database for its schema.
	maxSchemaBytes = 32 << 20
	// MaxLog is the longest write-ahead log that is laid over a database here; all
	// of a log is read. Plugins have no such bound.
	MaxLog = 64 << 20
)

// SQLite is what the schema of a database says.
type SQLite struct {
	// Tables are the names of its tables, views left out, as in the schema.
	Tables []string `json:"tables"`
	// Log says what became of the write-ahead log beside it, "" where there is none.
	Log string `json:"log,omitempty"`
	// Problem says why the list is not all there is, "" otherwise.
	Problem string `json:"problem,omitempty"`
}

// Source is where an artifact's bytes are read.
type Source struct {
	io.ReaderAt
	Size int64
}

// IsSQLite says whether an artifact with this head has a schema to read.
func IsSQLite(head []byte) bool { return bytes.HasPrefix(head, []byte(sqliteMagic)) }

// Look is Sniff and, for an SQLite database, its schema, with the committed part of
// the write-ahead log laid over it where wal is not nil. It reads the head, which it
// returns, at most 32 MiB more, and a log of at most MaxLog. The error is that of
// reading; a damaged file is none.
func Look(a Source, wal *Source) (Identity, []byte, error) {
	head := make([]byte, min(a.Size, HeadSize))
	if n, err := a.ReadAt(head, 0); n < len(head) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return Identity{}, nil, fmt.Errorf("identify: %w", err)
	}
	id := Sniff(head)
	if !IsSQLite(head) {
		return id, head, nil
	}
	db := &bounded{r: a.ReaderAt, left: maxSchemaBytes}
	id.SQLite = schema(db, a.Size, wal)
	if db.failed != nil {
		return Identity{}, nil, fmt.Errorf("identify: %w", db.failed)
	}
	return id, head, nil
}

// schema reads the list of tables; what goes wrong stands in it.
func schema(db io.ReaderAt, size int64, wal *Source) *SQLite {
	s := &SQLite{Tables: []string{}}
	var log io.ReaderAt
	var logSize int64
	switch {
	case wal == nil:
	case wal.Size == 0:
		s.Log = "it is empty"
	case wal.Size > MaxLog:
		s.Log = fmt.Sprintf("it is not looked at here: it has %d bytes, more than %d", wal.Size, MaxLog)
	default:
		log, logSize, s.Log = wal.ReaderAt, wal.Size, "laid over it"
	}
	f, err := sqlitefile.Open(db, size, log, logSize)
	if err != nil {
		s.Problem = plainly(err)
		return s
	}
	if w := f.WAL(); log != nil && w.Reason != "" {
		s.Log = "not used: " + w.Reason
	}
	objects, err := f.Schema(maxObjects)
	for _, o := range objects {
		if strings.EqualFold(o.Type, "table") {
			s.Tables = append(s.Tables, strings.ToValidUTF8(o.Name, "\uFFFD"))
		}
	}
	if err != nil {
		s.Problem = plainly(err)
	}
	slices.Sort(s.Tables)
	s.Tables = slices.Compact(s.Tables)
	return s
}

// plainly is an error in words; it quotes nothing of the evidence.
func plainly(err error) string {
	if errors.Is(err, errBudget) {
		return fmt.Sprintf("its schema is not all read: it would take more than %d bytes", maxSchemaBytes)
	}
	return "its schema cannot be read whole: " + strings.ToValidUTF8(err.Error(), "\uFFFD")
}

// Has reports whether the database has a table of that name; ASCII case does not matter.
func (s *SQLite) Has(table string) bool {
	return slices.ContainsFunc(s.Tables, func(t string) bool { return equalASCII(t, table) })
}

// equalASCII compares as SQLite compares names.
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if 'A' <= y && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}

var errBudget = errors.New("too much to read")

// bounded reads no more than left bytes. The first error of the reader below is kept:
// it is not the database's fault.
type bounded struct {
	r      io.ReaderAt
	left   int64
	failed error
}

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errBudget
	}
	n, err := b.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && b.failed == nil {
		b.failed = err
	}
	return n, err
}

// String names what it is, for a person.
func (i Identity) String() string {
	switch {
	case i.SQLite != nil:
		return i.MediaType + ", " + i.SQLite.String()
	case i.XMLRoot != "":
		return i.MediaType + ", root " + i.XMLRoot
	}
	return i.MediaType
}

// shownTables is how many names of tables are shown in one line.
const shownTables = 12

// String lists the tables, the first few by name.
func (s *SQLite) String() string {
	switch n := len(s.Tables); {
	case n == 0 && s.Problem != "":
		return "tables not known"
	case n == 0:
		return "no tables"
	case n > shownTables:
		return fmt.Sprintf("tables %s and %d more", strings.Join(s.Tables[:shownTables], ", "), n-shownTables)
	}
	return "tables " + strings.Join(s.Tables, ", ")
}
