package verify

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
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

// pins are plugins by name.
type pins map[string]pin

// pinned are the plugins that the log pinned; of several of one name the last
// counts. plugins.lock.json is brought in line with the log after the entries that
// pin and before the next intent to run: settled is how it must have been then.
type pinned struct {
	now, settled pins
}

// see follows the entries that pin plugins, and those before which the lock
// was written.
func (ps *pinned) see(e *entry) {
	switch {
	case e.kind == "derive" && e.plain.text("phase") == "intent":
		ps.settled = maps.Clone(ps.now)
	case e.kind == "plugin":
		if e.plain.has("plugin") {
			ps.now.add(e.plain.sub("plugin"))
		}
		for _, b := range e.plain.list("plugins") {
			if o, err := parseObject(b); err == nil {
				ps.now.add(o)
			}
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
	case errors.Is(err, fs.ErrNotExist) && len(v.pins.settled) == 0:
		if len(v.pins.now) > 0 {
			p.find(Intact, pluginsLock, "is not there yet, though the log pinned plugins", interrupted)
		}
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
	if !maps.Equal(locked, v.pins.now) && v.db.busy() {
		v.c.skip("Whether plugins.lock.json agrees with the log: another process is writing to the case.")
		return nil
	}
	names := maps.Clone(v.pins.now)
	maps.Copy(names, locked)
	for _, name := range sortedKeys(names) {
		v.comparePin(p, name, locked)
	}
	return nil
}

// interrupted is why plugins.lock.json may lag behind the log.
const interrupted = "the program was stopped between writing the one and the other; the next run puts it right"

func (v *verifier) comparePin(p place, name string, locked pins) {
	object := "plugin " + shown(name)
	is, there := locked[name]
	want, logged := v.pins.now[name]
	before, was := v.pins.settled[name]
	switch {
	case there == logged && is == want:
	case there == was && is == before:
		p.find(Intact, object, "is not pinned in plugins.lock.json as in the log yet", interrupted)
	case !there:
		p.find(Incomplete, object, "is pinned in the log, but not in plugins.lock.json", "")
	case logged:
		p.find(Altered, object, "is pinned in plugins.lock.json otherwise than in the log", is.sha256.String()+", not "+want.sha256.String())
	case v.holes:
		p.find(Incomplete, object, "is pinned in plugins.lock.json, but not in what is left of the log", "")
	default:
		p.find(Altered, object, "is pinned in plugins.lock.json, but not in the log", "")
	}
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
