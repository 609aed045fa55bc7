package disclose

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// What may be opened, field by field; docs/formats/bundle.md says the same, and why. What
// is not here stays closed. A name that ends in '*' stands for all that begin so.

// actorFields say who acted.
func actorFields() []string {
	return []string{"asserted.actor.id", "asserted.actor.name", "asserted.actor.organisation", "asserted.actor.role"}
}

// ofCase may be opened in entry 0.
func (c *chosen) ofCase() []string {
	both := []string{"asserted.case.number", "asserted.case.title"}
	if !c.redacted {
		return both
	}
	// A title may name somebody.
	return slices.DeleteFunc(both, func(field string) bool { return c.titled[strings.TrimPrefix(field, "asserted.")] != "keep" })
}

// ofExport may be opened in the entries of this disclosure.
func ofExport() []string {
	return append(actorFields(), "asserted.authority.*", "asserted.on_behalf_of.*", "asserted.purpose", "asserted.recipient", "observed.manifest")
}

// ofExhibit may be opened in entries about an exhibit that is disclosed whole.
func ofExhibit() []string {
	return append(actorFields(),
		"asserted.authority.issuer", "asserted.authority.number", "asserted.authority.type", "asserted.authority.valid_from", "asserted.authority.valid_until",
		"asserted.charset", "asserted.condition", "asserted.custodian", "asserted.custody.*", "asserted.deviations",
		"asserted.device.clock_error_us", "asserted.device.clock_method", "asserted.device.clock_offset_us",
		"asserted.device.make", "asserted.device.model", "asserted.device.serial", "asserted.device.state", "asserted.device.volume",
		"asserted.exhibit", "asserted.exhibit.copy", "asserted.exhibit.description",
		"asserted.from.*", "asserted.method", "asserted.occurred.*", "asserted.received", "asserted.released",
		"asserted.seal.*", "asserted.source", "asserted.statement", "asserted.to.*", "asserted.transfer.*", "asserted.write_blocker", "asserted.zone",
		"observed.write_protected",
	)
}

// ofMention may be opened in the entry that began an exhibit of which records alone are
// disclosed.
func ofMention() []string { return []string{"asserted.exhibit"} }

func allows(list []string, field string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, all := strings.CutSuffix(a, "*")
		return a == field || all && strings.HasPrefix(field, prefix)
	})
}

// aboutExhibits are the kinds of entries that speak of an exhibit.
func aboutExhibits(kind string) bool {
	return slices.Contains([]string{"seize", "acquire", "receive", "transfer", "access", "dispose"}, kind)
}

// allowed is what may be opened of an entry; opened are the values of its fields.
func (c *chosen) allowed(e custody.Entry, own map[int64]bool, opened map[string]json.RawMessage) []string {
	switch {
	case e.Kind == "create":
		return c.ofCase()
	case own[e.Seq]:
		return ofExport()
	case aboutExhibits(e.Kind):
		about := c.exhibitOf(e, opened)
		if c.whole[about] {
			return ofExhibit()
		}
		if c.mentioned[about] && e.Kind == "receive" && e.Plain["phase"] == "begin" {
			return ofMention()
		}
	}
	return nil
}

// exhibitOf is the number of the exhibit that an entry is about, "" for none.
func (c *chosen) exhibitOf(e custody.Entry, opened map[string]json.RawMessage) string {
	begun, ok := e.Refs["item"]
	if !ok && e.Kind == "receive" {
		begun, ok = e.Seq, true
	}
	if i := slices.IndexFunc(c.state.Items, func(it store.Item) bool { return it.Seq == begun }); ok && i >= 0 {
		return c.state.Items[i].Exhibit
	}
	if ok {
		return ""
	}
	var number string
	if json.Unmarshal(opened["asserted.exhibit"], &number) != nil {
		return ""
	}
	return number
}

