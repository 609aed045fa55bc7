package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// MaxKept is how long a text may be that Common and Record take over, in bytes, and
// MaxBlob a value that is no text: a picture is in the database only.
const (
	MaxKept = 64 << 10
	MaxBlob = 4 << 10
)

// FlagLong is the flag of a record of whose row a value is longer than that: size
// and digest of it are in the record, its bytes in the database only.
const FlagLong = "value_long"

// Common returns what every record of the row has: all columns but those named, the
// rowid and those that are NULL, as Extra. A column that a newer program has added
// is so never lost. It may be kept.
func (r *Row) Common(except ...string) sdk.Common {
	var c sdk.Common
	c.Extra = make(map[string]any, len(r.q.columns))
columns:
	for i, name := range r.q.columns {
		if i == r.q.rowid || r.q.stmt.ColumnType(i) == sqlite3.NULL {
			continue
		}
		for _, e := range except {
			if same(e, name) {
				continue columns
			}
		}
		var long bool
		if c.Extra[name], long = r.kept(i); long {
			c.Flags = []string{FlagLong}
		}
	}
	return c
}

// Record returns the row as a record of kind row: all its columns, for what nothing
// else can be made of.
func (r *Row) Record() *sdk.Row {
	rec := &sdk.Row{Table: sdk.Str(r.q.label)}
	for i, name := range r.q.columns {
		if name == hidden {
			continue
		}
		v, long := r.kept(i)
		if long {
			rec.Flags = []string{FlagLong}
		}
		rec.Columns = append(rec.Columns, sdk.Column{Name: name, Value: v})
	}
	return rec
}

// kept is value, but for what is too long for a record.
func (r *Row) kept(i int) (v any, long bool) {
	var b []byte
	limit := MaxKept
	switch s := r.q.stmt; s.ColumnType(i) {
	case sqlite3.TEXT:
		b = s.ColumnRawText(i)
	case sqlite3.BLOB:
		if b, limit = s.ColumnRawBlob(i), MaxBlob; len(b) <= limit {
			return append([]byte{}, b...), false
		}
	}
	if len(b) <= limit {
		return r.value(i), false
	}
	sum := sha256.Sum256(b)
	return map[string]any{"bytes": len(b), "sha256": hex.EncodeToString(sum[:])}, true
}

// Time returns a column as a time that is counted as e says: absent where the result
// has no such column, null where it is NULL, and unreadable where it is no number.
// Where it is implausible by e and plausible by one of the others, it is read by that,
// and its basis is sdk.Detected.
func (r *Row) Time(name string, e sdk.Epoch, others ...sdk.Epoch) sdk.Time {
	if r.column(name) < 0 {
		return sdk.Time{}
	}
	if r.IsNull(name) {
		return sdk.NullTime(e.Kind)
	}
	t := r.timeBy(name, e)
	if plausible(&t) {
		return t
	}
	for _, o := range others {
		o.Kind, o.Basis = e.Kind, sdk.Detected
		if u := r.timeBy(name, o); plausible(&u) {
			return u
		}
	}
	return t
}

// SetTime is Time where 0 says that there is none, as most applications have it: the
// time is then absent.
func (r *Row) SetTime(name string, e sdk.Epoch, others ...sdk.Epoch) sdk.Time {
	if f, ok := r.Float64(name); r.IsNull(name) || ok && f == 0 {
		return sdk.Time{}
	}
	return r.Time(name, e, others...)
}

func plausible(t *sdk.Time) bool {
	sec, _, _ := t.Unix()
	return !t.IsNull() && sec >= sdk.MinPlausible && sec < sdk.MaxPlausible
}

func (r *Row) timeBy(name string, e sdk.Epoch) sdk.Time {
	raw := r.Text(name)
	if n, ok := r.Int64(name); ok {
		return e.Time(n, raw)
	}
	// Seconds with a fraction, as Core Data stores them: a double is good for
	// microseconds.
	if f, ok := r.Float64(name); ok && e.Unit == "s" && math.Abs(f) < 1<<42 {
		unit := e.Unit
		e.Unit = "us"
		t := e.Time(int64(math.Round(f*1e6)), raw)
		t.Basis.Unit = unit
		return t
	}
	return sdk.Unreadable(e.Kind, raw, sdk.Basis{Basis: e.Basis, Unit: e.Unit, Epoch: e.Epoch})
}

// Budget bounds what is kept in memory of tables whose rows belong to rows of another.
type Budget struct {
	c    *sdk.Ctx
	left int64
	over bool
}

// MaxJoined is how many bytes a Budget is for.
const MaxJoined = 192 << 20

// NewBudget returns a budget of MaxJoined bytes, of one job.
func NewBudget(c *sdk.Ctx) *Budget { return &Budget{c: c, left: MaxJoined} }

// Take reports whether a row with texts of that length may be kept: what keeping it
// costs beyond them is counted too.
func (b *Budget) Take(table string, texts int) bool {
	const row = 128
	return b.Bytes(table, texts+row)
}

// TakeAll reports whether a row with these values, as Common has them, may be kept.
func (b *Budget) TakeAll(table string, values map[string]any) bool {
	const value = 64
	n := value * len(values)
	for _, v := range values {
		switch v := v.(type) {
		case sdk.Text:
			n += len(v.String())
		case []byte:
			n += len(v)
		}
	}
	return b.Take(table, n)
}

// Bytes reports whether so many bytes more may be kept; at the first that may not, it
// says so, and the run ends partial.
func (b *Budget) Bytes(table string, n int) bool {
	if b.left -= int64(n); b.left >= 0 {
		return true
	}
	if b.left = 0; !b.over {
		b.over = true
		b.c.Warn(sdk.Source{}, codeBudget, "the table "+strconv.Quote(table)+" is larger than what is kept in memory: records lack some of what it says of them")
		b.c.Partial("a table was too large to be joined to another")
	}
	return false
}
