package main

// What is kept of a value, and of a row's values together; a value keeps at least
// the floor. A record is at most 1 MiB (docs/formats/wire.md).
const (
	maxValue   = 1 << 20
	maxArena   = 8 << 20
	floorValue = 256
	// maxColumns is that of MySQL; PostgreSQL has 1600.
	maxColumns = 4096
	// maxExpression is how long a value may be that is neither literal nor NULL.
	maxExpression = 1 << 20
)

type valueKind uint8

const (
	nullValue valueKind = iota
	textValue
	numberValue // digits as they stand
	boolValue   // t or f
	blobValue   // bytes that are stated not to be text, or in hexadecimal
	bitsValue   // digits 0 and 1
	exprValue   // SQL as it stands: DEFAULT, a function's call, …
)

// value is one of a row: its bytes are arena[from:to].
type value struct {
	kind     valueKind
	from, to int
	// lost counts bytes that were not kept.
	lost int64
	// hex: written in hexadecimal, so that nothing says whether it is text.
	hex bool
}

// row is a tuple or a line of COPY as read; its memory is used again.
type row struct {
	at     place
	length int64
	values []value
	arena  []byte
}

func (r *row) reset(at place) {
	if cap(r.arena) > 2*maxValue {
		r.arena = nil // one huge row must not keep its room
	}
	r.at, r.length, r.values, r.arena = at, 0, r.values[:0], r.arena[:0]
}

func (r *row) bytes(v *value) []byte { return r.arena[v.from:v.to:v.to] }

// begin starts a value, which write adds to.
func (r *row) begin(k valueKind) *value {
	r.values = append(r.values, value{kind: k, from: len(r.arena), to: len(r.arena)})
	return &r.values[len(r.values)-1]
}

func (r *row) end() { r.values[len(r.values)-1].to = len(r.arena) }

// write makes row the sink of its last value.
func (r *row) write(b []byte) {
	v := &r.values[len(r.values)-1]
	room := maxValue - (len(r.arena) - v.from)
	if len(r.arena) >= maxArena {
		room = floorValue - (len(r.arena) - v.from)
	}
	if len(b) > room {
		room = max(room, 0)
		v.lost += int64(len(b) - room)
		b = b[:room]
	}
	r.arena = append(r.arena, b...)
}

func (r *row) writeByte(c byte) {
	if n := len(r.arena); n < maxArena && n-r.values[len(r.values)-1].from < maxValue {
		r.arena = append(r.arena, c)
		return
	}
	r.write([]byte{c})
}

// fault is why a tuple could not be read.
type fault uint8

const (
	noFault fault = iota
	malformed
	cutShort // the input ends in it
)

// tuple reads ( … ) from its parenthesis on.
func (l *lexer) tuple(r *row) fault {
	r.reset(l.here())
	l.pos++
	for {
		if !l.skip() {
			return cutShort
		}
		if l.buf[l.pos] == ')' && len(r.values) == 0 {
			break
		}
		if len(r.values) == maxColumns {
			return malformed
		}
		if f := l.value(r); f != noFault {
			return f
		}
		if !l.skip() {
			return cutShort
		}
		if c := l.buf[l.pos]; c == ',' {
			l.pos++
			continue
		} else if c != ')' {
			return malformed
		}
		break
	}
	l.pos++
	r.length = l.here().offset - r.at.offset
	return noFault
}

// value reads one value, up to what ends it.
func (l *lexer) value(r *row) fault {
	start, executable := l.here(), l.executable
	ok, f := l.literal(r)
	if f != noFault {
		return f
	}
	if !l.skip() {
		return cutShort
	}
	if ok && l.is("::") {
		if !l.cast(r) {
			return cutShort
		}
	}
	if c := l.buf[l.pos]; ok && (c == ',' || c == ')') {
		return noFault
	}
	// More than a literal: SQL as it stands.
	l.seek(start)
	l.executable = executable
	r.values = r.values[:len(r.values)-1]
	return l.expression(r)
}

// literal reads what begins as a literal; ok is false where it is none.
func (l *lexer) literal(r *row) (ok bool, f fault) {
	c := l.buf[l.pos]
	switch {
	case c == '\'', c == '"' && l.dialect != postgreSQL:
		return l.text(r, c, l.escapesOf())
	case isDigit(c) || c == '-' || c == '+' || c == '.':
		return l.number(r), noFault
	case isWordStart(c):
		return l.worded(r)
	case c == '$':
		if tag := l.dollarTag(); tag > 0 {
			r.begin(textValue)
			if !l.dollarString(tag, r) {
				return false, cutShort
			}
			r.end()
			return true, noFault
		}
	}
	r.begin(exprValue)
	return false, noFault
}

func (l *lexer) escapesOf() escapes {
	switch {
	case !l.backslash:
		return noEscapes
	case l.dialect == postgreSQL:
		return postgresEscapes
	}
	return mysqlEscapes
}

// text reads '…' and the strings that follow it directly, which continue it.
func (l *lexer) text(r *row, quote byte, e escapes) (bool, fault) {
	r.begin(textValue)
	for {
		l.pos++
		if !l.quotedString(quote, e, r) {
			return false, cutShort
		}
		if c, _ := l.peek(); c > ' ' {
			break
		}
		if !l.skip() {
			return false, cutShort
		}
		if l.buf[l.pos] != quote {
			break
		}
	}
	r.end()
	return true, noFault
}
