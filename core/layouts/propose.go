package layouts

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Described is an artifact that a survey found a layout for, or another one whose
// path no proposal may claim.
type Described struct {
	// Exhibit and Path are its place.
	Exhibit, Path string
	// Description is its record of kind x-exhibit/description, nil where it has none.
	Description json.RawMessage
	// Parsed: a plugin has read records out of it.
	Parsed bool
}

// Proposal is a layout that fits the lines of some artifacts, until a person has
// looked at it.
type Proposal struct {
	// Layout is it, ready for Add.
	Layout map[string]any `json:"layout"`
	// Agree of Lines lines that were looked at agree with it.
	Agree int64 `json:"agree"`
	Lines int64 `json:"lines"`
	// Ask is what the data do not say, a line each.
	Ask []string `json:"ask,omitempty"`
	// Files are the places it is for, Rows the first rows of the first of them, divided.
	Files []string   `json:"files"`
	Rows  [][]string `json:"rows"`
}

type surveyed struct {
	Proposal *struct {
		Layout map[string]any
		Agree  int64
		Lines  int64
		Ask    []string
		Rows   [][]string
	} `json:"proposal"`
}

// Propose puts together what the surveys found: one proposal for all artifacts whose
// lines are laid out alike. taken are the names that layouts of the case have.
func Propose(list []Described, taken []string) ([]Proposal, error) {
	var out []Proposal
	var members [][]Described
	at := map[string]int{}
	for _, d := range list {
		var s surveyed
		if d.Description == nil {
			continue
		}
		if err := json.Unmarshal(d.Description, &s); err != nil {
			return nil, fmt.Errorf("%w: description of %s: %w", evidence.ErrFormat, d.Path, err)
		}
		if s.Proposal == nil {
			continue
		}
		key, err := alike(s.Proposal.Layout)
		if err != nil {
			return nil, err
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, Proposal{Layout: maps.Clone(s.Proposal.Layout), Rows: s.Proposal.Rows})
			members = append(members, nil)
		}
		p := &out[i]
		p.Agree += s.Proposal.Agree
		p.Lines += s.Proposal.Lines
		p.Files = append(p.Files, d.Exhibit+":"+d.Path)
		members[i] = append(members[i], d)
		for _, a := range s.Proposal.Ask {
			if !slices.Contains(p.Ask, a) {
				p.Ask = append(p.Ask, a)
			}
		}
		p.merge(s.Proposal.Layout)
	}
	for i := range out {
		globs := claim(members[i], list)
		out[i].Layout["for"] = globs
		name := nameFor(members[i], taken)
		taken = append(taken, name)
		out[i].Layout["name"] = name
	}
	return out, nil
}

// detected are the charsets that readers tell apart by themselves.
var detected = []string{"", "utf-8", "gb18030"}

// alike is the same for layouts that may be one.
func alike(l map[string]any) (string, error) {
	k := maps.Clone(l)
	delete(k, "direction")
	delete(k, "last_field_takes_rest")
	if c, _ := k["charset"].(string); slices.Contains(detected, c) {
		delete(k, "charset")
	}
	b, err := json.Marshal(k)
	if err != nil {
		return "", fmt.Errorf("layouts: %w", err)
	}
	return string(b), nil
}

// merge takes in what may differ between files that are laid out alike.
func (p *Proposal) merge(l map[string]any) {
	if p.Layout["charset"] != l["charset"] {
		delete(p.Layout, "charset") // some are in one, some in another
	}
	if l["last_field_takes_rest"] == true {
		p.Layout["last_field_takes_rest"] = true
	}
	into, _ := p.Layout["direction"].(map[string]any)
	from, _ := l["direction"].(map[string]any)
	if into != nil {
		maps.Copy(into, from)
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// claim makes globs for the places, with a star for every number, so that the same
// log of another day is read alike; where these would claim what is not theirs, the
// exact paths.
func claim(members, all []Described) []string {
	var globs, exact []string
	for _, m := range members {
		p := strings.ReplaceAll(m.Path, "!", "/")
		dir, base := path.Split(p)
		g := digits.ReplaceAllString(escape(base), "*")
		if dir != "" {
			g = "**/" + escape(path.Base(dir)) + "/" + g
		}
		globs, exact = append(globs, g), append(exact, escape(p))
	}
	for _, o := range all {
		if slices.ContainsFunc(members, func(m Described) bool { return m.Path == o.Path }) {
			continue
		}
		if slices.ContainsFunc(globs, func(g string) bool {
			ok, err := doublestar.Match(g, strings.ReplaceAll(o.Path, "!", "/"))
			return err != nil || ok && (o.Parsed || o.Description != nil)
		}) {
			globs = exact
			break
		}
	}
	slices.Sort(globs)
	return slices.Compact(globs)
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(s)
}

var letters = regexp.MustCompile(`[a-z][a-z0-9]*`)

// nameFor is the directory's name, or the file's, in plain letters.
func nameFor(members []Described, taken []string) string {
	p := strings.ReplaceAll(members[0].Path, "!", "/")
	name := letters.FindString(strings.ToLower(path.Base(path.Dir(p))))
	if name == "" {
		name = letters.FindString(strings.ToLower(path.Base(p)))
	}
	if name == "" {
		name = "proposed"
	}
	unique := name
	for n := 2; slices.Contains(taken, unique); n++ {
		unique = fmt.Sprintf("%s-%d", name, n)
	}
	return unique
}
