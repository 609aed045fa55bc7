package replay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// job is a run that can be made again.
type job struct {
	run    evidence.Run
	plugin *host.Plugin
	keys   []host.Key
	// lacks are keys that it was offered, did not use, and that are gone.
	lacks  []string
	limits host.Limits
}

func (j job) result(kind Kind, reason string) *Result {
	r := resultOf(&j.run, kind, reason)
	r.Here = j.plugin.Digest
	return &r
}

func resultOf(run *evidence.Run, kind Kind, reason string) Result {
	return Result{Run: run.ID, Plugin: run.Plugin, Operation: run.Operation, Input: run.Main(), Kind: kind, Reason: reason}
}

// byHost: the host ended the run by a limit, at a moment that is not the same twice.
func byHost(reason string) bool { return strings.HasPrefix(reason, "over its limits: ") }

// prepare says why a run cannot be made again, or how.
func (r *replayer) prepare(run evidence.Run) (job, *Result) {
	not := func(kind Kind, format string, args ...any) (job, *Result) {
		res := resultOf(&run, kind, fmt.Sprintf(format, args...))
		return job{}, &res
	}
	switch {
	case run.Outcome == evidence.OutcomeFailed:
		return not(NotComparable, "it failed, and left nothing to compare with: %s", run.Reason)
	case run.Outcome == evidence.OutcomePartial && byHost(run.Reason):
		return not(NotComparable, "a limit ended it at a moment that is not the same twice: %s", run.Reason)
	}
	i := slices.IndexFunc(r.o.Plugins, func(p *host.Plugin) bool { return p.Digest == run.Plugin.SHA256 })
	if i < 0 {
		i = slices.IndexFunc(r.o.Plugins, func(p *host.Plugin) bool { return p.Manifest.Name == run.Plugin.Name })
		if i < 0 {
			return not(PluginMissing, "plugin %s %s (%s) is not here", run.Plugin.Name, run.Plugin.Version, run.Plugin.SHA256)
		}
		p := r.o.Plugins[i]
		j, res := not(PluginDiffers, "recorded with plugin %s %s (%s), here is %s %s (%s)%s", run.Plugin.Name, run.Plugin.Version, run.Plugin.SHA256,
			p.Manifest.Name, p.Manifest.Version, p.Digest, r.lock.differing(run.Plugin, p))
		res.Here = p.Digest
		return j, res
	}
	j := job{run: run, plugin: r.o.Plugins[i]}
	if !slices.ContainsFunc(j.plugin.Manifest.Operations, func(o evidence.PluginOperation) bool { return o.Operation == run.Operation }) {
		return not(NotDone, "the plugin does not offer %s", run.Operation)
	}
	if missing := r.withKeys(&j); len(missing) > 0 {
		return not(KeyMissing, "keys that it used are not at hand: %s", strings.Join(missing, ", "))
	}
	var err error
	if j.limits, err = limitsOf(run.Limits); err != nil {
		return not(NotDone, "its limits are not recorded as the format has them")
	}
	return j, nil
}

// withKeys gives the job the keys that the run was offered, and returns those that it
// used and that are gone.
func (r *replayer) withKeys(j *job) (missing []string) {
	keys := r.keys
	if r.secret != nil { // a published one goes under that name, as in the run
		keys = slices.Concat(r.published(j), keys)
	}
	for _, fingerprint := range j.run.Offered {
		i := slices.IndexFunc(keys, func(k keyring.Key) bool { return k.Fingerprint == fingerprint })
		switch {
		case i >= 0:
			j.keys = append(j.keys, host.Key{Fingerprint: keys[i].Fingerprint, Name: keys[i].Name, Value: keys[i].Value})
		case slices.Contains(j.run.Keys, fingerprint):
			missing = append(missing, fingerprint)
		default:
			j.lacks = append(j.lacks, fingerprint)
		}
	}
	return missing
}

