package publish

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// proves and provesNot are what a redacted production shows whoever receives it.
func proves() []string {
	return []string{
		"Every file is as it was handed out: VERIFY.html, verify.py and HOW-TO-VERIFY.txt show it, against the entry of the custody log that commits to all of them.",
		"Each document stands for one record that the custody log had committed to before it was redacted: originals.csv names the entry, the run and the leaf. The hash there is salted; if a court orders the original to be shown, `exhibit prove` of it gives the same leaf and hash, and so shows that it is this record and that nothing was changed since.",
		"The same letters and digits in a mark, as in [PHONE-7F3KQ2M9], stand for the same value, in every document of this production. A mark without them tells nothing.",
	}
}

func provesNot() []string {
	return []string{
		"That a document says what its original says but for the marks: the change was made by the program and policy named here, and whoever doubts it asks for the original with its proof.",
		"That everything personal was found. Known values (from structured fields) are replaced wherever they stand, in any spelling that the program knows. Names of people in free text are found by dictionary, context and review only: names may be left. Other things in a text may tell who somebody is.",
		"That nobody can be told again: records with marks instead of names are pseudonymised data, and personal data in the sense of the GDPR (Art. 4(5)).",
		"What else is in the case. Records in scope and not produced are in the withhold log; those out of scope are counted in report.html; whether there are others this does not show.",
	}
}

// page writes report.html: what this is, what was done, what follows from it.
func (b *builder) page() error {
	return b.html(reportFile, "Redacted production", func(p *page) {
		r := &b.report
		p.raw("<h1>Redacted production %s</h1>\n<p class=\"lead\">%s out of a case, with personal data redacted. Nothing in these files is an original: all were made anew from redacted values.</p>\n",
			shown(r.Prefix), shown(plain.Count(r.Records, "record")))
		p.facts(b.figures()...)
		p.raw("<h2>What is here</h2>\n")
		p.head("File", "What it is")
		for _, f := range b.inventory() {
			p.raw("<tr><td>%s</td><td>%s</td></tr>\n", linked(f[0]), shown(f[1]))
		}
		p.tail()
		p.raw("<h2>Records</h2>\n")
		p.head("Kind", "Records")
		for _, k := range slices.Sorted(maps.Keys(r.Kinds)) {
			p.cells(k, plain.Number(r.Kinds[k]))
		}
		p.tail()
		p.raw("<h2>What was redacted</h2>\n<p>Classes: <b>proven</b> by a check digit or by the field it stood in, <b>strong</b> by its form, <b>weak</b> by what stood around it, <b>review</b> where a person had to look.</p>\n")
		p.head("Category", "Done", "Class", "Decided", "Times")
		err := b.db.query("SELECT category, operator, class, CASE decider WHEN 'auto' THEN 'by rule' WHEN 'pending' THEN 'nobody yet' ELSE 'by a reviewer' END AS who, count(*) FROM redaction GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4", func(s *sqlite3.Stmt) error {
			p.cells(word(s.ColumnText(0)), word(s.ColumnText(1)), s.ColumnText(2), s.ColumnText(3), plain.Number(s.ColumnInt64(4)))
			return p.err
		})
		if p.err == nil {
			p.err = err
		}
		p.tail()
		if len(r.Tables) > 0 {
			p.raw("<h2>Tables</h2>\n<p>Records counted by what may tell people apart together. Groups of fewer than %d are not shown.</p>\n", b.q.Policy.Publish.K)
			p.head("File", "By", "Groups shown", "Records in them", "Groups not shown", "Records in them")
			for _, t := range r.Tables {
				p.cells(t.File, strings.Join(t.By, ", "), plain.Number(t.Groups), plain.Number(t.Rows), plain.Number(t.SuppressedGroups), plain.Number(t.SuppressedRows))
			}
			p.tail()
		}
		p.list("What this shows", proves())
		p.list("What it does not show", provesNot())
		if len(r.Remarks) > 0 {
			p.list("Remarks", r.Remarks)
		}
	})
}

// figures are the production's, behind what stands at the head of every page.
func (b *builder) figures() [][2]string {
	r := &b.report
	return append(
		b.heads(),
		[2]string{"Numbered before", again(r)},
		[2]string{"Conversations", plain.Number(r.Conversations)},
		[2]string{"Redactions", plain.Number(r.Redactions)},
		[2]string{"Found and kept", nonzero(r.Kept, "by rule or by a reviewer")},
		[2]string{"Out of scope", nonzero(r.OutOfScope, "records, not here")},
		[2]string{"Withheld", nonzero(r.Withheld, "records, not here: "+withheldFile)},
		[2]string{"Not decided", nonzero(r.Pending, "redactions that a reviewer has still to decide on")},
	)
}

// linked is the name of a file of the production, to be followed where it is one.
func linked(names string) string {
	var out []string
	first, _, _ := strings.Cut(names, ", ")
	for _, name := range strings.Split(names, ", ") {
		file := name
		if strings.HasPrefix(name, ".") {
			file = strings.TrimSuffix(first, path.Ext(first)) + name
		}
		out = append(out, fmt.Sprintf(`<a href="%s">%s</a>`, shown(file), shown(name)))
	}
	return strings.Join(out, ", ")
}

