package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// table turns records into rows of cells. It is used for one row after another.
type table struct {
	columns []column
	// at holds, for each place in a record, the columns of its members by name.
	at [derived]names
	// other and local are the numbers of columns made here, -1 where there are none.
	other, local, zone, timed int

	// cells are JSON values, nil where the record has none; parts of the record
	// read last, and of buf.
	cells [][]byte
	buf   []byte

	location *time.Location
	zoneJSON []byte
	// moment is the time of the record read last, where it states one.
	moment  time.Time
	hasTime bool
}

func newTable(columns []column, zone *time.Location, zoneName string) *table {
	t := &table{
		columns: columns, cells: make([][]byte, len(columns)), other: -1, local: -1, zone: -1, timed: -1,
		location: zone, zoneJSON: evidence.AppendString(nil, zoneName),
	}
	for i, c := range columns {
		switch {
		case c.name == colOther:
			t.other = i
		case c.name == colLocal:
			t.local = i
		case c.name == colZone:
			t.zone = i
		case c.from == derived: // a real date, made from the time beside it
		default:
			t.at[c.from] = append(t.at[c.from], named{c.field, i})
			if c.typ == moment {
				t.timed = i
			}
		}
	}
	for _, n := range t.at {
		slices.SortFunc(n, func(a, b named) int { return strings.Compare(a.name, b.name) })
	}
	return t
}

// names are columns in ascending order of their members' names. All of these are
// letters a to z and underscores, so that the order of a record's members, by
// UTF-16 and as written with escapes, agrees with that of their bytes.
type names []named

type named struct {
	name   string
	column int
}

// find returns the column of a member, -1 for none. Members come in ascending
// order: names that they have passed are taken off.
func (n *names) find(name []byte) int {
	for len(*n) > 0 {
		switch first := (*n)[0]; {
		case first.name < string(name):
			*n = (*n)[1:]
		case first.name == string(name):
			*n = (*n)[1:]
			return first.column
		default:
			return -1
		}
	}
	return -1
}

// id and kind are those of the record, as written; they are the first and the
// third column of every table.
func (t *table) id() []byte   { return t.cells[0] }
func (t *table) kind() []byte { return t.cells[2] }

// nested are the objects whose members have columns.
func nested(name []byte) origin {
	switch string(name) {
	case "source":
		return source
	case "time_basis":
		return basis
	case "credential":
		return credential
	}
	return member
}

// read takes a joined record apart. The cells are good until the next call.
func (t *table) read(line []byte) error {
	clear(t.cells)
	t.buf = t.buf[:0]
	rest, left := 0, t.at[member]
	err := evidence.Members(line, func(name, value []byte) error {
		if from := nested(name); from != member && len(value) > 1 && value[0] == '{' && len(t.at[from]) > 0 {
			return t.object(name, value, from, &rest)
		}
		if i := left.find(name); i >= 0 {
			t.cells[i] = value
			return nil
		}
		t.keep(&rest, name, value)
		return nil
	})
	if err != nil {
		return fmt.Errorf("export: a record of the case: %w", err)
	}
	if rest > 0 && t.other >= 0 {
		t.buf = append(t.buf, '}')
		t.cells[t.other] = t.buf[:len(t.buf):len(t.buf)]
	}
	t.setTime()
	return nil
}

// keep adds a member without a column to the object "other".
func (t *table) keep(n *int, name, value []byte) {
	c := byte(',')
	if *n == 0 {
		c = '{'
	}
	*n++
	t.buf = append(append(append(append(t.buf, c, '"'), name...), '"', ':'), value...)
}

// object gives the members of value their columns; those without one are kept as
// an object of the same name.
func (t *table) object(name, value []byte, from origin, rest *int) error {
	inner, left := 0, t.at[from]
	err := evidence.Members(value, func(field, v []byte) error {
		if i := left.find(field); i >= 0 {
			t.cells[i] = v
			return nil
		}
		if inner == 0 {
			c := byte(',')
			if *rest == 0 {
				c = '{'
			}
			*rest++
			t.buf = append(append(append(append(t.buf, c, '"'), name...), '"', ':', '{', '"'), field...)
		} else {
			t.buf = append(append(t.buf, ',', '"'), field...)
		}
		inner++
		t.buf = append(append(t.buf, '"', ':'), v...)
		return nil
	})
	if inner > 0 {
		t.buf = append(t.buf, '}')
	}
	return err
}

// setTime reads the record's time, and shows it in the zone asked for.
func (t *table) setTime() {
	t.moment, t.hasTime = time.Time{}, false
	if t.timed < 0 {
		return
	}
	t.moment, t.hasTime = parseTime(t.cells[t.timed])
	if !t.hasTime {
		return
	}
	if t.zone >= 0 {
		t.cells[t.zone] = t.zoneJSON
	}
	if t.local >= 0 {
		from := len(t.buf)
		t.buf = append(t.buf, '"')
		t.buf = t.moment.In(t.location).AppendFormat(t.buf, "2006-01-02T15:04:05.999999999Z07:00")
		t.buf = append(t.buf, '"')
		t.cells[t.local] = t.buf[from:]
	}
}

// parseTime reads a JSON string that is an RFC 3339 time.
func parseTime(value []byte) (time.Time, bool) {
	if len(value) < 22 || value[0] != '"' {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(value[1:len(value)-1]))
	return at, err == nil
}
