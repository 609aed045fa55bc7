package ndjson

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// list appends an array. Where its place is beside, bad texts among its elements
// are left in elements, from the returned index on.
func (e *encoder) list(depth int, at place) (first int, err error) {
	first = len(e.elements)
	e.i++
	e.out = append(e.out, '[')
	if e.peek() == ']' {
		e.i++
		e.out = append(e.out, ']')
		return first, nil
	}
	for n := 0; ; n++ {
		from := len(e.raws)
		inner := at
		if e.peek() == '[' {
			inner = apart // a list in a list has no name of its own
		}
		bad, err := e.value(depth+1, inner)
		if err != nil {
			return first, err
		}
		if bad {
			e.elements = append(e.elements, element{n, from, len(e.raws)})
		}
		switch e.peek() {
		case ',':
			e.i++
			e.out = append(e.out, ',')
		case ']':
			e.i++
			e.out = append(e.out, ']')
			if at != apart {
				e.elements = append(e.elements, element{index: n + 1}) // how many there are
			}
			return first, nil
		default:
			return first, e.unexpected()
		}
	}
}

func (e *encoder) unexpected() error {
	if e.i >= len(e.in) {
		return errEnd
	}
	return errSyntax
}

// object appends an object with its members in order.
func (e *encoder) object(depth int, at place) error {
	base, start := len(e.members), len(e.out)
	e.i++
	e.out = append(e.out, '{')
	if e.peek() == '}' {
		e.i++
		e.out = append(e.out, '}')
		return nil
	}
	for {
		if err := e.member(depth, at); err != nil {
			return err
		}
		switch e.peek() {
		case ',':
			e.i++
			e.out = append(e.out, ',')
		case '}':
			e.i++
			err := e.order(start, e.members[base:])
			e.members = e.members[:base]
			return err
		default:
			return e.unexpected()
		}
	}
}

// member appends one member, and what must stand beside it.
func (e *encoder) member(depth int, at place) error {
	if e.peek() != '"' {
		return e.unexpected()
	}
	m := member{from: len(e.out), nameFrom: len(e.out) + 1}
	raws, elements := len(e.raws), len(e.elements)
	good, err := e.string()
	if err != nil {
		return err
	}
	if !good { // readable and distinct
		e.bad = true
		e.out = appendName(e.out[:m.from], e.raws[raws:])
		e.raws = e.raws[:raws]
	}
	m.nameTo = len(e.out) - 1
	m.plain = plain(e.out[m.nameFrom:m.nameTo])
	if e.peek() != ':' {
		return e.unexpected()
	}
	e.i++
	e.out = append(e.out, ':')
	inner := at
	switch {
	case at == own && e.peek() != '"' && !ofEveryRecord(e.out[m.nameFrom:m.nameTo]):
		inner = apart
	case at == own && e.peek() != '"':
		inner = beside
	case at == record:
		inner = beside
		if m.plain && belongsToEvidence(e.out[m.nameFrom:m.nameTo]) {
			inner = apart
		}
	}
	var bad bool
	if e.peek() == '[' && inner != apart {
		_, err = e.listMember(depth, inner)
	} else {
		bad, err = e.value(depth+1, inner)
	}
	if err != nil {
		return err
	}
	m.to = len(e.out)
	e.members = append(e.members, m)
	switch {
	case bad:
		raw := e.rawMember(m)
		e.base64(e.raws[raws:])
		e.endRaw(raw, m.plain)
	case len(e.elements) > elements+1: // a bad text, and the count
		e.rawList(m, elements)
	}
	e.raws, e.elements = e.raws[:raws], e.elements[:elements]
	return nil
}

// ofEveryRecord: what a namespaced record has in common with the others.
func ofEveryRecord(name []byte) bool {
	switch string(name) {
	case "source", "times", "time_basis":
		return true
	}
	return false
}

// listMember is value for a list that is a member's.
func (e *encoder) listMember(depth int, at place) (first int, err error) {
	if depth+1 > maxDepth {
		return 0, errDepth
	}
	return e.list(depth+1, at)
}

// belongsToEvidence: below these the names are the evidence's own.
func belongsToEvidence(name []byte) bool {
	switch string(name) {
	case "extra", "columns", "data":
		return true
	}
	return false
}

// rawMember begins the member <name>_raw.
func (e *encoder) rawMember(m member) (raw member) {
	e.out = append(e.out, ',')
	raw.from, raw.nameFrom = len(e.out), len(e.out)+1
	e.out = append(e.out, '"')
	e.out = append(append(e.out, e.out[m.nameFrom:m.nameTo]...), "_raw"...)
	raw.nameTo = len(e.out)
	e.out = append(e.out, '"', ':')
	return raw
}

func (e *encoder) endRaw(raw member, plain bool) {
	raw.to, raw.plain = len(e.out), plain
	e.members = append(e.members, raw)
}

// rawList appends <name>_raw for a list: null where the text is all there is.
func (e *encoder) rawList(m member, elements int) {
	bad := e.elements[elements : len(e.elements)-1]
	count := e.elements[len(e.elements)-1].index
	raw := e.rawMember(m)
	e.out = append(e.out, '[')
	for i := range count {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if len(bad) > 0 && bad[0].index == i {
			e.base64(e.raws[bad[0].from:bad[0].to])
			bad = bad[1:]
			continue
		}
		e.out = append(e.out, "null"...)
	}
	e.out = append(e.out, ']')
	e.endRaw(raw, m.plain)
}

// order closes the object that begins at start, with its members in ascending order.
func (e *encoder) order(start int, members []member) error {
	ascending := true
	for i := 1; i < len(members) && ascending; i++ {
		ascending = e.compare(members[i-1], members[i]) < 0
	}
	if !ascending {
		slices.SortFunc(members, e.compare)
		for i := 1; i < len(members); i++ {
			if e.compare(members[i-1], members[i]) == 0 {
				return errRepeated
			}
		}
		e.spare = append(e.spare[:0], e.out[start:]...)
		e.out = e.out[:start+1]
		for i, m := range members {
			if i > 0 {
				e.out = append(e.out, ',')
			}
			e.out = append(e.out, e.spare[m.from-start:m.to-start]...)
		}
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) compare(a, b member) int {
	na, nb := e.out[a.nameFrom:a.nameTo], e.out[b.nameFrom:b.nameTo]
	if a.plain && b.plain {
		return bytes.Compare(na, nb)
	}
	return evidence.CompareNames(evidence.Unescape(na), evidence.Unescape(nb))
}

// plain reports whether a name is ASCII without escapes.
func plain(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == '\\' {
			return false
		}
	}
	return true
}
