package main

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// recordRoom is what a record's values may come to; the rest of 1 MiB is for what
// stands around them.
const recordRoom = sdk.MaxLineBytes - 16<<10

// fit shortens the longest values of a row that would be too long for a record.
func (p *parser) fit(s *shape, r *row, src sdk.Source) {
	lost := false
	for i := range r.values {
		if v := &r.values[i]; v.lost > 0 {
			lost = true
			p.trim(r, v)
		}
	}
	if len(r.arena)*7 > recordRoom/2 {
		lost = p.shorten(s, r) || lost
	}
	if !lost {
		return
	}
	for i := range r.values {
		if v := &r.values[i]; v.lost > 0 {
			p.c.Diagnose(sdk.Diagnostic{
				Code: "value.cut", Severity: evidence.SeverityWarning, Source: src, Data: map[string]any{"column": i + 1, "kept": v.to - v.from, "lost": v.lost},
				Message: "a value is longer than a record may be; its beginning is kept",
			})
		}
	}
}

// trim takes away a character that was cut in half.
func (p *parser) trim(r *row, v *value) {
	for range 3 {
		if _, _, ok := p.text.current.decode(nil, r.bytes(v)); ok || v.to == v.from || v.kind != textValue {
			return
		}
		v.to--
		v.lost++
	}
}

// shorten halves the most expensive value until all fit.
func (p *parser) shorten(s *shape, r *row) (cut bool) {
	for {
		total, most, at := 0, 0, -1
		for i := range r.values {
			n := cost(r.bytes(&r.values[i]), r.values[i].kind)
			total += n + len(s.columns[min(i, len(s.columns)-1)].name)*2 + 16
			if n > most {
				most, at = n, i
			}
		}
		if total <= recordRoom || most < floorValue {
			return cut
		}
		v := &r.values[at]
		half := (v.to - v.from) / 2
		if excess := total - recordRoom; most > 2*excess { // a little is enough
			half = (v.to - v.from) - int(int64(v.to-v.from)*int64(excess)/int64(most)) - 1
		}
		v.lost += int64(v.to - v.from - half)
		v.to = v.from + half
		p.trim(r, v)
		cut = true
	}
}

// cost is at least how many bytes a record needs for a value.
func cost(b []byte, k valueKind) int {
	raw := (len(b) + 2) / 3 * 4
	if k == blobValue && !printable(b) {
		return raw
	}
	n := len(b)
	for _, c := range b {
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r' || c == '\b' || c == '\f':
			n++
		case c < ' ':
			n += 5
		}
	}
	if !utf8.Valid(b) { // as raw bytes beside it, or as UTF-8 of another charset
		n = 3*len(b) + raw
	}
	return n
}
