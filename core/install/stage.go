package install

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// maxFiles and maxBytes bound what is copied.
	maxFiles = 10_000
	maxBytes = 2 << 30
	// sumsFile lists the digests of the plugin's files as sha256sum does; sigFile is an
	// SSH signature over it. Neither is installed.
	sumsFile = "SHA256SUMS"
	sigFile  = "SHA256SUMS.sig"
	// maxSums bounds both.
	maxSums = 4 << 20
	// testdata does not count, and is not installed.
	testdata = "testdata"
)

// Staged is a plugin that lies, whole, beside where it will be installed.
type Staged struct {
	Plugin *host.Plugin
	// Sums and Sig are SHA256SUMS and SHA256SUMS.sig as they came with it, nil for none.
	Sums, Sig []byte

	target string // the directory in which plugins are installed
	dir    string // of the copy
}

// Stage copies a plugin from a directory or a zip archive to a place of its own in
// target, and loads it there. Nothing is installed. Call Discard in the end.
func Stage(from, target string) (_ *Staged, err error) {
	if err := os.MkdirAll(filepath.Join(target, stagingDir), 0o755); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Join(target, stagingDir), "")
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	s := &Staged{target: target, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Discard())
		}
	}()
	if err := s.copyFrom(from); err != nil {
		return nil, fmt.Errorf("install: %q: %w", from, err)
	}
	if s.Plugin, err = host.Load(dir); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	if err := s.settle(); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	return s, nil
}

// stagingDir is a directory in target; engine.LoadPlugins looks one level deep only.
const stagingDir = ".staging"

// Discard removes what was not installed.
func (s *Staged) Discard() error {
	err := os.RemoveAll(s.dir)
	_ = os.Remove(filepath.Join(s.target, stagingDir)) // others may be at work there
	return err
}

func (s *Staged) copyFrom(from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		dir, err := kit.Find(from)
		if err != nil {
			return err
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }()
		return s.copyFS(root.FS(), ".")
	}
	z, err := zip.OpenReader(from)
	if err != nil {
		return fmt.Errorf("%w: neither a directory nor a zip archive: %w", evidence.ErrFormat, err)
	}
	defer func() { _ = z.Close() }()
	if err := checkZip(z.File); err != nil {
		return err
	}
	return s.copyFS(z, zipTop(z.File))
}

// checkZip refuses names that are not plain paths, links and devices, and two
// members of one name.
func checkZip(files []*zip.File) error {
	seen := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name, "/")
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00:"):
			return fmt.Errorf("%w: archive member %q is no path inside a directory", evidence.ErrFormat, f.Name)
		case !f.Mode().IsRegular() && !f.Mode().IsDir():
			return fmt.Errorf("%w: archive member %q is neither a file nor a directory", evidence.ErrFormat, f.Name)
		case seen[name]:
			return fmt.Errorf("%w: two archive members %q", evidence.ErrFormat, f.Name)
		}
		seen[name] = true
	}
	return nil
}

// zipTop is the directory of the archive that holds plugin.json: its top, or the
// only one there.
func zipTop(files []*zip.File) string {
	if slices.ContainsFunc(files, func(f *zip.File) bool { return f.Name == host.ManifestFile }) {
		return "."
	}
	for _, f := range files {
		if dir, name := path.Split(f.Name); name == host.ManifestFile && strings.Count(dir, "/") == 1 {
			return strings.TrimSuffix(dir, "/")
		}
	}
	return "."
}

// copyFS copies the regular files below top, with bounds on their number and size.
func (s *Staged) copyFS(from fs.FS, top string) error {
	files, left := 0, int64(maxBytes)
	return fs.WalkDir(from, top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, top), "/")
		switch {
		case d.IsDir() && rel == testdata:
			return fs.SkipDir
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%w: %q is not a regular file", evidence.ErrFormat, name)
		case !utf8.ValidString(rel):
			return fmt.Errorf("%w: file name %q is not UTF-8", evidence.ErrFormat, name)
		}
		if files++; files > maxFiles {
			return fmt.Errorf("%w: more than %d files", evidence.ErrFormat, maxFiles)
		}
		if rel == sumsFile || rel == sigFile {
			return s.keepBeside(from, name, rel)
		}
		n, err := copyFile(from, name, filepath.Join(s.dir, filepath.FromSlash(rel)), left)
		left -= n
		return err
	})
}

func (s *Staged) keepBeside(from fs.FS, name, rel string) error {
	f, err := from.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSums+1))
	if err != nil {
		return err
	}
	if len(b) > maxSums {
		return fmt.Errorf("%w: %q is larger than %d bytes", evidence.ErrFormat, name, maxSums)
	}
	if rel == sumsFile {
		s.Sums = b
	} else {
		s.Sig = b
	}
	return nil
}

func copyFile(from fs.FS, name, to string, most int64) (n int64, err error) {
	in, err := from.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%w: more than %d bytes", evidence.ErrFormat, int64(maxBytes))
	}
	return n, errors.Join(err, out.Sync(), out.Close())
}

// settle gives the program its permission and makes all of it durable.
func (s *Staged) settle() error {
	if err := os.Chmod(filepath.Join(s.dir, filepath.FromSlash(s.Plugin.Manifest.Program)), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(s.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(name)
	})
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
