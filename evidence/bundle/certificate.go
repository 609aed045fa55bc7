package bundle

import (
	"encoding/json"
	"strings"
)

// blank is where a person must write.
const blank = "[__________]"

// caseValues are what the case has for a certificate, by name; docs/formats/certificate.md
// lists them. What the case does not say is "".
func (a *About) caseValues() map[string]string {
	var exhibits []string
	for _, x := range a.Exhibits {
		exhibits = append(exhibits, join(", ", x.Number, x.Description)+": received "+join(" to ", x.Received, x.Ended)+
			", "+number(x.Files)+" files, "+number(x.Bytes)+" bytes (log entry "+number(x.Entry)+")")
	}
	return map[string]string{
		"case":            a.name(),
		"authority":       join(" ", a.AuthorityType, a.AuthorityNumber),
		"exhibits":        strings.Join(exhibits, "\n"),
		"contents":        a.contents(),
		"recipient":       a.Recipient,
		"purpose":         a.Purpose,
		"program":         join(" ", a.Tool, a.Version),
		"program_sha256":  strings.TrimPrefix(a.Program, "sha256:"),
		"manifest_sha256": a.Manifest,
		"log":             a.Origin,
		"entry":           number(a.Entry),
		"checkpoint":      number(a.Size) + " entries, root " + a.Root,
		"name":            a.Examiner,
		"organisation":    a.Organisation,
		"role":            a.Role,
	}
}

// Certificate is a draft after a pack, as far as the case fills it. open are what a person
// must add before it can be signed, in the order of the pack's fields.
func Certificate(a About, p Pack) (text []byte, open []string) {
	known := a.caseValues()
	var pairs []string
	for _, f := range p.Fields {
		v := ""
		if f.Case != "" {
			v = known[f.Case]
		}
		switch {
		case v != "":
		case f.Optional:
			v = f.Otherwise
		default:
			open = append(open, f.Ask)
			v = orElse(f.Otherwise, blank)
		}
		pairs = append(pairs, "{"+f.Name+"}", lines(v))
	}
	// One pass: values are not looked through for names again.
	body := strings.NewReplacer(pairs...).Replace(strings.Join(p.Text, "\n"))
	var b strings.Builder
	b.WriteString(draftHead + p.Title + "\n(" + p.Jurisdiction + ")\nAfter: " + strings.Join(p.Sources, "; ") + "\n\n" + draftNote)
	if len(open) > 0 {
		b.WriteString("TO BE FILLED IN BEFORE IT CAN BE SIGNED\n")
		for _, ask := range open {
			b.WriteString("[ ] " + ask + "\n")
		}
	}
	b.WriteString("\n------------------------------------------------------------------------\n\n" + body + "\n")
	return []byte(b.String()), open
}

const (
	draftHead = "DRAFT — NOT SIGNED, NOT A CERTIFICATE YET\n\n"
	draftNote = `This draft was filled in by a program from what the case says. A qualified person
must check it against the rule and against what was done, complete and sign it.
It says nothing of whether a court will admit anything.

`
)

// lines makes a text of several lines safe to show; they stand under one another.
func lines(text string) string {
	parts := strings.Split(text, "\n")
	for i, p := range parts {
		parts[i] = Printable(p)
	}
	return strings.Join(parts, "\n   ")
}

// CertificateFacts is what the case says as data, for certificates of other kinds, and what
// each of the drafts lacks.
func CertificateFacts(a About, packs []Pack) ([]byte, error) {
	facts := map[string]any{"v": 1, "remark": "What the case says, for whoever writes a certificate. Nothing here was checked by a person, and nothing is claimed of what a court will admit."}
	for name, value := range a.caseValues() {
		if value != "" && name != "exhibits" {
			facts[name] = value
		}
	}
	facts["exhibits"] = a.Exhibits
	open := map[string]any{}
	for _, p := range packs {
		_, list := Certificate(a, p)
		open[p.ID] = list
	}
	facts["to_be_filled_in"] = open
	b, err := json.MarshalIndent(facts, "", "  ")
	return append(b, '\n'), err
}
