package sdk

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// encoder appends canonical JSON (docs/formats/canonical.md). Its callers name
// members in ascending order; nothing is sorted but what evidence names (Extra,
// columns). The first error sticks.
type encoder struct {
	b       []byte
	members []member // scratch of object, a stack
	err     error

	basis   Basis // the last one written, and its object
	basisJS []byte
	day     int64 // the last one written, and its date
	date    [len("2006-01-02")]byte
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: "+format, append([]any{ErrRecord}, args...)...)
	}
}

// open begins an object; close, given what open returned, ends it. Every member
// begins with a comma, the first one's becomes the brace.
func (e *encoder) open() int { return len(e.b) }

func (e *encoder) close(at int) {
	if at == len(e.b) {
		e.b = append(e.b, '{')
	}
	e.b[at] = '{'
	e.b = append(e.b, '}')
}

// key begins a member. name is ASCII that needs no escape.
func (e *encoder) key(name string) {
	e.b = append(append(append(e.b, `,"`...), name...), `":`...)
}

// rawKey begins the member that holds the bytes of name.
func (e *encoder) rawKey(name string) {
	e.b = append(append(append(e.b, `,"`...), name...), `_raw":`...)
}

func (e *encoder) null() { e.b = append(e.b, "null"...) }

// int appends n, as text where it is no safe integer.
func (e *encoder) int(n int64) {
	if n > evidence.MaxSafeInteger || n < -evidence.MaxSafeInteger {
		e.b = append(e.b, '"')
		e.b = strconv.AppendInt(e.b, n, 10)
		e.b = append(e.b, '"')
		return
	}
	e.b = strconv.AppendInt(e.b, n, 10)
}

// str appends s, which must be UTF-8.
func (e *encoder) str(s string) { e.b = evidence.AppendString(e.b, s) }

// word appends a member whose value is ASCII that needs no escape, where it is not empty.
func (e *encoder) word(name, s string) {
	if s != "" {
		e.key(name)
		e.b = append(append(append(e.b, '"'), s...), '"')
	}
}

// shown appends s with each bad byte as U+FFFD and reports whether there was one.
func (e *encoder) shown(s string) (bad bool) {
	var seen byte
	for i := 0; i < len(s); i++ {
		seen |= class[s[i]]
	}
	switch {
	case seen&classWide != 0 && !utf8.ValidString(s):
		e.str(validText(s))
		return true
	case seen&classEscape != 0:
		e.str(s)
	default:
		e.b = append(append(append(e.b, '"'), s...), '"')
	}
	return false
}

const (
	classEscape = 1 << iota // a string escapes it
	classWide               // not ASCII
)

// class tells what the bytes of a string need.
var class = func() (t [256]byte) {
	for c := range t {
		switch {
		case c < 0x20 || c == '"' || c == '\\':
			t[c] = classEscape
		case c >= utf8.RuneSelf:
			t[c] = classWide
		}
	}
	return t
}()

func (e *encoder) base64(s string) {
	e.b = append(e.b, '"')
	e.b = base64.StdEncoding.AppendEncode(e.b, []byte(s))
	e.b = append(e.b, '"')
}

func (e *encoder) integer(name string, n int64) {
	e.key(name)
	e.int(n)
}

func (e *encoder) number(name string, n Number) {
	switch n.state {
	case null:
		e.key(name)
		e.null()
	case present:
		e.integer(name, n.n)
	}
}

// plain appends a member that is a word of ours, where it is not empty. It must
// be UTF-8; names of profiles and tables come from others and are made so.
func (e *encoder) plain(name, s string) {
	if s != "" {
		e.key(name)
		e.shown(s)
	}
}

// text appends a member and, where its bytes are not UTF-8, its raw bytes.
func (e *encoder) text(name string, t Text) {
	switch t.state {
	case null:
		e.key(name)
		e.null()
	case present:
		e.key(name)
		if e.shown(t.String()) || t.damaged {
			raw, _ := t.raw()
			e.rawKey(name)
			e.base64(raw)
		}
	}
}

// texts appends a list; nil is absent. Where any value is not UTF-8, name_raw is
// a list as long, null where the text is all there is.
func (e *encoder) texts(name string, list []Text) {
	if list == nil {
		return
	}
	e.key(name)
	bad := false
	e.b = append(e.b, '[')
	for i, t := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		if t.state != present {
			e.null()
			continue
		}
		bad = e.shown(t.String()) || t.damaged || bad
	}
	e.b = append(e.b, ']')
	if !bad {
		return
	}
	e.rawKey(name)
	e.b = append(e.b, '[')
	for i, t := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		raw, ok := t.raw()
		if !ok {
			e.null()
			continue
		}
		e.base64(raw)
	}
	e.b = append(e.b, ']')
}
