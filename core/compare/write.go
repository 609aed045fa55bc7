package compare

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/export"
)

// About is what a written comparison states of both sides.
type About struct {
	Case    string `json:"case"`
	Tool    string `json:"tool"`
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Exhibit string `json:"exhibit,omitempty"`
	// Tolerance of times, such as 1s, and the zone of theirs where it was given.
	Tolerance string `json:"tolerance"`
	Zone      string `json:"zone,omitempty"`
	// LogSize and LogRoot fix the log that the records are of.
	LogSize int64  `json:"log_size"`
	LogRoot string `json:"log_root"`
}

// Place is where a record of ours was read, with the first of its bytes.
type Place struct {
	ID      string `json:"id"`
	Exhibit string `json:"exhibit,omitempty"`
	Path    string `json:"path,omitempty"`
	Table   string `json:"table,omitempty"`
	RowID   *int64 `json:"rowid,omitempty"`
	Offset  *int64 `json:"offset,omitempty"`
	Length  int64  `json:"length,omitempty"`
	// Bytes are the first of the record's, at most MaxBytes; nil where they were not looked up.
	Bytes []byte `json:"-"`
}

// MaxBytes is how many bytes of a record are written, MaxPlaces of how many records.
const (
	MaxBytes  = 64
	MaxPlaces = 1000
)

// text is a place in one line.
func (p *Place) text() string {
	s := p.Exhibit + ":" + p.Path
	if p.Table != "" && p.RowID != nil {
		s += " " + p.Table + "/" + strconv.FormatInt(*p.RowID, 10)
	}
	if p.Offset != nil {
		s += fmt.Sprintf(" bytes %d+%d", *p.Offset, p.Length)
	}
	return s
}

// Text is the line of a place, for people.
func (p *Place) Text() string {
	if p.Path == "" {
		return p.ID
	}
	return p.text()
}

// values are all fields of a row as they were compared.
func (p *Part) values(row *Row) map[string]string {
	m := map[string]string{}
	for _, f := range p.Mapping.Fields {
		m[f.Name] = p.Value(row, f.Name)
	}
	return m
}

type jsonOurs struct {
	Place
	Bytes  string            `json:"bytes,omitempty"`
	Values map[string]string `json:"values"`
}

type jsonTheirs struct {
	Line   int64             `json:"line"`
	Offset int64             `json:"offset"`
	Length int64             `json:"length"`
	Values map[string]string `json:"values"`
}

