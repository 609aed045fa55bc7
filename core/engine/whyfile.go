package engine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// WhyFile explains a file that is in no case: without layouts, profiles and keys of
// one. plugins are as LoadPlugins returns them; h is needed where a Probe is asked.
func WhyFile(ctx context.Context, plugins []*host.Plugin, h func() (*host.Host, error), path string) (*Explanation, error) {
	e := &Engine{plugins: plugins, headSize: headSize(plugins)}
	table, err := e.table(&store.State{})
	if err != nil {
		return nil, err
	}
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var log *identify.Source
	if l, n, err := openRegular(path + logSuffix); err == nil {
		defer l.Close()
		log = &identify.Source{ReaderAt: l, Size: n}
	}
	id, head, err := identify.Look(identify.Source{ReaderAt: f, Size: size}, log)
	if err != nil {
		return nil, fmt.Errorf("engine: %s: %w", path, err)
	}
	x := &Explanation{File: path, Size: size, Identity: id, Begins: begins(head)}
	var failed error
	in := dispatch.Input{Size: size, Identity: id, Head: head, Explain: true, Probe: func(p dispatch.Plugin) *dispatch.Answer {
		host, err := h()
		if err == nil {
			res, perr := host.Probe(ctx, e.byName(p.Manifest.Name), sample(head, size))
			if perr == nil {
				return answerOf(res)
			}
			err = perr
		}
		failed = err
		return nil
	}}
	in.Places = []dispatch.Place{{Path: filepath.Base(path), Beside: func(suffix string) []evidence.ManifestMember {
		c, n, err := openRegular(path + suffix)
		if err != nil {
			return nil
		}
		c.Close() // only asked for
		return []evidence.ManifestMember{{Size: n}}
	}, Around: func(pattern string) []evidence.ManifestMember { return around(filepath.Dir(path), pattern) }}}
	for _, d := range table.Decide(in) {
		w := WhyDecision{Decision: d, Version: e.byName(d.Plugin).Manifest.Version}
		w.Run, w.Inputs = evidence.Digest{}, nil // nothing was hashed
		for _, m := range d.Inputs {
			if m.Role != evidence.RoleMain {
				at := path + suffixOf(e.byName(d.Plugin), d.Operation, m.Role)
				if m.Name != "" {
					at = filepath.Join(filepath.Dir(path), m.Name)
				}
				w.company(m.Role, at)
			}
		}
		x.add(w)
	}
	if failed != nil {
		return nil, fmt.Errorf("engine: ask a plugin about %s: %w", path, failed)
	}
	x.need(true)
	return x, nil
}

func sample(head []byte, size int64) host.Sample { return host.Sample{Head: head, Size: size} }

// around lists the files below a directory that a companion's pattern fits.
func around(dir, pattern string) (out []evidence.ManifestMember) {
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return nil
	}
	for _, name := range names {
		c, n, err := openRegular(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		c.Close() // only asked for
		out = append(out, evidence.ManifestMember{Size: n, Name: name})
	}
	return out
}

func suffixOf(p *host.Plugin, operation, role string) string {
	for _, op := range p.Manifest.Operations {
		for _, c := range op.Companions {
			if op.Operation == operation && c.Role == role {
				return c.Suffix
			}
		}
	}
	return ""
}

// openRegular opens a regular file; a symbolic link is followed, as it is the user's word.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: %s is no regular file", evidence.ErrFormat, path)
	}
	f, err := os.Open(path)
	return f, info.Size(), err
}
