package conform_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
)

func TestReread(t *testing.T) {
	input := []byte("head caf\xe9 tail\n\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7 hello world\n")
	for record, want := range map[string]conform.Verdict{
		`{"source":{"length":11,"offset":24},"text":"hello world"}`:                                                                                 conform.Found,
		`{"source":{"length":11,"offset":0},"text":"hello world"}`:                                                                                  conform.Drifted,
		`{"charset":"gb18030","source":{"length":8,"offset":15},"text":"你好世界"}`:                                                                     conform.Found,
		`{"charset":"gb18030","source":{"length":5,"offset":0},"text":"你好世界"}`:                                                                      conform.Drifted,
		`{"source":{"length":9,"offset":5},"text":"caf` + "\ufffd" + `","text_raw":"` + base64.StdEncoding.EncodeToString([]byte("caf\xe9")) + `"}`: conform.Found,
		`{"source":{"length":4,"offset":0},"text":"not in there"}`:                                                                                  conform.Unchecked,
		`{"source":{"key":"key:1","length":4,"offset":0},"text":"hello world"}`:                                                                     conform.Unchecked,
		`{"source":{"rowid":1,"table":"t"},"text":"hello world"}`:                                                                                   conform.Unchecked,
		`{"source":{"length":4,"offset":0},"text":"a"}`:                                                                                             conform.Unchecked,
		`{"extra":{"a":["x",{"b":"hello"}]},"source":{"length":11,"offset":24}}`:                                                                    conform.Found,
		`{"source":{"length":99,"offset":24},"text":"hello world"}`:                                                                                 conform.Unchecked,
		`{"kind":"hello","service":"hello world","source":{"length":4,"offset":0}}`:                                                                 conform.Unchecked,
	} {
		if got, value := conform.Reread([]byte(record), input); got != want || (value != "") != (want == conform.Drifted) {
			t.Errorf("%s: %v %q", record, got, value)
		}
	}
}

func lines(s ...string) (out [][]byte) {
	for _, l := range s {
		out = append(out, []byte(l))
	}
	return out
}

const (
	record     = `{"kind":"row","source":{"length":1,"offset":0}}`
	warning    = `{"code":"a.b","message":"m","severity":"warning","source":{"length":1,"offset":0}}`
	unresolved = `{"code":"a.b","message":"m","severity":"unresolved","source":{"length":1,"offset":0}}`
	panicked   = `{"code":"plugin.panic","message":"m","severity":"warning","source":{"length":1,"offset":0}}`
	excepted   = `{"code":"plugin.exception","message":"m","severity":"reject","source":{"length":1,"offset":0}}`
)

func TestClaims(t *testing.T) {
	complete, failed := evidence.OutcomeComplete, evidence.OutcomeFailed
	for i, c := range []struct {
		o                                  conform.Output
		size                               int64
		silent, mistaken, defect, unopened bool
	}{
		{conform.Output{Outcome: complete}, 5, true, false, false, true},
		{conform.Output{Outcome: complete}, 0, false, false, false, true},
		{conform.Output{Outcome: failed}, 5, false, false, false, false},
		{conform.Output{Outcome: complete, Units: evidence.Units{Read: 1, Skipped: 1}}, 5, false, false, false, true},
		{conform.Output{Outcome: complete, Records: lines(record)}, 5, false, true, false, true},
		{conform.Output{Outcome: complete, Records: lines(record), Diagnostics: lines(warning)}, 5, false, false, false, true},
		{conform.Output{Outcome: complete, Records: lines(record), Diagnostics: lines(unresolved)}, 5, false, false, false, false},
		{conform.Output{Outcome: complete, Artifacts: make([]conform.Artifact, 1)}, 5, false, true, false, true},
		{conform.Output{Outcome: failed, Diagnostics: lines(panicked)}, 5, false, false, true, false},
		{conform.Output{Outcome: failed, Diagnostics: lines(excepted)}, 5, false, false, true, false},
		{conform.Output{Outcome: failed, KeysUsed: []string{"key:1"}}, 5, false, false, false, true},
	} {
		if (conform.Silence(c.o, c.size) != "") != c.silent || (conform.Mistaken(c.o) != "") != c.mistaken || (conform.Defect(c.o) != "") != c.defect {
			t.Errorf("%d: %q %q %q", i, conform.Silence(c.o, c.size), conform.Mistaken(c.o), conform.Defect(c.o))
		}
		if got := conform.Opened(c.o, evidence.OpParse); (got != "") != c.unopened {
			t.Errorf("%d: %q", i, got)
		}
	}
	o := conform.Output{Outcome: failed, Artifacts: make([]conform.Artifact, 1)}
	if conform.Opened(o, evidence.OpDecrypt) == "" || conform.Opened(o, evidence.OpParse) != "" {
		t.Error("output of decrypt with a wrong key")
	}
}

