package publish

import (
	"fmt"
	"io"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

// maxLog is how many lines a printed log has: more cannot be read. The CSV has all.
const maxLog = 20_000

const redactionLog = "SELECT r.number, r.kind, d.place, d.category, d.class, d.operator, d.reason, d.basis, d.decider FROM redaction d JOIN record r ON r.n = d.n ORDER BY d.n, d.i"

// log writes the redaction log: document, place, category, basis, who decided. Never a
// value, and never how long one was.
func (b *builder) log() error {
	lines := func(f func(cells []string) error) error {
		return b.db.query(redactionLog, func(s *sqlite3.Stmt) error {
			cells := make([]string, 9)
			for i := range cells {
				cells[i] = s.ColumnText(i)
			}
			return f(cells)
		})
	}
	err := b.add(logFile, func(w io.Writer) error {
		if err := writeCSV(w, true, "document", "kind", "place", "category", "class", "operator", "reason", "basis", "decided_by", "draft"); err != nil {
			return err
		}
		return lines(func(c []string) error { return writeCSV(w, false, append(c, b.stamp())...) })
	})
	if err != nil {
		return err
	}
	return b.html(logPage, "Redaction log", func(p *page) {
		p.raw("<h1>Redaction log</h1>\n<p class=\"lead\">What was redacted, document by document: where, what sort of thing it was, why, and who decided. What it said is not here.</p>\n")
		p.facts(b.heads()...)
		p.head("Document", "Place", "What", "Done", "Basis", "Decided by")
		n := b.rows(p, lines, func(c []string) []string {
			return []string{c[0], label(c[2]), word(c[3]) + " (" + c[4] + ")", word(c[5]), reason(redact.Applied{Reason: c[6], Basis: c[7]}), decider(c[8])}
		})
		p.tail()
		cut(p, n, logFile)
	})
}

// heads is what stands at the head of every page for the file.
func (b *builder) heads() [][2]string {
	numbers := ""
	if b.report.Records > 0 {
		numbers = b.report.First + " to " + b.report.Last + ", " + plain.Count(b.report.Records, "document")
	}
	return [][2]string{
		{"Case", b.q.Case}, {"For", b.q.Recipient}, {"Policy", b.q.Policy.Name + titled(b.q.Policy.Title)}, {"Basis", b.q.Policy.Basis}, {"Documents", numbers},
	}
}

func titled(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// rows writes lines of a log as a table, and counts them.
func (b *builder) rows(p *page, lines func(func([]string) error) error, cells func([]string) []string) int64 {
	n := int64(0)
	err := lines(func(c []string) error {
		if n++; n <= maxLog {
			p.cells(cells(c)...)
		}
		return p.err
	})
	if p.err == nil {
		p.err = err
	}
	return n
}

func cut(p *page, n int64, file string) {
	switch {
	case n == 0:
		p.raw("<p>None.</p>\n")
	case n > maxLog:
		p.raw("<p><b>This list ends here, after %s of %s lines. All of it is in %s beside it.</b></p>\n", plain.Number(maxLog), plain.Number(n), file)
	}
}

// decider is who decided, in words.
func decider(by string) string {
	switch by {
	case redact.ByAuto:
		return "by rule"
	case redact.ByPending:
		return "nobody yet"
	}
	return by
}

// withheld writes the withhold log: what is not produced at all, told by where the log
// commits to it.
func (b *builder) withheld() error {
	lines := func(f func(cells []string) error) error {
		return b.src.Withheld(b.ctx, b.q.Choose, func(w redact.Withheld) error {
			return f([]string{
				fmt.Sprintf("entry %d, run %d, record %d", w.Entry, w.Run, w.Leaf), w.Kind, w.Category, w.Basis, w.By,
			})
		})
	}
	err := b.add(withheldFile, func(w io.Writer) error {
		if err := writeCSV(w, true, "document", "kind", "category", "basis", "decided_by", "draft"); err != nil {
			return err
		}
		return lines(func(c []string) error {
			b.report.Withheld++
			return writeCSV(w, false, append(c, b.stamp())...)
		})
	})
	if err != nil {
		return err
	}
	return b.html(withheldPage, "Withhold log", func(p *page) {
		p.raw("<h1>Withhold log</h1>\n<p class=\"lead\">Records that are in the scope of this production and not produced at all. Each is named by where the custody log commits to it, so that it can be asked for, and by nothing that it says.</p>\n")
		p.facts(b.heads()...)
		p.head("Record", "Kind", "Category", "Basis", "Decided by")
		n := b.rows(p, lines, func(c []string) []string { return []string{c[0], c[1], word(c[2]), c[3], decider(c[4])} })
		p.tail()
		cut(p, n, withheldFile)
	})
}

// originals writes what links each document to its original: a salted hash, which says
// nothing to whoever has not the original with its salt.
func (b *builder) originals() error {
	return b.add(originalsFile, func(w io.Writer) error {
		if err := writeCSV(w, false, "number", "entry", "run", "leaf", "leaf_hash"); err != nil {
			return err
		}
		return b.db.query("SELECT number, entry, run, leaf, leaf_hash FROM record ORDER BY n", func(s *sqlite3.Stmt) error {
			return writeCSV(w, false, s.ColumnText(0), strconv.FormatInt(s.ColumnInt64(1), 10), strconv.FormatInt(s.ColumnInt64(2), 10), strconv.FormatInt(s.ColumnInt64(3), 10), s.ColumnText(4))
		})
	})
}
