package engine

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// notSources are kinds of files in which no key is looked for: their bytes are
// compressed, and what they hold is looked at where it is unpacked.
var notSources = []string{"image/", "audio/", "video/", "application/gzip", "application/zip", "application/x-tar", "application/x-xz", "application/x-bzip2", "application/zstd", "application/x-7z-compressed", "application/x-rar-compressed", "application/pdf"}

const (
	// minTarget is from how many bytes a file may prove a key.
	minTarget = 64
	// What one run of a search is handed: descriptors are few.
	batchTargets = 40
	batchSources = 180
	// What a search costs is files that may be encrypted, times what may be a key, times
	// ciphers: a telephone's backup has thousands of the first and hundreds of thousands
	// of the second. Without Options.AllKeys so many are searched, and it is said.
	maxTargets     = 40
	maxSources     = 360
	maxSourceBytes = 64 << 20
)

// searched is what a search for keys is about.
type searched struct {
	// targets are closed and may be encrypted; in sources, which they are among, keys may lie.
	targets, sources []evidence.Artifact
}

// KeySearch is what searches for keys were about, and what of the case they left out.
type KeySearch struct {
	Targets     int `json:"searched_for"`
	TargetsLeft int `json:"not_searched_for"`
	Sources     int `json:"searched_in"`
	SourcesLeft int `json:"not_searched_in"`
}

// candidates gathers what is closed and may be encrypted, and where keys may lie, what
// is likeliest to hold one first: text before programs, what is small before what is large.
func (p *planner) candidates(ctx context.Context, opened map[evidence.Digest]bool) (s searched, err error) {
	text := map[evidence.Digest]bool{}
	for a, err := range p.e.c.Work(ctx) {
		if err != nil {
			return s, err
		}
		id, err := p.e.look(ctx, a, nil)
		if err != nil {
			return s, err
		}
		text[a.SHA256] = id.Content == identify.Text
		if a.Size == 0 || slices.ContainsFunc(notSources, func(prefix string) bool { return strings.HasPrefix(id.MediaType, prefix) }) {
			continue
		}
		s.sources = append(s.sources, a)
		if a.Size >= minTarget && !opened[a.SHA256] && (id.Content == identify.Binary || id.MediaType == "text/plain") && p.closed(a.SHA256) {
			s.targets = append(s.targets, a)
		}
	}
	rank := func(a evidence.Artifact) int {
		if text[a.SHA256] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(s.sources, func(a, b evidence.Artifact) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Size, b.Size), cmp.Compare(a.SHA256.Hex(), b.SHA256.Hex()))
	})
	return s, nil
}

// past is what the searches of the case were about.
type past struct {
	// targets were searched for among sources; keyed were tried with the keys at hand.
	targets, sources, keyed map[evidence.Digest]bool
	offered                 map[string]bool
	outdated                []evidence.Digest
}

const (
	roleEncrypted = "encrypted-"
	roleSource    = "source-"
)

// past reads what was searched. Of another plugin's bytes it is out of date.
func (p *planner) past(plugin *host.Plugin) *past {
	h := &past{targets: map[evidence.Digest]bool{}, sources: map[evidence.Digest]bool{}, keyed: map[evidence.Digest]bool{}, offered: map[string]bool{}}
	for _, r := range p.searches() {
		switch {
		case plugin != nil && r.Plugin.SHA256 != plugin.Digest:
			if r.Plugin.Name == plugin.Manifest.Name {
				h.outdated = append(h.outdated, r.ID)
			}
			continue
		case r.Outcome != evidence.OutcomeComplete && p.e.o.Retry && !p.retried:
			continue
		}
		among := slices.ContainsFunc(r.Inputs, func(m evidence.ManifestMember) bool { return strings.HasPrefix(m.Role, roleSource) })
		for _, m := range r.Inputs {
			switch {
			case strings.HasPrefix(m.Role, roleSource):
				h.sources[m.Artifact] = true
			case among:
				// What may be encrypted is itself looked through (batches).
				h.targets[m.Artifact], h.sources[m.Artifact] = true, true
			default:
				h.keyed[m.Artifact] = true
			}
		}
		for _, f := range r.Offered {
			h.offered[f] = true
		}
	}
	return h
}

// group names what is likely to be encrypted alike: the directory and the ending.
func (p *planner) group(a evidence.Artifact) string {
	places, err := p.places.Places(a.SHA256)
	if err != nil || len(places) == 0 {
		return ""
	}
	name := places[0].Path.String()
	return places[0].Item + "\x00" + path.Dir(name) + "\x00" + path.Ext(name)
}

