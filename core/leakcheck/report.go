package leakcheck

import (
	"fmt"
	"math"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/plain"
)

// Verdict is what a check comes to.
type Verdict string

const (
	// Releasable is that nothing was found, and everything was read.
	Releasable Verdict = "RELEASABLE"
	// Leak is that a value, an end of a number or a hash of a value was found.
	Leak Verdict = "LEAK"
	// NotChecked is that nothing was found, but not everything could be read, or there was nothing to look for.
	NotChecked Verdict = "NOT CHECKED"
)

// Surface is where something was found.
type Surface string

// The surfaces.
const (
	InContent   Surface = "content"
	InName      Surface = "name"
	InStructure Surface = "archive"
)

// Finding is one place at which something was found. It never holds the value.
type Finding struct {
	// Place is a file's name; what lies in an archive stands behind "!", what stands in base64
	// behind "@" and where it begins.
	Place   string  `json:"place"`
	Surface Surface `json:"surface"`
	// Offset is counted in bytes from the beginning of place.
	Offset   int64  `json:"offset"`
	Encoding string `json:"encoding"`
	// Needle is the value's number in the list of values, from 1.
	Needle   int64  `json:"needle"`
	Category string `json:"category"`
	Found    Kind   `json:"found"`
	// Certain is false of values so short or so common that they may stand there by chance.
	Certain bool `json:"certain"`
}

// Unread is what could not be checked.
type Unread struct {
	Place string `json:"place"`
	Why   string `json:"why"`
}

// Looks is something that looks personal by its form.
type Looks struct {
	Place    string `json:"place"`
	Offset   int64  `json:"offset"`
	Category string `json:"category"`
	Sure     bool   `json:"sure"`
}

// Report is what a check found. It holds no value, nothing of this computer and no time, so
// that it can be handed out.
type Report struct {
	Format string `json:"format"`
	// Of names what was checked; "" in a report that lies in it.
	Of       string       `json:"of,omitempty"`
	Verdict  Verdict      `json:"verdict"`
	Values   NeedleCounts `json:"values"`
	Searched Searched     `json:"searched"`
	// Counts are of all findings: those that are certain, and the others.
	Counts Counts `json:"counts"`
	// Abridged: what is uncertain, and what looks like something, is not told here (ForRecipient).
	Abridged bool `json:"abridged"`
	// Findings, Uncertain and NotChecked are at most 1,000 each, the first.
	Findings  []Finding `json:"findings"`
	Uncertain []Finding `json:"uncertain"`
	Unread    []Unread  `json:"not_checked"`
	LooksLike []Looks   `json:"looks_like"`
	Ways      []string  `json:"ways"`
	Limits    []string  `json:"limits"`
	Sentences []string  `json:"sentences"`
}

// Searched is what was read.
type Searched struct {
	Files int64 `json:"files"`
	// Own are files of the program itself, told by their digest: what stands in them is not counted.
	Own int64 `json:"own"`
	// Nested are archives' members, parts of mails and streams.
	Nested int64 `json:"nested"`
	Names  int64 `json:"names"`
	Bytes  int64 `json:"bytes"`
}

// Counts are numbers of findings.
type Counts struct {
	Certain    int64            `json:"certain"`
	Uncertain  int64            `json:"uncertain"`
	NotChecked int64            `json:"not_checked"`
	LooksLike  int64            `json:"looks_like"`
	Values     int64            `json:"values"` // different ones that were found for certain
	ByCategory map[string]int64 `json:"by_category"`
	ByEncoding map[string]int64 `json:"by_encoding"`
	ByKind     map[Kind]int64   `json:"by_kind"`
	// Chance is how many ends of numbers would be expected in other numbers by chance, in thousandths.
	Chance int64 `json:"chance_thousandths"`
	found  map[int64]bool
}

// format names the report's form.
const format = "exhibit-leakcheck 1"

