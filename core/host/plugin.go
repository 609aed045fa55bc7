package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ManifestFile is the name of a plugin's manifest in its directory.
const ManifestFile = "plugin.json"

// testdataDir holds a plugin's own tests; it is no part of its identity.
const testdataDir = "testdata"

const (
	maxManifestBytes = 1 << 20
	maxPluginFiles   = 10_000
)

// Plugin is a plugin on disk as it was when Load hashed it.
type Plugin struct {
	// Dir is its directory.
	Dir string
	// Manifest is plugin.json, parsed from the very bytes that Files names.
	Manifest evidence.PluginManifest
	// Files holds the digest of every file but those under testdata/, by path with "/",
	// and under InterpreterFile that of the interpreter, where there is one.
	Files map[string]evidence.Digest
	// Digest names the plugin: SHA-256 of the canonical JSON {path: hexadecimal digest} of Files.
	Digest evidence.Digest

	interpreter *interpreter // nil where the program runs by itself
}

// Load reads plugin.json and hashes every file of the directory but testdata/
// (docs/formats/plugin.md). Nothing of the plugin is executed. It fails with
// evidence.ErrFormat where the directory is no plugin: no manifest, a manifest
// that does not parse, a program that is not among the files, a symbolic link or
// device anywhere.
func Load(dir string) (*Plugin, error) { return SystemLoader().Load(dir) }

// Load is the function Load, with interpreters that were found before.
func (l *Loader) Load(dir string) (*Plugin, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("host: load plugin: %w", err)
	}
	defer func() { _ = root.Close() }()
	p := &Plugin{Dir: dir, Files: make(map[string]evidence.Digest)}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name == testdataDir:
			return fs.SkipDir
		case e.IsDir():
			return nil
		case !e.Type().IsRegular():
			return fmt.Errorf("%w: %q is not a regular file", evidence.ErrFormat, name)
		case !utf8.ValidString(name):
			return fmt.Errorf("%w: file name %q is not UTF-8", evidence.ErrFormat, name)
		case len(p.Files) == maxPluginFiles:
			return fmt.Errorf("%w: more than %d files", evidence.ErrFormat, maxPluginFiles)
		}
		return p.add(root, name)
	})
	if err == nil {
		err = p.complete(l)
	}
	if err != nil {
		return nil, fmt.Errorf("host: load plugin %q: %w", dir, err)
	}
	return p, nil
}

// add hashes one file. The manifest is kept in memory while it is hashed, so
// that what is parsed is what was hashed.
func (p *Plugin) add(root *os.Root, name string) error {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if name != ManifestFile {
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		p.Files[name] = evidence.Digest(h.Sum(nil))
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(f, maxManifestBytes+1))
	if err != nil {
		return err
	}
	if len(b) > maxManifestBytes {
		return fmt.Errorf("%w: %s is larger than %d bytes", evidence.ErrFormat, ManifestFile, maxManifestBytes)
	}
	if p.Manifest, err = evidence.ParsePluginManifest(b); err != nil {
		return err
	}
	p.Files[name] = evidence.Sum(b)
	return nil
}

// complete checks the whole and computes the digest.
func (p *Plugin) complete(l *Loader) error {
	if _, ok := p.Files[ManifestFile]; !ok {
		return fmt.Errorf("%w: no %s", evidence.ErrFormat, ManifestFile)
	}
	if err := p.knows(p.Manifest.Program); err != nil {
		return err
	}
	if name := p.Manifest.Profiles; name != "" {
		if err := p.knows(name); err != nil {
			return err
		}
	}
	if name := p.Manifest.Interpreter; name != "" {
		in, err := l.find(name)
		if err != nil {
			return err
		}
		p.interpreter, p.Files[InterpreterFile(name)] = in, in.digest
	}
	digests := make(map[string]string, len(p.Files))
	for name, d := range p.Files {
		digests[name] = d.Hex()
	}
	b, err := evidence.Canonical(digests)
	if err != nil {
		return err
	}
	p.Digest = evidence.Sum(b)
	return nil
}

// knows fails unless name is one of the hashed files, spelled as a clean path.
func (p *Plugin) knows(name string) error {
	if _, ok := p.Files[name]; !ok || path.Clean(name) != name || strings.HasPrefix(name, "/") {
		return fmt.Errorf("%w: %s names %q, which is not among the plugin's files", evidence.ErrFormat, ManifestFile, name)
	}
	return nil
}

// ReadFile returns the bytes of one of p's files. It fails with
// evidence.ErrRefused, naming both digests, where they are no longer those that
// Load hashed, and with evidence.ErrNotFound where Load met no such file.
func (p *Plugin) ReadFile(name string) ([]byte, error) {
	want, ok := p.Files[name]
	if !ok {
		return nil, fmt.Errorf("host: plugin %s: %q: %w", p.Manifest.Name, name, evidence.ErrNotFound)
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("host: plugin %s: %w", p.Manifest.Name, err)
	}
	defer func() { _ = root.Close() }()
	b, err := root.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("host: plugin %s: %w", p.Manifest.Name, err)
	}
	if got := evidence.Sum(b); got != want {
		return nil, fmt.Errorf("host: plugin %s: %w", p.Manifest.Name, p.changed(name, want, got))
	}
	return b, nil
}

// changed is the refusal of a file whose bytes differ from what was pinned.
func (p *Plugin) changed(name string, want, got evidence.Digest) error {
	return fmt.Errorf("%w: %w", evidence.ErrRefused,
		&evidence.IntegrityError{Object: fmt.Sprintf("%q of plugin %s %s", name, p.Manifest.Name, p.Manifest.Version), Want: want, Got: got})
}

// errNoProgram is wrapped where a program cannot be opened at launch.
var errNoProgram = errors.New("program cannot be opened")
