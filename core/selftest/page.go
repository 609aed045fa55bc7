package selftest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/evidence"
)

//go:embed page.html
var pageHTML string

// group is the tests of one part of the program.
type group struct {
	Name, Title string
	Tests       []Test
	Passed      int
	// Rejects is how many of them are refusals.
	Rejects int
}

// groups are the tests by what they are about, in the order of the record.
func (r *Record) groups() []group {
	var out []group
	for _, t := range r.Tests {
		name, title := groupOf(t.ID)
		i := slices.IndexFunc(out, func(g group) bool { return g.Name == name })
		if i < 0 {
			out, i = append(out, group{Name: name, Title: title}), len(out)
		}
		g := &out[i]
		g.Tests = append(g.Tests, t)
		if t.Result == Pass {
			g.Passed++
		}
		if t.Rejects {
			g.Rejects++
		}
	}
	return out
}

func groupOf(id string) (name, title string) {
	first, rest, _ := strings.Cut(id, "/")
	if first == "plugin" {
		plugin, _, _ := strings.Cut(rest, "/")
		return "plugin " + plugin, "Plugin " + plugin
	}
	for _, g := range []struct{ name, title string }{
		{"hash", "Hash functions"},
		{"canonical", "Canonical JSON"},
		{"ed25519", "Signatures: Ed25519"},
		{"sshsig", "Signatures: SSH"},
		{"log", "The custody log: entries, trees, commitments, checkpoints"},
		{"proof", "Proofs"},
		{"case", "A case made here: storage, verification, tampering"},
		{"signer", "Signing: what an identity refuses"},
	} {
		if g.name == first {
			return g.name, g.title
		}
	}
	return first, first
}

// Text writes what the tests came to, a line a group, and all of each that did not pass.
func (r *Record) Text(w io.Writer) error {
	var b strings.Builder
	for _, g := range r.groups() {
		mark := "pass"
		if g.Passed < len(g.Tests) {
			mark = "FAIL"
			if !slices.ContainsFunc(g.Tests, func(t Test) bool { return t.Result == Fail }) {
				mark = "----"
			}
		}
		fmt.Fprintf(&b, "%s  %-20s %3d of %d as expected, %d of them refusals\n", mark, g.Name, g.Passed, len(g.Tests), g.Rejects)
	}
	for _, t := range r.Tests {
		if t.Result != Fail {
			continue
		}
		fmt.Fprintf(&b, "\nFAIL  %s: %s\n      expected  %s\n      observed  %s\n", t.ID, t.What, lineOf(t.Expected), lineOf(t.Observed))
		for _, l := range t.Detail {
			fmt.Fprintf(&b, "      %s\n", lineOf(l))
		}
	}
	for _, g := range r.groups() {
		why := map[string]int{}
		for _, t := range g.Tests {
			if t.Result == NotRun {
				why[t.Observed]++
			}
		}
		for _, reason := range slices.Sorted(maps.Keys(why)) {
			fmt.Fprintf(&b, "\nnot tried  %s: %s\n", g.Name, lineOf(reason))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lineOf is a value on one line.
func lineOf(s string) string { return plain.Visible(s, plain.Showable) }

// Sentence says what all came to.
func (r *Record) Sentence() string {
	n := len(r.Tests)
	switch r.Result {
	case Pass:
		return fmt.Sprintf("PASSED: all %d known answers are as expected.", n)
	case Incomplete:
		return fmt.Sprintf("INCOMPLETE: %d of %d known answers are as expected, and %d were not tried.", r.Counts[Pass], n, r.Counts[NotRun])
	}
	return fmt.Sprintf("FAILED: %d of %d known answers are not as expected. Do not work on a case with this installation until it is known why.", r.Counts[Fail], n)
}

// Page writes the record for people: one HTML file, no scripts, no network, prints well.
// file is the name of the record's own file beside it, digest its SHA-256.
func (r *Record) Page(w io.Writer, file string, digest evidence.Digest) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"line": lineOf,
		"cut": func(s string) string {
			const most = 150
			if s = lineOf(s); len(s) > most {
				s = strings.ToValidUTF8(s[:most], "") + " …"
			}
			return s
		},
		"class": func(x Result) string { return strings.ReplaceAll(string(x), "_", "") },
		"word": func(x Result) string {
			return map[Result]string{Pass: "as expected", Fail: "NOT AS EXPECTED", NotRun: "not tried"}[x]
		},
		"counted": func(x string) int64 { return r.Counts[Result(x)] },
		"bytes":   func(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) },
	}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("selftest: page: %w", err)
	}
	bad := slices.DeleteFunc(slices.Clone(r.Tests), func(t Test) bool { return t.Result == Pass })
	err = t.Execute(w, map[string]any{"R": r, "Bad": bad, "Groups": r.groups(), "Sentence": r.Sentence(), "File": file, "Digest": digest.Hex(), "Namespace": Namespace})
	if err != nil {
		return fmt.Errorf("selftest: page: %w", err)
	}
	return nil
}
