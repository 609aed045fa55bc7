package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// load reads where the log ends and holds it against the tree. It is the cheap
// check that makes it safe to append; whether the whole case is intact is for
// evidence/verify to say.
func (w *writer) load() error {
	size, err := scalar(w.conn, "SELECT coalesce(max(seq) + 1, 0) FROM entries")
	if err != nil {
		return err
	}
	w.size = size.(int64)
	if w.size == 0 {
		return fmt.Errorf("%w: the log has no entry", evidence.ErrIntegrity)
	}
	body, head, err := w.entry(w.size - 1)
	if err != nil {
		return err
	}
	if err := w.checkHead(body, head); err != nil {
		return err
	}
	_, first, err := w.entry(0)
	if err != nil {
		return err
	}
	if err := w.checkMeta(first); err != nil {
		return err
	}
	if head.Origin != first.Origin {
		return fmt.Errorf("%w: entry %d is of another log", evidence.ErrIntegrity, head.Seq)
	}
	w.origin = first.Origin
	leaf := custody.LeafHash(body)
	w.prev = hex.EncodeToString(leaf[:])
	return nil
}

func (w *writer) entry(seq int64) ([]byte, custody.Entry, error) {
	v, err := scalar(w.conn, "SELECT body FROM entries WHERE seq = ?", seq)
	if err != nil {
		return nil, custody.Entry{}, err
	}
	body, ok := v.([]byte)
	if !ok {
		return nil, custody.Entry{}, fmt.Errorf("%w: entry %d is missing", evidence.ErrIntegrity, seq)
	}
	e, err := custody.ParseEntry(body)
	if err != nil {
		return nil, custody.Entry{}, fmt.Errorf("%w: entry %d: %w", evidence.ErrIntegrity, seq, err)
	}
	if e.Seq != seq {
		return nil, custody.Entry{}, fmt.Errorf("%w: entry %d says it is number %d", evidence.ErrIntegrity, seq, e.Seq)
	}
	return body, e, nil
}

// checkHead compares the last entry with its leaf in the tree, with the entry
// before it, and with how many nodes a tree of that size has.
func (w *writer) checkHead(body []byte, e custody.Entry) error {
	n := tlog.StoredHashIndex(0, e.Seq)
	stored, err := scalar(w.conn, "SELECT hash FROM nodes WHERE idx = ?", n)
	if err != nil {
		return err
	}
	if leaf := custody.LeafHash(body); string(leaf[:]) != string(asBytes(stored)) {
		return fmt.Errorf("%w: entry %d does not match its leaf in the tree", evidence.ErrIntegrity, e.Seq)
	}
	count, err := scalar(w.conn, "SELECT coalesce(max(idx) + 1, 0) FROM nodes")
	if err != nil {
		return err
	}
	if want := tlog.StoredHashCount(e.Seq + 1); count != want {
		return fmt.Errorf("%w: the tree has %d nodes, %d entries need %d", evidence.ErrIntegrity, count, e.Seq+1, want)
	}
	want := ""
	if e.Seq > 0 {
		before, _, err := w.entry(e.Seq - 1)
		if err != nil {
			return err
		}
		leaf := custody.LeafHash(before)
		want = hex.EncodeToString(leaf[:])
	}
	if e.Prev != want {
		return fmt.Errorf("%w: entry %d does not follow entry %d", evidence.ErrIntegrity, e.Seq, e.Seq-1)
	}
	return nil
}

// checkMeta holds the rows of meta against entry 0.
func (w *writer) checkMeta(first custody.Entry) error {
	meta := map[string]string{}
	if err := each(w.conn, "SELECT name, value FROM meta", func(row []any) error {
		meta[row[0].(string)] = row[1].(string)
		return nil
	}); err != nil {
		return err
	}
	for name, want := range metaOf(first) {
		if meta[name] != want {
			return fmt.Errorf("%w: case.db: %s in the table meta is not what entry 0 says", evidence.ErrIntegrity, name)
		}
	}
	return nil
}

// metaOf returns the rows of meta that belong to entry 0.
func metaOf(first custody.Entry) map[string]string {
	return map[string]string{
		"format":  strconv.Itoa(evidence.FormatVersion),
		"origin":  first.Origin,
		"case":    first.Origin[strings.LastIndexByte(first.Origin, '/')+1:],
		"created": first.Start.UTC().Format(entryTime),
	}
}

// entryTime is how an entry writes times (docs/formats/custody.md).
const entryTime = "2006-01-02T15:04:05.000000Z07:00"

// checkCheckpoints refuses a log that is shorter than, or different from, the
// largest checkpoint on record: to append would fork it.
func (w *writer) checkCheckpoints(ctx context.Context, dir string) error {
	note, size, err := w.largest(dir)
	if err != nil || note == nil {
		return err
	}
	if size > w.size {
		return fmt.Errorf("%w: a checkpoint of %d entries exists, the log has %d: case.db is older than it", evidence.ErrIntegrity, size, w.size)
	}
	cp, err := custody.ParseCheckpoint(note)
	if err != nil {
		return fmt.Errorf("%w: checkpoint of %d entries: %w", evidence.ErrIntegrity, size, err)
	}
	root, err := custody.Root(size, w.nodes(ctx))
	if err != nil {
		return err
	}
	if cp.Origin != w.origin || cp.Size != size || cp.Root != root {
		return fmt.Errorf("%w: the log is not the one that the checkpoint of %d entries was made of", evidence.ErrIntegrity, size)
	}
	return nil
}

// largest returns the checkpoint of most entries, from the table or the directory.
func (w *writer) largest(dir string) (note []byte, size int64, err error) {
	err = each(w.conn, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1", func(row []any) error {
		size, note = row[0].(int64), asBytes(row[1])
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	names, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, 0, err
	}
	for _, name := range names {
		n, ok := checkpointSize(name.Name())
		if !ok || n < size || n == size && note != nil {
			continue
		}
		if note, err = os.ReadFile(filepath.Join(dir, name.Name())); err != nil {
			return nil, 0, err
		}
		size = n
	}
	return note, size, nil
}

func asBytes(v any) []byte { b, _ := v.([]byte); return b }
