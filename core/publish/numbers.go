package publish

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxNumber is the largest production number: six digits grow to nine.
const maxNumber = 999_999_999

// maxRanges bounds what one production may remember.
const maxRanges = 500_000

// ErrTooMany: more than a production can hold.
var ErrTooMany = errors.New("too much for one production")

// ErrPrefix: no prefix of production numbers.
var ErrPrefix = errors.New("prefix of production numbers")

var prefixForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,11}$`)

// CheckPrefix fails with ErrPrefix where a text cannot begin production numbers: they are
// parts of file names, and must be told from marks in a text.
func CheckPrefix(prefix string) error {
	if !prefixForm.MatchString(prefix) || strings.Contains(" CON PRN AUX NUL ", " "+prefix+" ") {
		return fmt.Errorf("%w: %q is not 1 to 12 capital letters and digits, a letter first", ErrPrefix, prefix)
	}
	return nil
}

// Span is lines From to To of a record set, which have consecutive numbers from First.
type Span struct {
	From, To, First int64
}

// Production is what the log remembers of a production so that its numbers stay: spans by
// the beginning of a record set's id.
type Production struct {
	Prefix string            `json:"prefix"`
	Sets   map[string][]Span `json:"sets"`
}

// MarshalJSON writes a span as [from, to, first].
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal([3]int64{s.From, s.To, s.First}) }

// UnmarshalJSON reads it.
func (s *Span) UnmarshalJSON(b []byte) error {
	var v [3]int64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*s = Span{v[0], v[1], v[2]}
	if s.From < 1 || s.To < s.From || s.First < 1 || s.First+s.To-s.From > maxNumber {
		return fmt.Errorf("%w: span %v of production numbers", evidence.ErrFormat, v)
	}
	return nil
}

// Numbers gives records their production numbers: the ones they had, else the next.
type Numbers struct {
	prefix string
	known  map[string][]Span
	next   int64
	added  map[string][]Span
	// ranges counts added; kept, fresh count records.
	ranges      int
	kept, fresh int64
	last        string
}

// NewNumbers goes on from earlier productions, of which those with another prefix do not
// count.
func NewNumbers(prefix string, earlier []Production) (*Numbers, error) {
	if err := CheckPrefix(prefix); err != nil {
		return nil, err
	}
	n := &Numbers{prefix: prefix, known: map[string][]Span{}, next: 1, added: map[string][]Span{}}
	for _, p := range earlier {
		if p.Prefix != prefix {
			continue
		}
		for set, spans := range p.Sets {
			n.known[set] = append(n.known[set], spans...)
			for _, s := range spans {
				n.next = max(n.next, s.First+s.To-s.From+1)
			}
		}
	}
	for _, spans := range n.known {
		slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	}
	return n, nil
}

// Of is the number of the record with this id ("<set>:<line>").
func (n *Numbers) Of(id string) (int64, error) {
	set, text, ok := strings.Cut(id, ":")
	line, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || line < 1 {
		return 0, fmt.Errorf("%w: record id %q", evidence.ErrFormat, id)
	}
	if s, ok := find(n.known[set], line); ok {
		n.kept++
		return s.First + line - s.From, nil
	}
	if n.next > maxNumber {
		return 0, fmt.Errorf("%w: prefix %s has no number left after %d", ErrTooMany, n.prefix, maxNumber)
	}
	number := n.next
	n.next++
	n.fresh++
	spans := n.added[set]
	if k := len(spans); k > 0 && n.last == set && spans[k-1].To == line-1 && spans[k-1].First+line-spans[k-1].From == number {
		spans[k-1].To = line
		return number, nil
	}
	if n.ranges++; n.ranges > maxRanges {
		return 0, fmt.Errorf("%w: the records of this production are scattered over more than %d stretches of the record sets, which the log cannot remember; produce it in parts (--select)", ErrTooMany, maxRanges)
	}
	n.added[set] = append(spans, Span{line, line, number})
	n.last = set
	return number, nil
}

func find(spans []Span, line int64) (Span, bool) {
	i, ok := slices.BinarySearchFunc(spans, line, func(s Span, line int64) int {
		switch {
		case s.To < line:
			return -1
		case s.From > line:
			return 1
		default:
			return 0
		}
	})
	if !ok {
		return Span{}, false
	}
	return spans[i], true
}

// Production is what must be remembered of this production: the numbers it gave anew.
func (n *Numbers) Production() Production { return Production{n.prefix, n.added} }

// Text is a number as it is printed.
func (n *Numbers) Text(number int64) string { return fmt.Sprintf("%s-%06d", n.prefix, number) }
