package export

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var null = []byte("null")

// appendCell appends a cell's value as text: strings as they are, null and empty
// lists as nothing, everything else as JSON.
func appendCell(dst, value []byte, t typ) []byte {
	switch {
	case len(value) == 0 || bytes.Equal(value, null):
		return dst
	case t == list:
		return appendList(dst, value)
	case value[0] == '"':
		return appendString(dst, value)
	}
	return append(dst, value...)
}

// appendString appends what a JSON string says.
func appendString(dst, value []byte) []byte {
	raw := value[1 : len(value)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return append(dst, raw...)
	}
	return append(dst, evidence.Unescape(raw)...)
}

// appendList appends a list of text: the one element by itself where it cannot be
// taken for a list or for nothing, else the list as JSON.
func appendList(dst, value []byte) []byte {
	inner := value
	if value[0] == '[' {
		if len(value) == 2 {
			return dst
		}
		inner = value[1 : len(value)-1]
	}
	if isOneString(inner) && len(inner) > 2 && inner[1] != '[' {
		return appendString(dst, inner)
	}
	if value[0] != '[' {
		return append(append(append(dst, '['), value...), ']')
	}
	return append(dst, value...)
}

// isOneString reports whether b, elements of a canonical list, is one string.
func isOneString(b []byte) bool {
	if b[0] != '"' {
		return false
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i == len(b)-1
		}
	}
	return false
}

// eachString calls f with each string of a JSON list of strings, or of one string.
// Elements of other types are passed as they are written.
func eachString(value []byte, f func(element []byte)) {
	if len(value) == 0 || bytes.Equal(value, null) {
		return
	}
	if value[0] != '[' {
		f(value)
		return
	}
	from, depth, inText := 1, 0, false
	for i := 1; i < len(value)-1; i++ {
		c := value[i]
		switch {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			f(value[from:i])
			from = i + 1
		}
	}
	if from < len(value)-1 {
		f(value[from : len(value)-1])
	}
}
