package disclose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// describe fills in what the texts say, out of what is opened and of nothing else.
func (d *disclosure) describe(ctx context.Context) error {
	d.about.Bag, d.about.Origin, d.about.Made, d.about.SSH, d.about.VKey = d.bag.Name, d.k.Origin(), d.w.Now().UTC(), d.w.Signer.SSH(), d.w.Signer.VKey()
	fields := map[int64]map[string]string{}
	_, hidden, err := d.c.openings(ctx, d.k, d.own, func(seq int64, o custody.Opening) error {
		var text string
		if json.Unmarshal(o.Value, &text) == nil {
			if fields[seq] == nil {
				fields[seq] = map[string]string{}
			}
			fields[seq][o.Field] = text
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, seq := range hidden {
		d.w.Remark(fmt.Sprintf("entry %d corrects what is disclosed, and is not opened: it speaks of more than may be", seq))
	}
	// What was corrected is told as it is now, where the correction is opened.
	for _, c := range d.c.state.Corrections {
		for field, value := range c.Fields {
			var text string
			if f := fields[c.Supersedes]; f[field] != "" && !slices.Contains(hidden, c.Seq) && json.Unmarshal(value, &text) == nil {
				f[field] = text
			}
		}
	}
	a := &d.about
	a.Title, a.Number = fields[0]["asserted.case.title"], fields[0]["asserted.case.number"]
	own := fields[d.intent]
	a.Recipient, a.Purpose = own["asserted.recipient"], own["asserted.purpose"]
	a.Examiner, a.Organisation, a.Role = own["asserted.actor.name"], own["asserted.actor.organisation"], own["asserted.actor.role"]
	a.AuthorityType, a.AuthorityNumber = own["asserted.authority.type"], own["asserted.authority.number"]
	times := map[int64][2]time.Time{}
	ends := map[int64]time.Time{}
	for le, err := range d.k.Entries(ctx, 0) {
		if err != nil {
			return err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return err
		}
		times[e.Seq] = [2]time.Time{e.Start, e.End}
		if item, ok := e.Refs["item"]; ok && e.Kind == "receive" && e.Plain["phase"] == "end" {
			ends[item] = e.End
		}
		if e.Seq == d.intent {
			a.Tool, a.Version, a.Program = e.Tool.Name, e.Tool.Version, e.Tool.SHA256
		}
	}
	return d.exhibits(ctx, fields, times, ends)
}

func (d *disclosure) exhibits(ctx context.Context, fields map[int64]map[string]string, times map[int64][2]time.Time, ends map[int64]time.Time) error {
	unread := map[string]int64{}
	for o, err := range d.k.Occurrences(ctx, "") {
		if err != nil {
			return err
		}
		if o.Type == "refused" {
			unread[o.Item]++
		}
	}
	counts := d.c.counts()
	for _, it := range d.c.exhibits {
		f := fields[it.Seq]
		x := counts[it.Exhibit]
		x.Number, x.Description, x.Source = it.Exhibit, f["asserted.exhibit.description"], f["asserted.source"]
		x.By, x.Organisation = f["asserted.actor.name"], f["asserted.actor.organisation"]
		x.Entry, x.Received, x.Unread = it.Seq, utc(times[it.Seq][0]), unread[it.Exhibit]
		if end, ok := ends[it.Seq]; ok {
			x.Ended = utc(end)
		} else {
			d.w.Remark(it.Exhibit + " was not received to its end: what is disclosed is what there is")
		}
		d.about.Exhibits = append(d.about.Exhibits, x)
	}
	return d.gone(ctx)
}

// counts are the files of each exhibit, with their bytes, and what was made of them.
func (c *chosen) counts() map[string]bundle.Exhibit {
	out := map[string]bundle.Exhibit{}
	for _, f := range c.files {
		seen := map[string]bool{}
		for _, p := range c.places(f) {
			if seen[p.item] {
				continue
			}
			seen[p.item] = true
			x := out[p.item]
			if slices.ContainsFunc(f.found, func(o found) bool { return o.item == p.item }) {
				x.Files++
				x.Bytes += f.artifact.Size
			} else {
				x.Derived++
			}
			out[p.item] = x
		}
	}
	return out
}

// gone says what of the exhibits is not there any more.
func (d *disclosure) gone(ctx context.Context) error {
	if len(d.c.disposed) == 0 {
		return nil
	}
	n := map[evidence.Digest]bool{}
	for o, err := range d.k.Occurrences(ctx, "") {
		if err != nil {
			return err
		}
		if d.c.whole[o.Item] && d.c.disposed[o.Artifact] > 0 {
			n[o.Artifact] = true
		}
	}
	if len(n) > 0 {
		d.w.Remark(fmt.Sprintf("%d files of the exhibits were destroyed, as the log says, and are not disclosed", len(n)))
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
