package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// hopeless is after how many rows in a row that cannot be read salvage gives up:
// such a query comes to the damage whichever row it is asked for.
const hopeless = 1000

// salvage asks for the rows of a query that SQLite did not come to, one by one, as
// the table's own b-tree lists them.
func (db *DB) salvage(q *query, sql string, args []any, seen *ranges, yield func(*Row) bool) {
	name := q.columns[q.rowid]
	sql = fmt.Sprintf("SELECT * FROM (%s) WHERE %s = ?", strings.TrimRight(sql, "; \t\r\n"), quote(name))
	one, err := db.prepare(q.table, sql, append(slices.Clip(args), int64(0)))
	if err != nil || seen.full() {
		db.stopped(q.row.number + 1)
		return
	}
	defer one.close()
	one.rowid, one.row.number = q.rowid, q.row.number
	bad := 0
	for id, err := range db.file.RowIDs(q.table.root) {
		var page *sqlitefile.PageError
		switch {
		case errors.As(err, &page):
			db.damagedPage(page)
			continue
		case err != nil || bad == hopeless:
			db.stopped(one.row.number + 1)
			return
		case seen.has(id):
			continue
		}
		any, ok := one.ask(len(args)+1, id, yield)
		switch {
		case !ok || db.Err() != nil:
			return
		case one.err != nil:
			bad++
			db.c.Reject(db.rowSource(q.table, id), codeRow, "the row cannot be read: the database is damaged there")
		case any:
			bad = 0
		}
	}
}

// ask runs the query for one row; any: it gave some; more: the loop wants more.
func (q *query) ask(arg int, id int64, yield func(*Row) bool) (any, more bool) {
	if q.err = errors.Join(q.stmt.Reset(), q.stmt.BindInt64(arg, id)); q.err != nil {
		// Reset repeats the error of the row before.
		q.err = q.stmt.BindInt64(arg, id)
	}
	for q.err == nil && q.step() {
		if any = true; !yield(&q.row) {
			return any, false
		}
	}
	return any, true
}

// rowSource is the place of a row that no query gives.
func (db *DB) rowSource(t *table, id int64) sdk.Source {
	s := sdk.RowOf(t.name, id)
	if places, err := db.file.Row(t.root, id); err == nil {
		s = db.source(places[0])
		s.Table, s.RowID, s.HasRow = t.name, id, true
	}
	return s
}

// damagedPage says where a page is that costs rows.
func (db *DB) damagedPage(e *sqlitefile.PageError) {
	src := sdk.Source{}
	if e.Place.Length > 0 {
		src = db.source(e.Place)
	}
	db.damage.Add(db.c, src)
}

// stopped says that a query ended at damage, and after how many rows.
func (db *DB) stopped(rows int64) {
	db.c.Diagnose(sdk.Diagnostic{
		Code: codeStopped, Severity: evidence.SeverityDamage, Message: "the database is damaged, and a query could not be read to its end",
		Data: map[string]any{"rows": rows},
	})
	db.c.Partial("a query ended at damage of the database")
}

// maxSeen bounds how many runs of rowids are remembered.
const maxSeen = 1 << 16

// ranges is a set of rowids, of which most come in order.
type ranges struct{ list []idRange }

type idRange struct{ from, to int64 }

// full reports whether some may have been forgotten.
func (r *ranges) full() bool { return len(r.list) >= maxSeen }

func (r *ranges) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(r.list, id, func(e idRange, id int64) int {
		switch {
		case e.to < id:
			return -1
		case e.from > id:
			return 1
		}
		return 0
	})
}

func (r *ranges) has(id int64) bool {
	_, ok := r.search(id)
	return ok
}

func (r *ranges) add(id int64) {
	if n := len(r.list); n > 0 {
		if last := &r.list[n-1]; id > last.to && id-1 == last.to {
			last.to = id
			return
		}
	}
	i, ok := r.search(id)
	if ok || r.full() {
		return
	}
	after := i < len(r.list) && r.list[i].from-1 == id
	before := i > 0 && r.list[i-1].to+1 == id
	switch {
	case after && before:
		r.list[i-1].to = r.list[i].to
		r.list = slices.Delete(r.list, i, i+1)
	case after:
		r.list[i].from = id
	case before:
		r.list[i-1].to = id
	default:
		r.list = slices.Insert(r.list, i, idRange{id, id})
	}
}
