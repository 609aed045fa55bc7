package blob

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// writebackEvery is how much of a copy is written before the kernel is told to
// start on it, so that the fsync at the end finds little left to do and other
// objects' syncs need not wait for it.
const writebackEvery = 16 << 20

// CopyInfo says how a copy was made and what was noticed.
type CopyInfo struct {
	// Sparse: the source has holes.
	Sparse bool
	// Reflinked: the object shares the source's blocks until either is written to.
	Reflinked bool
	// Changed: size, mtime or ctime of the source were others after it was read,
	// or it ended early. The object holds what was read, which may never have
	// been the file's content at any one moment.
	Changed bool
}

// CopyFile stages the content of src from its start to what its size is now
// (to its end where the size is said to be 0, as of files in /proc). progress,
// which may be nil, is told the bytes read since it was last called; src's
// offset stays as it is.
//
// A raw copy of a file beyond smallFile is a reflink where the filesystem can
// make one; otherwise holes stay holes. A read error ends the copy.
func (s *Store) CopyFile(ctx context.Context, src *os.File, o WriterOptions, progress func(n int64)) (*Staged, CopyInfo, error) {
	st, info, err := s.copyFile(ctx, src, o, progress)
	if err != nil {
		return nil, CopyInfo{}, fmt.Errorf("blob: copy %q: %w", src.Name(), noSpace(err))
	}
	return st, info, nil
}

func (s *Store) copyFile(ctx context.Context, src *os.File, o WriterOptions, progress func(n int64)) (*Staged, CopyInfo, error) {
	var info CopyInfo
	before, blocks, err := stateOf(src)
	if err != nil {
		return nil, info, err
	}
	o.SizeHint = 0
	w, err := s.newWriter(o)
	if err != nil {
		return nil, info, err
	}
	defer w.Abort()
	r := newReader(src, before, blocks, progress)
	switch {
	case w.zstd || before.size <= smallFile:
		err = w.copySerial(ctx, r)
	case reflink(w.f, src):
		// src counts as read now: what comes later cannot reach the clone.
		info.Reflinked = true
		if info.Changed, err = differs(src, before); err == nil {
			r.f = w.f
			err = w.hashClone(ctx, r)
		}
	default:
		err = w.copyLarge(ctx, r)
	}
	if err != nil {
		return nil, info, err
	}
	info.Sparse = r.holes
	if !info.Reflinked {
		if info.Changed, err = differs(src, before); err != nil {
			return nil, info, err
		}
		info.Changed = info.Changed || r.read < before.size
	}
	st, err := w.finish()
	return st, info, err
}

// differs reports whether f is no longer in this state.
func differs(f *os.File, state fileState) (bool, error) {
	now, _, err := stateOf(f)
	return now != state, err
}

// reflink makes dst share the blocks of src (ioctl FICLONE), in one step.
func reflink(dst, src *os.File) bool {
	return retry(func() error { return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) }) == nil
}

// copySerial copies and hashes on this goroutine.
func (w *Writer) copySerial(ctx context.Context, r *reader) error {
	buf := w.s.buffers.Get().(*[frameSize]byte)
	defer w.s.buffers.Put(buf)
	return r.run(ctx,
		func() []byte { return buf[:] },
		func(p []byte, _ int64) error { _, err := w.Write(p); return err },
		w.Hole)
}

// copyLarge copies with the hashes on goroutines of their own.
func (w *Writer) copyLarge(ctx context.Context, r *reader) error {
	if !r.sparse {
		if err := w.reserve(r.size); err != nil {
			return err
		}
	}
	var started int64 // up to here the kernel has been told to write back
	err := r.hash(ctx, w.sums, func(p []byte, off int64) error {
		if _, err := w.f.WriteAt(p, off); err != nil {
			return err
		}
		if end := off + int64(len(p)); end-started >= writebackEvery {
			// An error here would be reported by the fsync as well.
			_ = unix.SyncFileRange(int(w.f.Fd()), started, end-started, unix.SYNC_FILE_RANGE_WRITE)
			started = end
		}
		return nil
	})
	w.size, w.at, w.ragged = r.read, r.read, w.ragged || r.holes
	return err
}

// hashClone hashes what reflink put into the writer's file, read from there.
func (w *Writer) hashClone(ctx context.Context, r *reader) error {
	fi, err := w.f.Stat()
	if err != nil {
		return err
	}
	r.size = fi.Size()
	err = r.hash(ctx, w.sums, nil)
	if err == nil && r.read != fi.Size() {
		err = fmt.Errorf("%w: clone ended early", evidence.ErrIntegrity)
	}
	w.size, w.at = r.read, r.read
	return err
}

// HashFile hashes f in place: SHA-256, the further hashes asked for, and how
// many bytes they are of. It reads from the start to what the size is now. Where
// size, mtime or ctime are others afterwards, it returns what it read together
// with evidence.ErrChanged. progress as in Store.CopyFile.
func HashFile(ctx context.Context, f *os.File, hashes []string, progress func(n int64)) (evidence.Digest, map[string]string, int64, error) {
	before, _, err := stateOf(f)
	if err != nil {
		return evidence.Digest{}, nil, 0, fmt.Errorf("blob: hash %q: %w", f.Name(), err)
	}
	sums, n, err := hashFile(ctx, f, hashes, progress)
	if err != nil {
		return evidence.Digest{}, nil, 0, fmt.Errorf("blob: hash %q: %w", f.Name(), err)
	}
	changed, err := differs(f, before)
	if changed || n < before.size {
		err = evidence.ErrChanged
	}
	if err != nil {
		err = fmt.Errorf("blob: hash %q: %w", f.Name(), err)
	}
	return sums.digest(), sums.others(), n, err
}

func hashFile(ctx context.Context, f *os.File, hashes []string, progress func(n int64)) (*sums, int64, error) {
	sums, err := newSums(hashes)
	if err != nil {
		return nil, 0, err
	}
	state, blocks, err := stateOf(f)
	if err != nil {
		return nil, 0, err
	}
	r := newReader(f, state, blocks, progress)
	err = r.hash(ctx, sums, nil)
	return sums, r.read, err
}
