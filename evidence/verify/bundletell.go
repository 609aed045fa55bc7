package verify

import (
	"fmt"
	"io"
	"strings"
)

// tell writes the sentences of a report, for readers who are no engineers.
func (r *BundleReport) tell(c *bundleCheck) {
	said := map[Verdict]string{
		Intact:        "Everything in this bundle is as its list of files and its custody log say.",
		BelowRequired: "Everything in this bundle is as its list of files and its custody log say.",
		CannotVerify:  "This could not be checked as a whole, so that it cannot be called intact.",
		Incomplete:    "Something that belongs to this bundle is missing. What is there is as it was recorded.",
		Altered:       "Something in this bundle is not as it was recorded.",
		RolledBack:    "The custody log in this bundle is shorter than a receipt says: the bundle is older than the receipt, or entries were removed.",
		Forked:        "The custody log in this bundle is not the one of the receipt: there are two histories under one name.",
	}
	r.Sentences = append(r.Sentences, said[r.Verdict], r.Attestation.sentence(r.Log.Entries, len(r.Anchors)))
	for _, seq := range c.followed {
		r.Sentences = append(r.Sentences, fmt.Sprintf("A key that you trust handed the log over to another one in entry %d, and both signed that: the other one counts as trusted too.", seq))
	}
	if len(c.o.Trust)+len(c.o.Receipts)+len(c.o.TSACerts)+len(c.o.Witnesses) == 0 && r.Attestation.Level > Unattested {
		r.Sentences = append(r.Sentences, "To know more, compare with a key (--trust) or a receipt (--receipt) that you have by another way than this bundle.")
	}
	r.NotChecked = append(r.NotChecked,
		"Whether what was entered in the log is true or complete, and whether the evidence was genuine before it was received.",
		"Whether what was handed out is all that there is.",
		"Times, words on how files were made, reports, tables and exports in the bundle: that they are as listed and signed, and no more.",
	)
	if c.transfers > 0 {
		r.NotChecked = append(r.NotChecked, fmt.Sprintf("Signatures under statements of transfer (%d entries of the log): statement and signature stand in custody/openings.jsonl where they are disclosed, for ssh-keygen -Y verify -n %s.", c.transfers, transferNamespace))
	}
	if c.anchors.stamps > 0 {
		r.NotChecked = append(r.NotChecked, notRevoked)
	}
	if n := c.anchors.enclosed; n > 0 {
		r.NotChecked = append(r.NotChecked, fmt.Sprintf("%d time stamps or cosigned checkpoints that are enclosed: give the authority's certificate (--tsa-cert) or the witness's key (--witness).", n))
	}
}

func (a BundleAttestation) sentence(entries int64, anchors int) string {
	switch a.Level {
	case SelfAsserted:
		return "It is signed by a key that only the bundle itself names: whoever made the bundle could have made everything in it anew."
	case Trusted:
		return fmt.Sprintf("The first %d of %d entries of its log are signed by a key that you trust: only its holder could have made them anew.", a.Covered, entries)
	case Anchored:
		if anchors > 0 {
			return fmt.Sprintf("The first %d of %d entries of its log are those of a receipt that you gave, or existed when somebody outside whom you named stamped or cosigned them: they have not changed since.", a.Covered, entries)
		}
		return fmt.Sprintf("The first %d of %d entries of its log are those of the receipt that you gave: they have not changed since you received it.", a.Covered, entries)
	}
	return "Nobody vouches for it: no signature over its custody log could be checked."
}

// Text writes the report for people.
func (r *BundleReport) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Verdict)
	for _, s := range r.Sentences {
		fmt.Fprintln(&b, s)
	}
	fmt.Fprintf(&b, "\nlog          %s\nentries      %d\nroot         %s\nattestation  %s\n", r.Log.Origin, r.Log.Entries, r.Log.Root, r.Attestation.Level)
	for _, key := range r.Attestation.Keys {
		fmt.Fprintf(&b, "signed by    %s\n", key)
	}
	for _, a := range r.Anchors {
		fmt.Fprintf(&b, "anchored     %s: the first %d entries, by %s (%s)\n", a.Time, a.Entries, a.By, a.Type)
	}
	if len(r.Findings) > 0 {
		b.WriteString("\nWhat is wrong\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s: %s %s (%s)\n", bundleVerdict(f.Code), f.Object, f.What, f.Code)
	}
	k := r.Checked
	fmt.Fprintf(&b, "\nChecked\n  %d files, %d bytes; %d openings, %d members of sets, %d records, %d checkpoints, %d receipts, %d anchors\n\nNot checked\n", k.Files, k.Bytes, k.Openings, k.Members, k.Records, k.Checkpoints, k.Receipts, k.Anchors)
	for _, s := range r.NotChecked {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
