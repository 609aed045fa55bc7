package index

import (
	"context"
	"database/sql"
	"encoding/binary"
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
	members []evidence.Member
	entries []entry
}

type entry struct {
	length, members int
	kind, stamp     string
}

// Begin starts a segment. Until Commit it belongs to no record set. Cancelling
// ctx does not end it.
func (x *Index) Begin(ctx context.Context) (*Segment, error) {
	s := &Segment{x: x, batch: new(batch), queue: make(chan *batch, queueLength), used: make(chan *batch, queueLength+1), done: make(chan struct{})}
	go s.work(context.WithoutCancel(ctx))
	return s, nil
}

// Add takes the next record: its line without newline, its members as
// evidence.ScanRecord found them, its kind, and its time as RFC 3339 text, "" where
// it has none. What is wrong with it Commit says.
func (s *Segment) Add(line []byte, members []evidence.Member, kind, stamp string) {
	b := s.batch
	b.lines = append(b.lines, line...)
	b.members = append(b.members, members...)
	b.entries = append(b.entries, entry{len(line), len(members), kind, stamp})
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
		at, member := 0, 0
		for _, e := range b.entries {
			if s.err != nil {
				break
			}
			s.err = s.add(ctx, b.lines[at:at+e.length], b.members[member:member+e.members], e.kind, e.stamp)
			at += e.length
			member += e.members
		}
		b.lines, b.members, b.entries = b.lines[:0], b.members[:0], b.entries[:0]
		select {
		case s.used <- b:
		default:
		}
	}
}

func (s *Segment) add(ctx context.Context, line []byte, members []evidence.Member, kind, stamp string) error {
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
	if err := s.b.add(line, members, kind, at); err != nil {
		return err
	}
	s.n++
	s.offset += int64(len(line)) + 1
	if s.b.full() {
		return s.x.transact(ctx, func(tx *sql.Tx) error { return s.write(tx) })
	}
	return nil
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
