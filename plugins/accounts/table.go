package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// What is remembered of tables, so that memory ends somewhere.
const (
	maxTables       = 20_000
	maxTableColumns = 200_000 // of all tables, and of all lists of columns
)

// column is one of a table as CREATE TABLE states it.
type column struct {
	name string
	typ  columnType
}

// table is one of a dump.
type table struct {
	// name is as the records state it.
	name string
	// columns are those stated by CREATE TABLE, nil where none was met.
	columns []column
	// key is the index of the only column of an integer primary key, -1 where none is known.
	key int
	// shapes are the lists of columns that statements have used, "" for none.
	shapes map[string]*shape
	rows   int64
	// unnamed: the warning about it was given.
	unnamed bool
	// forgotten: there were too many before; each statement is met as the first.
	forgotten bool
}

// shape is a list of columns in which rows of a table come, and what they become.
type shape struct {
	table   *table
	columns []column
	key     int
	named   bool // the columns' names are stated
	mapping *mapping
}

// columnType is what a declared type says of its values.
type columnType uint8

const (
	untyped columnType = iota
	integerType
	decimalType // also floats
	boolType
	textType
	binaryType
	byteaType // PostgreSQL's binary, written as text
	dateType
	datetimeType  // no zone: wall clock
	timestampType // MySQL: an instant, written in the session's zone
	zonedType     // PostgreSQL: an instant, written with its offset
	otherType
)

// typeOf knows a type by its words, in lower case, without its parameters.
func typeOf(words string, d dialect) columnType {
	first, rest, _ := strings.Cut(words, " ")
	switch first {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8", "serial", "bigserial", "smallserial":
		return integerType
	case "decimal", "numeric", "float", "double", "real", "money", "fixed", "dec":
		return decimalType
	case "bool", "boolean":
		return boolType
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "character", "nchar", "nvarchar", "national", "citext", "name", "json", "jsonb", "varchar2", "nvarchar2", "uuid", "inet", "cidr", "clob":
		if first == "character" && strings.Contains(rest, "large") {
			return otherType
		}
		return textType
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point", "linestring", "polygon", "bit":
		if d == postgreSQL {
			return otherType
		}
		return binaryType
	case "bytea":
		return byteaType
	case "date":
		return dateType
	case "datetime":
		return datetimeType
	case "timestamp", "timestamptz":
		switch {
		case first == "timestamptz" || strings.Contains(rest, "with time zone"):
			return zonedType
		case d == postgreSQL || strings.Contains(rest, "without time zone"):
			return datetimeType
		}
		return timestampType
	}
	return otherType
}

// tables are those of a dump by database and name.
type tables struct {
	byName  map[string]*table
	columns int
	order   []*table // as they were met, for the last word
	full    bool
}

// get returns the table of that name, made where it is new.
func (t *tables) get(name string) *table {
	if known := t.byName[name]; known != nil {
		return known
	}
	if len(t.byName) >= maxTables {
		t.full = true
		return &table{name: name, key: -1, forgotten: true}
	}
	made := &table{name: name, key: -1}
	if t.byName == nil {
		t.byName = map[string]*table{}
	}
	t.byName[name] = made
	t.order = append(t.order, made)
	return made
}

// define takes over what CREATE TABLE states.
func (t *tables) define(name string, columns []column, key int) {
	made := t.get(name)
	if t.columns+len(columns) > maxTableColumns {
		t.full = true
		return
	}
	t.columns += len(columns) - len(made.columns)
	made.columns, made.key, made.shapes = columns, key, nil
}

// remember keeps s for t's next statement with the same list. What does not fit is
// mapped to rows: it would have to be looked at again at each statement.
func (t *tables) remember(s *shape, listed string) {
	n := len(s.columns) + 1
	if s.table.forgotten || t.columns+n > maxTableColumns {
		t.full = true
		s.mapping = &mapping{kind: kindRow, role: make([]string, len(s.columns))}
		return
	}
	t.columns += n
	if s.table.shapes == nil {
		s.table.shapes = map[string]*shape{}
	}
	s.table.shapes[listed] = s
}

// sourceOf places a row: with its key where the table has one.
func (r *row) sourceOf(s *shape) sdk.Source {
	src := sdk.Source{Offset: r.at.offset, Length: r.length, HasSpan: true, Line: r.at.line, Table: s.table.name}
	if s.key >= 0 && s.key < len(r.values) {
		if n, ok := integer(r.bytes(&r.values[s.key])); ok && n >= -evidence.MaxSafeInteger && n <= evidence.MaxSafeInteger {
			src.RowID, src.HasRow = n, true
		}
	}
	return src
}

// integer reads a decimal number as SQL writes it.
func integer(b []byte) (n int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}
