package publish

import (
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/redact"
)

// A Concordance load file: fields between U+00FE, divided by U+0014, a line break in a field
// as U+00AE; UTF-8 with a byte order mark, lines ended by CR LF. The format has no way to
// write these three in a field.
const (
	datQuote   = "\u00fe"
	datBetween = "\x14"
	datBreak   = "\u00ae"
)

// load writes the load file: a document a record, with its text's file or its text.
func (b *builder) load() error {
	return b.add("load/"+b.report.Prefix+".dat", func(w io.Writer) error {
		names := []string{"BEGDOC", "ENDDOC", "DOCTYPE", "DATETIME", "FROM", "TO", "CONVERSATION", "SERVICE", "REDACTED", "REDACTIONS", "STATUS"}
		inline := b.report.Texts < b.report.Records
		if inline {
			names = append(names, "EXTRACTEDTEXT")
		} else {
			names = append(names, "TEXTPATH")
		}
		if err := b.dat(w, "\uFEFF", names); err != nil {
			return err
		}
		return b.db.records(byNumber, func(r *row, list []redact.Applied) error {
			yes := "N"
			if r.redactions > 0 {
				yes = "Y"
			}
			cells := []string{r.number, r.number, r.kind, r.time, r.sender, r.recipients, r.conversation, r.service, yes, strings.Join(categories(list), "; "), b.stamp()}
			if !inline {
				return b.dat(w, "", append(cells, `..\`+strings.ReplaceAll(textName(r.number), "/", `\`)))
			}
			t, err := b.text(r, list)
			if err != nil {
				return err
			}
			return b.dat(w, "", append(cells, t))
		})
	})
}

// dat writes a line of a load file.
func (b *builder) dat(w io.Writer, before string, cells []string) error {
	line := []byte(before)
	for i, c := range cells {
		if i > 0 {
			line = append(line, datBetween...)
		}
		if strings.ContainsAny(c, datQuote+datBetween+datBreak) {
			b.changed++
			c = strings.NewReplacer(datQuote, "(thorn)", datBetween, " ", datBreak, "(R)").Replace(c)
		}
		if strings.ContainsAny(c, "\r\n") {
			c = strings.NewReplacer("\r\n", datBreak, "\n", datBreak, "\r", datBreak).Replace(c)
		}
		line = append(line, datQuote+c+datQuote...)
	}
	_, err := w.Write(append(line, "\r\n"...))
	return err
}
