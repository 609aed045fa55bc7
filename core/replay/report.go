package replay

import (
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// Kind is what came of one run.
type Kind string

// The kinds, those first that need attention most.
const (
	// Differs: the same plugin bytes gave something else than was recorded.
	Differs Kind = "differs"
	// NotDone: it could be made again, but did not come to its end here.
	NotDone Kind = "not_done"
	// PluginDiffers: the plugin here, or its interpreter, is not the recorded one.
	PluginDiffers Kind = "plugin_differs"
	// PluginMissing: there is no plugin of that name here.
	PluginMissing Kind = "plugin_missing"
	// KeyMissing: a key that it used is not at hand.
	KeyMissing Kind = "key_missing"
	// NotComparable: it failed, or a limit ended it, at a moment that is not the same twice.
	NotComparable Kind = "not_comparable"
	// MayDiffer: it came out otherwise, as its plugin says that it may.
	MayDiffer Kind = "nondeterministic_differs"
	// MaySame: it came out the same, although its plugin says that it need not.
	MaySame Kind = "nondeterministic_same"
	// Reproduced: every digest is the recorded one.
	Reproduced Kind = "reproduced"
)

// Kinds lists them, those first that need attention most.
func Kinds() []Kind {
	return []Kind{Differs, NotDone, PluginDiffers, PluginMissing, KeyMissing, NotComparable, MayDiffer, MaySame, Reproduced}
}

// Report is what replaying a case came to.
type Report struct {
	// Runs is how many runs of the case count, Possible how many of them can be made
	// again here, Chosen how many were.
	Runs     int `json:"runs"`
	Possible int `json:"possible"`
	Chosen   int `json:"chosen"`
	// Seed chose them, where not all were chosen.
	Seed string `json:"seed,omitempty"`
	// Counts counts runs by kind, ByPlugin by plugin and kind.
	Counts   map[Kind]int  `json:"counts"`
	ByPlugin []PluginCount `json:"by_plugin"`
	// Results are those that were not reproduced, at most 1,000 of each kind; More
	// counts the others.
	Results []Result `json:"results"`
	More    int      `json:"more_results"`
}

// PluginCount counts the runs of one recorded plugin.
type PluginCount struct {
	Plugin evidence.PluginRef `json:"plugin"`
	Counts map[Kind]int       `json:"counts"`
}

// Result is what came of one run.
type Result struct {
	Run       evidence.Digest    `json:"run"`
	Plugin    evidence.PluginRef `json:"plugin"`
	Operation string             `json:"operation"`
	// Input is the artifact that the run is about.
	Input evidence.Digest `json:"input"`
	Kind  Kind            `json:"kind"`
	// Reason says why it was not made again, or what is wrong.
	Reason string `json:"reason,omitempty"`
	// Here is the digest of the plugin that is here.
	Here       evidence.Digest `json:"here,omitzero"`
	Difference *Difference     `json:"difference,omitempty"`
}

// maxResults bounds the results of one kind that a report keeps.
const maxResults = 1000

// tally gathers results.
type tally struct {
	r       Report
	plugins map[evidence.Digest]int
	kept    map[Kind][]Result
}

func newTally(runs int) *tally {
	return &tally{r: Report{Runs: runs, Counts: map[Kind]int{}, ByPlugin: []PluginCount{}, Results: []Result{}}, plugins: map[evidence.Digest]int{}, kept: map[Kind][]Result{}}
}

func (t *tally) report() *Report { return &t.r }

func (t *tally) add(res Result) {
	t.r.Counts[res.Kind]++
	i, ok := t.plugins[res.Plugin.SHA256]
	if !ok {
		i = len(t.r.ByPlugin)
		t.plugins[res.Plugin.SHA256] = i
		t.r.ByPlugin = append(t.r.ByPlugin, PluginCount{res.Plugin, map[Kind]int{}})
	}
	t.r.ByPlugin[i].Counts[res.Kind]++
	switch {
	case res.Kind == Reproduced:
	case len(t.kept[res.Kind]) >= maxResults:
		t.r.More++
	default:
		t.kept[res.Kind] = append(t.kept[res.Kind], res)
	}
}

func (t *tally) finish() {
	for _, k := range Kinds() {
		t.r.Results = append(t.r.Results, t.kept[k]...)
	}
}

// Verdict is what it comes to. Nothing reproduced is not success.
func (r *Report) Verdict() verify.Verdict {
	switch {
	case r.Counts[Differs] > 0:
		return verify.Altered
	case r.Counts[NotDone] > 0, r.Counts[Reproduced]+r.Counts[MaySame] == 0:
		return verify.CannotVerify
	}
	return verify.Intact
}

// unchecked is how many runs could not be made again through no fault of the evidence.
func (r *Report) unchecked() int {
	return r.Counts[PluginDiffers] + r.Counts[PluginMissing] + r.Counts[KeyMissing] + r.Counts[NotComparable]
}

// maxFindings bounds the findings that go into the report on the case.
const maxFindings = 1000

// Join puts what replaying came to into the report of the verification.
func (r *Report) Join(v *verify.Report) {
	var findings []verify.Finding
	for i := range r.Results {
		res := &r.Results[i]
		if res.Kind != Differs || res.Difference == nil || len(findings) >= maxFindings {
			continue
		}
		detail := res.Difference.In // what differs is in the replay's own report: it quotes the evidence
		if res.Difference.Line > 0 {
			detail += fmt.Sprintf(" %d", res.Difference.Line)
		}
		findings = append(findings, verify.Finding{
			Verdict: verify.Altered, Object: "run " + res.Run.String(), What: "gave something else when it was made again with the same plugin", Detail: detail,
		})
	}
	checked := []verify.Count{{What: "runs made again and reproduced", N: int64(r.Counts[Reproduced])}}
	v.Join(r.Verdict(), findings, checked, r.NotChecked(), r.Sentences())
}

// Sentences say what it comes to, for readers who are no engineers.
func (r *Report) Sentences() []string {
	var s []string
	same := r.Counts[Reproduced]
	switch {
	case r.Runs == 0:
		s = append(s, "Nothing was run again: no run was ever made.")
	case r.Counts[Differs] > 0:
		s = append(s, fmt.Sprintf("Of %d runs that were made again, %d gave something else than was recorded, with the very same program.", r.Chosen, r.Counts[Differs]))
	case same == 0 && r.Counts[MaySame] == 0:
		s = append(s, "Not one run was reproduced: whether the plugins would give the same records is not known.")
	case same == r.Runs:
		s = append(s, fmt.Sprintf("All %d runs were made again, with the recorded programs, and gave the same, byte for byte.", same))
	default:
		s = append(s, fmt.Sprintf("%d of %d runs were made again, with the recorded programs, and gave the same, byte for byte.", same, r.Runs))
	}
	if n := r.Counts[NotDone]; n > 0 {
		s = append(s, fmt.Sprintf("%d of the runs did not come to their end here.", n))
	}
	if n := r.Counts[MaySame] + r.Counts[MayDiffer]; n > 0 {
		s = append(s, fmt.Sprintf("%d of the runs are of plugins that need not give the same twice, by their own account; %d did.", n, r.Counts[MaySame]))
	}
	return s
}

// NotChecked are sentences on what was not made again, and so is not vouched for.
func (r *Report) NotChecked() []string {
	var s []string
	if left := r.Possible - r.Chosen; left > 0 {
		s = append(s, fmt.Sprintf("%d of %d runs that can be made again here: a sample of %d was chosen by the seed %s.", left, r.Possible, r.Chosen, r.Seed))
	}
	for _, k := range []struct {
		kind Kind
		why  string
	}{
		{PluginDiffers, "the plugin, or its interpreter, is not the recorded one"},
		{PluginMissing, "their plugin is not here"},
		{KeyMissing, "keys that they used are not at hand"},
		{NotComparable, "they failed, or a limit ended them at a moment that is not the same twice"},
		{NotDone, "they did not come to their end here"},
	} {
		if n := r.Counts[k.kind]; n > 0 {
			s = append(s, fmt.Sprintf("Whether %d runs would give the same: %s.", n, k.why))
		}
	}
	return s
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nRun again\n  %d of %d runs", r.Chosen, r.Runs)
	if r.Seed != "" {
		fmt.Fprintf(&b, ", a sample of %d by the seed %s", r.Possible, r.Seed)
	}
	b.WriteByte('\n')
	for _, p := range r.ByPlugin {
		fmt.Fprintf(&b, "  %s %s %s:", p.Plugin.Name, p.Plugin.Version, p.Plugin.SHA256)
		for i, k := range presentKinds(p.Counts) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, " %d %s", p.Counts[k], k.words())
		}
		b.WriteByte('\n')
	}
	if n := r.unchecked(); n > 0 {
		fmt.Fprintf(&b, "  WARNING: %d runs could not be made again here; that is no fault of the evidence\n", n)
	}
	shown := map[string]int{}
	for i := range r.Results {
		res := &r.Results[i]
		// Thousands of runs may have one and the same reason.
		if key := string(res.Kind) + res.Reason + res.Plugin.Name; res.Difference == nil {
			if shown[key]++; shown[key] > 1 {
				continue
			}
		}
		res.text(&b)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "  and %d more that are not listed\n", r.More)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func presentKinds(counts map[Kind]int) (out []Kind) {
	for _, k := range Kinds() {
		if counts[k] > 0 {
			out = append(out, k)
		}
	}
	return out
}

