package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printer prints JSON lines for people. A write may end inside a line.
type printer struct {
	w    io.Writer
	one  func(b *bytes.Buffer, number int64, o *orderedObject)
	n    int64
	rest []byte
	out  bytes.Buffer
}

func (p *printer) Write(b []byte) (int, error) {
	p.out.Reset()
	data := append(p.rest, b...)
	for {
		line, rest, ok := bytes.Cut(data, []byte{'\n'})
		if !ok {
			break
		}
		data = rest
		p.n++
		o, err := readOrdered(line)
		if err != nil {
			return 0, err
		}
		p.one(&p.out, p.n, o)
	}
	p.rest = bytes.Clone(data)
	if _, err := p.w.Write(p.out.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// maxShown is how many characters of a value are shown.
const maxShown = 400

// orderedObject is a JSON object with its members in order.
type orderedObject struct {
	names  []string
	values map[string]json.RawMessage
}

func readOrdered(b []byte) (*orderedObject, error) {
	o := &orderedObject{values: map[string]json.RawMessage{}}
	if err := json.Unmarshal(b, &o.values); err != nil {
		return nil, err
	}
	for name := range o.values {
		o.names = append(o.names, name)
	}
	slices.Sort(o.names)
	return o, nil
}

// text returns a member that is text, "" where it is none.
func (o *orderedObject) text(name string) string {
	var s string
	_ = json.Unmarshal(o.values[name], &s) // "" where it is no text
	return s
}

// printRecord prints the kind, time and place of a record in one line and its fields
// below, names aligned.
func printRecord(b *bytes.Buffer, number int64, o *orderedObject) {
	fmt.Fprintf(b, "%d  %s", number, visible(o.text("kind"), maxShown))
	if t := o.text("time"); t != "" {
		fmt.Fprintf(b, "  %s", t)
		if kind := o.text("time_kind"); kind != "" {
			fmt.Fprintf(b, " %s", kind)
		}
	}
	fmt.Fprintf(b, "  %s\n", place(o.values["source"]))
	width := 0
	var names []string
	for _, name := range o.names {
		switch name {
		case "kind", "source", "time_kind":
			continue
		case "time":
			if o.text("time") != "" {
				continue
			}
		}
		names = append(names, name)
		width = max(width, utf8.RuneCountInString(name))
	}
	for _, name := range names {
		fmt.Fprintf(b, "   %-*s  %s\n", width, visible(name, maxShown), shownValue(o.values[name]))
	}
}

// printDiagnostic prints a diagnostic in one line.
func printDiagnostic(b *bytes.Buffer, _ int64, o *orderedObject) {
	fmt.Fprintf(b, "%s  %s  %s: %s", o.text("severity"), o.text("code"), place(o.values["source"]), visible(o.text("message"), 4*maxShown))
	if data, ok := o.values["data"]; ok {
		fmt.Fprintf(b, "  %s", visible(string(data), maxShown))
	}
	b.WriteByte('\n')
}

// place says in words where a source is.
func place(raw json.RawMessage) string {
	var s struct {
		Offset, Length, Line, RowID json.Number
		Table, Pointer, Role        string
	}
	if json.Unmarshal(raw, &s) != nil {
		return "nowhere"
	}
	var parts []string
	if s.Offset != "" {
		parts = append(parts, fmt.Sprintf("bytes %s+%s", s.Offset, s.Length))
	}
	if s.Role != "" {
		parts = append(parts, "of "+visible(s.Role, maxShown))
	}
	if s.Line != "" {
		parts = append(parts, fmt.Sprintf("line %s", s.Line))
	}
	if s.Table != "" {
		parts = append(parts, "table "+visible(s.Table, maxShown))
	}
	if s.RowID != "" {
		parts = append(parts, fmt.Sprintf("row %s", s.RowID))
	}
	if s.Pointer != "" {
		parts = append(parts, visible(s.Pointer, maxShown))
	}
	return strings.Join(parts, ", ")
}

// shownValue prints text without its quotes, anything else as JSON.
func shownValue(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return visible(s, maxShown)
		}
	}
	return visible(string(raw), maxShown)
}

// visible makes text of evidence safe to show: whatever could steer a terminal, or
// pass for something else on it, is escaped, and so much is shown at most.
func visible(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			fmt.Fprintf(&b, "… (%d bytes in all)", len(s))
			break
		}
		if r == '\\' || unicode.IsGraphic(r) && !unicode.In(r, unicode.Bidi_Control) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRuneToASCII(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}
