package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
)

// noPlugins is what to try where plugins could not be loaded. One that cannot be run
// here is not left out: what only it reads would look as if nobody could read it.
func noPlugins(err error) string {
	if errors.Is(err, host.ErrInterpreter) {
		return "install Python 3.9 or later, or name one by $" + host.EnvPython + ", or remove that plugin: none is run while one of them cannot be"
	}
	return "set $EXHIBIT_PLUGINS to the directory in which plugins are installed"
}

// pluginDirs are where plugins are looked for: $EXHIBIT_PLUGINS, else beside the
// program, then among the user's own.
func (p *program) pluginDirs() []string {
	if list := p.env("EXHIBIT_PLUGINS"); list != "" {
		return slices.DeleteFunc(strings.Split(list, string(os.PathListSeparator)), func(s string) bool { return s == "" })
	}
	var dirs []string
	if self, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Join(filepath.Dir(self), "plugins"))
	}
	if own := p.userPlugins(); own != "" {
		dirs = append(dirs, own)
	}
	return dirs
}

// loadPlugins are those that are installed; none is started.
func (p *program) loadPlugins() ([]*host.Plugin, error) {
	plugins, err := engine.LoadPlugins(p.pluginDirs())
	return plugins, withTry(err, noPlugins(err))
}

// sandboxFlag asks for a level of confinement (docs/formats/plugin.md, Levels).
func sandboxFlag() cli.Flag {
	return &cli.StringFlag{Name: "sandbox", Value: "L2", Usage: "the lowest `LEVEL` of confinement at which a plugin may run: L3, L2, L1 or L0, which is none"}
}

// hostConfig is how plugins are run, as sandboxFlag says, with a directory for their
// sockets that done removes.
func (p *program) hostConfig(c *cli.Context) (config host.Config, done func() error, err error) {
	level := c.String("sandbox")
	switch level {
	case "", "L2", "L3": // "": a command that has no such flag
	case "L0", "L1":
		p.note("--sandbox %s: a plugin runs even where the system cannot confine it, and can then do what you can; what was in force is recorded with each run", level)
	default:
		return host.Config{}, nil, usagef("--sandbox %s: L3, L2, L1 or L0", visible(level))
	}
	config, done, err = p.plainHost()
	config.RequireLevel = level
	return config, done, err
}

// plainHost is hostConfig at the level that plugins run at unless it is said otherwise.
func (p *program) plainHost() (config host.Config, done func() error, err error) {
	dir, done, err := p.socketDir()
	if err != nil {
		return host.Config{}, nil, err
	}
	return host.Config{Launcher: launch.Argv(), Dir: filepath.Join(dir, "host"), Now: p.now, HostVersion: version}, done, nil
}

// socketDir makes a directory for plugins' sockets: a short path, since one with the
// socket's name has 108 bytes at most.
func (p *program) socketDir() (dir string, done func() error, err error) {
	if dir, err = os.MkdirTemp(p.env("XDG_RUNTIME_DIR"), "exhibit-"); err != nil {
		return "", nil, fmt.Errorf("a directory for plugins' sockets: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}
