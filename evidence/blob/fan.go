package blob

import (
	"sync"
	"sync/atomic"
)

const (
	// chunkSize is how much is read at a time and given to all lanes.
	chunkSize = 1 << 20
	// chunks in flight: one being read, the others hashed.
	chunks = 4
)

// fan hands what one goroutine reads to lanes of hashes, each on its own goroutine.
type fan struct {
	free  chan *chunk
	spare int // chunks not made yet
	size  int // of a chunk
	lanes []chan *chunk
	done  sync.WaitGroup
}

// chunk is data, or zeros, on its way through the lanes.
type chunk struct {
	buf   []byte
	data  []byte // of buf
	zeros int64
	users atomic.Int32
}

// newFan starts the lanes for a file of the given size.
func newFan(lanes [][]algorithm, size int64) *fan {
	f := &fan{free: make(chan *chunk, chunks), spare: chunks, size: int(min(size, chunkSize))}
	for _, hashes := range lanes {
		in := make(chan *chunk, chunks)
		f.lanes = append(f.lanes, in)
		f.done.Go(func() {
			for c := range in {
				writeTo(hashes, c.data)
				zerosTo(hashes, c.zeros)
				f.release(c)
			}
		})
	}
	return f
}

// take returns a chunk that nobody uses, when there is one. It is called by the
// goroutine that reads, and that alone.
func (f *fan) take() *chunk {
	var c *chunk
	select {
	case c = <-f.free:
	default:
		if f.spare > 0 {
			f.spare--
			return &chunk{buf: make([]byte, f.size)}
		}
		c = <-f.free
	}
	c.data, c.zeros = nil, 0
	return c
}

// feed gives c to every lane. The caller holds c as well, and must not write to
// it any more, until it calls release.
func (f *fan) feed(c *chunk) {
	c.users.Store(int32(len(f.lanes) + 1))
	for _, l := range f.lanes {
		l <- c
	}
}

func (f *fan) release(c *chunk) {
	if c.users.Add(-1) == 0 {
		f.free <- c
	}
}

// close waits until all that was fed is hashed. Chunks taken but never fed are
// the garbage collector's.
func (f *fan) close() {
	for _, l := range f.lanes {
		close(l)
	}
	f.done.Wait()
}
