package report

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// done tells the log in plain words, and which tools were used.
func (m *maker) done(ctx context.Context) error {
	d := &m.page.Done
	people, programs := map[string]bool{}, map[string]bool{}
	for i := range m.log {
		e := &m.log[i]
		if w := e.who(); w != "" {
			people[w] = true
		}
		programs[fmt.Sprintf("%s %s (%s/%s, program file %s)", e.Tool.Name, e.Tool.Version, e.Tool.OS, e.Tool.Arch, orNone(e.Tool.SHA256))] = true
		act, ok := m.act(e)
		if !ok {
			continue
		}
		if last := len(d.Acts) - 1; last >= 0 && d.Acts[last].What == act.What && d.Acts[last].Who == act.Who && len(act.Details) == 0 && act.What != "" {
			d.Acts[last].To = act.To
			continue
		}
		if len(d.Acts) >= maxActs {
			d.Left++
			continue
		}
		d.Acts = append(d.Acts, act)
	}
	d.People, d.Programs = slices.Sorted(maps.Keys(people)), slices.Sorted(maps.Keys(programs))
	return m.tools(ctx)
}

func orNone(digest string) string {
	if digest == "" {
		return "not readable"
	}
	return digest
}

// act puts one entry into words. Entries that only carry others are left out.
func (m *maker) act(e *logged) (Act, bool) {
	a := Act{From: e.Seq, To: e.Seq, When: m.clock.show(e.Start), Who: e.who()}
	say := func(format string, args ...any) { a.What = fmt.Sprintf(format, args...) }
	detail := func(format string, args ...any) { a.Details = append(a.Details, fmt.Sprintf(format, args...)) }
	name := e.text("asserted.name")
	c := e.counts()
	switch e.Kind {
	case "create":
		say("The case was opened.")
	case "receive":
		switch e.plain("phase") {
		case "begin":
			say("Receiving exhibit %s began.", e.text("asserted.exhibit"))
			if len(e.Refs) > 0 {
				say("Receiving the exhibit of entry %d went on after an interruption.", e.Refs["item"])
			}
		case "end":
			say("The exhibit of entry %d was received: %s, %s.", e.Refs["item"], count(c["files"], "file"), size(c["bytes"]))
		default:
			return a, false
		}
	case "layout":
		if layouts.Unconfirmed(e.open["asserted.layout"]) {
			say("The program guessed how the columns of certain files are to be read (layout “%s”).", name)
			detail("Nobody has confirmed it. Every record that was read by it is marked.")
			break
		}
		say("The examiner stated how the columns of certain files are to be read (layout “%s”).", name)
		detail("This is a statement of the examiner, not a finding.")
	case "profile":
		if engine.FoundByTrial(e.open["asserted.profile"]) {
			say("How certain files are encrypted was found by trial, and noted as profile “%s”.", name)
			break
		}
		say("The examiner stated how certain files are encrypted (profile “%s”).", name)
	case "key":
		say("A decryption key was added (“%s”, fingerprint %s).", name, e.plain("fingerprint"))
		if e.plain("form") == "place" {
			detail("The key lies in the evidence itself: %s.", m.keyPlace(name))
		}
	case "plugin":
		say("The exact bytes of the parsing programs to be used were fixed.")
		if e.plain("action") == "update" {
			say("A parsing program was replaced by another version.")
			detail("%s", visible(plainText(mustJSON(e.Plain["plugin"]))))
		}
	case "derive":
		switch {
		case analyzes(e) && e.plain("phase") == "intent":
			say("An analysis was announced, over %s of records.", size(c["bytes"]))
		case analyzes(e):
			say("The records were analyzed: %s of findings and connections.", count(c["records"], "record"))
		case e.plain("phase") == "intent":
			say("Parsing was announced: %s over %s.", count(c["runs"], "run"), size(c["bytes"]))
		default:
			say("Parsing: %s finished; %s, %s found.", count(c["runs"], "run"), count(c["records"], "record"), count(c["artifacts"], "further file"))
			if n := c["rejected"]; n > 0 {
				detail("%s could not be read as a record; each is listed with its place.", count(n, "line or row"))
			}
			if n := c["failed"]; n > 0 {
				detail("%s failed.", count(n, "run"))
			}
		}
	case "seal":
		say("The log up to this entry was signed.")
	case "anchor":
		say("The log up to entry %d had been stamped by a time-stamping authority.", c["entries"]-1)
		if e.plain("service") == "cosignature" {
			say("The log up to entry %d had been cosigned by a witness.", c["entries"]-1)
		}
		detail("At %s, as they state it. Whether that counts is for those who have their certificate or key (exhibit verify --tsa-cert, --witness).", e.plain("stamped"))
	case "tag":
		say("Records were marked “%s”.", name)
		if e.plain("action") == "remove" {
			say("The mark “%s” was taken off records.", name)
		}
		if n := c["subjects"]; n > 0 {
			detail("%s.", count(n, "record"))
		}
	case "note":
		say("Note: %s", e.text("asserted.note"))
	case "export":
		if e.plain("phase") == "intent" {
			return a, false
		}
		say("Records were handed out as a file.")
	case "identity":
		say("The key that signs the log was set.")
	default:
		say("%s.", strings.ToUpper(e.Kind[:1])+e.Kind[1:])
	}
	if note := e.text("asserted.note"); note != "" && e.Kind != "note" {
		detail("Remark: %s", note)
	}
	return a, true
}

