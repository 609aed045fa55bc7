package ndjson

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxDepth is what canonical JSON may nest (docs/formats/canonical.md), less the
// two levels that {"raw", "text"} and a member beside may add.
const maxDepth = 62

// place says how text that is not UTF-8 is kept (docs/formats/records.md).
type place uint8

const (
	// beside: as a member <name>_raw in the same object.
	beside place = iota
	// apart: as {"raw", "text"}, where names are the evidence's own.
	apart
	// own: the members of a namespaced record: beside, below them apart.
	own
	// record: the members of a record or a diagnostic: beside, and apart below extra,
	// columns and data.
	record
)

// member is one member of an object being written: out[from:to] is `"name":value`.
type member struct {
	from, to         int
	nameFrom, nameTo int
	plain            bool // the name is ASCII without escapes
}

// element is one bad text of a list: all its bytes are raws[from:to].
type element struct{ index, from, to int }

// encoder turns one JSON value into its canonical form.
type encoder struct {
	in  []byte
	i   int
	out []byte

	members  []member // a stack
	elements []element
	raws     []byte // bytes of texts that are not UTF-8
	text     []byte // the last text that was not copied as it stands
	spare    []byte // for putting members in order
	bad      bool   // some text was not UTF-8
}

// problem says why a line is refused, and holds nothing of it.
type problem string

// Error implements error.
func (p problem) Error() string { return string(p) }

const (
	errEnd       = problem("ends too early")
	errSyntax    = problem("is not JSON")
	errDepth     = problem("is nested too deeply")
	errRepeated  = problem("repeats a member's name")
	errNaN       = problem("holds NaN or Infinity, which are no JSON: write text or null")
	errControl   = problem("holds a control character in a string")
	errTrailing  = problem("has something after the value")
	errNotObject = problem("is no JSON object")
)

// start begins a line.
func (e *encoder) start(line []byte) {
	e.in, e.i, e.out, e.bad = line, 0, e.out[:0], false
	e.members, e.elements, e.raws = e.members[:0], e.elements[:0], e.raws[:0]
}

func (e *encoder) space() {
	for e.i < len(e.in) {
		switch e.in[e.i] {
		case ' ', '\t', '\r', '\n':
			e.i++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (e *encoder) peek() byte {
	e.space()
	if e.i < len(e.in) {
		return e.in[e.i]
	}
	return 0
}

// value appends the canonical form of the next value. bad reports a text that is
// not UTF-8 where its place is beside: its bytes are the last of raws.
func (e *encoder) value(depth int, at place) (bad bool, err error) {
	if depth > maxDepth {
		return false, errDepth
	}
	switch c := e.peek(); {
	case c == '"':
		return e.textValue(at)
	case c == '{':
		return false, e.object(depth, at)
	case c == '[':
		_, err := e.list(depth, at)
		return false, err
	case c == '-' || c >= '0' && c <= '9':
		return false, e.number()
	case c == 't':
		return false, e.literal("true")
	case c == 'f':
		return false, e.literal("false")
	case c == 'n':
		return false, e.literal("null")
	case c == 'N' || c == 'I':
		return false, errNaN
	case c == 0 && e.i >= len(e.in):
		return false, errEnd
	}
	return false, errSyntax
}

func (e *encoder) literal(word string) error {
	if !bytes.HasPrefix(e.in[e.i:], []byte(word)) {
		return errSyntax
	}
	e.i += len(word)
	e.out = append(e.out, word...)
	return nil
}

// number appends a safe integer as it is, and any other number as text: canonical
// JSON has no fractions, and rounding one would change what the script said.
func (e *encoder) number() error {
	from := e.i
	digits := func() int {
		n := e.i
		for e.i < len(e.in) && e.in[e.i]-'0' <= 9 {
			e.i++
		}
		return e.i - n
	}
	if e.in[e.i] == '-' {
		e.i++
		if e.i < len(e.in) && e.in[e.i] == 'I' {
			return errNaN
		}
	}
	first := e.i
	n := digits()
	if n == 0 || n > 1 && e.in[first] == '0' {
		return errSyntax
	}
	whole := true
	if e.i < len(e.in) && e.in[e.i] == '.' {
		e.i++
		if whole = false; digits() == 0 {
			return errSyntax
		}
	}
	if e.i < len(e.in) && e.in[e.i]|0x20 == 'e' {
		e.i++
		if e.i < len(e.in) && (e.in[e.i] == '+' || e.in[e.i] == '-') {
			e.i++
		}
		if whole = false; digits() == 0 {
			return errSyntax
		}
	}
	token := e.in[from:e.i]
	switch {
	case whole && n == 1 && token[len(token)-1] == '0':
		e.out = append(e.out, '0')
	case whole && n < 16:
		e.out = append(e.out, token...)
	case whole && n == 16 && safe(token):
		e.out = append(e.out, token...)
	default:
		e.out = append(append(append(e.out, '"'), token...), '"')
	}
	return nil
}

func safe(token []byte) bool {
	n, err := strconv.ParseInt(string(token), 10, 64)
	return err == nil && n <= evidence.MaxSafeInteger && n >= -evidence.MaxSafeInteger
}

// textValue appends a string, or {"raw", "text"} where it is not UTF-8 and stands apart.
func (e *encoder) textValue(at place) (bad bool, err error) {
	from := len(e.out)
	start := len(e.raws)
	good, err := e.string()
	if err != nil || good {
		return false, err
	}
	e.bad = true
	if at != apart {
		return true, nil
	}
	shown := append(e.spare[:0], e.out[from:]...)
	e.spare = shown
	e.out = append(e.out[:from], `{"raw":`...)
	e.base64(e.raws[start:])
	e.out = append(append(append(e.out, `,"text":`...), shown...), '}')
	e.raws = e.raws[:start]
	return false, nil
}

func (e *encoder) base64(b []byte) {
	e.out = append(e.out, '"')
	e.out = base64.StdEncoding.AppendEncode(e.out, b)
	e.out = append(e.out, '"')
}
