package index

import (
	"database/sql"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// write puts what was gathered into a chunk of the segment's own. x.mu is held.
func (s *Segment) write(tx *sql.Tx) error {
	if s.id == 0 {
		res, err := tx.Exec("INSERT INTO segments (set_sha, records) VALUES (NULL, 0)")
		if err != nil {
			return err
		}
		if s.id, err = res.LastInsertId(); err != nil {
			return err
		}
	}
	if s.b.n == 0 {
		return writeBlocks(tx, s.id, s.blocks)
	}
	chunk, err := writeChunk(tx, s.b)
	if err != nil {
		return err
	}
	if _, err := tx.Exec("INSERT INTO parts VALUES (?, ?, ?, 0, ?)", s.id, s.first, chunk, s.b.n); err != nil {
		return err
	}
	// The last block may be unfinished; it stays for later.
	whole := len(s.blocks)
	if s.n%blockRecords != 0 {
		whole--
	}
	if err := writeBlocks(tx, s.id, s.blocks[:whole]); err != nil {
		return err
	}
	s.blocks = append(s.blocks[:0], s.blocks[whole:]...)
	s.first = s.n
	s.b.reset()
	return nil
}

func writeBlocks(tx *sql.Tx, segment int64, blocks []block) error {
	for _, b := range blocks {
		if _, err := tx.Exec("INSERT INTO blocks VALUES (?, ?, ?, ?)", segment, b.first, b.start, b.body); err != nil {
			return err
		}
	}
	return nil
}

// writeChunk writes a chunk and returns its id.
func writeChunk(tx *sql.Tx, b *builder) (int64, error) {
	res, err := tx.Exec("INSERT INTO chunks (records, times) VALUES (?, ?)", b.n, appendTimes(nil, b.times))
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err == nil && id > maxChunk {
		err = fmt.Errorf("%w: more than %d chunks", evidence.ErrFormat, maxChunk)
	}
	if err != nil {
		return 0, err
	}
	err = b.eachKind(func(name string, count uint32, gaps []byte) error {
		body, err := appendList(nil, 0, count, gaps)
		if err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO kinds VALUES (?, ?, ?)", id, name, body)
		return err
	})
	if err != nil {
		return 0, err
	}
	var row []byte
	var first, last uint64
	end := func() error {
		if len(row) == 0 {
			return nil
		}
		_, err := tx.Exec("INSERT INTO grams VALUES (?, ?)", id<<42|int64(first), row)
		row = row[:0]
		return err
	}
	err = b.each(func(gram uint64, count uint32, gaps []byte) (err error) {
		if len(row)+min(len(gaps), bitmapFrom) > rowBytes {
			if err := end(); err != nil {
				return err
			}
		}
		if len(row) == 0 {
			first, last = gram, gram
		}
		row, err = appendList(row, gram-last, count, gaps)
		last = gram
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, end()
}
