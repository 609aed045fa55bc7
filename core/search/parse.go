package search

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Words of the language, in capitals only.
const (
	wordAnd = "AND"
	wordOr  = "OR"
	wordNot = "NOT"
)

const (
	// maxQuery bounds a query's bytes, maxNesting its brackets and NOTs.
	maxQuery   = 1 << 16
	maxNesting = 100
)

// ParseOptions is what a query's text leaves open.
type ParseOptions struct {
	// Zone is that of dates which state none; UTC where nil.
	Zone *time.Location
}

// Parse reads a query (docs/search.md); "" is fulfilled by every record. It fails
// with evidence.ErrFormat, saying at which character and what was expected.
func Parse(text string, o ParseOptions) (*Query, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if len(text) > maxQuery {
		return nil, fmt.Errorf("search: %w: a query over %d bytes", evidence.ErrFormat, maxQuery)
	}
	if i := invalidAt(text); i >= 0 {
		return nil, fmt.Errorf("search: %w: byte %d of the query is not UTF-8", evidence.ErrFormat, i+1)
	}
	p := parser{text: text, zone: o.Zone, q: &Query{}}
	p.skip()
	n := node(allOf{})
	if !p.done() {
		var err error
		if n, err = p.or(0); err != nil {
			return nil, err
		}
		if !p.done() { // all that ends an expression early
			return nil, p.fail(p.i, `a ")" without a "("`)
		}
	}
	p.q.root = n
	return p.q, nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

type parser struct {
	text string
	i    int
	zone *time.Location
	q    *Query
}

func (p *parser) done() bool { return p.i >= len(p.text) }

func (p *parser) skip() {
	rest := strings.TrimLeftFunc(p.text[p.i:], unicode.IsSpace)
	p.i = len(p.text) - len(rest)
}

// fail says what is wrong at byte at, which is counted in characters for people.
func (p *parser) fail(at int, format string, args ...any) error {
	return fmt.Errorf("search: %w: at character %d of the query: %s", evidence.ErrFormat, utf8.RuneCountInString(p.text[:at])+1, fmt.Sprintf(format, args...))
}

// keyword takes word where it stands by itself.
func (p *parser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.text[p.i:], word)
	if !ok {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && !endsWord(r) {
		return false
	}
	p.i += len(word)
	p.skip()
	return true
}

func (p *parser) or(depth int) (node, error) {
	var list anyOf
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(anyOf); ok {
			list = append(list, inner...)
		} else {
			list = append(list, n)
		}
		if !p.keyword(wordOr) {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) and(depth int) (node, error) {
	var list allOf
	for {
		n, err := p.unary(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(allOf); ok {
			list = append(list, inner...)
		} else {
			list = append(list, n)
		}
		if p.keyword(wordAnd) {
			continue
		}
		at := p.i
		or := p.keyword(wordOr)
		p.i = at
		if or || p.done() || p.text[p.i] == ')' {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) unary(depth int) (node, error) {
	if depth > maxNesting {
		return nil, p.fail(p.i, "brackets and NOTs nested deeper than %d", maxNesting)
	}
	if p.done() {
		return nil, p.fail(p.i, `the query ends; expected a word, a "phrase", a field such as kind:message, or "("`)
	}
	at := p.i
	for _, word := range []string{wordOr, wordAnd} {
		if p.keyword(word) {
			return nil, p.fail(at, `%s; expected a word, a "phrase", a field such as kind:message, or "("; the word itself is written "%s" in quotes`, word, word)
		}
	}
	switch c := p.text[p.i]; {
	case c == '-' || p.keyword(wordNot):
		if c == '-' {
			p.i++
			if r, _ := utf8.DecodeRuneInString(p.text[p.i:]); unicode.IsSpace(r) {
				return nil, p.fail(at, `"-" and a space; a dash that means NOT stands right before a word, the dash itself in quotes`)
			}
		}
		n, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		if twice, ok := n.(not); ok {
			return twice.node, nil
		}
		return not{n}, nil
	case c == '(':
		p.i++
		p.skip()
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.done() {
			return nil, p.fail(at, `a "(" without a ")"`)
		}
		p.i++ // only ")" ends an expression before the text does
		p.skip()
		return n, nil
	case c == ')':
		return nil, p.fail(at, `")"; expected a word, a "phrase", a field such as kind:message, or "("`)
	}
	return p.condition()
}

// condition reads a word, a phrase, or a field with its value.
func (p *parser) condition() (node, error) {
	at := p.i
	var field string
	if p.text[p.i] == '"' {
		phrase, err := p.phrase()
		if err != nil {
			return nil, err
		}
		if p.done() || p.text[p.i] != ':' {
			p.skip()
			return p.textLeaf(at, phrase)
		}
		field = phrase
	} else {
		word := p.word()
		name, _, ok := strings.Cut(word, ":")
		if r, _ := utf8.DecodeRuneInString(name); !ok || !unicode.IsLetter(r) && r != '_' {
			p.i += len(word)
			p.skip()
			return p.textLeaf(at, word)
		}
		p.i += len(name)
		field = name
	}
	p.i++ // the colon
	start := p.i
	whole := !p.done() && p.text[p.i] == '='
	if whole {
		p.i++
	}
	var value string
	if !p.done() && p.text[p.i] == '"' {
		var err error
		if value, err = p.phrase(); err != nil {
			return nil, err
		}
	} else {
		value = p.word()
		p.i += len(value)
	}
	if value == "" {
		return nil, p.fail(start, `expected a value after "%s:"; to search for the text itself, put it in quotes`, field)
	}
	p.skip()
	n, err := p.fieldLeaf(start, field, value)
	if err != nil || !whole {
		return n, err
	}
	l, ok := n.(*leaf)
	if !ok || l.test != testField {
		return nil, p.fail(start, `"=" asks for a whole value; "%s:" is not about a part of one in any case`, field)
	}
	l.whole = true
	return l, nil
}

// word returns what stands at i up to a space, quote or bracket.
func (p *parser) word() string {
	rest := p.text[p.i:]
	if k := strings.IndexFunc(rest, endsWord); k >= 0 {
		return rest[:k]
	}
	return rest
}

// phrase takes what stands between quotes; \" and \\ in it are " and \.
func (p *parser) phrase() (string, error) {
	at := p.i
	var b strings.Builder
	for p.i++; !p.done(); p.i++ {
		c := p.text[p.i]
		switch {
		case c == '"':
			p.i++
			return b.String(), nil
		case c == '\\' && p.i+1 < len(p.text) && (p.text[p.i+1] == '"' || p.text[p.i+1] == '\\'):
			p.i++
			c = p.text[p.i]
		}
		b.WriteByte(c)
	}
	return "", p.fail(at, `a phrase without its second quote; a quote in a phrase is written \"`)
}
