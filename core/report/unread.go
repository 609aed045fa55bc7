package report

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// unread says for every file of the case that was not wholly read how much of it
// was, and why. It rests on the case alone: no plugin need be at hand.
func (m *maker) unread(ctx context.Context) error {
	runs, err := m.c.CurrentRuns(ctx)
	if err != nil {
		return err
	}
	byInput := map[evidence.Digest][]evidence.Run{}
	for _, r := range runs {
		for _, d := range r.Reads() {
			byInput[d] = append(byInput[d], r)
		}
	}
	places, err := m.c.PlaceIndex(ctx)
	if err != nil {
		return err
	}
	u := &m.page.Unread
	groups := map[string]*Trouble{}
	for a, err := range m.c.Work(ctx) {
		if err != nil {
			return err
		}
		u.Artifacts++
		mine := byInput[a.SHA256]
		status := engine.Status(a.Size, mine)
		for _, r := range mine {
			if r.Main() == a.SHA256 && !evidence.Surveys(r.Operation) { // a companion's units are counted there
				u.Read += r.Units.Read
				u.Rejected += r.Units.Rejected
			}
		}
		if status == engine.StatusRead {
			u.Whole++
			continue
		}
		g := groups[status]
		if g == nil {
			title, plain := trouble(status)
			g = &Trouble{Title: title, Plain: plain}
			groups[status] = g
		}
		g.N++
		if len(g.Rows) >= maxTrouble {
			g.Left++
			continue
		}
		row := TroubleRow{Size: number(a.Size)}
		at, err := places.Places(a.SHA256)
		if err != nil {
			return err
		}
		if len(at) > 0 {
			row.Exhibit, row.Path = at[0].Item, pathText(at[0].Path)
			if len(at[0].Via) > 0 {
				row.Path += " (" + strings.Join(at[0].Via, ", ") + ")"
			}
		}
		if row.Type, err = m.mediaType(ctx, a); err != nil {
			return err
		}
		for _, r := range mine {
			switch {
			case r.Operation == evidence.OpFindKey: // its trials are no units of the file
				continue
			case !evidence.Surveys(r.Operation):
				row.Read += r.Units.Read
				row.Rejected += r.Units.Rejected
			}
			row.Why = append(row.Why, why(r)...)
		}
		slices.Sort(row.Why)
		row.Why = slices.Compact(row.Why)
		if seen, err := engine.Seen(ctx, m.c, mine); err != nil {
			return err
		} else if seen != "" {
			row.Why = append(row.Why, "What it looks like: "+visible(seen))
		}
		g.Rows = append(g.Rows, row)
	}
	for _, status := range engine.Statuses() {
		if g := groups[status]; g != nil {
			u.Affected += g.N
			slices.SortStableFunc(g.Rows, func(a, b TroubleRow) int {
				return cmp.Or(strings.Compare(a.Exhibit, b.Exhibit), strings.Compare(a.Path, b.Path))
			})
			u.Groups = append(u.Groups, *g)
		}
	}
	return m.codes(ctx)
}

// why are the reasons that a run gives.
func why(r evidence.Run) []string {
	var out []string
	if r.Reason != "" {
		out = append(out, visible(r.Reason))
	}
	if r.BytesRead < r.Size && r.Outcome != evidence.OutcomeFailed {
		out = append(out, number(r.Size-r.BytesRead)+" of "+size(r.Size)+" were not read")
	}
	if d := r.Diagnostics; d != nil {
		for _, code := range sortedKeys(d.Codes) {
			out = append(out, count(d.Codes[code], "problem")+" “"+visible(code)+"”, explained below")
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func trouble(status string) (title, plain string) {
	switch status {
	case engine.StatusFailed:
		return "Failed", "The program that was to read these broke off, hung or contradicted itself. Nothing of what it said was kept. Each is left alone until that program, its settings or the keys change, or the examiner has it tried again."
	case engine.StatusPartial:
		return "Read in part", "Reading ended at a limit before the end of the file. What came before is kept and marked."
	case engine.StatusDamaged:
		return "Damaged", "These files are cut short or corrupt. What could be read of them was."
	case engine.StatusUnresolved:
		return "Not opened", "No key, encryption or column layout known to this case opens these files, or some part of them."
	case engine.StatusRejects:
		return "Read, with rejected parts", "These files were read to the end, but some lines or rows in them are damaged or of another form, and became no record."
	case engine.StatusUnread:
		return "Not read", "No program used in this case reads files of this kind. What they hold is unknown to this report."
	case engine.StatusEmpty:
		return "Empty", "These files have no content."
	}
	return status, ""
}

// mediaType is what it looks like: by its first bytes, and the schema of a database.
func (m *maker) mediaType(ctx context.Context, a evidence.Artifact) (string, error) {
	obj, err := m.c.Blobs().Reader(ctx, a)
	if err != nil {
		return "cannot be read from the case: " + visible(err.Error()), nil //nolint:nilerr // said in the report instead
	}
	defer obj.Close()
	id, _, err := identify.Look(identify.Source{ReaderAt: obj, Size: a.Size}, nil)
	if err != nil {
		return "cannot be read from the case: " + visible(err.Error()), nil //nolint:nilerr // said in the report instead
	}
	if id.Content == identify.Binary {
		return "unknown binary data, possibly encrypted", nil
	}
	return visible(id.String()), nil
}

// codes sums up diagnostics by their code, with an example of each.
func (m *maker) codes(ctx context.Context) error {
	byCode := map[string]*Code{}
	err := view.Diagnostics(ctx, m.c, view.Filter{}, func(line []byte) error {
		var d struct {
			Code, Severity, Message, Exhibit string
			Source                           recordSource
		}
		if err := json.Unmarshal(line, &d); err != nil {
			return err
		}
		c := byCode[d.Code+"\x00"+d.Severity]
		if c == nil {
			r := record{Exhibit: d.Exhibit, Source: d.Source}
			c = &Code{Code: visible(d.Code), Severity: d.Severity, Message: visible(d.Message), Example: r.place()}
			byCode[d.Code+"\x00"+d.Severity] = c
		}
		c.N++
		return nil
	})
	if err != nil {
		return err
	}
	order := []string{evidence.SeverityReject, evidence.SeverityDamage, evidence.SeverityUnresolved, evidence.SeverityWarning, evidence.SeverityInfo}
	for _, k := range sortedKeys(byCode) {
		m.page.Unread.Codes = append(m.page.Unread.Codes, *byCode[k])
	}
	slices.SortStableFunc(m.page.Unread.Codes, func(a, b Code) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity)), cmp.Compare(b.N, a.N))
	})
	return nil
}
