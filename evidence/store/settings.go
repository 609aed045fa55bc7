package store

import (
	"context"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// setting is one of SQLite's on which durability rests, and what it must be.
type setting struct {
	name string
	want any
}

func settings() []setting {
	return []setting{
		{"journal_mode", "wal"},
		{"synchronous", int64(2)}, // FULL
		{"foreign_keys", int64(1)},
		{"locking_mode", "normal"},
		{"ignore_check_constraints", int64(0)},
		{"writable_schema", int64(0)},
	}
}

// Settings reads back, from the connection that writes, the settings on which durability
// rests, each as `name=value`. It fails with ErrClosed where the case is not open for writing.
func (c *Case) Settings(ctx context.Context) (out []string, err error) {
	if c.w == nil {
		return nil, ErrClosed
	}
	err = c.w.submit(ctx, func() error {
		out, err = readBack(c.w.conn)
		return err
	})
	return out, err
}

func readBack(conn *sqlite3.SQLiteConn) (out []string, err error) {
	for _, s := range settings() {
		got, err := scalar(conn, "PRAGMA "+s.name)
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%s=%v", s.name, got))
	}
	return out, nil
}
