package publish

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/exhibit-forensics/exhibit/core/redact"
)

// maxMemory bounds SQLite's memory, cacheKiB that of its pages.
const (
	maxMemory = 256 << 20
	cacheKiB  = 16 << 10
)

// schema of records.db (docs/formats/bundle.md). The index for searching is made when all
// rows are there.
const schema = `
CREATE TABLE about(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record(
  n INTEGER PRIMARY KEY, number TEXT NOT NULL, kind TEXT NOT NULL, time TEXT NOT NULL, service TEXT NOT NULL, conversation TEXT NOT NULL,
  sender TEXT NOT NULL, recipients TEXT NOT NULL, direction TEXT NOT NULL, text TEXT NOT NULL, other TEXT NOT NULL, body TEXT NOT NULL,
  entry INTEGER NOT NULL, run INTEGER NOT NULL, leaf INTEGER NOT NULL, leaf_hash TEXT NOT NULL, redactions INTEGER NOT NULL);
CREATE TABLE redaction(
  n INTEGER NOT NULL REFERENCES record, i INTEGER NOT NULL, place TEXT NOT NULL, category TEXT NOT NULL, class TEXT NOT NULL, operator TEXT NOT NULL,
  mark TEXT NOT NULL, reason TEXT NOT NULL, basis TEXT NOT NULL, decider TEXT NOT NULL, out_start INTEGER NOT NULL, out_end INTEGER NOT NULL,
  PRIMARY KEY(n, i)) WITHOUT ROWID;
`

// finished makes what is searched: no row is ever changed afterwards, and secure-delete
// sees to it that one who does leaves nothing of it in the index.
const finished = `
CREATE INDEX record_in_conversation ON record(conversation, time, n);
CREATE INDEX record_of_kind ON record(kind, time, n);
CREATE INDEX redaction_by_category ON redaction(category, operator, class);
CREATE VIRTUAL TABLE search USING fts5(sender, recipients, text, other, content='record', content_rowid='n', tokenize='trigram');
INSERT INTO search(search, rank) VALUES('secure-delete', 1);
INSERT INTO search(search) VALUES('rebuild');
INSERT INTO search(search) VALUES('optimize');
PRAGMA optimize;
`

// database is records.db in the making, and then what every other file is written from.
type database struct {
	ctx  context.Context
	conn *sqlite3.Conn
	name string
	file *os.File

	record, redaction *sqlite3.Stmt
}

func openDatabase(ctx context.Context, scratch func() (*os.File, error)) (*database, error) {
	f, err := scratch()
	if err != nil {
		return nil, err
	}
	d := &database{ctx: ctx, file: f}
	// The registry is the library's, for all of the process: a name of its own.
	d.name = fmt.Sprintf("exhibit-publish-%p", d)
	vfs.Register(d.name, disk{main: f, scratch: scratch})
	if err := d.connect(); err != nil {
		d.close()
		return nil, fmt.Errorf("publish: %w", err)
	}
	return d, nil
}