func mustJSON(v any) []byte {
	b, err := evidence.Canonical(v)
	if err != nil {
		return nil // only what was parsed as canonical JSON gets here
	}
	return b
}

// keyPlace says where in the evidence a key lies.
func (m *maker) keyPlace(name string) string {
	for _, k := range m.state.Keys {
		if k.Name == name && k.Place != nil {
			return fmt.Sprintf("%s from byte %s of the file with SHA-256 %s", count(k.Place.Length, "byte"), number(k.Place.Offset), k.Place.Artifact.Hex())
		}
	}
	return "at a place that the log states"
}

// tools lists plugins with what they did.
func (m *maker) tools(ctx context.Context) error {
	runs, err := m.c.CurrentRuns(ctx)
	if err != nil {
		return err
	}
	byDigest := map[evidence.Digest]*Tool{}
	sandbox := map[evidence.Digest]map[string]bool{}
	for _, r := range runs {
		d := r.Plugin.SHA256
		t := byDigest[d]
		if t == nil {
			t = &Tool{Name: visible(r.Plugin.Name), Version: visible(r.Plugin.Version), Digest: d.String()}
			byDigest[d], sandbox[d] = t, map[string]bool{}
		}
		t.Runs++
		if r.Records != nil {
			t.Records += r.Records.Count
		}
		sandbox[d][isolation(r.Sandbox)] = true
	}
	for _, d := range slices.SortedFunc(maps.Keys(byDigest), func(a, b evidence.Digest) int { return strings.Compare(byDigest[a].Name, byDigest[b].Name) }) {
		t := byDigest[d]
		t.Sandbox = slices.Sorted(maps.Keys(sandbox[d]))
		m.page.Done.Tools = append(m.page.Done.Tools, *t)
	}
	return nil
}

// isolation says in words what was in force around a plugin.
func isolation(b []byte) string {
	var s struct {
		Level    string   `json:"level"`
		Features []string `json:"features"`
	}
	if json.Unmarshal(b, &s) != nil || s.Level == "" {
		return "isolation not recorded"
	}
	switch s.Level {
	case "L3":
		return "L3: no network, no files but the one handed to it, no other processes, own namespaces"
	case "L2":
		return "L2: no network, no files but the one handed to it, no other processes"
	case "L1":
		return "L1: limits on memory and time only"
	}
	return s.Level + ": no isolation"
}

// analyzes reports whether an entry is about an analysis and nothing else.
func analyzes(e *logged) bool {
	list, _ := e.Plain["plugins"].([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); !ok || m["name"] != analysis.Plugin {
			return false
		}
	}
	return len(list) > 0
}
