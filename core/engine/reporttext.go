package engine

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/identify"
)

// Text writes the statement for a person: what needs attention one by one, the
// rest in sums.
func (r *Report) Text(w io.Writer) error {
	b := &strings.Builder{}
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
	if t.Records == 0 {
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
	if a.Status == StatusUnread {
		return // each plugin's reason is in --json
	}
	for _, why := range a.Reasons {
		fmt.Fprintf(b, "      %s\n", why)
	}
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
