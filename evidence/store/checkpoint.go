package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const noteSuffix = ".note"

func checkpointName(size int64) string { return strconv.FormatInt(size, 10) + noteSuffix }

func checkpointSize(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, noteSuffix)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && n > 0 && checkpointName(n) == name
}

// Checkpoint is a signed head of the log as kept in the case.
type Checkpoint struct {
	// Size is the number of entries it covers.
	Size int64
	// Note is the signed note, unverified.
	Note []byte
}

// AddCheckpoint keeps the signed note over the first size entries: durable as
// checkpoints/<size>.note, then as a row. It fails with evidence.ErrIntegrity
// where the note is of another log or root, and with ErrExists where another
// note of that size is there; the same note again is no error.
func (c *Case) AddCheckpoint(ctx context.Context, size int64, note []byte) error {
	if c.w == nil {
		return fmt.Errorf("store: checkpoint of %d entries: %w", size, ErrClosed)
	}
	err := c.w.submit(ctx, func() error { return c.w.addCheckpoint(context.WithoutCancel(ctx), c.dir, size, note) })
	if err != nil {
		return fmt.Errorf("store: checkpoint of %d entries: %w", size, err)
	}
	return nil
}

func (w *writer) addCheckpoint(ctx context.Context, dir string, size int64, note []byte) error {
	cp, err := custody.ParseCheckpoint(note)
	if err != nil {
		return err
	}
	if cp.Size != size || size < 1 {
		return fmt.Errorf("%w: the note is over %d entries", evidence.ErrFormat, cp.Size)
	}
	if size > w.size {
		return fmt.Errorf("%w: the log has %d entries", evidence.ErrFormat, w.size)
	}
	root, err := custody.Root(size, w.nodes(ctx))
	if err != nil {
		return err
	}
	if cp.Origin != w.origin || cp.Root != root {
		return fmt.Errorf("%w: the note is not over this log", evidence.ErrIntegrity)
	}
	name := filepath.Join(dir, checkpointsDir, checkpointName(size))
	switch have, err := os.ReadFile(name); {
	case err == nil && !bytes.Equal(have, note):
		return fmt.Errorf("%w: %q holds another note", evidence.ErrExists, name)
	case err == nil:
		// It may be there without being durable, or without its row.
		if err := syncDir(filepath.Dir(name)); err != nil {
			return w.distrust(classify(err))
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		if err := writeDurably(name, note, 0o444); err != nil {
			return w.distrust(classify(err))
		}
	}
	have, err := scalar(w.conn, "SELECT note FROM checkpoints WHERE size = ?", size)
	if err != nil {
		return err
	}
	if have != nil {
		if !bytes.Equal(asBytes(have), note) {
			return fmt.Errorf("%w: case.db holds another note", evidence.ErrExists)
		}
		return nil
	}
	return w.transact(func() error {
		return w.insert(ctx, "INSERT INTO checkpoints (size, note) VALUES (?, ?)", size, note)
	})
}

// Checkpoints returns the checkpoints of the table, smallest first.
func (c *Case) Checkpoints(ctx context.Context) iter.Seq2[Checkpoint, error] {
	return rows(ctx, c, "checkpoints", "SELECT size, note FROM checkpoints ORDER BY size", nil,
		func(scan func(...any) error) (cp Checkpoint, err error) {
			err = scan(&cp.Size, &cp.Note)
			return cp, err
		})
}
