package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// How much of a table is looked at before it is decided what it holds.
const (
	sampleRows  = 200
	sampleBytes = 4 << 20
)

// insertHead is what an INSERT states before its rows.
type insertHead struct {
	table  string
	listed []string // nil where it lists no columns
}

// head reads INSERT INTO t (a, b) VALUES from behind its first word on; false
// where the statement has no rows in parentheses.
func (p *parser) head() (h insertHead, ok bool) {
	for p.skip() {
		w := p.upcoming()
		switch w {
		case "low_priority", "delayed", "high_priority", "ignore", "into", "or", "rollback", "abort", "fail", "replace":
			p.pos += len(w)
			continue
		}
		break
	}
	name, ok := p.qualified()
	if !ok {
		return h, false
	}
	h.table = p.tableName(name)
	for p.skip() {
		switch w := p.upcoming(); {
		case p.buf[p.pos] == '(' && h.listed == nil:
			if h.listed, ok = p.names(); !ok {
				return h, false
			}
		case w == "values" || w == "value":
			p.pos += len(w)
			if p.accept("value") { // OVERRIDING … VALUE VALUES
				continue
			}
			return h, true
		case w == "overriding" || w == "system" || w == "user":
			p.pos += len(w)
			p.accept("value")
		case w == "partition":
			p.pos += len(w)
			if _, ok := p.names(); !ok {
				return h, false
			}
		default:
			return h, false
		}
	}
	return h, false
}

// names reads a list of names in parentheses.
func (p *parser) names() (list []string, ok bool) {
	if !p.acceptByte('(') {
		return nil, false
	}
	list = []string{}
	if p.acceptByte(')') {
		return list, true
	}
	for len(list) < maxColumns {
		name, _, ok := p.ident()
		if !ok || !p.skip() {
			return nil, false
		}
		list = append(list, p.text.name(name))
		switch c := p.buf[p.pos]; c {
		case ',':
			p.pos++
		case ')':
			p.pos++
			return list, true
		default:
			return nil, false
		}
	}
	return nil, false
}

// tableName completes the name that a statement uses by the database or schema
// that was stated before.
func (p *parser) tableName(name string) string {
	name = p.text.name(name)
	dotted := strings.Contains(name, ".")
	if p.dialect == postgreSQL {
		if !dotted && p.schema != "" {
			name = p.schema + "." + name
		}
		dotted = false
	}
	if !dotted && p.database != "" {
		name = p.database + "." + name
	}
	return name
}

// insert reads the rows of an INSERT or REPLACE.
func (p *parser) insert(start place) {
	executable := p.executable
	h, ok := p.head()
	if !ok || !p.skip() || p.buf[p.pos] != '(' {
		p.passStatement(false)
		if p.err == nil {
			p.c.Damage(p.span(start, p.here()), "statement.no_rows", "an INSERT without rows in parentheses is not read")
		}
		return
	}
	s := p.shapeOf(h)
	if s.mapping == nil {
		first := p.here()
		s.mapping = p.decide(s, p.span(start, first), func(take func(*row)) {
			p.sampleInserts(h, take)
		})
		p.seek(first)
		p.executable = executable
	}
	p.tuples(s)
}

// sampleInserts gives take the rows that come next, those of further statements
// for the same table included.
func (p *parser) sampleInserts(h insertHead, take func(*row)) {
	p.limit(p.here().offset + sampleBytes)
	defer p.unlimit()
	for n := 0; n < sampleRows; n++ {
		if !p.skip() || p.buf[p.pos] != '(' || p.tuple(&p.trial) != noFault {
			return
		}
		take(&p.trial)
		if p.acceptByte(',') {
			continue
		}
		if !p.skip() || !p.atDelimiter() {
			return
		}
		p.pos += len(p.delimiter)
		if w := p.nextWord(); w != "insert" && w != "replace" {
			return
		}
		if more, ok := p.head(); !ok || more.table != h.table || strings.Join(more.listed, "\x00") != strings.Join(h.listed, "\x00") {
			return
		}
	}
}

