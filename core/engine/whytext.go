package engine

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// need says what would be needed to have it read.
func (x *Explanation) need(placed bool) {
	say := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !slices.Contains(x.Needed, s) {
			x.Needed = append(x.Needed, s)
		}
	}
	x.Needed = []string{}
	switch {
	case x.Identity.Content == identify.Empty:
		say("Nothing: it has no bytes.")
		return
	case !placed:
		say("Nothing: it was not received as evidence, the program made it (a record set, diagnostics or a manifest).")
		return
	}
	for _, d := range x.Taken {
		if !d.Pinned.IsZero() {
			say("The bytes of %s are not those that this case uses (%s, here %s): exhibit plugin update %s", d.Plugin, d.Pinned, d.Digest, d.Plugin)
		}
		if d.Due != "" {
			say("%s %s has not been run: exhibit run", d.Plugin, d.Operation)
		}
	}
	for _, d := range x.NotTaken {
		if d.Ambiguous {
			say("For %s %s: %s.", d.Plugin, d.Operation, d.Why)
		}
	}
	x.needOfRuns(say)
	if len(x.Taken) == 0 && len(x.Runs) == 0 {
		x.needPlugin(say)
	}
	if len(x.Needed) == 0 && len(x.Runs) > 0 {
		say("Nothing: it was read.")
	}
}

// needOfRuns is need by what the runs came to.
func (x *Explanation) needOfRuns(say func(string, ...any)) {
	for _, r := range x.Runs {
		switch {
		case r.Quarantined:
			say("%s %s failed on it: %s. %s.", r.Plugin, r.Operation, strings.TrimSuffix(r.Reason, "."), quarantine)
		case r.Outcome == evidence.OutcomePartial:
			say("%s %s read it in part: %s. To read it again: exhibit run --retry", r.Plugin, r.Operation, strings.TrimSuffix(r.Reason, "."))
		}
	}
	if x.Status == StatusUnresolved && len(x.Runs) > 0 {
		say("A key, profile or layout that opens what is not resolved (exhibit diagnostics): exhibit key add, exhibit profile add, exhibit layout add")
	}
}

// needPlugin is need where nothing takes it.
func (x *Explanation) needPlugin(say func(string, ...any)) {
	for _, d := range x.NotTaken {
		for _, r := range d.Refusals {
			if (r.Condition == "layout" || r.Condition == "layout_named") && r.Met == "" {
				word := "for its path"
				if r.Condition == "layout_named" {
					word += " that names the plugin"
				}
				say("A layout %s would give it to %s %s: exhibit layout add FILE", word, d.Plugin, d.Operation)
			}
		}
	}
	say("Or a plugin that reads %s: exhibit plugin list shows those that are here, exhibit plugin new begins one", x.Identity)
}

// Text writes the explanation for a person.
func (x *Explanation) Text(w io.Writer) error {
	b := &strings.Builder{}
	x.what(b)
	section := func(title string, list []WhyDecision, do func(*WhyDecision)) {
		if len(list) > 0 {
			fmt.Fprintf(b, "\n%s\n", title)
		}
		for i := range list {
			do(&list[i])
		}
	}
	section("TAKEN BY", x.Taken, func(d *WhyDecision) {
		fmt.Fprintf(b, "  %s %s  %s\n      %s\n", d.Plugin, d.Version, d.Operation, d.Why)
		for _, role := range slices.Sorted(maps.Keys(d.Companions)) {
			fmt.Fprintf(b, "      %s: %s\n", role, d.Companions[role])
		}
		switch {
		case d.ProbeFailed:
			fmt.Fprintln(b, "      but it failed when it was asked")
		case d.Due != "":
			fmt.Fprintf(b, "      due: %s\n", d.Due)
		}
	})
	if len(x.Taken) == 0 {
		fmt.Fprintln(b, "\nTAKEN BY NO PLUGIN")
	}
	section("NOT TAKEN BY", x.NotTaken, func(d *WhyDecision) {
		fmt.Fprintf(b, "  %s %s  %s\n", d.Plugin, d.Version, d.Operation)
		if len(d.Refusals) == 0 {
			fmt.Fprintf(b, "      %s\n", d.Why)
		}
		for i := range d.Refusals {
			refusalText(b, &d.Refusals[i])
		}
	})
	if len(x.Layouts) > 0 {
		fmt.Fprintln(b, "\nLAYOUTS FOR ITS PATH")
	}
	for _, l := range x.Layouts {
		of := "any plugin that reads by layout"
		if l.Plugin != "" {
			of = "plugin " + l.Plugin
		}
		fmt.Fprintf(b, "  %s, for %s, at %s\n", l.Name, of, l.Path)
	}
	if len(x.Runs) > 0 {
		fmt.Fprintln(b, "\nRUNS")
	}
	for i := range x.Runs {
		runText(b, &x.Runs[i], "  ")
		if x.Runs[i].Reason != "" {
			fmt.Fprintf(b, "      %s\n", x.Runs[i].Reason)
		}
	}
	if x.Replaced > 0 {
		fmt.Fprintf(b, "  and %d that a later one took the place of\n", x.Replaced)
	}
	fmt.Fprintln(b, "\nNEEDED TO HAVE IT READ")
	for _, s := range x.Needed {
		fmt.Fprintf(b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// what writes what it is and where it stands.
func (x *Explanation) what(b *strings.Builder) {
	if x.File != "" {
		fmt.Fprintf(b, "%s\n  a file, %d bytes, outside of any case: layouts, profiles and keys of a case are not considered\n", x.File, x.Size)
	} else {
		fmt.Fprintf(b, "%s\n  %d bytes", x.Artifact, x.Size)
		if x.Status != "" {
			fmt.Fprintf(b, ", %s", x.Status)
		}
		b.WriteByte('\n')
	}
	for _, p := range x.Places {
		fmt.Fprintf(b, "  at %s:%s%s\n", p.Exhibit, p.Path.String(), viaText(p.Via))
		if p.SQLite != nil {
			fmt.Fprintf(b, "      with the write-ahead log beside it (%s): %s\n", p.SQLite.Log, p.SQLite)
		}
	}
	fmt.Fprintf(b, "\nWHAT IT IS\n  %s; content %s; begins %s\n", x.Identity.MediaType, x.Identity.Content, x.Begins)
	if x.Identity.XMLRoot != "" {
		fmt.Fprintf(b, "  XML, root %s\n", x.Identity.XMLRoot)
	}
	if s := x.Identity.SQLite; s != nil {
		fmt.Fprintf(b, "  an SQLite database, tables: %s\n", strings.Join(s.Tables, ", "))
		if s.Log != "" {
			fmt.Fprintf(b, "  the write-ahead log beside it: %s\n", s.Log)
		}
		if s.Problem != "" {
			fmt.Fprintf(b, "  %s\n", s.Problem)
		}
	}
}

func refusalText(b *strings.Builder, r *dispatch.Refusal) {
	fmt.Fprintf(b, "      %s: %s", r.Condition, r.Why)
	if len(r.Wanted) > 0 {
		wanted := r.Wanted
		more := ""
		if len(wanted) > 8 {
			wanted, more = wanted[:8], fmt.Sprintf(" and %d more", len(r.Wanted)-8)
		}
		fmt.Fprintf(b, "; wanted %s%s", strings.Join(wanted, ", "), more)
	}
	if r.Met != "" {
		fmt.Fprintf(b, "; met %s", r.Met)
	}
	b.WriteByte('\n')
}
