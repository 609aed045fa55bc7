package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// model is what a State should be, kept by the simplest means while appending.
type model struct {
	t    *rapid.T
	c    *store.Case
	want store.State
}

func (m *model) append(b store.Batch) int64 {
	seq, err := m.c.Append(context.Background(), b)
	if err != nil {
		m.t.Fatalf("%+v: %v", b, err)
	}
	m.want.Size++
	return seq
}

func (m *model) begin() {
	it := store.Item{
		Exhibit: fmt.Sprintf("EX-%d", len(m.want.Items)), Path: anyName(m.t, "path"), Zone: rapid.SampledFrom([]string{"", "+08:00"}).Draw(m.t, "zone"),
		InPlace: rapid.Bool().Draw(m.t, "in place"), Counts: map[string]int64{},
	}
	secret := map[string]any{"asserted.exhibit": it.Exhibit, "observed.source.path": it.Path}
	if it.Zone != "" {
		secret["asserted.zone"] = it.Zone
	}
	it.Seq = m.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin", "in_place": it.InPlace}, Secret: secret})
	m.want.Items = append(m.want.Items, it)
}

func (m *model) item() *store.Item {
	if len(m.want.Items) == 0 {
		m.begin()
	}
	return &m.want.Items[rapid.IntRange(0, len(m.want.Items)-1).Draw(m.t, "item")]
}

func (m *model) part() {
	it := m.item()
	n := rapid.Int64Range(0, 9).Draw(m.t, "files")
	m.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "part", "counts": map[string]any{"files": n}}, Refs: map[string]int64{"item": it.Seq}})
	it.Counts["files"] += n
}

func (m *model) end() {
	it := m.item()
	if it.Complete {
		return
	}
	m.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end", "counts": map[string]any{"files": int64(7)}}, Refs: map[string]int64{"item": it.Seq}})
	it.Complete, it.Counts = true, map[string]int64{"files": 7}
}

func (m *model) resume() {
	it := m.item()
	m.append(store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin", "resumed": true}, Secret: map[string]any{"asserted.exhibit": it.Exhibit}, Refs: map[string]int64{"item": it.Seq}})
}

func (m *model) key() {
	k := store.Key{Name: fmt.Sprintf("k%d", len(m.want.Keys)), Fingerprint: "key:0123456789abcdef", Encoding: "hex", Form: "given"}
	secret := map[string]any{"asserted.name": k.Name}
	if rapid.Bool().Draw(m.t, "at a place") {
		k.Form, k.Place = "place", &store.Place{Artifact: anyDigest(m.t, "artifact"), Offset: 5, Length: 16}
		secret["asserted.place"] = map[string]any{"artifact": k.Place.Artifact.String(), "offset": 5, "length": 16}
	}
	k.Seq = m.append(store.Batch{Kind: "key", Plain: map[string]any{"action": "add", "fingerprint": k.Fingerprint, "encoding": k.Encoding, "form": k.Form}, Secret: secret})
	m.want.Keys = append(m.want.Keys, k)
}

func (m *model) layout() {
	l := store.Layout{Name: rapid.SampledFrom([]string{"a", "b"}).Draw(m.t, "name"), Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, m.want.Size))}
	l.Seq = m.append(store.Batch{Kind: "layout", Plain: map[string]any{"action": "add"}, Secret: map[string]any{"asserted.name": l.Name, "asserted.layout": l.Body}})
	for i := range m.want.Layouts {
		if m.want.Layouts[i].Name == l.Name {
			m.want.Layouts[i] = l
			return
		}
	}
	m.want.Layouts = append(m.want.Layouts, l)
}

func (m *model) profile() {
	p := store.Profile{Name: fmt.Sprintf("p%d", len(m.want.Profiles)), Body: json.RawMessage(`{"cipher":"des"}`)}
	p.Seq = m.append(store.Batch{Kind: "profile", Plain: map[string]any{"action": "add"}, Secret: map[string]any{"asserted.name": p.Name, "asserted.profile": p.Body}})
	m.want.Profiles = append(m.want.Profiles, p)
}

func (m *model) pin() {
	p := store.Pin{Name: rapid.SampledFrom([]string{"unpack", "tomskype"}).Draw(m.t, "plugin"), Version: fmt.Sprint(m.want.Size), SHA256: anyDigest(m.t, "plugin digest")}
	p.Seq = m.append(store.Batch{Kind: "plugin", Plain: map[string]any{"action": "pin", "plugin": map[string]any{"name": p.Name, "version": p.Version, "sha256": p.SHA256.String()}}})
	for i := range m.want.Pins {
		if m.want.Pins[i].Name == p.Name {
			m.want.Pins[i] = p
			return
		}
	}
	m.want.Pins = append(m.want.Pins, p)
}

// wave announces runs and finishes some of them, or all.
func (m *model) wave() {
	runs, left := rapid.Int64Range(1, 5).Draw(m.t, "runs"), int64(0)
	seq := m.append(store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent", "counts": map[string]any{"runs": runs}}})
	for left = runs; left > 0 && rapid.IntRange(0, 3).Draw(m.t, "go on") > 0; {
		n := rapid.Int64Range(1, left).Draw(m.t, "done")
		m.append(store.Batch{Kind: "derive", Plain: map[string]any{"phase": "result", "counts": map[string]any{"runs": n}}, Refs: map[string]int64{"intent": seq}})
		left -= n
	}
	if left > 0 {
		m.want.Dangling = append(m.want.Dangling, store.Intent{Kind: "derive", Seq: seq, Runs: runs, Done: runs - left})
	}
}

// The state is what was appended, in every order, before and after reopening.
func TestState(t *testing.T) {
	c := create(t)
	first, err := c.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if string(first.Case["asserted.case.title"]) != `"A title"` || first.Created == "" || first.Size != 1 {
		t.Fatalf("%+v", first)
	}
	if testing.Short() {
		return
	}
	want := *first
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, c: c, want: want}
		actions := []func(){m.begin, m.part, m.part, m.end, m.resume, m.key, m.layout, m.profile, m.pin, m.wave}
		for range rapid.IntRange(1, 6).Draw(t, "actions") {
			actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")]()
		}
		// One case grows through all checks: fsync is what costs time here.
		want = m.want
		got, err := c.State(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Fatal(diff)
		}
	})
	c = reopen(t, c)
	got, err := c.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Fatal(diff)
	}
}

// An intent without number is settled by its first result.
func TestStateIntentWithoutNumber(t *testing.T) {
	c := create(t)
	first := appendTo(t, c, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent"}})
	second := appendTo(t, c, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent"}})
	appendTo(t, c, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "result"}, Refs: map[string]int64{"intent": first}})
	s, err := c.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.Intent{{Kind: "derive", Seq: second, Runs: 1}}, s.Dangling); diff != "" {
		t.Error(diff)
	}
}

// An opening that was altered in case.db is not believed.
func TestStateChecksOpenings(t *testing.T) {
	c := create(t)
	appendTo(t, c, note("x"))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, c.Dir(), "DROP TRIGGER openings_keep_u", `UPDATE openings SET value = CAST('"B. Examiner"' AS BLOB) WHERE seq = 0 AND field = 'asserted.actor.name'`)
	if _, err := openReader(t, c.Dir()).State(context.Background()); !errors.Is(err, evidence.ErrIntegrity) {
		t.Fatal(err)
	}
}
