package store

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// writer owns the one connection that writes. Its goroutine runs one task at a
// time; nothing but load and checkCheckpoints, before start, and close, after it
// has ended, touches the fields below mu from outside.
type writer struct {
	o     Options
	tasks chan task
	quit  chan struct{}
	ended chan struct{}
	// started is set before the case is handed out.
	started bool

	mu      sync.Mutex
	suspect error

	conn   *sqlite3.SQLiteConn
	stmts  map[string]*statement
	origin string
	// size is the number of entries, prev the last one's leaf hash in hexadecimal.
	size int64
	prev string
	// known remembers digests that have an artifact row; bounded, the table decides.
	known map[evidence.Digest]struct{}
	// gone are the digests whose objects were destroyed and not stored again since.
	gone map[evidence.Digest]bool
}

// task is one unit of work and where its outcome goes.
type task struct {
	ctx  context.Context
	do   func() error
	done chan error
}

func newWriter(conn *sqlite3.SQLiteConn, o Options) *writer {
	return &writer{
		o: o, conn: conn, stmts: map[string]*statement{}, known: map[evidence.Digest]struct{}{}, gone: map[evidence.Digest]bool{},
		tasks: make(chan task), quit: make(chan struct{}), ended: make(chan struct{}),
	}
}

// start begins the goroutine. Until it is called, close ends nothing.
func (w *writer) start() {
	w.started = true
	go func() {
		defer close(w.ended)
		for {
			select {
			case t := <-w.tasks:
				t.done <- w.run(t)
			case <-w.quit:
				return
			}
		}
	}()
}

func (w *writer) run(t task) error {
	// The last moment at which giving up is still safe.
	if err := t.ctx.Err(); err != nil {
		return err
	}
	if err := w.usable(); err != nil {
		return err
	}
	return t.do()
}

// submit runs do in the writer's goroutine and returns what it returned. Once
// accepted, a task is run to its end whatever becomes of ctx: its outcome must
// be known.
func (w *writer) submit(ctx context.Context, do func() error) error {
	t := task{ctx: ctx, do: do, done: make(chan error, 1)}
	select {
	case w.tasks <- t:
		return <-t.done
	case <-w.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// usable returns ErrSuspect after a failed write and ErrClosed after close.
func (w *writer) usable() error {
	select {
	case <-w.quit:
		return ErrClosed
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.suspect != nil {
		return fmt.Errorf("%w: %w", ErrSuspect, w.suspect)
	}
	return nil
}

// distrust makes the writer suspect because of err, which it returns.
func (w *writer) distrust(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.suspect == nil {
		w.suspect = err
	}
	return err
}

// transact runs f between BEGIN IMMEDIATE and COMMIT. Whatever fails here, also
// a rollback, leaves the writer suspect: after a failed fsync the page cache may
// show what the disk does not hold.
func (w *writer) transact(f func() error) error {
	err := w.exec("BEGIN IMMEDIATE")
	if err != nil {
		return w.distrust(classify(err))
	}
	if err = f(); err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		err = classify(err)
		if !w.conn.AutoCommit() {
			err = errors.Join(err, w.exec("ROLLBACK"))
		}
		return w.distrust(err)
	}
	return nil
}

// close ends the goroutine and closes the connection, which folds the
// transaction log back into case.db.
func (w *writer) close() error {
	close(w.quit)
	if w.started {
		<-w.ended
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.stmt.Close())
	}
	// With a limit set, closing cuts case.db-wal to nothing; during work it is
	// written over instead, which saves growing it each time.
	errs = append(errs, w.exec("PRAGMA journal_size_limit = 0"), w.conn.Close())
	return errors.Join(errs...)
}

func (w *writer) exec(query string) error {
	_, err := w.conn.Exec(query, nil)
	return err
}

// statement is a prepared statement with room for its arguments.
type statement struct {
	stmt *sqlite3.SQLiteStmt
	args []driver.NamedValue
	dest []driver.Value
}

// prepared returns the statement for query, made at its first use.
func (w *writer) prepared(query string) (*statement, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	st, err := w.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	s := &statement{stmt: st.(*sqlite3.SQLiteStmt), args: make([]driver.NamedValue, st.NumInput())}
	for i := range s.args {
		s.args[i].Ordinal = i + 1
	}
	w.stmts[query] = s
	return s, nil
}

func (w *writer) insert(ctx context.Context, query string, args ...driver.Value) error {
	s, err := w.prepared(query)
	if err != nil {
		return err
	}
	return s.exec(ctx, args...)
}

// exec runs the statement. ctx must not be one that can be cancelled: the driver
// would start a goroutine for each row.
func (s *statement) exec(ctx context.Context, args ...driver.Value) error {
	for i, v := range args {
		s.args[i].Value = v
	}
	_, err := s.stmt.ExecContext(ctx, s.args)
	return err
}

// each calls f with every row for the arguments that are set; f must keep neither
// the slice nor the bytes in it.
func (s *statement) each(ctx context.Context, f func(row []driver.Value) error) error {
	rows, err := s.stmt.QueryContext(ctx, s.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if s.dest == nil {
		s.dest = make([]driver.Value, len(rows.Columns()))
	}
	for {
		if err := rows.Next(s.dest); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(s.dest); err != nil {
			return err
		}
	}
}

// first returns the first column of the last row; found is false where there is
// no row.
func (s *statement) first(ctx context.Context, args ...driver.Value) (v driver.Value, found bool, err error) {
	for i, a := range args {
		s.args[i].Value = a
	}
	err = s.each(ctx, func(row []driver.Value) error { v, found = row[0], true; return nil })
	return v, found, err
}

// nodes reads stored hashes of the log's tree.
func (w *writer) nodes(ctx context.Context) custody.ReadHashes {
	return func(idx []int64) ([][32]byte, error) {
		s, err := w.prepared("SELECT hash FROM nodes WHERE idx = ?")
		if err != nil {
			return nil, err
		}
		out := make([][32]byte, len(idx))
		for i, n := range idx {
			v, found, err := s.first(ctx, n)
			if err != nil {
				return nil, err
			}
			b, _ := v.([]byte)
			if !found || len(b) != len(out[i]) {
				return nil, fmt.Errorf("%w: node %d of the log is missing", evidence.ErrIntegrity, n)
			}
			copy(out[i][:], b)
		}
		return out, nil
	}
}

// advance records that entry w.size is durable.
func (w *writer) advance(body []byte) {
	leaf := custody.LeafHash(body)
	w.size, w.prev = w.size+1, hex.EncodeToString(leaf[:])
}