func newReport(n *Needles) *Report {
	return &Report{
		Format: format, Values: n.counts, Findings: []Finding{}, Uncertain: []Finding{}, Unread: []Unread{}, LooksLike: []Looks{}, Ways: ways(), Limits: limits(),
		Counts: Counts{ByCategory: map[string]int64{}, ByEncoding: map[string]int64{}, ByKind: map[Kind]int64{}, found: map[int64]bool{}},
	}
}

// ForRecipient is the report as it goes with what was checked. Places at which words stand
// that may be values are not in it, nor how many they are: whoever has the file would read
// there what the values are.
func (r *Report) ForRecipient() *Report {
	out := *r
	out.Abridged = true
	out.Uncertain, out.LooksLike = []Finding{}, []Looks{}
	out.Counts.Uncertain, out.Counts.LooksLike = 0, 0
	out.Sentences = out.sentences()
	return &out
}

func (r *Report) add(f Finding) {
	r.count(f, 1)
	if list := &r.Findings; f.Certain && len(*list) < maxFindings {
		*list = append(*list, f)
	}
	if list := &r.Uncertain; !f.Certain && len(*list) < maxFindings {
		*list = append(*list, f)
	}
}

// count counts n findings like f.
func (r *Report) count(f Finding, n int64) {
	if !f.Certain {
		r.Counts.Uncertain += n
		return
	}
	r.Counts.Certain += n
	r.Counts.ByCategory[f.Category] += n
	r.Counts.ByEncoding[f.Encoding] += n
	r.Counts.ByKind[f.Found] += n
	r.Counts.found[f.Needle] = true
}

func (r *Report) notChecked(place, why string) {
	r.Counts.NotChecked++
	if len(r.Unread) < maxFindings {
		r.Unread = append(r.Unread, Unread{place, why})
	}
}

func (r *Report) detected(category string, sure bool, place string, offset int64) {
	r.Counts.LooksLike++
	if len(r.LooksLike) < maxFindings {
		r.LooksLike = append(r.LooksLike, Looks{place, offset, category, sure})
	}
}

func (r *Report) conclude(chance float64) {
	r.Counts.Values = int64(len(r.Counts.found))
	r.Counts.Chance = int64(math.Ceil(min(chance, 1e12) * 1000))
	switch {
	case r.Counts.Certain > 0:
		r.Verdict = Leak
	case r.Counts.NotChecked > 0, r.Values.Searched == 0:
		r.Verdict = NotChecked
	default:
		r.Verdict = Releasable
	}
	r.Sentences = r.sentences()
}

// sentences say it in words.
func (r *Report) sentences() []string {
	var s []string
	switch r.Verdict {
	case Leak:
		s = append(s, fmt.Sprintf("Found: %s of those that must not be in it, at %s.", plain.Count(r.Counts.Values, "value"), plain.Count(r.Counts.Certain, "place")))
	case NotChecked:
		if r.Values.Searched == 0 {
			s = append(s, "There was no value that could be looked for with certainty: nothing is shown.")
		} else {
			s = append(s, "None of the values that were looked for was found, but not everything could be read.")
		}
	case Releasable:
		s = append(s, "None of the values that were looked for was found.")
	}
	s = append(s, fmt.Sprintf("Looked for: %s, in %s (%s), %s, and %s within these.", plain.Count(r.Values.Searched, "value"), plain.Count(r.Searched.Files, "file"), plain.Count(r.Searched.Bytes, "byte"), plain.Count(r.Searched.Names, "name"), plain.Count(r.Searched.Nested, "file")))
	if n := r.Searched.Own; n > 0 {
		s = append(s, fmt.Sprintf("Of the program itself, byte for byte, and without anything of the case: %s.", plain.Count(n, "file")))
	}
	if n := r.Values.Uncertain; n > 0 {
		s = append(s, fmt.Sprintf("Too short or too common to be searched this way, and looked for as whole words: %s.", plain.Count(n, "value")))
	}
	if r.Abridged {
		s = append(s, "Where such a word stands was shown to whoever made this, and is not said here: it would tell what the values are.")
	}
	if n := r.Counts.Uncertain; n > 0 {
		s = append(s, fmt.Sprintf("To be looked at by a person: %s, where something stands that may be a value or an ordinary word.", plain.Count(n, "place")))
	}
	if n := r.Values.Unsearchable; n > 0 {
		s = append(s, fmt.Sprintf("Not searched, since they are single characters or have no letter or digit: %s.", plain.Count(n, "value")))
	}
	if n := r.Counts.ByKind[Part]; n > 0 {
		s = append(s, fmt.Sprintf("Only the end of a number: at %s; by chance alone about %.1f would be expected.", plain.Count(n, "place"), float64(r.Counts.Chance)/1000))
	}
	if n := r.Counts.NotChecked; n > 0 {
		s = append(s, fmt.Sprintf("Not read, or not wholly: %s.", plain.Count(n, "thing")))
	}
	if n := r.Counts.LooksLike; n > 0 {
		s = append(s, fmt.Sprintf("Personal by their form, though none of the values stands there: %s.", plain.Count(n, "place")))
	}
	return s
}

