package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxVerified bounds the memory for what files hashed to; beyond, all is forgotten.
const maxVerified = 1 << 17

// fileState is what tells a file as it was from a file that has changed since:
// any write moves ctime, which no call can set back.
type fileState struct {
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

// stateOf returns a file's state and how many blocks of 512 bytes it has.
func stateOf(f *os.File) (fileState, int64, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return fileState{}, 0, os.NewSyscallError("fstat", err)
	}
	return fileState{dev: uint64(st.Dev), ino: st.Ino, size: st.Size, mtime: st.Mtim, ctime: st.Ctim}, st.Blocks, nil
}

// settled reports whether any change from now on would give the file another
// ctime: not so within the tick of the kernel's clock in which it was last
// changed (4 ms as a rule, before Linux 6.13), or within the second where the
// filesystem keeps no more.
func settled(f fileState) (bool, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &now); err != nil {
		return false, os.NewSyscallError("clock_gettime", err)
	}
	tick := 20 * time.Millisecond
	if f.ctime.Nsec == 0 {
		tick = 2 * time.Second
	}
	return now.Nano()-f.ctime.Nano() > int64(tick), nil
}

// openRegular opens a regular file for reading. It does not wait for a writer
// where the file is a pipe: that is evidence.ErrFormat, as is any other kind.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|flags, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%w: %q is not a regular file", evidence.ErrFormat, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// hashFile returns the digest and size of a file of the store, from memory
// where this process has hashed it in the state it is in.
func (s *Store) hashFile(ctx context.Context, f *os.File) (evidence.Digest, int64, error) {
	before, _, err := stateOf(f)
	if err != nil {
		return evidence.Digest{}, 0, err
	}
	s.mu.Lock()
	got, ok := s.verified[before]
	s.mu.Unlock()
	if ok {
		return got, before.size, nil
	}
	old, err := settled(before)
	if err != nil {
		return evidence.Digest{}, 0, err
	}
	sums, size, err := hashFile(ctx, f, nil, nil)
	if err != nil {
		return evidence.Digest{}, 0, err
	}
	got = sums.digest()
	if changed, err := differs(f, before); err != nil || changed || !old {
		return got, size, err
	}
	s.mu.Lock()
	if len(s.verified) >= maxVerified {
		clear(s.verified)
	}
	s.verified[before] = got
	s.mu.Unlock()
	return got, size, nil
}

// decodedDigest returns the digest of what a zstd object decodes to; the zero
// digest where it is none.
func (s *Store) decodedDigest(ctx context.Context, f *os.File, size int64) (evidence.Digest, error) {
	t, err := readSeekTable(f, size)
	if errors.Is(err, evidence.ErrFormat) {
		return evidence.Digest{}, nil
	}
	if err != nil {
		return evidence.Digest{}, err
	}
	sums, err := newSums(nil)
	if err != nil {
		return evidence.Digest{}, err
	}
	err = s.decodeAll(ctx, f, t, func(p []byte) error { sums.write(p); return nil })
	if errors.Is(err, evidence.ErrIntegrity) {
		return evidence.Digest{}, nil
	}
	return sums.digest(), err
}

// decodeAll hands the content of a zstd object to f, frame by frame.
func (s *Store) decodeAll(ctx context.Context, r io.ReaderAt, t *seekTable, f func([]byte) error) error {
	frame := make([]byte, maxStoredFrame)
	buf := s.buffers.Get().(*[frameSize]byte)
	defer s.buffers.Put(buf)
	for i := range t.frames() {
		if err := ctx.Err(); err != nil {
			return err
		}
		content := buf[:t.content(i)]
		if err := s.decodeFrameAt(r, t, i, frame, content); err != nil {
			return err
		}
		if err := f(content); err != nil {
			return err
		}
	}
	return nil
}

// decodeFrameAt decodes frame i into dst; frame is room for maxStoredFrame bytes.
func (s *Store) decodeFrameAt(r io.ReaderAt, t *seekTable, i int64, frame, dst []byte) error {
	from, to := t.offsets[i], t.offsets[i+1]
	frame = frame[:to-from]
	if _, err := r.ReadAt(frame, from); err != nil {
		return err
	}
	return decodeFrame(s.decoder, frame, dst)
}
