package sdk

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// MaxLine is how long a line may be, in bytes without its ending. A longer one is
// rejected with the diagnostic CodeLongLine, and reading goes on after it.
const MaxLine = 16 << 20

// CodeLongLine is the code of the diagnostic about a line longer than MaxLine.
const CodeLongLine = "line.too_long"

// lineBuffer is how much is read at a time.
const lineBuffer = 256 << 10

// Line is one line of an input.
type Line struct {
	// Number counts from 1, lines that were too long included.
	Number int64
	// Span is the line's bytes in the input, without its ending.
	Span evidence.Span
	// Bytes are those of Span; they change when the loop goes on.
	Bytes []byte

	role string
}

// Source returns the place of the line.
func (l Line) Source() Source {
	return Source{Offset: l.Span.Offset, Length: l.Span.Length, HasSpan: true, Line: l.Number, Role: l.role}
}

// Lines reads the input line by line from the start. A line ends with LF or CR LF;
// the last one may have no ending. A lone CR is part of a line. The loop ends early
// where the input cannot be read, the run was cancelled or reached a limit: check
// Err after it.
func (in *Input) Lines() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		s := lineScanner{in: in, buf: make([]byte, min(lineBuffer, in.Size+1))}
		if in.job != nil && len(in.job.inputs) > 1 {
			s.line.role = in.Role
		}
		defer s.account()
		for s.next() {
			if !yield(s.line) {
				return
			}
		}
	}
}

// lineScanner holds the bytes [at, at+filled) of the input, of which those before
// start are done with and those before scanned hold no line ending after start.
type lineScanner struct {
	in                     *Input
	buf                    []byte
	at                     int64
	start, scanned, filled int
	counted                int64 // up to where coverage knows
	eof                    bool
	line                   Line
}

// account counts the lines handed out so far as read.
func (s *lineScanner) account() {
	pos := s.at + int64(s.start)
	s.in.covered.add(s.counted, pos)
	s.counted = pos
}

// next moves to the next line that is not too long.
func (s *lineScanner) next() bool {
	if s.stopped() {
		return false
	}
	for {
		if i := bytes.IndexByte(s.buf[s.scanned:s.filled], '\n'); i >= 0 {
			end := s.scanned + i
			text := s.buf[s.start:end]
			if n := len(text); n > 0 && text[n-1] == '\r' {
				text = text[:n-1]
			}
			if s.take(text, end+1) {
				return true
			}
			continue
		}
		s.scanned = s.filled
		if s.eof {
			return s.start < s.filled && s.take(s.buf[s.start:s.filled], s.filled)
		}
		if s.filled-s.start > MaxLine+1 {
			if !s.skip() {
				return false
			}
			continue
		}
		if !s.fill() {
			return false
		}
	}
}

// take makes text the line and moves past its ending; a line that is just too
// long is rejected.
func (s *lineScanner) take(text []byte, next int) bool {
	s.line.Number++
	s.line.Bytes = text
	s.line.Span = evidence.Span{Offset: s.at + int64(s.start), Length: int64(len(text))}
	s.start, s.scanned = next, next
	if len(text) > MaxLine {
		s.reject()
		return false
	}
	return true
}

func (s *lineScanner) reject() {
	if s.in.job == nil {
		return
	}
	s.in.job.diagnose(&Diagnostic{
		Code: CodeLongLine, Severity: evidence.SeverityReject, Source: s.line.Source(),
		Message: "the line is longer than a line may be and was not read",
		Data:    map[string]any{"limit": MaxLine},
	}, false)
}

// skip passes over a line that does not fit, keeping nothing of it.
func (s *lineScanner) skip() bool {
	offset := s.at + int64(s.start)
	last := s.buf[s.filled-1]
	for {
		s.at += int64(s.filled)
		s.start, s.scanned, s.filled = 0, 0, 0
		if !s.read() {
			return false
		}
		chunk := s.buf[:s.filled]
		i := bytes.IndexByte(chunk, '\n')
		if i < 0 && !s.eof {
			if len(chunk) > 0 {
				last = chunk[len(chunk)-1]
			}
			continue
		}
		length := s.at + int64(len(chunk)) - offset
		next := len(chunk)
		if i >= 0 {
			if i > 0 {
				last = chunk[i-1]
			}
			length = s.at + int64(i) - offset
			if last == '\r' {
				length--
			}
			next = i + 1
		}
		s.line.Number++
		s.line.Span = evidence.Span{Offset: offset, Length: length}
		s.start, s.scanned = next, next
		s.reject()
		return !s.stopped()
	}
}

// fill makes room and reads on.
func (s *lineScanner) fill() bool {
	s.account()
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.filled])
		s.at += int64(s.start)
		s.filled -= s.start
		s.scanned -= s.start
		s.start = 0
	}
	if s.filled == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	return s.read()
}

func (s *lineScanner) read() bool {
	if s.stopped() {
		return false
	}
	n, err := s.in.peek(s.buf[s.filled:], s.at+int64(s.filled))
	s.filled += n
	if errors.Is(err, io.EOF) {
		s.eof = true
		return true
	}
	return err == nil
}

func (s *lineScanner) stopped() bool {
	if s.in.job == nil {
		return false
	}
	if err := s.in.job.alive(); err != nil {
		s.in.fail(err)
		return true
	}
	return false
}
