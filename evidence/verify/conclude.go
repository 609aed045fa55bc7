package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// conclude draws the report's verdict and sentences.
func (v *verifier) conclude() *Report {
	r := v.report
	if v.c.verdict() < CannotVerify && v.c.counted("entries of the custody log") == 0 {
		v.c.place().find(CannotVerify, "case", "holds nothing that could be verified", "")
	}
	v.always()
	v.c.fill(r)
	r.Verdict = r.Integrity
	if r.Integrity == BelowRequired {
		r.Integrity = Intact
	}
	r.Exit = r.Verdict.ExitCode()
	r.Sentences = r.sentences()
	return r
}

// NotReplayed is what a report says is not checked as long as no runs were made again.
const NotReplayed = "Whether the plugins, run again, would give the same records."

// Join adds what a further check of the same case came to: its verdict, findings,
// counts, sentences, and what it did not check instead of NotReplayed.
func (r *Report) Join(v Verdict, findings []Finding, checked []Count, notChecked, sentences []string) {
	r.Integrity = max(r.Integrity, v)
	r.Verdict = max(r.Verdict, v)
	r.Exit = r.Verdict.ExitCode()
	r.Findings = append(r.Findings, findings...)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return int(b.Verdict) - int(a.Verdict) })
	r.Checked = append(r.Checked, checked...)
	r.NotChecked = append(slices.DeleteFunc(r.NotChecked, func(s string) bool { return s == NotReplayed }), notChecked...)
	r.Sentences = append(r.sentences(), sentences...)
}

// always lists what is never checked here.
func (v *verifier) always() {
	for _, s := range []string{
		"Whether what was entered in the log is true or complete, and whether the evidence was genuine before it was received.",
		NotReplayed,
		"The keys under secrets/, and index.db, which is made from the rest and can be made again.",
	} {
		v.c.skip(s)
	}
}

// sentences say in plain words what the report comes to.
func (r *Report) sentences() []string {
	var s []string
	switch r.Verdict {
	case Intact, BelowRequired:
		s = append(s, "Everything that was checked is as it was recorded.")
	case CannotVerify:
		s = append(s, "Something could not be read or understood, so that this case cannot be called intact. The rest, as far as it was checked, is as it was recorded.")
	case Incomplete:
		s = append(s, "Something that the custody log names is missing. What is there is as it was recorded.")
	case Altered:
		s = append(s, "Something in this case is not as it was recorded.")
	case RolledBack:
		s = append(s, "The custody log is shorter than it once was: entries were removed, or an older copy of the case was put back.")
	case Forked:
		s = append(s, "The custody log is not the one that was signed or handed out: there are two histories under one name.")
	}
	if r.Log.Entries > 0 {
		s = append(s, fmt.Sprintf("The custody log has %d entries, from %s to %s by the clocks of the computers that wrote them.", r.Log.Entries, r.Log.First, r.Log.Last))
	}
	for _, a := range r.Anchors {
		s = append(s, a.sentence())
	}
	return append(s, r.Attestation.sentences(r.Log.Entries)...)
}

// sentence says what an anchor shows.
func (a Anchor) sentence() string {
	switch a.Type {
	case typeReceipt:
		return fmt.Sprintf("The first %d entries are those of the receipt that you gave: they have not changed since you received it.", a.Entries)
	case typeStamp:
		who := a.By
		if a.Subject != "" {
			who = a.Subject + "; certificate " + a.By
		}
		return fmt.Sprintf("The first %d entries existed on %s, says the time-stamping authority that you trust (%s): they have not changed since then. It does not say whose log it is.", a.Entries, a.Time, who)
	}
	return fmt.Sprintf("The first %d entries existed on %s, says the witness %s, and they continue all that it had seen of this log: they have not changed since then.", a.Entries, a.Time, a.By)
}

func (a Attestation) sentences(entries int64) []string {
	var s []string
	for _, c := range append([]Cover{{a.Level, a.Covered}}, a.Weaker...) {
		if text := c.sentence(); text != "" {
			s = append(s, text)
		}
	}
	if a.Tail > 0 && a.Level > Unattested {
		s = append(s, fmt.Sprintf("The last %d of %d entries came after every signature and are attested by nobody.", a.Tail, entries))
	}
	return s
}

// sentence is "" where anchors have sentences of their own.
func (c Cover) sentence() string {
	switch c.Level {
	case Unattested:
		return "Nobody has signed the log as it is: whoever can write to the case could have made it anew."
	case SelfAsserted:
		return fmt.Sprintf("The first %d entries are signed, by a key that only the case itself vouches for: whoever holds that key, or replaced the whole case, could have made it anew.", c.Covered)
	case Trusted:
		return fmt.Sprintf("The first %d entries are signed by a key that you trust: only its holder could have made them anew.", c.Covered)
	}
	return ""
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\ncase         %s\nlog          %s\nentries      %d\nroot         %s\nattestation  %s\n", r.Verdict, r.Case, r.Log.Origin, r.Log.Entries, r.Log.Root, r.Attestation.Level)
	for _, key := range r.Attestation.Keys {
		if !slices.ContainsFunc(r.Anchors, func(a Anchor) bool { return a.Type != typeReceipt && a.By == key }) {
			fmt.Fprintf(&b, "signed by    %s\n", key)
		}
	}
	for _, a := range r.Anchors {
		fmt.Fprintf(&b, "anchor       %s, %d entries%s\n", a.Object, a.Entries, a.said())
	}
	fmt.Fprintf(&b, "verified     %s\n\n", r.At.Format("2006-01-02 15:04:05 UTC"))
	for _, s := range r.Sentences {
		fmt.Fprintln(&b, s)
	}
	for _, part := range []struct {
		title   string
		remarks bool
	}{{"What is wrong", false}, {"Remarks", true}} {
		titled := false
		for _, f := range r.Findings {
			if (f.Verdict == Intact) != part.remarks {
				continue
			}
			if !titled {
				fmt.Fprintf(&b, "\n%s\n", part.title)
				titled = true
			}
			b.WriteString("  ")
			if !part.remarks {
				fmt.Fprintf(&b, "%s: ", f.Verdict)
			}
			fmt.Fprintf(&b, "%s %s", f.Object, f.What)
			if f.Detail != "" {
				fmt.Fprintf(&b, " (%s)", f.Detail)
			}
			b.WriteByte('\n')
		}
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "  and %d more that are not listed\n", r.More)
	}
	b.WriteString("\nChecked\n")
	for _, c := range r.Checked {
		fmt.Fprintf(&b, "  %d %s", c.N, c.What)
		if c.Bytes > 0 {
			fmt.Fprintf(&b, ", %d bytes", c.Bytes)
		}
		b.WriteByte('\n')
	}
	b.WriteString("\nNot checked\n")
	for _, s := range r.NotChecked {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// JSON returns the report as one JSON object, indented, with a newline.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
