package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// logSuffix is what SQLite appends to a database's name for its write-ahead log.
const logSuffix = "-wal"

// seen is an artifact that was identified; log is the write-ahead log that was laid
// over it, zero for none.
type seen struct{ artifact, log evidence.Digest }

type sniffed struct {
	identify.Identity
	head []byte // as much as manifests ask for
}

func headSize(plugins []*host.Plugin) int64 {
	t := dispatch.Table{}
	for _, p := range plugins {
		t.Plugins = append(t.Plugins, dispatch.Plugin{Manifest: p.Manifest})
	}
	return max(t.NeededHead(), int64(len("SQLite format 3\x00")))
}

// look identifies an artifact, reading it once per engine.
func (e *Engine) look(ctx context.Context, a evidence.Artifact, log *evidence.Artifact) (sniffed, error) {
	key := seen{artifact: a.SHA256}
	if log != nil {
		key.log = log.SHA256
	}
	if s, ok := e.sniffed[key]; ok {
		return s, nil
	}
	obj, err := e.c.Blobs().Reader(ctx, a)
	if err != nil {
		return sniffed{}, err
	}
	defer obj.Close()
	var over *identify.Source
	if log != nil {
		l, err := e.c.Blobs().Reader(ctx, *log)
		if err != nil {
			return sniffed{}, err
		}
		defer l.Close()
		over = &identify.Source{ReaderAt: l, Size: log.Size}
	}
	id, head, err := identify.Look(identify.Source{ReaderAt: obj, Size: a.Size}, over)
	if err != nil {
		return sniffed{}, fmt.Errorf("read %s: %w", a.SHA256.Short(), err)
	}
	s := sniffed{Identity: id, head: slices.Clone(head[:min(int64(len(head)), e.headSize)])}
	e.sniffed[key] = s
	return s, nil
}

// decide routes one artifact.
func (p *planner) decide(ctx context.Context, a evidence.Artifact) ([]dispatch.Decision, []store.PlaceOf, error) {
	places, err := p.places.Places(a.SHA256)
	if err != nil {
		return nil, nil, err
	}
	if len(places) == 0 {
		return nil, nil, nil
	}
	s, err := p.e.look(ctx, a, nil)
	if err != nil {
		return nil, nil, err
	}
	// What asks back may fail: the first error counts.
	var failed error
	in := dispatch.Input{Artifact: a.SHA256, Size: a.Size, Identity: s.Identity, Head: s.head, Explain: p.explain}
	shallow := false
	for _, pl := range places {
		item := p.items[pl.Item]
		place := dispatch.Place{Path: pl.Path.String(), Zone: item.Zone, Charset: item.Charset}
		place.Beside = func(suffix string) (out []evidence.ManifestMember) {
			for _, d := range p.places.Beside(pl, suffix) {
				b, err := p.e.c.Artifact(ctx, d)
				if err != nil && failed == nil {
					failed = err
				}
				out = append(out, evidence.ManifestMember{Artifact: d, Size: b.Size})
			}
			return out
		}
		place.Around = func(pattern string) (out []evidence.ManifestMember) {
			for _, n := range p.places.Around(pl, pattern) {
				b, err := p.e.c.Artifact(ctx, n.Artifact)
				if err != nil && failed == nil {
					failed = err
				}
				out = append(out, evidence.ManifestMember{Artifact: n.Artifact, Size: b.Size, Name: n.Name})
			}
			return out
		}
		if s.SQLite != nil {
			if place.SQLite, err = p.schema(ctx, a, pl); err != nil {
				return nil, nil, err
			}
		}
		in.Places = append(in.Places, place)
		shallow = shallow || depth(pl) <= MaxDepth
	}
	if shallow {
		in.Probe = func(plugin dispatch.Plugin) *dispatch.Answer {
			answer, err := p.probe(ctx, a, plugin)
			if err != nil && failed == nil {
				failed = err
			}
			return answer
		}
	}
	decisions := p.table.Decide(in)
	if failed != nil {
		return nil, nil, failed
	}
	if !shallow {
		tooDeep(decisions)
	}
	return decisions, places, nil
}

func tooDeep(decisions []dispatch.Decision) {
	for i := range decisions {
		if d := &decisions[i]; d.Takes || d.Asks {
			d.Takes, d.Asks = false, false
			d.Why = fmt.Sprintf("it lies more than %d containers deep", MaxDepth)
			d.Refusals = []dispatch.Refusal{{Condition: "depth", Why: d.Why}}
		}
	}
}

// schema is that of a database at one place: with the log that lies beside it.
func (p *planner) schema(ctx context.Context, a evidence.Artifact, at store.PlaceOf) (*identify.SQLite, error) {
	logs := p.places.Beside(at, logSuffix)
	if len(logs) == 0 {
		return nil, nil
	}
	log, err := p.e.c.Artifact(ctx, logs[0])
	if err != nil {
		return nil, err
	}
	s, err := p.e.look(ctx, a, &log)
	return s.SQLite, err
}

func depth(p store.PlaceOf) int { return strings.Count(p.Path.Text, "!") + len(p.Via) }
