package engine_test

import (
	"crypto/des"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// A settings file and a log: the key is found, used and not looked for again; the
// layout is used unconfirmed, every record says so, and a person's takes its place.
func TestKeyOfASmallCase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/app.ini", "[log]\nlevel=info\nlogpass = zX8-q1+T\n")
	b, err := des.NewCipher([]byte("zX8-q1+T"))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for i := range 40 {
		row := fmt.Appendf(nil, "2010-01-%02d 10:%02d:00,from_%d,to_%d,192.0.2.%d,hello there number %d", 1+i%28, i, i%7, i%5, i, i)
		pad := 8 - len(row)%8
		row = append(row, strings.Repeat(string(rune(pad)), pad)...)
		for j := 0; j < len(row); j += 8 {
			b.Encrypt(row[j:], row[j:])
		}
		log.WriteString(base64.StdEncoding.EncodeToString(row) + "\n")
	}
	write("log/chat-2010.log", log.String())
	c := newCase(t, dir, "+01:00")
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, lookers) })
	r := run(t, e)
	if len(r.Keys) != 1 || r.Keys[0].At != "EX-001:etc/app.ini:27:8" || r.Keys[0].Name != "found-1" || r.Keys[0].Opens.How() != "des-ecb" {
		t.Fatalf("keys: %+v", r.Keys)
	}
	text := &strings.Builder{}
	if err := r.Text(text); err != nil || !strings.Contains(text.String(), "KEY FOUND: found-1") || !strings.Contains(text.String(), "needs a layout") || !strings.Contains(text.String(), "NO RECORD") {
		t.Error(text, err)
	}
	// What was seen of each, and what was searched, can be said without any plugin.
	current, err := c.CurrentRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if targets, sources := engine.Searched(current); len(targets) != 1 || len(sources) != 2 {
		t.Errorf("searched for %d in %d", len(targets), len(sources))
	}
	for _, a := range r.Artifacts {
		seen, err := engine.Seen(t.Context(), c, slices.DeleteFunc(slices.Clone(current), func(r evidence.Run) bool { return r.Main() != a.Artifact }))
		if err != nil || !strings.Contains(string(a.Description), seen) || !strings.Contains(seen, " lines ") {
			t.Errorf("%s: %q, %v", a.Path.String(), seen, err)
		}
	}
	if e.Analyzer("cipherfind") != nil || e.Analyzer("none") != nil {
		t.Error("a plugin that does not analyze is taken for one that does")
	}
	var list []layouts.Described
	for _, a := range r.Artifacts {
		list = append(list, layouts.Described{Exhibit: a.Exhibit, Path: a.Path.String(), Description: a.Description})
	}
	proposals, err := layouts.Propose(list, nil)
	if err != nil || len(proposals) != 1 {
		t.Fatal(proposals, err)
	}
	l := proposals[0].Layout
	if fmt.Sprintln(l["columns"], l["for"], l["name"]) != "[time from to ip text] [**/log/chat-*.log] log\n" {
		t.Error(l)
	}
	for _, unconfirmed := range []bool{true, false} {
		delete(l, "unconfirmed")
		if unconfirmed {
			l["unconfirmed"] = true
		}
		body, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layouts.Add(t.Context(), c, body); err != nil {
			t.Fatal(err)
		}
		for _, a := range run(t, e).Artifacts {
			read := strings.HasPrefix(a.Path.String(), "log/")
			if (a.Guessed == "log") != (read && unconfirmed) || read && (a.Description != nil) != unconfirmed {
				t.Errorf("unconfirmed %v: %s is read by the guess %q, %s", unconfirmed, a.Path.String(), a.Guessed, a.Description)
			}
		}
		n := 0
		if err := view.Records(t.Context(), c, view.Filter{Kind: "message"}, func(line []byte) error {
			n++
			if strings.Contains(string(line), `"layout_unconfirmed"`) != unconfirmed {
				t.Errorf("unconfirmed %v: %s", unconfirmed, line)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != 40 {
			t.Errorf("%d messages", n)
		}
	}
	if again := run(t, e); again.Executed != 0 {
		t.Errorf("%d runs although there was nothing to do", again.Executed)
	}
}

// A profile that the program made of what a key opens is told from one that a person states.
func TestFoundByTrial(t *testing.T) {
	for body, want := range map[string]bool{
		`{"name":"found-des-ecb-line-1","source":"found by trial in this case"}`: true, `{"name":"found-1","source":"a paper"}`: false, `{}`: false, `[`: false,
	} {
		if engine.FoundByTrial([]byte(body)) != want {
			t.Error(body)
		}
	}
}
