package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// options are the members of config (docs/analysis.md, Options); all have defaults.
type options struct {
	// Zone is an offset such as +08:00, or UTC: by its clock days are counted.
	Zone string `json:"zone"`
	// Alpha is the family-wise error rate of the test of accounts, a decimal.
	Alpha string `json:"alpha"`
	// Cites is how many records a finding or an edge names; Top how many rows a ranking
	// has; Edges how many edges become records.
	Cites int   `json:"cites"`
	Top   int   `json:"top"`
	Edges int64 `json:"edges"`
	// Region is the country in which telephone numbers without + are dialled, an
	// assumption; "" for none.
	Region string `json:"region"`
	// Memory is how many bytes names and connections may take at once.
	Memory int64 `json:"memory"`

	alpha float64
	zone  int64 // seconds east of UTC
}

func readOptions(c *sdk.Ctx) (options, error) {
	o := options{Zone: "UTC", Alpha: "0.01", Cites: 5, Top: 200, Edges: 1_000_000, Memory: 300 << 20}
	if err := c.Decode(&o); err != nil {
		return o, err
	}
	if o.Zone != "UTC" {
		t, err := time.Parse("-07:00", o.Zone)
		if err != nil {
			return o, fmt.Errorf("%w: zone: an offset such as +08:00, or UTC", sdk.ErrMalformed)
		}
		_, seconds := t.Zone()
		o.zone = int64(seconds)
	}
	var err error
	if o.alpha, err = strconv.ParseFloat(o.Alpha, 64); err != nil || !(o.alpha > 0 && o.alpha < 0.5) {
		return o, fmt.Errorf("%w: alpha: a decimal between 0 and 0.5", sdk.ErrMalformed)
	}
	if o.Cites < 1 || o.Cites > 100 || o.Top < 1 || o.Top > 100_000 || o.Edges < 0 || o.Memory < 1<<10 {
		return o, fmt.Errorf("%w: cites is 1 to 100, top 1 to 100000, edges not negative, memory at least 1024", sdk.ErrMalformed)
	}
	return o, nil
}
