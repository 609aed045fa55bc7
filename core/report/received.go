package report

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (m *maker) received(ctx context.Context) error {
	r := &m.page.Received
	for _, it := range m.state.Items {
		r.Items = append(r.Items, m.item(it))
	}
	gone, err := m.c.Disposed(ctx)
	if err != nil {
		return err
	}
	var bytes int64
	for o, err := range m.c.Occurrences(ctx, "") {
		if err != nil {
			return err
		}
		switch o.Type {
		case "refused":
			r.Refused++
			u := &m.page.Unread
			if len(u.Refused) < maxFiles {
				u.Refused = append(u.Refused, Fact{o.Item + ":" + pathText(o.Path), visible(o.Note)})
			} else {
				u.RefusedLeft++
			}
		case "file":
			r.Total++
			a, err := m.c.Artifact(ctx, o.Artifact)
			if err != nil {
				return err
			}
			bytes += a.Size
			if len(r.Files) >= maxFiles {
				r.Left++
				continue
			}
			f := m.file(o, a)
			if seq, ok := gone[o.Artifact]; ok {
				f.Note = strings.TrimSpace(fmt.Sprintf("DISPOSED: its bytes were destroyed on purpose (entry %d of the log). %s", seq, f.Note))
			}
			r.Files = append(r.Files, f)
		}
	}
	r.Bytes = size(bytes)
	return nil
}

func (m *maker) file(o evidence.Occurrence, a evidence.Artifact) File {
	f := File{Exhibit: o.Item, Path: pathText(o.Path), Size: number(a.Size), SHA256: a.SHA256.Hex(), Note: visible(o.Note)}
	for _, name := range slices.Sorted(maps.Keys(a.Hashes)) {
		f.Others = append(f.Others, Fact{name, a.Hashes[name]})
	}
	var fs struct {
		Mtime string `json:"mtime"`
	}
	if json.Unmarshal(o.FS, &fs) == nil && fs.Mtime != "" {
		f.Modified = m.clock.text(fs.Mtime)
	}
	return f
}

// item says of one exhibit what it is, from whom, when and how it came.
func (m *maker) item(it store.Item) Item {
	out := Item{Exhibit: it.Exhibit, Source: visible(it.Source), Path: pathText(it.Path)}
	begin := &m.log[it.Seq]
	out.When, out.By = m.clock.show(begin.Start), begin.who()
	out.How = "copied into the case, byte for byte, and hashed while it was copied"
	if it.InPlace {
		out.How = "left where it lay; every file was hashed, and is hashed again whenever it is read"
	}
	add := func(name, value string) {
		if value != "" {
			out.Facts = append(out.Facts, Fact{name, value})
		}
	}
	c := it.Counts
	add("Contents", join(count(c["files"], "file"), count(c["directories"], "directory"), some(c["symlinks"], "symbolic link"))+", "+size(c["bytes"]))
	for _, f := range []struct{ name, field string }{
		{"Description", "asserted.exhibit.description"},
		{"Handed over by", "asserted.from.name"},
		{"Custodian before", "asserted.custodian"},
		{"Device", "asserted.device.make"},
		{"Model", "asserted.device.model"},
		{"Serial number", "asserted.device.serial"},
		{"Address", "asserted.online.url"},
		{"Authority", "asserted.authority.number"},
		{"Witness", "asserted.witness.name"},
		{"Place", "asserted.site"},
		{"Write blocker", "asserted.write_blocker"},
		{"Remark", "asserted.note"},
	} {
		add(f.name, begin.text(f.field))
	}
	add("Times without a zone are read as", zoneText(it.Zone))
	add("Text is read as", it.Charset)
	if v := begin.text("observed.write_protected"); v == "true" {
		add("Write protection", "the source refused writing")
	}
	for i := range m.log {
		e := &m.log[i]
		if e.Kind != "receive" || e.Refs["item"] != it.Seq && e.Seq != it.Seq {
			continue
		}
		if e.plain("phase") == "end" {
			add("Received completely", m.clock.show(e.End))
		}
		if resumed, _ := e.Plain["resumed"].(bool); resumed {
			out.Troubles = append(out.Troubles, "Receiving was interrupted and went on at "+m.clock.show(e.Start)+".")
		}
	}
	if n := c["compared"]; n > 0 {
		add("Compared with the sender’s digests", fmt.Sprintf("%s, of which %s did not agree", count(n, "file"), number(c["mismatched"])))
	}
	for _, t := range []struct{ name, text string }{
		{"mismatched", "%s did not have the digest that the sender stated. The bytes are kept; both values are in the log."},
		{"absent", "%s named in the sender’s list was not there."},
		{"unlisted", "%s was not named in the sender’s list."},
		{"changed", "%s changed while it was read; what was read is kept."},
		{"unreadable", "%s could not be read."},
		{"special", "%s is a device, pipe or socket and was not taken in."},
	} {
		if n := c[t.name]; n > 0 {
			out.Troubles = append(out.Troubles, fmt.Sprintf(t.text, count(n, "file")))
		}
	}
	out.Facts = append(out.Facts, m.handled(it)...)
	if !it.Complete {
		out.Troubles = append(out.Troubles, "Receiving this exhibit was never finished: only a part of it is in the case.")
	}
	return out
}

func some(n int64, thing string) string {
	if n == 0 {
		return ""
	}
	return count(n, thing)
}

func zoneText(zone string) string {
	if zone == "" {
		return ""
	}
	return "UTC" + zone + ", as declared when it was received"
}
