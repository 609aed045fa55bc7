package search

import (
	"net/netip"
	"strings"
	"time"
	"unicode"
)

// Query is what a record must fulfil. It does not change and may be used by
// several goroutines.
type Query struct {
	root   node
	leaves []*leaf
	// joined: a leaf looks at what is joined to a line when it is printed.
	joined bool
}

// node is an expression: *leaf, allOf, anyOf or not.
type node interface{ write(b *strings.Builder) }

type (
	// allOf nothing is fulfilled by everything.
	allOf []node
	anyOf []node
	not   struct{ node }
)

// test is what a leaf compares.
type test int

const (
	// testText: some searched value contains the text.
	testText test = iota
	// testField: a value of the field, or below it, contains the text.
	testField
	testKind
	testIP
	testAfter
	testBefore
	// These are the same for all lines of a run, or known by a line's id.
	testExhibit
	testPath
	testTag
	testID
)

// leaf is one condition.
type leaf struct {
	test test
	// n numbers the leaf in its query.
	n int
	// field as written, "" for text.
	field string
	// value as written, for before and after in normal form.
	value string

	folded []byte       // value for text, field and path
	paths  []string     // of the field's values
	any    bool         // the field's values are not among those searched for text
	whole  bool         // the value is the field's whole value, letter for letter
	prefix netip.Prefix // for ip
	at     time.Time    // for after and before
	glob   bool         // for path
}

// String is the query's normal form; it parses to the same query, whatever the
// zone.
func (q *Query) String() string {
	var b strings.Builder
	q.root.write(&b)
	return b.String()
}

// Fields are the names before colons, in order of appearance.
func (q *Query) Fields() []string {
	var out []string
	for _, l := range q.leaves {
		if l.field != "" {
			out = append(out, l.field)
		}
	}
	return out
}

// Terms are the folded texts that are looked for anywhere or in a field, those
// under NOT left out: what a reader wants to see marked.
func (q *Query) Terms() []string {
	var out []string
	positive(q.root, false, func(l *leaf) {
		if l.test == testText || l.test == testField {
			out = append(out, string(l.folded))
		}
	})
	return out
}

// positive calls f with each leaf that stands under an even number of NOTs.
func positive(n node, negated bool, f func(*leaf)) {
	switch n := n.(type) {
	case *leaf:
		if !negated {
			f(n)
		}
	case allOf:
		for _, c := range n {
			positive(c, negated, f)
		}
	case anyOf:
		for _, c := range n {
			positive(c, negated, f)
		}
	case not:
		positive(n.node, !negated, f)
	}
}

func (l *leaf) write(b *strings.Builder) {
	if l.field != "" {
		writeWord(b, l.field, false)
		b.WriteByte(':')
		if l.whole {
			b.WriteByte('=')
		}
		writeWord(b, l.value, true)
		return
	}
	writeWord(b, l.value, false)
}

// writeWord writes a word with quotes where it needs them. value says that it
// stands after a colon, where only spaces, quotes and brackets end a word.
func writeWord(b *strings.Builder, s string, value bool) {
	bare := s != "" && !strings.ContainsFunc(s, func(r rune) bool { return endsWord(r) || r == ':' && !value })
	if value && strings.HasPrefix(s, "=") { // bare, it would ask for a whole value
		bare = false
	}
	if !value && (strings.HasPrefix(s, "-") || s == wordAnd || s == wordOr || s == wordNot) {
		bare = false
	}
	if bare {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
	b.WriteByte('"')
}

func endsWord(r rune) bool { return r == '"' || r == '(' || r == ')' || unicode.IsSpace(r) }

func (l allOf) write(b *strings.Builder) {
	for i, n := range l {
		if i > 0 {
			b.WriteByte(' ')
		}
		if _, or := n.(anyOf); or {
			b.WriteByte('(')
			n.write(b)
			b.WriteByte(')')
			continue
		}
		n.write(b)
	}
}

func (l anyOf) write(b *strings.Builder) {
	for i, n := range l {
		if i > 0 {
			b.WriteString(" " + wordOr + " ")
		}
		n.write(b)
	}
}

func (n not) write(b *strings.Builder) {
	b.WriteByte('-')
	switch n.node.(type) {
	case allOf, anyOf:
		b.WriteByte('(')
		n.node.write(b)
		b.WriteByte(')')
	default:
		n.node.write(b)
	}
}
