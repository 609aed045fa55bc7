package main

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

//go:embed profiles.json
var bundledProfiles []byte

// setup is a job's configuration, resolved.
type setup struct {
	parser *layout.Parser // nil where the case has no layout for the input
	// profiles are those that may apply: the examiner's before the bundled.
	profiles []*profile
	// charset is the one declared for the item, layouts that of the layout; zero where none.
	charset, layouts charset
}

// newSetup reads the configuration; whole: of a file that is encrypted as a whole.
func newSetup(c *sdk.Ctx, whole bool) (*setup, error) {
	var config struct {
		Layout   json.RawMessage `json:"layout"`
		Profiles json.RawMessage `json:"profiles"`
	}
	if err := c.Decode(&config); err != nil {
		return nil, err
	}
	s := new(setup)
	var err error
	if c.Charset() != "" {
		if s.charset, err = newCharset(c.Charset()); err != nil {
			return nil, err
		}
	}
	if len(config.Layout) > 0 {
		l, err := layout.Parse(config.Layout)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
		}
		if s.parser, err = l.Compile(layout.Options{Zone: c.Zone()}); err != nil {
			return nil, fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
		}
		if name := s.parser.Charset().Name(); name != "" {
			if s.layouts, err = newCharset(name); err != nil {
				return nil, err
			}
		}
	}
	return s, s.addProfiles(config.Profiles, whole)
}

// addProfiles keeps the profiles that fit the job: with a layout, those that leave
// it to a layout what a unit holds, and without one those of keyword lists; for a
// whole file, whose plain text is read later, all.
func (s *setup) addProfiles(examiners json.RawMessage, whole bool) error {
	for _, list := range []json.RawMessage{examiners, bundledProfiles} {
		if len(list) == 0 {
			continue
		}
		profiles, err := parseProfiles(list)
		if err != nil {
			return fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
		}
		for _, p := range profiles {
			if (p.Kind == "") == (s.parser != nil) || whole && p.Kind == "" {
				s.profiles = append(s.profiles, p)
			}
		}
	}
	return nil
}

// candidates lists the ways to open a unit of the input.
func (s *setup) candidates(c *sdk.Ctx, unit string) []*candidate {
	return candidates(s.profiles, c.Keys(), unit, s.layouts, s.charset)
}

// plainCharsets lists those to try on text that is not encrypted.
func (s *setup) plainCharsets() ([]charset, string) {
	return charsetsOf(&profile{charsets: defaultCharsets}, s.layouts, s.charset)
}

func (s *setup) trial() *trial {
	return &trial{parser: s.parser, strong: s.parser != nil && s.parser.Strong()}
}
