package main

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// phones brings telephone numbers into one form, E.164: those that begin with +, and
// where a region is assumed, those that are dialled within it. What is no valid number of
// its country stays as it stands.
type phones struct {
	region string
	cache  map[string]string
}

// maxCached bounds what is remembered of numbers; working one out takes 12 µs.
const maxCached = 200_000

func newPhones(region string) (*phones, error) {
	if region != "" && phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return nil, fmt.Errorf("%w: region: two capital letters that name a country (ISO 3166-1), such as CN", sdk.ErrMalformed)
	}
	return &phones{region: region, cache: map[string]string{}}, nil
}

func (p *phones) normal(raw []byte) []byte {
	if p.region == "" && raw[0] != '+' {
		return raw
	}
	if s, ok := p.cache[string(raw)]; ok {
		return []byte(s)
	}
	out := string(raw)
	if n, err := phonenumbers.Parse(out, p.region); err == nil && phonenumbers.IsValidNumber(n) {
		out = phonenumbers.Format(n, phonenumbers.E164)
	}
	if len(p.cache) >= maxCached {
		clear(p.cache)
	}
	p.cache[string(raw)] = out
	return []byte(out)
}
