package main

import "strings"

// dialect decides what is a comment, a string and an escape.
type dialect uint8

const (
	anySQL dialect = iota // as MySQL, where nothing says otherwise
	mySQL
	postgreSQL
	sqlite
)

func (d dialect) String() string {
	return [...]string{"unknown", "mysql", "postgresql", "sqlite"}[d]
}

// lexer reads words, names and what stands between them.
type lexer struct {
	*scanner
	dialect dialect
	// backslash: it escapes in '…'. MySQL but for NO_BACKSLASH_ESCAPES; PostgreSQL
	// where standard_conforming_strings is off.
	backslash bool
	// multibyte is of the charset the dump's writer stated: a character's second
	// byte may be a backslash in it.
	multibyte multibyte
	// executable: inside /*! … */, whose content is read.
	executable bool
	// ended: a line was seen that the dump's program writes last.
	ended bool
	name  []byte // scratch of ident and word
}

const maxName = 256 // bytes kept of a name; MySQL and PostgreSQL have at most 64 characters

// skip moves to the next byte that is neither space nor comment; false at the end.
// /*!40101 … */ is what MySQL executes: its content is read, its frame is space.
// The versions 99999 and 999999 no server has: these are comments.
func (l *lexer) skip() bool {
	for {
		c, ok := l.peek()
		if !ok {
			return false
		}
		switch {
		case c <= ' ':
			l.pos++
		case c == '-' && l.peekAt(1) == '-' && (l.dialect != mySQL || l.peekAt(2) <= ' '):
			l.lineComment()
		case c == '#' && l.dialect != postgreSQL && l.dialect != sqlite:
			l.toLine()
		case c == '/' && l.peekAt(1) == '*':
			if !l.blockComment() {
				return false
			}
		case c == '*' && l.executable && l.peekAt(1) == '/':
			l.pos += 2
			l.executable = false
		case c == 0xEF && l.is("\xEF\xBB\xBF"): // a byte order mark
			l.pos += 3
		default:
			return true
		}
	}
}

// The last lines of mysqldump and pg_dump.
const (
	endOfMySQL    = "-- Dump completed"
	endOfPostgres = "-- PostgreSQL database dump complete"
	endOfCluster  = "-- PostgreSQL database cluster dump complete"
)

func (l *lexer) lineComment() {
	if l.is(endOfMySQL) || l.is(endOfPostgres) || l.is(endOfCluster) {
		l.ended = true
	}
	l.toLine()
}

func (l *lexer) blockComment() bool {
	if l.dialect != postgreSQL && l.dialect != sqlite && !l.executable {
		n := 2
		if l.peekAt(n) == 'M' { // MariaDB's own
			n++
		}
		if l.peekAt(n) == '!' {
			n++
			from := n
			for n-from < 6 && isDigit(l.peekAt(n)) {
				n++
			}
			if v := string(l.buf[l.pos+from : l.pos+n]); v != "99999" && v != "999999" {
				l.pos += n
				l.executable = true
				return true
			}
		}
	}
	l.pos += 2
	if l.dialect != postgreSQL {
		return l.past("*/")
	}
	for depth := 1; depth > 0; { // PostgreSQL nests them
		if !l.toByte(commentBytes) {
			return false
		}
		switch {
		case l.is("*/"):
			depth--
			l.pos += 2
		case l.is("/*"):
			depth++
			l.pos += 2
		default:
			l.pos++
		}
	}
	return true
}

var commentBytes = byteSet("*/")

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func isWord(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

var notWord = func() *[256]bool {
	var t [256]bool
	for c := range t {
		t[c] = !isWord(byte(c))
	}
	return &t
}()

// word reads a word without quotes as it stands; "" where none comes next. What is
// over maxName is passed over. The bytes last until the next name is read.
func (l *lexer) word() []byte {
	l.name = l.name[:0]
	if c, ok := l.peek(); !ok || !isWordStart(c) {
		return l.name
	}
	return l.wordRest()
}

func (l *lexer) wordRest() []byte {
	for {
		window := l.buf[l.pos:l.end]
		i := 0
		for i < len(window) && !notWord[window[i]] {
			i++
		}
		l.name = append(l.name, window[:min(i, maxName-len(l.name))]...)
		l.pos += i
		if i < len(window) || !l.fill() {
			return l.name
		}
	}
}

// keyword reads the word that comes next, in lower case; "" where none does.
func (l *lexer) keyword() string { return strings.ToLower(string(l.word())) }

// upcoming returns the word that comes next, in lower case, without reading it.
func (l *lexer) upcoming() string {
	n := 0
	for n < 64 && isWord(l.peekAt(n)) {
		n++
	}
	if n == 0 || !isWordStart(l.buf[l.pos]) {
		return ""
	}
	return strings.ToLower(string(l.buf[l.pos : l.pos+n]))
}

// accept reads the word if it comes next.
func (l *lexer) accept(word string) bool {
	if !l.skip() || l.upcoming() != word {
		return false
	}
	l.pos += len(word)
	return true
}

// acceptByte reads c if it comes next.
func (l *lexer) acceptByte(c byte) bool {
	if !l.skip() || l.buf[l.pos] != c {
		return false
	}
	l.pos++
	return true
}

// ident reads a name: a word, `name`, "name" or [name].
func (l *lexer) ident() (name string, quoted, ok bool) {
	if !l.skip() {
		return "", false, false
	}
	quote := l.buf[l.pos]
	switch quote {
	case '`', '"':
	case '[':
		quote = ']'
	default:
		w := l.word()
		if len(w) == 0 && isDigit(l.buf[l.pos]) { // MySQL lets names begin with digits
			w = l.wordRest()
		}
		return string(w), false, len(w) > 0
	}
	l.pos++
	l.name = l.name[:0]
	for {
		c, more := l.peek()
		if !more {
			return "", true, false
		}
		l.pos++
		if c == quote {
			if next, _ := l.peek(); next != quote {
				return string(l.name), true, true
			}
			l.pos++
		}
		if len(l.name) < maxName {
			l.name = append(l.name, c)
		}
	}
}

// qualified reads a table's name, which may have a database or schema before it.
func (l *lexer) qualified() (string, bool) {
	name, _, ok := l.ident()
	for range 2 {
		if !ok || !l.acceptByte('.') {
			return name, ok
		}
		var more string
		if more, _, ok = l.ident(); ok {
			name += "." + more
		}
	}
	return name, ok
}
