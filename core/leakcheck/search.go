package leakcheck

import "bytes"

// searcher looks through the pieces of one file. It is not safe for concurrent use.
type searcher struct {
	n     *Needles
	found func(hit)
	// chance is how many ends of numbers would be found in other numbers by chance.
	chance float64
	// free are buffers of views, by their depth.
	folded  [maxDepth + 1][]byte
	decoded [maxDepth + 1][]byte
	digits  [maxDepth + 1]digitScanner
	// packed takes what a whole run of base64 stands for, where that is an archive.
	packed func(at int, content []byte)
	html   bool
}

// hit is a place in a piece.
type hit struct {
	from, to int
	needle   uint32
	encoding string
	kind     Kind
	weak     bool // so few bytes that chance may have put them there, or part of a word
}

// Kind says what of a value was found.
type Kind string

const (
	// Whole is the value.
	Whole Kind = "value"
	// Part is at least the last 7 digits of a number.
	Part Kind = "part"
	// Hash is an unkeyed hash of it, by which it can be found by trying.
	Hash Kind = "hash"
)

// maxDepth is how many views are made one of another.
const maxDepth = 3

// piece searches one piece of a file.
func (s *searcher) piece(text []byte) { s.segment(&segment{text: text}, 0) }

func (s *searcher) segment(g *segment, depth int) {
	s.text(g, depth)
	scan := &s.digits[depth]
	scan.t, scan.chance = &s.n.digits, &s.chance
	scan.found = func(needle uint32, from, to int, part bool) {
		h := hit{needle: needle, kind: Whole}
		if part {
			h.kind = Part
		}
		s.hit(g, from, to, h, g.encoding(inUTF8)+", as digits")
	}
	if g.random && !isText(g.text, true) {
		s.texts(g, depth)
		return
	}
	scan.binary = g.parent == nil && bytes.IndexByte(g.text, 0) >= 0
	scan.scan(g.text)
	if depth == maxDepth || g.random && len(g.text) < minRun {
		return
	}
	s.base64(g, depth)
	s.hex(g, depth)
	below := func(v *segment) { s.segment(v, depth+1) }
	undo(g, inEscapes, escapeStarts, unescape, below)
	if g.view != inForm && bytes.IndexByte(g.text, '+') >= 0 {
		undo(g, inForm, formStarts, unform, below)
	}
	undo(g, inQuoted, quotedStarts, unquote, below)
	if s.html && g.view != inTags {
		undo(g, inTags, tagStarts, untag, below)
	}
}

// texts searches the stretches of ASCII in decoded bytes: the rest was no such encoding.
func (s *searcher) texts(g *segment, depth int) {
	for i := 0; i < len(g.text); i++ {
		from := i
		for i < len(g.text) && g.text[i] >= ' ' && g.text[i] < 0x7f {
			i++
		}
		if i-from >= minDigits && i-from < len(g.text) {
			s.segment(&segment{text: g.text[from:i], parent: g, marks: []mark{{0, from}}, num: 1, den: 1, random: true}, depth)
		}
	}
}

// text looks for the patterns, and for hashes as bytes.
func (s *searcher) text(g *segment, depth int) {
	folded := foldInto(s.folded[depth], g.text)
	s.folded[depth] = folded
	p := &s.n.text
	for i := range p.tables {
		t := &p.tables[i]
		if g.random && t.width < 6 {
			continue
		}
		t.scan(folded, len(g.text), func(id uint32, at int) {
			q := p.list[id]
			if !p.equal(q, g.text, folded, at) || !q.bounded(g.text, at) || !plausible(g, q.charset, at, at+int(q.n)) {
				return
			}
			weak := byChance(g, q.charset, at, at+int(q.n)) || s.n.values[q.needle].within && q.charset == inUTF8 && withinWord(g.text, at, at+int(q.n))
			s.hit(g, at, at+int(q.n), hit{needle: q.needle, kind: Whole, weak: weak}, g.encoding(q.charset))
		})
	}
	if g.random || bytes.IndexByte(g.text, 0) >= 0 {
		s.n.hashes.scan(g.text, func(needle uint32, at int) {
			s.hit(g, at, at+8, hit{needle: needle, kind: Hash}, g.encodingOfBytes())
		})
	}
}

func (s *segment) encodingOfBytes() string {
	if s.view == asIs {
		return "bytes of a hash"
	}
	return "hash in " + string(s.view)
}

func (s *searcher) hit(g *segment, from, to int, h hit, encoding string) {
	h.from, h.to, h.encoding = g.origin(from), g.origin(to-1)+1, encoding
	s.found(h)
}

func (s *searcher) base64(g *segment, depth int) {
	base64Runs(g, func(run *segment) {
		n := len(run.text)
		end := run.origin(n-1) + 1
		if n == 6 && g.parent == nil && bytes.HasPrefix(g.text[end:], []byte("==")) {
			if needle, ok := s.n.hashes.isCRC(decodeStrict64(run.text)); ok {
				s.hit(run, 0, n, hit{needle: needle, kind: Hash}, "CRC-32 in base64")
			}
		}
		if n < minRun {
			return
		}
		for phase := range 4 {
			v := decode64(s.decoded[depth], run, phase)
			s.decoded[depth] = v.text[:0]
			if phase == 0 && depth == 0 && n >= 2*longLine && isPacked(v.text) {
				s.packed(run.origin(0), bytes.Clone(v.text))
				continue
			}
			s.segment(v, depth+1)
		}
	})
}

func (s *searcher) hex(g *segment, depth int) {
	hexRuns(g, func(from, to int) {
		if to-from == 8 && (from == 0 || !isWord(g.text[from-1])) && (to == len(g.text) || !isWord(g.text[to])) {
			v := decodeHex(s.decoded[depth], g, from, to)
			if needle, ok := s.n.hashes.isCRC(v.text); ok {
				s.hit(v, 0, 4, hit{needle: needle, kind: Hash}, "CRC-32 in hexadecimal")
			}
		}
		for phase := range 2 {
			v := decodeHex(s.decoded[depth], g, from+phase, to)
			s.decoded[depth] = v.text[:0]
			s.segment(v, depth+1)
		}
	})
}
