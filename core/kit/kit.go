package kit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Result is what a check came to.
type Result string

// Results.
const (
	Pass Result = "PASS"
	Fail Result = "FAIL"
	// Skip: not checked, and Found says why.
	Skip Result = "SKIP"
)

// Check is one promise that a plugin makes, and whether it was kept.
type Check struct {
	Name   string        `json:"check"`
	Result Result        `json:"result"`
	Found  string        `json:"found"`
	Faults []Fault       `json:"faults,omitempty"`
	Took   time.Duration `json:"-"`
}

// Fault is one way in which a promise was not kept.
type Fault struct {
	// Where names the sample, and the input made of it.
	Where string `json:"where"`
	What  string `json:"what"`
	// Do says what to do about it.
	Do string `json:"do,omitempty"`
	// Detail shows fields and bytes; it may quote the sample.
	Detail []string `json:"detail,omitempty"`
}

// Options is what the kit needs from its surroundings.
type Options struct {
	// Dir is the plugin's directory, or one that holds it as plugin/.
	Dir string
	// Testdata holds the samples; "" is testdata/ in the plugin's directory.
	Testdata string
	// Accept writes goldens instead of comparing with them.
	Accept bool
	// Thorough tries many more damaged inputs, and takes its time.
	Thorough bool
	// Only is a check or a sample to which the kit keeps; "" for all.
	Only string
	// Launcher starts a plugin (host.Config); OtherLauncher does so in other surroundings.
	Launcher, OtherLauncher []string
	// Work is a private directory, created if missing.
	Work         string
	RequireLevel string
	HostVersion  string
	Now          func() time.Time
}

// Report is all that was found.
type Report struct {
	Plugin *host.Plugin
	// Level is that of the sandbox in which the plugin was tested.
	Level  string
	Checks []Check
	// Accepted are goldens that were written.
	Accepted []Accepted
	// Refused: the host would not run the plugin.
	Refused bool
	// Crashed: a process crashed, hung or broke the protocol.
	Crashed bool
}

// Failed counts the checks that failed.
func (r *Report) Failed() (n int) {
	for _, c := range r.Checks {
		if c.Result == Fail {
			n++
		}
	}
	return n
}

// kit is one test of one plugin.
type kit struct {
	o       Options
	place   place
	plugin  *host.Plugin
	samples []*sample
	// here is a host as cases have it, there one whose processes live in other surroundings.
	here, there *host.Host
	report      *Report
	crash       atomic.Bool
	// dead: it cannot be started, so that nothing else can be seen of it.
	dead   bool
	loader *host.Loader
}

// Run tests the plugin. An error says that it could not be tested: there is no
// plugin at Dir (evidence.ErrNotFound, evidence.ErrFormat), or this computer cannot
// do it. What is wrong with the plugin is in the Report.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	k := &kit{o: o, report: &Report{}, loader: host.SystemLoader()}
	if k.place, err = find(o.Dir); err != nil {
		return nil, err
	}
	if k.plugin, err = k.loader.Load(k.place.plugin); err != nil {
		return nil, fmt.Errorf("kit: %w", err)
	}
	k.report.Plugin = k.plugin
	if err := k.read(); err != nil {
		return nil, err
	}
	if k.here, err = k.newHost("here", o.Launcher, runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, k.here.Close()) }()
	if k.there, err = k.newHost("there", o.OtherLauncher, 1); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, k.there.Close()) }()
	if err := k.all(ctx); err != nil {
		return nil, err
	}
	k.report.Crashed = k.crash.Load()
	k.report.Checks = slices.DeleteFunc(k.report.Checks, func(c Check) bool { return !k.wants(c.Name) })
	return k.report, nil
}

