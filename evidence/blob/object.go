package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// cachedFrames is how many decoded frames an Object keeps.
const cachedFrames = 4

// Object is the content of an artifact, open for reading at any offset. ReadAt
// may be called from several goroutines, but not together with Close.
type Object struct {
	s    *Store
	f    *os.File
	size int64
	name string
	t    *seekTable // nil where the bytes are as they are

	mu    sync.Mutex
	frame []byte                     // room for a stored frame; owned by mu
	cache [cachedFrames]*cachedFrame // most recent first; owned by mu
}

type cachedFrame struct {
	n    int64
	data []byte // of buf
	buf  *[frameSize]byte
}

// Reader opens an artifact. The stored bytes have been compared with
// a.Stored.SHA256 when it returns: in this process, at this state of the file;
// bytes in place at every call. A difference is *evidence.IntegrityError, a
// missing file evidence.ErrNotFound.
//
// That stored bytes of a zstd object decode to a.SHA256 is what the row says;
// Descriptor checks it.
func (s *Store) Reader(ctx context.Context, a evidence.Artifact) (*Object, error) {
	o, err := s.reader(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("blob: read %s: %w", a.SHA256.Short(), err)
	}
	return o, nil
}

func (s *Store) reader(ctx context.Context, a evidence.Artifact) (*Object, error) {
	f, name, err := s.openStored(ctx, a)
	if err != nil {
		return nil, err
	}
	o := &Object{s: s, f: f, size: a.Size, name: name}
	if a.Stored.Encoding == evidence.StoredZstd {
		o.t, err = readSeekTable(f, a.Stored.Size)
		if err == nil && o.t.size != a.Size {
			err = fmt.Errorf("%w: %s: holds %d bytes where the row says %d", evidence.ErrIntegrity, name, o.t.size, a.Size)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		o.frame = make([]byte, maxStoredFrame)
	}
	return o, nil
}

// openStored opens the file that holds an artifact's stored bytes and checks
// them. It returns the name for messages as well.
func (s *Store) openStored(ctx context.Context, a evidence.Artifact) (*os.File, string, error) {
	path, name, flags := s.path(a.SHA256), name(a.SHA256), unix.O_NOFOLLOW
	switch a.Stored.Encoding {
	case evidence.StoredZstd:
	case evidence.StoredRaw, evidence.StoredInPlace:
		if a.Stored.SHA256 != a.SHA256 || a.Stored.Size != a.Size {
			return nil, "", &evidence.IntegrityError{Object: name, Want: a.SHA256, Got: a.Stored.SHA256}
		}
	default:
		return nil, "", fmt.Errorf("%w: encoding %q", evidence.ErrFormat, a.Stored.Encoding)
	}
	inPlace := a.Stored.Encoding == evidence.StoredInPlace
	if inPlace {
		if a.Stored.Path == nil || !filepath.IsAbs(a.Stored.Path.Bytes()) {
			return nil, "", fmt.Errorf("%w: in-place artifact without an absolute path", evidence.ErrFormat)
		}
		path, flags = a.Stored.Path.Bytes(), 0
		name = fmt.Sprintf("%q", path)
	}
	f, err := openRegular(path, flags)
	if errors.Is(err, fs.ErrNotExist) {
		if s.Gone != nil {
			if why := s.Gone(ctx, a.SHA256); why != nil {
				return nil, "", why
			}
		}
		return nil, "", fmt.Errorf("%w: %w", evidence.ErrNotFound, err)
	}
	if err != nil {
		return nil, "", err
	}
	var got evidence.Digest
	var size int64
	if inPlace {
		got, _, size, err = HashFile(ctx, f, nil, nil)
	} else {
		got, size, err = s.hashFile(ctx, f)
	}
	if err == nil && (got != a.Stored.SHA256 || size != a.Stored.Size) {
		err = &evidence.IntegrityError{Object: name, Want: a.Stored.SHA256, Got: got}
	}
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return f, name, nil
}

// Size returns the length of the content.
func (o *Object) Size() int64 { return o.size }

// Close releases the file and the frames.
func (o *Object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, c := range o.cache {
		if c != nil {
			o.s.buffers.Put(c.buf)
			o.cache[i] = nil
		}
	}
	return o.f.Close()
}

// ReadAt implements io.ReaderAt over the content.
func (o *Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("blob: read %s: %w", o.name, fs.ErrInvalid)
	}
	if off >= o.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), o.size-off)]
	n, err := o.readAt(want, off)
	switch {
	case err != nil:
		return n, fmt.Errorf("blob: read %s: %w", o.name, err)
	case len(want) < len(p):
		return n, io.EOF
	}
	return n, nil
}

// readAt fills p, which lies within the content.
func (o *Object) readAt(p []byte, off int64) (int, error) {
	if o.t == nil {
		n, err := o.f.ReadAt(p, off)
		if errors.Is(err, io.EOF) && n < len(p) {
			err = fmt.Errorf("%w: became shorter", evidence.ErrIntegrity)
		}
		return n, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(p) {
		i := (off + int64(n)) / frameSize
		data, err := o.content(i)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], data[off+int64(n)-i*frameSize:])
	}
	return n, nil
}

// content returns frame i decoded, most recent first. mu is held.
func (o *Object) content(i int64) ([]byte, error) {
	at := 0
	for at < len(o.cache)-1 && o.cache[at] != nil && o.cache[at].n != i {
		at++
	}
	c := o.cache[at]
	if c == nil || c.n != i {
		if c == nil {
			c = &cachedFrame{buf: o.s.buffers.Get().(*[frameSize]byte)}
		}
		c.n, c.data = -1, c.buf[:o.t.content(i)]
		o.cache[at] = c
		if err := o.s.decodeFrameAt(o.f, o.t, i, o.frame, c.data); err != nil {
			return nil, err
		}
		c.n = i
	}
	copy(o.cache[1:at+1], o.cache[:at])
	o.cache[0] = c
	return c.data, nil
}
