package disclose

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// ErrPending: redactions wait for a reviewer's decision, and what is released must have none.
var ErrPending = errors.New("redactions wait for a reviewer")

// fieldProduction is what the log remembers of the numbers that a production gave. It is
// never opened: it names record sets.
const fieldProduction = "observed.production"

// Redaction asks for a redacted production instead of files and records as they are.
type Redaction struct {
	Redactor *redact.Redactor
	// Prefix begins the production numbers.
	Prefix string
	// Draft: neither pending reviews nor leaks stop it, and all that a person reads says so.
	Draft bool
	// Seal writes the vault of what is redacted in the records that choose wants, nil for all;
	// nil for no vault. It is called when the leak check has let the production go.
	Seal func(ctx context.Context, choose func(id string) bool) error
}

// redacted builds the payload of a redacted production.
func (d *disclosure) redacted(ctx context.Context) error {
	r := d.q.Redacted
	earlier, err := d.productions(ctx)
	if err != nil {
		return err
	}
	numbers, err := publish.NewNumbers(r.Prefix, earlier)
	if err != nil {
		return err
	}
	seeds, err := d.seeds(ctx)
	if err != nil {
		return err
	}
	q := publish.Request{
		Numbers: numbers, Policy: r.Redactor.Policy(), Choose: d.choose, Draft: r.Draft,
		Case: d.about.Title, Recipient: d.about.Recipient, Program: d.w.Software, Scratch: d.out.Scratch,
		Commitment: func(rec *redact.Record) (evidence.Digest, error) {
			seed, ok := seeds[place{rec.Entry, rec.Run}]
			if !ok {
				return evidence.Digest{}, fmt.Errorf("%w: run %d of entry %d has no tree over its records", evidence.ErrIntegrity, rec.Run, rec.Entry)
			}
			return custody.RecordLeaf(seed, rec.Leaf, rec.Original), nil
		},
	}
	d.production, err = publish.Build(ctx, r.Redactor, q, func(name string, write func(io.Writer) error) error {
		return d.bag.Make(bundle.RedactedDir+"/"+name, func(w *bufio.Writer) error { return write(w) })
	})
	if err != nil {
		return err
	}
	if d.production.Records == 0 {
		return fmt.Errorf("disclose: no record of those asked for may be shown under the policy %s: %w", r.Redactor.Policy().Name, ErrNothing)
	}
	for _, remark := range d.production.Remarks {
		d.w.Remark(remark)
	}
	if !r.Draft {
		given := numbers.Production()
		d.given = &given
	}
	d.about.Redacted, d.about.Draft = d.production.Records, r.Draft
	return nil
}

// seeds are those of the salts of all runs' records.
func (d *disclosure) seeds(ctx context.Context) (map[place][32]byte, error) {
	out := map[place][32]byte{}
	for row, err := range d.k.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		if row.Run.RecordTree != nil {
			out[place{row.Seq, row.N}] = row.Seed
		}
	}
	return out, nil
}

// wanted finds the records that the query asks for.
func (d *disclosure) wanted(ctx context.Context) error {
	if d.q.Select == nil {
		return nil
	}
	lines := map[string]bits{}
	s, err := search.Select(ctx, d.k, d.q.Select, d.w.Search, func(h search.Hit) error {
		set, n, err := splitID(h.ID)
		if err == nil {
			lines[set] = lines[set].with(n)
		}
		return err
	})
	if err != nil {
		return err
	}
	remarkUntimed(d.w, s)
	if len(lines) == 0 {
		return ErrNothing
	}
	d.choose = func(id string) bool {
		set, n, err := splitID(id)
		return err == nil && lines[set].has(n)
	}
	return nil
}

// decided refuses a production of which a reviewer has still to decide on something, and a
// prefix that is none, before anything is written.
func (d *disclosure) decided(ctx context.Context) error {
	r := d.q.Redacted
	if r == nil {
		return nil
	}
	if err := publish.CheckPrefix(r.Prefix); err != nil {
		return err
	}
	if err := d.wanted(ctx); err != nil {
		return err
	}
	n, err := r.Redactor.Pending(ctx)
	if err != nil || n == 0 || r.Draft {
		return err
	}
	if d.choose != nil {
		// That was of all records; what counts are those that are asked for.
		if err := r.Redactor.Each(ctx, d.choose, func(*redact.Record) error { return nil }); err != nil {
			return err
		}
		n = r.Redactor.Counts().Pending
	}
	if n > 0 {
		return fmt.Errorf("disclose: %d %w", n, ErrPending)
	}
	return nil
}

// splitID divides a record's id into the digits of its record set and its line.
func splitID(id string) (set string, line int64, err error) {
	set, text, ok := strings.Cut(id, ":")
	line, err = strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || line < 1 {
		return "", 0, fmt.Errorf("disclose: record %q: %w", id, evidence.ErrNotFound)
	}
	return set, line, nil
}

// bits are lines of a record set, one bit each.
type bits []uint64

func (b bits) with(n int64) bits {
	for int64(len(b)) <= n/64 {
		b = append(b, 0)
	}
	b[n/64] |= 1 << (n % 64)
	return b
}

func (b bits) has(n int64) bool { return n/64 < int64(len(b)) && b[n/64]&(1<<(n%64)) != 0 }

// productions are the ones that the log remembers and no later entry takes back.
func (d *disclosure) productions(ctx context.Context) ([]publish.Production, error) {
	found := map[int64]publish.Production{}
	var order []int64
	for le, err := range d.k.Entries(ctx, 0) {
		if err != nil {
			return nil, err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return nil, err
		}
		if e.Kind != kindExport {
			continue
		}
		if of, ok := e.Refs["supersedes"]; ok {
			delete(found, of)
		}
		for _, o := range le.Openings {
			if o.Field != fieldProduction {
				continue
			}
			var p publish.Production
			if err := json.Unmarshal(o.Value, &p); err != nil {
				return nil, fmt.Errorf("%w: production numbers in entry %d: %w", evidence.ErrIntegrity, e.Seq, err)
			}
			found[e.Seq] = p
			order = append(order, e.Seq)
		}
	}
	var out []publish.Production
	for _, seq := range order {
		if p, ok := found[seq]; ok {
			out = append(out, p)
		}
	}
	return out, nil
}
