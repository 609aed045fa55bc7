package verify

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxLock bounds plugins.lock.json.
const maxLock = 64 << 20

// pin fixes a plugin's bytes.
type pin struct {
	version string
	sha256  evidence.Digest
}

// pins are the plugins that the log pinned, by name; of several the last counts.
type pins map[string]pin

// see takes the plugins that an entry of kind plugin names.
func (ps pins) see(e *entry) {
	if e.kind != "plugin" {
		return
	}
	if e.plain.has("plugin") {
		ps.add(e.plain.sub("plugin"))
	}
	for _, b := range e.plain.list("plugins") {
		if o, err := parseObject(b); err == nil {
			ps.add(o)
		}
	}
}

func (ps pins) add(o object) {
	ps[o.text("name")] = pin{o.text("version"), o.digest("sha256")}
}

// checkPlugins compares plugins.lock.json with itself and with the log.
func (v *verifier) checkPlugins() error {
	p := v.c.place()
	b, err := readSmall(filepath.Join(v.dir, pluginsLock), maxLock)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(v.pins) == 0:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		p.find(Incomplete, pluginsLock, "is missing, though the log pinned plugins", "")
		return nil
	case errors.Is(err, evidence.ErrFormat):
		p.find(Altered, pluginsLock, "is not a list of pinned plugins", err.Error())
		return nil
	case err != nil:
		p.find(CannotVerify, pluginsLock, "cannot be read", err.Error())
		return nil
	}
	locked, err := v.parseLock(p, b)
	if err != nil {
		p.find(Altered, pluginsLock, "is not a list of pinned plugins as the format has it", err.Error())
		return nil
	}
	v.c.count("pinned plugins", int64(len(locked)), 0)
	if !v.agree(locked) && v.db.busy() {
		v.c.skip("Whether plugins.lock.json agrees with the log: another process is writing to the case.")
		return nil
	}
	for _, name := range sortedKeys(locked) {
		switch logged, ok := v.pins[name]; {
		case !ok && v.holes:
			p.find(Incomplete, "plugin "+shown(name), "is pinned in plugins.lock.json, but not in what is left of the log", "")
		case !ok:
			p.find(Altered, "plugin "+shown(name), "is pinned in plugins.lock.json, but not in the log", "")
		case logged != locked[name]:
			p.find(Altered, "plugin "+shown(name), "is pinned in plugins.lock.json otherwise than in the log", locked[name].sha256.String()+", not "+logged.sha256.String())
		}
	}
	for _, name := range sortedKeys(v.pins) {
		if _, ok := locked[name]; !ok {
			p.find(Incomplete, "plugin "+shown(name), "is pinned in the log, but not in plugins.lock.json", "")
		}
	}
	return nil
}

func (v *verifier) agree(locked pins) bool {
	for name, logged := range v.pins {
		if locked[name] != logged {
			return false
		}
	}
	return len(locked) == len(v.pins)
}

// parseLock reads plugins.lock.json (docs/formats/case.md) and checks that each
// plugin's digest is that of its list of files.
func (v *verifier) parseLock(p place, b []byte) (pins, error) {
	if err := checkCanonical(b); err != nil {
		return nil, err
	}
	o, err := parseObject(b)
	if err != nil {
		return nil, err
	}
	o.only("plugins", "v")
	if o.integer("v") != 1 {
		o.fail("v", "unknown")
	}
	locked := pins{}
	plugins := o.sub("plugins")
	for _, name := range sortedKeys(plugins.members) {
		e := plugins.sub(name)
		e.only("files", "sha256", "version")
		locked[name] = pin{e.text("version"), e.digest("sha256")}
		if got := evidence.Digest(sha256.Sum256(e.members["files"])); got != locked[name].sha256 {
			p.find(Altered, "plugin "+shown(name), "its list of files in plugins.lock.json is not the one that its digest names", got.String()+", not "+locked[name].sha256.String())
		}
	}
	return locked, *o.err
}
