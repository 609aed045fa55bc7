package index

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Trusted reports whether a reader may rest on the index: nobody is writing to
// it, or somebody is or was during this boot of the machine. boot may be "".
func (x *Index) Trusted(ctx context.Context, boot string) (bool, error) {
	var writing string
	err := x.db.QueryRowContext(ctx, "SELECT value FROM state WHERE name = 'writing'").Scan(&writing)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return writing == boot && boot != "", wrap(err)
}

// Has reports whether a record set is indexed.
func (x *Index) Has(ctx context.Context, set evidence.Digest) (bool, error) {
	x.mu.Lock()
	waits := slices.ContainsFunc(x.packed, func(p packed) bool { return p.set == set.Hex() })
	x.mu.Unlock()
	if waits {
		return true, nil
	}
	var n int
	err := x.db.QueryRowContext(ctx, "SELECT count(*) FROM segments WHERE set_sha = ?", set.Hex()).Scan(&n)
	return n > 0, wrap(err)
}

// Part is a run of a record set's records that lie side by side in a chunk.
type Part struct {
	// First is the number of the first of Count records in the set, from 0, and
	// Base that in the chunk.
	First, Count int64
	Chunk        int64
	Base         uint32
}

// Segments returns the parts of every indexed record set, in order.
func (x *Index) Segments(ctx context.Context) (map[evidence.Digest][]Part, error) {
	rows, err := x.db.QueryContext(ctx, `
		SELECT s.set_sha, p.first, p.count, p.chunk, p.base FROM segments AS s LEFT JOIN parts AS p ON p.segment = s.id
		WHERE s.set_sha IS NOT NULL ORDER BY s.id, p.first`)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	out := map[evidence.Digest][]Part{}
	for rows.Next() {
		var text string
		var first, count, chunk, base sql.NullInt64
		if err := rows.Scan(&text, &first, &count, &chunk, &base); err != nil {
			return nil, wrap(err)
		}
		set, err := evidence.ParseDigest(evidence.DigestPrefix + text)
		if err != nil {
			return nil, wrap(err)
		}
		list := out[set]
		if first.Valid {
			if base.Int64 < 0 || count.Int64 <= 0 || base.Int64+count.Int64 > ChunkRecords {
				return nil, errTorn
			}
			list = append(list, Part{First: first.Int64, Count: count.Int64, Chunk: chunk.Int64, Base: uint32(base.Int64)})
		}
		out[set] = list
	}
	return out, wrap(rows.Err())
}

// Times returns the times of a chunk's records.
func (x *Index) Times(ctx context.Context, chunk int64) (Times, error) {
	var n int64
	var body []byte
	if err := x.db.QueryRowContext(ctx, "SELECT records, times FROM chunks WHERE id = ?", chunk).Scan(&n, &body); err != nil {
		return Times{}, wrap(err)
	}
	return decodeTimes(body, n)
}

// Kind returns the records of a chunk that are of a kind.
func (x *Index) Kind(ctx context.Context, chunk int64, kind string) (*roaring.Bitmap, error) {
	out := roaring.New()
	var body []byte
	err := x.db.QueryRowContext(ctx, "SELECT body FROM kinds WHERE chunk = ? AND name = ?", chunk, kind).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return nil, wrap(err)
	}
	return out, eachList(0, body, func(l *list) (bool, error) { return true, l.addTo(out) })
}

// Text returns the records of a chunk that may hold the folded text in a searched
// value, among them all that do; exact says that they are just those.
func (x *Index) Text(ctx context.Context, chunk int64, folded string) (found *roaring.Bitmap, exact bool, err error) {
	runes := []rune(folded)
	if len(runes) == 1 {
		found, err = x.union(ctx, chunk, gramOf(runes[0], -1), gramOf(runes[0]+1, -1))
		return found, true, err
	}
	var lists []*list
	seen := map[uint64]bool{}
	for i := range len(runes) - 1 {
		gram := gramOf(runes[i], runes[i+1])
		if seen[gram] {
			continue
		}
		seen[gram] = true
		l, err := x.list(ctx, chunk, gram)
		if err != nil {
			return nil, false, err
		}
		if l == nil {
			return roaring.New(), true, nil
		}
		lists = append(lists, l)
	}
	slices.SortFunc(lists, func(a, b *list) int { return int(a.count) - int(b.count) })
	for _, l := range lists {
		m := roaring.New()
		if err := l.addTo(m); err != nil {
			return nil, false, err
		}
		if found == nil {
			found = m
		} else {
			found.And(m)
		}
		if found.IsEmpty() {
			break
		}
	}
	return found, len(runes) == 2, nil
}

