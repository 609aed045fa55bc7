package xmlread

import (
	"bytes"
	"errors"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

const bufferSize = 256 << 10

// scanner finds markup in text: buf[at:] is read and not gone through yet.
type scanner struct {
	c    *sdk.Ctx
	t    *sdk.TextReader
	buf  []byte
	at   int
	base int64 // of buf in the text
	eof  bool

	// Of the tag that token found last.
	begin int64 // of the token in the text
	name  string
	attrs []attr
	empty bool // it has no content: <name/>
	odd   bool // something in it is not as XML has it
	scope scope
	names map[string]string
	value valueReader
}

// attr is an attribute of a start tag.
type attr struct {
	name     string
	value    string
	raw      []byte // its bytes, where they are no text in the charset
	from, to int64  // of the value, in the text; of an Element's in the input
	long     bool   // it is too long to be kept
}

type token uint8

const (
	tokenEnd token = iota // of the input
	tokenText
	tokenStart
	tokenClose
	tokenOther // a comment, a processing instruction, a document type
)

// errMarkup: what begins with < is no markup.
var errMarkup = errors.New("malformed markup")

func (s *scanner) pos() int64 { return s.base + int64(s.at) }

// seek goes back or forth to a place in the text.
func (s *scanner) seek(n int64) {
	s.t.Restart(n)
	s.buf, s.at, s.base, s.eof = s.buf[:0], 0, n, false
}

// more reads on; false at the end, or where reading failed, which the input knows.
func (s *scanner) more() bool {
	if s.eof || s.c.Err() != nil {
		return false
	}
	if s.at > 0 {
		n := copy(s.buf, s.buf[s.at:])
		s.base += int64(s.at)
		s.buf, s.at = s.buf[:n], 0
	}
	if len(s.buf) == cap(s.buf) {
		return false // the callers ask for less than a buffer
	}
	n, err := s.t.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	if err != nil {
		s.eof = true
		return n > 0
	}
	return true
}

// has makes n bytes ready, where there are as many.
func (s *scanner) has(n int) bool {
	for len(s.buf)-s.at < n {
		if !s.more() {
			return len(s.buf)-s.at >= n
		}
	}
	return true
}

func (s *scanner) starts(text string) bool {
	return s.has(len(text)) && string(s.buf[s.at:s.at+len(text)]) == text
}

// until goes up to the next byte of any in set, and hands what comes before it to
// keep, in pieces. false: there is none before the end.
func (s *scanner) until(set string, keep func([]byte)) bool {
	for {
		rest := s.buf[s.at:]
		i := indexAny(rest, set)
		if i >= 0 {
			if keep != nil {
				keep(rest[:i])
			}
			s.at += i
			return true
		}
		if keep != nil {
			keep(rest)
		}
		s.at = len(s.buf)
		if !s.more() {
			return false
		}
	}
}

// indexAny is bytes.IndexAny, faster for one and two characters.
func indexAny(b []byte, set string) int {
	if len(set) > 2 {
		return bytes.IndexAny(b, set)
	}
	i := bytes.IndexByte(b, set[0])
	if i >= 0 {
		b = b[:i]
	}
	if len(set) == 2 {
		if j := bytes.IndexByte(b, set[1]); j >= 0 {
			return j
		}
	}
	return i
}

// past goes behind the next occurrence of text; false where there is none.
func (s *scanner) past(text string, keep func([]byte)) bool {
	for {
		if !s.until(text[:1], keep) {
			return false
		}
		if s.starts(text) {
			s.at += len(text)
			return true
		}
		if keep != nil {
			keep(s.buf[s.at : s.at+1])
		}
		s.at++
	}
}

// token reads the next token. Text goes to keep. err is errMarkup where something
// that begins with < is none: the scanner then stands where it can go on.
func (s *scanner) token(keep func([]byte, bool)) (token, error) {
	s.begin, s.odd, s.empty = s.pos(), false, false
	if !s.has(1) {
		return tokenEnd, nil
	}
	if s.buf[s.at] != '<' {
		var f func([]byte)
		if keep != nil {
			f = func(b []byte) { keep(b, false) }
		}
		s.until("<", f)
		return tokenText, nil
	}
	switch {
	case s.starts("<!--"):
		return s.other("-->")
	case s.starts("<![CDATA["):
		s.at += len("<![CDATA[")
		var f func([]byte)
		if keep != nil {
			f = func(b []byte) { keep(b, true) }
		}
		if !s.past("]]>", f) {
			return tokenText, errMarkup
		}
		return tokenText, nil
	case s.starts("<?"):
		return s.other("?>")
	case s.starts("<!"):
		return s.docType()
	case s.starts("</"):
		return s.closeTag()
	}
	return s.startTag()
}

func (s *scanner) other(end string) (token, error) {
	if !s.past(end, nil) {
		return tokenOther, errMarkup
	}
	return tokenOther, nil
}

// docType passes over a document type, what it declares in [ ] included.
func (s *scanner) docType() (token, error) {
	depth := 0
	for s.until("<>[]\"'", nil) {
		c := s.buf[s.at]
		s.at++
		switch c {
		case '"', '\'':
			if !s.past(string(c), nil) {
				return tokenOther, errMarkup
			}
		case '<', '[':
			if c == '<' && s.starts("!--") {
				if !s.past("-->", nil) {
					return tokenOther, errMarkup
				}
				continue
			}
			depth++
		case ']':
			depth--
		case '>':
			if depth--; depth <= 0 {
				return tokenOther, nil
			}
		}
	}
	return tokenOther, errMarkup
}

func (s *scanner) closeTag() (token, error) {
	s.at += 2
	if !s.readName() {
		return tokenClose, errMarkup
	}
	s.space()
	if !s.has(1) || s.buf[s.at] != '>' {
		return tokenClose, errMarkup
	}
	s.at++
	return tokenClose, nil
}

// space passes over white space and reports whether there was any.
func (s *scanner) space() (any bool) {
	for s.has(1) {
		switch s.buf[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
			any = true
		default:
			return any
		}
	}
	return any
}

// startTag reads a start tag with its attributes.
func (s *scanner) startTag() (token, error) {
	s.at++
	if s.attrs = s.attrs[:0]; !s.readName() {
		return tokenStart, errMarkup
	}
	element, room := s.name, MaxElement
	defer func() { s.name = element }()
	for {
		spaced := s.space()
		if !s.has(1) {
			return tokenStart, errMarkup
		}
		switch s.buf[s.at] {
		case '>':
			s.at++
			return tokenStart, nil
		case '/':
			if !s.starts("/>") {
				return tokenStart, errMarkup
			}
			s.at += 2
			s.empty = true
			return tokenStart, nil
		}
		s.odd = s.odd || !spaced
		if len(s.attrs) >= maxName || !s.readName() {
			return tokenStart, errMarkup
		}
		a := attr{name: s.name}
		s.space()
		if !s.starts("=") {
			s.odd = true
			a.from, a.to = s.pos(), s.pos()
			s.attrs = append(s.attrs, a)
			continue
		}
		s.at++
		s.space()
		if !s.attribute(&a, &room) {
			return tokenStart, errMarkup
		}
		s.attrs = append(s.attrs, a)
	}
}

// attribute reads a value, in quotes as it should be.
func (s *scanner) attribute(a *attr, room *int) bool {
	if !s.has(1) {
		return false
	}
	v := &s.value
	*v = valueReader{room: room, b: v.b[:0], pending: v.pending[:0]}
	a.from = s.pos()
	quote := s.buf[s.at]
	if quote != '"' && quote != '\'' {
		s.odd = true
		s.until(" \t\r\n<>", v.add)
	} else {
		s.at++
		a.from++
		set := `"<`
		if quote == '\'' {
			set = "'<"
		}
		if !s.until(set, v.add) || s.buf[s.at] == '<' {
			return false // the quote is missing: what follows is markup
		}
	}
	a.to = s.pos()
	if quote == '"' || quote == '\'' {
		s.at++
	}
	a.value, a.long = v.text()
	s.odd = s.odd || v.odd
	return true
}
