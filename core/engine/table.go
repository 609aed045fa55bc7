package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// table is what routing depends on: manifests, the case's layouts and profiles.
func (e *Engine) table(state *store.State) (*dispatch.Table, error) {
	t := &dispatch.Table{}
	for _, l := range state.Layouts {
		parsed, err := dispatch.ParseLayout(l.Name, l.Body)
		if err != nil {
			return nil, err
		}
		t.Layouts = append(t.Layouts, parsed)
	}
	for _, raw := range state.Profiles {
		parsed, err := dispatch.ParseProfile(raw.Body)
		if err != nil {
			return nil, err
		}
		t.Added = append(t.Added, parsed)
	}
	for _, p := range e.plugins {
		if e.o.Only != "" && p.Manifest.Name != e.o.Only {
			continue
		}
		bundled, err := bundledProfiles(p)
		if err != nil {
			return nil, err
		}
		d := dispatch.Plugin{Manifest: p.Manifest, Digest: p.Digest}
		for _, b := range bundled {
			parsed, err := dispatch.ParseProfile(b)
			if err != nil {
				return nil, fmt.Errorf("plugin %q: %w", p.Manifest.Name, err)
			}
			d.Profiles = append(d.Profiles, parsed)
		}
		t.Plugins = append(t.Plugins, d)
	}
	return t, nil
}

func bundledProfiles(p *host.Plugin) ([]json.RawMessage, error) {
	if p.Manifest.Profiles == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(p.Dir, filepath.Base(p.Manifest.Profiles)))
	if err != nil {
		return nil, fmt.Errorf("plugin %q: profiles: %w", p.Manifest.Name, err)
	}
	if got := evidence.Sum(text); got != p.Files[p.Manifest.Profiles] {
		return nil, fmt.Errorf("%w: plugin %q: %s changed while it was read", evidence.ErrRefused, p.Manifest.Name, p.Manifest.Profiles)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%w: plugin %q: profiles: %w", evidence.ErrFormat, p.Manifest.Name, err)
	}
	return list, nil
}

// keys resolves the case's keys once and adds those that profiles state, the
// plugin's own and those the examiner added. A
// plugin without profiles decrypts nothing and is handed no key.
func (e *Engine) keys(ctx context.Context, state *store.State) (map[string][]keyring.Key, error) {
	own, err := keyring.Resolve(ctx, e.c)
	if err != nil {
		return nil, err
	}
	secret, err := e.c.Secret()
	if err != nil {
		return nil, err
	}
	var added []json.RawMessage
	for _, p := range state.Profiles {
		added = append(added, p.Body)
	}
	all, err := e.allProfiles(state)
	if err != nil {
		return nil, err
	}
	out := map[string][]keyring.Key{}
	for _, p := range e.plugins {
		bundled, err := bundledProfiles(p)
		if err != nil {
			return nil, err
		}
		switch {
		case looks(p): // it tries every key on what others do not open
			bundled = all
		case p.Manifest.Keys && p.Manifest.Profiles == "":
			out[p.Manifest.Name] = own // a password is nobody's published key
			continue
		case p.Manifest.Profiles == "":
			continue
		}
		published, err := keyring.PublishedIn(secret, append(bundled, added...))
		if err != nil {
			return nil, fmt.Errorf("plugin %q: %w", p.Manifest.Name, err)
		}
		// A key that is published goes under that name, whatever the case calls it: what a
		// run gives must follow from the keys' bytes.
		var list []keyring.Key
		for _, k := range slices.Concat(published, own) {
			if !slices.ContainsFunc(list, func(o keyring.Key) bool { return o.Fingerprint == k.Fingerprint }) {
				list = append(list, k)
			}
		}
		out[p.Manifest.Name] = list
	}
	return out, nil
}

// allProfiles are those of every plugin and those that were added to the case.
func (e *Engine) allProfiles(state *store.State) (out []json.RawMessage, err error) {
	for _, p := range e.plugins {
		bundled, err := bundledProfiles(p)
		if err != nil {
			return nil, err
		}
		out = append(out, bundled...)
	}
	for _, p := range state.Profiles {
		out = append(out, p.Body)
	}
	return out, nil
}
