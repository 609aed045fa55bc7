package selftest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/selftest"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// The vectors are what the script makes of the documents, without any code that is tested.
func TestVectorsAreThoseOfTheScript(t *testing.T) {
	for _, name := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("NOT TESTED: no " + name + " here")
		}
	}
	out, err := exec.CommandContext(t.Context(), "python3", "testdata/vectors.py").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, selftest.VectorsJSON()) {
		t.Error("vectors.json is another than what testdata/vectors.py prints: python3 testdata/vectors.py > vectors.json")
	}
}

// Whatever of the vectors is changed, some test fails: none is there that nothing looks at.
func TestEveryVectorCounts(t *testing.T) {
	var all any
	if err := json.Unmarshal(selftest.VectorsJSON(), &all); err != nil {
		t.Fatal(err)
	}
	r, err := selftest.RunVectors(context.Background(), selftest.VectorsJSON())
	if err != nil || r.Result != selftest.Pass {
		t.Fatal(err, failed(r, selftest.Fail))
	}
	// All of them, or where time counts every ninth.
	tried, turn, step := 0, 0, 9
	if slow.Asked() {
		step = 1
	}
	var walk func(v any, at string, put func(any))
	walk = func(v any, at string, put func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], at+"."+name, func(x any) { v[name] = x })
			}
		case []any:
			for i := range v {
				walk(v[i], at, func(x any) { v[i] = x })
			}
		case string:
			// What is only said; and what is refused is refused in many forms.
			if strings.HasSuffix(at, ".source") || strings.HasSuffix(at, ".what") || strings.HasPrefix(at, ".refused") || strings.HasSuffix(at, ".name") {
				return
			}
			if turn++; turn%step != 0 {
				return
			}
			for _, to := range changed(v) {
				put(to)
				b, err := json.Marshal(all)
				if err != nil {
					t.Fatal(err)
				}
				tried++
				if r, err := selftest.RunVectors(context.Background(), b); err == nil && r.Result == selftest.Pass {
					t.Errorf("%s: %.80q instead of %.80q changes nothing", at, to, v)
				}
			}
			put(v)
		}
	}
	walk(all, "", nil)
	if tried*step < 100 {
		t.Errorf("only %d vectors were changed", tried)
	}
}

// changed are other values than v, in its form.
func changed(v string) []string {
	if v == "" {
		return []string{"00"}
	}
	digit := func(c byte) byte {
		if c == '1' {
			return '2'
		}
		return '1'
	}
	i := len(v) / 2
	return []string{v[:i] + string(digit(v[i])) + v[i+1:]}
}
