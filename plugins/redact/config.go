package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// options are the members of config (docs/redaction.md, Configuration); all have defaults.
type options struct {
	// Zone says nothing here: no rule depends on a clock. The host states it to every run.
	Zone string `json:"zone"`
	// Regions are the countries in which numbers without + may be dialled, China besides.
	// The first is the one by which spellings of a number are known for one.
	Regions []string `json:"regions"`
	// Custom are rules of a policy, Allow values that are never reported.
	Custom []customRule `json:"custom"`
	Allow  []string     `json:"allow"`
	// Fields are kind.field, or *.field, and the category of its values, "skip" where none
	// are reported, "text" where it is searched.
	Fields map[string]string `json:"fields"`
	// URLs: addresses of the web are reported whole.
	URLs bool `json:"urls"`
	// Memory is how many bytes the values may take that fields state.
	Memory int64 `json:"memory"`
}

type customRule struct {
	ID        string   `json:"id"`
	Category  string   `json:"category"`
	Literals  []string `json:"literals"`
	Pattern   string   `json:"pattern"`
	Prefilter string   `json:"prefilter"`
}

func readOptions(c *sdk.Ctx) (options, error) {
	o := options{Memory: 512 << 20}
	if err := c.Decode(&o); err != nil {
		return o, err
	}
	if o.Memory < 1<<10 {
		return o, fmt.Errorf("%w: memory: at least 1024", sdk.ErrMalformed)
	}
	for name, what := range o.Fields {
		if kind, field, ok := strings.Cut(name, "."); !ok || kind == "" || field == "" || what == "" {
			return o, fmt.Errorf("%w: fields: %q: kind.field or *.field, and a category, \"skip\" or \"text\"", sdk.ErrMalformed, name)
		}
	}
	return o, nil
}

// region is the one in which numbers without + are dialled, "" where none is stated.
func (o *options) region() string {
	if len(o.Regions) > 0 {
		return o.Regions[0]
	}
	return ""
}

func (o *options) detector(dict *detect.Dictionary) (*detect.Detector, error) {
	custom := make([]detect.Custom, len(o.Custom))
	for i, c := range o.Custom {
		custom[i] = detect.Custom(c)
	}
	d, err := detect.New(detect.Options{Regions: o.Regions, Custom: custom, Allow: o.Allow, URLs: o.URLs}, dict)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
	}
	return d, nil
}
