package blob

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// reserveFrom is the size from which space is reserved before writing, so that
// a full device is found at once and not after an hour.
const reserveFrom = 1 << 20

// WriterOptions say how an object is kept and what is computed of it.
type WriterOptions struct {
	// Encoding is evidence.StoredRaw or evidence.StoredZstd; "" is raw.
	Encoding string
	// Hashes besides sha256: md5, sha1, sha512. Others are refused.
	Hashes []string
	// SizeHint is how many bytes will come, 0 where that is unknown. For a raw
	// object the space is reserved.
	SizeHint int64
}

// Writer takes the content of one object. It is not for concurrent use. After
// an error every further call returns that error, and the file is gone.
type Writer struct {
	s     *Store
	zstd  bool
	sums  *sums
	f     *os.File
	since int64 // failed syncs of the store when the file was created
	err   error

	buf  *[frameSize]byte // from s.buffers; content not yet written
	n    int              // bytes in buf
	size int64            // content written, without buf
	at   int64            // where the next stored byte goes

	enc    *frameEncoder // from s.frames; zstd only
	frames []uint32
	stored hash.Hash // of the stored bytes; zstd only

	reserved bool // space was allocated before it was written to
	ragged   bool // the file may be shorter or longer than size
}

// NewWriter starts an object. Its hashes are computed on the caller's goroutine.
// Unknown hashes and encodings are evidence.ErrFormat.
func (s *Store) NewWriter(o WriterOptions) (*Writer, error) {
	w, err := s.newWriter(o)
	if err != nil {
		return nil, fmt.Errorf("blob: new object: %w", noSpace(err))
	}
	return w, nil
}

// Stage makes an object of bytes in memory; it is there once it is committed.
func (s *Store) Stage(content []byte, o WriterOptions) (*Staged, error) {
	w, err := s.NewWriter(o)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		w.Abort()
		return nil, err
	}
	return w.Finish()
}

func (s *Store) newWriter(o WriterOptions) (*Writer, error) {
	w := &Writer{s: s}
	switch o.Encoding {
	case "", evidence.StoredRaw:
	case evidence.StoredZstd:
		w.zstd = true
	default:
		return nil, fmt.Errorf("%w: encoding %q", evidence.ErrFormat, o.Encoding)
	}
	var err error
	if w.sums, err = newSums(o.Hashes); err != nil {
		return nil, err
	}
	w.since = s.failures.Load()
	if w.f, err = s.temp(); err != nil {
		return nil, err
	}
	if !w.zstd && o.SizeHint > 0 {
		if err := w.reserve(o.SizeHint); err != nil {
			return nil, err
		}
	}
	w.buf = s.buffers.Get().(*[frameSize]byte)
	if w.zstd {
		w.enc = s.frames.Get().(*frameEncoder)
		w.stored = sha256.New()
	}
	return w, nil
}

// reserve allocates n bytes on the device.
func (w *Writer) reserve(n int64) error {
	if n < reserveFrom {
		return nil
	}
	err := retry(func() error { return unix.Fallocate(int(w.f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, n) })
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		w.fail(os.NewSyscallError("fallocate", err))
		return w.err
	}
	w.reserved = err == nil // where it is not supported, nothing is lost
	w.ragged = w.reserved
	return nil
}