// words are a kind for people.
func (k Kind) words() string {
	switch k {
	case Differs:
		return "DIFFERENT"
	case NotDone:
		return "not brought to an end"
	case PluginDiffers:
		return "with another plugin than here"
	case PluginMissing:
		return "without their plugin"
	case KeyMissing:
		return "without their keys"
	case NotComparable:
		return "not comparable"
	case MayDiffer:
		return "different, as the plugin says they may be"
	case MaySame:
		return "the same, though they need not be"
	}
	return string(k)
}

func (r *Result) text(b *strings.Builder) {
	fmt.Fprintf(b, "  %s: %s %s over %s: %s\n", r.Kind.words(), r.Plugin.Name, r.Operation, r.Input, r.Reason)
	d := r.Difference
	if d == nil {
		return
	}
	fmt.Fprintf(b, "      %s", d.In)
	if d.Line > 0 {
		fmt.Fprintf(b, " %d", d.Line)
	}
	if d.Field != "" {
		fmt.Fprintf(b, ", %s", d.Field)
	}
	fmt.Fprintf(b, "\n      recorded  %s\n      here      %s\n", orNothing(d.Recorded), orNothing(d.Here))
	if len(d.Source) > 0 {
		fmt.Fprintf(b, "      source    %s\n", d.Source)
	}
	if len(d.Bytes) > 0 {
		fmt.Fprintf(b, "      its bytes %x  %q\n", d.Bytes, d.Bytes)
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
