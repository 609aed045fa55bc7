package disclose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// at is one place of a file, as files.csv has it.
type at struct {
	item, path string // path: its bytes
	modified   string
	made       string
	from       evidence.Digest
}

// places finds where a file stood: its occurrences, then what follows from those of the
// files it was made of, each once. It stops at store.MaxPlaces.
func (c *chosen) places(f *file) []at {
	w := walk{c: c, on: map[evidence.Digest]bool{}, memo: map[evidence.Digest][]at{}}
	return w.places(f)
}

type walk struct {
	c    *chosen
	on   map[evidence.Digest]bool
	memo map[evidence.Digest][]at
	// steps bounds the work where containers hold each other on many levels.
	steps int
}

const maxSteps = 100_000

func (w *walk) places(f *file) []at {
	if out, ok := w.memo[f.digest]; ok {
		return out
	}
	var out []at
	for _, o := range f.found {
		out = appendNew(out, at{item: o.item, path: o.path.Bytes(), modified: o.modified})
	}
	w.on[f.digest] = true
	for _, m := range f.made {
		if w.steps++; w.on[m.parent] || len(w.on) > store.MaxPlaceDepth || w.steps > maxSteps {
			continue
		}
		for _, p := range w.places(w.c.by[m.parent]) {
			path := p.path
			if m.name != nil {
				path += "!" + m.name.Bytes()
			}
			out = appendNew(out, at{p.item, path, m.modified, m.how, m.parent})
		}
	}
	delete(w.on, f.digest)
	if len(out) > store.MaxPlaces {
		out = out[:store.MaxPlaces]
	}
	if len(w.on) == 0 || len(f.made) == 0 { // what a circle cut short is not remembered
		w.memo[f.digest] = out
	}
	return out
}

func appendNew(list []at, p at) []at {
	if len(list) > store.MaxPlaces || slices.ContainsFunc(list, func(q at) bool { return q.item == p.item && q.path == p.path }) {
		return list
	}
	return append(list, p)
}

// how says in words how a file was made of another.
func how(d *evidence.Derivation) string {
	var steps []struct {
		Do      string `json:"do"`
		Profile string `json:"profile"`
		Key     string `json:"key"`
	}
	if json.Unmarshal(d.Steps, &steps) != nil {
		return ""
	}
	var words []string
	for _, s := range steps {
		text := s.Do
		if s.Profile != "" {
			text += " by profile " + s.Profile
		}
		if s.Key != "" {
			text += " with " + s.Key
		}
		words = append(words, text)
	}
	out := strings.Join(words, ", then ")
	if !d.Complete {
		out += " (not complete"
		if d.Reason != "" {
			out += ": " + d.Reason
		}
		out += ")"
	}
	return bundle.Printable(out)
}

// name gives the files their names in the bag: under their exhibit, like the first place
// that they stood at; what was made of files beside it.
func (c *chosen) nameAll(names *bundle.Names) {
	for _, f := range c.files {
		all := c.places(f)
		if len(all) == 0 { // all its places lie too deep
			f.name = names.File(bundle.FilesDir, f.digest.Short())
			continue
		}
		item := all[0].item
		if len(f.found) == 0 {
			item += "-derived"
		}
		f.name = names.File(names.Item(bundle.FilesDir, item), parts(all[0].path)...)
	}
}

// parts are those of a path; what is in a container stands in a directory of its name.
func parts(path string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '!' }), func(s string) bool { return s == "." })
}

// lines calls yield with the lines of files.csv, in the order of the files' names.
func (c *chosen) lines(yield func(bundle.File) error) error {
	sorted := slices.Clone(c.files)
	slices.SortFunc(sorted, func(a, b *file) int { return strings.Compare(a.name, b.name) })
	for _, f := range sorted {
		all := c.places(f)
		if len(all) == 0 {
			all = []at{{}}
		}
		for _, p := range all {
			row := bundle.File{
				Name: f.name, Exhibit: p.item, Path: bundle.PrintablePath(p.path), Sort: bundle.Derived,
				Size: f.artifact.Size, SHA256: f.digest.Hex(), MD5: f.artifact.Hashes["md5"], SHA1: f.artifact.Hashes["sha1"],
				Modified: p.modified, Made: p.made, Entry: f.row.seq, N: f.row.n,
			}
			if f.artifact.Origin == evidence.Original {
				row.Sort = bundle.Received
			}
			if from := c.by[p.from]; from != nil {
				row.From = from.name
			}
			if err := yield(row); err != nil {
				return fmt.Errorf("disclose: %s: %w", f.name, err)
			}
		}
	}
	return nil
}
