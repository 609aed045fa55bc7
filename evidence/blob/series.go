package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Series returns a new read-only descriptor, at offset 0, of a file without a name that
// holds the content of artifacts one behind the other. Each is compared with its digest
// while it is written. Errors are those of Reader.
func (s *Store) Series(ctx context.Context, artifacts []evidence.Artifact) (*os.File, error) {
	f, err := s.nameless()
	if err != nil {
		return nil, fmt.Errorf("blob: %w", noSpace(err))
	}
	defer f.Close()
	var at int64
	for _, a := range artifacts {
		if err := s.appendTo(ctx, f, &at, a); err != nil {
			return nil, fmt.Errorf("blob: open %s: %w", a.SHA256.Short(), noSpace(err))
		}
	}
	return os.Open("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
}

// appendTo writes an artifact's content to f at *at.
func (s *Store) appendTo(ctx context.Context, f *os.File, at *int64, a evidence.Artifact) error {
	o, err := s.reader(ctx, a)
	if err != nil {
		return err
	}
	defer o.Close()
	sums, err := newSums(nil)
	if err != nil {
		return err
	}
	write := func(p []byte) error {
		sums.write(p)
		n, err := f.WriteAt(p, *at)
		*at += int64(n)
		return err
	}
	if o.t != nil {
		err = s.decodeAll(ctx, o.f, o.t, write)
	} else {
		err = copyTo(ctx, io.NewSectionReader(o, 0, a.Size), write)
	}
	if err != nil {
		return err
	}
	if got := sums.digest(); got != a.SHA256 {
		return &evidence.IntegrityError{Object: o.name, Want: a.SHA256, Got: got}
	}
	return nil
}

func copyTo(ctx context.Context, r io.Reader, write func([]byte) error) error {
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if err := write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
