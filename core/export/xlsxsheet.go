package export

import (
	"bytes"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// sheet is one sheet of records, compressed into a file of its own: kinds come
// mixed, and an archive takes one member after another.
type sheet struct {
	name  string
	table *table
	style styles

	file     *os.File
	packed   countWriter
	deflate  *flate.Writer
	crc      hash.Hash32
	size     int64 // unpacked
	rows     int64 // without the header
	letters  []string
	buf      []byte
	cell     []byte
	secret   int
	bare     bool
	zoneName string
}

// styles are numbers of excelize's styles.
type styles struct{ text, date, head int }

// countWriter counts what goes through it.
type countWriter struct {
	to io.Writer
	n  int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

const (
	sheetHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<sheetViews><sheetView workbookViewId="0"><pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/></sheetView></sheetViews>` +
		`<sheetFormatPr defaultRowHeight="15"/><cols>`
	sheetTail = `</worksheet>`
)

// widths of columns, in characters; 14 for those not named.
func width(name string) int {
	switch name {
	case "id", colDate, "time", "from", "to", "account", "conversation", "username", "display_name", "names", "phones", "emails", "term":
		return 24
	case "text", "columns":
		return 80
	case "source_path", "extra", colOther, "attachments":
		return 40
	}
	return 14
}

// colDate is the column of real dates, which stands before the exact time.
const colDate = "date"

// sheetColumns are a table's columns with real dates instead of text in the zone
// asked for.
func sheetColumns(kind string) []column {
	var out []column
	for _, c := range columnsOf(kind) {
		switch c.name {
		case colLocal, colZone:
			continue
		case "time":
			out = append(out, column{colDate, derived, "", moment})
			c.typ = text
		}
		out = append(out, c)
	}
	return out
}

func newSheet(name, kind string, o Options, style styles) (*sheet, error) {
	f, err := o.Scratch()
	if err != nil {
		return nil, err
	}
	columns := sheetColumns(kind)
	s := &sheet{name: name, table: newTable(columns, o.Zone, o.ZoneName), style: style, file: f, crc: crc32.NewIEEE(), secret: -1, bare: o.Credentials, zoneName: o.ZoneName}
	s.packed = countWriter{to: f}
	if s.deflate, err = flate.NewWriter(&s.packed, 3); err != nil {
		return nil, fmt.Errorf("export: compressor: %w", err)
	}
	s.buf = append(s.buf, sheetHead...)
	for i, c := range columns {
		letters, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return nil, fmt.Errorf("export: column %d: %w", i+1, err)
		}
		s.letters = append(s.letters, letters)
		s.buf = fmt.Appendf(s.buf, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, width(c.name))
		if c.name == "credential_value" {
			s.secret = i
		}
	}
	s.buf = append(s.buf, `</cols><sheetData><row r="1">`...)
	for i, c := range columns {
		title := c.name
		if c.name == colDate {
			title = "date (" + s.zoneName + ")"
		}
		s.open(i, 1, style.head)
		s.inline([]byte(title))
	}
	s.buf = append(s.buf, `</row>`...)
	return s, s.flush()
}

// open begins a cell; what kind of cell is written next.
func (s *sheet) open(column int, row int64, style int) {
	s.buf = append(append(s.buf, `<c r="`...), s.letters[column]...)
	s.buf = strconv.AppendInt(s.buf, row, 10)
	s.buf = append(s.buf, `" s="`...)
	s.buf = strconv.AppendInt(s.buf, int64(style), 10)
}

// inline ends a cell with text, and says what had to be changed.
func (s *sheet) inline(b []byte) (cut bool, replaced int64) {
	s.buf = append(s.buf, `" t="inlineStr"><is><t xml:space="preserve">`...)
	s.buf, cut, replaced = xmlText(s.buf, b, maxCell)
	s.buf = append(s.buf, `</t></is></c>`...)
	return cut, replaced
}

func (s *sheet) record(line []byte, r *Result) error {
	if err := s.table.read(line); err != nil {
		return err
	}
	s.rows++
	number := s.rows + 1
	s.buf = append(append(s.buf, `<row r="`...), strconv.FormatInt(number, 10)...)
	s.buf = append(s.buf, `">`...)
	for i, value := range s.table.cells {
		c := s.table.columns[i]
		if c.name == colDate {
			s.date(i, number, r)
			continue
		}
		if len(value) == 0 || bytes.Equal(value, null) {
			continue
		}
		if c.typ == integer && isNumber(value) {
			s.open(i, number, 0)
			s.buf = append(append(append(s.buf, `"><v>`...), value...), `</v></c>`...)
			continue
		}
		if s.cell = appendCell(s.cell[:0], value, c.typ); len(s.cell) == 0 {
			continue
		}
		if i == s.secret && !s.bare {
			r.Changes.Masked++
			s.cell = append(s.cell[:0], mask...)
		}
		s.open(i, number, s.style.text)
		cut, replaced := s.inline(s.cell)
		if cut {
			r.Changes.Cut++
		}
		if replaced > 0 {
			r.Changes.Replaced += replaced
			r.Changes.ReplacedCells++
		}
	}
	s.buf = append(s.buf, `</row>`...)
	return s.flush()
}

// isNumber: a spreadsheet keeps fifteen digits of a number.
func isNumber(value []byte) bool {
	return len(value) <= 15 && value[0] != '"' && value[0] != '[' && value[0] != '{' && value[0] != 't' && value[0] != 'f'
}

// date writes a real date where the record has a time that a spreadsheet can hold:
// from March 1900, before which their calendars differ.
func (s *sheet) date(column int, row int64, r *Result) {
	at, ok := parseTime(s.table.cells[column+1])
	if !ok {
		return
	}
	serial, ok := serialDate(at.In(s.table.location))
	if !ok {
		r.Changes.Undated++
		return
	}
	s.open(column, row, s.style.date)
	s.buf = append(s.buf, `"><v>`...)
	s.buf = strconv.AppendFloat(s.buf, serial, 'f', -1, 64)
	s.buf = append(s.buf, `</v></c>`...)
}

// serialDate is days since 1899-12-30 by the clock on the wall, to the
// microsecond.
func serialDate(at time.Time) (float64, bool) {
	_, offset := at.Zone()
	wall := at.UnixMicro() + int64(offset)*1_000_000
	const first, end = -2203891200, 253402300800 // 1900-03-01, 10000-01-01
	if wall < first*1_000_000 || wall >= end*1_000_000 {
		return 0, false
	}
	const epoch = -2209161600 // 1899-12-30
	return float64(wall-epoch*1_000_000) / 86_400_000_000, true
}

// flush compresses what is ready, once there is enough of it.
func (s *sheet) flush() error {
	if len(s.buf) < 64<<10 {
		return nil
	}
	return s.write()
}

func (s *sheet) write() error {
	_, _ = s.crc.Write(s.buf) // a hash does not fail
	s.size += int64(len(s.buf))
	_, err := s.deflate.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// end closes the sheet's XML.
func (s *sheet) end() error {
	s.buf = fmt.Appendf(s.buf, `</sheetData><autoFilter ref="A1:%s%d"/>`+sheetTail, s.letters[len(s.letters)-1], s.rows+1)
	if err := s.write(); err != nil {
		return err
	}
	err := s.deflate.Close()
	s.deflate = nil // its window is of no more use
	return err
}
