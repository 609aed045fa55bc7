package leakcheck

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/plain"
)

//go:embed page.html
var pageHTML string

// Page writes the report for reading and for print.
func (r *Report) Page(w io.Writer) error {
	t, err := template.New("leakcheck").Funcs(template.FuncMap{
		"class": func(v Verdict) string { first, _, _ := strings.Cut(string(v), " "); return first },
		"count": func(f []Finding) int64 { return int64(len(f)) },
		"line":  func(s string) string { return plain.Visible(s, plain.Showable) },
	}).Parse(pageHTML)
	if err == nil {
		err = t.Execute(w, r)
	}
	if err != nil {
		return fmt.Errorf("leak check: report: %w", err)
	}
	return nil
}