// published are the keys that profiles state: the plugin's own and the examiner's.
func (r *replayer) published(j *job) []keyring.Key {
	var profiles []json.RawMessage
	if name := j.plugin.Manifest.Profiles; name != "" {
		if text, err := j.plugin.ReadFile(name); err == nil {
			_ = json.Unmarshal(text, &profiles) // a plugin whose profiles do not parse offers no keys
		}
	}
	for _, p := range r.state.Profiles {
		profiles = append(profiles, p.Body)
	}
	var config struct {
		Profiles []json.RawMessage `json:"profiles"`
	}
	_ = json.Unmarshal(j.run.Config, &config) // canonical JSON; without the member there are none
	keys, err := keyring.PublishedIn(r.secret, append(profiles, config.Profiles...))
	if err != nil {
		return nil
	}
	return keys
}

// limitsOf reads the limits of a run's row (docs/formats/plugin.md). Time is given
// twice: a slower machine is no finding.
func limitsOf(b json.RawMessage) (host.Limits, error) {
	var l struct {
		Artifacts   int64 `json:"artifacts"`
		Depth       int64 `json:"depth"`
		Diagnostics int64 `json:"diagnostics"`
		Memory      int64 `json:"memory"`
		OutputBytes int64 `json:"output_bytes"`
		Progress    int64 `json:"progress_ms"`
		Ratio       int64 `json:"ratio"`
		RecordBytes int64 `json:"record_bytes"`
		Records     int64 `json:"records"`
		Total       int64 `json:"total_ms"`
	}
	if len(b) == 0 {
		return host.Limits{}, nil
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return host.Limits{}, fmt.Errorf("%w: limits", evidence.ErrFormat)
	}
	const most = int64(1 << 53)
	for _, n := range []int64{l.Artifacts, l.Depth, l.Diagnostics, l.Memory, l.OutputBytes, l.Progress, l.Ratio, l.RecordBytes, l.Records, l.Total} {
		if n < 0 || n > most {
			return host.Limits{}, fmt.Errorf("%w: limits", evidence.ErrFormat)
		}
	}
	twice := func(ms int64) time.Duration { return 2 * time.Duration(min(ms, 1<<40)) * time.Millisecond }
	return host.Limits{
		Records: l.Records, Diagnostics: l.Diagnostics, Artifacts: l.Artifacts, RecordBytes: l.RecordBytes, OutputBytes: l.OutputBytes,
		Ratio: l.Ratio, Depth: l.Depth, Memory: l.Memory, Progress: twice(l.Progress), Total: twice(l.Total),
	}, nil
}

// lock is plugins.lock.json: which files the recorded plugins were made of.
type lock map[string]struct {
	SHA256 evidence.Digest   `json:"sha256"`
	Files  map[string]string `json:"files"`
}

// maxLock bounds what is read of plugins.lock.json.
const maxLock = 64 << 20

// readLock reads it where it can be read: it only explains.
func readLock(dir string) lock {
	path := filepath.Join(dir, "plugins.lock.json")
	if info, err := os.Stat(path); err != nil || info.Size() > maxLock {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var l struct {
		Plugins lock `json:"plugins"`
	}
	if json.Unmarshal(b, &l) != nil {
		return nil
	}
	return l.Plugins
}

// maxDiffering is how many files are named that differ.
const maxDiffering = 4

// differing names the files by which a plugin differs from the recorded one; the
// interpreter of a script is one of them.
func (l lock) differing(was evidence.PluginRef, is *host.Plugin) string {
	e, ok := l[was.Name]
	if !ok || e.SHA256 != was.SHA256 {
		return ""
	}
	names := map[string]bool{}
	for name := range e.Files {
		names[name] = true
	}
	for name := range is.Files {
		names[name] = true
	}
	var out []string
	for name := range names {
		here := "not here"
		if d, ok := is.Files[name]; ok {
			here = "here " + d.Hex()
		}
		recorded := e.Files[name]
		if recorded == "" {
			recorded = "not there then"
		}
		if here != "here "+recorded {
			out = append(out, fmt.Sprintf("%s: %s, %s", name, recorded, here))
		}
	}
	slices.Sort(out)
	if n := len(out); n > maxDiffering {
		out = append(out[:maxDiffering], fmt.Sprintf("and %d more", n-maxDiffering))
	}
	return "; by its files: " + strings.Join(out, "; ")
}
