package publish

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// lines writes records.jsonl: each body with its number and what was done in it.
func (b *builder) lines() error {
	return b.add(recordsFile, func(w io.Writer) error {
		return b.db.records(byNumber, func(r *row, list []redact.Applied) error {
			m, err := decode(r.body)
			if err != nil {
				return err
			}
			done := []any{}
			for _, a := range list {
				done = append(done, map[string]any{"field": a.Field, "category": a.Category, "operator": a.Operator, "mark": a.Token, "reason": reason(a)})
			}
			m["number"], m["redactions"] = r.number, done
			line, err := evidence.Canonical(m)
			if err != nil {
				return fmt.Errorf("publish: %s: %w", r.number, err)
			}
			_, err = w.Write(append(line, '\n'))
			return err
		})
	})
}

// reason is why something was done, in words.
func reason(a redact.Applied) string {
	switch {
	case a.Reason == "" || a.Reason == a.Basis:
		return a.Basis
	case a.Basis == "":
		return a.Reason
	}
	return a.Basis + ": " + a.Reason
}

// table writes records.csv.
func (b *builder) table() error {
	return b.add(tableFile, func(w io.Writer) error {
		if err := writeCSV(w, true, "number", "kind", "time", "service", "conversation", "from", "to", "direction", "text", "further", "redactions", "categories", "draft"); err != nil {
			return err
		}
		return b.db.records(byNumber, func(r *row, list []redact.Applied) error {
			m, err := decode(r.body)
			if err != nil {
				return err
			}
			var further []string
			for _, f := range more(m) {
				further = append(further, label(f.pointer)+": "+f.text)
			}
			return writeCSV(w, false, r.number, r.kind, r.time, r.service, r.conversation, r.sender, r.recipients, r.direction, r.text,
				strings.Join(further, "\n"), strconv.FormatInt(r.redactions, 10), strings.Join(categories(list), " "), b.stamp())
		})
	})
}

// more are the values that have no column of their own.
func more(m map[string]any) []field {
	return slices.DeleteFunc(flatten(m), func(f field) bool {
		switch f.pointer {
		case "/kind", "/time", "/service", "/from", "/to", "/direction", "/text", "/time_kind":
			return true
		}
		return strings.HasPrefix(f.pointer, "/to/")
	})
}

// categories are those of redactions, each once.
func categories(list []redact.Applied) []string {
	var out []string
	for _, a := range list {
		if a.Operator != redact.OpKeep && !slices.Contains(out, a.Category) {
			out = append(out, a.Category)
		}
	}
	slices.Sort(out)
	return out
}

// stamp is what a draft has where a person reads.
func (b *builder) stamp() string {
	if b.q.Draft {
		return "DRAFT"
	}
	return ""
}

// writeCSV writes a line of RFC 4180 in which no cell is taken for a formula; the first of
// a file with the mark that makes spreadsheets read it as UTF-8.
func writeCSV(w io.Writer, first bool, cells ...string) error {
	var line []byte
	if first {
		line = append(line, export.ByteOrderMark...)
	}
	for i, c := range cells {
		if i > 0 {
			line = append(line, ',')
		}
		line = export.AppendText(line, []byte(c))
	}
	_, err := w.Write(append(line, "\r\n"...))
	return err
}
