package publish

import (
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

// maxTexts is how many records get a text file of their own: a bundle has a million files
// at most, and nobody opens more. Beyond, load/ has the texts in a column.
const maxTexts = 20_000

// textName is the file of a record's text.
func textName(number string) string { return "texts/" + number + ".txt" }

// texts writes a text file for each record.
func (b *builder) texts() error {
	if b.report.Records > maxTexts {
		b.remark("there are no files in texts/, since there are more than %s records; load/%s.dat has the text of each in the column EXTRACTEDTEXT", plain.Number(maxTexts), b.report.Prefix)
		return nil
	}
	return b.db.records(byNumber, func(r *row, list []redact.Applied) error {
		body, err := b.text(r, list)
		if err != nil {
			return err
		}
		b.report.Texts++
		return b.add(textName(r.number), func(w io.Writer) error {
			_, err := io.WriteString(w, body)
			return err
		})
	})
}

// text is a record for reading: what it is, what it says, what was done in it.
func (b *builder) text(r *row, list []redact.Applied) (string, error) {
	m, err := decode(r.body)
	if err != nil {
		return "", err
	}
	var t strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&t, "%-14s%s\n", name, strings.ReplaceAll(value, "\n", "\n              "))
		}
	}
	if b.q.Draft {
		t.WriteString("DRAFT: not checked, not released\n\n")
	}
	line("Number", r.number)
	line("Kind", r.kind)
	line("Time", when(r.time))
	line("Service", r.service)
	line("From", r.sender)
	line("To", r.recipients)
	line("Direction", r.direction)
	for _, f := range more(m) {
		line(label(f.pointer), f.text)
	}
	if r.text != "" {
		t.WriteString("\n" + r.text + "\n")
	}
	if len(list) > 0 {
		t.WriteString("\nRedacted in this document\n")
		for _, a := range list {
			fmt.Fprintf(&t, "  %s: %s\n", label(a.Field), done(a))
		}
	}
	return t.String(), nil
}

// done says what was done, and why.
func done(a redact.Applied) string {
	out := word(a.Category) + ", " + word(a.Operator)
	if why := reason(a); why != "" {
		out += " (" + why + ")"
	}
	return out
}

// word is a word of a format as people read it.
func word(s string) string { return strings.ReplaceAll(s, "_", " ") }

// when is a time for people.
func when(rfc3339 string) string {
	if rfc3339 == "" {
		return "(not stated)"
	}
	return strings.Replace(strings.TrimSuffix(rfc3339, "Z"), "T", " ", 1) + " UTC"
}
