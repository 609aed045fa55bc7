package verify

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
)

// record is a row of any table of case.db. Which column stands where is said
// where the query is.
type record struct {
	// seq and, where the key has two parts, n or name are the key.
	seq, n int64
	name   string
	data   []byte
	extra  []byte
}

// cursor walks a table in the order of its key. What cannot be read ends it,
// with a finding.
type cursor struct {
	v     *verifier
	table string
	r     *rows
	head  *record
	last  *record
}

// cursor opens a walk. query selects four columns: seq, n or name or 0, data, extra or NULL.
func (v *verifier) cursor(ctx context.Context, table, query string) (*cursor, error) {
	c := &cursor{v: v, table: table}
	r, err := v.db.query(ctx, query)
	if err != nil {
		return c, v.unreadable(v.c.place(), "the table "+table, err)
	}
	c.r = r
	return c, c.advance()
}

// peek returns the row at hand, nil after the last.
func (c *cursor) peek() *record { return c.head }

// advance goes to the next row. It fails only where the context was cancelled.
func (c *cursor) advance() error {
	c.last, c.head = c.head, nil
	for c.r != nil {
		row, err := c.r.next()
		if err != nil {
			c.close()
			return c.v.unreadable(c.v.c.place(), "the table "+c.table, err)
		}
		if row == nil {
			c.close()
			return nil
		}
		rec, ok := recordOf(row)
		switch {
		case !ok:
			c.v.c.place().find(Altered, dbName, "a row of the table "+c.table+" holds values that it cannot hold", "")
		case c.last != nil && !before(c.last, rec):
			c.v.c.place().find(Altered, dbName, "the rows of the table "+c.table+" are out of order", fmt.Sprintf("after the row of number %d", c.last.seq))
			c.close()
		default:
			c.head = rec
			return nil
		}
	}
	return nil
}

func (c *cursor) close() {
	if c.r != nil {
		c.r.close()
		c.r = nil
	}
}

func before(a, b *record) bool {
	if a.seq != b.seq {
		return a.seq < b.seq
	}
	if a.n != b.n {
		return a.n < b.n
	}
	return strings.Compare(a.name, b.name) < 0
}

func recordOf(row []driver.Value) (*record, bool) {
	rec := &record{}
	var ok [4]bool
	rec.seq, ok[0] = row[0].(int64)
	switch key := row[1].(type) {
	case int64:
		rec.n, ok[1] = key, true
	case string:
		rec.name, ok[1] = key, true
	}
	rec.data, ok[2] = row[2].([]byte)
	switch extra := row[3].(type) {
	case []byte:
		rec.extra, ok[3] = extra, true
	case string:
		rec.extra, ok[3] = []byte(extra), true
	case nil:
		ok[3] = true
	}
	return rec, ok == [4]bool{true, true, true, true}
}