func (p *parser) nextWord() string {
	if !p.skip() {
		return ""
	}
	return p.keyword()
}

// tuples reads rows up to the end of the statement.
func (p *parser) tuples(s *shape) {
	for {
		start := p.here()
		f := p.tuple(&p.row)
		if p.err != nil {
			return
		}
		if f != noFault {
			where, end := p.resync(start, len(s.columns))
			switch {
			case p.err != nil:
				return
			case where == nothing && f == cutShort:
				p.cut(start, p.size-start.offset)
				return
			}
			p.reject(p.span(start, end), "row.malformed", "what stands between the parentheses is no row of values; reading went on behind it", nil)
			if where == atTuple {
				continue
			}
			return
		}
		if p.put(s, &p.row); p.failed != nil {
			return
		}
		if !p.afterTuple() {
			return
		}
	}
}

// afterTuple reads on from behind a tuple; false where no other follows.
func (p *parser) afterTuple() bool {
	end := p.here()
	if !p.skip() {
		if p.err == nil {
			p.cut(end, p.size-end.offset)
		}
		return false
	}
	switch {
	case p.atDelimiter():
		p.pos += len(p.delimiter)
		return false
	case p.buf[p.pos] == ',':
		p.pos++
		if !p.skip() {
			if p.err == nil {
				p.cut(end, p.size-end.offset)
			}
			return false
		}
		if p.buf[p.pos] == '(' {
			return true
		}
	default:
		switch p.upcoming() {
		case "on", "as", "returning":
			p.finish(end, false)
			return false
		case "insert", "replace", "go", "create", "set":
			return false // some programs end no statement
		}
	}
	return p.betweenTuples(end)
}

// betweenTuples: what follows a row is neither another one nor the end.
func (p *parser) betweenTuples(end place) bool {
	where, at := p.resync(end, 0)
	if p.err != nil {
		return false
	}
	p.c.Damage(p.span(end, at), "statement.broken", "what follows a row is neither another row nor the statement's end; reading went on behind it")
	return where == atTuple
}

// shapeOf returns the columns in which a statement's rows come.
func (p *parser) shapeOf(h insertHead) *shape {
	t := p.tables.get(h.table)
	listed := ""
	if h.listed != nil {
		listed = "(" + strings.Join(h.listed, "\x00")
	}
	if known := t.shapes[listed]; known != nil {
		return known
	}
	s := &shape{table: t, key: -1, named: true}
	switch {
	case h.listed != nil:
		byName := map[string]int{}
		for i, c := range t.columns {
			byName[strings.ToLower(c.name)] = i
		}
		for i, name := range h.listed {
			c := column{name: name}
			if at, ok := byName[strings.ToLower(name)]; ok {
				c.typ = t.columns[at].typ
				if at == t.key {
					s.key = i
				}
			}
			s.columns = append(s.columns, c)
		}
	case t.columns != nil:
		s.columns, s.key = t.columns, t.key
	default:
		s.named = false
	}
	p.tables.remember(s, listed)
	return s
}

// put makes a record of the row, or rejects it.
func (p *parser) put(s *shape, r *row) {
	src := r.sourceOf(s)
	if len(s.columns) == 0 && !s.named { // the first row says how many there are
		p.nameColumns(s, len(r.values))
	}
	if n := len(r.values); n != len(s.columns) {
		p.reject(src, "row.values", "the row has not as many values as its table has columns", map[string]any{"values": n, "columns": len(s.columns)})
		return
	}
	s.table.rows++
	p.rows++
	p.failed = p.write(s, r, src)
}

// nameColumns gives the columns of a table that states none names by position.
func (p *parser) nameColumns(s *shape, n int) {
	for i := range n {
		s.columns = append(s.columns, column{name: positional(i)})
	}
}

func (p *parser) warnUnnamed(s *shape, src sdk.Source) {
	if !s.named && !s.table.unnamed {
		s.table.unnamed = true
		p.c.Warn(src, "table.unnamed", "neither the dump nor the statement names the table's columns; they are called column_1 and so on")
	}
}
