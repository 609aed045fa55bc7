package main

import "strings"

// number reads digits, 0x… and 0b….
func (l *lexer) number(r *row) bool {
	if l.buf[l.pos] == '0' && l.dialect != postgreSQL {
		switch l.peekAt(1) {
		case 'x':
			if hexDigit(l.peekAt(2)) >= 0 {
				l.pos += 2
				return l.hexDigits(r)
			}
		case 'b':
			l.pos += 2
			return l.bitDigits(r)
		}
	}
	r.begin(numberValue)
	if c := l.buf[l.pos]; c == '-' || c == '+' {
		l.pos++
		if c == '-' {
			r.writeByte(c)
		}
	}
	digits := false
	for {
		c, more := l.peek()
		switch {
		case !more:
		case isDigit(c):
			digits = true
			fallthrough
		case c == '.':
			r.writeByte(c)
			l.pos++
			continue
		case c|0x20 == 'e' && digits:
			r.writeByte(c)
			l.pos++
			if c, _ := l.peek(); c == '-' || c == '+' {
				r.writeByte(c)
				l.pos++
			}
			continue
		}
		break
	}
	r.end()
	return digits
}

// hexDigits reads digits up to what is none, a last one alone counting as 0n.
func (l *lexer) hexDigits(r *row) bool {
	r.begin(blobValue).hex = true
	high, n := 0, 0
	var piece [512]byte
	for {
		window := l.buf[l.pos:l.end]
		i, k := 0, 0
		for ; i < len(window) && k < len(piece); i++ {
			d := hexDigit(window[i])
			if d < 0 {
				break
			}
			if n++; n%2 == 1 {
				high = d
				continue
			}
			piece[k] = byte(high<<4 | d)
			k++
		}
		r.write(piece[:k])
		l.pos += i
		if k == len(piece) || i == len(window) && l.fill() {
			continue
		}
		break
	}
	if n%2 == 1 { // MySQL reads 0xF as 0x0F: the digits move by one
		oddHex(r, byte(high))
	}
	r.end()
	return n > 0
}

// oddHex shifts the last value by four bits and puts the last digit in.
func oddHex(r *row, last byte) {
	b := r.arena[r.values[len(r.values)-1].from:]
	carry := byte(0)
	for i, c := range b {
		b[i] = carry<<4 | c>>4
		carry = c & 15
	}
	r.writeByte(carry<<4 | last)
}

func (l *lexer) bitDigits(r *row) bool {
	r.begin(bitsValue)
	from := len(r.arena)
	for {
		c, _ := l.peek()
		if c != '0' && c != '1' {
			break
		}
		r.writeByte(c)
		l.pos++
	}
	r.end()
	return len(r.arena) > from
}

// worded reads what begins with a letter: NULL, TRUE, X'…', E'…', _utf8'…'.
func (l *lexer) worded(r *row) (bool, fault) {
	w := string(l.word())
	c, more := l.peek()
	if !more {
		return false, cutShort
	}
	if c == '\'' && len(w) == 1 {
		switch w[0] | 0x20 {
		case 'x':
			l.pos++
			l.hexDigits(r) // X'' is no bytes
			if c, _ := l.peek(); c == '\'' {
				l.pos++
				return true, noFault
			}
			return false, noFault
		case 'b':
			l.pos++
			l.bitDigits(r)
			if c, _ := l.peek(); c == '\'' {
				l.pos++
				return true, noFault
			}
			return false, noFault
		case 'n':
			return l.text(r, c, l.escapesOf())
		case 'e':
			return l.text(r, c, postgresEscapes)
		}
	}
	switch lower := strings.ToLower(w); {
	case lower == "null":
		r.begin(nullValue)
		return true, noFault
	case lower == "true" || lower == "false":
		r.begin(boolValue)
		r.writeByte(lower[0])
		r.end()
		return true, noFault
	case w[0] == '_' && l.dialect != postgreSQL:
		return l.introduced(r, lower)
	}
	r.begin(exprValue)
	return false, noFault
}

// introduced reads what follows _binary or _utf8mb4 (MySQL §12.3.8).
func (l *lexer) introduced(r *row, charset string) (ok bool, f fault) {
	if !l.skip() {
		return false, cutShort
	}
	switch c := l.buf[l.pos]; {
	case c == '\'' || c == '"':
		ok, f = l.text(r, c, l.escapesOf())
	case c == '0' || c|0x20 == 'x':
		ok, f = l.literal(r)
	default:
		r.begin(exprValue)
		return false, noFault
	}
	if v := &r.values[len(r.values)-1]; ok {
		if charset == "_binary" {
			v.kind = blobValue
		} else {
			v.kind, v.hex = textValue, false
		}
	}
	return ok, f
}
