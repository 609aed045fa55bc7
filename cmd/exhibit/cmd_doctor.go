package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) doctorCommand() *cli.Command {
	return command(&cli.Command{
		Name: "doctor", Usage: "whether this computer, and the case, have what the work needs",
		Description: "   Nothing is changed. ok: fine; warn: it will work, with the limit that is named; fail: something\n" +
			"   will not work. Exit 3 where something fails. Without a case the lines about one are left out.\n\n" +
			"   exhibit doctor\n   exhibit doctor --case /cases/7 --json",
		Flags: []cli.Flag{identitiesFlag()},
	}, 0, 0, p.doctor)
}

// How a check came out.
const (
	checkOK   = "ok"
	checkWarn = "warn"
	checkFail = "fail"
)

// checked is one line of what doctor says.
type checked struct {
	Check  string `json:"check"`
	Result string `json:"result"`
	// Found says what there is, Do what to do about it.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

func (p *program) doctor(c *cli.Context) error {
	checks := []checked{checkCompiler(), checkKernel(), checkLandlock(), checkSeccomp(), checkNamespaces(), checkMemfd()}
	checks = append(checks, p.checkSandbox(c.Context))
	checks = append(checks, checkSQLite())
	checks = append(checks, checkClock(p.now()), checkBoot(), checkFiles(), p.checkTempDir())
	plugins, line := p.checkPlugins()
	checks = append(checks, line)
	checks = append(checks, p.checkIdentities(c)...)
	checks = append(checks, p.checkBrowser(), checkOpenSSL())
	checks = append(checks, p.checkCase(c, plugins)...)
	bad := false
	var rows [][]string
	for _, ch := range checks {
		bad = bad || ch.Result == checkFail
		if p.asJSON {
			if err := writeJSON(p.out, ch); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{ch.Result, ch.Check, visible(ch.Found)})
		if ch.Do != "" {
			rows = append(rows, []string{"", "", "→ " + visible(ch.Do)})
		}
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	if bad {
		return ended(exitInputs)
	}
	return nil
}

// confinement starts the launcher as it would be started for a plugin, and returns what
// level that comes to, by which features, and what is missing.
func (p *program) confinement(ctx context.Context) (level string, features, missing []string, err error) {
	config, done, err := p.plainHost()
	if err != nil {
		return "", nil, nil, err
	}
	defer func() { _ = done() }() // as far as it is there
	h, err := host.New(config)
	if err != nil {
		return "", nil, nil, err
	}
	r, err := h.Sandbox(ctx)
	return r.Level, r.Features, r.Missing, errors.Join(err, h.Close())
}

func (p *program) checkSandbox(ctx context.Context) checked {
	ch := checked{Check: "sandbox", Result: checkOK}
	level, features, missing, err := p.confinement(ctx)
	if err != nil {
		ch.Result, ch.Found, ch.Do = checkFail, "plugins cannot be started: "+sentence(err), "see the lines about the kernel"
		return ch
	}
	ch.Found = fmt.Sprintf("plugins run at level %s: %s", level, strings.Join(features, ", "))
	switch level {
	case "L3":
	case "L2":
		ch.Result = checkWarn
		ch.Do = "allow user namespaces for level L3 (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)"
	default:
		ch.Result = checkFail
		ch.Do = "level L2 is required, so no plugin will be run; missing: " + strings.Join(missing, "; ")
	}
	return ch
}

func checkSQLite() checked {
	return checked{Check: "sqlite", Result: checkOK, Found: store.SQLiteVersion() + ", built in; written to with WAL and synchronous=FULL, and both are read back"}
}

func (p *program) checkPlugins() ([]*host.Plugin, checked) {
	ch := checked{Check: "plugins", Result: checkOK}
	dirs := p.pluginDirs()
	plugins, err := engine.LoadPlugins(dirs)
	if err != nil {
		ch.Result, ch.Found, ch.Do = checkFail, sentence(err), noPlugins(err)
		return nil, ch
	}
	var names []string
	for _, pl := range plugins {
		names = append(names, pl.Manifest.Name+" "+pl.Manifest.Version)
	}
	ch.Found = strings.Join(names, ", ") + " in " + strings.Join(dirs, ", ")
	return plugins, ch
}

// checkIdentities looks at signing keys: whether there are any, and whether others can
// read them.
func (p *program) checkIdentities(c *cli.Context) []checked {
	ch := checked{Check: "identities", Result: checkWarn}
	d, dir, err := p.identities(c)
	if err != nil {
		ch.Found, ch.Do = sentence(err), hint(err)
		if !errors.Is(err, fs.ErrNotExist) {
			ch.Result = checkFail
		}
		if ch.Do == "" {
			ch.Do = "exhibit identity new NAME"
		}
		return []checked{ch}
	}
	list, err := d.List()
	switch {
	case err != nil:
		ch.Result, ch.Found, ch.Do = checkFail, sentence(err), hint(err)
	case len(list) == 0:
		ch.Found, ch.Do = "none in "+dir+": the log cannot be sealed", "exhibit identity new NAME"
	default:
		ch.Result, ch.Found = checkOK, count(int64(len(list)), "identity")+" in "+dir
	}
	return []checked{ch}
}

func (p *program) checkBrowser() checked {
	name, err := p.chromium()
	if err != nil {
		return checked{Check: "chromium", Result: checkWarn, Found: "none: reports are written as HTML, not as PDF", Do: "install Chromium, or print the HTML report from any browser"}
	}
	return checked{Check: "chromium", Result: checkOK, Found: name}
}

// checkCase looks at the case where there is one.
func (p *program) checkCase(c *cli.Context, plugins []*host.Plugin) []checked {
	dir := p.caseDir(c)
	k, err := store.OpenReader(c.Context, dir)
	switch {
	case errors.Is(err, evidence.ErrNoCase) && c.String("case") == "" && p.env("EXHIBIT_CASE") == "":
		return []checked{checkSpace("disk space here", "."), checkFilesystem("filesystem here", ".")}
	case err != nil:
		return []checked{{Check: "case", Result: checkFail, Found: sentence(openProblem(dir, err)), Do: hint(err)}}
	}
	defer func() { _ = k.Close() }() // only read from
	out := []checked{checkSpace("disk space of the case", k.Dir()), checkFilesystem("filesystem of the case", k.Dir()), checkModes(k.Dir())}
	state, err := k.State(c.Context)
	if err != nil {
		return append(out, checked{Check: "case", Result: checkFail, Found: sentence(err), Do: "exhibit verify"})
	}
	ch := checked{Check: "case", Result: checkOK, Found: fmt.Sprintf("%s, %s in the log", k.Origin(), count(state.Size, "entry"))}
	if n := len(state.Dangling); n > 0 {
		ch.Result, ch.Do = checkWarn, "exhibit run: it goes on where it was"
		ch.Found += fmt.Sprintf("; %s not carried out to the end", count(int64(n), "intent"))
	}
	out = append(out, ch)
	for _, pin := range state.Pins {
		out = append(out, checkPin(pin, plugins))
	}
	if _, err := k.Secret(); err != nil {
		out = append(out, checked{Check: "secrets of the case", Result: checkFail, Found: sentence(err), Do: "a backup without --with-secrets? copy secrets/ from the case it was made of"})
	}
	return out
}

func checkPin(pin store.Pin, plugins []*host.Plugin) checked {
	ch := checked{Check: "pin of " + visible(pin.Name), Result: checkOK, Found: fmt.Sprintf("%s, %s", pin.Version, pin.SHA256)}
	for _, pl := range plugins {
		if pl.Manifest.Name != pin.Name {
			continue
		}
		if pl.Digest != pin.SHA256 {
			ch.Result = checkFail
			ch.Found = fmt.Sprintf("the case uses %s (%s), installed is %s (%s): run will refuse", pin.Version, pin.SHA256.Short(), pl.Manifest.Version, pl.Digest.Short())
			ch.Do = "install the version that the case uses, or: exhibit plugin update " + pin.Name
		}
		return ch
	}
	ch.Result, ch.Found, ch.Do = checkWarn, "the case uses it and it is not installed", "install it before the next run"
	return ch
}

// checkModes looks whether others can read the case.
func checkModes(dir string) checked {
	ch := checked{Check: "permissions of the case", Result: checkOK, Found: "its secrets are yours alone"}
	for _, name := range []string{"secrets", "secrets/keys", "secrets/fingerprint.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			ch.Result, ch.Found, ch.Do = checkFail, fmt.Sprintf("others may read %s (%s)", name, info.Mode()), "chmod -R go= "+filepath.Join(dir, "secrets")
			return ch
		}
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		ch.Result, ch.Found, ch.Do = checkWarn, fmt.Sprintf("others may enter the case's directory (%s)", info.Mode()), "chmod go= "+dir
	}
	return ch
}
