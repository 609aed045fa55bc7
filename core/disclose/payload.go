package disclose

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// payload puts into the bag what is disclosed.
func (d *disclosure) payload(ctx context.Context) error {
	d.c.nameAll(bundle.NewNames(d.bag.Name))
	for _, f := range d.c.files {
		c, err := d.measure(ctx, f)
		if err != nil {
			return err
		}
		if err := d.bag.Add(c); err != nil {
			return err
		}
		d.about.Bytes += c.Size
	}
	d.about.Files = int64(len(d.c.files))
	if err := d.bag.Make(bundle.FilesFile, func(w *bufio.Writer) error { return bundle.FilesCSV(w, d.c.lines) }); err != nil {
		return err
	}
	if err := d.records(ctx); err != nil {
		return err
	}
	if d.q.Redacted != nil {
		if err := d.redacted(ctx); err != nil {
			return err
		}
	}
	if err := d.enclose(ctx); err != nil {
		return err
	}
	if err := d.bag.Make(bundle.FilesPageFile, func(w *bufio.Writer) error { return bundle.FilesPage(w, d.about, d.c.lines) }); err != nil {
		return err
	}
	if d.q.Redacted != nil {
		return d.checked(ctx)
	}
	return nil
}

// measure reads a file and sees to it that it is what the log says.
func (d *disclosure) measure(ctx context.Context, f *file) (c bundle.Content, err error) {
	if f.latest.Stored.Encoding == evidence.StoredRaw {
		// To open it is to compare the stored bytes, which are the content, with the digest.
		c, err = bundle.MeasureSum(ctx, f.name, f.digest, opener(d.k, f.latest))
	} else {
		c, err = bundle.Measure(ctx, f.name, opener(d.k, f.latest))
	}
	if err == nil && (c.SHA256 != f.digest || c.Size != f.artifact.Size) {
		err = &evidence.IntegrityError{Object: "artifact " + f.digest.Short(), Want: f.digest, Got: c.SHA256}
	}
	return c, err
}

// opener opens an artifact from its beginning.
func opener(k *store.Case, a evidence.Artifact) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		o, err := k.Blobs().Reader(ctx, a)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(o, 0, a.Size), o}, nil
	}
}

// records writes the disclosed lines of record sets, and what each of them is.
func (d *disclosure) records(ctx context.Context) error {
	if len(d.c.picks) == 0 {
		return nil
	}
	lines, err := d.scratch.Make(bundle.RecordsFile, func(w *bufio.Writer) error {
		for _, p := range d.c.picks {
			var n int64
			err := p.j.Lines(ctx, d.k, func(i int64, line []byte) error {
				if !p.has(i) {
					return nil
				}
				n++
				_, err := w.Write(append(line[:len(line):len(line)], '\n'))
				return err
			})
			if err == nil && n != p.count {
				err = fmt.Errorf("%w: %d records where %d were chosen", evidence.ErrIntegrity, n, p.count)
			}
			if err != nil {
				return err
			}
			d.about.Records += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.bag.Add(lines); err != nil {
		return err
	}
	r, err := lines.Open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(d.index(bufio.NewReaderSize(r, evidence.MaxLine)), r.Close())
}

// index writes what each line of records.jsonl is.
func (d *disclosure) index(lines *bufio.Reader) error {
	return d.bag.Make(bundle.RecordsIndexFile, func(w *bufio.Writer) error {
		if err := bundle.RecordColumns(w); err != nil {
			return err
		}
		for _, p := range d.c.picks {
			for i := range p.count {
				line, err := lines.ReadSlice('\n')
				if err != nil {
					return err
				}
				kind, at := evidence.KindAndTime(line[:len(line)-1])
				if err := bundle.RecordRow(w, bundle.Record{Line: p.first + i, Kind: kind, Time: at, Exhibit: p.exhibit, Path: p.path}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// enclose adds files from outside the case, as they are.
func (d *disclosure) enclose(ctx context.Context) error {
	names := bundle.NewNames(d.bag.Name)
	for _, name := range d.q.Enclose {
		c, err := bundle.Measure(ctx, names.File(bundle.EnclosedDir, filepath.Base(name)), func(context.Context) (io.ReadCloser, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			info, err := f.Stat()
			if err == nil && !info.Mode().IsRegular() {
				err = fmt.Errorf("%w: %s is no regular file", evidence.ErrFormat, name)
			}
			if err != nil {
				return nil, errors.Join(err, f.Close())
			}
			return f, nil
		})
		if err != nil {
			return err
		}
		d.enclosed = append(d.enclosed, c)
		if err := d.bag.Add(c); err != nil {
			return err
		}
	}
	d.about.Enclosed = int64(len(d.enclosed))
	return nil
}
