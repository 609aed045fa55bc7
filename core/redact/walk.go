package redact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// span is what the detector found in a string of a record.
type span struct {
	field                                  string
	start, end                             int
	category, class, rule, validator, form string
	// part: a value that stands in several spans, of which this is one.
	part    bool
	knownIn int64
	// moved by a reviewer from was.
	moved bool
	was   [2]int
}

// reviewerRule is that of what a reviewer added.
const reviewerRule = "reviewer@1"

// hostRule is the rule of values of structured fields in which the detector found nothing.
const hostRule = "field@1"

// formPlain is how a value is written that needs no folding.
const formPlain = "plain"

// member is a member of a record's line, as written.
type member struct{ name, value []byte }

// walker redacts one record after the other.
type walker struct {
	r *Redactor
	// record is the one it is at.
	set     *set
	record  evidence.Subject
	line    []byte
	members []member
	kind    string
	// subject is whose record it is, for shifting dates.
	subject string
	spans   []span
	used    int
	taken   []bool
	// Where a record has many spans: those of a field, and the fields that were dropped.
	byField map[string][]int
	gone    map[string]bool

	out, ptr []byte
	mine     []span
	ops      []operation
	applied  []Applied
	pending  int64
	withheld *Withheld
	// shownTime is the record's time as it comes out.
	shownTime string

	tally   tally
	dropped map[[2]string]int64 // by kind and field
	names   map[string]string
	v       *visitor
}

// load reads a line's members and what scope and shifts depend on.
func (w *walker) load(line []byte) error {
	w.line, w.members, w.kind, w.subject = line, w.members[:0], "", ""
	subject := ""
	err := evidence.Members(line, func(name, value []byte) error {
		w.members = append(w.members, member{name, value})
		switch string(name) {
		case "kind":
			if len(value) > 2 && value[0] == '"' {
				w.kind = w.name(value[1 : len(value)-1])
			}
		case "account", "username", "owner":
			if subject == "" {
				subject = textOf(value)
			}
		}
		return nil
	})
	if subject != "" {
		w.subject = w.r.canonical(formOf(catAccount, subject), subject)
	}
	return err
}

// textOf is the text of a JSON string, "" of anything else.
func textOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	return evidence.Unescape(value[1 : len(value)-1])
}

