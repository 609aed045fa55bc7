package selftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// mostDetail is how many lines of a difference a test holds, each of at most mostLine bytes.
const mostDetail, mostLine = 40, 400

// plugins runs the samples of every bundled plugin through the host.
func (t *tester) plugins(ctx context.Context) (err error) {
	t.record.Sandbox = Sandbox{Required: t.o.Host.RequireLevel, Features: []string{}}
	if t.record.Sandbox.Required == "" {
		t.record.Sandbox.Required = sandbox.L2
	}
	for _, p := range t.o.Plugins {
		files := map[string]string{}
		for name, d := range p.Files {
			files[name] = d.Hex()
		}
		t.record.Plugins = append(t.record.Plugins, Plugin{Name: p.Manifest.Name, Version: p.Manifest.Version, SHA256: p.Digest.String(), Files: files})
	}
	bundled, err := Bundled(t.o.Samples)
	if err != nil {
		return err
	}
	h, err := host.New(t.o.Host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for _, m := range bundled {
		if err := t.plugin(ctx, h, m); err != nil {
			return err
		}
	}
	return nil
}

// Bundled are the manifests of the plugins of which samples holds any, by name.
func Bundled(samples fs.FS) ([]evidence.PluginManifest, error) {
	names, err := fs.Glob(samples, "plugins/*/plugin.json")
	if err != nil {
		return nil, err
	}
	var out []evidence.PluginManifest
	for _, name := range names {
		b, err := fs.ReadFile(samples, name)
		if err != nil {
			return nil, err
		}
		var m evidence.PluginManifest
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, evidence.ErrFormat, err)
		}
		out = append(out, m)
	}
	return out, nil
}

// plugin runs one bundled plugin's samples; where it is not installed, they are listed as not run.
func (t *tester) plugin(ctx context.Context, h *host.Host, m evidence.PluginManifest) error {
	dir := filepath.Join(t.o.Work, "samples", m.Name)
	from, err := fs.Sub(t.o.Samples, path.Join("plugins", m.Name, "testdata"))
	if err == nil {
		err = os.CopyFS(dir, from)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // one without samples is one without answers
		return err
	}
	var installed *host.Plugin
	at := slices.IndexFunc(t.o.Plugins, func(p *host.Plugin) bool { return p.Manifest.Name == m.Name })
	if at >= 0 {
		installed = t.o.Plugins[at]
	}
	answers, err := kit.Answers(ctx, h, installed, m, dir)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", m.Name, err)
	}
	if len(answers) == 0 {
		t.put(Test{ID: "plugin/" + m.Name, What: m.Name, Source: "plugins/" + m.Name + "/testdata", Expected: "known answers", Observed: "this program has none", Result: NotRun})
	}
	for _, a := range answers {
		k := known{
			id: "plugin/" + m.Name + "/" + a.Operation + "/" + a.Sample, what: fmt.Sprintf("%s of %s over the sample %s", a.Operation, m.Name, a.Sample),
			source: "plugins/" + m.Name + "/testdata", rejects: a.Rejects, expected: a.Want,
		}
		if installed == nil {
			t.put(Test{ID: k.id, What: k.what, Source: k.source, Rejects: k.rejects, Expected: k.expected, Observed: "the plugin is not installed", Result: NotRun})
			continue
		}
		t.record.Plugins[at].Tested++
		t.refused, t.crashed = t.refused || a.Refused, t.crashed || a.Crash != "" && !a.Refused
		t.inForce(a.Sandbox)
		t.add(k, a.Got, bounded(a.Differs))
	}
	return nil
}

// inForce keeps the weakest of the sandboxes that plugins ran in.
func (t *tester) inForce(report json.RawMessage) {
	var s struct {
		Features []string
		Level    string
	}
	if json.Unmarshal(report, &s) != nil || s.Level == "" {
		return
	}
	if now := &t.record.Sandbox; now.Level == "" || !sandbox.Reaches(s.Level, now.Level) {
		now.Level, now.Features = s.Level, s.Features
	}
}

// bounded is lines as a record may hold them.
func bounded(lines []string) (out []string) {
	for i, l := range lines {
		if i == mostDetail {
			return append(out, fmt.Sprintf("and %d lines more", len(lines)-i))
		}
		if l = strings.ToValidUTF8(l, "\uFFFD"); len(l) > mostLine {
			l = strings.ToValidUTF8(l[:mostLine], "") + " …"
		}
		out = append(out, l)
	}
	return out
}

// Samples are those of the bundled plugins that this program was built with.
func Samples() fs.FS { return exhibit.Samples }
