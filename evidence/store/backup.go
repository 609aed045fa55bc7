package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const pluginsLock = "plugins.lock.json"

// BackupOptions say what goes into a backup beside the case itself.
type BackupOptions struct {
	// Secrets: the keys that were given, the secret under which keys are fingerprinted, and
	// that under which pseudonyms are made.
	// Without them the copy can be read and verified, but runs that need keys cannot be.
	Secrets bool
	// Progress, if set, is told how many bytes of objects are copied.
	Progress func(done, total int64)
}

// BackupReport says what a backup holds.
type BackupReport struct {
	Entries     int64 `json:"entries"`
	Objects     int64 `json:"objects"`
	Bytes       int64 `json:"bytes"`
	Checkpoints int64 `json:"checkpoints"`
	Secrets     bool  `json:"secrets"`
	// InPlace artifacts lie where they were received and are not in the copy.
	InPlace int64 `json:"in_place"`
}

// backupAttempts is how often a copy of case.db is begun again because a writer folded its
// log back, or changed plugins.lock.json, meanwhile.
const backupAttempts = 20

// Backup copies the case in dir to a directory that does not exist yet: the case as it was
// at one moment, also while another process writes to it. case.db is copied in one read
// transaction, then everything that the copy names. What is copied is durable when Backup
// returns; nothing is at to where it fails. Writers are not held up.
//
// It fails with evidence.ErrNoCase, ErrExists where to is there, ErrNoSpace, and
// ErrNotFound where case.db names an object that is not there.
func Backup(ctx context.Context, dir, to string, o BackupOptions) (BackupReport, error) {
	r, err := backup(ctx, dir, to, o)
	if err != nil {
		return r, fmt.Errorf("store: backup of %q: %w", dir, classify(err))
	}
	return r, nil
}

func backup(ctx context.Context, dir, to string, o BackupOptions) (r BackupReport, err error) {
	b := &backuper{o: o}
	if b.from, err = filepath.Abs(dir); err != nil {
		return r, err
	}
	if b.final, err = filepath.Abs(to); err != nil {
		return r, err
	}
	steps, err := migrations()
	if err != nil {
		return r, err
	}
	if _, err := probe(b.from, len(steps)); err != nil {
		return r, err
	}
	if _, err := os.Lstat(b.final); !errors.Is(err, fs.ErrNotExist) {
		return r, errors.Join(fmt.Errorf("%w: %q", evidence.ErrExists, b.final), err)
	}
	if rel, err := filepath.Rel(b.from, b.final); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		return r, fmt.Errorf("%w: a backup inside the case that it is of: %q", evidence.ErrFormat, b.final)
	}
	b.to = filepath.Join(filepath.Dir(b.final), ".exhibit-backup-"+filepath.Base(b.final))
	lock, err := stage(b.to)
	if err != nil {
		return r, err
	}
	err = b.all(ctx)
	if err == nil {
		err = os.Remove(filepath.Join(b.to, lockName))
	}
	if err == nil {
		err = moveIn(b.to, b.final, false)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(b.to))
	}
	return b.r, errors.Join(err, lock.Close())
}

// backuper copies a case from from to to, which becomes final.
type backuper struct {
	o               BackupOptions
	from, to, final string
	r               BackupReport
}

func (b *backuper) all(ctx context.Context) error {
	for _, sub := range []string{checkpointsDir, secretsDir, filepath.Join(secretsDir, "keys")} {
		if err := os.Mkdir(filepath.Join(b.to, sub), 0o700); err != nil {
			return err
		}
	}
	for _, sub := range []string{objectsDir, filepath.Join(objectsDir, "sha256"), filepath.Join(objectsDir, "tmp")} {
		if err := os.Mkdir(filepath.Join(b.to, sub), 0o755); err != nil {
			return err
		}
	}
	if err := b.database(ctx); err != nil {
		return err
	}
	conn, err := dial(dsn(b.to, frozenParams))
	if err != nil {
		return err
	}
	err = errors.Join(b.named(ctx, conn), conn.Close())
	if err == nil {
		// After case.db: what its entries name was durable before them.
		err = b.anchors()
	}
	if err == nil && b.o.Secrets {
		err = b.secrets()
	}
	if err != nil {
		return err
	}
	return syncFS(b.to)
}

// database copies case.db and plugins.lock.json as they were at one moment. The lock file
// is written after the entry that it follows and before the next intent: where it did not
// change while case.db was copied, both fit together.
func (b *backuper) database(ctx context.Context) error {
	for range backupAttempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, err := readIfThere(filepath.Join(b.from, pluginsLock))
		if err != nil {
			return err
		}
		err = b.copyDatabase(ctx)
		if errors.Is(err, evidence.ErrChanged) {
			continue
		}
		if err != nil {
			return err
		}
		after, err := readIfThere(filepath.Join(b.from, pluginsLock))
		if err != nil {
			return err
		}
		if !bytes.Equal(before, after) {
			continue
		}
		if after == nil {
			return nil
		}
		return writeDurably(filepath.Join(b.to, pluginsLock), after, 0o600)
	}
	return fmt.Errorf("%w: another process rewrote case.db each time it was copied", evidence.ErrChanged)
}

