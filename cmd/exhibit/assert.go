package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// written are the types of field whose values are given as they are, not as JSON.
var written = []string{"text", "time", "word", "offset", "digest", "uuid", "vkey"}

// assertions reads FIELD=VALUE flags: what a person states beyond what flags of
// their own exist for. FIELD is one of custody.Fields, with or without
// "asserted."; a list of texts is given by repeating the flag, any other value
// that is not text as JSON.
func assertions(flags []string) (map[string]any, error) {
	out := map[string]any{}
	lists := map[string][]string{}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || value == "" {
			return nil, usagef("--assert %q: it must be FIELD=VALUE", flag)
		}
		f, err := assertedField(name)
		if err != nil {
			return nil, err
		}
		if f.Type == "texts" {
			lists[f.Name] = append(lists[f.Name], value)
			out[f.Name] = lists[f.Name]
			continue
		}
		if _, twice := out[f.Name]; twice {
			return nil, usagef("--assert %s: it is given twice", name)
		}
		text, err := evidence.Canonical(value)
		if !slices.Contains(written, f.Type) {
			text, err = evidence.Canonicalize([]byte(value))
		}
		if err == nil {
			err = f.Check(text)
		}
		if err != nil {
			return nil, usagef("--assert %s: the value must be of type %s: %s", name, f.Type, meaningOf(f.Type))
		}
		out[f.Name] = json.RawMessage(text)
	}
	return out, nil
}

func assertedField(name string) (custody.Field, error) {
	full := "asserted." + strings.TrimPrefix(name, "asserted.")
	var names []string
	for _, f := range custody.Fields() {
		if !f.Asserted {
			continue
		}
		if f.Name == full {
			return f, nil
		}
		names = append(names, strings.TrimPrefix(f.Name, "asserted."))
	}
	slices.Sort(names)
	return custody.Field{}, usagef("--assert: there is no field %q; there are %s", name, strings.Join(names, ", "))
}

func meaningOf(typ string) string {
	for _, t := range custody.Types() {
		if t.Name == typ {
			return t.Meaning
		}
	}
	return typ
}

// stated adds flags that stand for a field of their own.
func stated(fields map[string]any, field, value string) error {
	if value == "" {
		return nil
	}
	if _, twice := fields[field]; twice {
		return usagef("%s is given by --assert and by its own flag", strings.TrimPrefix(field, "asserted."))
	}
	fields[field] = value
	return nil
}
