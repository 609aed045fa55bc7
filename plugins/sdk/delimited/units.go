package delimited

import (
	"bytes"
	"iter"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Why a unit has no fields.
const (
	// CodeFields: it does not have as many as it should.
	CodeFields = "fields"
	// CodeQuote: a quoted field of it has no end.
	CodeQuote = "quote"
)

// MaxLines bounds how many lines a record may have.
const MaxLines = 1000

// aheadLines bounds how far a line is followed that may be a record of its own.
const aheadLines = 50

// Dialect says how records of delimited text are cut out of it.
type Dialect struct {
	Charset sdk.Charset
	// Text, where it has a second charset, says which each line is in; Charset is its first.
	Text sdk.TextCharset
	// Ending ends a line: a line feed, where 0, or a carriage return.
	Ending byte
	// Delimiter stands between fields; Quote may enclose one, 0 for none.
	Delimiter string
	Quote     byte
	// Fields is how many a record has.
	Fields int
	// Skip is how many lines at the top are no records; they are not handed out.
	Skip int64
	// Lenient: quotes that are not as RFC 4180 has them are text where the record has
	// as many fields as it should all the same.
	Lenient bool
	// Stands says whether a line that has the right number of fields can be a record
	// of its own, nil that it can. It is what an unbalanced quote is found out by.
	Stands func(line []byte, fields [][]byte) bool
}

// Unit is one record of a delimited text, or what should be one. Its text and
// fields change when the loop goes on.
type Unit struct {
	// Line is where it starts, Lines how many it has.
	Line, Lines int64
	// Span is its bytes in the input, without the last line's ending.
	Span evidence.Span
	// Whole is all of it in UTF-8, line breaks as they stand.
	Whole []byte
	// Blank: it holds nothing but white space.
	Blank bool
	// Defect says why there are no Fields: CodeFields, CodeQuote, or sdk.CodeLongLine.
	Defect string
	// Fields are as many as the dialect says. Count is how many were found.
	Fields [][]byte
	Count  int
	// Odd: a quote stands where RFC 4180 has none, and was taken for text.
	Odd bool
	// Inside is how many of its lines but the first would be records by themselves.
	Inside int64
	// Damaged: some bytes are no text in the charset; see Raw.
	Damaged bool
	// Charset is what it was read in: that of its first line that is not ASCII.
	Charset sdk.Charset

	reader *unitReader
}

// Source returns the place of the unit.
func (u *Unit) Source() sdk.Source {
	s := u.reader.in.Source(u.Span.Offset, u.Span.Length)
	s.Line = u.Line
	return s
}

// Units reads the input record by record. A record is a line, or as many lines as
// a quoted field goes on for: MaxLines and MaxUnit at most.
//
// A quoted field that is well formed is followed to its end, whatever stands in
// it; otherwise a text could pass for records. Where it is not (no end, or more
// after its end), the unit reaches up to the next line that is a record by itself.
//
// The loop ends early where the input cannot be read or the run was cancelled:
// check in.Err after it.
func Units(in *sdk.Input, d Dialect) iter.Seq[*Unit] {
	return func(yield func(*Unit) bool) {
		if d.Ending == 0 {
			d.Ending = '\n'
		}
		u := &unitReader{in: in, d: d, lines: newLineReader(in, d.Charset, d.Ending)}
		u.split = splitter{delimiter: []byte(d.Delimiter), quote: d.Quote}
		u.alone = u.split
		for range d.Skip {
			if !u.lines.next() {
				return
			}
		}
		for u.next() {
			if !yield(&u.unit) {
				return
			}
		}
	}
}

// queued is a line that was read: its text is [from, to) of unitReader.text, the
// next line's begins after its ending.
type queued struct {
	number   int64
	span     evidence.Span
	from, to int
	damaged  bool
	tooLong  bool
	charset  sdk.Charset
	ascii    bool
}

type unitReader struct {
	in    *sdk.Input
	d     Dialect
	lines *lineReader
	ended bool

	queue []queued // from head on
	head  int
	text  []byte
	// noneUpTo: no record begins from the queue's second line up to that of this number.
	noneUpTo int64

	split, alone splitter
	fields       [][]byte
	room         []byte
	aloneFields  [][]byte
	aloneRoom    []byte
	unit         Unit
}

// has makes the queue n lines long, where the input has as many.
func (u *unitReader) has(n int) bool {
	for len(u.queue)-u.head < n {
		if u.ended || !u.lines.next() {
			u.ended = true
			return false
		}
		l := &u.lines.line
		q := queued{number: l.Number, span: l.Span, from: len(u.text), tooLong: l.TooLong, charset: u.d.Charset}
		if !l.TooLong {
			q.charset, q.ascii = lineCharset(u.d.Charset, u.d.Text, u.lines.raw)
			u.text, q.damaged = q.charset.AppendShown(u.text, u.lines.raw, nil)
		}
		q.to = len(u.text)
		u.text, _ = q.charset.AppendShown(u.text, u.lines.tail, nil)
		u.queue = append(u.queue, q)
	}
	return true
}

// drop forgets the first n lines of the queue.
func (u *unitReader) drop(n int) {
	u.head += n
	switch {
	case u.head == len(u.queue):
		u.queue, u.head, u.text = u.queue[:0], 0, u.text[:0]
	case u.head > MaxLines:
		from := u.queue[u.head].from
		u.text = append(u.text[:0], u.text[from:]...)
		u.queue = append(u.queue[:0], u.queue[u.head:]...)
		u.head = 0
		for i := range u.queue {
			u.queue[i].from -= from
			u.queue[i].to -= from
		}
	}
}

// joined returns the text of the first n lines of the queue.
func (u *unitReader) joined(n int) []byte {
	return u.text[u.queue[u.head].from:u.queue[u.head+n-1].to]
}

// next reads the next unit; the lines of the one before are dropped first.
func (u *unitReader) next() bool {
	if u.unit.Lines > 0 {
		u.drop(int(u.unit.Lines))
	}
	u.unit = Unit{reader: u}
	if !u.has(1) {
		return false
	}
	if u.queue[u.head].tooLong {
		u.end(1, sdk.CodeLongLine)
		return true
	}
	line := u.joined(1)
	if len(bytes.TrimSpace(line)) == 0 {
		u.split.reset()
		u.end(1, "")
		u.unit.Blank = true
		return true
	}
	lines, state := u.follow()
	switch {
	case state == scanClosed && len(u.split.bounds) == u.d.Fields:
		u.end(lines, "")
		for i := 1; i < lines; i++ {
			if u.standsAlone(i, lines-i) {
				u.unit.Inside++
			}
		}
	case state == scanClosed && lines == 1:
		u.end(1, CodeFields)
	default:
		u.recover(lines, state)
	}
	return true
}

// follow splits the first line of the queue and those that its quotes ask for.
func (u *unitReader) follow() (lines int, state scan) {
	u.split.reset()
	u.split.tolerant = 0
	for lines = 1; ; lines++ {
		state = u.split.run(u.joined(lines))
		if state != scanOpen || !u.more(lines) {
			return lines, state
		}
	}
}

// more reports whether a unit of so many lines may have another.
func (u *unitReader) more(lines int) bool {
	if lines >= MaxLines || !u.has(lines+1) {
		return false
	}
	first, next := &u.queue[u.head], &u.queue[u.head+lines]
	return !next.tooLong && next.span.Offset+next.span.Length-first.span.Offset <= MaxUnit
}

// accepts asks the dialect about a line that has the right number of fields.
func (u *unitReader) accepts(line []byte, s *splitter) bool {
	if u.d.Stands == nil {
		return true
	}
	u.aloneFields, u.aloneRoom = s.values(line, u.aloneFields[:0], u.aloneRoom[:0])
	return u.d.Stands(line, u.aloneFields)
}

// end makes a unit of the first n lines of the queue.
func (u *unitReader) end(n int, defect string) {
	first, last := &u.queue[u.head], &u.queue[u.head+n-1]
	v := &u.unit
	v.Line, v.Lines, v.Defect = first.number, int64(n), defect
	v.Span = evidence.Span{Offset: first.span.Offset, Length: last.span.Offset + last.span.Length - first.span.Offset}
	v.Whole = u.joined(n)
	v.Charset = u.d.Charset
	for i := n - 1; i >= 0; i-- {
		q := &u.queue[u.head+i]
		v.Damaged = v.Damaged || q.damaged
		if !q.ascii {
			v.Charset = q.charset
		}
	}
	v.Count = len(u.split.bounds)
	if defect == "" && len(u.split.bounds) == u.d.Fields {
		u.fields, u.room = u.split.values(v.Whole, u.fields[:0], u.room[:0])
		v.Fields, v.Odd = u.fields, u.split.odd
	}
}

// FieldSpan returns where the value of field i lies in the input, between its quotes.
// For text in UTF-8 that is sound it costs nothing; otherwise the unit is read again.
func (u *Unit) FieldSpan(i int) (evidence.Span, error) {
	r := u.reader
	b := r.split.bounds[i]
	if r.d.Charset.Name() == "utf-8" && r.d.Text.Other.Name() == "" && !u.Damaged {
		return evidence.Span{Offset: u.Span.Offset + int64(b.from), Length: int64(b.to - b.from)}, nil
	}
	_, offsets, err := u.again()
	if err != nil {
		return evidence.Span{}, err
	}
	from, to := offsets[b.from], offsets[b.to]
	return evidence.Span{Offset: u.Span.Offset + int64(from), Length: int64(to - from)}, nil
}

// Raw returns the bytes of field i as they stand in the input, between its quotes.
// It reads the unit again: it is for the few that are Damaged.
func (u *Unit) Raw(i int) ([]byte, error) {
	raw, offsets, err := u.again()
	if err != nil {
		return nil, err
	}
	b := u.reader.split.bounds[i]
	return raw[offsets[b.from]:offsets[b.to]], nil
}

// again reads the unit's bytes and says for each byte of its text which of them it
// comes from.
func (u *Unit) again() (raw []byte, offsets []int, err error) {
	r := u.reader
	raw = make([]byte, u.Span.Length)
	if _, err := r.in.ReadAt(raw, u.Span.Offset); err != nil && len(raw) > 0 && r.in.Err() != nil {
		return nil, nil, err
	}
	var text []byte
	add := func(cs sdk.Charset, part []byte, from int) {
		start := len(offsets)
		text, _ = cs.AppendShown(text, part, &offsets)
		for j := start; j < len(offsets); j++ {
			offsets[j] += from
		}
	}
	for n := range int(u.Lines) {
		q := r.queue[r.head+n]
		from := int(q.span.Offset - u.Span.Offset)
		end := from + int(q.span.Length)
		add(q.charset, raw[from:end], from)
		if n+1 < int(u.Lines) { // the ending, one byte of text for each of its characters
			add(q.charset, raw[end:int(r.queue[r.head+n+1].span.Offset-u.Span.Offset)], end)
		}
	}
	return raw, append(offsets, len(raw)), nil
}

// Text returns field i as a value that may be kept: null where it is empty, and with
// its bytes beside it where some of them are no text in the charset.
func (u *Unit) Text(i int) (sdk.Text, error) {
	f := u.Fields[i]
	if !u.Damaged || !bytes.Contains(f, []byte("\uFFFD")) {
		return sdk.OrNull(string(f)), nil
	}
	raw, err := u.Raw(i)
	if err != nil {
		return sdk.Text{}, err
	}
	if _, err := u.Charset.Decode(raw); err == nil {
		return sdk.Str(string(f)), nil
	}
	return sdk.Damaged(string(f), raw), nil
}
