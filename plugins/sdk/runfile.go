package sdk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// runFile runs the request over its files.
func (p Plugin) runFile(ctx context.Context, q *request, stdout, stderr io.Writer) (r Result, err error) {
	in, file, err := openInput(q.path)
	if err != nil {
		return Result{}, err
	}
	defer file.Close()
	j := q.job
	j.Inputs = []*Input{in}
	for _, c := range p.companions(q) {
		more, file, err := openInput(c.path)
		if err != nil {
			return Result{}, err
		}
		defer file.Close()
		more.Role, more.Name = c.role, c.name
		in.Role = evidence.RoleMain
		j.Inputs = append(j.Inputs, more)
	}
	artifacts := &artifactLister{w: stdout, json: q.json}
	if q.artifacts != "" {
		if err := os.Mkdir(q.artifacts, 0o755); err != nil {
			return Result{}, err
		}
		artifacts.dir = q.artifacts
	}
	defer func() { err = errors.Join(err, artifacts.close()) }()
	j.Records, j.Diagnostics, j.Artifacts = stdout, stderr, artifacts
	if !q.json {
		j.Records, j.Diagnostics = &printer{w: stdout, one: printRecord}, &printer{w: stderr, one: printDiagnostic}
	}
	return Run(ctx, p, j)
}

// openInput opens a file and takes its digest.
func openInput(path string) (*Input, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	in, err := inputOf(f)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return in, f, nil
}

func inputOf(f *os.File) (*Input, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	in := NewInput(f, st.Size())
	h.Sum(in.SHA256[:0])
	return in, nil
}

// companions are the files to hand over with the input: those that were stated, and
// those beside it that the plugin's manifest names; without a manifest at hand, those
// that a SQLite database has.
func (p Plugin) companions(q *request) []companion {
	list := slices.Clone(q.with)
	known := []evidence.Companion{{Role: "wal", Suffix: "-wal"}, {Role: "journal", Suffix: "-journal"}}
	if m := p.manifest(); m != nil {
		for _, op := range m.Operations {
			if op.Operation == q.job.Operation && len(op.Companions) > 0 {
				known = op.Companions
			}
		}
	}
	for _, c := range known {
		if c.Beside != "" {
			list = append(list, around(q.path, c)...)
			continue
		}
		path := q.path + c.Suffix
		stated := false
		for _, w := range q.with {
			stated = stated || w.role == c.Role
		}
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && !stated {
			list = append(list, companion{role: c.Role, path: path})
		}
	}
	return list
}

// around lists the files that a companion's path fits, from the input's directory on.
func around(input string, c evidence.Companion) (list []companion) {
	dir := filepath.Dir(input)
	names, err := fs.Glob(os.DirFS(dir), c.Beside)
	if err != nil {
		return nil
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			list = append(list, companion{c.Role, path, name})
		}
	}
	return list
}

// manifest is the plugin's own, beside the program or in the working directory, nil
// where it is in neither.
func (p Plugin) manifest() *evidence.PluginManifest {
	dirs := []string{"."}
	if exe, err := os.Executable(); err == nil {
		dirs = []string{filepath.Dir(exe), "."}
	}
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "plugin.json"))
		if err != nil {
			continue
		}
		if m, err := evidence.ParsePluginManifest(b); err == nil && m.Name == p.Name {
			return &m
		}
	}
	return nil
}

// fingerprint is that of docs/formats/runs.md under an empty secret: no case is at hand.
func fingerprint(key []byte) string {
	m := hmac.New(sha256.New, nil)
	m.Write(key)
	return "key:" + hex.EncodeToString(m.Sum(nil)[:8])
}

func summarise(w io.Writer, p Plugin, operation string, r Result) {
	declared := "none"
	if r.Units.Declared >= 0 {
		declared = fmt.Sprint(r.Units.Declared)
	}
	fmt.Fprintf(w, "%s %s %s: %s", p.Name, p.Version, operation, r.Outcome)
	if r.Reason != "" {
		fmt.Fprintf(w, " (%s)", r.Reason)
	}
	fmt.Fprintf(w, "\nunits: declared %s, read %d, emitted %d, rejected %d, skipped %d\n", declared, r.Units.Read, r.Units.Emitted, r.Units.Rejected, r.Units.Skipped)
	fmt.Fprintf(w, "records: %d, sha256:%x\n", r.Records.Count, r.Records.SHA256)
	fmt.Fprintf(w, "diagnostics: %d; artifacts: %d; bytes read: %d\n", r.Diagnostics.Count, r.Artifacts.Count, r.BytesRead)
	if len(r.KeysUsed) > 0 {
		fmt.Fprintf(w, "keys used: %s\n", strings.Join(r.KeysUsed, " "))
	}
}
