package index

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// join puts a small set into the pack.
func (s *Segment) join(ctx context.Context, set evidence.Digest) error {
	x := s.x
	x.mu.Lock()
	full := x.pack != nil && (int64(x.pack.n)+s.n > ChunkRecords || x.pack.memory()+s.b.memory() > chunkMemory)
	x.mu.Unlock()
	if full {
		if err := x.Flush(ctx); err != nil {
			return err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.pack == nil {
		x.pack = x.builder()
	}
	base := int64(x.pack.n)
	if err := x.pack.join(s.b); err != nil {
		return err
	}
	x.packed = append(x.packed, packed{set.Hex(), base, s.n, s.blocks})
	return nil
}

// Flush makes what was committed count.
func (x *Index) Flush(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return wrap(x.flush(func(f func(*sql.Tx) error) error { return x.within(ctx, f) }))
}

// flush writes the pack in a transaction. x.mu is held.
func (x *Index) flush(transact func(func(*sql.Tx) error) error) error {
	if len(x.packed) == 0 {
		return nil
	}
	err := transact(func(tx *sql.Tx) error {
		var chunk int64
		if x.pack.n > 0 {
			var err error
			if chunk, err = writeChunk(tx, x.pack); err != nil {
				return err
			}
		}
		for _, p := range x.packed {
			res, err := tx.Exec("INSERT INTO segments (set_sha, records) VALUES (?, ?)", p.set, p.count)
			if err != nil {
				return err
			}
			id, err := res.LastInsertId()
			if err != nil {
				return err
			}
			if p.count > 0 {
				if _, err := tx.Exec("INSERT INTO parts VALUES (?, 0, ?, ?, ?)", id, chunk, p.base, p.count); err != nil {
					return err
				}
			}
			if err := writeBlocks(tx, id, p.blocks); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.packed = nil
	x.pack.reset()
	return nil
}

// transact runs f in a transaction, and no other write meanwhile.
func (x *Index) transact(ctx context.Context, f func(*sql.Tx) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.within(ctx, f)
}

// within is transact where x.mu is held.
func (x *Index) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxSpare is how many emptied builders are kept.
const maxSpare = 4

func (x *Index) take() *builder {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.builder()
}

// builder returns an empty one. x.mu is held.
func (x *Index) builder() *builder {
	if n := len(x.spare); n > 0 {
		b := x.spare[n-1]
		x.spare = x.spare[:n-1]
		return b
	}
	return newBuilder()
}

// give takes back the segment's builder.
func (x *Index) give(s *Segment) {
	b := s.b
	s.b = nil
	if b == nil {
		return
	}
	b.reset()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.spare) < maxSpare {
		x.spare = append(x.spare, b)
	}
}
