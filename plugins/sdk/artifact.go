package sdk

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Step is one transformation from parent to child (docs/formats/case.md), such as
// {"do": "untar", "offset": 512, "length": 120}.
type Step map[string]any

// ArtifactOptions says how an artifact came about.
type ArtifactOptions struct {
	Steps []Step
	// Meta is the container's own metadata about the member.
	Meta map[string]any
	// Text: compression pays.
	Text bool
}

// Artifact is one derived artifact being written. One is open at a time.
type Artifact struct {
	job   *job
	size  int64
	start int // of the payload being gathered in the stream's buffer
	ended bool
}

const (
	frameBegin   = 'B'
	frameData    = 'D'
	frameEnd     = 'E'
	frameHeader  = 5
	framePayload = flushAt // of a data frame at most; wire.md allows 1 MiB
)

// Artifact begins a derived artifact, a unit of the input of its own. name is the
// member's path in its container as found, nil where the artifact is the same
// thing under the same path (decompressed, decrypted).
func (o *Out) Artifact(name *evidence.Name, opt ArtifactOptions) (*Artifact, error) {
	j := o.job
	if err := j.alive(); err != nil {
		return nil, err
	}
	if j.open != nil {
		return nil, j.stop(errors.New("sdk: an artifact is begun before the last was ended"))
	}
	if max := j.limits.MaxArtifacts; max > 0 && j.artifacts.count >= max {
		return nil, j.stop(fmt.Errorf("%w: %d artifacts", ErrLimit, max))
	}
	e := &j.enc
	start := len(j.artifacts.grown())
	e.b, e.err = append(j.artifacts.buf, frameBegin, 0, 0, 0, 0), nil
	if len(opt.Meta) > 0 {
		e.key("meta")
		e.mapping(opt.Meta, 1)
	}
	if name != nil {
		e.key("name")
		e.name(*name)
	}
	if len(opt.Steps) > 0 {
		e.key("steps")
		e.b = append(e.b, '[')
		for i, s := range opt.Steps {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.mapping(s, 1)
		}
		e.b = append(e.b, ']')
	}
	if opt.Text {
		e.key("text")
		e.b = append(e.b, "true"...)
	}
	if err := j.artifacts.frame(e, start); err != nil {
		return nil, j.stop(err)
	}
	a := &Artifact{job: j, start: -1}
	j.open = a
	j.last, j.verdict = unit{}, pending
	j.units.Emitted++
	j.met(1)
	return a, nil
}

// frame ends the JSON object that e holds after start and takes it over.
func (s *stream) frame(e *encoder, start int) error {
	e.close(start + frameHeader)
	payload := len(e.b) - start - frameHeader
	if payload > MaxLineBytes {
		e.fail("a frame of %d bytes", payload)
	}
	if e.err != nil {
		e.members = e.members[:0]
		s.buf = e.b[:start]
		return e.err
	}
	binary.BigEndian.PutUint32(e.b[start+1:], uint32(payload))
	return s.commit(e.b)
}

// name appends the object of evidence.Name.
func (e *encoder) name(n evidence.Name) {
	at := e.open()
	if n.Raw != nil {
		e.key("raw")
		e.base64(string(n.Raw))
	}
	e.key("text")
	e.shown(n.Text)
	e.close(at)
}

// Size returns how many bytes were written.
func (a *Artifact) Size() int64 { return a.size }

// Write appends p. Where it would exceed the job's limit on output, what still
// fits is written and the error is ErrLimit: End says why, then the Op returns.
func (a *Artifact) Write(p []byte) (int, error) {
	j := a.job
	if a.ended {
		return 0, errors.New("sdk: write to an artifact that was ended")
	}
	if err := j.ctx.Err(); err != nil {
		return 0, j.stop(err)
	}
	var over error
	if room := j.outputLimit - j.outputBytes; j.outputLimit > 0 && int64(len(p)) > room {
		p, over = p[:room], fmt.Errorf("%w: %d bytes of output", ErrLimit, j.outputLimit)
	}
	n := len(p)
	for len(p) > 0 {
		k, err := a.gather(p)
		if err != nil {
			return n - len(p), j.stop(err)
		}
		p = p[k:]
	}
	a.size += int64(n)
	j.outputBytes += int64(n)
	if over != nil {
		j.stop(over)
	}
	return n, over
}

// gather appends some of p to the data frame in the stream's buffer.
func (a *Artifact) gather(p []byte) (int, error) {
	s := a.job.artifacts
	if a.start < 0 {
		a.start = len(s.grown())
		s.buf = append(s.buf, frameData, 0, 0, 0, 0)
	}
	k := min(len(p), framePayload-(len(s.buf)-a.start-frameHeader))
	s.buf = append(s.buf, p[:k]...)
	if len(s.buf)-a.start-frameHeader == framePayload {
		return k, a.seal()
	}
	return k, nil
}

// seal ends the data frame that is being gathered.
func (a *Artifact) seal() error {
	if a.start < 0 {
		return nil
	}
	s := a.job.artifacts
	binary.BigEndian.PutUint32(s.buf[a.start+1:], uint32(len(s.buf)-a.start-frameHeader))
	a.start = -1
	return s.commit(s.buf)
}

// End ends the artifact. complete is false where it was cut short or damaged,
// and reason says how.
func (a *Artifact) End(complete bool, reason string) error {
	j := a.job
	if a.ended {
		return errors.New("sdk: an artifact is ended twice")
	}
	a.ended, j.open = true, nil
	if err := a.seal(); err != nil {
		return j.stop(err)
	}
	e := &j.enc
	start := len(j.artifacts.grown())
	e.b, e.err = append(j.artifacts.buf, frameEnd, 0, 0, 0, 0), nil
	e.key("complete")
	if complete {
		e.b = append(e.b, "true"...)
	} else {
		e.b = append(e.b, "false"...)
	}
	if reason != "" {
		e.plain("reason", reason)
	}
	j.artifacts.count++
	if err := j.artifacts.frame(e, start); err != nil {
		return j.stop(err)
	}
	return nil
}

// cut ends an artifact that the operation left open.
func (a *Artifact) cut(err error) {
	reason := "the plugin ended before the artifact did"
	if err != nil {
		reason = reasonOf(err)
	}
	// The error that stopped the run is the one to report, not this one's.
	_ = a.End(false, reason)
}
