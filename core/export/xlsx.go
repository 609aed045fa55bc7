package export

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// workbook is an XLSX file: a sheet "About", then one for each kind of record.
//
// excelize makes every part of it but the sheets of records. Its own streaming
// writer holds the whole archive in memory, leaves evidence in the system's
// temporary directory while it works, and writes sheets in the order of a map.
type workbook struct {
	out    io.Writer
	o      Options
	result *Result
	book   *excelize.File
	style  styles
	// sheets are all of them; open the one that takes a kind's next record.
	sheets []*sheet
	open   map[string]*sheet
	// rows and bytes bound a sheet.
	rows, bytes int64
}

const (
	// sheetRows is what a spreadsheet can hold, less the header.
	sheetRows = 1<<20 - 1
	// sheetBytes keeps a part under the size from which archives need 64 bits.
	sheetBytes = 2 << 30
	// maxSheets bounds the kinds that get a sheet of their own.
	maxSheets = 32
)

func newXLSX(out *bufio.Writer, o Options, r *Result) (*workbook, error) {
	if o.Scratch == nil {
		return nil, fmt.Errorf("%w: XLSX needs temporary files", evidence.ErrFormat)
	}
	w := &workbook{out: out, o: o, result: r, book: excelize.NewFile(), open: map[string]*sheet{}, rows: sheetRows, bytes: sheetBytes}
	dateFormat := "yyyy-mm-dd hh:mm:ss.000"
	for _, s := range []struct {
		to *int
		is excelize.Style
	}{
		{&w.style.text, excelize.Style{NumFmt: 49}}, // "@": edited, it stays text
		{&w.style.date, excelize.Style{CustomNumFmt: &dateFormat}},
		{&w.style.head, excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}}},
	} {
		id, err := w.book.NewStyle(&s.is)
		if err != nil {
			return nil, fmt.Errorf("export: style: %w", err)
		}
		*s.to = id
	}
	return w, nil
}

func (w *workbook) record(line []byte) (id, kind []byte, err error) {
	if kind, err = kindOf(line); err != nil {
		return nil, nil, err
	}
	s := w.open[string(kind)]
	name := kind
	if s == nil && len(w.open) >= maxSheets {
		name = []byte(manyKinds)
		s = w.open[manyKinds]
	}
	if s == nil || s.rows >= w.rows || s.size >= w.bytes {
		if s, err = w.begin(string(name), s); err != nil {
			return nil, nil, err
		}
	}
	w.result.Rows++
	err = s.record(line, w.result)
	return s.table.id(), kind, err
}

var errFound = errors.New("found")

