package dispatch

import (
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ParseLayout reads a stored layout: what routes it is taken out, the rest is what
// a run sees.
func ParseLayout(name string, body []byte) (Layout, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return Layout{}, fmt.Errorf("%w: layout %q: %w", evidence.ErrFormat, name, err)
	}
	l := Layout{Name: name}
	if err := json.Unmarshal(fields["for"], &l.For); err != nil {
		return Layout{}, fmt.Errorf("%w: layout %q: for: %w", evidence.ErrFormat, name, err)
	}
	if plugin, ok := fields["plugin"]; ok {
		if err := json.Unmarshal(plugin, &l.Plugin); err != nil {
			return Layout{}, fmt.Errorf("%w: layout %q: plugin: %w", evidence.ErrFormat, name, err)
		}
	}
	_, l.Tables = fields["tables"]
	if u, ok := fields["unconfirmed"]; ok {
		if err := json.Unmarshal(u, &l.Unconfirmed); err != nil {
			return Layout{}, fmt.Errorf("%w: layout %q: unconfirmed: %w", evidence.ErrFormat, name, err)
		}
	}
	delete(fields, "for")
	delete(fields, "plugin")
	delete(fields, "name")
	rest, err := evidence.Canonical(fields)
	if err != nil {
		return Layout{}, fmt.Errorf("layout %q: %w", name, err)
	}
	l.Body = rest
	return l, nil
}

// ParseProfile reads a stored or bundled profile.
func ParseProfile(body []byte) (Profile, error) {
	var head struct {
		Name string   `json:"name"`
		Kind string   `json:"kind"`
		For  []string `json:"for"`
	}
	if err := json.Unmarshal(body, &head); err != nil || head.Name == "" {
		return Profile{}, fmt.Errorf("%w: profile without a name", evidence.ErrFormat)
	}
	rest, err := evidence.Canonicalize(body)
	if err != nil {
		return Profile{}, fmt.Errorf("profile %q: %w", head.Name, err)
	}
	return Profile{Name: head.Name, Kind: head.Kind, For: head.For, Body: rest}, nil
}
