package dispatch_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// TestManyCompanions: every file is in one run and in one only, no run has more than it
// can be handed, and what the runs are told of their parts leaves no name out.
func TestManyCompanions(t *testing.T) {
	plugin := dispatch.Plugin{Manifest: evidence.PluginManifest{Name: "p", Operations: []evidence.PluginOperation{{
		Operation: "unpack", Accepts: []evidence.Accept{{}},
		Companions: []evidence.Companion{{Role: "plist", Beside: "M.plist"}, {Role: "file", Beside: "??/*"}},
	}}}}
	tb := &dispatch.Table{Plugins: []dispatch.Plugin{plugin}}
	for _, c := range []struct{ files, twice, runs int }{{0, 0, 1}, {1, 0, 1}, {200, 0, 1}, {201, 0, 2}, {1000, 0, 5}, {450, 3, 3}} {
		place := dispatch.Place{Path: "b/M.db", Around: func(pattern string) (out []evidence.ManifestMember) {
			if pattern == "M.plist" {
				return []evidence.ManifestMember{{Artifact: digestOf("plist"), Size: 1, Name: pattern}}
			}
			for i := range c.files {
				name := fmt.Sprintf("00/%04d", i)
				for n := range 1 + max(0, c.twice-i%199) { // several of a name, at a part's end too
					out = append(out, evidence.ManifestMember{Artifact: digestOf(fmt.Sprint(name, n)), Size: 1, Name: name})
				}
			}
			return out
		}}
		all := place.Around("??/*")
		decisions := tb.Decide(dispatch.Input{Artifact: digestOf("db"), Size: 1, Identity: identify.Identity{Content: identify.Binary}, Places: []dispatch.Place{place}})
		if len(decisions) != c.runs {
			t.Fatalf("%d files: %d runs, want %d", len(all), len(decisions), c.runs)
		}
		seen, after := map[string]int{}, ""
		for i, d := range decisions {
			var config struct{ Part struct{ After, Upto string } }
			if err := json.Unmarshal(d.Config, &config); err != nil || !d.Takes {
				t.Fatal(err, d.Why)
			}
			part := config.Part
			if part.After != after || (part.Upto == "") != (i == len(decisions)-1) {
				t.Errorf("%d files: part %d is %+v after %q", len(all), i, part, after)
			}
			after = part.Upto
			if len(d.Inputs) > 250-10 {
				t.Errorf("%d inputs", len(d.Inputs))
			}
			for _, m := range d.Inputs {
				if m.Role == "file" {
					seen[m.Name+m.Artifact.Hex()]++
					if part.After != "" && m.Name <= part.After || part.Upto != "" && m.Name > part.Upto {
						t.Errorf("%q is not in %+v", m.Name, part)
					}
				}
			}
		}
		if len(seen) != len(all) {
			t.Errorf("%d of %d files", len(seen), len(all))
		}
		for name, n := range seen {
			if n != 1 {
				t.Errorf("%q in %d runs", name, n)
			}
		}
	}
}
