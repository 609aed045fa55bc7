package verify

import (
	"context"
	"encoding/hex"
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

// worker reads artifacts; each goroutine has its own.
type worker struct {
	v *verifier
	// tell is told how many bytes were read, unless nil.
	tell    func(int64)
	decoder *decoder // made when it is first needed, as are buffers
	buffers [2][]byte
}

// decode makes the worker's decoder decode f.
func (w *worker) decode(f io.ReaderAt, size int64, stored, plain io.Writer) error {
	if w.decoder == nil {
		var err error
		if w.decoder, err = newDecoder(); err != nil {
			return err
		}
	}
	return w.decoder.decode(f, size, stored, plain)
}

// buffer returns one of the two read buffers, for a file of the given size.
func (w *worker) buffer(i int, size int64) []byte {
	want := int(min(max(size+1, slice), chunk))
	if len(w.buffers[i]) < want {
		w.buffers[i] = make([]byte, want)
	}
	return w.buffers[i]
}

func (w *worker) close() {
	if w.decoder != nil {
		w.decoder.zstd.Close()
	}
}

// chunk is how much of a file is read at once.
const chunk = 1 << 20

// artifact reads an artifact whole and compares it with its row. Its content
// goes to content, unless nil. It reports whether everything was as recorded; an
// error is a cancelled context.
func (w *worker) artifact(ctx context.Context, p place, a *artifact, content io.Writer) (bool, error) {
	f, size, err := w.open(a)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.path != "":
		p.find(Incomplete, a.name(), "was left in place and is not there any more", fmt.Sprintf("source %q", a.path))
		return false, nil
	case errors.Is(err, fs.ErrNotExist):
		p.find(Incomplete, a.name(), "is missing", objectPath(a.digest))
		return false, nil
	case errors.Is(err, evidence.ErrFormat):
		p.find(Altered, a.name(), "is not a regular file", err.Error())
		return false, nil
	case err != nil:
		p.find(CannotVerify, a.name(), "cannot be opened", err.Error())
		return false, nil
	}
	defer f.Close()
	sums := newFingerprint(a.hashes)
	var stored *fingerprint
	var fault error
	if a.encoding == evidence.StoredZstd {
		stored = newFingerprint(nil)
		plain := io.Writer(sums)
		if content != nil {
			plain = io.MultiWriter(sums, content)
		}
		fault = w.decode(readerAt{ctx, f}, size, io.MultiWriter(stored, teller(w.tell)), plain)
	} else {
		fault = w.hash(ctx, f, size, sums, content)
		stored = sums
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if fault != nil && !errors.Is(fault, evidence.ErrFormat) {
		p.find(CannotVerify, a.name(), "cannot be read", fault.Error())
		return false, nil
	}
	return w.compare(p, a, stored, sums, fault), nil
}

// compare judges what was read of an artifact.
func (w *worker) compare(p place, a *artifact, stored, sums *fingerprint, fault error) bool {
	name, what := a.name(), "was changed"
	detail := ""
	if a.path != "" {
		detail = fmt.Sprintf("source %q", a.path)
	}
	switch {
	case stored.n != a.storedSize:
		p.find(Altered, name, fmt.Sprintf("%s: it is %d bytes long, not %d", what, stored.n, a.storedSize), detail)
		return false
	case stored.digest() != a.stored:
		if a.encoding == evidence.StoredZstd {
			detail = "its content is lost, or was changed as well"
			if fault == nil && sums.digest() == a.digest && sums.n == a.size {
				detail = "its content is still the same"
			}
		}
		p.find(Altered, name, fmt.Sprintf("%s: its stored bytes hash to %s, not %s", what, stored.digest(), a.stored), detail)
		return false
	case fault != nil:
		p.find(Altered, name, "cannot be decoded, though its stored bytes are those that were recorded", fault.Error())
		return false
	case sums.n != a.size || sums.digest() != a.digest:
		p.find(Altered, name, "does not hold the content that it is named after", fmt.Sprintf("%d bytes of %s", sums.n, sums.digest()))
		return false
	}
	ok := true
	for _, algorithm := range sortedKeys(a.hashes) {
		h := sums.more[algorithm]
		if h == nil {
			p.skip(fmt.Sprintf("Digests by the algorithm %q: SHA-256 was compared instead.", algorithm))
		} else if got := hex.EncodeToString(h.Sum(nil)); got != a.hashes[algorithm] {
			p.find(Altered, name, "its content is right, but its row states another "+algorithm, fmt.Sprintf("%s, not %s", a.hashes[algorithm], got))
			ok = false
		}
	}
	return ok
}

func (w *worker) open(a *artifact) (*os.File, int64, error) {
	if a.path == "" {
		return openRegular(filepath.Join(w.v.dir, filepath.FromSlash(objectPath(a.digest))), unix.O_NOFOLLOW)
	}
	if !filepath.IsAbs(a.path) {
		return nil, 0, fmt.Errorf("%w: path %q is not absolute", evidence.ErrFormat, a.path)
	}
	return openRegular(a.path, 0)
}

func objectPath(d evidence.Digest) string {
	return objectsDir + "/sha256/" + d.Hex()[:2] + "/" + d.Hex()
}

// hash reads f to its end: while one chunk is hashed, MD5 beside the others, the
// next is read.
func (w *worker) hash(ctx context.Context, f io.Reader, size int64, sums *fingerprint, content io.Writer) error {
	var busy sync.WaitGroup
	defer busy.Wait()
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := w.buffer(i&1, size)
		n, err := io.ReadFull(f, b)
		busy.Wait()
		if n > 0 {
			teller(w.tell).Write(b[:n])
			if n < chunk/2 {
				sums.Write(b[:n])
			} else {
				for _, write := range sums.parallel() {
					busy.Go(func() { write(b[:n]) })
				}
				sums.n += int64(n)
			}
			if content != nil {
				if _, err := content.Write(b[:n]); err != nil {
					return err
				}
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// readerAt gives up where ctx is cancelled.
type readerAt struct {
	ctx context.Context
	f   io.ReaderAt
}

func (r readerAt) ReadAt(b []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.f.ReadAt(b, off)
}

// teller tells how much is written to it.
type teller func(int64)

func (t teller) Write(b []byte) (int, error) {
	if t != nil {
		t(int64(len(b)))
	}
	return len(b), nil
}