// redact makes w.out and w.applied of what load read.
func (w *walker) redact(spans []span) error {
	w.spans, w.used = spans, 0
	w.taken = append(w.taken[:0], make([]bool, len(spans))...)
	w.out, w.applied, w.pending, w.withheld = append(w.out[:0], '{'), w.applied[:0], 0, nil
	w.shownTime, w.byField, w.gone = "", nil, nil
	if len(spans) > fewSpans {
		w.byField, w.gone = map[string][]int{}, map[string]bool{}
		for i := range spans {
			w.byField[spans[i].field] = append(w.byField[spans[i].field], i)
		}
	}
	for _, m := range w.members {
		name := w.name(m.name)
		f, own := fieldOf(w.kind, name)
		switch w.r.p.shown(w.kind, name) {
		case "keep":
			if !own && !never(name) {
				f.sort = free
			}
		case "drop":
			f.sort = dropped
		}
		if f.sort == free && f.whose == "" && (name == "extra" || name == "columns") && w.r.p.Times.Op != "" && w.r.p.Times.Op != OpKeep {
			f.sort = dropped // it holds times as the source has them
		}
		w.ptr = append(append(w.ptr[:0], '/'), name...)
		if err := w.field(m.name, m.value, f, name); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	w.takeGone()
	if w.used < len(w.spans) {
		return fmt.Errorf("%w: %d spans are in fields that the record does not have, such as %s", evidence.ErrIntegrity, len(w.spans)-w.used, w.spans[slices.Index(w.taken, false)].field)
	}
	return nil
}

// field writes a member of the record, or drops it.
func (w *walker) field(name, value []byte, f field, path string) error {
	before := len(w.out)
	if w.out[before-1] != '{' {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, '"')
	w.out = append(w.out, name...)
	w.out = append(w.out, '"', ':')
	kept, err := w.content(value, f, path)
	if err != nil {
		return err
	}
	if !kept {
		w.out = w.out[:before]
		w.drop(path)
	}
	return nil
}

// name is a member's name; those of a kind come again with each record.
func (w *walker) name(b []byte) string {
	s, ok := w.names[string(b)]
	if !ok {
		s = string(b)
		if len(w.names) < maxNames {
			w.names[s] = s
		}
	}
	return s
}

// maxNames bounds the names that are remembered.
const maxNames = 1000

// drop counts a field that does not come out, with whatever was found in it.
func (w *walker) drop(path string) {
	w.dropped[[2]string{w.kind, path}]++
	if w.used == len(w.spans) {
		return
	}
	prefix := string(w.ptr)
	if w.gone != nil {
		w.gone[prefix] = true
		return
	}
	for i := range w.spans {
		if f := w.spans[i].field; !w.taken[i] && (f == prefix || strings.HasPrefix(f, prefix+"/")) {
			w.taken[i] = true
			w.used++
		}
	}
}

// fewSpans is up to how many spans of a record are gone through for each of its fields.
const fewSpans = 32

// takeGone takes the spans of fields that were dropped, where a record has many.
func (w *walker) takeGone() {
	if len(w.gone) == 0 {
		return
	}
	for i := range w.spans {
		for f := w.spans[i].field; !w.taken[i] && f != ""; f = f[:strings.LastIndexByte(f, '/')] {
			if w.gone[f] {
				w.taken[i] = true
				w.used++
			}
			if !strings.Contains(f, "/") {
				break
			}
		}
	}
}

func (w *walker) copy(value []byte) bool {
	w.out = append(w.out, value...)
	return true
}

// content writes a value as its sort demands; kept says whether it comes out at all.
func (w *walker) content(value []byte, f field, path string) (kept bool, err error) {
	null := string(value) == "null"
	switch f.sort {
	case word:
		return (null || isWord(value)) && w.copy(value), nil
	case words:
		ok := len(value) > 0 && value[0] == '['
		if ok {
			err = evidence.Elements(value, func(v []byte) error {
				ok = ok && isWord(v)
				return nil
			})
		}
		return ok && err == nil && w.copy(value), err
	case scalar:
		if value[0] == '"' || value[0] == '{' || value[0] == '[' {
			return false, nil
		}
		return true, w.free(value, path)
	case at:
		return w.time(value)
	case basis:
		return w.basis(value)
	case times:
		return w.times(value)
	case text:
		if null {
			return w.copy(value), nil
		}
		if value[0] != '"' && value[0] != '-' && (value[0] < '0' || value[0] > '9') {
			return false, nil
		}
		return true, w.string(value, f.whose, path)
	case texts:
		if null {
			return w.copy(value), nil
		}
		if value[0] != '[' {
			return false, nil
		}
		return true, w.list(value, func(v []byte) error {
			if v[0] != '"' {
				return w.free(v, path)
			}
			return w.string(v, f.whose, path)
		})
	case free:
		return true, w.free(value, path)
	case attachments:
		if value[0] != '[' {
			return null && w.copy(value), nil
		}
		return true, w.list(value, func(v []byte) error { return w.object(v, attachment, path) })
	case credential:
		if value[0] != '{' {
			return null && w.copy(value), nil
		}
		return true, w.object(value, map[string]field{"type": {sort: word}, "value": {text, "credential"}}, path)
	}
	return false, nil
}

// list writes a list, each element by f.
func (w *walker) list(value []byte, f func(v []byte) error) error {
	n, at := 0, len(w.ptr)
	w.out = append(w.out, '[')
	err := evidence.Elements(value, func(v []byte) error {
		if n > 0 {
			w.out = append(w.out, ',')
		}
		w.ptr = fmt.Appendf(w.ptr[:at], "/%d", n)
		n++
		return f(v)
	})
	w.ptr = w.ptr[:at]
	w.out = append(w.out, ']')
	return err
}

// object writes an object of which only these members are known.
func (w *walker) object(value []byte, known map[string]field, path string) error {
	if value[0] != '{' {
		w.out = append(w.out, "null"...)
		return nil
	}
	at := len(w.ptr)
	w.out = append(w.out, '{')
	err := evidence.Members(value, func(name, v []byte) error {
		sub := path + "." + string(name)
		f := known[string(name)]
		if w.r.p.shown(w.kind, sub) == "drop" {
			f.sort = dropped
		}
		w.ptr = appendToken(w.ptr[:at], name)
		return w.field(name, v, f, sub)
	})
	w.ptr = w.ptr[:at]
	w.out = append(w.out, '}')
	return err
}

// free writes what has names of the evidence's own: those that the policy lets out.
func (w *walker) free(value []byte, path string) error {
	switch value[0] {
	case '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return w.string(value, "", path)
	case '[':
		return w.list(value, func(v []byte) error { return w.free(v, path) })
	case '{':
		at := len(w.ptr)
		w.out = append(w.out, '{')
		err := evidence.Members(value, func(name, v []byte) error {
			text := evidence.Unescape(name)
			w.ptr = appendToken(w.ptr[:at], name)
			f := field{sort: free}
			if never(text) || !w.r.p.named(text) {
				f.sort = dropped
			}
			return w.field(name, v, f, path)
		})
		w.ptr = w.ptr[:at]
		w.out = append(w.out, '}')
		return err
	}
	w.out = append(w.out, value...)
	return nil
}

// appendToken appends a name to a JSON pointer (RFC 6901 §3).
func appendToken(ptr, name []byte) []byte {
	ptr = append(ptr, '/')
	for _, c := range []byte(evidence.Unescape(name)) {
		switch c {
		case '~':
			ptr = append(ptr, '~', '0')
		case '/':
			ptr = append(ptr, '~', '1')
		default:
			ptr = append(ptr, c)
		}
	}
	return ptr
}

// take returns the spans at w.ptr, in order of their starts.
func (w *walker) take() []span {
	w.mine = w.mine[:0]
	take := func(i int) {
		w.mine = append(w.mine, w.spans[i])
		w.taken[i] = true
		w.used++
	}
	switch {
	case w.used == len(w.spans):
	case w.byField != nil:
		for _, i := range w.byField[string(w.ptr)] {
			take(i)
		}
		delete(w.byField, string(w.ptr))
	default:
		for i := range w.spans {
			if !w.taken[i] && w.spans[i].field == string(w.ptr) {
				take(i)
			}
		}
	}
	for _, d := range w.r.decisions.added[w.record] {
		if d.Field == string(w.ptr) && w.r.decisions.places[place{w.record, d.Field, d.Start, d.End}].Verdict != Reject {
			w.mine = append(w.mine, span{field: d.Field, start: d.Start, end: d.End, category: d.Category, class: ClassProven, rule: reviewerRule, form: formPlain})
		}
	}
	slices.SortStableFunc(w.mine, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return w.mine
}

// string writes a string, or a number as its decimal text, with what was found in it changed.
func (w *walker) string(value []byte, whose, path string) error {
	spans := w.take()
	if len(spans) == 0 && whose == "" {
		w.out = append(w.out, value...)
		return nil
	}
	s := string(value)
	if value[0] == '"' {
		s = textOf(value)
	}
	for i := range spans {
		sp := &spans[i]
		if sp.rule == reviewerRule && !fits(s, sp.start, sp.end) {
			sp.start, sp.end = 0, len(s) // a person erred: rather too much than nothing
			continue
		}
		if !fits(s, sp.start, sp.end) || !isCategory(sp.category) {
			return fmt.Errorf("%w: a span of category %q, %d to %d, does not fit field %s of %d bytes", evidence.ErrIntegrity, sp.category, sp.start, sp.end, w.ptr, len(s))
		}
	}
	if whose != "" && s != "" {
		spans = w.whole(spans, s, whose, path)
	}
	if len(spans) == 0 {
		w.out = append(w.out, value...)
		return nil
	}
	return w.change(value, s, spans, path)
}

// fits reports whether start and end bound a part of s that is not empty, between characters.
func fits(s string, start, end int) bool {
	return start >= 0 && start < end && end <= len(s) && boundary(s, start) && boundary(s, end)
}

func boundary(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }

// whole sees to it that a value that names somebody is redacted as one.
func (w *walker) whole(spans []span, s, whose, path string) []span {
	if w.r.p.Detect.Fields[w.kind+"."+path] == "skip" {
		return spans
	}
	mine := span{field: string(w.ptr), start: 0, end: len(s), category: formOf(whose, s), class: ClassProven, rule: hostRule, validator: "field", form: formPlain}
	trimmed := strings.TrimSpace(s)
	for _, sp := range spans {
		if sp.start == 0 && sp.end == len(s) {
			return spans
		}
		if sp.end-sp.start >= len(trimmed) {
			mine = sp // but for space around it
			mine.start, mine.end = 0, len(s)
		}
	}
	if w.r.allowed(s) {
		return spans
	}
	if o := w.decide(&mine, path, s, w.r.canonical(mine.category, s)); o.op == OpKeep && len(spans) > 0 {
		return spans
	}
	return append(w.mine[:0], mine)
}
