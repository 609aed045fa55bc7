package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const (
	objectsDir     = "objects"
	checkpointsDir = "checkpoints"
	secretsDir     = "secrets"
	fingerprintKey = "fingerprint.key"
	secretSize     = 32
)

// Case is an open case. All methods are safe for concurrent use.
type Case struct {
	dir, origin string
	blobs       *blob.Store
	reader      *reader
	// w and lock are nil in a case opened for reading.
	w    *writer
	lock *os.File

	// destroying is held while objects are removed, and shared by whoever commits
	// objects and then the rows that name them.
	destroying sync.RWMutex
	gone       disposals

	closing sync.Once
	closed  error
}

// Open opens the case in dir for writing. It fails with evidence.ErrNoCase where
// dir holds none, ErrLocked where another process writes, ErrNewer where a later
// program wrote it, and ErrIntegrity where the schema, the head of the log or
// its latest checkpoint do not fit together: such a case is read and verified,
// not continued. What an interrupted writer left is recovered: the transaction
// log is replayed, unfinished objects are removed, and so are objects of which the log
// says that they were destroyed.
func Open(ctx context.Context, dir string, o Options) (*Case, error) {
	c, err := open(ctx, dir, o, nil)
	if err != nil {
		return nil, fmt.Errorf("store: open %q: %w", dir, classify(err))
	}
	return c, nil
}