func TestShortened(t *testing.T) {
	a, b := evidence.Sum([]byte("a")), evidence.Sum([]byte("b"))
	whole := conform.Output{Outcome: evidence.OutcomeComplete, Artifacts: []conform.Artifact{{Name: "x", SHA256: a, Complete: true}}}
	cut := conform.Output{Outcome: evidence.OutcomeComplete, Artifacts: []conform.Artifact{{Name: "x", SHA256: b, Complete: true}}}
	if conform.Shortened(whole, cut) == "" || conform.Shortened(whole, whole) != "" {
		t.Error("a member with other bytes")
	}
	honest := cut
	honest.Outcome = evidence.OutcomePartial
	if conform.Shortened(whole, honest) != "" {
		t.Error("it says so by its outcome")
	}
	cut.Artifacts = []conform.Artifact{{Name: "x", SHA256: b}}
	if conform.Shortened(whole, cut) != "" {
		t.Error("it says so of the artifact")
	}
}

func TestSecret(t *testing.T) {
	key := []byte("\x01secret\xff")
	for _, text := range []string{"a\x01secret\xffb", "x01736563726574ffx", "01736563726574FF", "AXNlY3JldP8=", "AXNlY3JldP8"} {
		if conform.Secret(key, []byte("nothing"), []byte(text)) == "" {
			t.Errorf("%q is not seen", text)
		}
	}
	if how := conform.Secret(key, []byte("secret")); how != "" {
		t.Error(how)
	}
	if conform.Secret([]byte("abc"), []byte("abc")) != "" {
		t.Error("three bytes occur by chance")
	}
}

func TestPlaces(t *testing.T) {
	for _, size := range []int{0, 1, 5, 23, 24, 25, 100, 4096, 1 << 20} {
		at := conform.Places(size, 24)
		last := -1
		for _, p := range at {
			if p <= last || p >= size {
				t.Fatalf("%d: %v", size, at)
			}
			last = p
		}
		if size > 0 && (at[0] != 0 || last != size-1) || len(at) > 24+7 {
			t.Errorf("%d: %v", size, at)
		}
	}
}

// What others are given is what it says.
func TestForeign(t *testing.T) {
	seen := map[string]bool{}
	for _, in := range conform.Foreign() {
		if len(in.Data) == 0 || len(in.Data) > 1<<17 || seen[in.Name] || seen[string(in.Data)] {
			t.Errorf("%s: %d bytes", in.Name, len(in.Data))
		}
		seen[in.Name], seen[string(in.Data)] = true, true
	}
	if first, second := fmt.Sprint(conform.Foreign()), fmt.Sprint(conform.Foreign()); first != second {
		t.Error("not the same every time")
	}
	data := []byte("abc")
	for i, in := range conform.Flipped(data, conform.Places(3, 9)) {
		if in.Data[i] == data[i] || string(data) != "abc" {
			t.Error(in)
		}
	}
}
