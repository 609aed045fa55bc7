package evidence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestLines(t *testing.T) {
	var want []string
	for i := range 3000 {
		want = append(want, strings.Repeat("x", i%2000))
	}
	text := strings.Join(want, "\n") + "\n"
	n := 0
	err := evidence.Lines(strings.NewReader(text), int64(len(text)), func(line []byte) error {
		if string(line) != want[n] {
			t.Fatalf("line %d", n)
		}
		n++
		return nil
	})
	if err != nil || n != len(want) {
		t.Fatal(n, err)
	}
	for _, bad := range []string{"x", "a\nb", strings.Repeat("y", evidence.MaxLine+1) + "\n"} {
		if err := evidence.Lines(strings.NewReader(bad), int64(len(bad)), func([]byte) error { return nil }); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%.9q: %v", bad, err)
		}
	}
	if err := evidence.Lines(strings.NewReader("a\n"), 9, func([]byte) error { return nil }); err == nil {
		t.Error("short object accepted")
	}
}

func TestKindAndTime(t *testing.T) {
	for line, want := range map[string][2]string{
		`{"kind":"message","text":"x","time":"2008-07-31T23:10:19Z"}`: {"message", "2008-07-31T23:10:19Z"},
		`{"kind":"x-a/b","time":null}`:                                {"x-a/b", ""},
		`{"a":{"kind":"no"},"kind":"row"}`:                            {"row", ""},
	} {
		if k, at := evidence.KindAndTime([]byte(line)); k != want[0] || at != want[1] {
			t.Errorf("%s: %q %q", line, k, at)
		}
	}
}
