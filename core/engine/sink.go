package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// sink takes one attempt's output: record and diagnostic lines into objects, with
// the Merkle tree, the index and the counts made on the way; derived artifacts
// into objects of their own. Nothing is durable until the engine commits it.
type sink struct {
	ctx   context.Context
	blobs *blob.Store
	index *index.Index
	seed  [32]byte

	records *blob.Writer
	tree    *custody.RecordTree
	segment *index.Segment
	kinds   map[string]int64

	diagnostics *blob.Writer
	codes       map[string]int64
	severities  map[string]int64

	children []child
	// staged is all that was finished, in no order; it is discarded on abort.
	staged []*blob.Staged
}

// child is a derived artifact that was finished.
type child struct {
	begin    host.Begin
	staged   *blob.Staged
	complete bool
	reason   string
}

func newSink(ctx context.Context, b *blob.Store, x *index.Index, random io.Reader) (*sink, error) {
	s := &sink{ctx: ctx, blobs: b, index: x, kinds: map[string]int64{}, codes: map[string]int64{}, severities: map[string]int64{}}
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, s.seed[:]); err != nil {
		return nil, fmt.Errorf("engine: seed: %w", err)
	}
	return s, nil
}

// Records implements host.Sink.
func (s *sink) Records(lines []byte, infos []host.RecordInfo) error {
	if s.records == nil {
		var err error
		if s.records, err = s.blobs.NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd}); err != nil {
			return err
		}
		s.tree = custody.NewRecordTree(s.seed)
		if s.segment, err = s.index.Begin(s.ctx); err != nil {
			return err
		}
	}
	if _, err := s.records.Write(lines); err != nil {
		return err
	}
	for i := range infos {
		r := &infos[i]
		line := lines[r.Offset : r.Offset+r.Length-1]
		s.tree.Add(line)
		s.segment.Add(line, r.Members, r.Kind, r.Time)
		s.kinds[r.Kind]++
	}
	return nil
}

// RecordsSum implements host.Summer. What cannot be summed agrees with no plugin.
func (s *sink) RecordsSum() evidence.Digest {
	if s.records == nil {
		return evidence.Sum(nil)
	}
	d, err := s.records.Sum()
	if err != nil {
		return evidence.Digest{}
	}
	return d
}

// Diagnostics implements host.Sink.
func (s *sink) Diagnostics(lines []byte, infos []host.DiagnosticInfo) error {
	if s.diagnostics == nil {
		var err error
		if s.diagnostics, err = s.blobs.NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd}); err != nil {
			return err
		}
	}
	if _, err := s.diagnostics.Write(lines); err != nil {
		return err
	}
	for _, d := range infos {
		s.codes[d.Code]++
		s.severities[d.Severity]++
	}
	return nil
}

// Artifact implements host.Sink.
func (s *sink) Artifact(b host.Begin) (host.ArtifactWriter, error) {
	encoding := evidence.StoredRaw
	if b.Text {
		encoding = evidence.StoredZstd
	}
	w, err := s.blobs.NewWriter(blob.WriterOptions{Encoding: encoding})
	if err != nil {
		return nil, err
	}
	return &childWriter{s: s, w: w, begin: b}, nil
}

type childWriter struct {
	s     *sink
	w     *blob.Writer
	begin host.Begin
}

func (c *childWriter) Write(p []byte) (int, error) { return c.w.Write(p) }

func (c *childWriter) End(complete bool, reason string) error {
	st, err := c.w.Finish()
	if err != nil {
		return err
	}
	c.s.staged = append(c.s.staged, st)
	c.s.children = append(c.s.children, child{c.begin, st, complete, reason})
	return nil
}

func (c *childWriter) Abort() { c.w.Abort() }

// Abort implements host.Sink: as if the attempt had never been.
func (s *sink) Abort() {
	if s.records != nil {
		s.records.Abort()
		s.records = nil
	}
	if s.diagnostics != nil {
		s.diagnostics.Abort()
		s.diagnostics = nil
	}
	if s.segment != nil {
		_ = s.segment.Abort(context.WithoutCancel(s.ctx)) // what stays behind is removed at the next open
		s.segment = nil
	}
	for _, st := range s.staged {
		st.Discard()
	}
	s.staged, s.children = nil, nil
}

// finish closes the record and diagnostic objects and fills the run's row.
func (s *sink) finish(r *evidence.Run) error {
	if s.records != nil {
		st, err := s.records.Finish()
		if err != nil {
			return err
		}
		s.staged = append(s.staged, st)
		s.records = nil
		root, n := s.tree.Root()
		r.Records = &evidence.RecordSetRef{Artifact: st.Digest, Count: n, Kinds: s.kinds}
		r.RecordTree = &evidence.RecordTree{Root: fmt.Sprintf("%x", root), Size: n}
	}
	if s.diagnostics != nil {
		st, err := s.diagnostics.Finish()
		if err != nil {
			return err
		}
		s.staged = append(s.staged, st)
		s.diagnostics = nil
		var n int64
		for _, c := range s.codes {
			n += c
		}
		r.Diagnostics = &evidence.DiagnosticSetRef{Artifact: st.Digest, Count: n, Codes: s.codes, Severities: s.severities}
	}
	r.Artifacts = int64(len(s.children))
	return nil
}

// manifest keeps the list of a run's inputs: an artifact, which is what the run names
// as its input.
func (s *sink) manifest(members []evidence.ManifestMember) error {
	b, err := evidence.NewManifest(members).Bytes()
	if err != nil {
		return err
	}
	st, err := s.blobs.Stage(b, blob.WriterOptions{Encoding: evidence.StoredZstd})
	if err != nil {
		return err
	}
	s.staged = append(s.staged, st)
	return nil
}

// artifacts are the rows of everything the run made.
func (s *sink) artifacts() []evidence.Artifact {
	out := make([]evidence.Artifact, 0, len(s.staged))
	for _, st := range s.staged {
		out = append(out, st.Artifact(evidence.Derived))
	}
	return out
}

func (s *sink) derivations(run, parent evidence.Digest) []evidence.Derivation {
	out := make([]evidence.Derivation, 0, len(s.children))
	for i, c := range s.children {
		out = append(out, evidence.Derivation{
			Run: run, Parent: parent, Child: c.staged.Digest, Name: c.begin.Name, N: int64(i),
			Steps: c.begin.Steps, Meta: c.begin.Meta, Complete: c.complete, Reason: c.reason,
		})
	}
	return out
}
