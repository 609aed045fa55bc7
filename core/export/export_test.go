package export

// SplitAt makes XLSX begin a new sheet after so many rows or bytes.
func SplitAt(w *Writer, rows, bytes int64) {
	x := w.sink.(*workbook)
	x.rows, x.bytes = rows, bytes
}

// GroupRows is the number of rows a row group of Parquet may have.
const GroupRows = groupRows

// MemberNames are the names of members that have a column.
func MemberNames() []string {
	var out []string
	for _, c := range columnsOf("") {
		if c.field != "" {
			out = append(out, c.field)
		}
	}
	return out
}
