package bundle

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Pack is a certificate's form as data (docs/formats/certificate.md): which text, what of it
// the case fills, what a person must.
type Pack struct {
	V int `json:"v"`
	// ID is part of the draft's file name.
	ID           string   `json:"id"`
	Jurisdiction string   `json:"jurisdiction"`
	Title        string   `json:"title"`
	Sources      []string `json:"sources"`
	// With says what the form is of: PackFiles, PackRecords or PackAny.
	With   string      `json:"with"`
	Text   []string    `json:"text"`
	Fields []PackField `json:"fields"`
}

// PackField is a field of the text, {Name} there.
type PackField struct {
	Name string `json:"name"`
	// Case is the value of the case that fills it, "" for none.
	Case string `json:"case,omitempty"`
	// Ask says what a person must fill in where the case does not.
	Ask string `json:"ask,omitempty"`
	// Optional: it may be left open; then Otherwise stands there.
	Optional  bool   `json:"optional,omitempty"`
	Otherwise string `json:"otherwise,omitempty"`
}

// What a pack's form is of.
const (
	PackFiles   = "files"
	PackRecords = "records"
	PackAny     = "any"
)

// MaxPack bounds a pack's file, in bytes.
const MaxPack = 256 << 10

//go:embed packs/*.json
var packFiles embed.FS

var (
	packID    = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	inText    = regexp.MustCompile(`\{([^{}]*)\}`)
)

// ParsePack reads a pack. It fails with evidence.ErrFormat, and says where.
func ParsePack(text []byte) (Pack, error) {
	var p Pack
	bad := func(format string, args ...any) (Pack, error) {
		return Pack{}, fmt.Errorf("certificate pack: %w: %s", evidence.ErrFormat, fmt.Sprintf(format, args...))
	}
	if len(text) > MaxPack {
		return bad("longer than %d bytes", MaxPack)
	}
	if _, err := evidence.Canonicalize(text); err != nil { // no JSON, or more behind it
		return bad("%v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return bad("%v", err)
	}
	switch {
	case p.V != 1:
		return bad("v is %d; this program knows 1", p.V)
	case !packID.MatchString(p.ID):
		return bad("id %q: lower-case letters, digits and '-', at most 40", p.ID)
	case p.With != PackFiles && p.With != PackRecords && p.With != PackAny:
		return bad("with %q: one of files, records, any", p.With)
	case p.Title == "" || p.Jurisdiction == "" || len(p.Sources) == 0 || len(p.Text) == 0:
		return bad("title, jurisdiction, sources and text must not be empty")
	}
	for _, line := range slices.Concat([]string{p.Title, p.Jurisdiction}, p.Sources, p.Text) {
		if plain := strings.ReplaceAll(line, `\`, "/"); Printable(plain) != plain {
			return bad("%q holds what cannot be seen", line)
		}
	}
	return p, p.checkFields()
}

// checkFields: those of the text are declared, and those declared are in the text.
func (p Pack) checkFields() error {
	bad := func(name, what string) error {
		return fmt.Errorf("certificate pack %s: %w: field %q %s", p.ID, evidence.ErrFormat, name, what)
	}
	declared, known := map[string]bool{}, (&About{}).caseValues()
	for _, f := range p.Fields {
		_, ok := known[f.Case]
		switch {
		case !fieldName.MatchString(f.Name):
			return bad(f.Name, "is no name: lower-case letters, digits and '_'")
		case declared[f.Name]:
			return bad(f.Name, "is declared twice")
		case f.Case != "" && !ok:
			return bad(f.Name, fmt.Sprintf("is filled from %q, which no case has: %s", f.Case, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		case !f.Optional && f.Ask == "" && !slices.Contains(alwaysThere, f.Case):
			return bad(f.Name, "is mandatory and may be empty, and does not say what to ask for")
		case f.Optional && f.Otherwise == "":
			return bad(f.Name, "is optional, and does not say what stands there otherwise")
		case f.Ask != Printable(f.Ask) || f.Otherwise != Printable(f.Otherwise):
			return bad(f.Name, "holds what cannot be seen")
		}
		declared[f.Name] = true
	}
	used := map[string]bool{}
	for _, m := range inText.FindAllStringSubmatch(strings.Join(p.Text, "\n"), -1) {
		if used[m[1]] = true; !declared[m[1]] {
			return bad(m[1], "is in the text and is not declared")
		}
	}
	for _, f := range p.Fields {
		if !used[f.Name] {
			return bad(f.Name, "is declared and is not in the text")
		}
	}
	return nil
}

// alwaysThere are values that every bundle has.
var alwaysThere = []string{"case", "log", "entry", "checkpoint", "manifest_sha256", "program", "contents", "recipient"}

// Packs are those that come with the program, by their IDs.
func Packs() (map[string]Pack, error) {
	found, err := fs.Glob(packFiles, "packs/*.json")
	if err != nil {
		return nil, err
	}
	out := map[string]Pack{}
	for _, name := range found {
		text, err := packFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := ParsePack(text)
		if err != nil || p.ID+".json" != path.Base(name) {
			return nil, fmt.Errorf("bundle: %s: %w", name, err)
		}
		out[p.ID] = p
	}
	return out, nil
}

// Suits reports whether a form is for a bundle with so many files and records.
func (p Pack) Suits(files, records int64) bool {
	switch p.With {
	case PackFiles:
		return files > 0
	case PackRecords:
		return records > 0
	}
	return true
}

// File is the name of the draft in the bag.
func (p Pack) File() string { return "CERTIFICATE-" + p.ID + ".txt" }

// DefaultPacks are the IDs of the forms that a bundle has where none is asked for.
func DefaultPacks() []string { return []string{"902-13", "902-14"} }
