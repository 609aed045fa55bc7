package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/install"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/core/manifest"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func (p *program) pluginInstallCommand() *cli.Command {
	return command(&cli.Command{
		Name: "install", Usage: "show what a plugin asks for and, with --yes, put it where plugins are looked for", ArgsUsage: "DIR|ZIP",
		Description: "Nothing of the plugin is started. Without --yes nothing is installed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "install it"},
			&cli.BoolFlag{Name: "replace", Usage: "where the plugin is installed with other bytes, move those to .replaced/"},
			&cli.StringFlag{Name: "signer", Usage: "`FILE` of public keys or allowed signers (ssh-keygen(1)), one of which must have signed SHA256SUMS"},
			&cli.StringFlag{Name: "dir", Usage: "install into `DIR`"},
		},
	}, 1, 1, p.installPlugin)
}

func (p *program) installPlugin(c *cli.Context) (err error) {
	var signers []byte
	if name := c.String("signer"); name != "" {
		if signers, err = os.ReadFile(name); err != nil {
			return usagef("--signer: %s", reasonOf(err))
		}
	}
	target := c.String("dir")
	if target == "" {
		target = p.installDir()
	}
	if target == "" {
		return withTry(errors.New("no place to install plugins"), "--dir DIR, or set $EXHIBIT_PLUGINS")
	}
	s, err := install.Stage(c.Args().First(), target)
	if err != nil {
		return withState(noSpaceError(err), notInstalled)
	}
	defer func() { err = errors.Join(err, s.Discard()) }()
	signed, err := s.Signature(signers)
	if err == nil {
		err = s.Runs()
	}
	if err != nil {
		return withState(err, notInstalled)
	}
	before, err := s.Before()
	if err != nil {
		return withState(withTry(err, "move it away, or another --dir"), notInstalled)
	}
	if err := p.showStaged(s, signed, before, target); err != nil {
		return err
	}
	if before != nil && before.Digest == s.Plugin.Digest {
		p.note("these very bytes are installed already, in %s", visible(before.Dir))
		return nil
	}
	if err := p.overshadowed(s.Plugin, target); err != nil {
		return err
	}
	if !c.Bool("yes") {
		p.note("%s Try: the same with --yes", notInstalled)
		return nil
	}
	dir, replaced, err := s.Commit(c.Bool("replace"))
	if errors.Is(err, evidence.ErrExists) {
		return withState(withTry(err, "the same with --replace; what is there is kept in .replaced/"), notInstalled)
	}
	if err != nil {
		return noSpaceError(err)
	}
	if replaced != "" {
		p.note("what was there is kept in %s. A case that has used it: exhibit plugin update %s", visible(replaced), visible(s.Plugin.Manifest.Name))
	}
	p.note("installed in %s", visible(dir))
	return nil
}

const notInstalled = "Nothing was installed."

// overshadowed refuses a plugin that would not be found, because one of its name is
// in a directory that is searched first.
func (p *program) overshadowed(x *host.Plugin, target string) error {
	dirs := p.pluginDirs()
	at := slices.IndexFunc(dirs, func(d string) bool { return sameDir(d, target) })
	if at < 0 {
		p.note("plugins in %s are only found where $EXHIBIT_PLUGINS names that directory", visible(target))
		return nil
	}
	for _, dir := range dirs[:at] {
		plugins, err := engine.LoadPlugins([]string{dir})
		if errors.Is(err, evidence.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(plugins, func(o *host.Plugin) bool { return o.Manifest.Name == x.Manifest.Name }) {
			return &problem{
				what: fmt.Sprintf("a plugin %q is in %s, which is searched first: it would be used and not this one", x.Manifest.Name, dir), state: notInstalled,
				try: "set $EXHIBIT_PLUGINS, and give --dir the directory that is to be searched first", cause: evidence.ErrExists,
			}
		}
	}
	return nil
}

// sameDir reports whether two paths name the same directory, there or not.
func sameDir(a, b string) bool {
	full, err := filepath.Abs(a)
	other, oerr := filepath.Abs(b)
	return err == nil && oerr == nil && full == other
}

// showStaged says what is about to be installed, from its manifest and files alone.
func (p *program) showStaged(s *install.Staged, signed install.Signed, before *host.Plugin, target string) error {
	x := s.Plugin
	signature := "not signed: nobody vouches for it"
	switch {
	case signed.Trusted:
		if signature = "signed by " + signed.By + ", one of the signers given"; signed.Name != "" {
			signature += ": " + signed.Name
		}
	case signed.By != "":
		signature = "signed by " + signed.By + ", whom nobody named: --signer says whom you trust"
	}
	if p.asJSON {
		m := describedPlugin(x)
		m["dir"] = filepath.Join(target, install.DirName(x.Manifest.Name))
		m["signed_by"], m["trusted"] = signed.By, signed.Trusted
		if before != nil {
			m["installed"] = map[string]any{"version": before.Manifest.Version, "sha256": before.Digest.String()}
		}
		return writeJSON(p.out, m)
	}
	m := x.Manifest
	rows := [][]string{
		{"plugin", visible(m.Name) + " " + visible(m.Version)},
		{"title", visible(m.Title)},
		{"description", visible(m.Description)},
		{"licence", visible(m.Licence)},
		{"digest", x.Digest.String()},
		{"signature", visible(signature)},
		{"runs", strings.ReplaceAll(manifest.RunsAs(m), "`", "")},
	}
	if m.Keys {
		rows = append(rows, []string{"keys", "is handed those of the case, as passwords"})
	}
	for _, op := range m.Operations {
		if len(op.Emits) > 0 {
			rows = append(rows, []string{visible(op.Operation), "makes " + visible(strings.Join(op.Emits, ", "))})
		} else {
			rows = append(rows, []string{visible(op.Operation), "makes artifacts"})
		}
		for _, a := range op.Accepts {
			rows = append(rows, []string{"  takes", strings.Join(manifest.Conditions(a, visible), "; ")})
		}
		for _, f := range op.Companions {
			rows = append(rows, []string{"  with", manifest.Companion(f, visible)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Files)) {
		rows = append(rows, []string{"file", visible(name) + "  " + x.Files[name].String()})
	}
	if before != nil && before.Digest != x.Digest {
		rows = append(rows, []string{"installed now", visible(before.Manifest.Version) + "  " + before.Digest.String()})
	}
	rows = append(rows, []string{"into", visible(filepath.Join(target, install.DirName(m.Name)))})
	return table(p.out, rows)
}

// installDir is where plugins are installed: the first of $EXHIBIT_PLUGINS, else the
// user's own.
func (p *program) installDir() string {
	if p.env("EXHIBIT_PLUGINS") != "" {
		if dirs := p.pluginDirs(); len(dirs) > 0 {
			return dirs[0]
		}
	}
	return p.userPlugins()
}

// userPlugins is the directory of a user's own plugins, "" where there is none.
func (p *program) userPlugins() string {
	if dir := p.env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "exhibit", "plugins")
	}
	if home := p.env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "exhibit", "plugins")
	}
	return ""
}

// pluginAt loads the plugin of a directory, or of that of its sources.
func (p *program) pluginAt(dir string) (*host.Plugin, error) {
	at, err := kit.Find(dir)
	if err != nil {
		return nil, err
	}
	return host.Load(at)
}
