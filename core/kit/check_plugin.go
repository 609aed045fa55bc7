package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/manifest"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// manifest: plugin.json is what its schema says, tells people what they need, and
// the program beside it is built from the sources as they are.
func (k *kit) manifest(_ context.Context, f *findings) error {
	text, err := k.plugin.ReadFile(host.ManifestFile)
	if err != nil {
		return err
	}
	if err := manifest.Check(text); err != nil {
		f.fault(Fault{Where: host.ManifestFile, What: err.Error(), Do: "exhibit plugin docs --schema prints what it may hold"})
	}
	m := k.plugin.Manifest
	for name, value := range map[string]string{"title": m.Title, "description": m.Description, "licence": m.Licence} {
		if value == "" {
			f.fault(Fault{Where: host.ManifestFile, What: name + " is empty", Do: "people read it before they install the plugin"})
		}
	}
	if !m.Deterministic {
		f.fault(Fault{Where: host.ManifestFile, What: "deterministic is false", Do: "a run is a pure function of its input and configuration; make it so, and say so"})
	}
	for _, op := range m.Operations {
		switch {
		case evidence.OverRecords(op.Operation): // it is not routed: it reads records when it is asked to
		case len(op.Accepts) == 0:
			f.fault(Fault{Where: host.ManifestFile, What: op.Operation + " accepts nothing", Do: "say which inputs it reads: it is never given any other"})
		case slices.ContainsFunc(op.Accepts, manifest.AcceptsAll):
			f.fault(Fault{Where: host.ManifestFile, What: op.Operation + " accepts everything: one of its accepts states no condition", Do: "state magic bytes, paths or media types"})
		case op.Operation == evidence.OpParse && len(op.Emits) == 0:
			f.fault(Fault{Where: host.ManifestFile, What: "parse emits nothing", Do: "list the kinds of records that it makes"})
		}
	}
	if newer := k.place.stale(m.Program); newer != "" {
		f.fault(Fault{Where: m.Program, What: "it is older than " + newer, Do: "build the plugin again; README.md says how"})
	}
	f.pass("%s %s, %s, %s; %s, %s", m.Name, m.Version, m.Runtime, operations(m), counted(len(k.plugin.Files), "file"), k.plugin.Digest)
	return nil
}

func operations(m evidence.PluginManifest) string {
	var b bytes.Buffer
	for i, op := range m.Operations {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(op.Operation)
	}
	return b.String()
}

// identity: the program says of itself what the manifest says, and nothing of the
// directory changes by that. (In other surroundings, and to a host of another version,
// it says the same where surroundings passes.)
func (k *kit) identity(ctx context.Context, f *findings) error {
	report, err := k.here.Check(ctx, k.plugin)
	switch {
	case errors.Is(err, evidence.ErrRefused):
		k.dead, k.report.Refused = true, true
		f.fault(Fault{Where: k.plugin.Manifest.Program, What: err.Error(), Do: "name, version and operations must be those of " + host.ManifestFile})
		return nil
	case errors.Is(err, evidence.ErrPlugin):
		k.dead = true
		k.crash.Store(true)
		f.fault(Fault{Where: k.plugin.Manifest.Program, What: err.Error(), Do: "it must start, and say what it is, without any input"})
		return nil
	}
	if err != nil {
		return err
	}
	var in struct{ Level string }
	if err := json.Unmarshal(report, &in); err != nil {
		return err
	}
	k.report.Level = in.Level
	f.pass("the program is what its manifest says, at sandbox level %s", in.Level)
	if again, err := k.loader.Load(k.place.plugin); err != nil || again.Digest != k.plugin.Digest {
		f.fault(Fault{Where: k.place.plugin, What: "its files changed while it was tested", Do: "build first, then test"})
	}
	return nil
}

// leftovers: when all is over nothing is left, and what ran is what was loaded.
func (k *kit) leftovers(_ context.Context, f *findings) error {
	again, err := k.loader.Load(k.place.plugin)
	if err != nil {
		return err
	}
	if again.Digest != k.plugin.Digest {
		for _, name := range slices.Sorted(maps.Keys(again.Files)) {
			if again.Files[name] != k.plugin.Files[name] {
				f.fault(Fault{Where: name, What: "it changed while the plugin was tested", Do: "build first, then test"})
			}
		}
	}
	names, err := k.inWork()
	if err != nil {
		return err
	}
	for _, name := range names {
		f.fault(Fault{Where: name, What: "the plugin left a file behind", Do: "a plugin writes records, diagnostics and artifacts, and nothing else"})
	}
	for _, s := range k.samples {
		if s.base != nil && len(s.base.result.Stderr) > 0 {
			f.fault(Fault{Where: s.name, What: fmt.Sprintf("%d bytes on standard error", len(s.base.result.Stderr)), Do: "say it by a diagnostic: standard error is for crashes", Detail: []string{shown(string(s.base.result.Stderr))}})
		}
	}
	f.pass("no file is left, and standard error is silent")
	return nil
}

// hostFiles begins the names of directories of the host's own: what scripts may read.
const hostFiles = "files-"

// inWork lists what lies in the directories of the plugin's processes besides sockets.
func (k *kit) inWork() ([]string, error) {
	var out []string
	err := filepath.WalkDir(k.o.Work, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
				return nil
			}
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), hostFiles) {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			out = append(out, name)
		}
		return nil
	})
	return out, err
}
