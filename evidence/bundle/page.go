package bundle

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"strconv"
)

// maxPageFiles is how many lines of files a page has: more cannot be printed, or read.
const maxPageFiles = 20_000

var errFull = errors.New("page is full")

const pageHead = `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:75em;color:#111;background:#fff}
h1{font-size:1.4em}h2{font-size:1.15em;margin-top:1.6em}
table{border-collapse:collapse;width:100%%;margin:.6em 0}th,td{border:1px solid #999;padding:.25em .45em;text-align:left;vertical-align:top}
thead{display:table-header-group}tr{break-inside:avoid}
code{font:12px/1.35 ui-monospace,monospace;overflow-wrap:anywhere}td.n{text-align:right;white-space:nowrap}
@media print{body{margin:0;font-size:9pt}code{font-size:7.5pt}}
</style></head><body>
`

// FilesPage writes the list of exhibits and files for reading and for print.
func FilesPage(w *bufio.Writer, a About, files func(yield func(File) error) error) error {
	p := page{w: w}
	p.raw(pageHead, shown("Exhibits: "+a.name()))
	p.raw("<h1>List of exhibits and files</h1>\n")
	if a.Draft {
		p.raw("<p><b>DRAFT: not checked and not released. Do not hand it out.</b></p>\n")
	}
	p.raw("<table>\n")
	for _, r := range [][2]string{
		{"Case", a.name()},
		{"Log", a.Origin},
		{"Disclosed to", a.Recipient},
		{"Purpose", a.Purpose},
		{"Disclosed by", a.person()},
		{"Authority", join(" ", a.AuthorityType, a.AuthorityNumber)},
		{"Date", a.Made.Format("2006-01-02 15:04:05 UTC")},
		{"In this bundle", a.contents()},
	} {
		if r[1] != "" {
			p.raw("<tr><th>%s</th><td>%s</td></tr>\n", r[0], shown(r[1]))
		}
	}
	p.raw("</table>\n<p>Paths are as they stood in the exhibit; what does not print is written as <code>\\x</code> and two digits a byte. How to check this list: HOW-TO-VERIFY.txt, VERIFY.html.</p>\n")
	if a.Redacted > 0 {
		p.raw("<p>Redacted records are in data/redacted: begin with <code>data/redacted/report.html</code>. No file of an exhibit is disclosed.</p>\n")
	}
	if len(a.Exhibits) > 0 {
		p.exhibits(a.Exhibits)
	}
	if a.Files > 0 {
		p.files(files)
	}
	p.raw("</body></html>\n")
	return p.err
}

// shown is text for a page, with nothing hidden in it.
func shown(text string) string { return html.EscapeString(Printable(text)) }

// page writes until something fails.
type page struct {
	w   *bufio.Writer
	err error
}

func (p *page) raw(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *page) exhibits(list []Exhibit) {
	p.raw("<h2>Exhibits</h2>\n<table><thead><tr><th>Exhibit</th><th>What it is</th><th>Received</th><th>By</th><th>Entry</th><th>Files</th><th>Bytes</th><th>Made of them</th><th>Not readable</th></tr></thead><tbody>\n")
	for _, x := range list {
		p.raw("<tr>")
		for _, text := range []string{x.Number, join(" — ", x.Description, x.Source), join(" to ", x.Received, x.Ended), join(", ", x.By, x.Organisation)} {
			p.raw("<td>%s</td>", shown(text))
		}
		for _, n := range []int64{x.Entry, x.Files, x.Bytes, x.Derived, x.Unread} {
			p.raw(`<td class="n">%d</td>`, n)
		}
		p.raw("</tr>\n")
	}
	p.raw("</tbody></table>\n")
}

func (p *page) files(files func(yield func(File) error) error) {
	p.raw("<h2>Files</h2>\n<table><thead><tr><th>Exhibit</th><th>Path</th><th>Sort</th><th>Bytes</th><th>Changed</th><th>SHA-256, MD5, file in the bundle</th></tr></thead><tbody>\n")
	n := 0
	err := files(func(f File) error {
		if n++; n > maxPageFiles {
			return errFull
		}
		what := f.Sort
		if f.Made != "" {
			what = join(": ", what, f.Made)
		}
		p.raw("<tr>")
		for _, text := range []string{f.Exhibit, f.Path, what} {
			p.raw("<td>%s</td>", html.EscapeString(text))
		}
		p.raw(`<td class="n">%d</td><td>%s</td><td><code>%s`, f.Size, html.EscapeString(f.Modified), f.SHA256)
		for _, text := range []string{f.MD5, f.Name} {
			if text != "" {
				p.raw("<br>%s", html.EscapeString(text))
			}
		}
		p.raw("</code></td></tr>\n")
		return p.err
	})
	p.raw("</tbody></table>\n")
	switch {
	case errors.Is(err, errFull):
		p.raw("<p><b>This list ends here, after %s lines. All of it is in files.csv beside it.</b></p>\n", strconv.Itoa(maxPageFiles))
	case p.err == nil:
		p.err = err
	}
}
