package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Transfer is an entry by which custody of an item passes.
type Transfer struct {
	Seq int64
	// Phase is released or received.
	Phase string
	// From and To are the parties' names, At when it was given or taken, as asserted.
	From, To, Method, At string
	// Signer identifies the key under the statement: that of who gives where it was
	// released, of who takes where it was received.
	Signer string
	// Statement is the text that both sign.
	Statement string
	// Intent is the entry that released what was received, 0 where there is none.
	Intent int64
}

// Access is an entry by which somebody had access to an item.
type Access struct {
	Seq              int64
	By, Purpose, Who string
}

// Disposal is an entry by which an item was returned or destroyed.
type Disposal struct {
	Seq int64
	// Phase is returned or destroyed, To who got it.
	Phase, To string
	// Objects is how many objects of the case were destroyed with it.
	Objects int64
}

// Correction is an entry that corrects an earlier one.
type Correction struct {
	Seq, Supersedes int64
	// Fields are what holds instead, by full name.
	Fields map[string]json.RawMessage
	Why    string
}

// signers follows which keys sign the log.
func (f *fold) signers(e custody.Entry) {
	for _, field := range []string{"signer", "successor"} {
		if key, _ := e.Plain[field].(string); key != "" && !slices.Contains(f.state.Signers, key) {
			f.state.Signers = append(f.state.Signers, key)
		}
	}
	if h, ok := custody.HandoverOf(e); ok {
		f.state.Handovers = append(f.state.Handovers, h)
	}
}

// carryHandovers looks for the checkpoints that carry handovers out.
func (c *Case) carryHandovers(ctx context.Context, s *State) error {
	if len(s.Handovers) == 0 {
		return nil
	}
	for cp, err := range c.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		for i := range s.Handovers {
			if h := &s.Handovers[i]; cp.Size == h.Seq+1 {
				h.Carry(cp.Note)
			}
		}
	}
	return nil
}

// handled follows what became of an item: handed over, looked at, disposed of.
func (f *fold) handled(e custody.Entry, p said, opened map[string]json.RawMessage) error {
	i, ok := f.items[e.Refs["item"]]
	if _, has := e.Refs["item"]; !has || !ok {
		return nil // about no item of this case: a thing that was never received
	}
	it := &f.state.Items[i]
	text := func(field string) string {
		var s string
		_ = json.Unmarshal(opened[field], &s) // types were checked when it was written
		return s
	}
	switch e.Kind {
	case "transfer":
		t := Transfer{
			Seq: e.Seq, Phase: p.Phase, From: text("asserted.from.name"), To: text("asserted.to.name"), Method: text("asserted.transfer.method"),
			At: text("asserted.released"), Signer: text("asserted.from.key"), Statement: text("asserted.statement"), Intent: e.Refs["intent"],
		}
		if p.Phase == "received" {
			t.At, t.Signer = text("asserted.received"), text("asserted.to.key")
		}
		it.Transfers = append(it.Transfers, t)
	case "access":
		who := cmp.Or(text("asserted.actor.name"), text("observed.os.user"))
		it.Accesses = append(it.Accesses, Access{Seq: e.Seq, By: who, Purpose: text("asserted.purpose"), Who: text("asserted.on_behalf_of.name")})
	case "dispose":
		it.Disposals = append(it.Disposals, Disposal{Seq: e.Seq, Phase: p.Phase, To: text("asserted.recipient"), Objects: e.Sets[setSubjects].Size})
	}
	return nil
}

// correct applies a correction to what the state says of items and of the case.
func (f *fold) correct(e custody.Entry, opened map[string]json.RawMessage) error {
	c := Correction{Seq: e.Seq, Supersedes: -1, Fields: map[string]json.RawMessage{}}
	if seq, ok := e.Refs["supersedes"]; ok {
		c.Supersedes = seq
	}
	if err := open1(opened, "asserted.correction", &c.Fields); err != nil {
		return err
	}
	if err := open1(opened, "asserted.justification", &c.Why); err != nil {
		return err
	}
	f.state.Corrections = append(f.state.Corrections, c)
	if c.Supersedes == 0 {
		for name, value := range c.Fields {
			f.state.Case[name] = value
		}
		return nil
	}
	i, ok := f.items[c.Supersedes]
	if !ok {
		return nil
	}
	it := &f.state.Items[i]
	for name, to := range map[string]*string{"asserted.zone": &it.Zone, "asserted.charset": &it.Charset, "asserted.source": &it.Source} {
		if err := open1(c.Fields, name, to); err != nil {
			return fmt.Errorf("%w: correction of entry %d", evidence.ErrFormat, c.Supersedes)
		}
	}
	return nil
}

// CorrectedBy returns the latest correction of an entry, ok false where there is none.
func (s *State) CorrectedBy(seq int64) (c Correction, ok bool) {
	for _, c := range slices.Backward(s.Corrections) {
		if c.Supersedes == seq {
			return c, true
		}
	}
	return Correction{}, false
}
