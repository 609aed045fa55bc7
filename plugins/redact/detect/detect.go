package detect

import (
	"cmp"
	"slices"
)

// Class is how sure it is that a span is what its category says.
type Class uint8

// Classes, the surest last.
const (
	// Review: a person must decide. Weak: the form allows it. Strong: the form and what
	// stands around it say so. Proven: a check character does, or the record's own field.
	Review Class = iota
	Weak
	Strong
	Proven
)

// String is the class as records have it.
func (c Class) String() string { return [...]string{"review", "weak", "strong", "proven"}[c] }

// Span is personal data in a text.
type Span struct {
	// Start and End are bytes of the text, End that after the last.
	Start, End int
	// Category is a word of docs/redaction.md, Rule the rule's name and version.
	Category, Rule string
	Class          Class
	// Validator is what it was checked by, "" where by its form only.
	Validator string
	// Form is how it is written (docs/redaction.md, Forms).
	Form string
	// KnownIn is in how many records a field states the value.
	KnownIn int64
	// known: the dictionary has it, and rank is what it outweighs others by.
	known bool
}

// Forms in which values are written.
const (
	// Plain: as it is said to be. Split: over several texts.
	Plain = "plain"
	Split = "split"

	fullWidth, separated, zeroWidth  = "fullwidth", "separated", "zero_width"
	hanForm, mixed, cased, homoglyph = "han", "mixed", "case", "homoglyph"
)

// Options is what the detector is told.
type Options struct {
	// Regions are the countries (ISO 3166-1) in which numbers without + may be dialled,
	// China beside them.
	Regions []string
	Custom  []Custom
	// Allow are values that are never reported, in any spelling.
	Allow []string
	// URLs: addresses of the web are reported whole, in the category url, beside secrets
	// in them.
	URLs bool
}

// Detector finds personal data. It is not changed by that: many may use one, each with
// a Finder of its own.
type Detector struct {
	o       Options
	dict    *Dictionary
	custom  []custom
	allowed map[string]bool
	regions []region
}

// New makes a detector. dict may be nil; it must not be added to any more. Custom that
// cannot be used is an error that says why.
func New(o Options, dict *Dictionary) (*Detector, error) {
	if dict == nil {
		dict = NewDictionary()
	}
	d := &Detector{o: o, dict: dict}
	var err error
	if d.regions, err = openRegions(o.Regions); err != nil {
		return nil, err
	}
	if d.custom, err = compile(o.Custom); err != nil {
		return nil, err
	}
	for _, c := range o.Custom {
		for _, l := range c.Literals {
			dict.custom(c, l)
		}
	}
	dict.finish()
	d.allowed = make(map[string]bool, len(o.Allow))
	for _, a := range o.Allow {
		for _, s := range spellings(a) {
			d.allowed[s] = true
		}
	}
	return d, nil
}

// Finder searches one text after another, from one goroutine.
type Finder struct {
	d *Detector
	folded
	text  []byte
	hint  []byte // a name that stands before the text
	spans []Span
	run   run
	// digitsTo is where the numbers end that were read.
	digitsTo int
	// userinfo is where the @ stands behind the user of a URL: no address of mail.
	userinfo int
	word     []byte
	shown    []byte
	key      []byte
	owner    []int32
	taken    []Span
	verdicts map[string]verdict
}

// Finder returns a new one.
func (d *Detector) Finder() *Finder { return &Finder{d: d} }

// Find returns what is found in text, in order and without overlap, good until the next
// call. hint is the name under which the text stands, or nil: it counts as a word before it.
func (s *Finder) Find(text, hint []byte) []Span {
	s.text, s.hint = text, hint
	s.spans, s.digitsTo, s.userinfo = s.spans[:0], 0, -1
	s.set(text)
	s.scan()
	s.patterns()
	s.spans = slices.DeleteFunc(s.spans, s.allow)
	s.settle()
	for i := range s.spans {
		x := &s.spans[i]
		if x.known && hint != nil && x.Start == 0 && x.End == len(s.b) {
			x.Class = max(x.Class, Strong) // a column holds the value and nothing else
		}
		if x.Form == "" {
			x.Form = s.form(x)
		}
		x.Start, x.End = s.start(x.Start), s.end(x.End)
	}
	return s.spans
}

// add takes a span of folded text.
func (s *Finder) add(start, end int, category, rule, validator string, class Class) {
	s.spans = append(s.spans, Span{Start: start, End: end, Category: category, Rule: rule, Validator: validator, Class: class})
}

// settle leaves, of spans that overlap, the one that says most: proven before known and
// strong before weak; of equals the longer, the known, the earlier.
func (s *Finder) settle() {
	apart := true
	for i := 1; i < len(s.spans); i++ {
		apart = apart && s.spans[i].Start >= s.spans[i-1].End
	}
	if apart {
		return
	}
	slices.SortStableFunc(s.spans, func(a, b Span) int {
		return order(&a, &b)
	})
	// Each byte knows the span that has it, 0 for none: a text may hold a span every few
	// bytes, in any order.
	if cap(s.owner) < len(s.b) {
		s.owner = make([]int32, len(s.b))
	}
	owner := s.owner[:len(s.b)]
	clear(owner)
	taken := s.taken[:0]
	for _, x := range s.spans {
		by := int32(0)
		for i := x.Start; i < x.End && by == 0; i++ {
			by = owner[i]
		}
		if by > 0 {
			// The same value by another rule: that it is known is not lost.
			if t := &taken[by-1]; x.known && x.Start <= t.Start && x.End >= t.End && !t.known {
				t.known, t.KnownIn = true, x.KnownIn
			}
			continue
		}
		taken = append(taken, x)
		for i := x.Start; i < x.End; i++ {
			owner[i] = int32(len(taken))
		}
	}
	s.taken = taken
	s.spans = append(s.spans[:0], taken...)
	slices.SortFunc(s.spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
}

// weight is what a span outweighs others by; a known value does not win over a longer one
// of which it is a part.
func (x *Span) weight() int {
	if x.known {
		return max(int(x.Class), int(Strong))
	}
	return int(x.Class)
}

func order(a, b *Span) int {
	known := 0
	if a.known != b.known {
		known = 1
		if a.known {
			known = -1
		}
	}
	return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(b.End-b.Start, a.End-a.Start), known, cmp.Compare(b.KnownIn, a.KnownIn), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Rule, b.Rule))
}

// allow reports whether the options exempt what stands in a span.
func (s *Finder) allow(x Span) bool {
	if len(s.d.allowed) == 0 {
		return false
	}
	for _, spelling := range spellings(string(s.b[x.Start:x.End])) {
		if s.d.allowed[spelling] {
			return true
		}
	}
	return false
}
