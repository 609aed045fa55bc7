package main

// multibyte names a charset whose characters may have a backslash or a quote as
// their second byte; the zero value is none.
type multibyte uint8

const (
	singleByte multibyte = iota
	doubleByte           // GBK, Big5
	fourByte             // GB18030
	shiftJIS
)

// leads reports whether c begins a character of more than one byte.
func (m multibyte) leads(c byte) bool {
	switch m {
	case doubleByte, fourByte:
		return c >= 0x81 && c <= 0xFE
	case shiftJIS:
		return c >= 0x81 && c <= 0x9F || c >= 0xE0 && c <= 0xFC
	}
	return false
}

// escapes says what a backslash does in a string.
type escapes uint8

const (
	noEscapes escapes = iota
	mysqlEscapes
	postgresEscapes // E'…'
)

// stops are the bytes at which reading a string must look closer.
var stops = func() (t [256]map[multibyte]*[256]bool) {
	for _, quote := range []byte("'\"`") {
		t[quote] = map[multibyte]*[256]bool{}
		for m := singleByte; m <= shiftJIS; m++ {
			set := byteSet(string(quote) + `\`)
			for c := range set {
				set[c] = set[c] || m.leads(byte(c))
			}
			t[quote][m] = set
		}
	}
	return t
}()

// sink takes the bytes of a value.
type sink interface {
	write(b []byte)
	writeByte(c byte)
}

// discard is the sink of what is passed over.
type discard struct{}

func (discard) write([]byte)   {}
func (discard) writeByte(byte) {}

// quotedString reads on after the opening quote, to behind the closing one, and
// gives what it stands for to w. It reports false at the end of the input.
func (l *lexer) quotedString(quote byte, e escapes, w sink) bool {
	set := stops[quote][l.multibyte]
	for {
		window := l.buf[l.pos:l.end]
		i := 0
		for i < len(window) && !set[window[i]] {
			i++
		}
		w.write(window[:i])
		l.pos += i
		if i == len(window) {
			if !l.fill() {
				return false
			}
			continue
		}
		switch c := window[i]; {
		case c == quote:
			l.pos++
			if next, _ := l.peek(); next != quote {
				return true
			}
			l.pos++
			w.writeByte(quote)
		case c == '\\':
			l.pos++
			if e == noEscapes {
				w.writeByte(c)
			} else if !l.escape(e, w) {
				return false
			}
		default:
			l.character(w)
		}
	}
}

// character gives w a character whose first byte says that there are more.
func (l *lexer) character(w sink) {
	n := 1
	switch second := l.peekAt(1); {
	case l.multibyte == fourByte && isDigit(second):
		n = 4
	case second >= 0x40: // not a control character, nor a digit, nor '
		n = 2
	}
	if !l.need(n) {
		n = 1
	}
	w.write(l.buf[l.pos : l.pos+n])
	l.pos += n
}

// escape reads what follows a backslash (MySQL 8.4 Reference Manual §11.1.1, table
// 11.1; PostgreSQL 15 §4.1.2.2).
func (l *lexer) escape(e escapes, w sink) bool {
	c, ok := l.peek()
	if !ok {
		return false
	}
	if e == postgresEscapes {
		if n := l.numeric(w, true); n {
			return true
		}
	} else if l.multibyte.leads(c) {
		l.character(w)
		return true
	}
	l.pos++
	switch {
	case c == 'n':
		c = '\n'
	case c == 'r':
		c = '\r'
	case c == 't':
		c = '\t'
	case c == 'b':
		c = '\b'
	case e == postgresEscapes && c == 'f':
		c = '\f'
	case e == mysqlEscapes && c == '0':
		c = 0
	case e == mysqlEscapes && c == 'Z':
		c = 0x1A
	case e == mysqlEscapes && (c == '%' || c == '_'): // outside of patterns the backslash stays
		w.writeByte('\\')
	}
	w.writeByte(c)
	return true
}

// numeric reads an escape that states a number, after its backslash: octal digits,
// x and hexadecimal ones and, where unicode, u and U with four and eight.
func (l *lexer) numeric(w sink, unicode bool) bool {
	c := l.peekAt(0)
	base, at, most := 16, 1, 2
	switch {
	case c >= '0' && c <= '7':
		base, at, most = 8, 0, 3
	case c == 'x':
	case unicode && c == 'u':
		most = 4
	case unicode && c == 'U':
		most = 8
	default:
		return false
	}
	v, n := 0, 0
	for ; n < most; n++ {
		d := hexDigit(l.peekAt(at + n))
		if d < 0 || d >= base {
			break
		}
		v = v*base + d
	}
	if n == 0 || most >= 4 && n < most {
		return false
	}
	l.pos += at + n
	if most >= 4 {
		w.write([]byte(string(rune(v))))
	} else {
		w.writeByte(byte(v))
	}
	return true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// dollarTag returns the length of $$ or $tag$ where one comes next, 0 otherwise.
func (l *lexer) dollarTag() int {
	if l.peekAt(0) != '$' {
		return 0
	}
	for n := 1; n < 66; n++ {
		switch c := l.peekAt(n); {
		case c == '$':
			return n + 1
		case n == 1 && !isWordStart(c), !isWord(c):
			return 0
		}
	}
	return 0
}

// dollarString reads $tag$ … $tag$ from its beginning.
func (l *lexer) dollarString(tag int, w sink) bool {
	mark := string(l.buf[l.pos : l.pos+tag])
	l.pos += tag
	set := byteSet("$")
	for {
		window := l.buf[l.pos:l.end]
		i := 0
		for i < len(window) && !set[window[i]] {
			i++
		}
		w.write(window[:i])
		l.pos += i
		switch {
		case i == len(window):
			if !l.fill() {
				return false
			}
		case l.is(mark):
			l.pos += tag
			return true
		default:
			l.pos++
			w.writeByte('$')
		}
	}
}
