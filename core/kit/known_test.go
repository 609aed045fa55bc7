package kit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/kit"
)

// What was accepted is what is expected; another golden is told line by line; without the
// plugin only what is expected is.
func TestAnswers(t *testing.T) {
	dir := plugin(t, "plugin")
	must(t, kit.Options{Dir: dir, Accept: true, Only: "golden"})
	p, err := host.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "known")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	h, err := host.New(host.Config{Launcher: launch.Argv(), Dir: filepath.Join(sockets, "h"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	samples := filepath.Join(dir, "testdata")
	answers := func(p *host.Plugin) []kit.Answer {
		a, err := kit.Answers(t.Context(), h, p, mustLoad(t, dir).Manifest, samples)
		if err != nil || len(a) != 2 {
			t.Fatal(a, err)
		}
		return a
	}
	for _, a := range answers(p) {
		if a.Want != a.Got || len(a.Differs) > 0 || a.Crash != "" || a.Refused || len(a.Sandbox) == 0 || !strings.HasPrefix(a.Want, "complete: ") {
			t.Errorf("%+v", a)
		}
	}
	golden := filepath.Join(samples, "a.lines.golden.jsonl")
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "testdata/a.lines.golden.jsonl", bytes.Replace(b, []byte("second line"), []byte("another line"), 1))
	if a := answers(p)[0]; a.Want == a.Got || len(a.Differs) == 0 || !strings.Contains(strings.Join(a.Differs, "\n"), "second line") {
		t.Errorf("%+v", a)
	}
	for _, a := range answers(nil) {
		if a.Got != "" || a.Want == "" {
			t.Errorf("%+v", a)
		}
	}
}

func mustLoad(t *testing.T, dir string) *host.Plugin {
	t.Helper()
	p, err := host.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
