package bundle

import (
	"bufio"
	"strconv"
	"strings"
)

// Sorts of files.
const (
	Received = "received"
	Derived  = "derived"
)

// File is a line of files.csv: a file of the bag at one of its places.
type File struct {
	// Name is its path from the bag, Exhibit and Path where it stood; Path is in
	// printable form, and both are empty where the place cannot be shown.
	Name, Exhibit, Path string
	// Sort is Received or Derived.
	Sort              string
	Size              int64
	SHA256, MD5, SHA1 string
	// Modified is RFC 3339, or empty.
	Modified string
	// Made says in words how a derived file was made, From is the file it was made from.
	Made, From string
	// Entry received or made it, N is its number among that entry's artifacts.
	Entry, N int64
}

var fileColumns = []string{"file", "exhibit", "path", "sort", "size", "sha256", "md5", "sha1", "modified", "made", "from", "entry", "n"}

// FilesCSV writes files.csv.
func FilesCSV(w *bufio.Writer, files func(yield func(File) error) error) error {
	if err := row(w, fileColumns); err != nil {
		return err
	}
	return files(func(f File) error {
		return row(w, []string{
			f.Name, f.Exhibit, f.Path, f.Sort, strconv.FormatInt(f.Size, 10), f.SHA256, f.MD5, f.SHA1, f.Modified, f.Made, f.From,
			strconv.FormatInt(f.Entry, 10), strconv.FormatInt(f.N, 10),
		})
	})
}

// Record is a line of the records' index.
type Record struct {
	// Line is its number in records.jsonl, from 1.
	Line int64
	// Kind and Time are the record's own. Exhibit and Path are of the file it was read in,
	// Path in printable form.
	Kind, Time, Exhibit, Path string
}

// RecordColumns is the header of the records' index.
func RecordColumns(w *bufio.Writer) error {
	return row(w, []string{"number", "kind", "time", "exhibit", "path"})
}

// RecordRow writes a line of the records' index.
func RecordRow(w *bufio.Writer, r Record) error {
	return row(w, []string{strconv.FormatInt(r.Line, 10), Printable(r.Kind), r.Time, r.Exhibit, r.Path})
}

// row writes a line of RFC 4180, with \n.
func row(w *bufio.Writer, cells []string) error {
	for i, c := range cells {
		if i > 0 {
			if err := w.WriteByte(','); err != nil {
				return err
			}
		}
		if strings.ContainsAny(c, "\",\n\r") {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		if _, err := w.WriteString(c); err != nil {
			return err
		}
	}
	return w.WriteByte('\n')
}
