package replay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// sink takes what one attempt writes, compares it with what was recorded as it comes,
// and keeps nothing but the first difference and a digest for each artifact.
type sink struct {
	records, diagnostics *lines
	children             []child
}

func (r *replayer) newSink(ctx context.Context, run *evidence.Run) (*sink, error) {
	s := &sink{records: &lines{}, diagnostics: &lines{}}
	if run.Records != nil {
		s.records = r.recorded(ctx, run.Records.Artifact)
	}
	if run.Diagnostics != nil {
		s.diagnostics = r.recorded(ctx, run.Diagnostics.Artifact)
	}
	return s, ctx.Err()
}

// recorded opens a set of lines to compare with. Where that cannot be the digests
// still say whether it is the same.
func (r *replayer) recorded(ctx context.Context, d evidence.Digest) *lines {
	a, err := r.c.Artifact(ctx, d)
	if err != nil {
		return &lines{broken: true}
	}
	obj, err := r.c.Blobs().Reader(ctx, a)
	if err != nil {
		return &lines{broken: true}
	}
	return &lines{object: obj, want: bufio.NewReaderSize(io.NewSectionReader(obj, 0, a.Size), evidence.MaxLine+1)}
}

func (s *sink) close() {
	if s == nil {
		return
	}
	for _, l := range []*lines{s.records, s.diagnostics} {
		if l.object != nil {
			l.object.Close()
			l.object = nil
		}
	}
}

// Records implements host.Sink.
func (s *sink) Records(b []byte, _ []host.RecordInfo) error { s.records.feed(b); return nil }

// Diagnostics implements host.Sink.
func (s *sink) Diagnostics(b []byte, _ []host.DiagnosticInfo) error {
	s.diagnostics.feed(b)
	return nil
}

// Abort implements host.Sink.
func (s *sink) Abort() {}

// lines compares a stream of lines with a recorded one up to the first difference.
type lines struct {
	object *blob.Object
	want   *bufio.Reader
	// n is how many lines were the same.
	n int64
	// differ is set with the first line that is not; one of both may be nil: there was
	// no such line.
	differ  bool
	was, is []byte
	broken  bool // the recorded lines cannot be read
}

func (l *lines) feed(b []byte) {
	for len(b) > 0 && !l.differ && !l.broken {
		i := bytes.IndexByte(b, '\n')
		line := b[:i+1]
		b = b[i+1:]
		was := l.next()
		if l.broken {
			return
		}
		if bytes.Equal(was, line) {
			l.n++
			continue
		}
		l.differ, l.is = true, bytes.Clone(line[:i])
		if was != nil {
			l.was = bytes.Clone(bytes.TrimSuffix(was, []byte{'\n'}))
		}
	}
}

// next is the recorded set's next line, with its newline; nil at the end.
func (l *lines) next() []byte {
	if l.want == nil {
		return nil
	}
	was, err := l.want.ReadSlice('\n')
	switch {
	case err == nil:
		return was
	case errors.Is(err, io.EOF) && len(was) == 0:
		return nil
	}
	l.broken = true
	return nil
}

// end notes lines that were recorded and did not come.
func (l *lines) end() {
	if l.differ || l.broken {
		return
	}
	if was := l.next(); was != nil {
		l.differ, l.was = true, bytes.Clone(bytes.TrimSuffix(was, []byte{'\n'}))
	}
}

// child is a derived artifact, by what a derivation says of it.
type child struct {
	name string
	// sum covers the artifact's digest, name, steps, meta and how it ended.
	sum      evidence.Digest
	artifact evidence.Digest
}

// Artifact implements host.Sink.
func (s *sink) Artifact(b host.Begin) (host.ArtifactWriter, error) {
	d := evidence.Derivation{Name: b.Name, Steps: bytes.Clone(b.Steps), Meta: bytes.Clone(b.Meta)}
	return &writer{s: s, d: d, h: sha256.New()}, nil
}

type writer struct {
	s *sink
	d evidence.Derivation
	h hash.Hash
}

func (w *writer) Write(p []byte) (int, error) { return w.h.Write(p) }

func (w *writer) End(complete bool, reason string) error {
	w.d.Child, w.d.Complete, w.d.Reason = evidence.Digest(w.h.Sum(nil)), complete, reason
	c, err := childOf(w.d)
	w.s.children = append(w.s.children, c)
	return err
}

func (w *writer) Abort() {}

// childOf leaves out of a derivation what another run of the same may give otherwise:
// nothing but the run and the parent, which are the same.
func childOf(d evidence.Derivation) (child, error) {
	c := child{artifact: d.Child}
	if d.Name != nil {
		c.name = d.Name.String()
	}
	d.Run, d.Parent, d.N = evidence.Digest{}, evidence.Digest{}, 0
	b, err := evidence.Canonical(d)
	c.sum = evidence.Sum(b)
	return c, err
}
