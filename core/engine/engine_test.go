package engine_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// plugins is where TestMain built the bundled plugins that most tests need, and
// readers where those that take an input by its name or its content.
var plugins, readers string

// lookers is where the plugin is that looks into what no other opens.
var lookers string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "engine-test")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		plugins = dir
		for _, name := range []string{"unpack", "tomskype"} {
			build(name, filepath.Join(dir, name))
		}
		if readers, err = os.MkdirTemp("", "engine-test"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(readers)
		for _, name := range []string{"sms", "accounts"} {
			build(name, filepath.Join(readers, name))
		}
		if lookers, err = os.MkdirTemp("", "engine-test"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(lookers)
		build("cipherfind", filepath.Join(lookers, "cipherfind"))
		return m.Run()
	}())
}

// build makes one bundled plugin.
func build(name, to string) {
	if err := buildplugin.Build("../../plugins/"+name, to); err != nil {
		panic(err)
	}
}

func options() store.Options {
	return store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}
}

// newCase makes a case and takes dir into it.
func newCase(t testing.TB, dir, zone string) *store.Case {
	t.Helper()
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), options(), store.Init{Lab: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	add(t, c, dir, zone)
	return c
}

func add(t testing.TB, c *store.Case, dir, zone string) {
	t.Helper()
	if _, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir, Zone: zone}); err != nil {
		t.Fatal(err)
	}
}

func newEngine(t testing.TB, c *store.Case, change ...func(*engine.Options)) *engine.Engine {
	t.Helper()
	run := t.TempDir()
	o := engine.Options{
		PluginDirs: []string{plugins}, Boot: "test", Now: time.Now, Rand: rand.Reader,
		Host: host.Config{Launcher: launch.Argv(), Dir: run, RequireLevel: "L2", Now: time.Now, Log: slog.New(slog.DiscardHandler), HostVersion: "test"},
	}
	for _, f := range change {
		f(&o)
	}
	e, err := engine.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func run(t testing.TB, e *engine.Engine) *engine.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
