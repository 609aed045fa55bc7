package host

import (
	"bytes"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// verify compares the plugin's account with what arrived (docs/formats/wire.md).
func (a *attempt) verify(d *wire.Done) *stop {
	for _, s := range []struct {
		name string
		said *wire.Stream
		got  StreamResult
	}{
		{"records", d.GetRecords(), a.records.got},
		{"diagnostics", d.GetDiagnostics(), a.diagnostics.got},
		{"artifacts", d.GetArtifacts(), a.artifacts.got},
	} {
		switch {
		case s.said.GetCount() != uint64(s.got.Count):
			return broken("Done says %d %s, %d arrived", s.said.GetCount(), s.name, s.got.Count)
		case s.said.GetBytes() != uint64(s.got.Bytes):
			return broken("Done says %d bytes of %s, %d arrived", s.said.GetBytes(), s.name, s.got.Bytes)
		case !bytes.Equal(s.said.GetSha256(), s.got.SHA256[:]):
			return broken("Done states another digest of %s than what arrived has", s.name)
		}
	}
	return a.account(d)
}

// account checks the parts of Done that do not concern the streams.
func (a *attempt) account(d *wire.Done) *stop {
	if _, ok := outcomeOf(d.GetOutcome()); !ok {
		return broken("Done states no outcome")
	}
	u := unitsOf(d.GetUnits())
	switch {
	case d.GetUnits() == nil || !u.Consistent():
		return broken("units do not add up")
	case u.Rejected != a.rejects():
		return broken("Done says %d units were rejected, %d diagnostics say so", u.Rejected, a.rejects())
	case d.GetBytesRead() > uint64(total(a.job.Inputs)):
		return broken("Done says %d bytes were read of %d", d.GetBytesRead(), total(a.job.Inputs))
	}
	for _, used := range d.GetKeysUsed() {
		if !slices.ContainsFunc(a.job.Keys, func(k Key) bool { return k.Fingerprint == used }) {
			return broken("Done names a key that was not handed over")
		}
	}
	return nil
}

func unitsOf(u *wire.Units) evidence.Units {
	return evidence.Units{Declared: u.GetDeclared(), Read: u.GetRead(), Emitted: u.GetEmitted(), Rejected: u.GetRejected(), Skipped: u.GetSkipped()}
}

// sorted returns names ascending, without repeats.
func sorted(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}
