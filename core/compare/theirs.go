package compare

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Row is one row of either side.
type Row struct {
	// Line and Offset are of their file, from 1 and 0; ID is of our record.
	Line   int64
	Offset int64
	Length int64
	ID     string

	values []string // of the fields that are compared, times aside
	clock  []int64  // of the fields that are times, microseconds
	number string   // of the row, "" where it has none
}

// theirs is their file.
type theirs struct {
	// parts are its rows, by the mapping that they are compared by.
	parts map[*Mapping][]Row
	// Left are rows that no mapping is for, by what they say they are.
	left map[string]int64
	rows int64
}

// maxLine bounds a line of jsonl, in bytes.
const maxLine = 16 << 20

// Read reads their file by the mapping, or by each of those that come with the program
// that is for it. zone is that of times that state none, "" for the mapping's.
func (c *Comparison) Read(r io.Reader, mapping *Mapping, zone string) error {
	list := []*Mapping{mapping}
	if mapping == nil {
		var err error
		if list, err = Mappings(); err != nil {
			return err
		}
	}
	c.zone, c.theirs = zone, theirs{parts: map[*Mapping][]Row{}, left: map[string]int64{}}
	in := bufio.NewReaderSize(r, 1<<20)
	skipped := int64(0)
	if b, err := in.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		skipped = 3
		if _, err := in.Discard(3); err != nil {
			return fmt.Errorf("compare: %w", err)
		}
	}
	first, err := in.Peek(1)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the file is empty", ErrMapping)
	} else if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	if mapping == nil && first[0] == '{' || mapping != nil && mapping.Format == "jsonl" {
		return c.readLines(in, skipped, list)
	}
	return c.readTable(in, skipped, list)
}

// of makes a row of theirs comparable.
func (m *Mapping) of(get func(string) string, clocks []clock) Row {
	var row Row
	n := 0
	for i := range m.Fields {
		f := &m.Fields[i]
		switch v := get(f.Theirs); f.Is {
		case "time":
			row.clock = append(row.clock, clocks[n].parse(strings.TrimSpace(v)))
			n++
		case "row":
			row.number = strings.TrimSpace(v)
		default:
			row.values = append(row.values, strings.Clone(f.theirs(v)))
		}
	}
	return row
}

// mine does the same with a record.
func (m *Mapping) mine(r *record, clocks []clock) Row {
	row := Row{ID: r.text("id")}
	n := 0
	for i := range m.Fields {
		f := &m.Fields[i]
		switch v := f.ours(r); f.Is {
		case "time":
			row.clock = append(row.clock, clocks[n].floor(oursTime(v)))
			n++
		case "row":
			row.number = v
		default:
			row.values = append(row.values, f.plain(v))
		}
	}
	return row
}

func (m *Mapping) clocks(zone string) (list []clock, err error) {
	for i := range m.Fields {
		if m.Fields[i].Is != "time" {
			continue
		}
		k, err := m.Fields[i].clock(zone)
		if err != nil {
			return nil, fmt.Errorf("%w %q: %w", ErrMapping, m.Name, err)
		}
		list = append(list, k)
	}
	return list, nil
}

// keep adds a row, within bounds.
func (c *Comparison) keep(m *Mapping, row Row) error {
	c.theirs.rows++
	c.size += 128
	for _, v := range row.values {
		c.size += int64(len(v)) + 16
	}
	if c.theirs.rows > maxRows || c.size > maxBytes {
		return tooLarge("their file")
	}
	c.theirs.parts[m] = append(c.theirs.parts[m], row)
	return nil
}

// readTable reads csv or tsv, whose first line names the columns.
func (c *Comparison) readTable(in *bufio.Reader, skipped int64, list []*Mapping) error {
	head, err := in.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("compare: %w", err)
	}
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	if bytes.Count(line, []byte{'\t'}) > bytes.Count(line, []byte{','}) {
		r.Comma = '\t'
	}
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%w: the file has no line of headings: %w", ErrMapping, err)
	}
	header = slices.Clone(header)
	at := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		header[i] = name
		if _, taken := at[name]; !taken {
			at[name] = i
		}
	}
	m, err := choose(list, header)
	if err != nil {
		return err
	}
	clocks, err := m.clocks(c.zone)
	if err != nil {
		return err
	}
	for {
		from := r.InputOffset()
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%w: their file: %w", ErrMapping, err)
		}
		get := func(name string) string {
			if i, ok := at[name]; ok && i < len(fields) {
				return fields[i]
			}
			return ""
		}
		if len(fields) != len(header) {
			c.theirs.left["rows with another number of fields than there are headings"]++
			continue
		}
		if !m.fits(get) {
			c.theirs.left["rows that the mapping is not for"]++
			continue
		}
		row := m.of(get, clocks)
		n, _ := r.FieldPos(0)
		row.Line, row.Offset, row.Length = int64(n), from+skipped, r.InputOffset()-from
		if err := c.keep(m, row); err != nil {
			return err
		}
	}
}

// choose finds the mapping for a table's headings: of several the one with most fields.
func choose(list []*Mapping, header []string) (best *Mapping, err error) {
	var near *Mapping
	for _, m := range list {
		lacks := m.missing(header)
		switch {
		case m.Format == "jsonl":
		case len(lacks) == 0 && (best == nil || len(m.Fields) > len(best.Fields)):
			best = m
		case near == nil || len(lacks) < len(near.missing(header)):
			near = m
		}
	}
	switch {
	case best != nil:
		return best, nil
	case len(list) == 1:
		return nil, fmt.Errorf("%w %q: the file has no column %s", ErrMapping, list[0].Name, strings.Join(near.missing(header), ", "))
	}
	return nil, fmt.Errorf("%w: none is for a table with these headings: %s; the nearest, %s, needs %s besides", ErrMapping, strings.Join(header, ", "), near.Name, strings.Join(near.missing(header), ", "))
}

// readLines reads JSON Lines.
func (c *Comparison) readLines(in *bufio.Reader, skipped int64, list []*Mapping) error {
	clocks := map[*Mapping][]clock{}
	for _, m := range list {
		k, err := m.clocks(c.zone)
		if err != nil {
			return err
		}
		clocks[m] = k
	}
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 1<<20), maxLine)
	offset := skipped
	s.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i+1], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for n := int64(1); s.Scan(); n++ {
		line := bytes.TrimSpace(s.Bytes())
		from := offset
		offset += int64(len(s.Bytes()))
		if len(line) == 0 {
			continue
		}
		var r record
		if err := json.Unmarshal(line, &r.members); err != nil {
			c.theirs.left["lines that are no JSON object"]++
			continue
		}
		i := slices.IndexFunc(list, func(m *Mapping) bool { return m.Format == "jsonl" && m.fits(r.text) })
		if i < 0 {
			c.theirs.left[short(r.text("data_type")+" "+r.text("timestamp_desc"))]++
			continue
		}
		m := list[i]
		row := m.of(r.text, clocks[m])
		row.Line, row.Offset, row.Length = n, from, int64(len(line))
		if err := c.keep(m, row); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%w: their file: %w", ErrMapping, err)
	}
	return nil
}

// maxLeft bounds how many sorts of rows are told apart.
const maxLeft = 60

func short(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "rows that say no data_type"
	}
	if len(s) > maxLeft {
		s = strings.ToValidUTF8(s[:maxLeft], "") + "…"
	}
	return s
}