func (k *kit) read() (err error) {
	dir := k.o.Testdata
	if dir == "" {
		dir = filepath.Join(k.place.plugin, "testdata")
	}
	if k.samples, err = readSamples(dir, k.plugin.Manifest); err != nil {
		return err
	}
	if k.o.Only == "" || slices.Contains(checkNames(), k.o.Only) {
		return nil
	}
	all := k.samples
	k.samples = slices.DeleteFunc(slices.Clone(all), func(s *sample) bool { return s.name != filepath.Base(k.o.Only) })
	if len(k.samples) == 0 {
		return fmt.Errorf("kit: %w: %q is neither a check (%s) nor a sample", evidence.ErrNotFound, k.o.Only, strings.Join(checkNames(), ", "))
	}
	return nil
}

// wants reports whether a check was asked for.
func (k *kit) wants(name string) bool {
	return k.o.Only == "" || k.o.Only == name || !slices.Contains(checkNames(), k.o.Only)
}

// newHost makes a host. That of other surroundings is of another version too, which
// plugins are told and must not heed.
func (k *kit) newHost(name string, launcher []string, processes int) (*host.Host, error) {
	version := k.o.HostVersion
	if name == "there" {
		version = "999.0.0"
	}
	h, err := host.New(host.Config{
		Launcher: launcher, Dir: filepath.Join(k.o.Work, name), RequireLevel: k.o.RequireLevel, Processes: processes,
		Limits: host.Limits{Start: 30 * time.Second, Progress: hangs, Total: 5 * time.Minute},
		Now:    k.o.Now, Log: slog.New(slog.DiscardHandler), HostVersion: version, Beside: k.here,
	})
	if err != nil {
		return nil, fmt.Errorf("kit: %w", err)
	}
	return h, nil
}

// hangs is how long a plugin may show no sign of progress before it counts as hung.
const hangs = 10 * time.Second

// step is one check's work.
type step struct {
	name string
	do   func(context.Context, *findings) error
}

func (k *kit) steps() (first, second, last []step) {
	first = []step{{"manifest", k.manifest}, {"imports", k.imports}, {"identity", k.identity}}
	second = []step{
		{"golden", k.golden},
		{"spans", k.spans},
		{"repeat", k.repeat},
		{"surroundings", k.surroundings},
		{"tiny", k.tiny},
		{"foreign", k.foreign},
		{"cut", k.cut},
		{"flipped", k.flipped},
		{"limits", k.limits},
		{"keys", k.keys},
		{"progress", k.progress},
		{"cancel", k.cancel},
	}
	last = []step{{"growth", k.growth}, {"leftovers", k.leftovers}}
	return first, second, last
}

// checkNames lists the checks in the order of the report.
func checkNames() []string {
	var names []string
	first, second, last := (&kit{}).steps()
	for _, s := range slices.Concat(first, second, last) {
		names = append(names, s.name)
	}
	return names
}

// all runs the checks: those that must come first, the bulk side by side, and those
// that look at a quiet process.
func (k *kit) all(ctx context.Context) error {
	first, second, last := k.steps()
	for _, s := range first {
		if err := k.one(ctx, s); err != nil {
			return err
		}
	}
	if k.dead {
		return nil
	}
	if err := k.base(ctx); err != nil {
		return err
	}
	checks := make([]Check, len(second))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range second {
		if !k.wants(s.name) {
			continue
		}
		g.Go(func() (err error) {
			checks[i], err = k.check(gctx, s)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	k.report.Checks = append(k.report.Checks, slices.DeleteFunc(checks, func(c Check) bool { return c.Name == "" })...)
	for _, s := range last {
		if !k.wants(s.name) {
			continue
		}
		if err := k.one(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (k *kit) one(ctx context.Context, s step) error {
	c, err := k.check(ctx, s)
	k.report.Checks = append(k.report.Checks, c)
	return err
}

func (k *kit) check(ctx context.Context, s step) (Check, error) {
	start := k.o.Now()
	f := &findings{}
	if err := s.do(ctx, f); err != nil {
		return Check{}, fmt.Errorf("kit: %s: %w", s.name, err)
	}
	c := f.check(s.name)
	c.Took = k.o.Now().Sub(start)
	return c, nil
}
