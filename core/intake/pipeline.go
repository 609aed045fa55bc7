package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// Types of an occurrence (docs/formats/case.md).
const (
	typeFile      = "file"
	typeDirectory = "directory"
	typeSymlink   = "symlink"
	typeRefused   = "refused"
)

// Flags of an occurrence.
const (
	flagChanged    = "changed_while_read"
	flagMismatch   = "hash_mismatch"
	flagUnreadable = "unreadable"
	flagSparse     = "sparse"
	flagResumed    = "resumed"
)

const (
	defaultWorkers = 2
	// opened bounds how many files wait open for a worker.
	opened = 64
	// ahead bounds how far reading may run ahead of writing, in files.
	ahead = 4 * partFiles
	// progressEvery is how often Progress is called.
	progressEvery = 250 * time.Millisecond
)

// job is one thing on its way from the walk to a part. Its fields belong to the
// walk, then to one worker, and, once done is closed, to the collector.
type job struct {
	found
	done     chan struct{}
	staged   *blob.Staged
	artifact evidence.Artifact
	flags    []string
	err      error
}

// receive reads everything and records it, in parts. Three stages run at once:
// the walk, the workers, and the collector, which writes parts in the order of
// the walk, so that the same directory gives the same occurrences.
func (a *adding) receive(ctx context.Context) error {
	var caseDir unix.Statx_t
	if st, err := statAt(unix.AT_FDCWD, a.c.Dir()); err == nil {
		caseDir = st
	}
	group, ctx := errgroup.WithContext(ctx)
	work := make(chan *job, opened)
	order := make(chan *job, ahead)
	w := &walker{src: a.src, exclude: a.r.Exclude, leave: caseDir, known: a.before.has}
	w.emit = func(ctx context.Context, f found) error {
		j := &job{found: f, done: make(chan struct{})}
		if err := send(ctx, order, j); err != nil {
			j.release()
			return err
		}
		if f.file == nil {
			close(j.done)
			return nil
		}
		if err := send(ctx, work, j); err != nil {
			j.release()
			close(j.done)
			return err
		}
		return nil
	}
	group.Go(func() error {
		defer close(order)
		defer close(work)
		return w.walk(ctx)
	})
	read := new(atomic.Int64)
	workers := a.o.Workers
	if workers <= 0 {
		workers = defaultWorkers
	}
	for range workers {
		group.Go(func() error {
			for j := range work {
				if ctx.Err() == nil {
					a.read(ctx, j, read)
				}
				j.release()
				close(j.done)
			}
			return nil
		})
	}
	group.Go(func() error { return a.collect(ctx, order, read) })
	err := group.Wait()
	for j := range order {
		j.drop()
	}
	a.rep.Counts.Excluded, a.rep.Skipped = w.excluded, w.skipped
	return err
}

func send(ctx context.Context, to chan<- *job, j *job) error {
	select {
	case to <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (j *job) release() {
	if j.file != nil {
		_ = j.file.Close() // only read from
		j.file = nil
	}
}

// drop gives up a job that no part took.
func (j *job) drop() {
	j.release()
	if j.staged != nil {
		j.staged.Discard()
		j.staged = nil
	}
}

// read stores or hashes one file, and says what was noticed while it was read.
func (a *adding) read(ctx context.Context, j *job, read *atomic.Int64) {
	hashes := []string{"md5", "sha1"}
	for _, h := range append(slices.Clone(a.r.Hashes), a.want.algorithms()...) {
		if h != "sha256" && !slices.Contains(hashes, h) {
			hashes = append(hashes, h)
		}
	}
	progress := func(n int64) { read.Add(n) }
	var err error
	if a.r.InPlace {
		err = a.hash(ctx, j, hashes, progress)
	} else {
		err = a.copy(ctx, j, hashes, progress)
	}
	if err != nil {
		j.failed(ctx, err)
		return
	}
	after, err := statOf(int(j.file.Fd()))
	if what := changes(&j.st, &after); err == nil && what != "" {
		j.note = "while it was read, " + what + " changed; the bytes kept are those that were read"
		if !slices.Contains(j.flags, flagChanged) {
			j.flags = append(j.flags, flagChanged)
		}
	}
}

// copy stages the file's bytes in the case.
func (a *adding) copy(ctx context.Context, j *job, hashes []string, progress func(int64)) error {
	staged, info, err := a.c.Blobs().CopyFile(ctx, j.file, blob.WriterOptions{
		Encoding: evidence.StoredRaw, Hashes: hashes, SizeHint: int64(j.st.Size),
	}, progress)
	if err != nil {
		return err
	}
	j.staged = staged
	j.artifact = staged.Artifact(evidence.Original)
	if info.Sparse {
		j.flags = append(j.flags, flagSparse)
	}
	if info.Changed {
		j.flags = append(j.flags, flagChanged)
		j.note = "it changed while it was read; the bytes kept are those that were read"
	}
	return nil
}

// hash reads the file where it is; nothing is copied.
func (a *adding) hash(ctx context.Context, j *job, hashes []string, progress func(int64)) error {
	digest, sums, n, err := blob.HashFile(ctx, j.file, hashes, progress)
	if err != nil {
		return err
	}
	path := evidence.NewName(a.src.path(j.rel))
	j.artifact = evidence.Artifact{
		SHA256: digest, Size: n, Origin: evidence.Original, Hashes: sums,
		Stored: evidence.Stored{Encoding: evidence.StoredInPlace, SHA256: digest, Size: n, Path: &path},
	}
	if isSparse(&j.st) {
		j.flags = append(j.flags, flagSparse)
	}
	return nil
}

// failed tells a file that cannot be read, which is recorded, from a case that
// cannot be written, which ends the intake.
func (j *job) failed(ctx context.Context, err error) {
	var at *fs.PathError
	switch {
	case ctx.Err() != nil:
		j.err = err
	case errors.Is(err, evidence.ErrChanged):
		// Only of a file that is left in place: what was hashed is there no more.
		j.typ = typeRefused
		j.flags = append(j.flags, flagChanged)
		j.note = "it changed while it was hashed where it lies; there is no state of it that could be found again"
	case errors.As(err, &at) && at.Path == j.file.Name():
		j.typ = typeRefused
		j.note = "reading failed: " + reason(err)
	default:
		j.err = err
	}
}

// changes names what differs between two looks at the same file.
func changes(before, after *unix.Statx_t) string {
	var out []string
	if before.Size != after.Size {
		out = append(out, fmt.Sprintf("its size (%d, then %d bytes)", before.Size, after.Size))
	}
	if before.Mtime != after.Mtime {
		out = append(out, "its modification time")
	}
	if before.Ctime != after.Ctime {
		out = append(out, "its change time")
	}
	return strings.Join(out, ", ")
}
