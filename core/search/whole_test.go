package search_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// A whole value is meant letter for letter; indexed or not.
func TestWholeValue(t *testing.T) {
	c := newCase(t)
	var lines [][]byte
	for i, from := range []string{"ann", "Ann", "anna", "=ann", "ann b", "微信", "微信号"} {
		lines = append(lines, canonical(t, map[string]any{"kind": "message", "from": from, "to": []any{"x", from}, "source": map[string]any{"offset": i, "length": 1}}))
	}
	input := receive(t, c, "EX-001", "a")
	parsed(t, c, input, 1, lines)
	check := func() {
		for query, want := range map[string]int{
			"from:ann": 5, "from:=ann": 1, `from:="ann"`: 1, `from:="ann b"`: 1, `from:"=ann"`: 1, "from:==ann": 1, "to:=Ann": 1,
			"from:=微信": 1, "from:微信": 2, "from:=an": 0, "-from:=ann": 6,
		} {
			if got := len(find(t, c, query, search.Options{}).lines); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	}
	check()
	reindex(t, c)
	check()
	for _, query := range []string{"kind:=message", "after:=2008", "from:="} {
		if _, err := search.Parse(query, search.ParseOptions{}); err == nil || !errors.Is(err, evidence.ErrFormat) {
			t.Error(query, fmt.Sprint(err))
		}
	}
}
