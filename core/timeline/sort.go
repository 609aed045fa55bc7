package timeline

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// sorter orders events in bounded memory: what does not fit is sorted in parts, which go
// to a nameless temporary file and are merged in the end.
type sorter struct {
	memory int64
	dir    string

	held  []item
	bytes int64
	seq   uint64

	file  *os.File
	at    int64
	parts []part
}

// item is an event as it is sorted: key orders as bytes, by time and then as added.
type item struct {
	key  [keySize]byte
	body []byte
}

const (
	keySize = 8 + 4 + 8
	// itemCost is what an item takes beside its body.
	itemCost = 64
)

// part is a sorted range of the temporary file.
type part struct{ from, to int64 }

// head is what of an event stands before its payload.
type head struct {
	Kind    string   `json:"k,omitempty"`
	Assumed bool     `json:"a,omitempty"`
	Flags   []string `json:"f,omitempty"`
}

func (s *sorter) add(e Event) error {
	var it item
	// Seconds count from year 1 so that they ascend as unsigned.
	binary.BigEndian.PutUint64(it.key[:], uint64(e.At.Unix())+1<<62)
	binary.BigEndian.PutUint32(it.key[8:], uint32(e.At.Nanosecond()))
	binary.BigEndian.PutUint64(it.key[12:], s.seq)
	s.seq++
	h, err := json.Marshal(head{e.Kind, e.Assumed, e.Flags})
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	it.body = binary.AppendUvarint(make([]byte, 0, len(h)+len(e.Payload)+4), uint64(len(h)))
	it.body = append(append(it.body, h...), e.Payload...)
	s.held = append(s.held, it)
	if s.bytes += int64(len(it.body)) + itemCost; s.bytes < s.memory {
		return nil
	}
	return s.spill()
}

func (s *sorter) sort() {
	slices.SortFunc(s.held, func(a, b item) int { return bytes.Compare(a.key[:], b.key[:]) })
}

// spill writes what is held as one more sorted part.
func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.dir, "exhibit-timeline-"); err != nil {
			return fmt.Errorf("timeline: a temporary file: %w", err)
		}
		if err := os.Remove(s.file.Name()); err != nil { // it lives as long as it is open
			return fmt.Errorf("timeline: a temporary file: %w", err)
		}
	}
	s.sort()
	w := bufio.NewWriterSize(s.file, 1<<20)
	p := part{from: s.at}
	var length [binary.MaxVarintLen64]byte
	for _, it := range s.held {
		n := binary.PutUvarint(length[:], uint64(len(it.body)))
		for _, b := range [][]byte{it.key[:], length[:n], it.body} {
			_, _ = w.Write(b) // Flush reports it
			s.at += int64(len(b))
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("timeline: temporary file: %w", err)
	}
	p.to = s.at
	s.parts = append(s.parts, p)
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
	return nil
}

// each calls f with all events in order.
func (s *sorter) each(f func(Event) error) error {
	if len(s.parts) == 0 {
		s.sort()
		for _, it := range s.held {
			if err := emit(it, f); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	// Reading buffers share the memory that sorting had.
	size := int(max(4<<10, min(1<<20, s.memory/int64(len(s.parts)+1))))
	h := make(mergeHeap, 0, len(s.parts))
	for _, p := range s.parts {
		r := &partReader{r: bufio.NewReaderSize(io.NewSectionReader(s.file, p.from, p.to-p.from), size)}
		ok, err := r.next()
		if err != nil {
			return err
		}
		if ok {
			h = append(h, r)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := emit(h[0].item, f); err != nil {
			return err
		}
		ok, err := h[0].next()
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(&h, 0)
		default:
			heap.Pop(&h)
		}
	}
	return nil
}

func emit(it item, f func(Event) error) error {
	n, k := binary.Uvarint(it.body)
	if k <= 0 || n > uint64(len(it.body)-k) {
		return fmt.Errorf("timeline: %w: the temporary file was changed", evidence.ErrIntegrity)
	}
	var h head
	if err := json.Unmarshal(it.body[k:k+int(n)], &h); err != nil {
		return fmt.Errorf("timeline: %w: the temporary file was changed", evidence.ErrIntegrity)
	}
	at := time.Unix(int64(binary.BigEndian.Uint64(it.key[:])-1<<62), int64(binary.BigEndian.Uint32(it.key[8:]))).UTC()
	return f(Event{At: at, Kind: h.Kind, Assumed: h.Assumed, Flags: h.Flags, Payload: it.body[k+int(n):]})
}

// partReader reads one part item by item.
type partReader struct {
	r    *bufio.Reader
	item item
}

func (r *partReader) next() (bool, error) {
	if _, err := io.ReadFull(r.r, r.item.key[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("timeline: temporary file: %w", err)
	}
	n, err := binary.ReadUvarint(r.r)
	if err == nil && n > 2*evidence.MaxLine {
		err = evidence.ErrIntegrity
	}
	if err == nil {
		r.item.body = slices.Grow(r.item.body[:0], int(n))[:n]
		_, err = io.ReadFull(r.r, r.item.body)
	}
	if err != nil {
		return false, fmt.Errorf("timeline: temporary file: %w", err)
	}
	return true, nil
}

type mergeHeap []*partReader

func (h mergeHeap) Len() int           { return len(h) }
func (h mergeHeap) Less(i, j int) bool { return bytes.Compare(h[i].item.key[:], h[j].item.key[:]) < 0 }
func (h mergeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *mergeHeap) Push(x any)        { *h = append(*h, x.(*partReader)) }
func (h *mergeHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (s *sorter) close() {
	if s.file != nil {
		_ = s.file.Close() // nothing is kept of it
	}
}