func (d *database) connect() error {
	var err error
	d.conn, err = sqlite3.OpenContext(sqlite3.WithMaxMemory(d.ctx, maxMemory), "file:"+dbName+"?mode=rwc&vfs="+d.name)
	if err != nil {
		return err
	}
	d.conn.SetInterrupt(d.ctx)
	if err := fts5.Register(d.conn); err != nil {
		return fmt.Errorf("full text search: %w", err)
	}
	for _, sql := range []string{
		"PRAGMA page_size=4096", "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA secure_delete=ON",
		"PRAGMA temp_store=FILE", fmt.Sprintf("PRAGMA cache_size=-%d", cacheKiB), "PRAGMA user_version=1", schema, "BEGIN",
	} {
		if err := d.conn.Exec(sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	if d.record, _, err = d.conn.Prepare("INSERT INTO record VALUES(" + marks(17) + ")"); err != nil {
		return err
	}
	d.redaction, _, err = d.conn.Prepare("INSERT INTO redaction VALUES(" + marks(12) + ")")
	return err
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// close ends the connection and gives the file up.
func (d *database) close() {
	if d.conn != nil {
		_ = d.conn.Close() // what was read was read
		d.conn = nil
	}
	vfs.Unregister(d.name)
	_ = d.file.Close() // it has no name
}

func bind(s *sqlite3.Stmt, args ...any) error {
	for i, a := range args {
		var err error
		switch a := a.(type) {
		case int64:
			err = s.BindInt64(i+1, a)
		case int:
			err = s.BindInt(i+1, a)
		case string:
			err = s.BindText(i+1, a)
		case []byte:
			err = s.BindRawText(i+1, a)
		default:
			err = fmt.Errorf("no value: %T", a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func run(s *sqlite3.Stmt, args ...any) error {
	if err := bind(s, args...); err != nil {
		return err
	}
	return s.Exec()
}

// add puts in a record with its redactions. places are those that may be told.
func (d *database) add(r *row, applied []redact.Applied, places []string) error {
	err := run(d.record, r.n, r.number, r.kind, r.time, r.service, r.conversation, r.sender, r.recipients, r.direction, r.text, r.other, r.body,
		r.entry, r.run, r.leaf, r.commitment, r.redactions)
	for i, a := range applied {
		if err != nil {
			break
		}
		err = run(d.redaction, r.n, i, places[i], a.Category, a.Class, a.Operator, a.Token, a.Reason, a.Basis, a.By, a.OutStart, a.OutEnd)
	}
	if err != nil {
		return fmt.Errorf("publish: records.db: %s: %w", r.number, err)
	}
	return nil
}

// finish writes what the database says of itself and makes it searchable.
func (d *database) finish(about [][2]string) error {
	for _, a := range about {
		s, _, err := d.conn.Prepare("INSERT INTO about VALUES(?,?)")
		if err == nil {
			err = run(s, a[0], a[1])
			_ = s.Close() // its error is Exec's
		}
		if err != nil {
			return fmt.Errorf("publish: records.db: %w", err)
		}
	}
	if err := d.conn.Exec(finished + "COMMIT"); err != nil {
		return fmt.Errorf("publish: records.db: %w", err)
	}
	return nil
}

// writeTo copies the database, which has all in its file since nothing is open to change.
func (d *database) writeTo(w io.Writer) error {
	info, err := d.file.Stat()
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(w, io.NewSectionReader(d.file, 0, info.Size()), make([]byte, 1<<18))
	return err
}

// query calls f for every row that a statement finds.
func (d *database) query(sql string, f func(s *sqlite3.Stmt) error, args ...any) error {
	s, _, err := d.conn.Prepare(sql)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer s.Close()
	if err := bind(s, args...); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	for s.Step() {
		if err := f(s); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("publish: records.db: %w", err)
	}
	return nil
}

const recordColumns = "n, number, kind, time, service, conversation, sender, recipients, direction, text, body, entry, run, leaf, leaf_hash, redactions"

func read(s *sqlite3.Stmt) *row {
	return &row{
		n: s.ColumnInt64(0), number: s.ColumnText(1), kind: s.ColumnText(2), time: s.ColumnText(3), service: s.ColumnText(4), conversation: s.ColumnText(5),
		sender: s.ColumnText(6), recipients: s.ColumnText(7), direction: s.ColumnText(8), text: s.ColumnText(9), body: []byte(s.ColumnText(10)),
		entry: s.ColumnInt64(11), run: s.ColumnInt64(12), leaf: s.ColumnInt64(13), commitment: s.ColumnText(14), redactions: s.ColumnInt64(15),
	}
}

// orders of records.
const (
	byNumber       = " ORDER BY n"
	inConversation = " WHERE conversation<>'' ORDER BY conversation, time, n"
	outside        = " WHERE conversation='' ORDER BY kind, time, n"
)

// records calls f with every record and its redactions, in that order.
func (d *database) records(order string, f func(r *row, list []redact.Applied) error) error {
	s, _, err := d.conn.Prepare("SELECT place, category, class, operator, mark, reason, basis, decider, out_start, out_end FROM redaction WHERE n=? ORDER BY i")
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer s.Close()
	return d.query("SELECT "+recordColumns+" FROM record"+order, func(rs *sqlite3.Stmt) error {
		r := read(rs)
		if r.redactions == 0 {
			return f(r, nil)
		}
		if err := s.Reset(); err != nil {
			return fmt.Errorf("publish: records.db: %w", err)
		}
		if err := s.BindInt64(1, r.n); err != nil {
			return fmt.Errorf("publish: records.db: %w", err)
		}
		var list []redact.Applied
		for s.Step() {
			list = append(list, redact.Applied{
				Field: s.ColumnText(0), Category: s.ColumnText(1), Class: s.ColumnText(2), Operator: s.ColumnText(3), Token: s.ColumnText(4),
				Reason: s.ColumnText(5), Basis: s.ColumnText(6), By: s.ColumnText(7), OutStart: s.ColumnInt(8), OutEnd: s.ColumnInt(9),
			})
		}
		if err := s.Err(); err != nil {
			return fmt.Errorf("publish: records.db: %w", err)
		}
		return f(r, list)
	})
}
