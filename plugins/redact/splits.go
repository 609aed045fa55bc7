package main

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Values may be split over messages of one sender to one receiver.
const (
	// mostParts is over how many messages, splitWithin how far they are apart.
	mostParts   = 3
	splitWithin = 60 * time.Second
	// edge is how many bytes of a message's beginning and end are looked at.
	edge = 48
	// held is how many records wait for what follows them; between the parts of a value
	// may be messages of others.
	held = 256
)

// found is a span of a leaf of a record.
type found struct {
	pointer string
	// order is the number of the leaf in its record.
	order int
	span  detect.Span
	part  *sdk.RedactionPart
}

// waiting is a record that may still be found to hold a part of a value.
type waiting struct {
	id    string
	found []found
	// Of a message: its text's edges and size, where it stands, who sent it when.
	head, tail string
	size       int
	order      int
	at         time.Time
	sender     string
	// before is the number of the sender's message before it, -1 where none is near.
	before int64
}

// splits holds records back until it is known that nothing in them goes on in the next, and
// writes them.
type splits struct {
	*redaction
	queue []waiting
	// first is the number of the first one in the queue.
	first  int64
	last   map[string]int64 // sender: number of the last message
	order  int
	to     []byte
	joiner *detect.Finder
	groups int64
	joined []byte
}

// begin takes a record; what is put next belongs to it.
func (s *splits) begin(rec *record) error {
	if len(s.queue) >= held {
		if err := s.write(held / 2); err != nil {
			return err
		}
	}
	s.queue = append(s.queue, waiting{id: evidence.RecordID(rec.set.id, rec.line), before: -1})
	s.order, s.to = 0, s.to[:0]
	return nil
}

// put takes what was found in the record that was begun last.
func (s *splits) put(f found) {
	f.order = s.order
	w := &s.queue[len(s.queue)-1]
	w.found = append(w.found, f)
}

// leaf notes what tells whose message it is.
func (s *splits) leaf(rec *record, l *leaf) {
	s.order++
	if rec.kind != "message" && rec.kind != "sms" {
		return
	}
	w := &s.queue[len(s.queue)-1]
	switch string(l.path) {
	case "text":
		w.order, w.size = s.order, len(l.text)
		w.head, w.tail = headOf(l.text), tailOf(l.text)
	case "time":
		if t, err := time.Parse(time.RFC3339, string(l.text)); err == nil {
			w.at = t
		}
	case "from", "to", "conversation":
		s.to = append(append(append(s.to, l.path...), 0), l.text...)
	}
}

func headOf(text []byte) string {
	n := min(len(text), edge)
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return string(text[:n])
}

func tailOf(text []byte) string {
	n := max(0, len(text)-edge)
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	return string(text[n:])
}

// end looks whether the record that was begun last ends what the sender's last messages
// began.
func (s *splits) end() {
	w := &s.queue[len(s.queue)-1]
	if w.size == 0 || len(s.to) == 0 || w.at.IsZero() {
		return
	}
	w.sender = string(s.to)
	number := s.first + int64(len(s.queue)) - 1
	before, ok := s.last[w.sender]
	s.last[w.sender] = number
	if !ok || before < s.first {
		return
	}
	parts := []*waiting{w}
	for k := before; k >= s.first && len(parts) < mostParts; {
		p := &s.queue[k-s.first]
		if gap := parts[0].at.Sub(p.at); gap < 0 || gap > splitWithin || len(parts) > 1 && parts[0].size > edge {
			break
		}
		if len(parts) == 1 {
			w.before = k
		}
		parts = append([]*waiting{p}, parts...)
		if p.before < 0 {
			break
		}
		k = p.before
	}
	for n := len(parts); n >= 2; n-- {
		if s.join(parts[len(parts)-n:]) {
			return
		}
	}
}

// join looks for a value that begins in the first of the messages and ends in the last.
func (s *splits) join(parts []*waiting) bool {
	s.joined = s.joined[:0]
	begins := make([]int, len(parts)+1)
	for i, p := range parts {
		text := p.head
		if i == 0 {
			text = p.tail
		} else if !detect.Continues(s.joined, []byte(text)) {
			return false
		}
		begins[i] = len(s.joined)
		s.joined = append(s.joined, text...)
	}
	begins[len(parts)] = len(s.joined)
	for _, span := range s.joiner.Find(s.joined, nil) {
		if span.Start >= begins[1] || span.End <= begins[len(parts)-1] || span.Class == detect.Review {
			continue
		}
		if s.take(parts, begins, span) {
			return true
		}
	}
	return false
}

// take notes the parts of a value, unless one of them is a value by itself.
func (s *splits) take(parts []*waiting, begins []int, span detect.Span) bool {
	of := int64(len(parts))
	cuts := make([]detect.Span, len(parts))
	for i, p := range parts {
		shift := begins[i]
		if i == 0 {
			shift -= p.size - len(p.tail)
		}
		x := span
		x.Start, x.End = max(span.Start, begins[i])-shift, min(span.End, begins[i+1])-shift
		x.Class, x.Form = detect.Review, detect.Split
		if slices.ContainsFunc(p.found, func(f found) bool {
			return f.order == p.order && f.span.Start < x.End && x.Start < f.span.End && f.span.Class > detect.Weak
		}) {
			return false
		}
		cuts[i] = x
	}
	s.groups++
	for i, p := range parts {
		x := cuts[i]
		p.found = slices.DeleteFunc(p.found, func(f found) bool {
			return f.order == p.order && f.span.Start < x.End && x.Start < f.span.End
		})
		p.found = append(p.found, found{pointer: "/text", order: p.order, span: x, part: &sdk.RedactionPart{Group: s.groups, N: int64(i) + 1, Of: of}})
	}
	return true
}

// flush writes all that waits.
func (s *splits) flush() error {
	err := s.write(len(s.queue))
	clear(s.last)
	return err
}

// write writes the first n that wait.
func (s *splits) write(n int) error {
	for i := range n {
		w := &s.queue[i]
		slices.SortStableFunc(w.found, func(a, b found) int {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.span.Start, b.span.Start))
		})
		for _, f := range w.found {
			if err := s.emit(w.id, f); err != nil {
				return err
			}
		}
	}
	s.queue = slices.Delete(s.queue, 0, n)
	s.first += int64(n)
	for sender, number := range s.last {
		if number < s.first {
			delete(s.last, sender)
		}
	}
	return nil
}

// emit writes a redaction.
func (s *splits) emit(id string, f found) error {
	x := &f.span
	rec := sdk.Redaction{
		Record: id, Field: f.pointer, Start: int64(x.Start), End: int64(x.End), Category: x.Category, Class: x.Class.String(), Rule: x.Rule,
		Validator: sdk.Null(), Form: x.Form, Part: f.part, KnownIn: x.KnownIn, Certainty: sdk.Matched,
	}
	switch x.Validator {
	case "":
	case "field":
		rec.Certainty = sdk.Stated
	case "dictionary", "literal", "pattern":
	default:
		rec.Certainty = sdk.Tested
	}
	if x.Validator != "" {
		rec.Validator = sdk.Str(x.Validator)
	}
	return s.out.Put(&rec, sdk.PointerTo("/members"))
}
