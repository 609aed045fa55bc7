package jsonread

import (
	"bytes"
	"errors"
)

// Bounds of an element.
const (
	maxDepth = 500
	maxNodes = 1_000_000
)

var (
	errSyntax = errors.New("malformed JSON")
	errDeep   = errors.New("nested too deeply")
	errMany   = errors.New("too many values")
)

// parser makes nodes of an element's bytes, by RFC 8259, but that a string may hold
// control characters and bytes that are not UTF-8.
type parser struct {
	e     *Element
	b     []byte
	at    int
	names map[string]int32
}

func (e *Element) parse() error {
	p := parser{e: e, b: e.Raw}
	p.space()
	if err := p.value(0); err != nil {
		return err
	}
	if p.space(); p.at != len(p.b) {
		return errSyntax
	}
	return nil
}

func (p *parser) space() {
	for p.at < len(p.b) {
		switch p.b[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.b) {
		return p.b[p.at]
	}
	return 0
}

// value reads a value into a node of its own.
func (p *parser) value(depth int) error {
	i := len(p.e.nodes)
	switch {
	case depth > maxDepth:
		return errDeep
	case i == maxNodes:
		return errMany
	}
	p.e.nodes = append(p.e.nodes, node{from: int32(p.at)})
	var kind Kind
	var err error
	switch c := p.peek(); {
	case c == '"':
		kind, err = String, p.str(&p.e.nodes[i].odd)
	case c == '{':
		kind, err = Object, p.object(i, depth)
	case c == '[':
		kind, err = Array, p.array(depth)
	case c == 't':
		kind, err = Bool, p.word("true")
	case c == 'f':
		kind, err = Bool, p.word("false")
	case c == 'n':
		kind, err = Null, p.word("null")
	default:
		kind, err = Number, p.number()
	}
	n := &p.e.nodes[i]
	n.kind, n.to, n.next = kind, int32(p.at), int32(len(p.e.nodes))
	p.e.odd = p.e.odd || n.odd
	return err
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.b[p.at:], []byte(w)) {
		return errSyntax
	}
	p.at += len(w)
	return nil
}

func (p *parser) digits() bool {
	from := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at > from
}

func (p *parser) number() error {
	if p.peek() == '-' {
		p.at++
	}
	switch zero := p.peek() == '0'; {
	case zero:
		p.at++
	case !p.digits():
		return errSyntax
	}
	if p.peek() == '.' {
		if p.at++; !p.digits() {
			return errSyntax
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		if p.at++; p.peek() == '+' || p.peek() == '-' {
			p.at++
		}
		if !p.digits() {
			return errSyntax
		}
	}
	return nil
}

// str reads a string.
func (p *parser) str(odd *bool) error {
	for p.at++; p.at < len(p.b); p.at++ {
		switch c := p.b[p.at]; {
		case c == '"':
			p.at++
			return nil
		case c < 0x20:
			*odd = true
		case c == '\\':
			p.at++
			switch p.peek() {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if hex4(p.b[p.at+1:]) < 0 {
					return errSyntax
				}
				p.at += 4
			default:
				return errSyntax
			}
		}
	}
	return errSyntax
}

func (p *parser) array(depth int) error {
	p.at++
	if p.space(); p.peek() == ']' {
		p.at++
		return nil
	}
	for {
		p.space()
		if err := p.value(depth + 1); err != nil {
			return err
		}
		p.space()
		c := p.peek()
		p.at++
		switch c {
		case ',':
		case ']':
			return nil
		default:
			p.at--
			return errSyntax
		}
	}
}

func (p *parser) object(i, depth int) error {
	p.at++
	if p.space(); p.peek() == '}' {
		p.at++
		return nil
	}
	for {
		p.space()
		name := p.at
		if p.peek() != '"' {
			return errSyntax
		}
		odd := false
		if err := p.str(&odd); err != nil {
			return err
		}
		end := p.at
		if p.space(); p.peek() != ':' {
			return errSyntax
		}
		p.at++
		p.space()
		member := len(p.e.nodes)
		if err := p.value(depth + 1); err != nil {
			return err
		}
		n := &p.e.nodes[member]
		n.name, n.end = int32(name), int32(end)
		p.e.odd = p.e.odd || odd
		p.space()
		c := p.peek()
		p.at++
		switch c {
		case ',':
		case '}':
			p.duplicates(i, len(p.e.nodes))
			return nil
		default:
			p.at--
			return errSyntax
		}
	}
}

// few is up to how many members names are compared one by one.
const few = 12

// duplicates marks members of the object at node i whose name comes again.
func (p *parser) duplicates(i, end int) {
	nodes := p.e.nodes
	count := 0
	for j := i + 1; j < end; j = p.after(j, end) {
		count++
	}
	if count <= few {
		for j := i + 1; j < end; j = p.after(j, end) {
			for k := p.after(j, end); k < end; k = p.after(k, end) {
				if p.e.sameName(&nodes[j], &nodes[k]) {
					nodes[j].duplicate, p.e.duplicates = true, true
					break
				}
			}
		}
		return
	}
	if p.names == nil {
		p.names = make(map[string]int32, count)
	}
	clear(p.names)
	for j := i + 1; j < end; j = p.after(j, end) {
		name := p.e.nameOf(&nodes[j])
		if before, ok := p.names[name]; ok {
			nodes[before].duplicate, p.e.duplicates = true, true
		}
		p.names[name] = int32(j)
	}
}

// after returns the member after that at node j.
func (p *parser) after(j, _ int) int { return int(p.e.nodes[j].next) }
