// Package layouts takes layouts and profiles into a case: checked against their
// schema, named, committed to in the log.
package layouts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/exhibit-forensics/exhibit/core/schema"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// Add takes one layout, or a list of them, into the case, each as an entry of its
// own. Nothing is added where any is refused: ErrFormat with the place and the
// reason, or ErrExists where a name is taken by a different layout. The same
// layout again is not added again.
func Add(ctx context.Context, c *store.Case, text []byte) ([]string, error) {
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	taken := map[string][]byte{}
	for _, l := range state.Layouts {
		taken[l.Name] = l.Body
	}
	return add(ctx, c, "layout", schemas.Layout, text, taken)
}

// AddProfiles does the same for encryption profiles.
func AddProfiles(ctx context.Context, c *store.Case, text []byte) ([]string, error) {
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	taken := map[string][]byte{}
	for _, p := range state.Profiles {
		taken[p.Name] = p.Body
	}
	return add(ctx, c, "profile", schemas.Profile, text, taken)
}

type named struct {
	name string
	body json.RawMessage
}

func add(ctx context.Context, c *store.Case, kind string, of, text []byte, taken map[string][]byte) ([]string, error) {
	list, err := parse(kind, of, text)
	if err != nil {
		return nil, err
	}
	var fresh []named
	names := make([]string, 0, len(list))
	for _, n := range list {
		names = append(names, n.name)
		old, ok := taken[n.name]
		if ok && !bytes.Equal(old, n.body) && !Unconfirmed(old) {
			return nil, fmt.Errorf("%w: another %s named %q; give the new one a name of its own", evidence.ErrExists, kind, n.name)
		}
		if !ok || !bytes.Equal(old, n.body) {
			taken[n.name] = n.body
			fresh = append(fresh, n)
		}
	}
	for _, n := range fresh {
		if _, err := c.Append(ctx, store.Batch{
			Kind:   kind,
			Plain:  map[string]any{"action": "add"},
			Secret: map[string]any{"asserted.name": n.name, "asserted." + kind: n.body},
		}); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Unconfirmed reports whether a layout was proposed by the program: what a person states takes
// its place.
func Unconfirmed(body []byte) bool {
	var l struct {
		Unconfirmed bool `json:"unconfirmed"`
	}
	return json.Unmarshal(body, &l) == nil && l.Unconfirmed
}

// parse splits text into objects, each checked and canonical.
func parse(kind string, of, text []byte) ([]named, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var items []json.RawMessage
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		items = []json.RawMessage{trimmed}
	} else if err := json.Unmarshal(text, &items); err != nil {
		return nil, fmt.Errorf("%w: a %s is a JSON object, or a list of them: %w", evidence.ErrFormat, kind, err)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%w: no %s in the list", evidence.ErrFormat, kind)
	}
	check, err := schema.Compile(kind, of)
	if err != nil {
		return nil, fmt.Errorf("layouts: %w", err)
	}
	out := make([]named, 0, len(items))
	for i, item := range items {
		where := fmt.Sprintf("%s %d", kind, i+1)
		if err := check.Check(item); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		var head struct {
			Name string   `json:"name"`
			For  []string `json:"for"`
		}
		if err := json.Unmarshal(item, &head); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", evidence.ErrFormat, where, err)
		}
		for _, g := range head.For {
			if !doublestar.ValidatePattern(g) {
				return nil, fmt.Errorf("%w: %s: %q is no path glob", evidence.ErrFormat, where, g)
			}
		}
		if slices.ContainsFunc(out, func(n named) bool { return n.name == head.Name }) {
			return nil, fmt.Errorf("%w: two of the list are named %q", evidence.ErrFormat, head.Name)
		}
		body, err := evidence.Canonicalize(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		out = append(out, named{head.Name, body})
	}
	return out, nil
}
