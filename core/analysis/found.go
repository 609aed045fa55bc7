package analysis

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Finding is a record of kind finding (docs/formats/records.md).
type Finding struct {
	ID         string                     `json:"-"`
	Rule       string                     `json:"rule"`
	Statement  string                     `json:"statement"`
	Caution    string                     `json:"caution"`
	Subject    string                     `json:"subject"`
	Value      string                     `json:"value"`
	Service    string                     `json:"service"`
	Certainty  string                     `json:"certainty"`
	Numbers    map[string]json.RawMessage `json:"numbers"`
	Test       map[string]string          `json:"test"`
	Lists      []string                   `json:"lists"`
	Categories []string                   `json:"categories"`
	Themes     []string                   `json:"themes"`
	Cites      []string                   `json:"cites"`
	Cited      int64                      `json:"cited"`
	Query      string                     `json:"query"`
	Finds      string                     `json:"finds"`
}

// Number is an integer of the finding's, 0 where it has none of that name.
func (f *Finding) Number(name string) (n int64) {
	_ = json.Unmarshal(f.Numbers[name], &n) // a decimal is no integer
	return n
}

// Text is a number of the finding's as it is written, "" where it has none of that name.
func (f *Finding) Text(name string) string {
	raw := f.Numbers[name]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Edge is a record of kind edge.
type Edge struct {
	ID       string   `json:"-"`
	Relation string   `json:"relation"`
	From     string   `json:"from"`
	FromType string   `json:"from_type"`
	To       []string `json:"to"`
	ToType   string   `json:"to_type"`
	Service  string   `json:"service"`
	First    string   `json:"first"`
	Last     string   `json:"last"`
	Terms    []struct {
		Term string `json:"term"`
		N    int64  `json:"n"`
	} `json:"terms"`
	DistinctTerms int64    `json:"distinct_terms"`
	Certainty     string   `json:"certainty"`
	Cites         []string `json:"cites"`
	Cited         int64    `json:"cited"`
	Query         string   `json:"query"`
	Finds         string   `json:"finds"`
}

// Each calls finding with every finding of an analysis, and edge with every edge, in
// the order in which they were made. Either may be nil.
func Each(ctx context.Context, c *store.Case, run *evidence.Run, finding func(*Finding) error, edge func(*Edge) error) error {
	if run.Records == nil {
		return nil
	}
	return view.Lines(ctx, c, run.Records.Artifact, func(n int64, line []byte) error {
		kind, _ := evidence.KindAndTime(line)
		id := evidence.RecordID(run.Records.Artifact, n)
		var err error
		switch {
		case kind == "finding" && finding != nil:
			f := &Finding{ID: id}
			if err = json.Unmarshal(line, f); err == nil {
				return finding(f)
			}
		case kind == "edge" && edge != nil:
			e := &Edge{ID: id}
			if err = json.Unmarshal(line, e); err == nil {
				return edge(e)
			}
		}
		if err != nil {
			return fmt.Errorf("record %s: %w: %w", id, evidence.ErrFormat, err)
		}
		return nil
	})
}
