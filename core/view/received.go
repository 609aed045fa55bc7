package view

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Original is where an original artifact was found, and how it came into the case.
type Original struct {
	Artifact evidence.Digest   `json:"artifact"`
	Size     int64             `json:"size"`
	Hashes   map[string]string `json:"hashes,omitempty"`
	Exhibit  string            `json:"exhibit"`
	Path     evidence.Name     `json:"path"`
	// FS is what the filesystem said of the file (docs/formats/case.md).
	FS    json.RawMessage `json:"fs,omitempty"`
	Flags []string        `json:"flags,omitempty"`
	Note  string          `json:"note,omitempty"`
	// Others are further places of the same bytes, at most 1000.
	Others []string `json:"others,omitempty"`
	// Received is the entry that recorded the file, Item the one that began its item.
	Received Receipt `json:"received"`
	Item     Receipt `json:"item"`
	// InPlace is where the bytes lie if they were not copied.
	InPlace string `json:"in_place,omitempty"`

	name evidence.Name
}

// Receipt is what an entry of the log says of taking something in.
type Receipt struct {
	Seq  int64  `json:"seq"`
	Time string `json:"time"`
	// Asserted and Observed are the opened fields, without that prefix, that say who, where
	// and from what.
	Asserted map[string]json.RawMessage `json:"asserted,omitempty"`
	Observed map[string]json.RawMessage `json:"observed,omitempty"`
	// Sealed is the size of the first checkpoint over the entry, 0 where none is.
	Sealed int64 `json:"sealed,omitempty"`
}

// original says how an artifact was received; nil where it has no occurrence. Where it
// has several, that of the exhibit is taken, and of those the first.
func original(ctx context.Context, c *store.Case, d evidence.Digest, exhibit string) (*Original, error) {
	a, err := c.Artifact(ctx, d)
	if err != nil {
		return nil, err
	}
	places, err := c.Places(ctx, d)
	if err != nil {
		return nil, err
	}
	var o *Original
	var first store.PlaceOf
	for _, p := range places {
		if p.Occurrence == nil || p.Occurrence.Artifact != d {
			continue
		}
		if o == nil || first.Item != exhibit && p.Item == exhibit {
			first = p
			o = &Original{
				Artifact: d, Size: a.Size, Hashes: a.Hashes, Exhibit: p.Item, Path: p.Path,
				FS: p.Occurrence.FS, Flags: p.Occurrence.Flags, Note: p.Occurrence.Note, name: p.Path,
			}
		}
	}
	if o == nil {
		return nil, nil
	}
	for _, p := range places {
		if p.Occurrence != nil && (p.Item != first.Item || p.Path.Bytes() != first.Path.Bytes()) {
			o.Others = append(o.Others, p.Item+":"+p.Path.String())
		}
	}
	if a.Stored.Path != nil {
		o.InPlace = a.Stored.Path.String()
	}
	if o.Received, err = receipt(ctx, c, first.Seq); err != nil {
		return nil, err
	}
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	for _, it := range state.Items {
		if it.Exhibit == o.Exhibit {
			o.Item, err = receipt(ctx, c, it.Seq)
		}
	}
	return o, err
}

// receiptFields are those shown of an entry that received something.
var receiptFields = map[string]bool{
	"actor.name": true, "actor.organisation": true, "actor.role": true, "custodian": true, "exhibit.description": true, "source": true, "note": true, "zone": true, "charset": true,
	"os.user": true, "os.host": true, "source.path": true, "write_protected": true,
}

func receipt(ctx context.Context, c *store.Case, seq int64) (Receipt, error) {
	r := Receipt{Seq: seq, Asserted: map[string]json.RawMessage{}, Observed: map[string]json.RawMessage{}}
	for le, err := range c.Entries(ctx, seq) {
		if err != nil {
			return r, err
		}
		if le.Seq != seq {
			break
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return r, fmt.Errorf("view: entry %d: %w: %w", seq, evidence.ErrIntegrity, err)
		}
		r.Time = e.End.UTC().Format("2006-01-02T15:04:05.000000Z")
		for _, o := range le.Openings {
			if err := custody.CheckOpening(e, o); err != nil {
				return r, fmt.Errorf("view: entry %d: %w", seq, err)
			}
			for prefix, to := range map[string]map[string]json.RawMessage{"asserted.": r.Asserted, "observed.": r.Observed} {
				if len(o.Field) > len(prefix) && o.Field[:len(prefix)] == prefix && receiptFields[o.Field[len(prefix):]] {
					to[o.Field[len(prefix):]] = o.Value
				}
			}
		}
		break
	}
	for cp, err := range c.Checkpoints(ctx) {
		if err != nil {
			return r, err
		}
		if cp.Size > seq {
			r.Sealed = cp.Size
			break
		}
	}
	return r, nil
}
