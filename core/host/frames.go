package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// The frames of the artifact stream, docs/formats/wire.md.
const (
	frameBegin   = 'B'
	frameData    = 'D'
	frameEnd     = 'E'
	frameHeader  = 5
	maxFrameBody = 1 << 20
)

// frames reads the artifact stream, in pieces: a frame is never held whole, but
// for the small ones that begin and end an artifact.
type frames struct {
	r     io.Reader
	clock *clock
	sink  Sink
	count int64 // most artifacts
	bytes int64 // most bytes of artifacts together

	buf     []byte // read and not used yet
	space   []byte // what buf lies in
	filled  bool   // the last read filled it
	sum     hash.Hash
	data    int64
	current ArtifactWriter
	got     StreamResult
}

// read reads to the end of the stream. It returns a *stop, or a read error. An
// artifact without an end stays in current.
func (f *frames) read() error {
	f.space, f.sum = make([]byte, firstBytes), sha256.New()
	err := f.loop()
	f.got.SHA256 = evidence.Digest(f.sum.Sum(nil))
	return err
}

func (f *frames) loop() error {
	for {
		header, err := f.take(frameHeader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		kind, size := header[0], int(binary.BigEndian.Uint32(header[1:]))
		if size > maxFrameBody {
			return broken("artifacts: frame of %d bytes", size)
		}
		switch kind {
		case frameBegin:
			err = f.begin(size)
		case frameData:
			err = f.write(size)
		case frameEnd:
			err = f.end(size)
		default:
			err = broken("artifacts: frame of unknown type %q", kind)
		}
		if errors.Is(err, io.EOF) {
			err = errTruncated
		}
		if err != nil {
			return err
		}
	}
}

// fill reads once more; io.EOF at the end of the stream.
func (f *frames) fill() error {
	if len(f.buf) == 0 {
		if f.filled && len(f.space) < batchBytes { // the last read filled it: there is more
			f.space = make([]byte, 2*len(f.space))
		}
		f.buf = f.space[:0]
	}
	if cap(f.buf) == len(f.buf) { // room behind what is left
		space := make([]byte, max(len(f.space), 2*len(f.buf)))
		f.buf, f.space = space[:copy(space, f.buf)], space
	}
	n, err := f.r.Read(f.buf[len(f.buf):cap(f.buf)])
	if n > 0 {
		f.clock.touch()
		f.buf = f.buf[:len(f.buf)+n]
		f.filled = len(f.buf) == cap(f.buf)
		return nil
	}
	return err
}

// take returns the next n bytes, good until the next call. io.EOF means that there
// are none, errTruncated that there are fewer.
func (f *frames) take(n int) ([]byte, error) {
	for len(f.buf) < n {
		if err := f.fill(); err != nil {
			if errors.Is(err, io.EOF) && len(f.buf) > 0 {
				return nil, errTruncated
			}
			return nil, err
		}
	}
	return f.use(n), nil
}

// use counts and hashes n bytes of buf and steps over them.
func (f *frames) use(n int) []byte {
	b := f.buf[:n]
	f.buf = f.buf[n:]
	_, _ = f.sum.Write(b)
	f.got.Bytes += int64(n)
	return b
}

// beginFrame and endFrame are the payloads of their frames.
type (
	beginFrame struct {
		Name  *evidence.Name  `json:"name"`
		Steps json.RawMessage `json:"steps"`
		Meta  json.RawMessage `json:"meta"`
		Text  bool            `json:"text"`
	}
	endFrame struct {
		Complete bool   `json:"complete"`
		Reason   string `json:"reason"`
	}
)

func (f *frames) begin(size int) error {
	payload, err := f.take(size)
	if err != nil {
		return err
	}
	if f.current != nil {
		return broken("artifacts: begin before the end of the last")
	}
	if f.got.Count >= f.count {
		return limit("more than %d artifacts", f.count)
	}
	var b beginFrame
	if err := strict(payload, &b); err != nil {
		return broken("artifacts: begin: %v", err)
	}
	if b.Name != nil && !isName(*b.Name) {
		return broken("artifacts: begin: name is not in its format")
	}
	err = f.clock.sink(func() (err error) {
		f.current, err = f.sink.Artifact(Begin(b))
		return err
	})
	if err != nil {
		f.current = nil
		return hostFailure(err)
	}
	return nil
}

func (f *frames) write(size int) error {
	if f.current == nil {
		return broken("artifacts: data without begin")
	}
	for size > 0 {
		if len(f.buf) == 0 {
			if err := f.fill(); err != nil {
				return err
			}
		}
		b := f.use(min(size, len(f.buf)))
		size -= len(b)
		over := f.data+int64(len(b)) > f.bytes
		if over {
			b = b[:f.bytes-f.data]
		}
		f.data += int64(len(b))
		err := f.clock.sink(func() error {
			_, err := f.current.Write(b)
			return err
		})
		if err != nil {
			return hostFailure(err)
		}
		if over {
			return limit("more than %d bytes of artifacts", f.bytes)
		}
	}
	return nil
}

func (f *frames) end(size int) error {
	payload, err := f.take(size)
	if err != nil {
		return err
	}
	if f.current == nil {
		return broken("artifacts: end without begin")
	}
	var e endFrame
	if err := strict(payload, &e); err != nil {
		return broken("artifacts: end: %v", err)
	}
	w := f.current
	f.current = nil
	if err := f.clock.sink(func() error { return w.End(e.Complete, printable(e.Reason, maxReason)) }); err != nil {
		return hostFailure(err)
	}
	f.got.Count++
	return nil
}

// finish ends what the stream left open: it is kept, marked, where the attempt is
// kept in spite of a limit, and dropped otherwise.
func (f *frames) finish(s *stop) error {
	w := f.current
	f.current = nil
	switch {
	case w == nil:
	case s != nil && s.kind == stopLimit:
		if err := w.End(false, s.reason); err != nil {
			return err
		}
		f.got.Count++
	default:
		w.Abort()
	}
	return nil
}

// strict decodes canonical JSON without unknown members.
func strict(b []byte, v any) error {
	if err := evidence.CheckCanonical(b); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		// encoding/json quotes what it does not like.
		return fmt.Errorf("%w: not the members it should have", evidence.ErrFormat)
	}
	return nil
}

// isName reports whether n is as evidence.NewName makes it.
func isName(n evidence.Name) bool {
	made := evidence.NewName(n.Bytes())
	return made.Text == n.Text && bytes.Equal(made.Raw, n.Raw) && n.Text != ""
}
