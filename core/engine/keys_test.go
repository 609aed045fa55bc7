package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// TestNothingButTheDirectory gives an open directory and its zone, and no key and no
// layout: the keys are found where they lie, the layouts are proposed, and with a
// person's answer to what the data do not say every record of the truth comes out.
func TestNothingButTheDirectory(t *testing.T) {
	for name, v := range map[string]corpus.Variant{
		"des":      {},
		"aes":      {Cipher: "aes", KeyBytes: 32, Delimiter: "|", Order: []int{4, 0, 1, 2, 3, 5, 6}},
		"3des cbc": {Cipher: "3des", CBC: true, KeyBytes: 24, Delimiter: ";", Order: []int{0, 4, 3, 1, 2, 5, 6}},
		"aes cbc":  {Cipher: "aes", CBC: true, KeyBytes: 16, Delimiter: "||"},
		"blowfish": {Cipher: "blowfish", KeyBytes: 13, Delimiter: "~", Order: []int{4, 1, 2, 3, 0, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			slow.Test(t)
			dir := t.TempDir()
			if err := corpus.Write(dir, corpus.Options{Seed: 23, Variant: v}); err != nil {
				t.Fatal(err)
			}
			unaided(t, filepath.Join(dir, "server"), filepath.Join(dir, "truth"))
		})
	}
	t.Run("sample", func(t *testing.T) {
		slow.Test(t)
		dir := "../../../shared/data/tom-open-directory"
		if _, err := os.Stat(dir); err != nil {
			t.Skip("NOT TESTED: the sample is not at ../shared/data/tom-open-directory")
		}
		unaided(t, filepath.Join(dir, "a3.skype.example"), filepath.Join(dir, "truth"))
	})
}

func unaided(t *testing.T, evidenceDir, truthDir string) {
	c := newCase(t, evidenceDir, "+08:00")
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, readers, lookers) })
	r := run(t, e)
	var places []string
	for _, k := range r.Keys {
		if at := k.At + " " + k.Encoding; !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	conf, err := os.ReadFile(filepath.Join(evidenceDir, "conf/server.conf"))
	if err != nil {
		t.Fatal(err)
	}
	hexed, err := os.ReadFile(filepath.Join(evidenceDir, "conf/enc.key"))
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(conf), "encrypt_key=") + len("encrypt_key=")
	length := strings.IndexByte(string(conf[at:]), '\n')
	want := []string{fmt.Sprintf("EX-001:conf/enc.key:0:%d hex", len(hexed)-1), fmt.Sprintf("EX-001:conf/server.conf:%d:%d raw", at, length)}
	if !slices.Equal(places, want) {
		t.Fatalf("keys at %q, want %q", places, want)
	}
	inTheClear(t, c, string(conf[at:at+length]))
	if again := run(t, e); again.Executed != 0 {
		t.Errorf("%d runs although there was nothing to do", again.Executed)
	}
	if _, err := layouts.Add(t.Context(), c, answered(t, c, r)); err != nil {
		t.Fatal(err)
	}
	run(t, e)
	compare(t, c, filepath.Join(truthDir, "records.jsonl"))
	rep, err := verify.Case(t.Context(), c.Dir(), verify.Options{Now: options().Now})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Findings) > 0 {
		t.Errorf("verify: %v", rep.Findings)
	}
}

// answered are the proposals with what a person knows: which flag means what.
func answered(t *testing.T, c *store.Case, r *engine.Report) []byte {
	t.Helper()
	var list []layouts.Described
	for _, a := range r.Artifacts {
		list = append(list, layouts.Described{Exhibit: a.Exhibit, Path: a.Path.String(), Description: a.Description})
	}
	proposals, err := layouts.Propose(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	for _, p := range proposals {
		if d, ok := p.Layout["direction"].(map[string]any); ok {
			if !slices.ContainsFunc(p.Ask, func(a string) bool { return strings.HasPrefix(a, "direction:") }) {
				t.Error("nobody is asked what the direction flag means")
			}
			d["0"], d["1"] = "outgoing", "incoming"
		}
		out = append(out, p.Layout)
	}
	if len(out) != 2 {
		t.Errorf("%d proposals, want that of the messages and that of the calls", len(out))
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// inTheClear: the key stands nowhere in the log, nor in a record set.
func inTheClear(t *testing.T, c *store.Case, key string) {
	t.Helper()
	if key == corpus.FirstKey {
		return // it is published, and stands in a profile
	}
	for e, err := range c.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		text := string(e.Body)
		for _, o := range e.Openings {
			text += string(o.Value)
		}
		if strings.Contains(text, key) {
			t.Errorf("entry %d holds the key", e.Seq)
		}
	}
	state, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range state.Keys {
		if k.Found == nil || k.Form != keyring.AtPlace {
			t.Errorf("key %s does not say who found it", k.Name)
		}
	}
}

// Without looking for keys nothing is found, and what is closed is described.
func TestNoKeyFind(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Write(dir, corpus.Options{Seed: 29}); err != nil {
		t.Fatal(err)
	}
	c := newCase(t, filepath.Join(dir, "server"), "+08:00")
	e := newEngine(t, c, func(o *engine.Options) {
		o.PluginDirs, o.NoKeyFind = append(o.PluginDirs, lookers), true
	})
	r := run(t, e)
	if len(r.Keys) != 0 {
		t.Errorf("keys: %v", r.Keys)
	}
	described := 0
	for _, a := range r.Artifacts {
		if a.Description != nil {
			described++
		}
		for _, run := range a.Runs {
			if evidence.Surveys(run.Operation) {
				t.Errorf("%s counts as read by %s", a.Path.Text, run.Operation)
			}
		}
	}
	if described < 5 {
		t.Errorf("%d descriptions", described)
	}
}

// TestSearchIsBounded: what a search for keys costs does not grow with the case. The
// key is found among the many, what is beside the file that it opens is opened with
// it, and what was left out is said, until all of it is asked for.
func TestSearchIsBounded(t *testing.T) {
	slow.Test(t)
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 7))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	put := func(name string, b []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 120 {
		put(fmt.Sprintf("noise/%03d.dat", i), noise(200))
	}
	for i := range 400 {
		put(fmt.Sprintf("etc/%03d.ini", i), fmt.Appendf(nil, "[part]\nname=%x\n", noise(6)))
	}
	e := newEngine(t, newCase(t, dir, "+08:00"), func(o *engine.Options) { o.PluginDirs = []string{lookers} })
	r := run(t, e)
	if k := r.KeySearch; k == nil || k.Targets > 40 || k.Sources > 400 || k.TargetsLeft < 80 || k.SourcesLeft < 120 {
		t.Fatalf("searched: %+v", k)
	}
	if len(r.Keys) != 0 {
		t.Errorf("keys of noise: %+v", r.Keys)
	}
	if again := run(t, e); again.Executed != 0 {
		t.Errorf("%d runs the second time", again.Executed)
	}
}