// openings calls yield with the fields that are opened, in the order of the log, and
// counts those that are not. own are the entries of this disclosure.
func (c *chosen) openings(ctx context.Context, k *store.Case, own map[int64]bool, yield func(seq int64, o custody.Opening) error) (closed int64, hidden []int64, err error) {
	may := map[int64][]string{}
	for le, err := range k.Entries(ctx, 0) {
		if err != nil {
			return 0, nil, err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return 0, nil, err
		}
		opened := map[string]json.RawMessage{}
		for _, o := range le.Openings {
			opened[o.Field] = o.Value
		}
		list := c.allowed(e, own, opened)
		if of, ok := e.Refs["supersedes"]; ok && e.Kind == "correct" && may[of] != nil {
			// Whoever sees what was said must see what holds instead, where that may be seen.
			if correctable(opened["asserted.correction"], may[of]) {
				list = append(actorFields(), "asserted.correction", "asserted.justification")
			} else {
				hidden = append(hidden, e.Seq)
			}
		}
		if list != nil {
			may[e.Seq] = list
		}
		for _, o := range le.Openings {
			if !allows(list, o.Field) {
				closed++
				continue
			}
			if err := yield(e.Seq, o); err != nil {
				return 0, nil, err
			}
		}
	}
	return closed, hidden, nil
}

// correctable: a correction speaks of fields only that may be opened.
func correctable(correction json.RawMessage, list []string) bool {
	any := false
	err := evidence.Members(correction, func(name, _ []byte) error {
		if any = allows(list, evidence.Unescape(name)); !any {
			return evidence.ErrNotFound
		}
		return nil
	})
	return err == nil && any
}

// memberFields decides which fields of a member are opened; nil where it is not disclosed.
func (c *chosen) memberFields(set string, m store.Member) (func(field string) bool, error) {
	among := func(names ...string) func(string) bool {
		return func(field string) bool { return slices.Contains(names, field) }
	}
	switch set {
	case setArtifacts:
		var a evidence.Artifact
		if err := json.Unmarshal(m.Body, &a); err != nil {
			return nil, damaged(set, m, err)
		}
		// How it is stored stays closed: the path of a source left in place, and the digest of
		// compressed bytes, which says nothing to anybody.
		if f := c.by[a.SHA256]; f != nil && f.row == (place{m.Seq, m.N}) {
			return among("artifact", "hashes", "origin", "size"), nil
		}
	case setOccurrences:
		var o evidence.Occurrence
		if err := json.Unmarshal(m.Body, &o); err != nil {
			return nil, damaged(set, m, err)
		}
		if !c.whole[o.Item] {
			return nil, nil
		}
		// A note may quote the digest that a sender stated: of bytes that are not here.
		if o.Artifact.IsZero() {
			return among("artifact", "flags", "fs", "item", "note", "path", "type"), nil
		}
		if !c.has(o.Artifact) { // destroyed
			return among("flags", "item", "path", "type"), nil
		}
		return among("artifact", "flags", "fs", "item", "path", "type"), nil
	case setDerivations:
		var d evidence.Derivation
		if err := json.Unmarshal(m.Body, &d); err != nil {
			return nil, damaged(set, m, err)
		}
		if !c.has(d.Parent) || !c.has(d.Child) {
			return nil, nil
		}
		names := []string{"child", "complete", "meta", "n", "name", "parent", "reason", "steps"}
		if c.named[d.Run] {
			names = append(names, "run")
		}
		return among(names...), nil
	case setRuns:
		r := c.runs[place{m.Seq, m.N}]
		if r == nil {
			return nil, nil
		}
		names := []string{"operation", "outcome", "plugin"}
		if r.tree {
			names = append(names, "record_tree")
		}
		// The name of a run is a digest over that of its input; what was read of how much
		// describes the input.
		if r.reads {
			names = append(names, "attempts", "bytes_read", "config", "end", "input", "inputs", "keys", "limits", "reason", "run", "sandbox", "size", "start", "units")
		}
		if r.whole {
			names = append(names, "records")
		}
		return among(names...), nil
	}
	return nil, nil
}
