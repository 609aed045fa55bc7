package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// noTime is the value of a time that is not stated, badTime of one that cannot be read.
const (
	noTime  = int64(-1 << 63)
	badTime = noTime + 1
)

// layoutOf turns a format of strptime(3) into Go's.
func layoutOf(format string) (string, error) {
	verbs := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'b': "Jan", 'B': "January", 'a': "Mon",
		'z': "Z07:00", 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04", '%': "%",
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) || verbs[format[i]] == "" && format[i] != 'f' {
			return "", fmt.Errorf("the format %q has a verb that is not known here", format)
		}
		if format[i] == 'f' { // Go reads a fraction behind seconds by itself
			s := strings.TrimSuffix(b.String(), ".")
			b.Reset()
			b.WriteString(s)
			continue
		}
		b.WriteString(verbs[format[i]])
	}
	return b.String(), nil
}

// clock reads times of theirs.
type clock struct {
	layout string
	zone   *time.Location
	unit   string
	// step is how exact their times are, in microseconds.
	step int64
}

// clock compiles the field's time; zone goes before its own.
func (f *Field) clock(zone string) (clock, error) {
	c := clock{zone: time.UTC, unit: f.Unit, step: 1}
	if c.unit != "" {
		c.step = max(units[f.Unit]/1000, 1)
		return c, nil
	}
	var err error
	if c.layout, err = layoutOf(f.Format); err != nil {
		return c, err
	}
	if zone == "" {
		zone = f.Zone
	}
	if c.zone, err = parseZone(zone); err != nil {
		return c, err
	}
	switch {
	case strings.Contains(f.Format, "%f"):
	case strings.Contains(f.Format, "%S"), strings.Contains(f.Format, "%T"):
		c.step = time.Second.Microseconds()
	case strings.Contains(f.Format, "%M"), strings.Contains(f.Format, "%R"):
		c.step = time.Minute.Microseconds()
	default:
		c.step = 24 * time.Hour.Microseconds()
	}
	return c, nil
}

// parseZone reads UTC or an offset.
func parseZone(s string) (*time.Location, error) {
	if s == "" || s == "UTC" || s == "Z" {
		return time.UTC, nil
	}
	t, err := time.Parse("-07:00", s)
	if err != nil {
		return nil, fmt.Errorf("the zone %q is neither UTC nor an offset such as +08:00", s)
	}
	return t.Location(), nil
}

// parse returns microseconds since 1970.
func (c *clock) parse(s string) int64 {
	if s == "" {
		return noTime
	}
	if c.unit != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil || n > 1<<62/max(units[c.unit]/1000, 1) || n < -1<<62/max(units[c.unit]/1000, 1):
			return badTime
		case c.unit == "ns":
			return n / 1000
		}
		return n * (units[c.unit] / 1000)
	}
	t, err := time.ParseInLocation(c.layout, s, c.zone)
	if err != nil {
		return badTime
	}
	return t.UnixMicro()
}

// floor is a time of ours as exact as theirs are.
func (c *clock) floor(us int64) int64 {
	if us <= badTime {
		return us
	}
	rest := us % c.step
	if rest < 0 {
		rest += c.step
	}
	return us - rest
}

// oursTime reads a time of a record.
func oursTime(s string) int64 {
	if s == "" {
		return noTime
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return badTime
	}
	return t.UnixMicro()
}

// theirs makes one of their values comparable.
func (f *Field) theirs(s string) string {
	s = strings.TrimSpace(s)
	switch f.Pick {
	case "first_word":
		s, _, _ = strings.Cut(s, " ")
	case "angle":
		if from := strings.LastIndexByte(s, '<'); from >= 0 && strings.HasSuffix(s, ">") {
			s = s[from+1 : len(s)-1]
		}
	case "list":
		list := strings.Split(s, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		s = inOrder(list)
	}
	if w, ok := f.Words[s]; ok {
		s = w
	}
	return f.plain(s)
}

// plain is what both sides' values become.
func (f *Field) plain(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if f.Pick == "no_breaks" {
		s = strings.ReplaceAll(s, "\n", "")
	}
	switch f.Is {
	case "number":
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			return strconv.FormatFloat(n, 'f', -1, 64)
		}
	case "duration":
		var n int64
		for _, p := range strings.Split(s, ":") {
			v, err := strconv.ParseInt(p, 10, 32)
			if err != nil {
				return s
			}
			n = n*60 + v
		}
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimSpace(s)
}

func inOrder(list []string) string {
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// record is one of ours.
type record struct {
	line    []byte
	kind    string
	members map[string]json.RawMessage
	inner   map[string]map[string]json.RawMessage
}

func parseRecord(line []byte) (*record, error) {
	r := record{line: line}
	if err := json.Unmarshal(line, &r.members); err != nil {
		return nil, fmt.Errorf("a record of the case: %w", err)
	}
	r.kind = r.text("kind")
	return &r, nil
}

// raw returns a member, or a member of one: "extra.body_xml".
func (r *record) raw(name string) json.RawMessage {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		return r.members[name]
	}
	m, ok := r.inner[outer]
	if !ok {
		_ = json.Unmarshal(r.members[outer], &m) // no object: nothing is in it
		if r.inner == nil {
			r.inner = map[string]map[string]json.RawMessage{}
		}
		r.inner[outer] = m
	}
	return m[inner]
}

// text is a value as people write it: a list in order, "" for null and what is absent.
func (r *record) text(name string) string {
	if name == "peer" {
		return r.peer()
	}
	raw := r.raw(name)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s)
		return s
	case '[':
		var list []*string
		if json.Unmarshal(raw, &list) != nil {
			return string(raw)
		}
		var texts []string
		for _, t := range list {
			if t != nil {
				texts = append(texts, *t)
			}
		}
		return inOrder(texts)
	case '{':
		var m struct {
			Text *string `json:"text"`
		}
		if json.Unmarshal(raw, &m) == nil && m.Text != nil {
			return *m.Text
		}
	}
	return string(raw)
}

// peer is who was spoken to: the recipients of what went out, the sender of what came.
func (r *record) peer() string {
	if r.text("direction") == "outgoing" {
		return r.text("to")
	}
	if s := r.text("from"); s != "" {
		return s
	}
	return r.text("to")
}

// ours returns the value of the first member that is there.
func (f *Field) ours(r *record) string {
	for _, name := range f.Ours {
		if s := r.text(name); s != "" {
			return s
		}
	}
	return ""
}