type jsonPair struct {
	Verdict     string       `json:"verdict"`
	Mapping     string       `json:"mapping"`
	Ours        *jsonOurs    `json:"ours,omitempty"`
	Theirs      *jsonTheirs  `json:"theirs,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
}

type jsonPart struct {
	Mapping    string           `json:"mapping"`
	Title      string           `json:"title"`
	Ours       int64            `json:"ours"`
	Theirs     int64            `json:"theirs"`
	Matched    int64            `json:"matched"`
	Differing  int64            `json:"differing"`
	OnlyOurs   int64            `json:"only_ours"`
	OnlyTheirs int64            `json:"only_theirs"`
	Fields     map[string]int64 `json:"fields"`
	Offsets    map[string]int64 `json:"offsets"`
}

// Summary is what a comparison came to, for programs.
func (r *Result) Summary(a About) any {
	parts := []jsonPart{}
	for _, p := range r.Parts {
		parts = append(parts, jsonPart{p.Mapping.Name, p.Mapping.Title, p.Ours, p.Theirs, p.Matched, p.Differing, p.OnlyOurs, p.OnlyTheirs, p.Fields, p.Offsets})
	}
	return map[string]any{"summary": map[string]any{"about": a, "parts": parts, "left": r.Left, "same": r.Same()}}
}

// JSON writes a line for each pair that does not match, then the summary.
func (r *Result) JSON(w io.Writer, a About, place func(id string) (Place, error)) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	err := r.each(place, func(p *Part, pair *Pair, at *Place) error {
		j := jsonPair{Verdict: pair.Verdict, Mapping: p.Mapping.Name, Differences: pair.Differences}
		if pair.Ours != nil {
			j.Ours = &jsonOurs{Place: *at, Bytes: hex.EncodeToString(at.Bytes), Values: p.values(pair.Ours)}
		}
		if t := pair.Theirs; t != nil {
			j.Theirs = &jsonTheirs{t.Line, t.Offset, t.Length, p.values(t)}
		}
		return enc.Encode(j)
	})
	if err != nil {
		return err
	}
	return enc.Encode(r.Summary(a))
}

// each goes through all pairs, each with the place of ours.
func (r *Result) each(place func(id string) (Place, error), do func(*Part, *Pair, *Place) error) error {
	looked := 0
	for _, p := range r.Parts {
		for i := range p.Pairs {
			pair := &p.Pairs[i]
			var at Place
			if pair.Ours != nil {
				at.ID = pair.Ours.ID
				if looked++; looked <= MaxPlaces {
					var err error
					if at, err = place(pair.Ours.ID); err != nil {
						return err
					}
				}
			}
			if err := do(p, pair, &at); err != nil {
				return err
			}
		}
	}
	return nil
}

// fields are those of a pair to be shown: those that differ, or all that a lone row says.
func (p *Part) fields(pair *Pair) []Difference {
	if pair.Verdict == Differs {
		return pair.Differences
	}
	var list []Difference
	for _, f := range p.Mapping.Fields {
		d := Difference{Field: f.Name}
		if pair.Ours != nil {
			d.Ours = p.Value(pair.Ours, f.Name)
		} else {
			d.Theirs = p.Value(pair.Theirs, f.Name)
		}
		if d.Ours+d.Theirs != "" {
			list = append(list, d)
		}
	}
	return list
}

// CSV writes a row for each field of each pair that does not match.
func (r *Result) CSV(w io.Writer, place func(id string) (Place, error)) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("verdict,mapping,field,ours,theirs,theirs_later_by,record,place,bytes,their_line,their_offset\r\n")
	n := 0
	err := r.each(place, func(p *Part, pair *Pair, at *Place) error {
		for _, d := range p.fields(pair) {
			cells := []string{pair.Verdict, p.Mapping.Name, d.Field, d.Ours, d.Theirs, d.Off, "", "", "", "", ""}
			if pair.Ours != nil {
				cells[6], cells[7], cells[8] = at.ID, at.Text(), hex.EncodeToString(at.Bytes)
			}
			if pair.Theirs != nil {
				cells[9], cells[10] = strconv.FormatInt(pair.Theirs.Line, 10), strconv.FormatInt(pair.Theirs.Offset, 10)
			}
			var line []byte
			for i, c := range cells {
				if i > 0 {
					line = append(line, ',')
				}
				line = export.AppendText(line, []byte(c))
			}
			if _, err := out.Write(append(line, '\r', '\n')); err != nil {
				return fmt.Errorf("compare: %w", err)
			}
			n++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// maxShown bounds the pairs on a page.
const maxShown = 2000

// pageRow is a pair on a page.
type pageRow struct {
	Verdict, Title, Record, Place, Bytes string
	Line                                 int64
	Fields                               []Difference
}

// HTML writes a page to print: counts, then the first pairs that do not match.
func (r *Result) HTML(w io.Writer, a About, place func(id string) (Place, error)) error {
	page := struct {
		About About
		Parts []*Part
		Left  map[string]int64
		Rows  []pageRow
		More  int
	}{About: a, Parts: r.Parts, Left: r.Left}
	err := r.each(place, func(p *Part, pair *Pair, at *Place) error {
		if len(page.Rows) == maxShown {
			page.More++
			return nil
		}
		row := pageRow{Verdict: words[pair.Verdict], Title: p.Mapping.Title, Fields: p.fields(pair)}
		if pair.Ours != nil {
			row.Record, row.Place, row.Bytes = at.ID, at.Text(), grouped(at.Bytes)
		}
		if pair.Theirs != nil {
			row.Line = pair.Theirs.Line
		}
		page.Rows = append(page.Rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	t, err := template.New("compare").Parse(pageText)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	return t.Execute(w, page)
}

var words = map[string]string{Differs: "differs", OnlyOurs: "only here", OnlyTheirs: "only there"}

// grouped is bytes in hexadecimal, in groups of two bytes.
func grouped(b []byte) string {
	s := hex.EncodeToString(b)
	var out strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(s[i:min(i+4, len(s))])
	}
	return out.String()
}

const pageText = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Comparison with {{.About.File}}</title>
<style>
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#111;background:#fff}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}
table{border-collapse:collapse;width:100%;margin:.5em 0}th,td{border:1px solid #bbb;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#eee;white-space:nowrap}td.w{min-width:9em}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:12px ui-monospace,monospace}.v{white-space:nowrap}.s{color:#555;font-size:.9em}
dt{float:left;clear:left;width:9em;color:#555}dd{margin:0 0 .2em 9em;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}thead{display:table-header-group}}
</style></head><body>
<h1>Comparison of records with another tool's output</h1>
<dl><dt>Case</dt><dd>{{.About.Case}}</dd><dt>Their file</dt><dd>{{.About.File}}, {{.About.Size}} bytes, <code>{{.About.SHA256}}</code></dd>
{{with .About.Exhibit}}<dt>Only of item</dt><dd>{{.}}</dd>{{end}}<dt>Made by</dt><dd>{{.About.Tool}}</dd><dt>Log</dt><dd>{{.About.LogSize}} entries, root <code>{{.About.LogRoot}}</code></dd>
<dt>Times</dt><dd>in UTC, each as exact as theirs are; up to {{.About.Tolerance}} apart count as the same{{with .About.Zone}}; theirs without a zone are taken as {{.}}{{end}}</dd></dl>
<table><thead><tr><th>What</th><th>here</th><th>there</th><th>the same</th><th>differ</th><th>only here</th><th>only there</th></tr></thead><tbody>
{{range .Parts}}<tr><td>{{.Mapping.Title}}<div class="s">{{.Mapping.Evidence}}</div></td><td class="n">{{.Ours}}</td><td class="n">{{.Theirs}}</td><td class="n">{{.Matched}}</td><td class="n">{{.Differing}}</td><td class="n">{{.OnlyOurs}}</td><td class="n">{{.OnlyTheirs}}</td></tr>
{{end}}</tbody></table>
{{range $what, $n := .Left}}<p>Not compared: {{$n}} × {{$what}}.</p>{{end}}
<p class="s">The same means: the same in every field that the mapping names, each row with one other at most. It does not mean that either is right.</p>
{{if .Rows}}<h2>What is not the same</h2>
<table><thead><tr><th></th><th>field</th><th>here</th><th>there</th><th>record; place; first bytes</th><th>their line</th></tr></thead><tbody>
{{range .Rows}}{{$row := .}}{{range $i, $f := .Fields}}<tr>{{if eq $i 0}}<td class="v" rowspan="{{len $row.Fields}}">{{$row.Verdict}}</td>{{end}}<td class="v">{{$f.Field}}</td><td class="w">{{$f.Ours}}</td><td class="w">{{$f.Theirs}}{{with $f.Apart}}<div class="s">{{.}}</div>{{end}}</td>{{if eq $i 0}}<td rowspan="{{len $row.Fields}}">{{with $row.Record}}<code>{{.}}</code><br>{{end}}{{$row.Place}}{{with $row.Bytes}}<br><code>{{.}}</code>{{end}}</td><td class="n" rowspan="{{len $row.Fields}}">{{with $row.Line}}{{.}}{{end}}</td>{{end}}</tr>
{{end}}{{end}}</tbody></table>{{end}}
{{with .More}}<p>{{.}} more are not shown; as CSV or JSON they are.</p>{{end}}
</body></html>
`
