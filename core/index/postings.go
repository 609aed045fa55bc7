package index

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// A row of the table grams holds lists one after another, by ascending gram:
//
//	uvarint gram - the gram before (the first: - the gram in the row's id)
//	uvarint records in the list
//	uvarint bytes that follow << 1, + 1 where they are a bitmap
//	bytes   gaps less one as uvarints, or a bitmap in Roaring's portable form
const (
	// rowBytes is about how long a row is.
	rowBytes = 8 << 10
	// bitmapFrom is the length of gaps from which a bitmap is shorter.
	bitmapFrom = ChunkRecords / 8
)

func appendList(dst []byte, delta uint64, count uint32, gaps []byte) ([]byte, error) {
	dst = binary.AppendUvarint(dst, delta)
	dst = binary.AppendUvarint(dst, uint64(count))
	if len(gaps) < bitmapFrom {
		dst = binary.AppendUvarint(dst, uint64(len(gaps))<<1)
		return append(dst, gaps...), nil
	}
	words := make([]uint64, ChunkRecords/64)
	next := uint32(0)
	if err := eachGap(gaps, func(gap uint32) {
		next += gap + 1
		words[(next-1)/64%(ChunkRecords/64)] |= 1 << ((next - 1) % 64)
	}); err != nil {
		return nil, err
	}
	m := roaring.FromDense(words, false)
	if next == count { // all of them up to the last
		m.RunOptimize()
	}
	b, err := m.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b))<<1|1)
	return append(dst, b...), nil
}

var errTorn = fmt.Errorf("index: %w: a torn row", evidence.ErrFormat)

func eachGap(gaps []byte, f func(gap uint32)) error {
	for i := 0; i < len(gaps); {
		c := gaps[i]
		if c < 0x80 {
			i++
			f(uint32(c))
			continue
		}
		v, n := binary.Uvarint(gaps[i:])
		if n <= 0 || v >= ChunkRecords {
			return errTorn
		}
		i += n
		f(uint32(v))
	}
	return nil
}

func addGaps(m *roaring.Bitmap, gaps []byte, count uint32) error {
	if count > ChunkRecords {
		return errTorn
	}
	docs := make([]uint32, 0, count)
	next := uint32(0)
	err := eachGap(gaps, func(gap uint32) {
		next += gap + 1
		docs = append(docs, next-1)
	})
	if err != nil || next > ChunkRecords || len(docs) != int(count) {
		return errTorn
	}
	m.AddMany(docs)
	return nil
}

// list is one list as it lies in a row.
type list struct {
	gram   uint64
	count  uint32
	bitmap bool
	body   []byte
}

// addTo adds the list's records to m.
func (l *list) addTo(m *roaring.Bitmap) error {
	if !l.bitmap {
		return addGaps(m, l.body, l.count)
	}
	b := roaring.New()
	if _, err := b.FromBuffer(l.body); err != nil {
		return fmt.Errorf("index: %w: %w", evidence.ErrFormat, err)
	}
	if b.Validate() != nil || !b.IsEmpty() && b.Maximum() >= ChunkRecords {
		return errTorn
	}
	m.Or(b) // copies: the row's bytes do not stay
	return nil
}

// eachList calls f with each list of a row until f returns false.
func eachList(first uint64, body []byte, f func(*list) (bool, error)) error {
	gram := first
	for len(body) > 0 {
		var l list
		var head [3]uint64
		for i := range head {
			v, n := binary.Uvarint(body)
			if n <= 0 {
				return errTorn
			}
			head[i], body = v, body[n:]
		}
		gram += head[0]
		size := head[2] >> 1
		if size > uint64(len(body)) || head[1] > ChunkRecords || gram > maxGram {
			return errTorn
		}
		l = list{gram: gram, count: uint32(head[1]), bitmap: head[2]&1 == 1, body: body[:size]}
		body = body[size:]
		if more, err := f(&l); err != nil || !more {
			return err
		}
	}
	return nil
}

// appendTimes encodes a chunk's times: one byte of width, the unit in
// microseconds as uvarint, the earliest time as varint, the latest as uvarint of
// microseconds after that, then for each record
// 1 + the units since, in width bytes, the lowest first; 0 for none.
func appendTimes(dst []byte, times []int64) []byte {
	low, high, unit := int64(math.MaxInt64), int64(math.MinInt64), int64(1e6)
	for _, t := range times {
		if t != NoTime {
			low, high = min(low, t), max(high, t)
		}
	}
	for _, t := range times {
		for t != NoTime && (t-low)%unit != 0 {
			unit /= 1000
		}
	}
	if low > high {
		return append(dst, 0, 1, 0, 0)
	}
	width := 1
	for top := uint64(high-low)/uint64(unit) + 1; top>>(8*width) != 0; {
		width++
	}
	dst = binary.AppendUvarint(append(dst, byte(width)), uint64(unit))
	dst = binary.AppendVarint(dst, low)
	dst = binary.AppendUvarint(dst, uint64(high-low))
	for _, t := range times {
		v := uint64(0)
		if t != NoTime {
			v = uint64(t-low)/uint64(unit) + 1
		}
		for range width {
			dst = append(dst, byte(v))
			v >>= 8
		}
	}
	return dst
}

// Times are the times of a chunk's records.
type Times struct {
	n     int
	width int
	unit  int64
	low   int64
	high  int64
	body  []byte
}

func decodeTimes(b []byte, n int64) (Times, error) {
	if len(b) < 3 || b[0] > 8 {
		return Times{}, errTorn
	}
	t := Times{n: int(n), width: int(b[0])}
	unit, k := binary.Uvarint(b[1:])
	low, m := binary.Varint(b[1+max(k, 0):])
	if k <= 0 || m <= 0 || unit == 0 || unit > 1e6 {
		return Times{}, errTorn
	}
	span, l := binary.Uvarint(b[1+k+m:])
	if l <= 0 || span > math.MaxInt64 {
		return Times{}, errTorn
	}
	t.unit, t.low, t.high, t.body = int64(unit), low, low+int64(span), b[1+k+m+l:]
	if int64(len(t.body)) != n*int64(t.width) {
		return Times{}, errTorn
	}
	// Eight bytes are read at once, so that there must be as many behind the last.
	t.body = append(t.body, make([]byte, 8)...)
	return t, nil
}

// Len is how many records there are.
func (t *Times) Len() int { return t.n }

// Bounds are the earliest and the latest time; ok is false where there is none.
func (t *Times) Bounds() (low, high int64, ok bool) { return t.low, t.high, t.width > 0 }

// At returns the time of a record of the chunk, or NoTime.
func (t *Times) At(doc uint32) int64 {
	if t.width == 0 {
		return NoTime
	}
	v := binary.LittleEndian.Uint64(t.body[int(doc)*t.width:])
	if t.width < 8 {
		v &= 1<<(8*t.width) - 1
	}
	if v == 0 {
		return NoTime
	}
	return t.low + int64(v-1)*t.unit
}
