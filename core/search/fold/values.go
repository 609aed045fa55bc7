package fold

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxDepth bounds nesting, as canonical JSON does.
const maxDepth = 64

// Value is one string or number of a record line, or true or false.
type Value struct {
	// Path names the members that lead to it, dots between; lists leave no trace
	// in it. It is empty where the Walker keeps no paths.
	Path []byte
	// Searched: a search for text looks at it.
	Searched bool
	// Raw is the text between the quotes as written, or the number or word.
	Raw []byte
	// Quoted: it is a string.
	Quoted bool
}

// AppendFolded appends the folded text of v to dst.
func (v *Value) AppendFolded(dst []byte) []byte {
	if v.Quoted && bytes.IndexByte(v.Raw, '\\') >= 0 {
		return Append(dst, []byte(evidence.Unescape(v.Raw)))
	}
	return Append(dst, v.Raw)
}

// Word reports whether v is true or false.
func (v *Value) Word() bool { return !v.Quoted && (v.Raw[0] == 't' || v.Raw[0] == 'f') }

// Text is the text of v.
func (v *Value) Text() string {
	if v.Quoted {
		return evidence.Unescape(v.Raw)
	}
	return string(v.Raw)
}

// Unsearched reports whether a search for text leaves out the member name of a
// record and all below it.
func Unsearched(name string) bool {
	switch name {
	case "kind", "time", "times", "source", "charset", "flags", "state":
		return true
	case "exhibit", "id": // joined in when a record is printed
		return true
	}
	return strings.HasPrefix(name, "time_") || strings.HasPrefix(name, "charset_") || strings.HasSuffix(name, rawSuffix)
}

// rawSuffix ends the names of members that hold bytes as base64.
const rawSuffix = "_raw"

// foreign reports whether the names below the member name are the evidence's own.
func foreign(name []byte) bool { return string(name) == "extra" || string(name) == "columns" }

// Walker goes through record lines. It is not for concurrent use.
type Walker struct {
	// Texts: visit all values that are searched.
	Texts bool
	// Roots are members of the record to visit with all below them, searched or not.
	Roots []string
	// Paths: name the members that lead to each value.
	Paths bool

	b    []byte
	i    int
	v    Value
	path []byte
}

// Walk calls f with each value of a line in order. What f is given is good until
// it returns. A line that is not canonical JSON is an error, though not all that
// is wrong is noticed; f may have been called by then.
func (w *Walker) Walk(line []byte, f func(*Value)) error {
	w.b, w.i, w.path = line, 0, w.path[:0]
	if len(line) == 0 || line[0] != '{' || !w.object(0, true, false, f) || w.i != len(line) {
		return fmt.Errorf("%w: a record line that is no canonical JSON object, byte %d", evidence.ErrFormat, w.i)
	}
	return nil
}

// WalkMembers is Walk for a line that evidence.ScanRecord has accepted and found
// the members of: what is not visited is not looked at again.
func (w *Walker) WalkMembers(line []byte, members []evidence.Member, f func(*Value)) error {
	w.b, w.path = line, w.path[:0]
	for _, m := range members {
		name := line[m.Name : m.Value-2]
		look := !Unsearched(string(name))
		if !(look && w.Texts) && !w.root(name) {
			continue
		}
		if w.Paths {
			w.enter(name)
		}
		if line[m.Value] == '"' {
			w.emit(line[m.Value+1:m.End-1], look, true, f)
		} else if w.i = int(m.Value); !w.value(1, look, foreign(name), f) {
			return fmt.Errorf("%w: a record line that is no canonical JSON object, byte %d", evidence.ErrFormat, w.i)
		}
		w.path = w.path[:0]
	}
	return nil
}

// skip passes a value by, without looking whether it is well-formed inside.
func (w *Walker) skip() bool {
	for open := 0; w.i < len(w.b); {
		switch w.b[w.i] {
		case '"':
			if _, ok := w.text(); !ok {
				return false
			}
			if open == 0 {
				return true
			}
			continue
		case '{', '[':
			open++
		case '}', ']', ',':
			if w.b[w.i] != ',' {
				if open == 0 {
					return true // behind a number or a word
				}
				open--
				if open == 0 {
					w.i++
					return true
				}
			} else if open == 0 {
				return true
			}
		}
		w.i++
	}
	return false
}