func readIfThere(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// copyDatabase makes one attempt: page by page under one read lock (sqlite.org/backup.html).
// It fails with evidence.ErrChanged where that was in vain.
func (b *backuper) copyDatabase(ctx context.Context) (err error) {
	params, frozen, err := choose(b.from)
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(filepath.Join(b.to, dbName+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	src, err := dial(dsn(b.from, params))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := dial(dsn(b.to, "mode=rwc"))
	if err != nil {
		return err
	}
	copied, err := dst.Backup("main", src, "main")
	if err == nil {
		_, err = copied.Step(-1)
		err = errors.Join(err, copied.Finish())
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		if busy := (sqlite3.Error{}); errors.As(err, &busy) && (busy.Code == sqlite3.ErrBusy || busy.Code == sqlite3.ErrLocked || busy.Code == sqlite3.ErrProtocol) {
			return fmt.Errorf("%w: %w", evidence.ErrChanged, err)
		}
		return err
	}
	if frozen != nil {
		if now, err := stampOf(b.from); err != nil || now != *frozen {
			return errors.Join(fmt.Errorf("%w: case.db", evidence.ErrChanged), err)
		}
	}
	return os.Chmod(filepath.Join(b.to, dbName), 0o600)
}

// named copies what the copy of case.db names.
func (b *backuper) named(ctx context.Context, db *sqlite3.SQLiteConn) error {
	v, err := scalar(db, "SELECT count(*) FROM entries")
	if err != nil {
		return err
	}
	b.r.Entries, _ = v.(int64)
	if err := each(db, "SELECT size, note FROM checkpoints ORDER BY size", func(row []any) error {
		size, _ := row[0].(int64)
		note, _ := row[1].([]byte)
		b.r.Checkpoints++
		return writeDurably(filepath.Join(b.to, checkpointsDir, checkpointName(size)), note, 0o644)
	}); err != nil {
		return err
	}
	total := int64(0)
	if v, err := scalar(db, "SELECT coalesce(sum(CAST(body AS TEXT) ->> '$.stored.size'), 0) FROM artifacts"); err == nil {
		total, _ = v.(int64)
	}
	// What was destroyed is not there to be copied.
	return each(db, latestBodies("x.digest NOT IN (SELECT digest FROM ("+disposedRows+"))"), func(row []any) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		body, _ := row[0].([]byte)
		var a evidence.Artifact
		if err := decode(body, &a); err != nil {
			return err
		}
		if a.Stored.Encoding == evidence.StoredInPlace {
			b.r.InPlace++
			return nil
		}
		n, err := b.object(a.SHA256)
		b.r.Objects++
		b.r.Bytes += n
		if b.o.Progress != nil {
			b.o.Progress(b.r.Bytes, total)
		}
		return err
	})
}

// anchors copies what is under anchors/, requests included.
func (b *backuper) anchors() error {
	files, err := anchorsIn(b.from, []string{AnchorStamp, AnchorNote, AnchorChain, AnchorQueued})
	if err != nil {
		return err
	}
	for _, a := range files {
		to := filepath.Join(b.to, a.File())
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		_, err := copyFile(filepath.Join(b.from, a.File()), to, 0o444)
		if errors.Is(err, fs.ErrNotExist) && a.Sort == AnchorQueued {
			continue // answered since it was listed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *backuper) object(d evidence.Digest) (int64, error) {
	name := filepath.Join(objectsDir, "sha256", d.Hex()[:2], d.Hex())
	if err := os.Mkdir(filepath.Dir(filepath.Join(b.to, name)), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return 0, err
	}
	n, err := copyFile(filepath.Join(b.from, name), filepath.Join(b.to, name), 0o444)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("object %s: %w: the case names it and does not have it; exhibit verify says what else is missing", d, evidence.ErrNotFound)
	}
	return n, err
}

// copyFile copies bytes, and does not make a second name for the same ones.
func copyFile(from, to string, mode os.FileMode) (n int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, in)
	return n, errors.Join(err, out.Chmod(mode), out.Close())
}

func (b *backuper) secrets() error {
	b.r.Secrets = true
	names, err := os.ReadDir(filepath.Join(b.from, secretsDir, "keys"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files := []string{fingerprintKey}
	if _, err := os.Lstat(filepath.Join(b.from, secretsDir, redactionKeyName)); err == nil { // made when it is first needed
		files = append(files, redactionKeyName)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range names {
		if name.Type().IsRegular() && name.Name()[0] != '.' { // else a key that is being added
			files = append(files, filepath.Join("keys", name.Name()))
		}
	}
	for _, name := range files {
		if _, err := copyFile(filepath.Join(b.from, secretsDir, name), filepath.Join(b.to, secretsDir, name), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// syncFS makes everything on the filesystem of dir durable: files and names.
func syncFS(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err = unix.Syncfs(int(f.Fd())); err != nil {
		err = &os.PathError{Op: "syncfs", Path: dir, Err: err}
	}
	return errors.Join(err, f.Close())
}
