package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func one(a evidence.Accept, in dispatch.Input) dispatch.Decision {
	in.Explain = true
	if in.Places == nil {
		in.Places = []dispatch.Place{{Path: "x"}}
	}
	tb := &dispatch.Table{Plugins: []dispatch.Plugin{parser("p", a)}}
	return tb.Decide(in)[0]
}

func TestByContent(t *testing.T) {
	db := identify.Identity{MediaType: "application/vnd.sqlite3", Content: identify.Known, SQLite: &identify.SQLite{Tables: []string{"Chat", "message", "Ä"}}}
	xml := func(root string) identify.Identity {
		return identify.Identity{MediaType: "text/xml", Content: identify.Text, XMLRoot: root}
	}
	tables := func(names ...string) evidence.Accept { return evidence.Accept{SQLiteTables: names} }
	roots := func(names ...string) evidence.Accept { return evidence.Accept{XMLRoot: names} }
	for name, c := range map[string]struct {
		a    evidence.Accept
		id   identify.Identity
		want bool
		why  string
	}{
		"all tables":          {tables("chat", "MESSAGE"), db, true, "it has the tables chat, MESSAGE"},
		"one is missing":      {tables("chat", "handle"), db, false, "it has no table handle"},
		"beyond ascii":        {tables("ä"), db, false, "it has no table ä"},
		"no database":         {tables("chat"), xml("chat"), false, "it is no SQLite database"},
		"root":                {roots("smses", "calls"), xml("calls"), true, "XML root calls"},
		"another root":        {roots("smses"), xml("Smses"), false, "its XML root is Smses"},
		"any namespace":       {roots("kml"), xml("{urn:k}kml"), true, "XML root {urn:k}kml"},
		"that namespace":      {roots("{urn:k}kml"), xml("{urn:k}kml"), true, "XML root {urn:k}kml"},
		"another namespace":   {roots("{urn:j}kml"), xml("{urn:k}kml"), false, "its XML root is {urn:k}kml"},
		"no namespace":        {roots("{}kml"), xml("kml"), true, "XML root kml"},
		"none where one was":  {roots("{}kml"), xml("{urn:k}kml"), false, "its XML root is {urn:k}kml"},
		"no root to be found": {roots("kml"), identify.Identity{Content: identify.Text}, false, "it is no XML with a root that could be found"},
	} {
		d := one(c.a, dispatch.Input{Identity: c.id})
		if d.Takes != c.want || d.Why != c.why || c.want == (len(d.Refusals) > 0) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// The schema at a place goes before the one of the file alone.
	d := one(tables("late"), dispatch.Input{Identity: db, Places: []dispatch.Place{{Path: "a"}, {Path: "b", SQLite: &identify.SQLite{Tables: []string{"late"}}}}})
	if !d.Takes || d.At != 1 {
		t.Errorf("%+v", d)
	}
}

func TestProbe(t *testing.T) {
	asked := 0
	answer := func(a *dispatch.Answer) func(dispatch.Plugin) *dispatch.Answer {
		return func(dispatch.Plugin) *dispatch.Answer {
			asked++
			return a
		}
	}
	text := identify.Identity{Content: identify.Text}
	probe := evidence.Accept{Content: "text", Probe: true}
	places := []dispatch.Place{{Path: "a"}, {Path: "b", Zone: "+08:00"}}
	for name, c := range map[string]struct {
		probe               func(dispatch.Plugin) *dispatch.Answer
		takes, asks, failed bool
		why                 string
	}{
		"yes":       {answer(&dispatch.Answer{Takes: true, Why: "magic"}), true, false, false, "content text, its Probe says yes: magic"},
		"no":        {answer(&dispatch.Answer{Why: "no magic"}), false, false, false, "its Probe says no: no magic"},
		"failed":    {answer(&dispatch.Answer{Failed: true, Why: "Probe crashed"}), false, false, true, "Probe crashed"},
		"not asked": {nil, false, true, false, "content text, if its Probe says so, which was not asked"},
		"not yet":   {answer(nil), false, true, false, "content text, if its Probe says so, which was not asked"},
	} {
		d := one(probe, dispatch.Input{Identity: text, Places: places, Probe: c.probe})
		if d.Takes != c.takes || d.Asks != c.asks || d.ProbeFailed != c.failed || d.Why != c.why {
			t.Errorf("%s: %+v", name, d)
		}
		if (c.takes || c.asks || c.failed) != (d.Config != nil) {
			t.Errorf("%s: config %s", name, d.Config)
		}
	}
	if asked > 5 {
		t.Errorf("asked %d times for three answers", asked)
	}
	asked = 0
	one(probe, dispatch.Input{Identity: identify.Identity{Content: identify.Binary}, Probe: answer(nil)})
	if asked != 0 {
		t.Error("asked although a condition fails")
	}
}

// digestOf makes a digest to tell artifacts apart by.
func digestOf(s string) evidence.Digest { return evidence.Sum([]byte(s)) }

func TestCompanionsMakeRuns(t *testing.T) {
	plugin := dispatch.Plugin{Manifest: evidence.PluginManifest{Name: "p", Operations: []evidence.PluginOperation{{
		Operation: "parse", Accepts: []evidence.Accept{{}},
		Companions: []evidence.Companion{{Role: "wal", Suffix: "-wal"}, {Role: "log", Suffix: ".log"}},
	}}}}
	tb := &dispatch.Table{Plugins: []dispatch.Plugin{plugin}}
	beside := func(found map[string][]string) func(string) []evidence.ManifestMember {
		return func(suffix string) (out []evidence.ManifestMember) {
			for _, name := range found[suffix] {
				out = append(out, evidence.ManifestMember{Artifact: digestOf(name), Size: 2})
			}
			return out
		}
	}
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for name, c := range map[string]struct {
		places []dispatch.Place
		want   string
	}{
		"alone":             {[]dispatch.Place{{Path: "a"}, {Path: "b", Beside: beside(nil)}}, "alone"},
		"with one":          {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": {"w"}})}}, "main+wal=w"},
		"with both":         {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": {"w"}, ".log": {"l"}})}}, "log=l+main+wal=w"},
		"the same twice":    {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": {"w"}})}, {Path: "b", Beside: beside(map[string][]string{"-wal": {"w"}})}}, "main+wal=w"},
		"one here and none": {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": {"w"}})}, {Path: "b"}}, "main+wal=w alone"},
		"several":           {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": {"v", "w"}})}}, "main+wal=v main+wal=w"},
		"too many":          {[]dispatch.Place{{Path: "a", Beside: beside(map[string][]string{"-wal": many})}}, "ambiguous"},
	} {
		var got []string
		runs := map[evidence.Digest]bool{}
		for _, d := range tb.Decide(dispatch.Input{Artifact: digestOf("main"), Size: 1, Identity: identify.Identity{Content: identify.Text}, Places: c.places}) {
			switch {
			case d.Ambiguous:
				got = append(got, "ambiguous")
				continue
			case d.Inputs == nil:
				got = append(got, "alone")
				if d.Run != digestOf("main") {
					t.Errorf("%s: %+v", name, d)
				}
			default:
				var members []string
				for _, m := range d.Inputs {
					word := m.Role
					for _, n := range []string{"v", "w", "l"} {
						if m.Artifact == digestOf(n) {
							word += "=" + n
						}
					}
					members = append(members, word)
				}
				got = append(got, strings.Join(members, "+"))
				b, err := evidence.Manifest{V: 1, Members: d.Inputs}.Bytes()
				if err != nil || evidence.Sum(b) != d.Run {
					t.Errorf("%s: the run's input is not the manifest: %v", name, err)
				}
			}
			if !d.Takes || runs[d.Run] {
				t.Errorf("%s: %+v", name, d)
			}
			runs[d.Run] = true
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What did not hold is named with what was wanted and what was met.
func TestRefusals(t *testing.T) {
	in := dispatch.Input{Identity: identify.Identity{MediaType: "text/plain", Content: identify.Text}, Head: []byte("abcdef"), Places: []dispatch.Place{{Path: "d/x.txt"}, {Path: "d/y.txt"}}}
	for name, c := range map[string]struct {
		a    evidence.Accept
		want dispatch.Refusal
	}{
		"content": {evidence.Accept{Content: "binary"}, dispatch.Refusal{Condition: "content", Wanted: []string{"binary"}, Met: "text"}},
		"media":   {evidence.Accept{MediaTypes: []string{"text/csv"}}, dispatch.Refusal{Condition: "media_types", Wanted: []string{"text/csv"}, Met: "text/plain"}},
		"magic":   {evidence.Accept{Magic: []evidence.Magic{{Offset: 1, Hex: "ffff"}, {Offset: 9, Hex: "00"}}}, dispatch.Refusal{Condition: "magic", Wanted: []string{"ffff at 1", "00 at 9"}, Met: "6263 at 1, nothing at 9"}},
		"paths":   {evidence.Accept{Paths: []string{"**/*.sms"}}, dispatch.Refusal{Condition: "paths", Wanted: []string{"**/*.sms"}, Met: "d/x.txt"}},
		"layout":  {evidence.Accept{Layout: true}, dispatch.Refusal{Condition: "layout"}},
		"profile": {evidence.Accept{Profile: true}, dispatch.Refusal{Condition: "profile"}},
	} {
		d := one(c.a, in)
		if d.Takes || len(d.Refusals) != 2 {
			t.Errorf("%s: %+v", name, d)
			continue
		}
		r := d.Refusals[0]
		if r.Condition != c.want.Condition || !slices.Equal(r.Wanted, c.want.Wanted) || r.Met != c.want.Met || r.Place != "d/x.txt" || r.Why == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	in.Places = nil
	tb := &dispatch.Table{Plugins: []dispatch.Plugin{parser("p", evidence.Accept{Content: "binary"})}}
	in.Places = []dispatch.Place{{Path: "a"}}
	if d := tb.Decide(in)[0]; d.Refusals != nil || d.Why == "" {
		t.Errorf("explained without being asked: %+v", d)
	}
}
