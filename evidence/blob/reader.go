package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// smallFile is the size up to which a file is read and hashed without
	// further goroutines.
	smallFile = 64 << 10
	// zeroGrain is the length of zeros that becomes a hole where the filesystem's
	// own account of holes is not relied on.
	zeroGrain = 64 << 10
	// holeStep is how much of a hole is hashed between looks at the context.
	holeStep = 8 << 20
)

// reader reads a file once, from the start, its holes apart from its data.
type reader struct {
	f *os.File
	// size is how many bytes to read; 0 is to the end.
	size int64
	// sparse: the file has fewer blocks than its size needs.
	sparse   bool
	progress func(int64)

	read  int64 // bytes read, holes included
	holes bool  // a hole was found
}

// newReader reads f, which is in this state and has so many blocks of 512 bytes.
func newReader(f *os.File, state fileState, blocks int64, progress func(int64)) *reader {
	return &reader{f: f, size: state.size, sparse: blocks*512 < state.size, progress: progress}
}

// run reads into what buf returns and hands each piece to data, each hole to
// hole, in order. It stops early where the file does.
func (r *reader) run(ctx context.Context, buf func() []byte, data func(p []byte, off int64) error, hole func(n int64) error) error {
	seek := r.sparse && seeksHoles(r.f)
	for r.size == 0 || r.read < r.size {
		n, isHole, err := r.extent(seek)
		if err != nil || n == 0 {
			return err
		}
		for end := r.read + n; r.read < end; {
			if err := ctx.Err(); err != nil {
				return err
			}
			var got int64
			if isHole {
				got = min(end-r.read, holeStep)
				if err := hole(got); err != nil {
					return err
				}
			} else {
				p := buf()
				p = p[:min(int64(len(p)), end-r.read)]
				k, err := r.f.ReadAt(p, r.read)
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				// data is called even with nothing, to take the buffer back.
				if err := data(p[:k], r.read); err != nil {
					return err
				}
				if got = int64(k); k == 0 {
					return nil
				}
			}
			r.read += got
			if r.progress != nil {
				r.progress(got)
			}
		}
	}
	return nil
}

// extent returns how much data or hole follows at r.read; 0 at the end of a
// file that has become shorter.
func (r *reader) extent(seek bool) (n int64, hole bool, err error) {
	switch {
	case r.size == 0:
		return 1 << 62, false, nil
	case !seek:
		return r.size - r.read, false, nil
	}
	offset, err := r.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, false, err
	}
	defer func() {
		_, back := r.f.Seek(offset, io.SeekStart)
		err = errors.Join(err, back)
	}()
	data, err := r.f.Seek(r.read, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) { // no data follows
		fi, err := r.f.Stat()
		if err != nil {
			return 0, false, err
		}
		n := max(0, min(fi.Size(), r.size)-r.read)
		r.holes = r.holes || n > 0
		return n, true, nil
	}
	if err != nil {
		return 0, false, err
	}
	if data > r.read {
		r.holes = true
		return min(data, r.size) - r.read, true, nil
	}
	end, err := r.f.Seek(r.read, unix.SEEK_HOLE)
	if err != nil {
		return 0, false, err
	}
	return min(end, r.size) - r.read, false, nil
}

// hash reads all through the hashes, in parallel where it is worth it, and
// hands the data to store, if there is one, leaving out holes.
func (r *reader) hash(ctx context.Context, s *sums, store func(p []byte, off int64) error) error {
	if store == nil {
		store = func([]byte, int64) error { return nil }
	} else if r.sparse && !seeksHoles(r.f) {
		store = r.withoutZeros(store)
	}
	if r.size <= smallFile {
		size := r.size
		if size == 0 {
			size = 4 << 10 // an empty file as a rule
		}
		buf := make([]byte, size)
		return r.run(ctx,
			func() []byte { return buf },
			func(p []byte, off int64) error { s.write(p); return store(p, off) },
			func(n int64) error { s.zeros(n); return nil })
	}
	f := newFan(s.lanes(), r.size)
	defer f.close()
	var c *chunk
	return r.run(ctx,
		func() []byte { c = f.take(); return c.buf },
		func(p []byte, off int64) error {
			c.data = p
			f.feed(c)
			defer f.release(c)
			return store(p, off)
		},
		func(n int64) error {
			c := f.take()
			c.zeros = n
			f.feed(c)
			f.release(c)
			return nil
		})
}

// withoutZeros leaves runs of zeros to be holes.
func (r *reader) withoutZeros(store func(p []byte, off int64) error) func(p []byte, off int64) error {
	return func(p []byte, off int64) error {
		for len(p) > 0 {
			n := min(len(p), zeroGrain)
			if isZero(p[:n]) {
				r.holes = true
			} else if err := store(p[:n], off); err != nil {
				return err
			}
			p, off = p[n:], off+int64(n)
		}
		return nil
	}
}

func isZero(p []byte) bool {
	for len(p) > 0 {
		n := min(len(p), len(zeroSlice))
		if !bytes.Equal(p[:n], zeroSlice[:n]) {
			return false
		}
		p = p[n:]
	}
	return true
}

// seeksHoles says whether SEEK_DATA is relied on where f lies. OpenZFS has
// reported data as holes (openzfs/zfs#15526), and what FUSE and network servers
// report is as good as they are: there everything is read.
func seeksHoles(f *os.File) bool {
	var st unix.Statfs_t
	if retry(func() error { return unix.Fstatfs(int(f.Fd()), &st) }) != nil {
		return false
	}
	return ownFilesystem(uint32(st.Type))
}

// ownFilesystem lists the kernel's own disk filesystems and tmpfs, whose
// behaviour we rely on for holes and for syncfs.
func ownFilesystem(magic uint32) bool {
	switch magic {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}
