package main

import (
	"slices"
	"strings"
)

// create reads CREATE …: of a table its columns, of anything else nothing.
func (p *parser) create(start place) {
	for p.skip() {
		w := p.upcoming()
		switch w {
		case "temporary", "temp", "unlogged", "global", "local", "foreign", "or", "replace", "external":
			p.pos += len(w)
			continue
		case "table":
			p.pos += len(w)
			p.createTable(start)
			return
		case "function", "procedure", "trigger", "event", "definer", "aggregate", "constraint", "package":
			p.finish(start, true)
			return
		}
		break
	}
	p.finish(start, false)
}

func (p *parser) createTable(start place) {
	if p.accept("if") {
		p.accept("not")
		p.accept("exists")
	}
	name, ok := p.qualified()
	if !ok || !p.acceptByte('(') {
		p.finish(start, false) // LIKE, AS SELECT, PARTITION OF
		return
	}
	d := definition{key: -1, keyed: true}
	if !p.definition(&d) {
		if p.err != nil {
			return
		}
		p.c.Damage(p.span(start, p.here()), "table.definition", "the definition of a table cannot be read; its rows have columns without names")
		if _, more := p.peek(); !more {
			p.unended(start)
		} else {
			p.finish(start, false)
		}
		return
	}
	p.tables.define(p.tableName(name), d.columns, d.primary())
	p.finish(start, false)
}

// definition is what stands between the parentheses of CREATE TABLE.
type definition struct {
	columns []column
	key     int
	keyed   bool // no key of several columns was met
}

// primary is the index of an integer primary key of one column, -1 for none.
func (d *definition) primary() int {
	if d.keyed && d.key >= 0 && d.columns[d.key].typ == integerType {
		return d.key
	}
	return -1
}

// constraints begin what is no column; the second line in MySQL only.
var (
	constraints      = strings.Fields("constraint primary unique foreign check exclude like")
	mysqlConstraints = strings.Fields("key index fulltext spatial period")
)

func (p *parser) definition(d *definition) bool {
	for p.skip() {
		if p.buf[p.pos] == ')' {
			p.pos++
			return true
		}
		name, quoted, ok := p.ident()
		if !ok {
			return false
		}
		lower := strings.ToLower(name)
		switch {
		case !quoted && slices.Contains(constraints, lower), !quoted && p.dialect != postgreSQL && slices.Contains(mysqlConstraints, lower):
			ok = p.constraint(d, lower)
		case len(d.columns) == maxColumns:
			return false
		default:
			d.columns = append(d.columns, column{name: p.text.name(name)})
			ok = p.columnRest(d)
		}
		if !ok {
			return false
		}
	}
	return false
}

// columnRest reads a column's type and attributes, and the comma after it.
func (p *parser) columnRest(d *definition) bool {
	c := &d.columns[len(d.columns)-1]
	var typ strings.Builder
	inType, last := true, ""
	return p.item(func(w string) {
		switch w {
		case "", "not", "null", "default", "auto_increment", "primary", "unique", "key", "comment", "collate", "character", "charset", "generated", "references", "check", "constraint", "on", "as", "unsigned", "zerofill":
			inType = inType && (w == "unsigned" || w == "" || w == "character" && typ.Len() == 0)
		}
		if inType && w != "" && typ.Len() < maxName {
			if typ.Len() > 0 {
				typ.WriteByte(' ')
			}
			typ.WriteString(w)
		}
		if last == "primary" && w == "key" {
			d.keyed = d.keyed && d.key < 0
			d.key = len(d.columns) - 1
		}
		last = w
		c.typ = typeOf(typ.String(), p.dialect)
	})
}

// constraint reads a key or check, of which a primary key's columns matter.
func (p *parser) constraint(d *definition, first string) bool {
	if first == "constraint" {
		if p.skip(); p.upcoming() != "primary" { // else it has no name
			if _, _, ok := p.ident(); !ok {
				return false
			}
		}
		if p.accept("primary") {
			first = "primary"
		}
	}
	if first != "primary" || !p.accept("key") || !p.skip() {
		return p.item(func(string) {})
	}
	if w := p.upcoming(); w == "using" || w == "clustered" || w == "nonclustered" {
		return p.item(func(string) {})
	}
	if p.buf[p.pos] == '(' {
		names, ok := p.names()
		if !ok { // (a(10)) or (a DESC): no integer alone
			return p.item(func(string) {})
		}
		d.keyed = d.keyed && len(names) == 1
		for i, c := range d.columns {
			if len(names) == 1 && strings.EqualFold(c.name, names[0]) {
				d.key = i
			}
		}
	}
	return p.item(func(string) {})
}

// item gives each the words up to the comma or parenthesis that ends it, "" for
// what is none; what stands in parentheses is passed over.
func (p *parser) item(each func(string)) bool {
	for depth := 0; p.skip(); {
		c := p.buf[p.pos]
		switch {
		case depth == 0 && c == ')':
			return true
		case depth == 0 && c == ',':
			p.pos++
			return true
		case depth == 0 && p.atDelimiter():
			return false
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '"' && p.dialect == postgreSQL: // pg_dump --quote-all-identifiers quotes types
			name, _, ok := p.ident()
			if !ok {
				return false
			}
			if depth == 0 {
				each(strings.ToLower(name))
			}
			continue
		case c == '\'' || c == '"' || c == '`':
			p.pos++
			if !p.quotedString(c, p.escapesAfter(0, c), discard{}) {
				return false
			}
			continue
		case isWordStart(c):
			if w := p.keyword(); depth == 0 {
				each(w)
			}
			continue
		}
		p.pos++
	}
	return false
}