func (p *page) list(head string, lines []string) {
	p.raw("<h2>%s</h2>\n<ul>\n", shown(head))
	for _, l := range lines {
		p.raw("<li><p>%s</p></li>\n", shown(l))
	}
	p.raw("</ul>\n")
}

func nonzero(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return plain.Number(n) + " " + what
}

func again(r *Report) string {
	if r.Again == 0 {
		return ""
	}
	return plain.Count(r.Again, "record") + " under the same number as in an earlier production"
}

// inventory lists what is there.
func (b *builder) inventory() [][2]string {
	r := &b.report
	out := [][2]string{
		{reportFile, "this production on one page"},
		{conversationsFile, "everything for reading and printing, redactions marked"},
		{recordsFile, "the records, one JSON object a line, with number and redactions"},
		{tableFile, "the same as a table for spreadsheets"},
		{databaseFile, "the same as an SQLite database that can be searched: table record, full text in search"},
		{logFile + ", .html", "every redaction: document, place, category, basis, who decided"},
		{withheldFile + ", .html", "what is not produced at all"},
		{originalsFile, "which commitment of the custody log each document stands for"},
	}
	if r.Texts > 0 {
		out = append(out, [2]string{"texts/", "a text file for each record"})
	}
	if r.RSMF > 0 {
		out = append(out, [2]string{"rsmf/", "conversations for review platforms (Relativity Short Message Format 2.0), one file for each and day, named by its first document"})
	}
	out = append(out, [2]string{"load/" + r.Prefix + ".dat", "load file for review platforms (Concordance)"})
	for _, t := range r.Tables {
		out = append(out, [2]string{t.File, "counts in groups of " + plain.Number(int64(b.q.Policy.Publish.K)) + " and more"})
	}
	return append(out, [2]string{"leakcheck.json, .html", "what was looked for in all of these before they were handed out"}, [2]string{aboutFile, "numbers and names of this production, for programs"})
}

// readme writes README.txt.
func (b *builder) readme() error {
	return b.add(readmeFile, func(w io.Writer) error {
		var t strings.Builder
		if b.q.Draft {
			t.WriteString("DRAFT: NOT CHECKED AND NOT RELEASED. DO NOT HAND IT OUT.\n\n")
		}
		t.WriteString("REDACTED PRODUCTION " + b.report.Prefix + "\n\n")
		for _, h := range b.figures() {
			if h[1] != "" {
				fmt.Fprintf(&t, "%-18s%s\n", h[0], plain.Visible(h[1], plain.Showable))
			}
		}
		t.WriteString("\nBegin with report.html. Nothing in these files is an original: all were made\nanew from redacted values.\n\n")
		for _, f := range b.inventory() {
			fmt.Fprintf(&t, "%s\n", wrap(f[0], 26, f[1]))
		}
		t.WriteString("\nSEARCHING records.db (sqlite3 records.db, or any program for SQLite)\n\n  SELECT number, time, sender, text FROM record\n    WHERE n IN (SELECT rowid FROM search('\"three letters or more\"'));\n  SELECT number, time, sender, text FROM record WHERE text LIKE '%ab%';\n")
		for _, part := range []struct {
			head string
			list []string
		}{{"WHAT THIS SHOWS", proves()}, {"WHAT IT DOES NOT SHOW", provesNot()}, {"REMARKS", b.report.Remarks}} {
			if len(part.list) > 0 {
				t.WriteString("\n" + part.head + "\n\n")
			}
			for _, l := range part.list {
				t.WriteString(wrap("-", 4, l) + "\n")
			}
		}
		_, err := io.WriteString(w, t.String())
		return err
	})
}

// wrap writes text behind a name in lines as long as a mail is.
func wrap(name string, indent int, text string) string {
	const width = 78
	out, at := fmt.Sprintf("%-*s", indent, name), max(indent, len(name))
	if len(name) >= indent {
		out += " "
		at++
	}
	for i, w := range strings.Fields(text) {
		if i > 0 {
			if at+1+len(w) > width {
				out += "\n" + strings.Repeat(" ", indent)
				at = indent
			} else {
				out += " "
				at++
			}
		}
		out += w
		at += len(w)
	}
	return out
}

// about writes about.json. The policy's digest is not in it: a policy may hold the very
// terms that it redacts, and whoever knows the rest of it could try them.
func (b *builder) about() error {
	return b.add(aboutFile, func(w io.Writer) error {
		r := &b.report
		v := map[string]any{
			"format": 1, "prefix": r.Prefix, "draft": r.Draft, "first": r.First, "last": r.Last, "records": r.Records, "again": r.Again,
			"redactions": r.Redactions, "kept": r.Kept, "kinds": r.Kinds, "categories": r.Categories, "conversations": r.Conversations,
			"out_of_scope": r.OutOfScope, "withheld": r.Withheld, "pending": r.Pending, "texts": r.Texts, "rsmf": r.RSMF,
			"policy": map[string]any{"name": b.q.Policy.Name, "basis": b.q.Policy.Basis}, "load_values_changed": b.changed, "remarks": append([]string{}, r.Remarks...), "tables": append([]Table{}, r.Tables...),
		}
		line, err := evidence.Canonical(v)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		_, err = w.Write(append(line, '\n'))
		return err
	})
}
