package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/core/keyring"
)

// Text writes the statement for a person: what needs attention one by one, the
// rest in sums.
func (r *Report) Text(w io.Writer) error {
	b := &strings.Builder{}
	r.keysText(b)
	for _, status := range statusOrder {
		if status == StatusRead || r.Totals.Status[status] == 0 {
			continue
		}
		fmt.Fprintf(b, "%s (%d)\n", headings[status], r.Totals.Status[status])
		shown := 0
		for i := range r.Artifacts {
			a := &r.Artifacts[i]
			if a.Status != status {
				continue
			}
			if shown++; shown > 50 {
				fmt.Fprintf(b, "  … and %d more; --json lists all\n", r.Totals.Status[status]-50)
				break
			}
			a.text(b)
		}
	}
	t := r.Totals
	fmt.Fprintf(b, "%d artifacts, %d bytes: %d read whole", t.Artifacts, t.Bytes, t.Status[StatusRead])
	for _, status := range statusOrder {
		if status != StatusRead && t.Status[status] > 0 {
			fmt.Fprintf(b, ", %d %s", t.Status[status], status)
		}
	}
	fmt.Fprintf(b, "\nunits: %d read = %d emitted + %d rejected + %d skipped\n", t.Units.Read, t.Units.Emitted, t.Units.Rejected, t.Units.Skipped)
	fmt.Fprintf(b, "records: %d%s; diagnostics: %d\n", t.Records, kindsText(t.Kinds), t.Diagnostics)
	if t.Refused > 0 {
		fmt.Fprintf(b, "%d things could not be taken in at intake; exhibit log says which\n", t.Refused)
	}
	if t.Records == t.Kinds[KindDescription]+t.Kinds[KindKey] {
		fmt.Fprintln(b, "NO RECORD was read from this case.")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var headings = map[string]string{
	StatusFailed: "FAILED: the plugin crashed, hung or contradicted itself. " + quarantine, StatusPartial: "PARTIAL: a limit was reached", StatusDamaged: "DAMAGED: cut short or corrupt; what could be read was",
	StatusUnresolved: "UNRESOLVED: no key, profile or layout at hand opens it, or some of it", StatusRejects: "WITH REJECTS: some units became no record", StatusDue: "DUE: not run yet",
	StatusUnread: "UNREAD: no plugin reads it", StatusEmpty: "EMPTY",
}

func (a *ArtifactReport) text(b *strings.Builder) {
	fmt.Fprintf(b, "  %s %q%s  %d bytes, %s\n", a.Exhibit, a.Path.String(), viaText(a.Via), a.Size, a.what())
	for i := range a.Runs {
		runText(b, &a.Runs[i], "      ")
	}
	a.describe(b)
	if a.Status == StatusUnread {
		return // each plugin's reason is in --json
	}
	for _, why := range a.Reasons {
		fmt.Fprintf(b, "      %s\n", why)
	}
}

// describe writes what is known of what nothing opens.
func (a *ArtifactReport) describe(b *strings.Builder) {
	if a.Description == nil {
		return
	}
	var d struct {
		Summary  string          `json:"summary"`
		Proposal json.RawMessage `json:"proposal"`
	}
	if json.Unmarshal(a.Description, &d) != nil {
		return
	}
	fmt.Fprintf(b, "      %s\n", d.Summary)
	read := slices.ContainsFunc(a.Runs, func(r RunReport) bool { return r.Units.Emitted > 0 })
	if d.Proposal != nil && !read {
		b.WriteString("      needs a layout: exhibit layout propose\n")
	}
}

// keysText says which keys were found where.
func (r *Report) keysText(b *strings.Builder) {
	done := map[string]bool{}
	for i := range r.Keys {
		f := &r.Keys[i]
		id := f.Fingerprint + f.KnownAs
		if done[id] {
			continue
		}
		done[id] = true
		switch {
		case f.At != "":
			fmt.Fprintf(b, "KEY FOUND: %s (%s) at %s, %s\n", f.Name, f.Fingerprint, f.At, written(f.Encoding))
		default:
			fmt.Fprintf(b, "KEY: %s, at hand already,\n", f.KnownAs)
		}
		for j := range r.Keys {
			if o := &r.Keys[j]; o.Fingerprint+o.KnownAs == id {
				fmt.Fprintf(b, "  opens %s: %s by %s, %d of %d samples; by chance expected %s times in %d trials\n", o.Where, o.Opens.How(), o.Opens.Unit, o.Opens.Opened, o.Opens.Tried, o.ExpectedFalse, o.Trials)
			}
		}
	}
	if k := r.KeySearch; k != nil && k.TargetsLeft+k.SourcesLeft > 0 {
		fmt.Fprintf(b, "KEYS: looked for in %d files, for %d that may be encrypted; not in %d others, not for %d others: exhibit run --all-keys does that\n", k.Sources, k.Targets, k.SourcesLeft, k.TargetsLeft)
	}
}

// written says how a key is written down.
func written(encoding string) string {
	switch encoding {
	case keyring.Raw:
		return "as text"
	case keyring.Hex:
		return "in hexadecimal"
	}
	return "as " + encoding
}

// runText writes a run's account in a line.
func runText(b *strings.Builder, r *RunReport, indent string) {
	fmt.Fprintf(b, "%s%s %s %s:", indent, r.Plugin, r.Operation, r.Outcome)
	if r.As != "" {
		fmt.Fprintf(b, " read as the %s of %s, which has the account\n", r.As, r.Of.Short())
		return
	}
	if r.Units.Declared >= 0 {
		fmt.Fprintf(b, " declared %d,", r.Units.Declared)
	}
	fmt.Fprintf(b, " read %d, emitted %d, rejected %d, skipped %d; %d bytes unread", r.Units.Read, r.Units.Emitted, r.Units.Rejected, r.Units.Skipped, r.UnreadBytes)
	if len(r.Diagnostics) > 0 {
		fmt.Fprintf(b, ";%s", kindsText(r.Diagnostics))
	}
	b.WriteByte('\n')
	for code := range r.Diagnostics {
		if strings.HasSuffix(code, ".encrypted") {
			fmt.Fprintf(b, "%sneeds a password: exhibit key add NAME --stdin, then exhibit run\n", indent)
			break
		}
	}
}

// what names what it is.
func (a *ArtifactReport) what() string {
	return identify.Identity{MediaType: a.MediaType, XMLRoot: a.XMLRoot, SQLite: a.SQLite}.String()
}

func viaText(via []string) string {
	if len(via) == 0 {
		return ""
	}
	return " (" + strings.Join(via, ", ") + ")"
}

func kindsText(kinds map[string]int64) string {
	names := make([]string, 0, len(kinds))
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	b := &strings.Builder{}
	for i, k := range names {
		sep := ", "
		if i == 0 {
			sep = " "
		}
		fmt.Fprintf(b, "%s%d %s", sep, kinds[k], k)
	}
	if b.Len() == 0 {
		return ""
	}
	return " (" + strings.TrimSpace(b.String()) + ")"
}
