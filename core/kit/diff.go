package kit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// mostShown is how many bytes of a span are shown.
	mostShown = 96
	// mostValue is how much of a field's value is shown, in characters.
	mostValue = 200
)

func dirOf(path string) string { return filepath.Dir(path) }

// compareLines compares two lists of objects: those that stand in both drop out,
// then what is left is compared pair by pair in its order.
func compareLines(s *sample, sort string, was, is []json.RawMessage) []Fault {
	was, is, at := unmatched(was, is)
	var out []Fault
	for i := range max(len(was), len(is)) {
		switch {
		case i >= len(is):
			out = append(out, Fault{Where: s.name, What: fmt.Sprintf("a %s is no longer made", sort), Detail: append(values(fields(was[i]), "- "), s.bytesOf(was[i])...)})
		case i >= len(was):
			out = append(out, Fault{Where: s.name, What: fmt.Sprintf("%s %d is new", sort, at[i]+1), Detail: append(values(fields(is[i]), "+ "), s.bytesOf(is[i])...)})
		default:
			out = append(out, Fault{Where: s.name, What: fmt.Sprintf("%s %d differs", sort, at[i]+1), Detail: append(changes(fields(was[i]), fields(is[i])), s.bytesOf(is[i])...)})
		}
	}
	return out
}

// unmatched drops what stands in both lists; at are the places of what is left of is.
func unmatched(was, is []json.RawMessage) (oldLeft, newLeft []json.RawMessage, at []int) {
	n := map[string]int{}
	for _, l := range was {
		n[string(l)]++
	}
	for i, l := range is {
		if n[string(l)] > 0 {
			n[string(l)]--
			continue
		}
		newLeft, at = append(newLeft, l), append(at, i)
	}
	for i := len(was) - 1; i >= 0; i-- { // the last of several like it
		if l := string(was[i]); n[l] > 0 {
			n[l]--
			oldLeft = append(oldLeft, was[i])
		}
	}
	slices.Reverse(oldLeft)
	return oldLeft, newLeft, at
}

// fields flattens an object to dotted names and values as JSON.
func fields(line json.RawMessage) map[string]string {
	out := map[string]string{}
	var walk func(name string, b []byte)
	walk = func(name string, b []byte) {
		if len(b) > 0 && b[0] == '{' && string(b) != "{}" {
			_ = evidence.Members(b, func(member, value []byte) error {
				full := evidence.Unescape(member)
				if name != "" {
					full = name + "." + full
				}
				walk(full, value)
				return nil
			})
			return
		}
		out[name] = string(b)
	}
	walk("", bytes.TrimSpace(line))
	return out
}

func changes(was, is map[string]string) []string {
	names := slices.Sorted(maps.Keys(was))
	for n := range is {
		if _, ok := was[n]; !ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var out []string
	for _, n := range names {
		a, inA := was[n]
		b, inB := is[n]
		switch {
		case inA && inB && a == b:
		case !inB:
			out = append(out, fmt.Sprintf("- %s: %s", n, shown(a)))
		case !inA:
			out = append(out, fmt.Sprintf("+ %s: %s", n, shown(b)))
		default:
			out = append(out, fmt.Sprintf("- %s: %s", n, shown(a)), fmt.Sprintf("+ %s: %s", n, shown(b)))
		}
	}
	return out
}

func values(m map[string]string, sign string) []string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(m)) {
		out = append(out, sign+n+": "+shown(m[n]))
	}
	return out
}

// shown cuts a value short and makes it safe to print.
func shown(v string) string {
	if r := []rune(v); len(r) > mostValue {
		v = string(r[:mostValue]) + "…"
	}
	return plain.Visible(v, plain.Showable)
}

// linePlace is where a line says that it was read.
type linePlace struct {
	Source *struct {
		Offset, Length *int64
		Role           string
	}
}

// dataOf is the input that a line's place lies in.
func (s *sample) dataOf(line json.RawMessage) []byte {
	var v linePlace
	if json.Unmarshal(line, &v) == nil && v.Source != nil {
		for _, c := range s.companions {
			if v.Source.Role == c.role {
				return c.data
			}
		}
	}
	return s.data
}

// bytesOf shows the bytes that a line's span names.
func (s *sample) bytesOf(line json.RawMessage) []string {
	var v linePlace
	if json.Unmarshal(line, &v) != nil || v.Source == nil || v.Source.Offset == nil || v.Source.Length == nil {
		return nil
	}
	data := s.dataOf(line)
	span := evidence.Span{Offset: *v.Source.Offset, Length: *v.Source.Length}
	if !span.Within(int64(len(data))) {
		return nil
	}
	where := ""
	if v.Source.Role != "" {
		where = " of " + shown(v.Source.Role)
	}
	return append([]string{fmt.Sprintf("read from bytes %d to %d%s:", span.Offset, span.Offset+span.Length, where)}, dump(data, span)...)
}

// dump shows a span in hexadecimal and as text, with its offsets in the input.
func dump(data []byte, span evidence.Span) []string {
	end := min(span.Offset+span.Length, span.Offset+mostShown)
	var out []string
	for at := span.Offset; at < end; at += 16 {
		row := data[at:min(at+16, end)]
		digits := hex.EncodeToString(row)
		var b strings.Builder
		for i := 0; i < len(digits); i += 2 {
			b.WriteString(digits[i : i+2])
			b.WriteByte(' ')
		}
		text := make([]byte, len(row))
		for i, c := range row {
			if text[i] = '.'; c >= ' ' && c < 0x7f {
				text[i] = c
			}
		}
		out = append(out, fmt.Sprintf("%08x  %-48s |%s|", at, b.String(), text))
	}
	if left := span.Offset + span.Length - end; left > 0 {
		out = append(out, fmt.Sprintf("and %d bytes more", left))
	}
	return out
}
