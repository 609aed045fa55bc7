package evidence

import (
	"bytes"
	"fmt"
)

// RecordHeader is what the host must know of a record line, found in the pass
// that checks it. The slices are parts of the line, between quotes, as written.
type RecordHeader struct {
	// Kind is nil where the line has none.
	Kind []byte
	// Time is nil for null or none.
	Time   []byte
	Source SourceHeader
}

// DiagnosticHeader is RecordHeader for a line of diagnostics.
type DiagnosticHeader struct {
	Code, Severity []byte
	Source         SourceHeader
}

// SourceHeader is the part of "source" that places a line in an input.
type SourceHeader struct {
	// Span is offset and length, HasSpan whether they are there.
	Span    Span
	HasSpan bool
	// Role is nil where none is named.
	Role []byte
}

// Member is where a member of a line stands, in bytes from the line's start. Its
// name ends two bytes before its value.
type Member struct {
	// Name is the first byte of the name, Value of the value, End the byte behind it.
	Name, Value, End uint32
}

// ScanRecord checks that line is a canonical JSON object and returns its header,
// and dst with the line's members appended to it.
// It fails with ErrNotCanonical as CheckCanonical does, and with ErrFormat where a
// member of the header has another type than docs/formats/records.md gives it.
func ScanRecord(line []byte, dst []Member) (RecordHeader, []Member, error) {
	var h RecordHeader
	kept := len(dst)
	err := scanHeader(line, &h.Source, &dst, func(name, value []byte) (err error) {
		switch string(name) {
		case "kind":
			h.Kind, err = headerText(name, value)
		case "time":
			if string(value) != "null" {
				h.Time, err = headerText(name, value)
			}
		}
		return err
	})
	if err != nil {
		return RecordHeader{}, dst[:kept], err
	}
	return h, dst, nil
}

// ScanDiagnostic is ScanRecord for a line of diagnostics.
func ScanDiagnostic(line []byte) (DiagnosticHeader, error) {
	var h DiagnosticHeader
	err := scanHeader(line, &h.Source, nil, func(name, value []byte) (err error) {
		switch string(name) {
		case "code":
			h.Code, err = headerText(name, value)
		case "severity":
			h.Severity, err = headerText(name, value)
		}
		return err
	})
	if err != nil {
		return DiagnosticHeader{}, err
	}
	return h, nil
}

// scanHeader walks line as Members does, but reads "source" in passing. It appends
// the members to all, where that is not nil.
func scanHeader(line []byte, src *SourceHeader, all *[]Member, f func(name, value []byte) error) error {
	s := scanner{b: line}
	if len(line) == 0 || line[0] != '{' {
		s.fail("not an object")
		return s.err()
	}
	m, more := s.members()
	for more {
		if !s.name(&m) {
			return s.err()
		}
		var ok bool
		from := s.i
		if string(m.last) == "source" {
			ok = s.source(src)
		} else if ok = s.value(1); ok {
			if err := f(m.last, line[from:s.i]); err != nil {
				return err
			}
		}
		if all != nil {
			*all = append(*all, Member{Name: uint32(from - 2 - len(m.last)), Value: uint32(from), End: uint32(s.i)})
		}
		if ok {
			more, ok = s.more()
		}
		if !ok {
			return s.err()
		}
	}
	if !s.end() {
		return s.err()
	}
	return nil
}

// source reads the value of "source".
func (s *scanner) source(h *SourceHeader) bool {
	if s.i >= len(s.b) || s.b[s.i] != '{' {
		return s.malformed("source is not an object")
	}
	var offset, length bool
	m, more := s.members()
	for more {
		if !s.name(&m) {
			return false
		}
		from := s.i
		if !s.value(2) {
			return false
		}
		value, ok := s.b[from:s.i], true
		switch string(m.last) {
		case "offset":
			h.Span.Offset, ok = headerNumber(value)
			offset = true
		case "length":
			h.Span.Length, ok = headerNumber(value)
			length = true
		case "role":
			if ok = value[0] == '"'; ok {
				h.Role = value[1 : len(value)-1]
			}
		}
		if !ok {
			return s.malformed(string(m.last) + " of source has the wrong type")
		}
		if more, ok = s.more(); !ok {
			return false
		}
	}
	if offset != length {
		return s.malformed("source has one of offset and length")
	}
	h.HasSpan = offset
	return true
}

func (s *scanner) malformed(why string) bool {
	s.stopped = fmt.Errorf("%w: %s", ErrFormat, why)
	return false
}

// headerText returns the inside of a string. What a header holds is matched byte by
// byte, so it must not be written with escapes.
func headerText(name, value []byte) ([]byte, error) {
	if value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return nil, fmt.Errorf("%w: %s is not a plain string", ErrFormat, name)
	}
	return value[1 : len(value)-1], nil
}

// headerNumber reads an integer that the scanner has passed.
func headerNumber(value []byte) (n int64, ok bool) {
	digits := value
	if value[0] == '-' {
		digits = value[1:]
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false // a string or anything else
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(value) {
		n = -n
	}
	return n, true
}
