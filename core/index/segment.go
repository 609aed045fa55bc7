package index

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// blockRecords is how many lengths a block holds: enough that SQLite's cost per
	// row vanishes, few enough that finding one record decodes little.
	blockRecords = 4096
	// batchBytes is how much is handed at a time to the goroutine that indexes,
	// queueLength how many such batches wait at most.
	batchBytes  = 128 << 10
	queueLength = 4
	// packRecords is up to which size a set shares its chunk with others.
	packRecords = ChunkRecords / 4
	maxChunk    = 1<<21 - 1
)

// NoTime stands for a record without a time.
const NoTime = math.MinInt64

// Segment is a record set being indexed, on a goroutine of its own. Its methods
// are not for concurrent use. End it with Commit or Abort.
type Segment struct {
	x     *Index
	batch *batch
	queue chan *batch
	used  chan *batch // batches to be filled again
	done  chan struct{}

	// Those below belong to the goroutine until done is closed.
	err    error
	id     int64 // 0 until a chunk is written
	n      int64 // records added
	offset int64 // of the next one
	b      *builder
	first  int64 // of the records in b
	blocks []block
}

type block struct {
	first, start int64
	body         []byte
}

// packed is a set whose records lie in the pack.
type packed struct {
	set    string
	base   int64
	count  int64
	blocks []block
}

// batch is some lines and what is known of them.
type batch struct {
	lines   []byte
	entries []entry
}

type entry struct {
	length      int
	kind, stamp string
}

// Begin starts a segment. Until Commit it belongs to no record set. Cancelling
// ctx does not end it.
func (x *Index) Begin(ctx context.Context) (*Segment, error) {
	s := &Segment{x: x, batch: new(batch), queue: make(chan *batch, queueLength), used: make(chan *batch, queueLength+1), done: make(chan struct{})}
	go s.work(context.WithoutCancel(ctx))
	return s, nil
}

// Add takes the next record: its line without newline, its kind, and its time as
// RFC 3339 text, "" where it has none. What is wrong with it Commit says.
func (s *Segment) Add(line []byte, kind, stamp string) {
	b := s.batch
	b.lines = append(b.lines, line...)
	b.entries = append(b.entries, entry{len(line), kind, stamp})
	if len(b.lines) >= batchBytes {
		s.send()
	}
}

func (s *Segment) send() {
	s.queue <- s.batch
	select {
	case s.batch = <-s.used:
	default:
		s.batch = new(batch)
	}
}

// finish waits for the goroutine. It may be called again.
func (s *Segment) finish() {
	if s.batch != nil {
		s.queue <- s.batch
		close(s.queue)
		s.batch = nil
	}
	<-s.done
}

func (s *Segment) work(ctx context.Context) {
	defer close(s.done)
	s.b = s.x.take()
	for b := range s.queue {
		at := 0
		for _, e := range b.entries {
			if s.err != nil {
				break
			}
			s.err = s.add(ctx, b.lines[at:at+e.length], e.kind, e.stamp)
			at += e.length
		}
		b.lines, b.entries = b.lines[:0], b.entries[:0]
		select {
		case s.used <- b:
		default:
		}
	}
}

func (s *Segment) add(ctx context.Context, line []byte, kind, stamp string) error {
	if s.n%blockRecords == 0 {
		s.blocks = append(s.blocks, block{first: s.n, start: s.offset})
	}
	at := int64(NoTime)
	if stamp != "" { // the host has checked it; what is no time is none
		if t, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			at = t.UnixMicro()
		}
	}
	last := &s.blocks[len(s.blocks)-1]
	last.body = binary.AppendUvarint(last.body, uint64(len(line)+1))
	if err := s.b.add(line, kind, at); err != nil {
		return err
	}
	s.n++
	s.offset += int64(len(line)) + 1
	if s.b.full() {
		return s.x.transact(ctx, func(tx *sql.Tx) error { return s.write(tx) })
	}
	return nil
}

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

// Commit names the record set the segment is of. A set indexed already keeps its
// first segment. A small one counts for other processes after Flush.
func (s *Segment) Commit(ctx context.Context, set evidence.Digest) error {
	s.finish()
	has, err := s.x.Has(ctx, set)
	if err := firstError(s.err, err); err != nil || has {
		return wrap(firstError(err, s.Abort(ctx)))
	}
	defer s.x.give(s)
	if s.id == 0 && s.n <= packRecords {
		return wrap(s.join(ctx, set))
	}
	return wrap(s.x.transact(ctx, func(tx *sql.Tx) error {
		if err := s.write(tx); err != nil {
			return err
		}
		if err := writeBlocks(tx, s.id, s.blocks); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE segments SET set_sha = ?, records = ? WHERE id = ?", set.Hex(), s.n, s.id)
		return err
	}))
}

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

// Abort forgets the segment.
func (s *Segment) Abort(ctx context.Context) error {
	s.finish()
	defer s.x.give(s)
	if s.id == 0 {
		return nil
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	return wrap(s.x.remove(ctx, s.id))
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