func (w *Walker) value(depth int, searched, below bool, f func(*Value)) bool {
	if depth > maxDepth || w.i >= len(w.b) {
		return false
	}
	switch c := w.b[w.i]; c {
	case '"':
		raw, ok := w.text()
		if ok {
			w.emit(raw, searched, true, f)
		}
		return ok
	case '{':
		return w.object(depth, searched, below, f)
	case '[':
		return w.array(depth, searched, below, f)
	default:
		start := w.i
		for w.i < len(w.b) && w.b[w.i] != ',' && w.b[w.i] != '}' && w.b[w.i] != ']' {
			w.i++
		}
		if w.i == start {
			return false
		}
		if raw := w.b[start:w.i]; c != 'n' {
			w.emit(raw, searched && c != 't' && c != 'f', false, f)
		}
		return true
	}
}

func (w *Walker) emit(raw []byte, searched, quoted bool, f func(*Value)) {
	w.v = Value{Path: w.path, Searched: searched, Raw: raw, Quoted: quoted}
	f(&w.v)
}

// shortText is up to which length text is scanned here; looking for a byte by way
// of the library pays off behind it.
const shortText = 24

// text reads a string and returns what stands between its quotes.
func (w *Walker) text() ([]byte, bool) {
	b := w.b[w.i+1:]
	for n, c := range b[:min(len(b), shortText)] {
		if c == '"' {
			w.i += n + 2
			return b[:n], true
		}
		if c == '\\' {
			break
		}
	}
	for n := 0; ; {
		k := bytes.IndexByte(b[n:], '"')
		if k < 0 {
			return nil, false
		}
		slashes := 0
		for n+k-slashes > 0 && b[n+k-slashes-1] == '\\' {
			slashes++
		}
		n += k + 1
		if slashes%2 == 0 {
			w.i += n + 1
			return b[:n-1], true
		}
	}
}

func (w *Walker) array(depth int, searched, below bool, f func(*Value)) bool {
	w.i++
	if w.i < len(w.b) && w.b[w.i] == ']' {
		w.i++
		return true
	}
	for w.value(depth+1, searched, below, f) && w.i < len(w.b) {
		w.i++
		switch w.b[w.i-1] {
		case ']':
			return true
		case ',':
		default:
			return false
		}
	}
	return false
}

// object walks a JSON object; below says that it is in extra or columns, where
// names are the evidence's own and bytes are {"raw": …, "text": …}.
func (w *Walker) object(depth int, searched, below bool, f func(*Value)) bool {
	w.i++
	if w.i < len(w.b) && w.b[w.i] == '}' {
		w.i++
		return true
	}
	outer, pair := len(w.path), below && w.bytesPair(depth)
	for w.i < len(w.b) && w.b[w.i] == '"' {
		name, ok := w.text()
		if !ok || w.i >= len(w.b) || w.b[w.i] != ':' {
			return false
		}
		w.i++
		look := searched && !(pair && string(name) == "raw")
		if look && !below {
			look = !bytes.HasSuffix(name, []byte(rawSuffix)) && (depth > 0 || !Unsearched(string(name)))
		}
		if !(look && w.Texts) && depth == 0 && !w.root(name) {
			ok = w.skip()
		} else {
			if w.Paths {
				w.enter(name)
			}
			ok = w.value(depth+1, look, below || depth == 0 && foreign(name), f)
		}
		if !ok || w.i >= len(w.b) {
			return false
		}
		w.path = w.path[:outer]
		w.i++
		switch w.b[w.i-1] {
		case '}':
			return true
		case ',':
		default:
			return false
		}
	}
	return false
}

func (w *Walker) root(name []byte) bool {
	for _, r := range w.Roots {
		if string(name) == r {
			return true
		}
	}
	return false
}

func (w *Walker) enter(name []byte) {
	if len(w.path) > 0 {
		w.path = append(w.path, '.')
	}
	if bytes.IndexByte(name, '\\') >= 0 {
		w.path = append(w.path, evidence.Unescape(name)...)
		return
	}
	w.path = append(w.path, name...)
}

// bytesPair reports whether the object whose first name stands at i has the
// members raw and text, both strings, and no others.
func (w *Walker) bytesPair(depth int) bool {
	at := w.i
	defer func() { w.i = at }()
	if !w.literal(`"raw":"`) || depth >= maxDepth {
		return false
	}
	if _, ok := w.text(); !ok || !w.literal(`,"text":"`) {
		return false
	}
	_, ok := w.text()
	return ok && w.i < len(w.b) && w.b[w.i] == '}'
}

// literal reads what ends with a quote, up to that quote.
func (w *Walker) literal(s string) bool {
	if !bytes.HasPrefix(w.b[w.i:], []byte(s)) {
		return false
	}
	w.i += len(s) - 1
	return true
}
