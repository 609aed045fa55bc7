package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Descriptors under which a script has its files (docs/formats/ndjson.md), beyond
// those that a job may bring.
const (
	fdInterpreter = 253
	fdPlugin      = 254
)

// treePath is the path of a file for whoever holds its directory under fd. It does
// not depend on where the directory is, nor on whose directories lie above it.
func treePath(fd int, name string) string {
	p := "/proc/self/fd/" + strconv.Itoa(fd)
	if name != "" {
		p += "/" + name
	}
	return p
}

// trees holds private copies of what scripts consist of, for as long as the host
// lives: a file of a plugin or of its interpreter can be rewritten after it was
// hashed, and a script's files cannot all be executed from one descriptor. What a
// script can reach is what was hashed while it was copied.
type trees struct {
	dir  string
	mu   sync.Mutex
	made map[evidence.Digest]*tree
}

// tree is one copy.
type tree struct {
	path string
	dir  *os.File // O_PATH
	jobs atomic.Int64
}

func newTrees(dir string) *trees { return &trees{dir: dir, made: make(map[evidence.Digest]*tree)} }

// plugin returns a copy of p's files.
func (ts *trees) plugin(p *Plugin) (*tree, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: %w", evidence.ErrRefused, errNoProgram, err)
	}
	defer func() { _ = root.Close() }()
	files := make(map[string]treeFile, len(p.Files))
	for name, want := range p.Files {
		// The interpreter; and modules that the author compiled, of which nothing says
		// that they are the sources beside them.
		if name[0] == '/' || strings.Contains("/"+name, "/__pycache__/") {
			continue
		}
		files[name] = treeFile{
			open: func() (*os.File, error) { return root.Open(filepath.FromSlash(name)) }, want: want,
			changed: func(got evidence.Digest) error { return p.changed(name, want, got) },
		}
	}
	return ts.get(p.Digest, files)
}

// interpreter returns a copy of in's files.
func (ts *trees) interpreter(in *interpreter) (*tree, error) {
	if err := checkMappable(ts.dir); err != nil {
		return nil, err
	}
	files := make(map[string]treeFile, len(in.files))
	for name, f := range in.files {
		files[name] = treeFile{
			open: func() (*os.File, error) { return os.Open(f.path) }, want: f.digest,
			changed: func(got evidence.Digest) error {
				return fmt.Errorf("%w: %w", evidence.ErrRefused,
					&evidence.IntegrityError{Object: fmt.Sprintf("%q of the interpreter %s", f.path, in.name), Want: f.digest, Got: got})
			},
		}
	}
	// Ours, to compile modules with; it is no part of what scripts are.
	files[compileName] = treeFile{text: compileScript}
	return ts.get(in.digest, files)
}

// treeFile is a file to be copied, or a text of ours to be written.
type treeFile struct {
	text    string
	open    func() (*os.File, error)
	want    evidence.Digest
	changed func(got evidence.Digest) error
}

// get returns the copy of that digest, made where there is none yet.
func (ts *trees) get(d evidence.Digest, files map[string]treeFile) (*tree, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.made[d]; ok {
		return t, nil
	}
	path, err := os.MkdirTemp(ts.dir, "files-")
	if err != nil {
		return nil, err
	}
	// Whom a script runs as must be able to read; who else may come here, the host's
	// own directory says, which nobody else may enter.
	err = os.Chmod(path, 0o755)
	if err == nil {
		err = copyTree(path, files)
	}
	var dir *os.File
	if err == nil {
		dir, err = openDir(path)
	}
	if err != nil {
		_ = os.RemoveAll(path)
		return nil, err
	}
	t := &tree{path: path, dir: dir}
	ts.made[d] = t
	return t, nil
}

func copyTree(path string, files map[string]treeFile) error {
	for _, d := range dirsOf(files) {
		if err := os.Mkdir(filepath.Join(path, d), 0o755); err != nil {
			return err
		}
	}
	buf := make([]byte, 256<<10)
	for name, f := range files {
		if err := f.copyTo(filepath.Join(path, filepath.FromSlash(name)), buf); err != nil {
			return err
		}
	}
	return nil
}

func (f treeFile) copyTo(path string, buf []byte) error {
	if f.open == nil {
		return os.WriteFile(path, []byte(f.text), 0o444)
	}
	src, err := f.open()
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrRefused, err)
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(h, dst)}, struct{ io.Reader }{src}, buf)
	if err = errors.Join(err, dst.Chmod(0o444), dst.Close()); err != nil {
		return fmt.Errorf("copy %q: %w", path, err)
	}
	if got := evidence.Digest(h.Sum(nil)); got != f.want {
		return f.changed(got)
	}
	return nil
}

func (ts *trees) close() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.made {
		closeAll(t.dir)
	}
	clear(ts.made)
}
