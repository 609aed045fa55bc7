package host

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// batchBytes is about what a sink gets at a time.
	batchBytes = 256 << 10
	// firstBytes is what a buffer begins with: most inputs are small.
	firstBytes = 16 << 10
)

// lines reads a stream of lines, bounded in memory by one batch and one line.
type lines struct {
	r     io.Reader
	clock *clock
	max   int64 // longest line, its '\n' included
	count int64 // most lines
	bytes int64 // most bytes
	what  string
	// check judges one line, without its '\n', at that place of the batch.
	check func(line []byte, offset int) error
	// flush hands over the lines that were checked since the last flush.
	flush func(batch []byte) error

	// summed, where not nil, is the digest of what was handed over; else sum is.
	summed func() evidence.Digest
	sum    hash.Hash
	got    StreamResult
}

// errLine says why a line fails the run, and holds nothing of it.
type errLine string

// Error implements error.
func (e errLine) Error() string { return string(e) }

// read reads to the end of the stream. It returns a *stop, or a read error.
func (l *lines) read() error {
	l.sum = sha256.New()
	err := l.loop()
	if l.summed != nil {
		l.got.SHA256 = l.summed()
	} else {
		l.got.SHA256 = evidence.Digest(l.sum.Sum(nil))
	}
	return err
}

func (l *lines) loop() error {
	buf := make([]byte, firstBytes)
	checked, scanned, end := 0, 0, 0 // whole checked lines; no '\n' between; filled
	for {
		n, err := l.r.Read(buf[end:])
		end += n
		if n > 0 {
			l.clock.touch()
		}
		for {
			i := bytes.IndexByte(buf[scanned:end], '\n')
			if i < 0 {
				scanned = end
				break
			}
			next := scanned + i + 1
			if s := l.line(buf[checked:next-1], checked); s != nil {
				return l.deliver(buf[:checked], s)
			}
			checked, scanned = next, next
		}
		if int64(end-checked) >= l.max {
			return l.deliver(buf[:checked], broken("%s line %d is longer than %d bytes", l.what, l.got.Count+1, l.max))
		}
		if end == len(buf) && len(buf) < 2*batchBytes { // there is more than this holds
			buf = append(buf, make([]byte, len(buf))...)
		}
		if checked >= batchBytes || err != nil || end == len(buf) {
			if s := l.deliver(buf[:checked], nil); s != nil {
				return s
			}
			end = copy(buf, buf[checked:end])
			checked, scanned = 0, end
		}
		if end == len(buf) { // one line fills it
			buf = append(buf, make([]byte, len(buf))...)
		}
		switch {
		case errors.Is(err, io.EOF) && end > 0:
			return errTruncated
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// errTruncated: the stream ends inside a line or frame. The process's end explains
// that, if it has ended.
var errTruncated = errors.New("stream ends inside a line")

// line counts and judges one line; a *stop says that it must not be handed over.
func (l *lines) line(line []byte, offset int) error {
	n := int64(len(line)) + 1
	switch {
	case l.got.Count >= l.count:
		return limit("more than %d %s", l.count, l.what)
	case n > l.max:
		return broken("%s line %d is longer than %d bytes", l.what, l.got.Count+1, l.max)
	case l.got.Bytes+n > l.bytes:
		return limit("more than %d bytes of %s", l.bytes, l.what)
	}
	if err := l.check(line, offset); err != nil {
		return broken("%s line %d: %v", l.what, l.got.Count+1, err)
	}
	l.got.Count++
	l.got.Bytes += n
	return nil
}

// deliver hashes and hands over a batch, then returns s. The sink's own failure
// comes first.
func (l *lines) deliver(batch []byte, s error) error {
	if len(batch) == 0 {
		return s
	}
	if l.summed == nil {
		_, _ = l.sum.Write(batch)
	}
	if err := l.clock.sink(func() error { return l.flush(batch) }); err != nil {
		return hostFailure(err)
	}
	return s
}
