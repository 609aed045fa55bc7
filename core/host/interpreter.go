package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"sync"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Loader loads plugins and finds the interpreters that they name, each once. The
// zero Loader is ready for use; it is safe for concurrent use.
type Loader struct {
	// Python is the executable that plugins with the interpreter "python3" run under;
	// "" for the first of pythonPlaces.
	Python string

	once   sync.Once
	python *interpreter
	err    error
}

// EnvPython names the executable that plugins with the interpreter "python3" run under.
const EnvPython = "EXHIBIT_PYTHON"

// SystemLoader returns a Loader for the interpreters of this system: the one that
// EnvPython names, where it is set. Whichever it is, a plugin's digest tells.
func SystemLoader() *Loader { return &Loader{Python: os.Getenv(EnvPython)} }

// InterpreterFile is the name under which an interpreter stands among Plugin.Files.
// No file can bear it: theirs are relative.
func InterpreterFile(name string) string { return "/interpreter/" + name }

// interpreter is a program that runs scripts, with all that it may load.
type interpreter struct {
	name   string
	digest evidence.Digest // of the canonical JSON {name: hexadecimal digest} of files
	// files are what the interpreter consists of, by name in the directory that scripts
	// see (docs/formats/plugin.md).
	files map[string]interpreterFile
	// program is what is executed, argv what it is told before the script's path.
	program string
	argv    []string
	env     []string
}

type interpreterFile struct {
	path   string // where it is on this machine
	digest evidence.Digest
}

// ErrInterpreter: what a script is written for cannot be used on this computer.
var ErrInterpreter = errors.New("no usable interpreter")

// find returns the interpreter of that name, or fails with ErrInterpreter. It
// executes nothing.
func (l *Loader) find(name string) (*interpreter, error) {
	if name != evidence.InterpreterPython {
		return nil, fmt.Errorf("%w: interpreter %q", evidence.ErrFormat, name)
	}
	l.once.Do(func() { l.python, l.err = findPython(l.Python) })
	if l.err != nil {
		return nil, fmt.Errorf("%w: %w %s: %w", evidence.ErrRefused, ErrInterpreter, name, l.err)
	}
	return l.python, nil
}

// maxInterpreterBytes bounds one file of an interpreter.
const maxInterpreterBytes = 512 * mib

// hash fills in the digests of in.files, and in.digest.
func (in *interpreter) hash() error {
	names := make(chan string)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]byte, 256<<10)
			for name := range names {
				mu.Lock()
				path := in.files[name].path
				mu.Unlock()
				d, err := hashPath(path, buf)
				mu.Lock()
				in.files[name] = interpreterFile{path, d}
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	mu.Lock()
	all := make([]string, 0, len(in.files))
	for name := range in.files {
		all = append(all, name)
	}
	mu.Unlock()
	for _, name := range all {
		names <- name
	}
	close(names)
	wg.Wait()
	if failed != nil {
		return failed
	}
	digests := make(map[string]string, len(in.files))
	for name, f := range in.files {
		digests[name] = f.digest.Hex()
	}
	b, err := evidence.Canonical(digests)
	if err != nil {
		return err
	}
	in.digest = evidence.Sum(b)
	return nil
}

func hashPath(path string, buf []byte) (evidence.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return evidence.Digest{}, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	// Without ReaderFrom, so that buf is used.
	n, err := io.CopyBuffer(struct{ io.Writer }{h}, io.LimitReader(f, maxInterpreterBytes+1), buf)
	if err == nil && n > maxInterpreterBytes {
		err = fmt.Errorf("%w: %q is larger than %d bytes", evidence.ErrFormat, path, maxInterpreterBytes)
	}
	return evidence.Digest(h.Sum(nil)), err
}

// dirs are the directories that in.files lie in, parents first.
func dirsOf[V any](files map[string]V) []string {
	var out []string
	for name := range files {
		for d := path.Dir(name); d != "." && d != "/"; d = path.Dir(d) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
