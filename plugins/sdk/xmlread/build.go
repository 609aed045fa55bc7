package xmlread

import "strings"

// builder makes an Element of what the scanner reads after a start tag.
type builder struct {
	d     *Document
	room  int // bytes that may still be kept
	nodes int
	odd   bool
	long  bool
}

// problem is why there is no element.
type problem struct {
	code, message string
	again         bool // what is inside may hold elements that are whole
}

var (
	problemMalformed = &problem{codeMalformed, "the element is malformed; reading goes on at the next one", false}
	problemCut       = &problem{codeTruncated, "the element has no end; reading goes on at the next one", true}
	problemTooLong   = &problem{codeTooLong, "the element is longer than an element may be and was not read", false}
	problemDeep      = &problem{codeDepth, "the element is nested deeper than an element may be and was not read", false}
)

// element makes an element of the scanner's start tag.
func (d *Document) element(parent *Element, pointer string) *Element {
	s := d.s
	e := &Element{d: d, Pointer: pointer, qualified: s.name, start: s.begin, attrs: append([]attr(nil), s.attrs...), odd: s.odd}
	e.Space, e.Name = s.scope.resolve(s.name)
	if parent != nil {
		parent.children = append(parent.children, e)
	}
	e.from = s.t.Offset(s.begin)
	for i := range e.attrs {
		a := &e.attrs[i]
		a.from, a.to = s.t.Offset(a.from), s.t.Offset(a.to)
	}
	e.to = s.t.Offset(s.pos())
	e.inside.Offset = e.to
	return e
}

// child makes an element inside of another; its pointer is of use to nobody yet.
func (b *builder) child(parent *Element, counts map[string]int) *Element {
	name := b.d.s.name
	counts[name]++
	l := level{pointer: parent.Pointer, count: map[string]int{name: counts[name] - 1}}
	return b.d.element(parent, l.child(name))
}

// build reads up to the end of the element whose start tag was just read.
func (b *builder) build(pointer string, depth int) (*Element, *problem) {
	s := b.d.s
	root := b.d.element(nil, pointer)
	if p := b.admit(root); p != nil {
		return nil, p
	}
	if s.empty {
		return b.finish(root), nil
	}
	stack := []*Element{root}
	texts := []valueReader{{room: &b.room}}
	counts := []map[string]int{{}}
	for len(stack) > 0 {
		top := len(stack) - 1
		tok, err := s.token(func(t []byte, cdata bool) {
			if cdata {
				texts[top].literal()
				texts[top].plain(t)
			} else {
				texts[top].add(t)
			}
		})
		switch {
		case b.d.failed() != nil:
			return nil, problemMalformed
		case err != nil && !s.has(1), tok == tokenEnd:
			return nil, problemCut
		case err != nil:
			return nil, problemMalformed
		case tok == tokenStart:
			if len(stack) == maxDepth {
				return nil, b.skip(stack, problemDeep)
			}
			s.scope.add(depth+len(stack), s.attrs)
			e := b.child(stack[top], counts[top])
			if p := b.admit(e); p != nil {
				if s.empty {
					return nil, b.skip(stack, p)
				}
				return nil, b.skip(append(stack, e), p)
			}
			if s.empty {
				s.scope.drop(depth + len(stack) - 1)
				continue
			}
			stack, texts, counts = append(stack, e), append(texts, valueReader{room: &b.room}), append(counts, map[string]int{})
		case tok == tokenClose:
			i := top
			for i >= 0 && stack[i].qualified != s.name {
				i--
			}
			if i < 0 {
				// The end of something around the element, or of nothing at all.
				s.seek(s.begin)
				return nil, problemCut
			}
			for ; top >= i; top-- {
				b.end(stack[top], &texts[top])
			}
			b.odd = b.odd || i < len(stack)-1
			stack, texts, counts = stack[:i], texts[:i], counts[:i]
			s.scope.drop(depth + i - 1)
		}
	}
	return b.finish(root), nil
}

// admit counts an element against what may be kept.
func (b *builder) admit(e *Element) *problem {
	b.odd = b.odd || e.odd
	b.room -= len(e.qualified)
	for _, a := range e.attrs {
		b.room -= len(a.name) + len(a.value)
		b.long = b.long || a.long
	}
	if b.nodes -= 1 + len(e.attrs); b.nodes < 0 || b.room < 0 {
		return problemTooLong
	}
	return nil
}

// end takes an element's text.
func (b *builder) end(e *Element, v *valueReader) {
	s := b.d.s
	e.text, e.long = v.text()
	e.inside.Length = s.t.Offset(s.begin) - e.inside.Offset
	e.end = s.pos()
	e.to = s.t.Offset(e.end)
	b.odd, b.long = b.odd || v.odd, b.long || e.long
}

// finish settles what holds for the element as a whole.
func (b *builder) finish(e *Element) *Element {
	s := b.d.s
	e.end = s.pos()
	e.to = s.t.Offset(e.end)
	e.odd, e.anyLong = b.odd, b.long
	if e.damaged = s.t.Damaged(e.start, e.end); e.damaged {
		e.keepRaw()
	}
	return e
}

// keepRaw reads the bytes of values that show U+FFFD for what is no text.
func (e *Element) keepRaw() {
	for i := range e.attrs {
		a := &e.attrs[i]
		a.raw = e.d.raw(a.value, a.from, a.to-a.from)
	}
	e.raw = e.d.raw(e.text, e.inside.Offset, e.inside.Length)
	for _, c := range e.children {
		c.keepRaw()
	}
}

// raw returns the bytes of a value some of which are no text in the charset, else nil.
func (d *Document) raw(value string, from, length int64) []byte {
	if !strings.Contains(value, "\uFFFD") {
		return nil
	}
	b := make([]byte, length)
	if n, _ := d.in.ReadAt(b, from); n < len(b) {
		return nil // the input has the error
	}
	if _, err := d.charset.Decode(b); err == nil {
		return nil
	}
	return b
}

// skip goes to the end of an element of which nothing is kept any more.
func (b *builder) skip(stack []*Element, p *problem) *problem {
	s := b.d.s
	root, depth := stack[0].qualified, len(stack)
	if p == problemDeep && !s.empty {
		depth++
	}
	for depth > 0 && b.d.failed() == nil {
		s.t.Forget(s.pos())
		tok, err := s.token(nil)
		switch {
		case err != nil, tok == tokenEnd:
			return p
		case tok == tokenStart && !s.empty:
			depth++
		case tok == tokenClose:
			if depth--; depth == 0 && s.name != root {
				return p
			}
		}
	}
	return p
}
