package host

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Python compiles every module that it loads, at each start: with exhibit_sdk.py and
// what that imports, most of a small job's time. From the second job on a script
// finds its modules compiled. They are compiled in the same sandbox by the same
// interpreter from the very copies that were hashed, the standard library where no
// plugin is, a plugin's files into that plugin's copy alone; so what is executed is
// still determined by the bytes of the plugin's digest.

//go:embed compile.py
var compileScript string

// compileName is compileScript's file in the copy of an interpreter.
const compileName = "exhibit-compile.py"

// compiledModules are those that exhibit_sdk.py imports, at once or when it needs them.
var compiledModules = []string{
	"json", "base64", "mmap", "datetime", "struct", "csv", "re", "sqlite3", "traceback", "xml.parsers.expat", "_strptime", "encodings.utf_16_le",
}

const (
	maxCompiledFiles = 500
	maxCompiledBytes = 64 * mib
	compileTime      = 30 * time.Second
	// compileAfter is how many jobs a script has before its modules are compiled: what
	// runs once gains nothing.
	compileAfter = 1
)

// compile makes the copies ready that j's script runs from, once. What fails makes
// the next start slower and nothing else.
func (h *Host) compile(ctx context.Context, p *Plugin, lim Limits) {
	in := p.interpreter
	if in == nil {
		return
	}
	theirs, err := h.trees.interpreter(in)
	if err != nil {
		return
	}
	own, err := h.trees.plugin(p)
	if err != nil || own.jobs.Add(1) != compileAfter+1 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	if theirs.jobs.Add(1) == 1 {
		err = h.compileTree(ctx, in, theirs, fdInterpreter, map[string]any{"import": compiledModules, "files": []string{}}, lim)
	}
	var files []string
	for name := range p.Files {
		if strings.HasSuffix(name, ".py") && len(files) < maxCompiledFiles {
			files = append(files, treePath(fdPlugin, name))
		}
	}
	err = errors.Join(err, h.compileTree(ctx, in, own, fdPlugin, map[string]any{"import": []string{}, "files": files}, lim, theirs))
	if err != nil {
		h.cfg.Log.DebugContext(ctx, "modules are not compiled", "plugin", p.Manifest.Name, "reason", err.Error())
	}
}

// compileTree lets the interpreter compile files of t, which it sees under fd, and
// keeps the result there.
func (h *Host) compileTree(ctx context.Context, in *interpreter, t *tree, fd int, job map[string]any, lim Limits, more ...*tree) error {
	start := &scriptStart{argv: append(append([]string{}, in.argv...), treePath(fdInterpreter, compileName))}
	for _, m := range more {
		start.trees, start.fds = append(start.trees, m), append(start.fds, fdInterpreter)
	}
	start.trees, start.fds = append(start.trees, t), append(start.fds, fd)
	b, err := evidence.Canonical(job)
	if err != nil {
		return err
	}
	if start.job, err = jobFile(b); err != nil {
		return err
	}
	defer closeAll(start.job)
	theirs, err := h.trees.interpreter(in)
	if err != nil {
		return err
	}
	program, shared, err := h.programs.openTree(theirs, in)
	if err != nil {
		return err
	}
	if !shared {
		defer closeAll(program)
	}
	proc, err := h.startScript(ctx, program, in.env, start, lim)
	if err != nil {
		return err
	}
	defer proc.end()
	defer context.AfterFunc(ctx, func() {
		proc.run.signal()
		_ = proc.answer.r.SetReadDeadline(time.Unix(1, 0))
	})()
	return keepCompiled(bufio.NewReader(io.LimitReader(proc.answer.r, maxCompiledBytes)), t, treePath(fd, ""))
}

var cacheTag = regexp.MustCompile(`^[a-z0-9]+-[0-9]+$`)

// keepCompiled writes what compileScript prints into __pycache__ beside the sources
// below prefix. Where it is wrong about anything the rest is dropped.
func keepCompiled(r *bufio.Reader, t *tree, prefix string) error {
	tag, err := r.ReadString('\n')
	if tag = strings.TrimSuffix(tag, "\n"); err != nil || !cacheTag.MatchString(tag) {
		return errors.New("no list of compiled files")
	}
	for range maxCompiledFiles {
		head, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) && head == "" {
			return nil
		}
		if err != nil {
			return err
		}
		size, name, ok := strings.Cut(strings.TrimSuffix(head, "\n"), " ")
		n, err := strconv.ParseUint(size, 10, 31)
		name, below := strings.CutPrefix(name, prefix+"/")
		if !ok || err != nil || !below || !filepath.IsLocal(name) || !strings.HasSuffix(name, ".py") {
			return errors.New("a compiled file of another place")
		}
		if info, err := os.Lstat(filepath.Join(t.path, name)); err != nil || !info.Mode().IsRegular() {
			return errors.New("a compiled file without a source")
		}
		if err := keepFile(io.LimitReader(r, int64(n)), int64(n), t.path, name, tag); err != nil {
			return err
		}
	}
	return nil
}

// keepFile puts a compiled file in its place at once, or not at all.
func keepFile(r io.Reader, n int64, root, name, tag string) error {
	dir := filepath.Join(root, path.Dir(name), "__pycache__")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return err
	}
	got, err := io.Copy(f, r)
	if err == nil && got != n {
		err = io.ErrUnexpectedEOF
	}
	err = errors.Join(err, f.Chmod(0o444), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, fmt.Sprintf("%s.%s.pyc", strings.TrimSuffix(path.Base(name), ".py"), tag)))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
