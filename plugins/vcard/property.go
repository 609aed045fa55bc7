package main

import (
	"bytes"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// property is one line of a card, unfolded.
type property struct {
	name   string // in upper case, without its group
	group  string
	params []param
	value  []byte        // as it stands, unfolded; empty of what is in base64
	at     evidence.Span // from the value's first byte to its last, foldings included
	long   bool          // longer than is kept
}

type param struct{ name, value string } // the name in upper case

// maxValue is how long a value may be that is kept, in bytes.
const maxValue = 256 << 10

// parseProperty reads name, parameters and the value's first line; ok is false where
// there is no colon, or no name.
//
// size is how many bytes of the file a part of the line takes.
func parseProperty(line []byte, offset int64, size func([]byte) int64) (p property, ok bool) {
	colon, quoted := -1, false
	for i, c := range line {
		if c == '"' {
			quoted = !quoted
		}
		if c == ':' && !quoted {
			colon = i
			break
		}
	}
	if colon < 0 {
		colon = bytes.IndexByte(line, ':') // a quote that never ends
	}
	if colon <= 0 {
		return p, false
	}
	head := strings.Split(string(line[:colon]), ";")
	p.name = strings.ToUpper(strings.TrimSpace(head[0]))
	if group, name, found := strings.Cut(p.name, "."); found {
		p.group, p.name = group, name
	}
	for i := 0; i < len(p.name); i++ {
		if c := p.name[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return p, false
		}
	}
	if p.name == "" {
		return p, false
	}
	for _, s := range head[1:] {
		name, value, found := strings.Cut(s, "=")
		if name = strings.ToUpper(strings.TrimSpace(name)); !found {
			// 2.1 leaves the name away: CELL, QUOTED-PRINTABLE, JPEG.
			name, value = bareParam(name), strings.TrimSpace(s)
		}
		if value = strings.Trim(value, `"`); value != "" {
			p.params = append(p.params, param{name, value})
		}
	}
	p.at = evidence.Span{Offset: offset + size(line[:colon+1])}
	p.add(line[colon+1:], p.at.Offset, size(line[colon+1:]))
	return p, true
}

func bareParam(word string) string {
	switch word {
	case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B":
		return "ENCODING"
	}
	return "TYPE"
}

// add appends a line of the value, which stands at offset and takes size bytes there.
func (p *property) add(line []byte, offset, size int64) {
	p.at.Length = offset + size - p.at.Offset
	switch {
	case p.base64():
	case len(p.value)+len(line) > maxValue:
		p.long = true
	default:
		p.value = append(p.value, line...)
	}
}

// get returns a parameter, "" where there is none of that name.
func (p *property) get(name string) string {
	for _, q := range p.params {
		if q.name == name {
			return q.value
		}
	}
	return ""
}

func (p *property) encoding() string { return strings.ToUpper(p.get("ENCODING")) }

func (p *property) base64() bool {
	e := p.encoding()
	return e == "BASE64" || e == "B"
}

func (p *property) quotedPrintable() bool { return p.encoding() == "QUOTED-PRINTABLE" }

// types are the words of TYPE, in lower case.
func (p *property) types() []any {
	var list []any
	for _, q := range p.params {
		if q.name == "TYPE" {
			for _, w := range strings.Split(q.value, ",") {
				list = append(list, strings.ToLower(strings.TrimSpace(w)))
			}
		}
	}
	return list
}

// unquote reads quoted-printable (RFC 2045, 6.7) whose soft line breaks are gone. What
// is no escape stands for itself.
func unquote(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '=' && i+2 < len(b) {
			if hi, lo := hexDigit(b[i+1]), hexDigit(b[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// components splits a value at the separator where that is not escaped.
func components(s string, separator byte) []string {
	var list []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case separator:
			list = append(list, s[start:i])
			start = i + 1
		}
	}
	return append(list, s[start:])
}

// unescape resolves \n, \, and the like (RFC 6350, 3.4).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		case ',', ';', ':', '\\':
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
