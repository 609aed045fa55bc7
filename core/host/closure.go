package host

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// closure gathers ELF files with the shared libraries that they need, as the
// dynamic linker finds them. It executes none of them.
type closure struct {
	files  map[string]interpreterFile
	dir    string // of libraries, in files
	linker string // base name of the dynamic linker, which no library's needs name twice
	class  elf.Class
	kind   elf.Machine
}

func newClosure(files map[string]interpreterFile, dir string) *closure {
	return &closure{files: files, dir: dir}
}

// linkerName is the dynamic linker among the files.
const linkerName = "ld.so"

// program adds an executable under name, with its dynamic linker, whose name it
// returns; "" for a static one.
func (c *closure) program(path, name string) (linker string, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: %q: %w", evidence.ErrFormat, path, err)
	}
	defer func() { _ = f.Close() }()
	c.class, c.kind = f.Class, f.Machine
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			return "", fmt.Errorf("%w: %q: %w", evidence.ErrFormat, path, err)
		}
		ld := strings.TrimRight(string(b), "\x00")
		c.linker, linker = filepath.Base(ld), linkerName
		c.files[linkerName] = interpreterFile{path: ld}
	}
	return linker, c.addFile(f, path, name)
}

// add adds a shared object under name with what it needs. It fails with
// evidence.ErrNotFound, adding nothing, where a library is not to be found.
func (c *closure) add(path, name string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %q: %w", evidence.ErrFormat, path, err)
	}
	defer func() { _ = f.Close() }()
	return c.addFile(f, path, name)
}

func (c *closure) addFile(f *elf.File, path, name string) error {
	need := map[string]interpreterFile{name: {path: path}}
	if err := c.resolve(f, path, need); err != nil {
		return err
	}
	for n, file := range need {
		c.files[n] = file
	}
	return nil
}

// resolve puts what f needs into need, and what that needs.
func (c *closure) resolve(f *elf.File, path string, need map[string]interpreterFile) error {
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%w: %q: %w", evidence.ErrFormat, path, err)
	}
	for _, lib := range libraries {
		name := c.dir + "/" + lib
		_, have := c.files[name]
		_, coming := need[name]
		if have || coming || lib == c.linker {
			continue
		}
		if err := c.library(f, path, lib, need); err != nil {
			return err
		}
	}
	return nil
}

// library finds one library that f needs.
func (c *closure) library(f *elf.File, path, lib string, need map[string]interpreterFile) error {
	if lib != filepath.Base(lib) {
		return fmt.Errorf("%w: %q needs a library by path: %q", evidence.ErrFormat, path, lib)
	}
	for _, dir := range append(runPaths(f, path), libraryDirs(c.kind)...) {
		at := filepath.Join(dir, lib)
		g, err := elf.Open(at)
		if err != nil {
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
				continue
			}
			return fmt.Errorf("%w: %q: %w", evidence.ErrFormat, at, err)
		}
		if g.Class != c.class || g.Machine != c.kind {
			_ = g.Close()
			continue
		}
		need[c.dir+"/"+lib] = interpreterFile{path: at}
		err = c.resolve(g, at, need)
		_ = g.Close()
		return err
	}
	return fmt.Errorf("%w: library %s of %q", evidence.ErrNotFound, lib, path)
}

// optional adds a library where there is one.
func (c *closure) optional(lib string) {
	for _, dir := range libraryDirs(c.kind) {
		if c.add(filepath.Join(dir, lib), c.dir+"/"+lib) == nil {
			return
		}
	}
}

// runPaths are the directories that f itself names (ELF, DT_RPATH and DT_RUNPATH).
func runPaths(f *elf.File, path string) []string {
	var out []string
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		values, _ := f.DynString(tag)
		for _, v := range values {
			for _, dir := range strings.Split(v, ":") {
				dir = strings.NewReplacer("${ORIGIN}", filepath.Dir(path), "$ORIGIN", filepath.Dir(path)).Replace(dir)
				if filepath.IsAbs(dir) {
					out = append(out, filepath.Clean(dir))
				}
			}
		}
	}
	return slices.Compact(out)
}

// libraryDirs are where distributions keep shared libraries.
func libraryDirs(m elf.Machine) []string {
	triplet := map[elf.Machine]string{elf.EM_X86_64: "x86_64-linux-gnu", elf.EM_AARCH64: "aarch64-linux-gnu"}[m]
	dirs := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib64", "/usr/local/lib"}
	if triplet != "" {
		dirs = append([]string{"/lib/" + triplet, "/usr/lib/" + triplet, "/usr/local/lib/" + triplet}, dirs...)
	}
	return dirs
}