// pick chooses n of targets, from as many groups as there are, of each the largest first.
func (p *planner) pick(targets []evidence.Artifact, n int) []evidence.Artifact {
	groups := map[string][]evidence.Artifact{}
	var names []string
	for _, a := range targets {
		g := p.group(a)
		if groups[g] == nil {
			names = append(names, g)
		}
		groups[g] = append(groups[g], a)
	}
	slices.Sort(names)
	for _, list := range groups {
		slices.SortFunc(list, func(a, b evidence.Artifact) int {
			return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.SHA256.Hex(), b.SHA256.Hex()))
		})
	}
	var out []evidence.Artifact
	for i := 0; len(out) < min(n, len(targets)); i++ {
		for _, g := range names {
			if i < len(groups[g]) && len(out) < n {
				out = append(out, groups[g][i])
			}
		}
	}
	return out
}

// likeliest are the first of sources, as many as one search looks through.
func likeliest(sources []evidence.Artifact) []evidence.Artifact {
	var bytes int64
	for i, a := range sources {
		if bytes += a.Size; i == maxSources || bytes > maxSourceBytes {
			return sources[:i]
		}
	}
	return sources
}

func without(list, those []evidence.Artifact) []evidence.Artifact {
	out := map[evidence.Digest]bool{}
	for _, a := range those {
		out[a.SHA256] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(a evidence.Artifact) bool { return out[a.SHA256] })
}

// findKeyTasks are the searches for keys that are due: where anything is closed, and
// something is there that no search has seen, or a key.
func (p *planner) findKeyTasks(ctx context.Context, opened map[evidence.Digest]bool) ([]Task, error) {
	plugin := p.e.looker(evidence.OpFindKey)
	if plugin == nil {
		return nil, nil
	}
	s, err := p.candidates(ctx, opened)
	if err != nil || len(s.targets) == 0 {
		return nil, err
	}
	done, keys := p.past(plugin), p.keys[plugin.Manifest.Name]
	p.retried = true
	unknown := slices.ContainsFunc(keys, func(k keyring.Key) bool { return !done.offered[k.Fingerprint] })

	// Beside what a key opened lies more that it opens: there the keys that are known go first.
	alike := map[string]bool{}
	for d := range opened {
		alike[p.group(evidence.Artifact{SHA256: d})] = true
	}
	var beside, targets []evidence.Artifact
	for _, a := range s.targets {
		switch {
		case alike[p.group(a)] && !done.targets[a.SHA256] && !done.keyed[a.SHA256]:
			beside = append(beside, a)
		default:
			targets = append(targets, a)
		}
	}
	if !p.e.o.AllKeys {
		targets = p.pick(targets, maxTargets)
	}
	sources := without(s.sources, targets) // which are looked through in any case (batches)
	if !p.e.o.AllKeys {
		sources = likeliest(sources)
	}
	var before, fresh, more []evidence.Artifact
	for _, a := range targets {
		if done.targets[a.SHA256] {
			before = append(before, a)
		} else {
			fresh = append(fresh, a)
		}
	}
	for _, a := range slices.Concat(sources, fresh) {
		if !done.sources[a.SHA256] {
			more = append(more, a)
		}
	}
	// What was tried is not tried again: what is new meets everything, the rest what is new.
	parts := []searched{{beside, nil}, {fresh, slices.Concat(sources, before)}}
	switch {
	case len(more) > 0:
		parts = append(parts, searched{before, more})
	case unknown:
		parts = append(parts, searched{before, nil})
	}
	var out []Task
	for _, part := range parts {
		if len(part.targets) == 0 {
			continue
		}
		tasks, err := p.batches(plugin, part, keys, done.outdated)
		if err != nil {
			return nil, err
		}
		out = append(out, tasks...)
	}
	return out, nil
}

// keySearch says what was searched, nil where nothing was.
func (p *planner) keySearch(ctx context.Context, finds []Find) (*KeySearch, error) {
	done := p.past(nil)
	if len(done.targets)+len(done.keyed) == 0 {
		return nil, nil
	}
	opened := map[evidence.Digest]bool{}
	for _, f := range finds {
		opened[f.Opens.Artifact] = true
	}
	s, err := p.candidates(ctx, opened)
	if err != nil {
		return nil, err
	}
	k := &KeySearch{Targets: len(done.targets), Sources: len(done.sources)}
	for _, a := range s.targets {
		if !done.targets[a.SHA256] {
			k.TargetsLeft++
		}
	}
	for _, a := range s.sources {
		if !done.sources[a.SHA256] {
			k.SourcesLeft++
		}
	}
	return k, nil
}

// searchTasks are the searches for keys that are due.
func (p *planner) searchTasks(ctx context.Context) ([]Task, error) {
	finds, err := p.finds(ctx)
	if err != nil {
		return nil, err
	}
	opened := map[evidence.Digest]bool{}
	for _, f := range finds {
		opened[f.Opens.Artifact] = true
	}
	return p.findKeyTasks(ctx, opened)
}