// kindOf reads a record's kind, and no more than it must.
func kindOf(line []byte) (kind []byte, err error) {
	err = evidence.Members(line, func(name, value []byte) error {
		if bytes.Equal(name, memberKind) {
			kind = value
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return kind, err
}

// begin makes the sheet for the next records of a kind, as written or manyKinds,
// after the one before.
func (w *workbook) begin(key string, before *sheet) (*sheet, error) {
	if before != nil {
		if err := before.end(); err != nil {
			return nil, err
		}
	}
	name, columns := stringOf([]byte(key)), stringOf([]byte(key))
	if key == manyKinds {
		name, columns = manyKinds, ""
	}
	s, err := newSheet(name, columns, w.o, w.style)
	if err != nil {
		return nil, err
	}
	w.sheets, w.open[key] = append(w.sheets, s), s
	return s, nil
}

func (w *workbook) close(r *Result) error {
	if len(w.sheets) == 0 {
		name := w.o.Kind
		if name == "" {
			name = "records"
		}
		s, err := newSheet(name, w.o.Kind, w.o, w.style)
		if err != nil {
			return err
		}
		w.sheets, w.open[name] = append(w.sheets, s), s
	}
	for _, s := range w.open {
		if err := s.end(); err != nil {
			return err
		}
	}
	// Sheets of one kind stay in their order.
	slices.SortStableFunc(w.sheets, func(a, b *sheet) int { return kindRank(a.name, b.name) })
	names := sheetNames(w.sheets)
	for i, s := range w.sheets {
		r.Sheets = append(r.Sheets, Sheet{Name: names[i], Rows: s.rows})
	}
	parts, err := w.frame(names)
	if err != nil {
		return err
	}
	return errors.Join(w.assemble(parts), w.release())
}

// frame has excelize make the workbook around the sheets of records.
func (w *workbook) frame(names []string) (*zip.Reader, error) {
	const about = "About"
	do := func(steps ...func() error) error {
		for _, f := range steps {
			if err := f(); err != nil {
				return fmt.Errorf("export: workbook: %w", err)
			}
		}
		return nil
	}
	var rows [][2]string
	if w.o.About != nil {
		rows = w.o.About(*w.result)
	}
	err := do(
		func() error { return w.book.SetSheetName("Sheet1", about) },
		func() error { return w.book.SetColWidth(about, "A", "A", 28) },
		func() error { return w.book.SetColWidth(about, "B", "B", 110) },
		// A clock's time would make two files of the same records differ.
		func() error {
			return w.book.SetDocProps(&excelize.DocProperties{Creator: "exhibit " + w.o.Tool, LastModifiedBy: "exhibit " + w.o.Tool, Created: "1980-01-01T00:00:00Z", Modified: "1980-01-01T00:00:00Z"})
		},
		func() error {
			for i, row := range rows {
				for j, cell := range []string{"A", "B"} {
					if err := w.book.SetCellStr(about, fmt.Sprint(cell, i+1), plainText(row[j])); err != nil {
						return err
					}
				}
			}
			return nil
		},
		func() error {
			for _, name := range names {
				if _, err := w.book.NewSheet(name); err != nil {
					return err
				}
			}
			return nil
		},
	)
	if err != nil {
		return nil, err
	}
	b, err := w.book.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("export: workbook: %w", err)
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}

// plainText makes text fit for excelize, which leaves some characters to XML.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\n' && r != '\t':
			return 0x2400 + r
		case r == 0xFFFE || r == 0xFFFF:
			return utf8.RuneError
		}
		return r
	}, s)
	if n, all := prefixOf([]byte(s), 8000); !all {
		return s[:n] + "…"
	}
	return s
}

// assemble writes the archive: the parts in order of their names, after the one
// that readers look for first, all with the same time.
func (w *workbook) assemble(parts *zip.Reader) error {
	const types = "[Content_Types].xml"
	slices.SortFunc(parts.File, func(a, b *zip.File) int {
		if (a.Name == types) != (b.Name == types) {
			if a.Name == types {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	paths := map[string]*sheet{}
	for i, s := range w.sheets {
		paths[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+2)] = s
	}
	archive := zip.NewWriter(w.out)
	for _, part := range parts.File {
		head := &zip.FileHeader{Name: part.Name, Method: zip.Deflate}
		head.ModifiedDate = 1<<5 | 1 //nolint:staticcheck // 1980-01-01; CreateRaw does not read Modified
		s, ours := paths[part.Name]
		if !ours {
			if err := copyPart(archive, head, part); err != nil {
				return err
			}
			continue
		}
		delete(paths, part.Name)
		head.CRC32, head.CompressedSize64, head.UncompressedSize64 = s.crc.Sum32(), uint64(s.packed.n), uint64(s.size)
		to, err := archive.CreateRaw(head)
		if err != nil {
			return err
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(to, s.file); err != nil {
			return err
		}
	}
	if len(paths) > 0 {
		return fmt.Errorf("%w: the workbook lacks %d of its sheets", evidence.ErrFormat, len(paths))
	}
	return archive.Close()
}

func copyPart(archive *zip.Writer, head *zip.FileHeader, part *zip.File) error {
	to, err := archive.CreateHeader(head)
	if err != nil {
		return err
	}
	from, err := part.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from) //nolint:gosec // not from outside: excelize wrote it a moment ago
	return errors.Join(err, from.Close())
}

func (w *workbook) release() error {
	var errs []error
	for _, s := range w.sheets {
		errs = append(errs, s.file.Close())
	}
	w.sheets = nil
	return errors.Join(append(errs, w.book.Close())...)
}

func (w *workbook) abort() { _ = w.release() } // nothing of them is kept
