package analysis_test

import (
	"encoding/json"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestZone(t *testing.T) {
	for _, c := range []struct {
		zones []string
		want  string
	}{{nil, "UTC"}, {[]string{"", ""}, "UTC"}, {[]string{"+08:00", ""}, "+08:00"}, {[]string{"+08:00", "+08:00"}, "+08:00"}, {[]string{"+08:00", "UTC"}, "UTC"}} {
		s := &store.State{}
		for _, z := range c.zones {
			s.Items = append(s.Items, store.Item{Zone: z})
		}
		if got := analysis.Zone(s); got != c.want {
			t.Errorf("%q: %s, want %s", c.zones, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	f := analysis.Finding{Numbers: map[string]json.RawMessage{"n": json.RawMessage("12"), "p": json.RawMessage(`"1.3e-49"`)}}
	if f.Number("n") != 12 || f.Text("n") != "12" || f.Text("p") != "1.3e-49" || f.Number("p") != 0 || f.Number("none") != 0 || f.Text("none") != "" {
		t.Errorf("%+v", f)
	}
}
