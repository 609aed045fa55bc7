package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// verdict puts the second opinion into words.
func (m *maker) verdict() {
	v := &m.page.Verdict
	for _, cp := range m.seals {
		text := count(cp.Size, "entry")
		if parsed, err := custody.ParseCheckpoint(cp.Note); err == nil {
			text += fmt.Sprintf(", root %x, signed by %s", parsed.Root, strings.Join(parsed.Signers, ", "))
		}
		v.Seals = append(v.Seals, text)
	}
	r := m.o.Verdict
	if r == nil {
		v.Class, v.Name = "warn", "NOT VERIFIED"
		v.Plain = "Whether the evidence and the log are unchanged was not checked when this report was made."
		return
	}
	v.Done, v.Name = true, r.Integrity.String()
	v.Sentences, v.NotChecked, v.More = r.Sentences, r.NotChecked, r.More
	v.Entries, v.Root = r.Log.Entries, r.Log.Root
	v.Findings = r.Findings
	if len(v.Findings) > 100 {
		v.More += int64(len(v.Findings) - 100)
		v.Findings = v.Findings[:100]
	}
	for _, c := range r.Checked {
		value := number(c.N)
		if c.Bytes > 0 {
			value += ", " + size(c.Bytes)
		}
		v.Checked = append(v.Checked, Fact{c.What, value})
	}
	switch {
	case r.Integrity == verify.Intact && r.Attestation.Tail == 0 && r.Attestation.Covered > 0:
		v.Class, v.Plain = "good", "Everything that was checked is as it was recorded, and the whole log is signed."
	case r.Integrity == verify.Intact && r.Attestation.Covered > 0:
		v.Class, v.Plain = "good", fmt.Sprintf("Everything that was checked is as it was recorded. The last %s of the log came after the last signature.", count(r.Attestation.Tail, "entry"))
	case r.Integrity == verify.Intact:
		v.Class, v.Plain = "good", "Everything that was checked is as it was recorded. The log has not been signed: that it was not replaced as a whole rests on the word of whoever keeps it."
	case r.Integrity == verify.CannotVerify:
		v.Class, v.Plain = "warn", "Something could not be read or understood, so that it cannot be said to be unchanged."
	default:
		v.Class, v.Plain = "bad", "Something is NOT as it was recorded. The findings below say what. Do not rely on this report before they are explained."
	}
}

// limits says what the report does not show.
func (m *maker) limits() {
	add := func(title, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		if i := slices.IndexFunc(m.page.Limits, func(l Limit) bool { return l.Title == title }); i >= 0 {
			m.page.Limits[i].Texts = append(m.page.Limits[i].Texts, text)
			return
		}
		m.page.Limits = append(m.page.Limits, Limit{title, []string{text}})
	}
	add("Who acted", "A record says what a file says. That an account, number or address belongs to a certain person, or that this person wrote something, does not follow from it.")
	add("Whether it is complete", "The report covers what was received. What was never logged, was deleted before, or was not handed over is not in it.")
	add("Whether it is genuine", "Digests and signatures show that nothing changed since the evidence was received and the log was signed. They say nothing about what happened before.")
	for _, k := range sortedKeys(m.assumed) {
		n := m.assumed[k]
		word, rest, _ := strings.Cut(k, " ")
		switch word {
		case "zone":
			m.zoneLimit(rest, n, add)
		case "charset":
			basis, name, _ := strings.Cut(rest, " ")
			add("Character set", "In %s no character set is declared; %s was %s from the bytes. Where that is wrong, text is garbled rather than lost: the original bytes are kept.", count(n, "record"), name, basis)
		case "profile":
			add("Decryption", "%s were decrypted by the profile “%s”. Section 5 says where a profile is stated from memory of a publication and not checked against it.", count(n, "record"), visible(rest))
		case "partial":
			add("Files cut short", "%s come from files that were cut short. What followed in them is not known.", count(n, "record"))
		case "time":
			add("Form of times", "In %s the way of writing times was inferred from the values and not declared. Each such record is marked.", count(n, "record"))
		}
	}
	if m.untimed > 0 {
		add("Records without a time", "%s have no time, or one that cannot be read. They are in no chart over time.", count(m.untimed, "record"))
	}
	if n := len(m.state.Layouts); n > 0 {
		names := make([]string, 0, n)
		for _, l := range m.state.Layouts {
			names = append(names, "“"+visible(l.Name)+"”")
		}
		add("Meaning of columns", "Which column of a log holds what was stated by the examiner (%s). Lines that do not fit the statement were rejected, but a statement that fits can still be wrong.", short(names))
	}
	if u := &m.page.Unread; u.Artifacts > u.Whole {
		add("What was not read", "%s of %s were not, or not wholly, read (section 5). What they hold may change the picture.", number(u.Artifacts-u.Whole), count(u.Artifacts, "file"))
	}
	if len(m.state.Dangling) > 0 {
		add("Unfinished work", "%s announced in the log was not finished when this report was made.", count(int64(len(m.state.Dangling)), "piece")+" of work")
	}
	if len(m.o.Selections) > 0 {
		add("Choice", "The selections in section 4 were chosen by the examiner. Records that are not shown may say otherwise; all of them are in the case.")
	}
}

func short(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + fmt.Sprintf(" and %d more", len(names)-12)
	}
	return strings.Join(names, ", ")
}

func (m *maker) zoneLimit(rest string, n int64, add func(string, string, ...any)) {
	basis, zone, _ := strings.Cut(rest, " ")
	switch basis {
	case "assumed":
		add("Time zone", "In %s neither the source nor anybody states a time zone; UTC was ASSUMED. The true times may lie up to 14 hours away.", count(n, "record"))
	case "declared":
		add("Time zone", "The times of %s are written without a zone; they were read as %s, which was declared when the exhibit was received.", count(n, "record"), zone)
	case "layout":
		add("Time zone", "The times of %s are written without a zone; they were read as %s, which the examiner stated in a layout.", count(n, "record"), zone)
	}
}

// words explains what the report cannot avoid.
func (m *maker) words() {
	all := []Word{
		{"Exhibit", "Something received as a unit, with a number of its own: a disk, a folder, a file."},
		{"Digest, hash (SHA-256, SHA-1, MD5)", "A number computed from every byte of a file. Files with different content do not have the same SHA-256. Anyone can compute it again with free programs."},
		{"Record", "One message, call, account or other entry that was read from a file, with the bytes it came from."},
		{"Custody log", "The list of everything done in the case. Each entry contains the digest of the one before, so that none can be changed or removed later without its being seen."},
		{"Signed, sealed", "The state of the log was signed with a key. A receipt of it in other hands fixes that state: from then on, nothing before can be changed unseen."},
		{"Run", "One program reading one file under stated settings. The same run gives the same result again."},
		{"Rejected", "A line or row that is damaged or of another form and became no record. It is kept and listed, not dropped."},
		{"Time zone", "An offset from Universal Time (UTC). +08:00 means that the clock shows eight hours more than UTC."},
	}
	slices.SortFunc(all, func(a, b Word) int { return strings.Compare(a.Term, b.Term) })
	m.page.Words = all
}
