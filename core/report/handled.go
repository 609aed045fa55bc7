package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// handled says what became of an exhibit after it was received, and what was corrected.
func (m *maker) handled(it store.Item) []Fact {
	var out []Fact
	for _, t := range it.Transfers {
		what := "Handed over"
		text := fmt.Sprintf("by %s to %s, %s", visible(t.From), visible(t.To), visible(t.Method))
		if t.Phase == "received" {
			what, text = "Taken over", fmt.Sprintf("by %s from %s", visible(t.To), visible(t.From))
		}
		if t.At != "" {
			text += ", " + m.clock.text(t.At)
		}
		out = append(out, Fact{what, fmt.Sprintf("%s (entry %d; signed with %s)", text, t.Seq, visible(t.Signer))})
	}
	for _, a := range it.Accesses {
		who := visible(a.By)
		if a.Who != "" {
			who = visible(a.Who) + ", entered by " + who
		}
		out = append(out, Fact{"Access", fmt.Sprintf("%s: %s (entry %d)", who, visible(a.Purpose), a.Seq)})
	}
	for _, c := range m.state.Corrections {
		if c.Supersedes != it.Seq {
			continue
		}
		for _, name := range sortedKeys(c.Fields) {
			out = append(out, Fact{"Corrected", fmt.Sprintf("%s is %s (entry %d corrects entry %d: %s)", visible(strings.TrimPrefix(name, "asserted.")), visible(string(c.Fields[name])), c.Seq, c.Supersedes, visible(c.Why))})
		}
	}
	for _, d := range slices.Backward(it.Disposals) {
		text := fmt.Sprintf("%s (entry %d)", d.Phase, d.Seq)
		if d.To != "" {
			text += " to " + visible(d.To)
		}
		if d.Objects > 0 {
			text += fmt.Sprintf("; %s of the case were destroyed with it", count(d.Objects, "object"))
		}
		out = append(out, Fact{"DISPOSED", text})
	}
	return out
}
