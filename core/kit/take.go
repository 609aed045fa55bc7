package kit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
)

// maxTaken bounds what of a job's records and diagnostics is kept in memory.
const maxTaken = 64 << 20

// taken is what a plugin made of one input, as the host took it.
type taken struct {
	conform.Output
	result host.Result
	// made describes the artifacts, a line of canonical JSON each.
	made [][]byte
}

// crash says how the process failed, "" where it did not.
func (t *taken) crash() string {
	r := t.result
	if r.Outcome == evidence.OutcomeFailed && (r.Attempts > 1 || strings.HasPrefix(r.Reason, "broke the protocol") || r.Refused) {
		return r.Reason
	}
	return ""
}

// digests are of records, diagnostics and artifacts: what must be the same each time.
// How an artifact's bytes are cut into frames is no part of it.
func (t *taken) digests() [3]evidence.Digest {
	return [3]evidence.Digest{t.result.Records.SHA256, t.result.Diagnostics.SHA256, evidence.Sum(bytes.Join(t.made, []byte("\n")))}
}

// request is one job.
type request struct {
	s      *sample
	data   []byte
	keys   []host.Key
	limits host.Limits
}

func (s *sample) request(data []byte) request { return request{s: s, data: data, keys: s.keys(nil)} }

// take runs one job on h.
func (k *kit) take(ctx context.Context, h *host.Host, q request) (*taken, error) {
	t := &taken{}
	inputs := []host.Input{{Role: evidence.RoleInput}}
	bodies := [][]byte{q.data}
	for _, c := range q.s.companions {
		inputs = append(inputs, host.Input{Role: c.role, Name: c.name})
		bodies = append(bodies, c.data)
	}
	for i, b := range bodies {
		f, err := memoryFile(b)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		inputs[i].File, inputs[i].Size, inputs[i].SHA256 = f, int64(len(b)), evidence.Sum(b)
	}
	if len(inputs) > 1 {
		inputs[0].Role = evidence.RoleMain
	}
	j := host.Job{Plugin: k.plugin, Operation: q.s.job.Operation, Config: q.s.job.Config, Keys: q.keys, Inputs: inputs, Limits: q.limits}
	var got *sink
	r, err := h.Run(ctx, j, func() (host.Sink, error) {
		got = &sink{}
		return got, nil
	})
	if err != nil {
		return nil, err
	}
	if got == nil {
		got = &sink{}
	}
	t.result, t.made = r, got.made
	t.Output = conform.Output{
		Outcome: r.Outcome, Reason: r.Reason, Units: r.Units, KeysUsed: r.KeysUsed,
		Records: split(got.records.Bytes()), Diagnostics: split(got.diagnostics.Bytes()), Artifacts: got.artifacts,
	}
	return t, nil
}

// memoryFile holds b as a regular file that leaves nothing behind.
func memoryFile(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("exhibit-sample", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory file: %w", err)
	}
	f := os.NewFile(uintptr(fd), "sample")
	if _, err := f.Write(b); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func split(b []byte) [][]byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

// sink keeps what a job writes. The host has checked every line. An aborted
// attempt's lines are kept too: they say how far it came.
type sink struct {
	records, diagnostics bytes.Buffer
	artifacts            []conform.Artifact
	made                 [][]byte
}

var errTooMuch = fmt.Errorf("more than %d bytes came of a sample or of an input made of it", maxTaken)

func (s *sink) Records(lines []byte, _ []host.RecordInfo) error { return keep(&s.records, lines) }

func (s *sink) Diagnostics(lines []byte, _ []host.DiagnosticInfo) error {
	return keep(&s.diagnostics, lines)
}

func keep(b *bytes.Buffer, lines []byte) error {
	if b.Len()+len(lines) > maxTaken {
		return errTooMuch
	}
	b.Write(lines)
	return nil
}

func (s *sink) Abort() {}

func (s *sink) Artifact(b host.Begin) (host.ArtifactWriter, error) {
	name := ""
	if b.Name != nil {
		text, err := evidence.Canonical(*b.Name)
		if err != nil {
			return nil, err
		}
		name = string(text)
	}
	return &artifact{s: s, begin: b, a: conform.Artifact{Name: name}, sum: sha256.New()}, nil
}

// artifact hashes one artifact and keeps none of it.
type artifact struct {
	s     *sink
	begin host.Begin
	a     conform.Artifact
	sum   hash.Hash
}

func (a *artifact) Write(p []byte) (int, error) {
	a.a.Size += int64(len(p))
	return a.sum.Write(p)
}

func (a *artifact) End(complete bool, reason string) error {
	a.a.SHA256, a.a.Complete, a.a.Reason = evidence.Digest(a.sum.Sum(nil)), complete, reason
	m := map[string]any{"complete": complete, "sha256": a.a.SHA256.Hex(), "size": a.a.Size}
	if a.begin.Name != nil {
		m["name"] = *a.begin.Name
	}
	if reason != "" {
		m["reason"] = reason
	}
	if a.begin.Steps != nil {
		m["steps"] = a.begin.Steps
	}
	if a.begin.Meta != nil {
		m["meta"] = a.begin.Meta
	}
	if a.begin.Text {
		m["text"] = true
	}
	line, err := evidence.Canonical(m)
	if err != nil {
		return err
	}
	a.s.artifacts, a.s.made = append(a.s.artifacts, a.a), append(a.s.made, line)
	return nil
}

func (a *artifact) Abort() {}
