package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	objectsDir = "sha256"
	tmpDir     = "tmp"
)

// errReadOnly is returned where something is to be written to a store opened for reading.
var errReadOnly = errors.New("store is open for reading only")

// Store is one CASE/objects directory. Its methods may be called from several
// goroutines. Only one process at a time may have it open for writing; the lock
// that ensures this belongs to the case (evidence/store).
type Store struct {
	dir   string
	write bool

	// root is open from before the first write until Close: errors of writing
	// back are reported to it by syncfs only if they happened after it was opened.
	root    *os.File
	batches bool // syncfs reports errors here

	next    atomic.Uint64 // number of the next file in tmp/
	open    atomic.Int64  // staged files kept open
	decoder *zstd.Decoder
	buffers sync.Pool // *[frameSize]byte
	frames  sync.Pool // *frameEncoder

	syncMu   sync.Mutex   // held during syncfs and until its failure is counted
	failures atomic.Int64 // failed fsync and syncfs calls so far

	// Gone, if set before the store is used, says why an object is not there: its error
	// takes the place of evidence.ErrNotFound. It may return nil.
	Gone func(context.Context, evidence.Digest) error

	mu       sync.Mutex
	known    map[string]bool               // prefix directories that are durable; owned by mu
	verified map[fileState]evidence.Digest // what a file hashed to, in this state; owned by mu
}

// Open opens dir (CASE/objects). With write it is created where missing and
// what an interrupted process left in tmp/ is removed; without, nothing is
// changed, and a dir that does not exist is evidence.ErrNotFound.
func Open(dir string, write bool) (*Store, error) {
	s := &Store{dir: dir, write: write, known: map[string]bool{}, verified: map[fileState]evidence.Digest{}}
	s.buffers.New = func() any { return new([frameSize]byte) }
	s.frames.New = func() any { return newFrameEncoder() }
	var err error
	if s.decoder, err = newDecoder(); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if write {
		if err := s.makeDirs(); err != nil {
			return nil, fmt.Errorf("blob: create %q: %w", dir, noSpace(err))
		}
	}
	if s.root, err = os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", evidence.ErrNotFound, err)
		}
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	s.batches = syncfsReports(s.root)
	if write {
		if err := s.emptyTmp(); err != nil {
			return nil, errors.Join(fmt.Errorf("blob: remove leftovers: %w", err), s.root.Close())
		}
	}
	return s, nil
}

// Close releases the store's descriptor. Objects still open remain usable, but
// nothing can be committed any more.
func (s *Store) Close() error { return s.root.Close() }

// makeDirs creates the store's directories, durably. Those that are there already
// are synced as well: who made them may not have come that far.
func (s *Store) makeDirs() error {
	for _, d := range []string{s.dir, filepath.Join(s.dir, objectsDir), filepath.Join(s.dir, tmpDir)} {
		if err := os.Mkdir(d, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return errors.Join(s.syncDir(s.dir), s.syncDir(filepath.Dir(s.dir)))
}

// emptyTmp removes unfinished objects: they were never acknowledged.
func (s *Store) emptyTmp() error {
	tmp := filepath.Join(s.dir, tmpDir)
	entries, err := os.ReadDir(tmp)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(tmp, e.Name())))
	}
	return err
}

// name returns the object's path below the store, as it appears in messages.
func name(d evidence.Digest) string {
	hex := d.Hex()
	return "objects/" + objectsDir + "/" + hex[:2] + "/" + hex
}

// path returns the object's path.
func (s *Store) path(d evidence.Digest) string {
	hex := d.Hex()
	return filepath.Join(s.dir, objectsDir, hex[:2], hex)
}

// temp creates a new file in tmp/, read-only for everyone but the holder of
// the descriptor.
func (s *Store) temp() (*os.File, error) {
	if !s.write {
		return nil, errReadOnly
	}
	for {
		p := filepath.Join(s.dir, tmpDir, strconv.FormatUint(s.next.Add(1), 10))
		f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o444)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return f, err
	}
}