// ways are what was done, for whoever reads the report.
func ways() []string {
	return []string{
		"Each value as it was written and in its canonical spelling, capitals and small letters of ASCII alike, in UTF-8, UTF-16 (both byte orders), GB18030 and Big5.",
		"With the escapes of JSON, programs, HTML and URLs undone, also twice over; quoted-printable undone; full-width forms and invisible characters taken back; across HTML tags within a line.",
		"In base64 and its form for URLs at every alignment and across line ends, and in hexadecimal of either case; in one another up to 3 deep.",
		"Numbers of 7 digits or more in groups, full-width or as Han numerals, and the last 7 or more digits of a longer one where they stand by themselves, as the index of a database leaves them.",
		"Before the @ of an e-mail address, where that is 8 characters or more with a digit.",
		"MD5, SHA-1, SHA-256 and SHA-512 of each value, whole or from their first 8 bytes on, and CRC-32 where it stands by itself, in hexadecimal, base64 and as bytes.",
		"In all bytes of every file, databases with their free pages and journals among them; names; headers and gaps of archives; members of ZIP, gzip, bzip2 and zstd files, parts of mails, streams of PDF files, and archives that stand in base64.",
	}
}

func limits() []string {
	return []string{
		"A value that is not on the list, and one in another spelling, translated, described or drawn.",
		"Fewer than 7 digits of a number; a part of a value that is no number; values of more than 48 characters by their first 48 only.",
		"The end of a number where it is a JSON number, a date, or within a hexadecimal number, as sizes and digests are; a number of 7 to 10 digits within a longer one.",
		"Values of fewer than 6 bytes in base64 or hexadecimal; what is compressed or enciphered in a way that is not named above; what can be seen in pictures.",
		"Who is meant, where it follows from what is left.",
	}
}

// Text writes the report for a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Verdict)
	for _, s := range r.Sentences {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	list := func(title string, findings []Finding, all int64) {
		if all == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, f := range findings[:min(20, len(findings))] {
			fmt.Fprintf(&b, "  %s, %s at byte %d: %s no. %d (%s), in %s\n", f.Place, f.Surface, f.Offset, f.Found, f.Needle, f.Category, f.Encoding)
		}
		if all > 20 {
			fmt.Fprintf(&b, "  and %d more\n", all-20)
		}
	}
	list("Found", r.Findings, r.Counts.Certain)
	list("Too short or too common to be sure", r.Uncertain, r.Counts.Uncertain)
	if r.Counts.NotChecked > 0 {
		fmt.Fprintf(&b, "\nNot checked\n")
		for _, u := range r.Unread[:min(20, len(r.Unread))] {
			fmt.Fprintf(&b, "  %s: %s\n", u.Place, u.Why)
		}
		if n := r.Counts.NotChecked; n > 20 {
			fmt.Fprintf(&b, "  and %d more\n", n-20)
		}
	}
	return b.String()
}
