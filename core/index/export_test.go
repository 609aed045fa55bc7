package index

import (
	"context"
	"math"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Content is all that is known of a record set, in terms of the set alone: the
// grams of each record, kinds by name, times and places.
type Content struct {
	Grams  map[uint64][]int64
	Kinds  map[string][]int64
	Times  []int64
	Places []Row
}

// Read gathers the content of every segment, of these kinds.
func (x *Index) Read(ctx context.Context, kinds ...string) (map[evidence.Digest]*Content, error) {
	segments, err := x.Segments(ctx)
	if err != nil {
		return nil, err
	}
	out := map[evidence.Digest]*Content{}
	for set, parts := range segments {
		c := &Content{Grams: map[uint64][]int64{}, Kinds: map[string][]int64{}}
		out[set] = c
		places := x.Places(set)
		for _, p := range parts {
			times, err := x.Times(ctx, p.Chunk)
			if err != nil {
				return nil, err
			}
			for i := range p.Count {
				c.Times = append(c.Times, times.At(p.Base+uint32(i)))
				row, err := places.Locate(ctx, p.First+i)
				if err != nil {
					return nil, err
				}
				c.Places = append(c.Places, row)
			}
			in := func(list []int64, m *roaring.Bitmap) []int64 {
				for it := m.Iterator(); it.HasNext(); {
					if doc := it.Next(); doc >= p.Base && int64(doc) < int64(p.Base)+p.Count {
						list = append(list, p.First+int64(doc-p.Base))
					}
				}
				return list
			}
			if err := x.lists(ctx, p.Chunk, func(gram uint64, m *roaring.Bitmap) {
				if list := in(c.Grams[gram], m); list != nil {
					c.Grams[gram] = list
				}
			}); err != nil {
				return nil, err
			}
			for _, name := range kinds {
				m, err := x.Kind(ctx, p.Chunk, name)
				if err != nil {
					return nil, err
				}
				if list := in(c.Kinds[name], m); list != nil {
					c.Kinds[name] = list
				}
			}
		}
	}
	return out, nil
}

func (x *Index) lists(ctx context.Context, chunk int64, f func(gram uint64, m *roaring.Bitmap)) error {
	rows, err := x.db.QueryContext(ctx, "SELECT id, body FROM grams WHERE id >= ? AND id <= ? ORDER BY id", chunk<<42, min(chunk<<42|maxGram, math.MaxInt64))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if err := eachList(uint64(id)&maxGram, body, func(l *list) (bool, error) {
			m := roaring.New()
			err := l.addTo(m)
			if err == nil && m.GetCardinality() != uint64(l.count) {
				err = errTorn
			}
			f(l.gram, m)
			return true, err
		}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Rows counts the rows of a table.
func (x *Index) Rows(ctx context.Context, table string) (n int, err error) {
	err = x.db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n)
	return n, err
}

// GramOf is the number of two letters; second may be -1, the end.
func GramOf(first, second rune) uint64 { return gramOf(first, second) }
