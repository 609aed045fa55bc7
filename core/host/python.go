package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// pythonPlaces are where python3 is looked for. PATH does not count: what is run
// must not depend on who calls.
var pythonPlaces = []string{"/usr/bin/python3", "/usr/local/bin/python3"}

var pythonVersion = regexp.MustCompile(`^python3\.[0-9]+$`)

// Parts of the standard library that no parser needs, some of which bring other
// programs' code or a screen, and all of which would make the identity of a plugin
// change more often.
var (
	pythonDirsLeftOut = []string{
		"__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip", "venv", "pydoc_data",
	}
	pythonModulesLeftOut = regexp.MustCompile(`^(_tkinter|_curses|_curses_panel|readline|nis|_dbm|_gdbm|_ssl|ossaudiodev|spwd|_test.*|_ctypes_test|_xx.*|xx.*)$`)
)

// findPython locates an interpreter, its standard library and the shared libraries
// of both, and hashes them.
func findPython(path string) (*interpreter, error) {
	places := pythonPlaces
	if path != "" {
		places = []string{path}
	}
	var binary string
	for _, p := range places {
		real, err := filepath.EvalSymlinks(p)
		if err == nil {
			binary = real
			break
		}
		if path != "" {
			return nil, err
		}
	}
	if binary == "" {
		return nil, fmt.Errorf("%w: none of %s is there; %s may name another", evidence.ErrNotFound, strings.Join(places, ", "), EnvPython)
	}
	if err := isELF(binary); err != nil {
		return nil, fmt.Errorf("%q: %w", binary, err)
	}
	lib, name, err := pythonLibrary(binary)
	if err != nil {
		return nil, err
	}
	in := &interpreter{name: evidence.InterpreterPython, files: map[string]interpreterFile{}}
	c := newClosure(in.files, "so")
	loader, err := c.program(binary, "bin/python3")
	if err != nil {
		return nil, err
	}
	if err := pythonFiles(c, lib, name); err != nil {
		return nil, err
	}
	c.optional("libgcc_s.so.1") // glibc loads it when a thread ends early
	if err := in.hash(); err != nil {
		return nil, err
	}
	in.program, in.argv = "bin/python3", []string{"python3"}
	home := treePath(fdInterpreter, "")
	if loader != "" {
		in.program = loader
		in.argv = []string{"ld.so", "--library-path", home + "/so", home + "/bin/python3"}
	}
	// -S and -s: no site-packages. Not -I or -E, which would ignore the variables
	// below; nothing else is in the environment.
	in.argv = append(in.argv, "-s", "-S", "-B")
	in.env = []string{
		"PYTHONHOME=" + home, "PYTHONPATH=" + treePath(fdPlugin, "vendor"), "PYTHONHASHSEED=0", "PYTHONUTF8=1",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1", "PYTHONCOERCECLOCALE=0",
	}
	return in, nil
}

// isELF refuses scripts, such as the shims of version managers.
func isELF(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 4)
	_, err = io.ReadFull(f, head)
	switch {
	case err == nil && bytes.Equal(head, []byte("\x7fELF")):
		return nil
	case bytes.HasPrefix(head, []byte("#!")):
		return fmt.Errorf("%w: a script, not an interpreter; name what it starts, which "+
			"python3 -c 'import sys; print(sys.executable)' prints", evidence.ErrFormat)
	}
	return fmt.Errorf("%w: no executable of this system", evidence.ErrFormat)
}

// pythonLibrary returns the directory of the standard library that belongs to the
// binary, and its name below the prefix: "lib/python3.11".
func pythonLibrary(binary string) (dir, name string, err error) {
	prefix := filepath.Dir(filepath.Dir(binary))
	version := filepath.Base(binary)
	var found []string
	for _, lib := range []string{"lib", "lib64"} {
		landmarks, _ := filepath.Glob(filepath.Join(prefix, lib, "python3.*", "os.py"))
		for _, l := range landmarks {
			v := filepath.Base(filepath.Dir(l))
			if pythonVersion.MatchString(v) && (v == version || !pythonVersion.MatchString(version)) {
				found = append(found, lib+"/"+v)
			}
		}
	}
	if len(found) != 1 {
		return "", "", fmt.Errorf("%w: the standard library of %q: %d candidates %v below %q", evidence.ErrNotFound, binary, len(found), found, prefix)
	}
	return filepath.Join(prefix, found[0]), found[0], nil
}

// pythonFiles adds the sources and extension modules of the standard library.
func pythonFiles(c *closure, dir, name string) error {
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (slices.Contains(pythonDirsLeftOut, e.Name()) || strings.HasPrefix(e.Name(), "config-")):
			return fs.SkipDir
		case !e.Type().IsRegular(): // such as Debian's link to sitecustomize.py under /etc
			return nil
		case strings.HasSuffix(p, ".py"):
			c.files[name+"/"+p] = interpreterFile{path: filepath.Join(dir, p)}
			return nil
		case strings.HasSuffix(p, ".so"):
			module, _, _ := strings.Cut(e.Name(), ".")
			if pythonModulesLeftOut.MatchString(module) {
				return nil
			}
			// A module whose libraries are not here cannot be imported here.
			if err := c.add(filepath.Join(dir, p), name+"/"+p); !errors.Is(err, evidence.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("standard library: %w", err)
	}
	return nil
}
