package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// disposedRows selects the digests whose bytes entries of kind dispose destroyed, each with
// the entry: those in the set subjects of such an entry of which no later entry stored
// the bytes again (docs/formats/case.md, What follows from the log). Entries with
// subjects are skipped through by the key; there is no walk over the log.
const disposedRows = `WITH RECURSIVE e (seq) AS (
		SELECT min(seq) FROM subjects
		UNION ALL SELECT (SELECT min(s.seq) FROM subjects AS s WHERE s.seq > e.seq) FROM e WHERE e.seq IS NOT NULL)
	SELECT s.digest AS digest, s.seq AS seq FROM e CROSS JOIN entries AS x ON x.seq = e.seq CROSS JOIN subjects AS s ON s.seq = e.seq
	WHERE CASE WHEN json_valid(CAST(x.body AS TEXT)) THEN CAST(x.body AS TEXT) ->> '$.kind' = 'dispose'
		AND CAST(x.body AS TEXT) ->> '$.plain.phase' = 'destroyed' END
	AND s.digest = s.subject
	AND NOT EXISTS (SELECT 1 FROM artifacts AS a WHERE a.digest = s.digest AND a.seq > s.seq)`

// disposals remembers what Disposed found, as of a number of entries.
type disposals struct {
	mu   sync.Mutex
	size int64
	all  map[evidence.Digest]int64
}

// Disposed returns the artifacts whose bytes were destroyed on purpose, each with the
// number of the entry that says so. The caller must not change the map.
func (c *Case) Disposed(ctx context.Context) (map[evidence.Digest]int64, error) {
	c.gone.mu.Lock()
	defer c.gone.mu.Unlock()
	err := c.reader.do(ctx, func(tx *sql.Tx) error {
		var size int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq) + 1, 0) FROM entries").Scan(&size); err != nil || size == c.gone.size {
			return err
		}
		all := map[evidence.Digest]int64{}
		rows, err := tx.QueryContext(ctx, disposedRows)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var text string
			var seq int64
			if err := rows.Scan(&text, &seq); err != nil {
				return err
			}
			d, err := evidence.ParseDigest(text)
			if err != nil {
				return fmt.Errorf("%w: a subject of entry %d", evidence.ErrIntegrity, seq)
			}
			all[d] = seq
		}
		c.gone.size, c.gone.all = size, all
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("store: what was disposed of: %w", classify(err))
	}
	return c.gone.all, nil
}

// whyGone is why an object is not there, nil where the log does not say.
func (c *Case) whyGone(ctx context.Context, d evidence.Digest) error {
	if c.reader == nil {
		return nil
	}
	gone, err := c.Disposed(ctx)
	if err != nil {
		return err
	}
	if seq, ok := gone[d]; ok {
		return fmt.Errorf("artifact %s: %w in entry %d", d.Short(), evidence.ErrDisposed, seq)
	}
	return nil
}

// Destroy appends b, an entry of kind dispose and phase destroyed whose Subjects are
// artifacts, and then removes their objects and index.db, which holds their text. The
// entry is durable before anything is removed. What is interrupted after that is done at
// the next Open. It returns the entry and how many objects were removed.
func (c *Case) Destroy(ctx context.Context, b Batch) (seq, removed int64, err error) {
	digests, err := disposable(b)
	if err != nil {
		return 0, 0, fmt.Errorf("store: destroy: %w", err)
	}
	c.destroying.Lock()
	defer c.destroying.Unlock()
	if seq, err = c.appendBatch(ctx, b); err != nil {
		return 0, 0, fmt.Errorf("store: destroy: %w", err)
	}
	if removed, err = c.removeObjects(context.WithoutCancel(ctx), digests); err != nil {
		return seq, removed, fmt.Errorf("store: entry %d is written, but its objects are not all removed yet: %w", seq, err)
	}
	return seq, removed, nil
}

func destroys(b Batch) bool { return b.Kind == "dispose" && b.Plain["phase"] == "destroyed" }

func disposable(b Batch) ([]evidence.Digest, error) {
	if !destroys(b) || len(b.Staged)+len(b.Artifacts) > 0 {
		return nil, fmt.Errorf("%w: not an entry that destroys", evidence.ErrFormat)
	}
	digests := make([]evidence.Digest, len(b.Subjects))
	for i, s := range b.Subjects {
		if s.Artifact.IsZero() || s.Line != 0 {
			return nil, fmt.Errorf("%w: only artifacts are destroyed", evidence.ErrFormat)
		}
		digests[i] = s.Artifact
	}
	return digests, nil
}

// finishDisposals tells the writer what was destroyed, and removes what an interrupted
// Destroy left.
func (c *Case) finishDisposals(ctx context.Context) error {
	left := map[evidence.Digest]bool{}
	err := each(c.w.conn, disposedRows, func(row []any) error {
		text, _ := row[0].(string)
		d, err := evidence.ParseDigest(text)
		if err != nil {
			return fmt.Errorf("%w: a subject of an entry that destroys", evidence.ErrIntegrity)
		}
		c.w.gone[d] = true
		if c.blobs.Has(d) {
			left[d] = true
		}
		return nil
	})
	if err != nil || len(left) == 0 {
		return err
	}
	digests := slices.SortedFunc(maps.Keys(left), func(a, b evidence.Digest) int { return strings.Compare(a.Hex(), b.Hex()) })
	_, err = c.removeObjects(ctx, digests)
	return err
}

// removeObjects removes index.db first: as long as an object is there, the next Open
// knows that both have to go.
func (c *Case) removeObjects(ctx context.Context, digests []evidence.Digest) (int64, error) {
	if len(digests) == 0 {
		return 0, nil
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(filepath.Join(c.dir, indexName+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	if err := syncDir(c.dir); err != nil {
		return 0, err
	}
	return c.blobs.Remove(ctx, digests...)
}

// indexName is the file of core/index, which may be deleted at any time.
const indexName = "index.db"
