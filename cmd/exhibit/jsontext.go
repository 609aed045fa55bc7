package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// textOf is the text of a JSON string, "" for anything else.
func textOf(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// valueText is a JSON value for people: text without quotes, a name by its
// printable form, lists of text with commas, anything else as it is.
func valueText(v []byte) string {
	var name struct {
		Text *string `json:"text"`
	}
	var list []string
	dec := func(to any) bool { return json.Unmarshal(v, to) == nil }
	switch v = bytes.TrimSpace(v); {
	case len(v) > 0 && v[0] == '"':
		return textOf(v)
	case len(v) > 0 && v[0] == '{' && dec(&name) && name.Text != nil:
		return *name.Text
	case len(v) > 0 && v[0] == '[' && dec(&list):
		return strings.Join(list, ", ")
	}
	return string(v)
}

// jsonText is a value for people, however it came.
func jsonText(v any) string {
	b := new(bytes.Buffer)
	if s, ok := v.(string); ok {
		return s
	}
	if err := writeJSON(b, v); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// clockText shows a recorded time in the zone asked for.
func (p *program) clockText(recorded string) string {
	t, err := time.Parse(time.RFC3339Nano, recorded)
	if err != nil {
		return recorded
	}
	return clock(t, p.zone)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