// Write takes further content. It keeps nothing of p.
func (w *Writer) Write(p []byte) (int, error) {
	var taken int
	for w.err == nil && taken < len(p) {
		if rest := p[taken:]; w.n == 0 && len(rest) >= frameSize {
			w.flush(rest[:frameSize])
			taken += frameSize
			continue
		}
		n := copy(w.buf[w.n:], p[taken:])
		w.n += n
		taken += n
		if w.n == frameSize {
			w.flush(w.buf[:])
			w.n = 0
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return taken, nil
}

// Hole takes n zero bytes, which a raw object does not store.
func (w *Writer) Hole(n int64) error {
	if n < 0 {
		w.fail(fmt.Errorf("%w: hole of %d bytes", evidence.ErrFormat, n))
	}
	if w.zstd {
		for w.err == nil && n > 0 {
			k, _ := w.Write(zeroSlice[:min(n, slice)])
			n -= int64(k)
		}
		return w.err
	}
	if w.err == nil && w.n > 0 {
		w.flush(w.buf[:w.n])
		w.n = 0
	}
	if w.err != nil || n <= 0 {
		return w.err
	}
	w.sums.zeros(n)
	w.skip(n)
	return w.err
}

// skip leaves n bytes out of a raw object.
func (w *Writer) skip(n int64) {
	if w.reserved {
		if err := w.punch(n); err != nil {
			w.fail(err)
			return
		}
	}
	w.size += n
	w.at += n
	w.ragged = true
}

// punch gives back n reserved bytes. The file is made that long first: beyond
// its end ext4 punches nothing.
func (w *Writer) punch(n int64) error {
	if err := w.f.Truncate(w.at + n); err != nil {
		return err
	}
	err := retry(func() error {
		return unix.Fallocate(int(w.f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, w.at, n)
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil // the reserved bytes are zero as well
	}
	return os.NewSyscallError("fallocate", err)
}

// flush hashes and stores content: a frame's worth, or what is left.
func (w *Writer) flush(p []byte) {
	w.sums.write(p)
	stored := p
	if w.zstd {
		stored = w.enc.encode(p)
		w.frames = append(w.frames, uint32(len(stored)))
	}
	w.store(stored)
	w.size += int64(len(p))
}

// store writes stored bytes at the end.
func (w *Writer) store(p []byte) {
	if w.err != nil {
		return
	}
	if w.stored != nil {
		w.stored.Write(p)
	}
	if _, err := w.f.WriteAt(p, w.at); err != nil {
		w.fail(err)
		return
	}
	w.at += int64(len(p))
}

// Sum returns the SHA-256 of the content taken so far, holes included.
func (w *Writer) Sum() (evidence.Digest, error) {
	if w.err != nil {
		return evidence.Digest{}, w.err
	}
	h, err := w.sums.all[0].hash.(hash.Cloner).Clone()
	if err != nil {
		return evidence.Digest{}, fmt.Errorf("blob: sum: %w", err)
	}
	_, _ = h.Write(w.buf[:w.n])
	return evidence.Digest(h.Sum(nil)), nil
}

// Finish ends the object. It is complete, but not durable and without a name
// before Store.Commit. The Writer is spent, whatever Finish returns.
func (w *Writer) Finish() (*Staged, error) {
	st, err := w.finish()
	if err != nil {
		return nil, fmt.Errorf("blob: finish object: %w", err)
	}
	return st, nil
}

func (w *Writer) finish() (*Staged, error) {
	if w.err == nil && w.n > 0 {
		w.flush(w.buf[:w.n])
	}
	if w.err == nil && w.zstd {
		w.store(appendSeekTable(w.enc.out[:0], w.frames, w.size))
	}
	if w.err == nil && w.ragged {
		if err := w.f.Truncate(w.size); err != nil {
			w.fail(err)
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	st := &Staged{Digest: w.sums.digest(), Size: w.size, Hashes: w.sums.others(), s: w.s, f: w.f, temp: w.f.Name(), since: w.since}
	st.Stored = evidence.Stored{Encoding: evidence.StoredRaw, SHA256: st.Digest, Size: st.Size}
	if w.zstd {
		st.Stored = evidence.Stored{Encoding: evidence.StoredZstd, SHA256: evidence.Digest(w.stored.Sum(nil)), Size: w.at}
	}
	w.f = nil
	w.fail(errSpent)
	if err := st.settle(); err != nil {
		st.Discard()
		return nil, noSpace(err)
	}
	return st, nil
}

// Abort removes what was written. It may be called at any time; after Finish it
// does nothing.
func (w *Writer) Abort() { w.fail(errSpent) }

// errSpent is what a Writer returns after Finish or Abort.
var errSpent = fmt.Errorf("writer used after its end: %w", os.ErrClosed)

// fail removes the file, returns buffers and keeps the first error.
func (w *Writer) fail(err error) {
	if w.err != nil {
		return
	}
	w.err = noSpace(err)
	if w.f != nil {
		_ = w.f.Close() // the file goes, whatever became of its content
		w.s.unlink(w.f.Name())
		w.f = nil
	}
	if w.buf != nil {
		w.s.buffers.Put(w.buf)
		w.buf = nil
	}
	if w.enc != nil {
		w.s.frames.Put(w.enc)
		w.enc = nil
	}
}
