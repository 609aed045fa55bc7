package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// blockRecords is how many records a block holds: enough that SQLite's cost per
// row vanishes, few enough that finding one record decodes little.
const blockRecords = 4096

// Segment is a record set being indexed. It is not for concurrent use.
type Segment struct {
	x       *Index
	id      int64
	n       int64 // records added
	first   int64 // of the block being filled
	start   int64 // offset of that block
	offset  int64 // of the next record
	last    int64 // time of the record before, for deltas
	body    []byte
	lastKey string
	lastID  int64
}

// Begin starts a segment. Until Commit it belongs to no record set.
func (x *Index) Begin(ctx context.Context) (*Segment, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	res, err := x.db.ExecContext(ctx, "INSERT INTO segments (set_sha) VALUES (NULL)")
	if err != nil {
		return nil, fmt.Errorf("index: begin: %w", err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return nil, fmt.Errorf("index: begin: %w", err)
	}
	return &Segment{x: x, id: id}, nil
}

// Add takes the next record: the length of its line with the newline, its kind,
// and its time as RFC 3339 text, "" where it has none.
func (s *Segment) Add(ctx context.Context, length int, kind, stamp string) error {
	if s.lastKey != kind || s.n == 0 {
		id, err := s.x.kindID(ctx, kind)
		if err != nil {
			return err
		}
		s.lastKey, s.lastID = kind, id
	}
	s.body = binary.AppendUvarint(s.body, uint64(length))
	s.body = binary.AppendUvarint(s.body, uint64(s.lastID)<<1|hasTime(stamp))
	if stamp != "" {
		t, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return fmt.Errorf("index: %w: time of record %d", evidence.ErrFormat, s.n)
		}
		us := t.UnixMicro()
		s.body = binary.AppendVarint(s.body, us-s.last)
		s.last = us
	}
	s.n++
	s.offset += int64(length)
	if s.n-s.first == blockRecords {
		return s.flush(ctx)
	}
	return nil
}

func hasTime(stamp string) uint64 {
	if stamp == "" {
		return 0
	}
	return 1
}

func (s *Segment) flush(ctx context.Context) error {
	if len(s.body) == 0 {
		return nil
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	if _, err := s.x.db.ExecContext(ctx, "INSERT INTO blocks VALUES (?, ?, ?, ?)", s.id, s.first, s.start, s.body); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	s.body, s.first, s.start, s.last = s.body[:0], s.n, s.offset, 0
	return nil
}

// Commit names the record set the segment is of. A set indexed already keeps its
// first segment.
func (s *Segment) Commit(ctx context.Context, set evidence.Digest) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.x.mu.Lock()
	res, err := s.x.db.ExecContext(ctx, "UPDATE OR IGNORE segments SET set_sha = ?, records = ? WHERE id = ?", set.Hex(), s.n, s.id)
	s.x.mu.Unlock()
	if err != nil {
		return fmt.Errorf("index: commit: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return s.Abort(ctx)
	}
	return nil
}

// Abort forgets the segment.
func (s *Segment) Abort(ctx context.Context) error {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	for _, statement := range []string{"DELETE FROM blocks WHERE segment = ?", "DELETE FROM segments WHERE id = ?"} {
		if _, err := s.x.db.ExecContext(ctx, statement, s.id); err != nil {
			return fmt.Errorf("index: abort: %w", err)
		}
	}
	return nil
}

func (x *Index) kindID(ctx context.Context, kind string) (int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if id, ok := x.kinds[kind]; ok {
		return id, nil
	}
	res, err := x.db.ExecContext(ctx, "INSERT INTO kinds (name) VALUES (?)", kind)
	if err != nil {
		return 0, fmt.Errorf("index: kind: %w", err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("index: kind: %w", err)
	}
	x.kinds[kind] = id
	return id, nil
}

func decodeBlock(body []byte, first, start int64, kinds map[int64]string, f func(Row) bool) error {
	n, offset, last := first, start, int64(0)
	for len(body) > 0 {
		length, a := binary.Uvarint(body)
		if a <= 0 {
			return fmt.Errorf("index: %w: torn block", evidence.ErrFormat)
		}
		kind, b := binary.Uvarint(body[a:])
		if b <= 0 {
			return fmt.Errorf("index: %w: torn block", evidence.ErrFormat)
		}
		body = body[a+b:]
		r := Row{N: n, Offset: offset, Length: int64(length), Kind: kinds[int64(kind>>1)], Time: NoTime}
		if kind&1 == 1 {
			delta, c := binary.Varint(body)
			if c <= 0 {
				return fmt.Errorf("index: %w: torn block", evidence.ErrFormat)
			}
			body = body[c:]
			last += delta
			r.Time = last
		}
		if !f(r) {
			return nil
		}
		n++
		offset += int64(length)
	}
	return nil
}
