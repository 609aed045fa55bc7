package export

import (
	"bufio"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// A row group is written when it holds so many rows, or so many bytes of cells:
// what is not yet written stands in memory.
const (
	groupRows  = 128 << 10
	groupBytes = 64 << 20
	// A batch is handed over at once, column by column.
	batchRows  = 1 << 10
	batchBytes = 8 << 20
)

// parquetFile holds all kinds in one table. Every column may be null; "json" is
// the record.
type parquetFile struct {
	writer *parquet.GenericWriter[any]
	table  *table
	// leaf is the number of the column each cell belongs to; exact that of the
	// time as text, whole that of the record.
	leaf         []int
	exact, whole int

	// values are a batch, column by column, their text in arena.
	values [][]parquet.Value
	// filled are the rows that a column has: nulls are put when a value follows,
	// out of nulls, since most columns have none for most kinds.
	filled []int
	nulls  [][]parquet.Value
	n      int
	arena  []byte
	groups struct{ rows, bytes int64 }
	result *Result
}

// repeatedText are columns of few different values.
var repeatedText = []string{
	"exhibit", "kind", "time_kind", "service", "direction", "status", "ip", "credential_type", "list", "effect", "category", "theme", "table", "state",
	"source_path", "source_table", "source_artifact", "source_role", "source_profile", "source_key", "source_partial",
	"time_basis", "time_unit", "time_epoch", "time_source_zone", "time_zone_basis", "charset", "charset_basis",
}

const (
	colExact  = "time_text"
	colRecord = "json"
)

// parquetColumns are those of a table, but for a time that a reader shows in any
// zone itself.
func parquetColumns() []column {
	return slices.DeleteFunc(columnsOf(""), func(c column) bool { return c.name == colLocal || c.name == colZone })
}

func newParquet(out *bufio.Writer, o Options, r *Result) (*parquetFile, error) {
	columns := parquetColumns()
	p := &parquetFile{table: newTable(columns, o.Zone, o.ZoneName), result: r}
	group := orderedGroup{Group: parquet.Group{}}
	add := func(name string, node parquet.Node) int {
		group.Group[name] = node
		group.names = append(group.names, name)
		return len(group.names) - 1
	}
	for _, c := range columns {
		p.leaf = append(p.leaf, add(c.name, nodeOf(c)))
		if c.typ == moment {
			p.exact = add(colExact, parquet.Optional(parquet.String()))
		}
	}
	p.whole = add(colRecord, parquet.String())
	options := []parquet.WriterOption{
		parquet.NewSchema("record", group),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}),
		parquet.CreatedBy("exhibit", o.Tool, ""),
		parquet.MaxRowsPerRowGroup(groupRows),
		parquet.SkipPageBounds("text"), parquet.SkipPageBounds("attachments"), parquet.SkipPageBounds("columns"),
		parquet.SkipPageBounds("extra"), parquet.SkipPageBounds(colOther), parquet.SkipPageBounds(colRecord),
	}
	p.writer = parquet.NewGenericWriter[any](out, options...)
	p.values, p.filled = make([][]parquet.Value, len(group.names)), make([]int, len(group.names))
	for i := range group.names {
		p.nulls = append(p.nulls, slices.Repeat([]parquet.Value{parquet.NullValue().Level(0, 0, i)}, batchRows))
	}
	return p, nil
}

// nodeOf is a column's type in the file.
func nodeOf(c column) parquet.Node {
	switch {
	case c.typ == list:
		return parquet.Optional(parquet.List(parquet.String()))
	case c.typ == integer:
		return parquet.Optional(parquet.Int(64))
	case c.typ == moment:
		return parquet.Optional(parquet.Timestamp(parquet.Microsecond))
	case slices.Contains(repeatedText, c.name):
		return parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
	}
	return parquet.Optional(parquet.String())
}

func (p *parquetFile) record(line []byte) (id, kind []byte, err error) {
	if err := p.table.read(line); err != nil {
		return nil, nil, err
	}
	from := len(p.arena)
	for i, value := range p.table.cells {
		c, at := p.table.columns[i], p.leaf[i]
		switch c.typ {
		case moment:
			p.number(at, p.table.moment.UnixMicro(), p.table.hasTime)
			p.text(p.exact, value, text)
		case integer:
			n, ok := integerOf(value)
			p.number(at, n, ok)
		case list:
			p.list(at, value)
		default:
			p.text(at, value, c.typ)
		}
	}
	p.arena = append(p.arena, line...)
	p.put(p.whole, parquet.ByteArrayValue(p.arena[len(p.arena)-len(line):]), 0, 0)
	p.result.Rows++
	p.n++
	p.groups.rows++
	p.groups.bytes += int64(len(p.arena) - from)
	if p.n == batchRows || len(p.arena) >= batchBytes {
		err = p.flush()
	}
	return p.table.id(), p.table.kind(), err
}

// put appends a value of the present row to a column.
func (p *parquetFile) put(column int, v parquet.Value, repetition, definition int) {
	if repetition == 0 {
		p.fill(column, p.n)
		p.filled[column]++
	}
	p.values[column] = append(p.values[column], v.Level(repetition, definition, column))
}

// fill puts nulls up to a row.
func (p *parquetFile) fill(column, row int) {
	if n := row - p.filled[column]; n > 0 {
		p.values[column] = append(p.values[column], p.nulls[column][:n]...)
		p.filled[column] = row
	}
}

func (p *parquetFile) number(column int, n int64, known bool) {
	if known {
		p.put(column, parquet.Int64Value(n), 0, 1)
	}
}

// text puts a cell as text, null where the record has null or nothing.
func (p *parquetFile) text(column int, value []byte, t typ) {
	if len(value) == 0 || string(value) == "null" {
		return
	}
	from := len(p.arena)
	p.arena = appendCell(p.arena, value, t)
	p.put(column, parquet.ByteArrayValue(p.arena[from:len(p.arena):len(p.arena)]), 0, 1)
}

// list puts a list: level 0 is null, 1 empty, 2 an element.
func (p *parquetFile) list(column int, value []byte) {
	switch {
	case len(value) == 0 || string(value) == "null":
		return
	case string(value) == "[]":
		p.put(column, parquet.Value{}, 0, 1)
		return
	}
	repetition := 0
	eachString(value, func(element []byte) {
		from := len(p.arena)
		if element[0] == '"' {
			p.arena = appendString(p.arena, element)
		} else {
			p.arena = append(p.arena, element...)
		}
		p.put(column, parquet.ByteArrayValue(p.arena[from:len(p.arena):len(p.arena)]), repetition, 2)
		repetition = 1
	})
}

// flush hands the batch over, column by column.
func (p *parquetFile) flush() error {
	for i, w := range p.writer.ColumnWriters() {
		p.fill(i, p.n)
		if _, err := w.WriteRowValues(p.values[i]); err != nil {
			return err
		}
		p.values[i], p.filled[i] = p.values[i][:0], 0
	}
	p.n, p.arena = 0, p.arena[:0]
	if p.groups.bytes < groupBytes && p.groups.rows < groupRows {
		return nil
	}
	p.groups.rows, p.groups.bytes = 0, 0
	return p.writer.Flush()
}

func (p *parquetFile) close(*Result) error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.writer.Close()
}

// integerOf reads a JSON integer, or one that stands in a string because it
// exceeds 2^53.
func integerOf(value []byte) (int64, bool) {
	if len(value) > 2 && value[0] == '"' {
		value = value[1 : len(value)-1]
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil
}

// orderedGroup keeps its columns in the order in which they were added.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name()) })
	return fields
}
