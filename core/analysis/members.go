// Package analysis says which records an analysis reads, and reads back what it
// found. The counting and testing is a plugin's, in the sandbox, as a run that is
// recorded and can be made again (docs/analysis.md).
package analysis

import (
	"context"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/handover"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Plugin is the name of the bundled plugin.
const Plugin = "analyze"

// Named is an artifact of the case that the examiner names.
type Named struct {
	Artifact evidence.Digest
	// Name is how a reader finds it: EX-002:terms.txt.
	Name string
}

// Request says what an analysis reads besides the records of the case.
type Request struct {
	// Lists of terms, one a line; Categories is a table of what terms are about.
	Lists, Categories []Named
	// Places is a database of MaxMind's format: in which country addresses are.
	Places []Named
}

// Read is what an analysis reads.
type Read struct {
	Members []evidence.ManifestMember
	// Sets and Records of the case; Cut of the sets come from artifacts cut short.
	Sets, Cut, Records int64
	// Telling of the records are of kinds that an analysis looks into.
	Telling int64
}

// telling are the kinds that an analysis looks into (docs/analysis.md, What is read).
var telling = []string{"message", "sms", "call", "account", "contact", "keyword"}

// Members are the record sets of all current runs that parse, as exhibit records shows
// them, and what the request names. Sets whose bytes were destroyed are left out.
func Members(ctx context.Context, c *store.Case, q Request) (Read, error) {
	var out Read
	joiners, err := view.Joiners(ctx, c)
	if err != nil {
		return out, err
	}
	gone, err := c.Disposed(ctx)
	if err != nil {
		return out, err
	}
	seen := map[evidence.Digest]bool{}
	for _, j := range joiners {
		set := j.Set()
		_, disposed := gone[set.Artifact]
		if j.Run().Operation != evidence.OpParse || set.Count == 0 || seen[set.Artifact] || disposed {
			continue
		}
		seen[set.Artifact] = true
		a, err := c.Artifact(ctx, set.Artifact)
		if err != nil {
			return out, err
		}
		m := evidence.ManifestMember{Role: handover.Records, Artifact: set.Artifact, Size: a.Size}
		if !slices.ContainsFunc(j.Places, func(p store.PlaceOf) bool { return !p.Partial }) {
			m.Role = handover.Cut
			out.Cut++
		}
		if set.Kinds["keyword"] > 0 { // a reader asks which list
			m.Name = j.Places[0].Item + ":" + j.Places[0].Path.String()
		}
		out.Members = append(out.Members, m)
		out.Sets++
		out.Records += set.Count
		for _, kind := range telling {
			out.Telling += set.Kinds[kind]
		}
	}
	for role, list := range map[string][]Named{handover.List: q.Lists, handover.Categories: q.Categories, handover.Places: q.Places} {
		for _, n := range list {
			a, err := c.Artifact(ctx, n.Artifact)
			if err != nil {
				return out, err
			}
			out.Members = append(out.Members, evidence.ManifestMember{Role: role, Artifact: n.Artifact, Size: a.Size, Name: n.Name})
		}
	}
	out.Members = evidence.NewManifest(out.Members).Members
	return out, nil
}

// Again asks for what an earlier analysis was asked for, but for what was destroyed since.
func Again(ctx context.Context, c *store.Case, run *evidence.Run) (q Request, err error) {
	gone, err := c.Disposed(ctx)
	if err != nil {
		return q, err
	}
	to := map[string]*[]Named{handover.List: &q.Lists, handover.Categories: &q.Categories, handover.Places: &q.Places}
	for _, m := range run.Inputs {
		if list := to[m.Role]; list != nil {
			if _, disposed := gone[m.Artifact]; !disposed {
				*list = append(*list, Named{Artifact: m.Artifact, Name: m.Name})
			}
		}
	}
	return q, nil
}

// Current is the analysis that counts, nil where there is none, and how many record sets
// and records it did not read: those that came after it.
func Current(ctx context.Context, c *store.Case) (run *evidence.Run, after Read, err error) {
	runs, err := c.CurrentRuns(ctx)
	if err != nil {
		return nil, after, err
	}
	for i := range runs {
		if r := &runs[i]; r.Operation == evidence.OpAnalyze && r.Plugin.Name == Plugin && r.Outcome != evidence.OutcomeFailed {
			run = r
		}
	}
	if run == nil {
		return nil, after, nil
	}
	now, err := Members(ctx, c, Request{})
	if err != nil {
		return nil, after, err
	}
	for _, m := range now.Members {
		if !slices.ContainsFunc(run.Inputs, func(o evidence.ManifestMember) bool { return o.Artifact == m.Artifact }) {
			after.Members = append(after.Members, m)
			after.Sets++
		}
	}
	return run, after, nil
}

// Zone is the zone in which days are counted where the examiner states none: that of the
// items, where those that state one state the same; else UTC.
func Zone(state *store.State) string {
	zone := ""
	for _, it := range state.Items {
		if it.Zone == "" {
			continue
		}
		if zone != "" && zone != it.Zone {
			return "UTC"
		}
		zone = it.Zone
	}
	if zone == "" || strings.EqualFold(zone, "Z") {
		return "UTC"
	}
	return zone
}
