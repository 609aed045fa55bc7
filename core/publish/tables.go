package publish

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// Table is a table that was published.
type Table struct {
	File string   `json:"file"`
	Kind string   `json:"kind"`
	By   []string `json:"by"`
	// Groups are shown, with Rows records; SuppressedGroups have fewer than k each.
	Groups           int64 `json:"groups"`
	Rows             int64 `json:"rows"`
	SuppressedGroups int64 `json:"suppressed_groups"`
	SuppressedRows   int64 `json:"suppressed_rows"`
}

// tables counts records by what may tell people apart together (quasi-identifiers), kind by
// kind, and shows no group of fewer than k (NIST IR 8053, k-anonymity).
func (b *builder) tables() error {
	rule := b.q.Policy.Publish
	if rule == nil || len(rule.Quasi) == 0 {
		return nil
	}
	var kinds []string
	err := b.db.query("SELECT DISTINCT kind FROM record ORDER BY kind", func(s *sqlite3.Stmt) error {
		kinds = append(kinds, s.ColumnText(0))
		return nil
	})
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := b.tableOf(kind, rule.K, rule.Quasi); err != nil {
			return err
		}
	}
	return nil
}

// column is the SQL for a quasi-identifier: a field of the record, or a name in extra or
// columns; year, month and day are of its time.
func column(name string) string {
	switch name {
	case "year":
		return "substr(time, 1, 4)"
	case "month":
		return "substr(time, 1, 7)"
	case "day":
		return "substr(time, 1, 10)"
	}
	at := func(prefix string) string {
		return "json_extract(body, " + quote("$."+prefix+`"`+strings.ReplaceAll(name, `"`, ``)+`"`) + ")"
	}
	return "coalesce(" + at("") + ", " + at("extra.") + ", " + at("columns.") + ", '')"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (b *builder) tableOf(kind string, k int, quasi []string) error {
	// A column that no record of the kind has would say nothing.
	quasi = slices.Clone(quasi)
	for i := 0; i < len(quasi); {
		any := false
		err := b.db.query("SELECT 1 FROM record WHERE kind=? AND "+column(quasi[i])+"<>'' LIMIT 1", func(*sqlite3.Stmt) error {
			any = true
			return nil
		}, kind)
		if err != nil {
			return err
		}
		if any {
			i++
		} else {
			quasi = slices.Delete(quasi, i, i+1)
		}
	}
	if len(quasi) == 0 {
		return nil
	}
	t := Table{File: "tables/" + strings.ReplaceAll(kind, "/", "-") + ".csv", Kind: kind, By: quasi}
	columns := make([]string, len(quasi))
	for i, q := range quasi {
		columns[i] = column(q)
	}
	by := strings.Join(columns, ", ")
	err := b.add(t.File, func(w io.Writer) error {
		if err := writeCSV(w, true, append(slices.Clone(quasi), "records")...); err != nil {
			return err
		}
		return b.db.query("SELECT "+by+", count(*) FROM record WHERE kind=? GROUP BY "+by+" ORDER BY "+by, func(s *sqlite3.Stmt) error {
			n := s.ColumnInt64(len(quasi))
			if n < int64(k) {
				t.SuppressedGroups++
				t.SuppressedRows += n
				return nil
			}
			t.Groups++
			t.Rows += n
			cells := make([]string, len(quasi), len(quasi)+1)
			for i := range cells {
				cells[i] = s.ColumnText(i)
			}
			return writeCSV(w, false, append(cells, strconv.FormatInt(n, 10))...)
		}, kind)
	})
	b.report.Tables = append(b.report.Tables, t)
	return err
}
