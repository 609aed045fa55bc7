package intake

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Mismatch is a file whose digest is not the one it was handed over with.
type Mismatch struct {
	Path            string
	Algorithm       string
	Expected, Found string
}

// expectations says which digests the files of an item should have.
type expectations struct {
	sums map[string][]Sum // by path relative to the item
	// absent are listed paths, relative to the item, at which there is no file.
	absent []string
	// outside counts lines about files that are not below the item; left counts
	// lines about files that --exclude takes out.
	outside, left int64
	// compared and failed are listed paths that were read, or could not be.
	compared, failed map[string]bool
}

// target is the item as lists are matched with it.
type target struct {
	abs    string // absolute path
	given  string // path as the examiner wrote it
	single bool   // one file, whose only name is its base name
	names  map[string]struct{}
	// exclude are the patterns that were left out of names.
	exclude []string
}

// match finds out how the paths of each list correspond to the item's: a list
// may have been made inside the directory, above it, or on another machine.
// One leading part is taken off all its paths, the one that makes most of them
// files of the item. Where two are equally good, it is evidence.ErrAmbiguous;
// where none fits, evidence.ErrNotFound.
func match(lists []*List, t target) (*expectations, error) {
	e := &expectations{sums: map[string][]Sum{}, compared: map[string]bool{}, failed: map[string]bool{}}
	for _, l := range lists {
		if err := e.add(l, t); err != nil {
			return nil, fmt.Errorf("intake: hash list %q: %w", l.Name, err)
		}
	}
	slices.Sort(e.absent)
	e.absent = slices.Compact(e.absent)
	e.absent = slices.DeleteFunc(e.absent, func(p string) bool { return e.sums[p] != nil })
	return e, nil
}

