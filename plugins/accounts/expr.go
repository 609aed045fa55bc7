package main

import (
	"bytes"
	"strings"
)

// cast passes over ::type after a literal (PostgreSQL §4.2.9); of bytea the
// literal's text states bytes.
func (l *lexer) cast(r *row) bool {
	v := &r.values[len(r.values)-1]
	l.pos += 2
	name := strings.ToLower(string(l.castName()))
	if name == "bytea" && v.kind == textValue {
		byteaValue(r, v)
	}
	for depth := 0; ; {
		if !l.skip() {
			return false
		}
		switch c := l.buf[l.pos]; {
		case c == '(' || c == '[':
			depth++
		case (c == ')' || c == ']') && depth > 0:
			depth--
		case c == '"':
			if _, _, ok := l.ident(); !ok {
				return false
			}
			continue
		case depth == 0 && !isWord(c) && c != '.' && c != ':':
			return true
		}
		l.pos++
	}
}

func (l *lexer) castName() []byte {
	if !l.skip() {
		return nil
	}
	if w := l.word(); !bytes.Equal(w, []byte("pg_catalog")) {
		return w
	}
	l.acceptByte('.')
	return l.word()
}

// expression takes SQL as it stands up to the comma or parenthesis that ends it.
func (l *lexer) expression(r *row) fault {
	start := l.here()
	if f := l.passExpression(start.offset); f != noFault {
		return f
	}
	end := l.here().offset
	l.seek(start)
	r.begin(exprValue)
	for l.here().offset < end {
		if _, ok := l.peek(); !ok {
			return cutShort
		}
		n := 1
		if l.wide == nil {
			n = int(min(int64(l.scanner.end-l.pos), end-l.here().offset))
		}
		r.write(l.buf[l.pos : l.pos+n])
		l.pos += n
	}
	v := &r.values[len(r.values)-1]
	for len(r.arena) > v.from && r.arena[len(r.arena)-1] <= ' ' {
		r.arena = r.arena[:len(r.arena)-1]
	}
	r.end()
	if v.from == v.to {
		return malformed
	}
	return noFault
}

// passExpression moves to the byte that ends an expression.
func (l *lexer) passExpression(start int64) fault {
	depth, last := 0, byte(0)
	for {
		if !l.skip() {
			return cutShort
		}
		c := l.buf[l.pos]
		switch {
		case l.here().offset-start > maxExpression:
			return malformed
		case c == '(' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == ')'):
			return noFault
		case c == ';':
			return malformed
		case c == ')' || c == ']':
			depth--
		case c == '\'' || c == '"' || c == '`':
			l.pos++
			if !l.quotedString(c, l.escapesAfter(last, c), discard{}) {
				return cutShort
			}
			last = c
			continue
		case isWordStart(c):
			w := l.word()
			if last = 0; len(w) == 1 {
				last = w[0]
			}
			continue
		}
		last = c
		l.pos++
	}
}

// escapesAfter: those of E'…' after an E, else the dump's.
func (l *lexer) escapesAfter(last, quote byte) escapes {
	switch {
	case quote == '`' || quote == '"' && l.dialect == postgreSQL:
		return noEscapes
	case l.dialect == postgreSQL && last|0x20 == 'e':
		return postgresEscapes
	}
	return l.escapesOf()
}

// byteaValue makes bytes of a bytea's text: \x6869, or the older form with octal
// escapes (PostgreSQL §8.4).
func byteaValue(r *row, v *value) {
	b := r.arena[v.from:v.to]
	out := b[:0]
	if digits, ok := bytes.CutPrefix(b, []byte(`\x`)); ok {
		for _, c := range digits {
			if hexDigit(c) < 0 {
				return // no bytea: text as it stands
			}
		}
		for i := 0; i+1 < len(digits); i += 2 {
			out = append(out, byte(hexDigit(digits[i])<<4|hexDigit(digits[i+1])))
		}
		v.lost = (v.lost + 1) / 2
	} else {
		for i := 0; i < len(b); i++ {
			switch {
			case b[i] != '\\':
				out = append(out, b[i])
			case i+1 < len(b) && b[i+1] == '\\':
				out = append(out, '\\')
				i++
			case i+3 < len(b) && octal(b[i+1:i+4]):
				out = append(out, (b[i+1]-'0')<<6|(b[i+2]-'0')<<3|b[i+3]-'0')
				i += 3
			default:
				out = append(out, b[i])
			}
		}
	}
	v.to = v.from + len(out)
	v.kind, v.hex = blobValue, true
}

func octal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return true
}
