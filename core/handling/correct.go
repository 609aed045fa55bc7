package handling

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// bound are asserted fields on which other things rest: what they name, or what was signed.
// A correction of them would say that the log means something else than it does.
func bound() map[string]string {
	return map[string]string{
		"asserted.exhibit":        "occurrences and statements name the item by it; note the right number with exhibit note add",
		"asserted.name":           "add the thing again under the right name",
		"asserted.layout":         "add the layout again: of one name the last counts",
		"asserted.profile":        "add the profile again: of one name the last counts",
		"asserted.place":          "add the key again: of one name the last counts",
		"asserted.query":          "save the selection again: of one name the last counts",
		"asserted.subjects":       "remove the mark, or write another note with --corrects",
		"asserted.note":           "write another note with --corrects",
		"asserted.statement":      "both parties signed it: make a new statement",
		"asserted.from.signature": "it is what was signed",
		"asserted.to.signature":   "it is what was signed",
		"asserted.from.key":       "it is the key that signed",
		"asserted.to.key":         "it is the key that signed",
		"asserted.correction":     "correct the entry itself once more",
		"asserted.justification":  "correct the entry itself once more",
	}
}

// Correct writes an entry that says what holds instead of fields of entry seq, which stays
// as it is. fields are canonical JSON by full name. It fails with evidence.ErrNotFound where
// there is no such entry, and with evidence.ErrFormat where a field is not one that a
// person asserted, is not of its type, or cannot be corrected.
func Correct(ctx context.Context, c *store.Case, seq int64, fields map[string]json.RawMessage, why string) (int64, error) {
	if len(fields) == 0 || why == "" {
		return 0, fmt.Errorf("handling: correct entry %d: %w: fields and a reason are needed", seq, evidence.ErrFormat)
	}
	refs := map[string]int64{"supersedes": seq}
	found := false
	for le, err := range c.Entries(ctx, seq) {
		if err != nil {
			return 0, err
		}
		if le.Seq != seq {
			break
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return 0, err
		}
		if item, ok := e.Refs["item"]; ok {
			refs["item"] = item
		} else if e.Kind == "receive" {
			refs["item"] = seq
		}
		found = true
		break
	}
	if !found {
		return 0, fmt.Errorf("handling: correct entry %d: %w", seq, evidence.ErrNotFound)
	}
	correction := map[string]any{}
	for name, value := range fields {
		i := slices.IndexFunc(custody.Fields(), func(f custody.Field) bool { return f.Name == name })
		if i < 0 || !custody.Fields()[i].Asserted {
			return 0, fmt.Errorf("handling: correct %s: %w: only what a person asserted is corrected; a note says what the program got wrong", name, evidence.ErrFormat)
		}
		if instead, no := bound()[name]; no {
			return 0, fmt.Errorf("handling: correct %s: %w: it is not corrected: %s", name, evidence.ErrFormat, instead)
		}
		if err := custody.Fields()[i].Check(value); err != nil {
			return 0, fmt.Errorf("handling: correct: %w", err)
		}
		correction[name] = value
	}
	return c.Append(ctx, store.Batch{
		Kind: "correct", Refs: refs, Plain: map[string]any{},
		Secret: map[string]any{"asserted.correction": correction, "asserted.justification": why},
	})
}
