package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) statusCommand() *cli.Command {
	return command(&cli.Command{Name: "status", Usage: "what is in the case, and what is unfinished"}, 0, 0, func(c *cli.Context) error {
		return p.reading(c, p.status)
	})
}

// standing is the JSON of `exhibit status`.
type standing struct {
	Case    string                     `json:"case"`
	Origin  string                     `json:"origin"`
	Created string                     `json:"created"`
	Stated  map[string]json.RawMessage `json:"stated"`
	Entries int64                      `json:"entries"`
	Sealed  int64                      `json:"sealed"`
	// Anchors are time stamps and cosigned checkpoints that are kept, Waiting requests without an answer.
	Anchors  int                  `json:"anchors"`
	Waiting  int                  `json:"anchor_requests"`
	Items    []standingItem       `json:"items"`
	Keys     []standingKey        `json:"keys"`
	Layouts  []string             `json:"layouts"`
	Profiles []string             `json:"profiles"`
	Plugins  []evidence.PluginRef `json:"plugins"`
	// Runs counts current runs by outcome, Records what they read, by kind.
	Runs        map[evidence.Outcome]int64 `json:"runs"`
	Records     map[string]int64           `json:"records"`
	Diagnostics map[string]int64           `json:"diagnostics"`
	// Unfinished are the entries that announced runs, exports or redactions which have no result.
	Unfinished []int64 `json:"unfinished"`
	// Corrections are entries that correct earlier ones, Handovers what became of signing keys.
	Corrections []standingCorrection `json:"corrections"`
	Handovers   []standingHandover   `json:"handovers"`
	// Quarantined are inputs with the plugins that failed on them, and are not tried
	// again (docs/formats/plugin.md, Limits).
	Quarantined []standingFailure `json:"quarantined"`
	// Unread are the artifacts that no run was handed, by what they are.
	Unread []standingUnread `json:"unread"`
	// UnreadMore is how many more there are that were not looked at for that.
	UnreadMore int64 `json:"unread_more,omitempty"`
	// KeysIn is in how many files keys were looked for, KeysFor for how many that may be encrypted.
	KeysIn  int64 `json:"keys_searched_in,omitempty"`
	KeysFor int64 `json:"keys_searched_for,omitempty"`
}

type standingItem struct {
	Exhibit  string           `json:"exhibit"`
	Path     evidence.Name    `json:"path"`
	Source   string           `json:"source,omitempty"`
	Zone     string           `json:"zone,omitempty"`
	Charset  string           `json:"charset,omitempty"`
	InPlace  bool             `json:"in_place"`
	Complete bool             `json:"complete"`
	Counts   map[string]int64 `json:"counts"`
	// Custodian is who took it last by a transfer that is entered, Transfers how many entries
	// there are; Disposed is returned or destroyed, DisposedObjects how many of its objects are gone.
	Custodian       string `json:"custodian,omitempty"`
	Transfers       int    `json:"transfers,omitempty"`
	Accesses        int    `json:"accesses,omitempty"`
	Disposed        string `json:"disposed,omitempty"`
	DisposedBy      int64  `json:"disposed_by,omitempty"`
	DisposedObjects int64  `json:"disposed_objects,omitempty"`
}

type standingKey struct {
	Name        string       `json:"name"`
	Fingerprint string       `json:"fingerprint"`
	Encoding    string       `json:"encoding"`
	Form        string       `json:"form"`
	Place       *store.Place `json:"place,omitempty"`
}

func (p *program) status(ctx context.Context, k *store.Case) error {
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	s := standing{
		Case: k.Dir(), Origin: k.Origin(), Created: state.Created, Stated: state.Case, Entries: state.Size,
		Items: []standingItem{}, Keys: keysOf(state), Layouts: []string{}, Profiles: []string{}, Plugins: []evidence.PluginRef{},
		Runs: map[evidence.Outcome]int64{}, Records: map[string]int64{}, Diagnostics: map[string]int64{}, Unfinished: []int64{}, Corrections: []standingCorrection{}, Handovers: []standingHandover{}, Quarantined: []standingFailure{}, Unread: []standingUnread{},
	}
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		s.Sealed = max(s.Sealed, cp.Size)
	}
	for _, it := range state.Items {
		s.Items = append(s.Items, itemOf(it))
	}
	for _, l := range state.Layouts {
		s.Layouts = append(s.Layouts, l.Name)
	}
	for _, l := range state.Profiles {
		s.Profiles = append(s.Profiles, l.Name)
	}
	for _, pin := range state.Pins {
		s.Plugins = append(s.Plugins, evidence.PluginRef{Name: pin.Name, Version: pin.Version, SHA256: pin.SHA256})
	}
	for _, i := range state.Dangling {
		s.Unfinished = append(s.Unfinished, i.Seq)
	}
	s.handled(state)
	if err := s.anchored(k); err != nil {
		return err
	}
	if err := s.runs(ctx, k); err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, s)
	}
	return p.showStatus(s, title(state, k))
}

// anchored counts what anchors the log, and what waits for an answer.
func (s *standing) anchored(k *store.Case) error {
	kept, err := k.Anchors(store.AnchorStamp, store.AnchorNote)
	if err != nil {
		return err
	}
	waiting, err := k.Anchors(store.AnchorQueued)
	s.Anchors, s.Waiting = len(kept), len(waiting)
	return err
}

