package sdk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxNesting bounds values inside Extra, Columns and Fields; canonical JSON
// itself ends at 64.
const maxNesting = 32

// member is one name of an object that evidence names.
type member struct {
	name  string
	value any
	raw   bool // value is bytes to be written in base64
}

// object appends {…} of members that others name: sorted, each once. Values are
// nil, bool, integers, string, Text, Number, []byte (bytes that are no text),
// floats and json.Number (as text where they are no safe integers), []any,
// []string and map[string]any; anything else is ErrRecord.
func (e *encoder) object(base, depth int) {
	// Only a record's own members have bytes beside them: below, names are the
	// evidence's, and one of them may well end in _raw.
	top := depth == 0
	for i, end := base, len(e.members); i < end; i++ {
		m := &e.members[i]
		m.name = validName(m.name)
		if t, ok := rawOf(m.value); ok && top {
			e.members = append(e.members, member{m.name + "_raw", t, true})
		}
	}
	sortMembers(e.members[base:])
	at, end := e.open(), len(e.members)
	for i := base; i < end && e.err == nil; i++ {
		m := e.members[i] // a copy: value may move the stack
		e.b = append(e.b, ',')
		e.shown(m.name)
		e.b = append(e.b, ':')
		if m.raw {
			e.base64(m.value.(string))
			continue
		}
		e.value(m.value, depth+1, top)
	}
	e.close(at)
	clear(e.members[base:])
	e.members = e.members[:base]
}

// mapping appends m as object does.
func (e *encoder) mapping(m map[string]any, depth int) {
	if depth > maxNesting {
		e.fail("nested deeper than %d", maxNesting)
		return
	}
	base := len(e.members)
	for name, v := range m {
		e.members = append(e.members, member{name: name, value: v})
	}
	// Map order must not decide which of two names that become one comes first.
	slices.SortFunc(e.members[base:], func(a, b member) int { return strings.Compare(a.name, b.name) })
	e.object(base, depth)
}

// sortMembers orders members as RFC 8785 does. Where names repeat, the second
// becomes name#2, and so on: nothing of the evidence is dropped.
func sortMembers(m []member) {
	for {
		slices.SortStableFunc(m, func(a, b member) int { return evidence.CompareNames(a.name, b.name) })
		again := false
		for i := 1; i < len(m); {
			n := 2
			for first := m[i-1].name; i < len(m) && m[i].name == first; i++ {
				m[i].name = first + "#" + strconv.Itoa(n)
				n++
				again = true
			}
			i++
		}
		if !again {
			return
		}
	}
}

// rawOf returns the bytes that a named value needs beside it in base64.
func rawOf(v any) (string, bool) {
	switch v := v.(type) {
	case []byte:
		return string(v), v != nil
	case string:
		return v, !utf8.ValidString(v)
	case Text:
		return v.raw()
	}
	return "", false
}

// value appends v. The raw bytes of a record's own member stand beside it;
// elsewhere text that is not UTF-8 becomes {"raw": base64, "text": shown}, as names
// do, and bytes {"raw": base64}.
func (e *encoder) value(v any, depth int, named bool) {
	switch v := v.(type) {
	case nil:
		e.null()
	case bool:
		e.b = strconv.AppendBool(e.b, v)
	case int:
		e.int(int64(v))
	case int64:
		e.int(v)
	case int32:
		e.int(int64(v))
	case uint32:
		e.int(int64(v))
	case uint64:
		if v > evidence.MaxSafeInteger {
			e.str(strconv.FormatUint(v, 10))
			return
		}
		e.int(int64(v))
	case float64:
		e.str(strconv.FormatFloat(v, 'g', -1, 64))
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil && strconv.FormatInt(n, 10) == v.String() {
			e.int(n)
			return
		}
		e.str(validText(v.String()))
	case string:
		e.unnamed(v, named)
	case Text:
		if v.state != present {
			e.null()
			return
		}
		e.unnamedText(v, named)
	case Number:
		if v.state != present {
			e.null()
			return
		}
		e.int(v.n)
	case []byte:
		if named || v == nil {
			e.null()
			return
		}
		e.b = append(e.b, `{"raw":`...)
		e.base64(string(v))
		e.b = append(e.b, '}')
	case []string:
		e.list(len(v), depth, func(i int) any { return v[i] })
	case []Text:
		e.list(len(v), depth, func(i int) any { return v[i] })
	case []any:
		e.list(len(v), depth, func(i int) any { return v[i] })
	case map[string]any:
		e.mapping(v, depth)
	case json.RawMessage: // canonical already: our own
		e.b = append(e.b, v...)
	default:
		e.fail("a value of type %s", fmt.Sprintf("%T", v))
	}
}

func (e *encoder) unnamed(s string, named bool) { e.unnamedText(Str(s), named) }

func (e *encoder) unnamedText(t Text, named bool) {
	raw, ok := t.raw()
	if named || !ok {
		e.shown(t.String())
		return
	}
	e.b = append(e.b, `{"raw":`...)
	e.base64(raw)
	e.b = append(e.b, `,"text":`...)
	e.shown(t.String())
	e.b = append(e.b, '}')
}

func (e *encoder) list(n, depth int, at func(int) any) {
	if depth > maxNesting {
		e.fail("nested deeper than %d", maxNesting)
		return
	}
	e.b = append(e.b, '[')
	for i := 0; i < n && e.err == nil; i++ {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.value(at(i), depth+1, false)
	}
	e.b = append(e.b, ']')
}

// validName keeps a member's name that is not UTF-8 readable and distinct: a bad
// byte becomes \xNN.
func validName(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
