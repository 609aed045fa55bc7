package evidence

import (
	"errors"
	"strings"
	"testing"
)

func TestSubject(t *testing.T) {
	d := Sum([]byte("x"))
	for _, c := range []struct {
		s           Subject
		name, short string
	}{
		{Subject{Artifact: d}, d.String(), d.String()},
		{Subject{Artifact: d, Line: 17}, d.String() + ":17", d.Hex()[:16] + ":17"},
		{Subject{Exhibit: "EX-001"}, "exhibit:EX-001", "EX-001"},
		{Subject{Exhibit: "a:b 1"}, "exhibit:a:b 1", "a:b 1"},
	} {
		got, err := c.s.Name()
		if err != nil || got != c.name || c.s.Short() != c.short {
			t.Errorf("%+v: %q, %q, %v", c.s, got, c.s.Short(), err)
		}
		back, err := ParseSubject(got)
		if err != nil || back != c.s {
			t.Errorf("%q: %+v, %v", got, back, err)
		}
	}
	for _, bad := range []string{
		"", "exhibit:", "EX-001", d.Hex(), d.String() + ":", d.String() + ":0", d.String() + ":01", d.String() + ":-1", d.String() + ":1:2", d.String() + "1",
		strings.ToUpper(d.String()), d.String() + ":9007199254740992", d.String()[:70], "sha256:",
	} {
		if s, err := ParseSubject(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %+v, %v", bad, s, err)
		}
	}
	for _, bad := range []Subject{{}, {Line: 1}, {Artifact: d, Exhibit: "EX-001"}, {Exhibit: "EX-001", Line: 2}, {Artifact: d, Line: -1}} {
		if name, err := bad.Name(); !errors.Is(err, ErrFormat) {
			t.Errorf("%+v: %q, %v", bad, name, err)
		}
	}
}