const rowBefore = "SELECT id, body FROM grams WHERE id <= ? ORDER BY id DESC LIMIT 1"

// list finds one list; nil where no record has the gram.
func (x *Index) list(ctx context.Context, chunk int64, gram uint64) (*list, error) {
	var id int64
	var body []byte
	err := x.db.QueryRowContext(ctx, rowBefore, chunk<<42|int64(gram)).Scan(&id, &body)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id>>42 != chunk {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(err)
	}
	var found *list
	err = eachList(uint64(id)&maxGram, body, func(l *list) (bool, error) {
		if l.gram == gram {
			found = l
		}
		return l.gram < gram, nil
	})
	return found, err
}

// union returns the records that have any gram from low up to, but not including, high.
func (x *Index) union(ctx context.Context, chunk int64, low, high uint64) (*roaring.Bitmap, error) {
	out := roaring.New()
	rows, err := x.db.QueryContext(ctx, `
		SELECT id, body FROM grams WHERE id < ?2 AND id >= (SELECT coalesce(max(id), 0) FROM grams WHERE id <= ?1)
		ORDER BY id`, chunk<<42|int64(low), chunk<<42|int64(high))
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &body); err != nil {
			return nil, wrap(err)
		}
		if id>>42 != chunk {
			continue
		}
		if err := eachList(uint64(id)&maxGram, body, func(l *list) (bool, error) {
			if l.gram >= low && l.gram < high {
				if err := l.addTo(out); err != nil {
					return false, err
				}
			}
			return l.gram < high, nil
		}); err != nil {
			return nil, err
		}
	}
	return out, wrap(rows.Err())
}

// Row is where one record lies in its record set.
type Row struct {
	N      int64
	Offset int64
	// Length is that of the line with its newline.
	Length int64
}

// Locate finds record n (from 0) of a record set; ErrNotFound where the set is
// not indexed or has no such record.
func (x *Index) Locate(ctx context.Context, set evidence.Digest, n int64) (Row, error) {
	return (&Places{x: x, set: set}).Locate(ctx, n)
}

// Places says where records of one set lie, and remembers the block last used.
// It is not for concurrent use.
type Places struct {
	x       *Index
	set     evidence.Digest
	first   int64
	offsets []int64 // of the block's records, and of the one behind them
}

// Places of a record set.
func (x *Index) Places(set evidence.Digest) *Places { return &Places{x: x, set: set} }

// Locate is Index.Locate.
func (p *Places) Locate(ctx context.Context, n int64) (Row, error) {
	if at := n - p.first; at < 0 || at >= int64(len(p.offsets))-1 {
		if err := p.load(ctx, n); err != nil {
			return Row{}, err
		}
	}
	at := n - p.first
	return Row{N: n, Offset: p.offsets[at], Length: p.offsets[at+1] - p.offsets[at]}, nil
}

func (p *Places) load(ctx context.Context, n int64) error {
	var start int64
	var body []byte
	p.offsets = p.offsets[:0]
	err := p.x.db.QueryRowContext(ctx, `
		SELECT first, start, body FROM blocks
		WHERE segment = (SELECT id FROM segments WHERE set_sha = ?) AND first <= ?
		ORDER BY first DESC LIMIT 1`, p.set.Hex(), n).Scan(&p.first, &start, &body)
	missing := fmt.Errorf("index: record %d of %s: %w", n, p.set.Short(), evidence.ErrNotFound)
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	if err != nil {
		return wrap(err)
	}
	offsets := append(p.offsets, start)
	for len(body) > 0 {
		length, k := binary.Uvarint(body)
		if k <= 0 || length == 0 || length > evidence.MaxLine {
			return errTorn
		}
		body = body[k:]
		start += int64(length)
		offsets = append(offsets, start)
	}
	if n-p.first >= int64(len(offsets))-1 {
		return missing
	}
	p.offsets = offsets
	return nil
}
