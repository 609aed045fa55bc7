package schema_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/schema"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestCheck(t *testing.T) {
	s, err := schema.Compile("thing", []byte(`{"type":"object","additionalProperties":false,"required":["n"],"properties":{"n":{"type":"integer"},"list":{"type":"array","items":{"type":"string"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		`{"n":1,"list":["a"]}`: nil,
		`{"n":"1"}`:            {"/n: "},
		`{"list":["a",2,3]}`:   {"/: missing", "/list/1: ", "/list/2: "},
		`{"n":1,"other":true}`: {"'other'"},
		`{"n":1`:               {"EOF"},
	} {
		err := s.Check([]byte(text))
		if want == nil {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", text, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", text, err, w)
			}
		}
	}
	for _, bad := range []string{`{`, `{"type":7}`} {
		if _, err := schema.Compile("thing", []byte(bad)); err == nil || !strings.Contains(err.Error(), "thing") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
