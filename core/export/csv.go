package export

import (
	"bufio"
	"bytes"
	"strings"
)

// ByteOrderMark makes spreadsheets read UTF-8 as such.
const ByteOrderMark = "\uFEFF"

// mask stands for the value of a credential.
const mask = "••••••••"

// csvTable is RFC 4180 text.
type csvTable struct {
	out       *bufio.Writer
	table     *table
	raw, bare bool
	secret    int
	result    *Result
	row, cell []byte
	// prefixed cells by column.
	prefixed []int64
}

func newCSV(out *bufio.Writer, o Options, r *Result) (*csvTable, error) {
	c := &csvTable{out: out, table: newTable(columnsOf(o.Kind), o.Zone, o.ZoneName), raw: o.Raw, bare: o.Credentials, secret: -1, result: r}
	names := Columns(o.Kind)
	c.prefixed = make([]int64, len(names))
	for i, name := range names {
		if name == "credential_value" {
			c.secret = i
		}
	}
	_, err := out.WriteString(ByteOrderMark + strings.Join(names, ",") + "\r\n")
	return c, err
}

func (c *csvTable) record(line []byte) (id, kind []byte, err error) {
	if err := c.table.read(line); err != nil {
		return nil, nil, err
	}
	c.row = c.row[:0]
	for i, value := range c.table.cells {
		if i > 0 {
			c.row = append(c.row, ',')
		}
		if len(value) == 0 {
			continue
		}
		c.cell = appendCell(c.cell[:0], value, c.table.columns[i].typ)
		if i == c.secret && !c.bare && len(c.cell) > 0 {
			c.result.Changes.Masked++
			c.cell = append(c.cell[:0], mask...)
		}
		prefix := !c.raw && dangerous(c.cell)
		if prefix {
			c.prefixed[i]++
		}
		c.row = appendQuoted(c.row, c.cell, prefix)
	}
	c.row = append(c.row, '\r', '\n')
	c.result.Rows++
	_, err = c.out.Write(c.row)
	return c.table.id(), c.table.kind(), err
}

func (c *csvTable) close(r *Result) error {
	for i, n := range c.prefixed {
		if n == 0 {
			continue
		}
		if r.Changes.PrefixedIn == nil {
			r.Changes.PrefixedIn = map[string]int64{}
		}
		r.Changes.Prefixed += n
		r.Changes.PrefixedIn[c.table.columns[i].name] = n
	}
	return nil
}

// dangerous reports whether a spreadsheet may take a cell for a formula (OWASP,
// CSV Injection), or whether it begins with the apostrophe that is put in front
// of those: taking one apostrophe from every cell that has one undoes all of it.
func dangerous(cell []byte) bool {
	if len(cell) == 0 {
		return false
	}
	switch cell[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n', '\'':
		return true
	case 0xEF: // the full-width forms of the first four, which some versions read alike
		for _, s := range []string{"＝", "＋", "－", "＠"} {
			if bytes.HasPrefix(cell, []byte(s)) {
				return true
			}
		}
	}
	return false
}

// AppendText appends a text as a field of RFC 4180 that no spreadsheet takes for a formula.
func AppendText(dst, cell []byte) []byte { return appendQuoted(dst, cell, dangerous(cell)) }

// appendQuoted appends a field of RFC 4180, in quotes where it needs them.
func appendQuoted(dst, cell []byte, prefix bool) []byte {
	plain := true
	for _, b := range cell {
		if b < ' ' || b == '"' || b == ',' || b == ';' || b == 0x7f {
			plain = false
			break
		}
	}
	// Blanks at an end, which some readers take away.
	if n := len(cell); plain && n > 0 && cell[0] != ' ' && cell[n-1] != ' ' {
		if prefix {
			dst = append(dst, '\'')
		}
		return append(dst, cell...)
	}
	if len(cell) == 0 {
		return dst
	}
	dst = append(dst, '"')
	if prefix {
		dst = append(dst, '\'')
	}
	for {
		i := bytes.IndexByte(cell, '"')
		if i < 0 {
			return append(append(dst, cell...), '"')
		}
		dst = append(append(dst, cell[:i+1]...), '"')
		cell = cell[i+1:]
	}
}
