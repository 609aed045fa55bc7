package sqlitefile_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
)

// Whatever the bytes: no panic, no loop, and no place outside of the files.
func FuzzOpen(f *testing.F) {
	for _, script := range []string{
		"PRAGMA page_size=512; CREATE TABLE a(x, y); INSERT INTO a VALUES (1, zeroblob(3000)), (2, 'text'); CREATE TABLE k(p PRIMARY KEY) WITHOUT ROWID;",
		"PRAGMA page_size=512; PRAGMA encoding='UTF-16le'; PRAGMA journal_mode=WAL; CREATE TABLE a(x, y); INSERT INTO a VALUES (1, zeroblob(600)); DELETE FROM a; INSERT INTO a VALUES (3, 4);",
	} {
		e := seize(f, script)
		f.Add(e.db, e.wal)
		f.Add(e.db[:len(e.db)/2], e.wal)
	}
	f.Fuzz(func(t *testing.T, db, wal []byte) {
		if len(db) > 1<<20 || len(wal) > 1<<20 {
			t.Skip()
		}
		e := evidence{db, wal}
		file, err := e.tryOpen()
		if err != nil {
			return
		}
		inside := func(p sqlitefile.Place) {
			b := db
			if p.WAL {
				b = wal
			}
			if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > int64(len(b)) {
				t.Fatalf("%+v leaves its file of %d bytes", p, len(b))
			}
		}
		objects, _ := file.Schema(100)
		roots := []uint32{1, 2, 3}
		for _, o := range objects {
			roots = append(roots, o.Root)
		}
		for _, root := range roots {
			n := 0
			for id, err := range file.RowIDs(root) {
				if n++; n > 2000 {
					break
				}
				if err != nil {
					continue
				}
				places, err := file.Row(root, id)
				if err != nil {
					continue
				}
				for _, p := range places {
					inside(p)
				}
			}
		}
		r, size := file.ReaderAt()
		part := make([]byte, 700)
		for _, at := range []int64{0, 90, size / 2, size - 100, size} {
			if n, err := r.ReadAt(part, max(0, at)); n < 0 || n > len(part) || err != nil && err != io.EOF {
				t.Fatal(n, err)
			}
		}
		// As stated at 28, the size is anything; what it costs must not be.
		if size < 1<<20 {
			if _, err := io.Copy(io.Discard, io.NewSectionReader(r, 0, size)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkRow(b *testing.B) {
	e := seize(b, "CREATE TABLE m(id INTEGER PRIMARY KEY, body TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 100000) INSERT INTO m SELECT i, printf('message number %d', i) FROM n;")
	f := e.open(b)
	root := rootOf(b, f, "m")
	b.Run("in order", func(b *testing.B) {
		for i := range b.N {
			if _, err := f.Row(root, int64(i%100000)+1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("at random", func(b *testing.B) {
		id := int64(1)
		for range b.N {
			if id = id*48271%99991 + 1; id > 100000 {
				id = 1
			}
			if _, err := f.Row(root, id); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpenLog(b *testing.B) {
	e := seize(b, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE m(x); INSERT INTO m SELECT zeroblob(20000000);")
	b.SetBytes(int64(len(e.wal)))
	for range b.N {
		if _, err := sqlitefile.Open(bytes.NewReader(e.db), int64(len(e.db)), bytes.NewReader(e.wal), int64(len(e.wal))); err != nil {
			b.Fatal(err)
		}
	}
}
