package publish

import (
	"errors"
	"fmt"
	"iter"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

// Bounds of the conversation view: a page of more than maxDocs documents cannot be read or
// printed, and an index of more than maxIndex lines neither.
const (
	maxDocs  = 2_000
	maxIndex = 2_000
	// maxOpen lines of an index do not hide what comes after.
	maxOpen = 40
)

// pageName is the file of a page of the conversation view, from 1.
func pageName(n int64) string {
	if n <= 1 {
		return conversationsFile
	}
	return fmt.Sprintf("conversations/%05d.html", n)
}

// link is a page as seen from another.
func link(from, to int64) string {
	switch {
	case from == 1:
		return pageName(to)
	case to == 1:
		return "../" + conversationsFile
	}
	return fmt.Sprintf("%05d.html", to)
}

// group is a conversation, or all records of one kind that are in none.
type group struct {
	name        string
	kind        string
	docs        int64
	first, last string
	page        int64
}

// groups calls f with each group, in the order of the pages.
func (b *builder) groups(f func(g group) error) error {
	at := int64(0)
	each := func(s *sqlite3.Stmt) error {
		g := group{name: s.ColumnText(0), kind: s.ColumnText(1), docs: s.ColumnInt64(2), first: s.ColumnText(3), last: s.ColumnText(4), page: at/maxDocs + 1}
		at += g.docs
		return f(g)
	}
	const stated = "coalesce(min(nullif(time,'')),''), coalesce(max(nullif(time,'')),'')"
	if err := b.db.query("SELECT conversation, '', count(*), "+stated+" FROM record WHERE conversation<>'' GROUP BY conversation ORDER BY conversation", each); err != nil {
		return err
	}
	return b.db.query("SELECT '', kind, count(*), "+stated+" FROM record WHERE conversation='' GROUP BY kind ORDER BY kind", each)
}

// heading is what a group is called.
func (g group) heading() string {
	if g.name != "" {
		return g.name
	}
	return "Records of kind " + g.kind
}

// placed is a record in the order of the view.
type placed struct {
	row  *row
	list []redact.Applied
	err  error
}

// view yields every record once: conversation by conversation in the order of time, then
// what is in none, kind by kind.
func (b *builder) view(yield func(placed) bool) {
	for _, order := range []string{inConversation, outside} {
		err := b.db.records(order, func(r *row, list []redact.Applied) error {
			if !yield(placed{row: r, list: list}) {
				return errStop
			}
			return nil
		})
		switch {
		case errors.Is(err, errStop):
			return
		case err != nil:
			yield(placed{err: err})
			return
		}
	}
}

var errStop = errors.New("stop")

// conversations writes the pages for reading, in one pass over the records.
func (b *builder) conversations() error {
	next, stop := iter.Pull(b.view)
	defer stop()
	pages := max(1, (b.report.Records+maxDocs-1)/maxDocs)
	now, groups := group{}, 0
	for n := range pages {
		err := b.html(pageName(n+1), "Conversations", func(p *page) {
			b.conversationHead(p, n+1, pages)
			for i := range maxDocs {
				d, ok := next()
				if p.err == nil {
					p.err = d.err
				}
				if !ok || p.err != nil {
					break
				}
				switch g := groupOf(d.row); {
				case g != now:
					groups++
					p.raw("<h2 id=\"c%d\">%s</h2>\n", groups, shown(g.heading()))
					now = g
				case i == 0:
					p.raw("<h2>%s <span class=\"soft\">(goes on)</span></h2>\n", shown(g.heading()))
				}
				if err := b.document(p, d.row, d.list); p.err == nil {
					p.err = err
				}
			}
			turn(p, n+1, pages)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func groupOf(r *row) group {
	if r.conversation != "" {
		return group{name: r.conversation}
	}
	return group{kind: r.kind}
}

func (b *builder) conversationHead(p *page, n, pages int64) {
	if n == 1 {
		p.raw("<h1>Redacted records, by conversation</h1>\n")
		p.raw("<p class=\"lead\">%s in %s, %s to %s. What is <mark>so marked</mark> was redacted: point at it for the reason, which is printed behind it on paper. The same letters and digits behind a word in a mark stand for the same value wherever they appear. Times are UTC.</p>\n",
			shown(plain.Count(b.report.Records, "record")), shown(plain.Count(b.report.Conversations, "conversation")), shown(b.report.First), shown(b.report.Last))
		b.conversationIndex(p)
	}
	turn(p, n, pages)
}

func (b *builder) conversationIndex(p *page) {
	p.raw("<details class=\"index\"%s><summary>Index</summary><ul>\n", map[bool]string{true: " open"}[b.report.Conversations <= maxOpen])
	n := 0
	err := b.groups(func(g group) error {
		if n++; n > maxIndex {
			return nil
		}
		line := plain.Count(g.docs, "record")
		if g.first != "" {
			line += ", " + when(g.first)[:10]
			if g.last[:10] != g.first[:10] {
				line += " to " + when(g.last)[:10]
			}
		}
		to := ""
		if g.page > 1 {
			to = link(1, g.page)
		}
		p.raw("<li><a href=\"%s#c%d\">%s</a> <span class=\"soft\">%s</span></li>\n", to, n, shown(g.heading()), shown(line))
		return p.err
	})
	p.raw("</ul></details>\n")
	if n > maxIndex {
		p.raw("<p>%s more are on the pages that follow; records.db finds them all.</p>\n", shown(plain.Count(int64(n-maxIndex), "conversation")))
	}
	if p.err == nil {
		p.err = err
	}
}

// turn links the pages before and after.
func turn(p *page, n, pages int64) {
	if pages == 1 {
		return
	}
	p.raw("<nav>")
	if n > 1 {
		p.raw(`<a href="%s">first page</a><a href="%s">page before</a>`, link(n, 1), link(n, n-1))
	}
	p.raw("<span>page %d of %d</span>", n, pages)
	if n < pages {
		p.raw(`<a href="%s">next page</a>`, link(n, n+1))
	}
	p.raw("</nav>\n")
}

// document shows one record.
func (b *builder) document(p *page, r *row, list []redact.Applied) error {
	m, err := decode(r.body)
	if err != nil {
		return err
	}
	p.raw(`<div class="doc" id="%s"><div class="top">`, r.number)
	if r.sender != "" || r.recipients != "" {
		p.raw("<b>%s</b>", marked(r.sender, "/from", list))
		to := texts(m["to"])
		for i, t := range to {
			p.raw("<span>%s%s</span>", map[bool]string{true: "→ "}[i == 0], marked(t, fmt.Sprintf("/to/%d", i), list))
		}
	}
	what := when(r.time)
	if r.kind != kindMessage && r.conversation != "" {
		what = r.kind + ", " + what
	}
	p.raw("<span>%s</span>", shown(what))
	if r.direction != "" && r.direction != "unknown" {
		p.raw("<span>%s</span>", shown(r.direction))
	}
	p.raw("<span class=\"no\">%s</span></div>\n", shown(r.number))
	if r.text != "" {
		p.raw("<div class=\"text\">%s</div>\n", marked(r.text, "/text", list))
	}
	var rest string
	for _, f := range more(m) {
		if f.pointer == "/conversation" && r.conversation != "" {
			continue
		}
		rest += fmt.Sprintf("<span><i>%s</i> %s</span> · ", shown(label(f.pointer)), marked(f.text, f.pointer, list))
	}
	for _, a := range list {
		if a.Operator != redact.OpKeep && !has(m, a.Field) {
			rest += fmt.Sprintf("<span><i>%s</i> left out: %s</span> · ", shown(label(a.Field)), shown(done(a)))
		}
	}
	if rest != "" {
		p.raw("<div class=\"more\">%s</div>\n", rest[:len(rest)-len(" · ")])
	}
	p.raw("</div>\n")
	return p.err
}
