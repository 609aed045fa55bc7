package main

import "strings"

// copyFrom reads COPY t (a, b) FROM stdin; and the lines after it (PostgreSQL 15,
// COPY, text format).
func (p *parser) copyFrom(start place) {
	name, ok := p.qualified()
	h := insertHead{table: p.tableName(name)}
	if ok && p.skip() && p.buf[p.pos] == '(' {
		h.listed, ok = p.names()
	}
	if !ok || !p.accept("from") || !p.accept("stdin") {
		p.finish(start, false)
		return
	}
	p.accept("with")
	plain := p.skip() && p.atDelimiter()
	if !p.passStatement(false) {
		p.unended(start)
		return
	}
	line := p.here()
	p.toLine()
	crlf := p.crlf(line)
	if !plain {
		p.passLines()
		p.c.Unresolved(p.span(start, p.here()), "copy.options", "COPY with options of its own is not read; pg_dump writes none")
		return
	}
	s := p.shapeOf(h)
	if s.mapping == nil {
		first := p.here()
		s.mapping = p.decide(s, p.span(start, first), func(take func(*row)) {
			p.limit(first.offset + sampleBytes)
			defer p.unlimit()
			for n := 0; n < sampleRows && !p.atCopyEnd() && p.copyLine(&p.trial, crlf) == noFault; n++ {
				take(&p.trial)
			}
		})
		p.seek(first)
	}
	p.copyLines(s, crlf)
}

// crlf reports whether the line at from, which was just read, ended in CR LF.
func (p *parser) crlf(from place) bool {
	n := int(p.here().offset - from.offset)
	return p.wide == nil && n >= 2 && n <= p.pos && p.buf[p.pos-2] == '\r' || p.wide != nil && n >= 4 && p.pos >= 2 && p.buf[p.pos-2] == '\r'
}

// atCopyEnd reports whether the line that ends the block comes next.
func (p *parser) atCopyEnd() bool {
	if !p.is(`\.`) {
		return false
	}
	c := p.peekAt(2)
	return c == 0 || c == '\n' || c == '\r'
}

func (p *parser) passLines() {
	for !p.atCopyEnd() {
		if !p.toLine() {
			return
		}
	}
	p.toLine()
}

// copyLines reads rows up to the end of the block.
func (p *parser) copyLines(s *shape, crlf bool) {
	for p.failed == nil && p.err == nil {
		if p.atCopyEnd() {
			p.toLine()
			return
		}
		start := p.here()
		if _, more := p.peek(); !more {
			if p.err == nil {
				p.cut(start, 0)
			}
			return
		}
		f := p.copyLine(&p.row, crlf)
		if p.err != nil {
			return
		}
		if f != noFault {
			p.cut(start, p.size-start.offset)
			return
		}
		if s.named && len(s.columns) == 0 {
			p.row.values = p.row.values[:0] // a row of no columns is an empty line
		}
		if s.named && len(p.row.values) != len(s.columns) && p.leftCopy(start) {
			p.c.Damage(p.span(start, p.here()), "copy.no_end", "the rows of a COPY end without the line that ends them")
			return
		}
		p.put(s, &p.row)
	}
}

// leftCopy reports whether the line at start is SQL again, and goes back to it.
func (p *parser) leftCopy(start place) bool {
	after := p.here()
	if !p.afford() {
		return false
	}
	p.seek(start)
	for _, opening := range []string{"copy ", "create table ", "alter table ", "insert into ", "set ", "-- data for name: ", "-- name: ", "-- postgresql database dump complete", "select pg_catalog."} {
		if p.isFold(opening) {
			return true
		}
	}
	if p.is("--\n") || p.is("--\r\n") {
		return true
	}
	p.seek(after)
	return false
}

// copyStops are the bytes at which reading a line must look closer.
var copyStops = func() (t [shiftJIS + 1]*[256]bool) {
	for m := range t {
		set := byteSet("\t\n\\")
		for c := range set {
			set[c] = set[c] || multibyte(m).leads(byte(c))
		}
		t[m] = set
	}
	return t
}()

// copyLine reads a line of COPY, its ending included; the row's length is without.
func (l *lexer) copyLine(r *row, crlf bool) fault {
	r.reset(l.here())
	r.begin(textValue)
	set := copyStops[l.multibyte]
	raw := false // the last byte stands for itself
	for {
		window := l.buf[l.pos:l.end]
		i := 0
		for i < len(window) && !set[window[i]] {
			i++
		}
		if i > 0 {
			r.write(window[:i])
			l.pos += i
			raw = true
		}
		if i == len(window) {
			if !l.fill() {
				return cutShort
			}
			continue
		}
		switch c := window[i]; c {
		case '\t':
			l.pos++
			r.end()
			if len(r.values) == maxColumns {
				l.toLine()
				r.length = l.here().offset - r.at.offset
				r.values = r.values[:0] // of a wrong number
				return noFault
			}
			r.begin(textValue)
			raw = false
		case '\n':
			r.length = l.here().offset - r.at.offset
			if n := len(r.arena); crlf && raw && r.arena[n-1] == '\r' {
				r.arena = r.arena[:n-1]
				if r.length--; l.wide != nil {
					r.length--
				}
			}
			l.pos++
			r.end()
			return noFault
		case '\\':
			l.pos++
			if !l.copyEscape(r) {
				return cutShort
			}
			raw = false
		default:
			l.character(r)
			raw = true
		}
	}
}

// copyEscape reads what follows a backslash in a line of COPY.
func (l *lexer) copyEscape(r *row) bool {
	c, ok := l.peek()
	if !ok {
		return false
	}
	v := &r.values[len(r.values)-1]
	if c == 'N' && v.from == len(r.arena) {
		if next := l.peekAt(1); next == '\t' || next == '\n' || next == '\r' {
			l.pos++
			v.kind = nullValue
			return true
		}
	}
	if l.numeric(r, false) {
		return true
	}
	l.pos++
	if i := strings.IndexByte("bfnrtv", c); i >= 0 {
		c = "\b\f\n\r\t\v"[i]
	}
	r.writeByte(c)
	return true
}
