package delimited

import (
	"bytes"
	"io"
	"iter"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// MaxUnit bounds a line, and a record of several lines, in bytes of the input. A
// record line is 1 MiB at most (docs/formats/wire.md); the same text in UTF-16
// with every quote doubled is four times that.
const MaxUnit = 4 << 20

// readAhead is how much is read at a time.
const readAhead = 256 << 10

// Line is one line of a text in any charset.
type Line struct {
	// Number counts from 1.
	Number int64
	// Span is the line's bytes in the input, without its ending or a byte order mark.
	Span evidence.Span
	// Text is the line in UTF-8. It changes when the loop goes on.
	Text []byte
	// Damaged: some bytes are no text in the charset; each such shows as U+FFFD.
	Damaged bool
	// Charset is what the line was read in.
	Charset sdk.Charset
	// TooLong: longer than MaxUnit; there is no Text.
	TooLong bool

	in *sdk.Input
}

// Source returns the place of the line.
func (l *Line) Source() sdk.Source {
	s := l.in.Source(l.Span.Offset, l.Span.Length)
	s.Line = l.Number
	return s
}

// Lines reads the input line by line as text of charset, where sdk.Input.Lines
// reads bytes. Lines end with ending, a line feed or carriage return; of CR LF both
// belong to the ending. The loop ends early where the input cannot be read or the
// run was cancelled: check in.Err after it.
func Lines(in *sdk.Input, charset sdk.Charset, ending byte) iter.Seq[*Line] {
	return LinesOf(in, sdk.TextCharset{Charset: charset}, ending)
}

// LinesOf is Lines of a text that may have a second charset, line by line.
func LinesOf(in *sdk.Input, text sdk.TextCharset, ending byte) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		r := newLineReader(in, text.Charset, ending)
		for r.next() {
			r.line.Text, r.line.Damaged, r.line.Charset = nil, false, text.Charset
			if !r.line.TooLong {
				r.line.Charset = text.OfLine(r.raw)
				r.text, r.line.Damaged = r.line.Charset.AppendShown(r.text[:0], r.raw, nil)
				r.line.Text = r.text
			}
			if !yield(&r.line) {
				return
			}
		}
	}
}

// lineCharset returns the charset of a line, and whether the line is ASCII, so that
// any would do.
func lineCharset(one sdk.Charset, text sdk.TextCharset, line []byte) (sdk.Charset, bool) {
	if text.Other.Name() == "" {
		return one, false
	}
	for _, c := range line {
		if c >= 0x80 {
			return text.OfLine(line), false
		}
	}
	return one, true
}

// lineReader finds lines in bytes: the ones at [start, filled) of buf, which begin
// at offset at of the input, are not handed out yet.
type lineReader struct {
	r                      io.Reader
	buf                    []byte
	at                     int64
	start, scanned, filled int
	eof                    bool
	ending                 byte
	width                  int // of a code unit
	high                   int // where in a unit of two bytes the zero of an ASCII character is

	line Line
	raw  []byte // of line, until next
	tail []byte // its ending as it stands
	text []byte
}

func newLineReader(in *sdk.Input, charset sdk.Charset, ending byte) *lineReader {
	r := &lineReader{ending: ending, width: 1, buf: make([]byte, min(readAhead, in.Size+1))}
	switch charset.Name() {
	case "utf-16le":
		r.width, r.high = 2, 1
	case "utf-16be":
		r.width, r.high = 2, 0
	}
	r.r, r.line.in = in.Reader(), in
	if !r.fill() {
		return r
	}
	if mark := markOf(charset); mark != "" && bytes.HasPrefix(r.buf[:r.filled], []byte(mark)) {
		r.start, r.scanned = len(mark), len(mark)
	}
	return r
}

// markOf returns the byte order mark of a charset, "" where it has none.
func markOf(c sdk.Charset) string {
	switch c.Name() {
	case "utf-8":
		return "\xef\xbb\xbf"
	case "utf-16le":
		return "\xff\xfe"
	case "utf-16be":
		return "\xfe\xff"
	}
	return ""
}

// next moves to the next line.
func (r *lineReader) next() bool {
	for {
		if end, ok := r.find(); ok {
			return r.take(end, end+r.width)
		}
		if r.eof {
			return r.start < r.filled && r.take(r.filled, r.filled)
		}
		if r.filled-r.start > MaxUnit+2*r.width {
			return r.skip()
		}
		if !r.fill() {
			return false
		}
	}
}

// find looks for the line's ending and remembers how far it looked.
func (r *lineReader) find() (at int, ok bool) {
	for r.scanned < r.filled {
		i := bytes.IndexByte(r.buf[r.scanned:r.filled], r.ending)
		if i < 0 {
			break
		}
		p := r.scanned + i
		if r.width == 1 {
			return p, true
		}
		unit := p - (p-r.start)%2 // units are counted from the line's start
		if unit+2 > r.filled {
			r.scanned = p
			return 0, false
		}
		if r.buf[unit+r.high] == 0 && r.buf[unit+1-r.high] == r.ending {
			return unit, true
		}
		r.scanned = p + 1
	}
	r.scanned = r.filled
	return 0, false
}

// take makes [start, end) the line and moves on to next.
func (r *lineReader) take(end, next int) bool {
	raw := r.buf[r.start:end]
	if n := len(raw) - r.width; next > end && r.ending == '\n' && n >= 0 && r.isCR(raw[n:]) {
		raw = raw[:n]
	}
	r.raw, r.tail = raw, r.buf[r.start+len(raw):next]
	r.line.Number++
	r.line.Span = evidence.Span{Offset: r.at + int64(r.start), Length: int64(len(raw))}
	r.line.TooLong = len(raw) > MaxUnit
	r.start, r.scanned = next, next
	return true
}

func (r *lineReader) isCR(unit []byte) bool {
	if r.width == 1 {
		return unit[0] == '\r'
	}
	return unit[r.high] == 0 && unit[1-r.high] == '\r'
}

// skip passes over a line that is too long, keeping its last unit only, which may
// be half of the ending.
func (r *lineReader) skip() bool {
	offset := r.at + int64(r.start)
	for {
		keep := r.filled - 2*r.width - (r.filled-r.start)%r.width
		r.start, r.scanned = keep, keep
		if !r.fill() {
			return false
		}
		end, ok := r.find()
		if !ok && !r.eof {
			continue
		}
		next := end + r.width
		if !ok {
			end, next = r.filled, r.filled
		}
		r.take(end, next)
		span := &r.line.Span
		span.Offset, span.Length = offset, span.Offset+span.Length-offset
		r.line.TooLong, r.raw = true, nil
		return true
	}
}

// fill makes room and reads on.
func (r *lineReader) fill() bool {
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.filled])
		r.at += int64(r.start)
		r.filled -= r.start
		r.scanned -= r.start
		r.start = 0
	}
	if r.filled == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.r.Read(r.buf[r.filled:])
	r.filled += n
	if err == io.EOF {
		r.eof = true
		return true
	}
	return err == nil
}
