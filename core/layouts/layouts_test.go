package layouts_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

func newCase(t *testing.T) *store.Case {
	t.Helper()
	o := store.Options{
		Now: time.Now, Rand: rand.Reader, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 1 }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), o, store.Init{Lab: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func stored(t *testing.T, c *store.Case) int {
	t.Helper()
	s, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(s.Layouts) + len(s.Profiles)
}

func TestAdd(t *testing.T) {
	c := newCase(t)
	for range 2 { // the same list again adds nothing
		names, err := layouts.Add(t.Context(), c, []byte("\xef\xbb\xbf"+corpus.Layouts))
		if err != nil || strings.Join(names, " ") != "contentfilter callinfo" {
			t.Fatal(names, err)
		}
	}
	if n := stored(t, c); n != 2 {
		t.Fatalf("%d layouts", n)
	}
	other := strings.ReplaceAll(corpus.Layouts, "**/call/*", "**/calls/*")
	other = strings.ReplaceAll(other, "CallInfo_", "Calls_")
	if _, err := layouts.Add(t.Context(), c, []byte(other)); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("another layout of the same name: %v", err)
	}
	if n := stored(t, c); n != 2 {
		t.Errorf("a refused list left %d layouts", n)
	}
}

func TestAddRefuses(t *testing.T) {
	c := newCase(t)
	for name, text := range map[string]string{
		"nothing":          ``,
		"no list":          `"x"`,
		"an empty list":    `[]`,
		"no name":          `{"kind":"message"}`,
		"two of one name":  strings.ReplaceAll(corpus.Layouts, "callinfo", "contentfilter"),
		"an unknown field": strings.Replace(corpus.Layouts, `"fields": 7`, `"fields": 7, "no_such": 1`, 1),
		"a bad glob":       strings.Replace(corpus.Layouts, "**/call/CallInfo_*", "**/call/[", 1),
		"lines, by whom":   strings.Replace(corpus.Layouts, `"last_field_takes_rest": false,`, `"quote": "'", "multiline": true,`, 1),
		"cut short":        corpus.Layouts[:len(corpus.Layouts)/2],
	} {
		if _, err := layouts.Add(t.Context(), c, []byte(text)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := layouts.AddProfiles(t.Context(), c, []byte(`{"name":"x","cipher":"rot13"}`)); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	if n := stored(t, c); n != 0 {
		t.Errorf("%d were added all the same", n)
	}
}
