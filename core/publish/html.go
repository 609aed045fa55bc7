package publish

import (
	"bufio"
	_ "embed"
	"fmt"
	"html"
	"io"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

//go:embed style.css
var style string

// page writes HTML until something fails.
type page struct {
	w   *bufio.Writer
	err error
}

// TextPage writes a text as a page like the others.
func TextPage(w io.Writer, title, text string, draft bool) error {
	b := &builder{q: Request{Draft: draft}, add: func(_ string, write func(io.Writer) error) error { return write(w) }}
	return b.html("", title, func(p *page) { p.raw("<h1>%s</h1>\n<pre>%s</pre>\n", shown(title), shown(text)) })
}

// html adds a page. It needs no network and has no script: what is read in it is what is
// in it.
func (b *builder) html(name, title string, body func(p *page)) error {
	return b.add(name, func(w io.Writer) error {
		p := &page{w: bufio.NewWriterSize(w, 1<<16)}
		p.raw(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>
%s</style></head><body%s><main>
`, shown(b.title(title)), style, map[bool]string{true: ` class="draft"`}[b.q.Draft])
		if b.q.Draft {
			p.raw("<p class=\"stamp\"><b>DRAFT</b> not checked and not released: redactions may be missing. Do not hand it out.</p>\n")
		}
		body(p)
		p.raw("</main></body></html>\n")
		if p.err != nil {
			return p.err
		}
		return p.w.Flush()
	})
}

func (b *builder) title(what string) string {
	if b.q.Draft {
		what = "DRAFT: " + what
	}
	if b.q.Case != "" {
		what += " – " + b.q.Case
	}
	return what
}

func (p *page) raw(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// shown is text for a page, with nothing hidden in it but line ends.
func shown(s string) string {
	return html.EscapeString(plain.Visible(s, func(r rune) bool { return plain.Showable(r) || r == '\n' }))
}

// marked is a text with its redactions in it. What does not fit the text is left out: the
// redaction is listed all the same.
func marked(s, pointer string, list []redact.Applied) string {
	out, at := "", 0
	for _, a := range list {
		if a.Field != pointer || a.OutStart < at || a.OutEnd < a.OutStart || a.OutEnd > len(s) || !utf8.ValidString(s[at:a.OutStart]) || a.Operator == redact.OpKeep {
			continue
		}
		token := s[a.OutStart:a.OutEnd]
		if token == "" {
			token = "[REDACTED]"
		}
		out += shown(s[at:a.OutStart]) + fmt.Sprintf(`<mark title="%s">%s<small>%s</small></mark>`, shown("Redacted: "+done(a)), shown(token), shown(why(a)))
		at = a.OutEnd
	}
	return out + shown(s[at:])
}

// why is what stands behind a redaction in print, where nothing can be pointed at.
func why(a redact.Applied) string {
	if r := reason(a); r != "" {
		return word(a.Category) + ", " + r
	}
	return word(a.Category)
}

// facts writes a table of two columns.
func (p *page) facts(rows ...[2]string) {
	p.raw("<table class=\"facts\">\n")
	for _, r := range rows {
		if r[1] != "" {
			p.raw("<tr><th>%s</th><td>%s</td></tr>\n", shown(r[0]), shown(r[1]))
		}
	}
	p.raw("</table>\n")
}

// head writes the head of a table.
func (p *page) head(names ...string) {
	p.raw("<table><thead><tr>")
	for _, n := range names {
		p.raw("<th>%s</th>", shown(n))
	}
	p.raw("</tr></thead><tbody>\n")
}

func (p *page) cells(cells ...string) {
	p.raw("<tr>")
	for _, c := range cells {
		p.raw("<td>%s</td>", shown(c))
	}
	p.raw("</tr>\n")
}

func (p *page) tail() { p.raw("</tbody></table>\n") }