// open takes over lock if it is not nil.
func open(ctx context.Context, dir string, o Options, lock *os.File) (*Case, error) {
	c := &Case{lock: lock}
	if err := c.open(ctx, dir, o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Case) open(ctx context.Context, dir string, o Options) error {
	if err := errors.Join(ctx.Err(), o.check()); err != nil {
		return err
	}
	steps, err := migrations()
	if err != nil {
		return err
	}
	if c.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	version, err := probe(c.dir, len(steps))
	if err != nil {
		return err
	}
	if c.lock == nil {
		if c.lock, err = acquire(c.dir); err != nil {
			return err
		}
	}
	if err := checkNoJournal(c.dir); err != nil {
		return err
	}
	conn, err := dialWriter(c.dir, "rw")
	if err != nil {
		return err
	}
	c.w = newWriter(conn, o)
	if err := c.prepare(ctx, conn, version, steps); err != nil {
		return err
	}
	c.reader = &reader{dir: c.dir, beside: true}
	c.w.start()
	return nil
}

// prepare brings everything of an opened database to the point where it can be
// written to.
func (c *Case) prepare(ctx context.Context, conn *sqlite3.SQLiteConn, version int, steps []string) error {
	if err := checkWritable(conn); err != nil {
		return err
	}
	// Another writer may have migrated it between the first look and the lock.
	v, err := scalar(conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if now, _ := v.(int64); int(now) > version {
		version = int(now)
	}
	if version > len(steps) {
		return newer(version, len(steps))
	}
	if err := migrate(conn, version, steps); err != nil {
		return err
	}
	if err := checkSchema(conn, steps); err != nil {
		return err
	}
	if err := c.w.load(); err != nil {
		return err
	}
	c.origin = c.w.origin
	if err := c.w.checkCheckpoints(context.WithoutCancel(ctx), filepath.Join(c.dir, checkpointsDir)); err != nil {
		return err
	}
	if err := removeUnfinished(filepath.Join(c.dir, checkpointsDir)); err != nil {
		return err
	}
	if err := removeUnfinished(filepath.Join(c.dir, secretsDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c.blobs, err = blob.Open(filepath.Join(c.dir, objectsDir), true); err != nil {
		return err
	}
	c.blobs.Gone = c.whyGone
	return c.finishDisposals(context.WithoutCancel(ctx))
}

// checkNoJournal refuses a case beside which a rollback journal lies: no case has
// one, and SQLite would change case.db to what it says.
func checkNoJournal(dir string) error {
	name := filepath.Join(dir, dbName+"-journal")
	info, err := os.Lstat(name)
	if os.IsNotExist(err) || err == nil && info.Size() == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("%w: %q does not belong to a case", evidence.ErrIntegrity, name), err)
}

// checkWritable tries what every append will do. Within one process SQLite maps
// case.db-shm once: a reader that was there first has it read-only for all.
func checkWritable(conn *sqlite3.SQLiteConn) error {
	_, err := conn.Exec("BEGIN IMMEDIATE; ROLLBACK", nil)
	var s sqlite3.Error
	if errors.As(err, &s) && s.Code == sqlite3.ErrReadonly {
		return fmt.Errorf("case.db is read-only: by its permissions, or because this process already has the case open for reading: %w", err)
	}
	return err
}

// OpenReader opens the case in dir for reading: no lock, nothing created or
// changed, also beside a writer and on a read-only medium. It fails with
// evidence.ErrNoCase and ErrNewer as Open does. A method fails with
// evidence.ErrChanged where a writer came, went and rewrote case.db while it
// read; the next call reads what is there then.
func OpenReader(ctx context.Context, dir string) (*Case, error) {
	c, err := openReader(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("store: open %q for reading: %w", dir, classify(err))
	}
	return c, nil
}

func openReader(ctx context.Context, dir string) (*Case, error) {
	c := &Case{}
	if err := c.openReader(ctx, dir); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Case) openReader(ctx context.Context, dir string) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	if c.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if _, err := probe(c.dir, len(steps)); err != nil {
		return err
	}
	c.reader = &reader{dir: c.dir}
	err = c.reader.do(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(steps) {
			return newer(version, len(steps))
		}
		return tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'origin'").Scan(&c.origin)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: case.db does not say its log's origin", evidence.ErrIntegrity)
	}
	if err != nil {
		return err
	}
	if err := custody.CheckOrigin(c.origin); err != nil {
		return err
	}
	if c.blobs, err = blob.Open(filepath.Join(c.dir, objectsDir), false); err != nil {
		return err
	}
	c.blobs.Gone = c.whyGone
	return nil
}

func newer(version, latest int) error {
	return fmt.Errorf("%w: case format %d, this program reads up to %d", evidence.ErrNewer, version, latest)
}

// Close ends what the case is doing and gives up the lock. An Append that was
// accepted is finished first. Later calls return what the first one did.
func (c *Case) Close() error {
	c.closing.Do(func() {
		var errs []error
		// Readers first: the writer's connection must be the last, since it is
		// the one that folds the transaction log back.
		if c.reader != nil {
			errs = append(errs, c.reader.close())
		}
		if c.w != nil {
			errs = append(errs, c.w.close())
		}
		if c.blobs != nil {
			errs = append(errs, c.blobs.Close())
		}
		if c.lock != nil {
			errs = append(errs, release(c.lock))
		}
		if err := errors.Join(errs...); err != nil {
			c.closed = fmt.Errorf("store: close: %w", classify(err))
		}
	})
	return c.closed
}

// Dir returns the case's directory as an absolute path.
func (c *Case) Dir() string { return c.dir }

// Origin returns the log's name, <lab>/<case uuid>.
func (c *Case) Origin() string { return c.origin }

// ID returns the case's UUID.
func (c *Case) ID() string { return c.origin[strings.LastIndexByte(c.origin, '/')+1:] }

// Blobs returns the case's objects.
func (c *Case) Blobs() *blob.Store { return c.blobs }

// Secret returns the 32 bytes under which key fingerprints are made
// (docs/formats/runs.md). It fails with evidence.ErrIntegrity where the file
// does not hold that many.
func (c *Case) Secret() ([]byte, error) {
	b, err := readSecret(filepath.Join(c.dir, secretsDir, fingerprintKey))
	if err != nil {
		return nil, fmt.Errorf("store: fingerprint secret: %w", err)
	}
	return b, nil
}
