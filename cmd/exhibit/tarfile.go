package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// writeTar puts a directory into a new tar archive, reads it back from the disk and
// compares. The archive is durable when it returns, or not there.
func writeTar(ctx context.Context, dir, name string) (err error) {
	out, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", visible(name), reasonOf(err))
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	sums, err := pack(ctx, dir, out)
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = compare(ctx, out, sums)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", visible(name), reasonOf(err))
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// pack writes the archive, in the order of names, and returns what each file hashed to.
func pack(ctx context.Context, dir string, out io.Writer) (map[string][]byte, error) {
	sums := map[string][]byte{}
	w := tar.NewWriter(out)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(filepath.Dir(dir), path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		// Unpacked, it is the case: not what it was called while it was made.
		rel, err = filepath.Rel(filepath.Base(dir), rel)
		if err != nil {
			return err
		}
		h.Name = filepath.ToSlash(filepath.Join("case", rel))
		h.Format, h.ModTime = tar.FormatPAX, h.ModTime.Truncate(time.Second)
		h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
		if e.IsDir() {
			h.Name += "/"
			return w.WriteHeader(h)
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		sum, err := copySum(w, path)
		sums[h.Name] = sum
		return err
	})
	return sums, errors.Join(err, w.Close())
}

func copySum(w io.Writer, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(w, h), f)
	return h.Sum(nil), err
}

// compare reads the archive from the device, not from memory where that can be helped.
func compare(ctx context.Context, f *os.File, sums map[string][]byte) error {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // some filesystems cannot
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, n := tar.NewReader(f), 0
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		sum := sha256.New()
		if _, err := io.CopyN(sum, r, h.Size); err != nil {
			return err
		}
		if !bytes.Equal(sum.Sum(nil), sums[h.Name]) {
			return fmt.Errorf("%w: %s does not read back as it was written", evidence.ErrIntegrity, h.Name)
		}
		n++
	}
	if n != len(sums) {
		return fmt.Errorf("%w: %d files of %d read back", evidence.ErrIntegrity, n, len(sums))
	}
	return nil
}