// runs adds up what the current runs came to.
func (s *standing) runs(ctx context.Context, k *store.Case) error {
	var rows []evidence.Run
	for row, err := range k.Runs(ctx) {
		if err != nil {
			return err
		}
		rows = append(rows, row.Run)
	}
	if err := s.quarantined(ctx, k, rows); err != nil {
		return err
	}
	current := evidence.CurrentRuns(rows)
	if err := s.unread(ctx, k, current); err != nil {
		return err
	}
	for _, r := range current {
		s.Runs[r.Outcome]++
		if r.Records != nil && r.Outcome != evidence.OutcomeFailed {
			for kind, n := range r.Records.Kinds {
				s.Records[kind] += n
			}
		}
		if r.Diagnostics != nil {
			for severity, n := range r.Diagnostics.Severities {
				s.Diagnostics[severity] += n
			}
		}
	}
	return nil
}

func (p *program) showStatus(s standing, title string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  in %s, log %s\n  made %s\n", title, visible(s.Case), s.Origin, p.clockText(s.Created))
	fmt.Fprintf(&b, "  %s, %s\n", entriesText(s.Entries), sealedText(s.Entries, s.Sealed))
	if s.Anchors+s.Waiting > 0 {
		fmt.Fprintf(&b, "  %s from outside, %s without an answer: exhibit anchor list\n", count(int64(s.Anchors), "anchor"), count(int64(s.Waiting), "request"))
	}
	if len(s.Items) == 0 {
		b.WriteString("\nNothing has been received yet: exhibit add PATH\n")
	} else {
		b.WriteString("\nitems\n")
	}
	if err := p.printf("%s", b.String()); err != nil {
		return err
	}
	var rows [][]string
	for _, it := range s.Items {
		state := ""
		if !it.Complete {
			state = "NOT FINISHED: give the same add again"
		}
		if it.Disposed != "" {
			state = strings.TrimSpace(state + "  " + it.disposedText())
		}
		declared := strings.TrimSpace(it.Zone + " " + it.Charset)
		if it.InPlace {
			declared = strings.TrimSpace(declared + " in-place")
		}
		rows = append(rows, []string{"  " + it.Exhibit, count(it.Counts["files"], "file"), size(it.Counts["bytes"]), declared, visible(it.Path.String()), troubles(it.Counts), state})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	return p.showKnown(s)
}

// troubles are the counts of an item that a person should know of.
func troubles(counts map[string]int64) string {
	var out []string
	for _, name := range []string{"unreadable", "special", "changed", "mismatched", "absent", "unlisted"} {
		if n := counts[name]; n > 0 {
			out = append(out, number(n)+" "+name)
		}
	}
	return strings.Join(out, ", ")
}

func (p *program) showKnown(s standing) error {
	var rows [][]string
	for _, k := range s.Keys {
		rows = append(rows, []string{"key", k.Name, k.Fingerprint + " " + k.Form})
	}
	for _, name := range s.Layouts {
		rows = append(rows, []string{"layout", visible(name)})
	}
	for _, name := range s.Profiles {
		rows = append(rows, []string{"profile", visible(name)})
	}
	for _, pin := range s.Plugins {
		rows = append(rows, []string{"plugin", pin.Name + " " + pin.Version, pin.SHA256.String()})
	}
	for _, o := range []evidence.Outcome{evidence.OutcomeComplete, evidence.OutcomePartial, evidence.OutcomeFailed} {
		if n := s.Runs[o]; n > 0 {
			rows = append(rows, []string{"runs", string(o), number(n)})
		}
	}
	for _, kind := range sortedKeys(s.Records) {
		rows = append(rows, []string{"records", visible(kind), number(s.Records[kind])})
	}
	for _, severity := range sortedKeys(s.Diagnostics) {
		rows = append(rows, []string{"diagnostics", severity, number(s.Diagnostics[severity])})
	}
	for _, seq := range s.Unfinished {
		rows = append(rows, []string{"unfinished", "#" + number(seq), "work was announced and has no result: exhibit run goes on with runs; an export is given again"})
	}
	rows = append(rows, s.handledRows()...)
	rows = append(rows, s.troubled()...)
	if len(rows) == 0 {
		return nil
	}
	if err := p.printf("\n"); err != nil {
		return err
	}
	return table(p.out, rows)
}

func keysOf(state *store.State) []standingKey {
	out := make([]standingKey, len(state.Keys))
	for i, k := range state.Keys {
		out[i] = standingKey{k.Name, k.Fingerprint, k.Encoding, k.Form, k.Place}
	}
	return out
}

func entriesText(n int64) string { return count(n, "entry") + " in the log" }

// sealedText says how much of the log is signed.
func sealedText(entries, sealed int64) string {
	switch sealed {
	case 0:
		return "never sealed"
	case entries:
		return "sealed"
	}
	return fmt.Sprintf("sealed up to #%d; %s after that", sealed-1, count(entries-sealed, "entry"))
}

// headText is what a seal signs, in words.
func headText(cp custody.Checkpoint) string {
	return fmt.Sprintf("%s, root %x", count(cp.Size, "entry"), cp.Root)
}
