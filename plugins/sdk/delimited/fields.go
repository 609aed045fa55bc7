package delimited

import "bytes"

// bound is where a field's value lies in a text, its quotes left out.
type bound struct {
	from, to int
	doubled  bool // it holds doubled quotes
}

// scan is the state of splitting a text that may go on with a further line.
type scan uint8

const (
	scanClosed scan = iota
	scanOpen        // a quoted field has not ended yet
	scanBroken      // a quoted field goes on after its quote
)

// splitter cuts text into fields as RFC 4180 has it: a field that begins with a
// quote ends with a quote before a delimiter or the end, quotes inside are doubled.
type splitter struct {
	delimiter []byte
	quote     byte // 0: none
	// tolerant, where not 0: a quote inside a quoted field that is not doubled is text,
	// and so is one at a line's end before the record has so many fields.
	tolerant int

	bounds  []bound
	at      int
	open    bool
	current bound
	odd     bool // a quote stands where none should be
}

func (s *splitter) reset() {
	s.bounds, s.at, s.open, s.odd = s.bounds[:0], 0, false, false
}

// run splits text from where the last call ended; text is that call's with more
// at its end.
func (s *splitter) run(text []byte) scan {
	for {
		if s.open {
			if state := s.quoted(text); state != scanClosed {
				return state
			}
		} else if s.quote != 0 && s.at < len(text) && text[s.at] == s.quote {
			s.at++
			s.open, s.current = true, bound{from: s.at}
			continue
		} else {
			s.plain(text)
		}
		if s.at == len(text) {
			return scanClosed
		}
		if s.at += len(s.delimiter); s.at == len(text) {
			s.bounds = append(s.bounds, bound{from: s.at, to: s.at})
			return scanClosed
		}
	}
}

// plain takes a field that is not quoted, up to a delimiter.
func (s *splitter) plain(text []byte) {
	end := s.index(text[s.at:])
	if end < 0 {
		end = len(text) - s.at
	}
	value := text[s.at : s.at+end]
	// ="123" is a spreadsheet's way to say that digits are text.
	if s.quote != 0 && bytes.IndexByte(value, s.quote) >= 0 && value[0] != '=' {
		s.odd = true
	}
	s.bounds = append(s.bounds, bound{from: s.at, to: s.at + end})
	s.at += end
}

// quoted goes on inside a quoted field, up to its quote.
func (s *splitter) quoted(text []byte) scan {
	for {
		i := bytes.IndexByte(text[s.at:], s.quote)
		if i < 0 {
			s.at = len(text)
			return scanOpen
		}
		s.at += i + 1
		switch after := text[s.at:]; {
		case len(after) > 0 && after[0] == s.quote:
			s.current.doubled = true
			s.at++
		case len(after) == 0 && len(s.bounds)+1 >= s.tolerant, bytes.HasPrefix(after, s.delimiter):
			s.current.to = s.at - 1
			s.bounds = append(s.bounds, s.current)
			s.open = false
			return scanClosed
		case s.tolerant == 0:
			return scanBroken
		default:
			s.odd = true
		}
	}
}

// literal splits line at every delimiter; what then is a whole quoted field loses
// its quotes, any other quote is text.
func (s *splitter) literal(line []byte) {
	s.reset()
	s.odd = true
	for {
		end := s.index(line[s.at:])
		last := end < 0
		if last {
			end = len(line) - s.at
		}
		b := bound{from: s.at, to: s.at + end}
		if v := line[b.from:b.to]; len(v) >= 2 && v[0] == s.quote && v[len(v)-1] == s.quote && wellDoubled(v[1:len(v)-1], s.quote) {
			b.from, b.to, b.doubled = b.from+1, b.to-1, bytes.IndexByte(v[1:len(v)-1], s.quote) >= 0
		}
		s.bounds = append(s.bounds, b)
		if last {
			return
		}
		s.at += end + len(s.delimiter)
	}
}

func wellDoubled(v []byte, quote byte) bool {
	for {
		i := bytes.IndexByte(v, quote)
		if i < 0 {
			return true
		}
		if i+1 == len(v) || v[i+1] != quote {
			return false
		}
		v = v[i+2:]
	}
}

func (s *splitter) index(b []byte) int {
	if len(s.delimiter) == 1 {
		return bytes.IndexByte(b, s.delimiter[0])
	}
	return bytes.Index(b, s.delimiter)
}

// values appends the fields' values to dst; undoubled ones are written to room.
func (s *splitter) values(text []byte, dst [][]byte, room []byte) ([][]byte, []byte) {
	for _, b := range s.bounds {
		v := text[b.from:b.to]
		if b.doubled {
			start := len(room)
			for {
				i := bytes.IndexByte(v, s.quote)
				if i < 0 {
					break
				}
				room = append(room, v[:i+1]...)
				if v = v[i+1:]; len(v) > 0 && v[0] == s.quote {
					v = v[1:]
				}
			}
			room = append(room, v...)
			v = room[start:len(room):len(room)]
		}
		dst = append(dst, v)
	}
	return dst, room
}

// Split cuts one record into its fields as RFC 4180 has it; false where a quoted
// field does not end, or goes on after its end. quote is 0 where there is none.
func Split(text []byte, delimiter string, quote byte) (fields [][]byte, ok bool) {
	s := splitter{delimiter: []byte(delimiter), quote: quote}
	if s.run(text) != scanClosed {
		return nil, false
	}
	fields, _ = s.values(text, nil, nil)
	return fields, true
}
