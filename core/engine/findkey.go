package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Find is a key and one artifact that it opens.
type Find struct {
	// Name and Fingerprint are those of the key in the case; Place is where it lies, nil
	// where it was at hand already. KnownAs is the name of a key that was at hand.
	Name        string       `json:"name,omitempty"`
	Fingerprint string       `json:"fingerprint,omitempty"`
	Place       *store.Place `json:"place,omitempty"`
	// At is the place for people.
	At       string `json:"at,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	KnownAs  string `json:"known_as,omitempty"`
	Bytes    int    `json:"key_bytes"`
	// AlsoAt is at how many other places the same key lies.
	AlsoAt int   `json:"also_at,omitempty"`
	Opens  Opens `json:"opens"`
	// Where is a place of what it opens, for people.
	Where         string          `json:"where"`
	Trials        int64           `json:"trials"`
	ExpectedFalse string          `json:"expected_false"`
	Score         int64           `json:"score"`
	Run           evidence.Digest `json:"run"`
}

// Opens says how a key opens an artifact.
type Opens struct {
	Artifact evidence.Digest `json:"artifact"`
	Unit     string          `json:"unit"`
	Encoding string          `json:"encoding"`
	Cipher   string          `json:"cipher"`
	Mode     string          `json:"mode,omitempty"`
	IV       string          `json:"iv,omitempty"`
	Padding  string          `json:"padding"`
	Charset  string          `json:"charset"`
	Opened   int             `json:"units_opened"`
	Tried    int             `json:"units_tried"`
}

// How names cipher and mode.
func (o *Opens) How() string {
	if o.Mode == "" {
		return o.Cipher
	}
	return o.Cipher + "-" + o.Mode
}

// finds reads what the searches found.
func (p *planner) finds(ctx context.Context) ([]Find, error) {
	state, err := p.e.c.State(ctx)
	if err != nil {
		return nil, err
	}
	var out []Find
	for _, r := range p.searches() {
		if r.Outcome == evidence.OutcomeFailed {
			continue
		}
		err := p.e.lines(ctx, &r, func(line []byte) error {
			var rec struct {
				Kind        string `json:"kind"`
				KeyArtifact string `json:"key_artifact"`
				KeyEncoding string `json:"key_encoding"`
				AlsoAt      []any  `json:"also_at"`
				Source      struct {
					Offset, Length int64
					Key            string
				}
				Find
			}
			if err := json.Unmarshal(line, &rec); err != nil || rec.Kind != KindKey {
				return err
			}
			f := rec.Find
			f.Run, f.AlsoAt, f.Encoding = r.ID, len(rec.AlsoAt), rec.KeyEncoding
			f.Fingerprint = rec.Source.Key
			if rec.KeyArtifact != "" {
				at, err := placed(rec.KeyArtifact, rec.Source.Offset, rec.Source.Length)
				if err != nil {
					return err
				}
				f.Place, f.At = &at, p.spanText(at)
			}
			f.Where = p.anyPlace(f.Opens.Artifact)
			out = append(out, f)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("engine: keys found by %s: %w", r.ID.Short(), err)
		}
	}
	for i := range out {
		out[i].named(state)
	}
	return out, nil
}

// named fills in what the case calls the key.
func (f *Find) named(state *store.State) {
	for _, k := range state.Keys {
		if f.Fingerprint == k.Fingerprint && k.Fingerprint != "" || f.Place != nil && k.Place != nil && *f.Place == *k.Place && f.Encoding == k.Encoding {
			f.Name, f.Fingerprint = k.Name, k.Fingerprint
			if f.Place == nil && f.KnownAs == "" {
				f.KnownAs = k.Name
			}
		}
	}
}

func (p *planner) anyPlace(d evidence.Digest) string {
	if places, err := p.places.Places(d); err == nil && len(places) > 0 {
		return placeText(places[0])
	}
	return d.Short()
}

func (p *planner) spanText(at store.Place) string {
	return fmt.Sprintf("%s:%d:%d", p.anyPlace(at.Artifact), at.Offset, at.Length)
}

// Finds lists the keys that were found, and what each opens.
func (e *Engine) Finds(ctx context.Context) ([]Find, error) {
	p, err := e.planner(ctx, false)
	if err != nil {
		return nil, err
	}
	return p.finds(ctx)
}

// adopt makes the keys that were found known to the case, with the profiles that the
// case lacks for what they open. It reports whether anything was new.
func (p *planner) adopt(ctx context.Context) (bool, error) {
	finds, err := p.finds(ctx)
	if err != nil {
		return false, err
	}
	fresh := false
	for i := range finds {
		f := &finds[i]
		if f.Place == nil || f.Name != "" {
			continue
		}
		var opens []any
		for _, o := range finds {
			if o.Place != nil && *o.Place == *f.Place && o.Encoding == f.Encoding {
				opens = append(opens, map[string]any{
					"artifact": o.Opens.Artifact.String(), "cipher": o.Opens.Cipher, "encoding": o.Opens.Encoding, "mode": o.Opens.Mode, "unit": o.Opens.Unit,
					"units_opened": o.Opens.Opened, "units_tried": o.Opens.Tried, "expected_false": o.ExpectedFalse, "run": o.Run.String(),
				})
			}
		}
		k, added, err := keyring.AddFound(ctx, p.e.c, *f.Place, f.Encoding, map[string]any{"by": "trial", "opens": opens, "score": f.Score, "trials": f.Trials})
		if err != nil {
			return fresh, fmt.Errorf("engine: key found at %s: %w", f.At, err)
		}
		fresh = fresh || added
		for j := range finds { // the same bytes elsewhere are the same key
			if o := &finds[j]; o.Place != nil && *o.Place == *f.Place && o.Encoding == f.Encoding {
				o.Name, o.Fingerprint = k.Name, k.Fingerprint
			}
		}
	}
	added, err := p.adoptProfiles(ctx, finds)
	return fresh || added, err
}

// byTrial is the source of a profile that the program made of what a key opens.
const byTrial = "found by trial in this case"

// FoundByTrial reports whether a profile of the case was made by the program.
func FoundByTrial(body []byte) bool {
	var b profileBody
	return json.Unmarshal(body, &b) == nil && b.Source == byTrial
}

// profileBody is as much of a profile as says whether it covers a find.
type profileBody struct {
	Name      string   `json:"name"`
	Title     string   `json:"title,omitempty"`
	For       []string `json:"for,omitempty"`
	Units     []string `json:"units"`
	Encodings []string `json:"encodings"`
	Cipher    string   `json:"cipher"`
	Mode      string   `json:"mode,omitempty"`
	IV        string   `json:"iv,omitempty"`
	Paddings  []string `json:"paddings,omitempty"`
	Charsets  []string `json:"charsets,omitempty"`
	Source    string   `json:"source"`
	Certainty string   `json:"certainty"`
	Kind      string   `json:"kind,omitempty"`
}

// covers: under the profile the find is opened too.
func (b *profileBody) covers(o *Opens) bool {
	charsets, paddings := b.Charsets, b.Paddings
	if len(charsets) == 0 {
		charsets = []string{"utf-8", "gb18030"}
	}
	if len(paddings) == 0 {
		paddings = []string{"none"}
	}
	return b.Kind == "" && b.Cipher == o.Cipher && b.Mode == o.Mode && strings.EqualFold(b.IV, o.IV) && slices.Contains(b.Units, o.Unit) &&
		slices.Contains(b.Encodings, o.Encoding) && slices.Contains(paddings, o.Padding) && slices.Contains(charsets, o.Charset)
}

// adoptProfiles adds profiles for what was found: for lines where no profile covers
// it; for files always, since a profile says which files are encrypted as a whole.
func (p *planner) adoptProfiles(ctx context.Context, finds []Find) (bool, error) {
	state, err := p.e.c.State(ctx)
	if err != nil {
		return false, err
	}
	var known []profileBody
	for _, raw := range p.profiles {
		var b profileBody
		if err := json.Unmarshal(raw, &b); err != nil {
			return false, fmt.Errorf("%w: profile: %w", evidence.ErrFormat, err)
		}
		known = append(known, b)
	}
	added := false
	for i := range finds {
		o := &finds[i].Opens
		globs := []string(nil)
		if o.Unit == "file" {
			if globs, err = p.exactGlobs(o.Artifact); err != nil {
				return added, err
			}
		}
		if slices.ContainsFunc(known, func(b profileBody) bool {
			return b.covers(o) && !slices.ContainsFunc(globs, func(g string) bool { return !slices.Contains(b.For, g) }) && (globs != nil || len(b.For) == 0)
		}) {
			continue
		}
		b := profileBody{
			Title: "found by trial: " + o.How() + " by " + o.Unit, For: globs, Units: []string{o.Unit}, Encodings: []string{o.Encoding},
			Cipher: o.Cipher, Mode: o.Mode, IV: o.IV, Paddings: []string{o.Padding}, Charsets: []string{o.Charset}, Source: byTrial, Certainty: "reconstructed",
		}
		for n := 1; b.Name == "" || slices.ContainsFunc(state.Profiles, func(s store.Profile) bool { return s.Name == b.Name }); n++ {
			b.Name = fmt.Sprintf("found-%s-%s-%d", o.How(), o.Unit, n)
		}
		text, err := json.Marshal(b)
		if err != nil {
			return added, fmt.Errorf("engine: %w", err)
		}
		if _, err := layouts.AddProfiles(ctx, p.e.c, text); err != nil {
			return added, fmt.Errorf("engine: profile of what was found: %w", err)
		}
		added = true
		known = append(known, b)
		if state, err = p.e.c.State(ctx); err != nil {
			return added, err
		}
	}
	return added, nil
}
