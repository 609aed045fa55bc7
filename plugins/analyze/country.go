package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

const (
	// rolePlaces: a database in MaxMind's format that says in which country addresses are.
	rolePlaces = "places"
	maxPlaces  = 256 << 20
	// nowhere is what is said of an address that the database does not have.
	nowhere = "not in the database"
	noIP    = "not an address"
)

// places counts records and addresses by country.
type places struct {
	db *maxminddb.Reader
	// about is the database in a few words.
	about string
	by    map[string]*placed
}

type placed struct {
	records, addresses int64
	cites              cites
}

// openPlaces reads the database, nil where none came.
func openPlaces(c *sdk.Ctx) (*places, error) {
	in := c.Input(rolePlaces)
	if in == nil {
		return nil, nil
	}
	if in.Size > maxPlaces {
		return nil, fmt.Errorf("%w: a database of %d bytes; at most %d", sdk.ErrLimit, in.Size, maxPlaces)
	}
	b := make([]byte, in.Size)
	if _, err := io.ReadFull(in.Reader(), b); err != nil {
		return nil, err
	}
	db, err := maxminddb.OpenBytes(b)
	if err != nil {
		return nil, fmt.Errorf("%w: places: %w", sdk.ErrMalformed, err)
	}
	built := time.Unix(int64(min(db.Metadata.BuildEpoch, 1<<40)), 0).UTC()
	return &places{db: db, about: fmt.Sprintf("%s of %s", db.Metadata.DatabaseType, built.Format(time.DateOnly)), by: map[string]*placed{}}, nil
}

// country is the ISO 3166-1 code of an address's country.
func (p *places) country(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return noIP
	}
	for _, path := range [][]any{{"country", "iso_code"}, {"registered_country", "iso_code"}, {"country_code"}} {
		var code string
		if err := p.db.Lookup(ip.Unmap()).DecodePath(&code, path...); err == nil && code != "" && len(code) <= 16 {
			return code
		}
	}
	return nowhere
}

// add counts one address.
func (p *places) add(a *analysis, n *node) {
	country := p.country(n.value())
	x := p.by[country]
	if x == nil {
		x = &placed{}
		p.by[country] = x
	}
	x.addresses++
	for k, records := range n.records {
		if records > 0 {
			x.records += int64(records)
			if len(x.cites.first) < a.o.Cites {
				x.cites.first = append(x.cites.first, n.first[k])
			}
		}
	}
}

// report writes what was counted.
func (p *places) report(a *analysis) error {
	names := make([]string, 0, len(p.by))
	for name := range p.by {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(p.by[y].records, p.by[x].records), cmp.Compare(x, y))
	})
	for _, name := range names {
		x := p.by[name]
		slices.Sort(x.cites.first)
		err := a.put(&sdk.Finding{
			Rule: "places.country", Statement: fmt.Sprintf("%s with %s: %s.", plural(x.records, "record"), plural(x.addresses, "address"), name), Subject: "country", Value: sdk.Str(name),
			Numbers: map[string]any{"records": x.records, "addresses": x.addresses}, Cites: a.x.ids(slices.Compact(x.cites.first)), Cited: x.records, Certainty: sdk.Matched,
			Caution: "By the database " + p.about + ": where an address was registered then, not where a person was.",
		})
		if err != nil {
			return err
		}
	}
	return nil
}
