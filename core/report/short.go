package report

import (
	"fmt"
	"strings"
)

// short puts the report into a few sentences.
func (m *maker) short() {
	p := &m.page
	say := func(format string, args ...any) { p.Short = append(p.Short, fmt.Sprintf(format, args...)) }
	switch n := len(p.Received.Items); n {
	case 0:
		say("Nothing has been received.")
	case 1:
		it := p.Received.Items[0]
		from := ""
		if it.Source != "" {
			from = " (" + it.Source + ")"
		}
		say("One exhibit, %s%s, was received on %s: %s.", it.Exhibit, from, it.When, count(p.Received.Total, "file"))
	default:
		say("%s were received, the first on %s: %s.", count(int64(n), "exhibit"), p.Received.Items[0].When, count(p.Received.Total, "file"))
	}
	say("%s: %s", p.Verdict.Name, p.Verdict.Plain)
	if p.Found.Records > 0 {
		var kinds []string
		for _, k := range p.Found.Kinds {
			kinds = append(kinds, number(k.N)+" "+lower(k.Label))
		}
		say("%s were read: %s.", count(p.Found.Records, "record"), strings.Join(kinds, ", "))
	} else {
		say("No record was read.")
	}
	for _, c := range p.Analysed.Claims {
		if c.Short {
			say("%s", c.Text)
		}
	}
	if t := p.Analysed.Test; t != nil {
		say("%s", t.Claim.Text)
	}
	for _, s := range p.Found.Selections {
		say("%s fit the selection “%s”.", count(s.Hits, "record"), s.Name)
	}
	if u := &p.Unread; u.Affected > 0 {
		var parts []string
		for _, g := range u.Groups {
			parts = append(parts, number(g.N)+" "+lower(g.Title))
		}
		say("Of %s, those taken out of archives included, %s were not or not wholly read: %s.", count(u.Artifacts, "file"), number(u.Affected), strings.Join(parts, "; "))
	} else if u.Artifacts > 0 {
		say("Every file was read whole.")
	}
}

// lower lets a heading stand inside a sentence; abbreviations stay.
func lower(s string) string {
	if len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