// rooted is a listed path in parts; an absolute one begins with an empty part.
func rooted(p string, backslashes bool) []string {
	if backslashes {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	var parts []string
	for i, part := range strings.Split(p, "/") {
		if part == "." || part == "" && i > 0 {
			continue
		}
		parts = append(parts, part)
	}
	return parts
}

func (e *expectations) add(l *List, t target) error {
	if len(l.Entries) == 1 && l.Entries[0].Path == "" {
		if !t.single {
			return fmt.Errorf("%w: it holds a digest without a name, and the item is a directory", evidence.ErrAmbiguous)
		}
		return e.expect(filepath.Base(t.abs), l.Entries[0])
	}
	backslashes := false
	prefix, err := bestPrefix(l, t, false)
	if prefix == nil && err == nil {
		backslashes = true
		prefix, err = bestPrefix(l, t, true)
	}
	if err != nil {
		return err
	}
	if prefix == nil {
		return fmt.Errorf("%w: none of its %d paths is a file of the item", evidence.ErrNotFound, len(l.Entries))
	}
	for _, entry := range l.Entries {
		parts := rooted(entry.Path, backslashes)
		if len(parts) <= len(prefix) || !slices.Equal(parts[:len(prefix)], prefix) {
			e.outside++
			continue
		}
		rel := strings.Join(parts[len(prefix):], "/")
		_, there := t.names[rel]
		switch {
		case there:
			if err := e.expect(rel, entry); err != nil {
				return err
			}
		case t.single:
			e.outside++
		case excludedAnywhere(t.exclude, rel):
			e.left++
		default:
			e.absent = append(e.absent, rel)
		}
	}
	return nil
}

func (e *expectations) expect(rel string, entry Listed) error {
	for _, sum := range entry.Sums {
		for _, have := range e.sums[rel] {
			if have.Algorithm == sum.Algorithm && have.Value != sum.Value {
				return fmt.Errorf("%w: line %d gives another %s for a path that was listed before", evidence.ErrAmbiguous, entry.Line, sum.Algorithm)
			}
		}
		if !slices.Contains(e.sums[rel], sum) {
			e.sums[rel] = append(e.sums[rel], sum)
		}
	}
	return nil
}

// bestPrefix returns the leading parts that the list's paths have and the
// item's do not, or nil where no listed path ends in one of the item's.
func bestPrefix(l *List, t target, backslashes bool) ([]string, error) {
	votes := map[string]int{}
	parts := map[string][]string{}
	for _, entry := range l.Entries {
		p := rooted(entry.Path, backslashes)
		for k := range p {
			if _, ok := t.names[strings.Join(p[k:], "/")]; ok {
				key := ""
				if k > 0 {
					key = strings.Join(p[:k], "/") + "/"
				}
				votes[key]++
				parts[key] = p[:k:k]
			}
		}
	}
	most := 0
	for _, n := range votes {
		most = max(most, n)
	}
	var best []string
	for key, n := range votes {
		if n == most {
			best = append(best, key)
		}
	}
	slices.Sort(best)
	switch len(best) {
	case 0:
		return nil, nil
	case 1:
		return nonNil(parts[best[0]]), nil
	}
	// The list names the very place we read from: nothing is ambiguous then.
	for _, own := range t.ownPrefixes() {
		if slices.Contains(best, own) {
			return nonNil(parts[own]), nil
		}
	}
	return nil, fmt.Errorf("%w: its paths fit the item in %d ways (without the leading %q, or without %q)", evidence.ErrAmbiguous, len(best), best[0], best[1])
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// ownPrefixes are the leading parts under which the item is known to stand.
func (t target) ownPrefixes() []string {
	abs, given := t.abs, strings.Join(rooted(t.given, false), "/")
	if !t.single {
		return []string{strings.TrimSuffix(abs, "/") + "/"}
	}
	own := []string{strings.TrimSuffix(abs, filepath.Base(abs))}
	dir, _ := filepath.Split(given)
	return append(own, dir)
}

// check compares what a file has with what it should have.
func (e *expectations) check(rel string, digest evidence.Digest, hashes map[string]string) []Mismatch {
	if e == nil || e.sums[rel] == nil {
		return nil
	}
	var out []Mismatch
	for _, want := range e.sums[rel] {
		got := hashes[want.Algorithm]
		if want.Algorithm == "sha256" {
			got = digest.Hex()
		}
		if got != want.Value {
			out = append(out, Mismatch{Path: rel, Algorithm: want.Algorithm, Expected: want.Value, Found: got})
		}
	}
	return out
}

// algorithms lists what must be computed beside SHA-256 for the comparison.
func (e *expectations) algorithms() []string {
	var out []string
	if e == nil {
		return nil
	}
	for _, sums := range e.sums {
		for _, s := range sums {
			if s.Algorithm != "sha256" && !slices.Contains(out, s.Algorithm) {
				out = append(out, s.Algorithm)
			}
		}
	}
	slices.Sort(out)
	return out
}

// stated is what was handed over, as the opening entry has it: each list by its
// own digest. What a list states of a file stands in the entry of the part in
// which that file was received: a list may be longer than an entry should be.
func stated(lists []*List) []any {
	out := make([]any, len(lists))
	for i, l := range lists {
		out[i] = map[string]any{"path": evidence.NewName(l.Name), "algorithm": "sha256", "value": l.SHA256.Hex(), "entries": len(l.Entries)}
	}
	return out
}

// about is what was stated of one file.
func (e *expectations) about(rel string) []any {
	if e == nil {
		return nil
	}
	var out []any
	for _, s := range e.sums[rel] {
		out = append(out, map[string]any{"path": evidence.NewName(rel), "algorithm": s.Algorithm, "value": s.Value})
	}
	return out
}

// entry is a mismatch as the log has it.
func (m Mismatch) entry() any {
	return map[string]any{"path": evidence.NewName(m.Path), "algorithm": m.Algorithm, "value": m.Found, "expected": m.Expected}
}

// text is a mismatch in words.
func (m Mismatch) text() string {
	return m.Algorithm + " is " + m.Found + ", and should be " + m.Expected
}
