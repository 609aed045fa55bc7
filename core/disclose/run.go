package disclose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/leakcheck"
	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const kindExport = "export"

// disclosure is one call of Run.
type disclosure struct {
	k   *store.Case
	q   Request
	w   World
	out File

	c        *chosen
	scratch  *bundle.Scratch
	bag      *bundle.Bag
	about    bundle.About
	report   Report
	enclosed []bundle.Content
	// production is what was built of redacted records, given what of it the log remembers.
	production *publish.Report
	given      *publish.Production
	values     *leakcheck.Needles
	looked     map[string]struct{} // files that the leak check has been through
	// choose says which records are produced; nil for all.
	choose func(id string) bool
	// note is the newest checkpoint, which covers the entry result.
	note     []byte
	withheld withheld
	// own are the entries of this disclosure: intent, result.
	own            map[int64]bool
	intent, result int64
}

// Stage says how far a disclosure came that failed.
type Stage int

// The stages.
const (
	// StageChoose: nothing was written.
	StageChoose Stage = iota
	// StageGather: the log has the intent, and a result that says what went wrong.
	StageGather
	// StageLogged: the log has a result that commits to the bundle, and one that takes it back.
	StageLogged
)

// Run discloses. The log has an entry before; one after that commits to the manifest of
// what is disclosed; and a checkpoint over both. Then the bundle is written. Where it
// fails nothing has the bundle's name, and the log says so.
func Run(ctx context.Context, k *store.Case, q Request, w World, out File) (*Report, Stage, error) {
	d := &disclosure{k: k, q: q, w: w, out: out, own: map[int64]bool{}, looked: map[string]struct{}{}}
	stage, err := d.run(ctx)
	if err != nil {
		err = errors.Join(err, out.Abort())
		if stage > StageChoose {
			// The log says how it ended, even where it was cancelled.
			err = errors.Join(err, d.failed(context.WithoutCancel(ctx), err))
		}
		return nil, stage, err
	}
	return &d.report, stage, nil
}

func (d *disclosure) run(ctx context.Context) (Stage, error) {
	var err error
	remark := d.w.Remark
	d.w.Remark = func(text string) {
		d.report.Remarks = append(d.report.Remarks, text)
		remark(text)
	}
	if d.c, err = choose(ctx, d.k, d.q, d.w); err != nil {
		return StageChoose, err
	}
	if err := d.continues(ctx); err != nil {
		return StageChoose, err
	}
	if err := d.decided(ctx); err != nil {
		return StageChoose, err
	}
	f, err := d.out.Scratch()
	if err != nil {
		return StageChoose, err
	}
	defer f.Close() // it has no name
	d.scratch = bundle.NewScratch(f)
	if d.bag, err = bundle.NewBag(d.q.Bag, d.scratch); err != nil {
		return StageChoose, err
	}
	if d.intent, err = d.k.Append(ctx, store.Batch{Kind: kindExport, Plain: map[string]any{"phase": "intent"}, Secret: d.said()}); err != nil {
		return StageChoose, err
	}
	d.own[d.intent] = true
	if err := d.gather(ctx); err != nil {
		return StageGather, err
	}
	if err := d.commit(ctx); err != nil {
		if d.result == 0 {
			return StageGather, err
		}
		return StageLogged, err
	}
	if err := d.write(ctx); err != nil {
		return StageLogged, err
	}
	return StageLogged, nil
}

// said is what both entries say. The query may name a person: it stays closed.
func (d *disclosure) said() map[string]any {
	out := maps.Clone(d.q.Said)
	parameters := map[string]any{"format": "bundle", "derived": d.q.Derived, "records": d.q.Records, "bag": d.q.Bag}
	if len(d.q.Exhibits) > 0 {
		parameters["exhibits"] = d.q.Exhibits
	}
	if d.q.Selection != "" {
		parameters["selection"] = d.q.Selection
	}
	var names []any
	for _, name := range d.q.Enclose {
		names = append(names, strings.ToValidUTF8(name, "\uFFFD"))
	}
	if names != nil {
		parameters["enclosed"] = names
	}
	if r := d.q.Redacted; r != nil {
		p := r.Redactor.Policy()
		parameters["format"], parameters["prefix"], parameters["draft"] = "redacted bundle", r.Prefix, r.Draft
		out["asserted.policy"], out["observed.policy.sha256"] = p.Name, p.SHA256().String()
	}
	if d.given != nil {
		out[fieldProduction] = d.given
	}
	out["observed.parameters"] = parameters
	if d.q.Select != nil && d.q.Select.String() != "" {
		out["asserted.query"] = d.q.Select.String()
	}
	return out
}

// gather brings together all that does not depend on the entry after.
func (d *disclosure) gather(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.findWithheld, d.describe, d.payload, d.sets, d.recordTrees} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// commit writes the entry that commits to the manifest, and seals the log.
func (d *disclosure) commit(ctx context.Context) error {
	manifest, err := d.bag.Manifest()
	if err != nil {
		return err
	}
	d.about.Manifest = manifest.Hex()
	if err := d.scan(ctx); err != nil {
		return err
	}
	// The log must not say that something was handed out for which there is no room.
	if err := d.out.Reserve(d.bag.Bytes()); err != nil {
		return err
	}
	files, bytes := d.bag.Payload()
	secret := d.said()
	secret["observed.manifest"] = manifest.String()
	d.result, err = d.k.Append(ctx, store.Batch{
		Kind: kindExport, Secret: secret, Refs: map[string]int64{"intent": d.intent},
		Plain: map[string]any{"phase": "result", "counts": map[string]any{"files": files, "records": d.about.Records, "bytes": bytes}},
	})
	if err != nil {
		return err
	}
	d.own[d.result] = true
	d.about.Entry = d.result
	d.report.Entry, d.report.Manifest = d.result, d.about.Manifest
	note, err := d.w.Signer.Seal(ctx)
	if err != nil {
		return err
	}
	d.note = note
	return d.head(note)
}

// write adds what follows from the entry, signs, and writes the file.
func (d *disclosure) write(ctx context.Context) error {
	if err := d.log(ctx, d.about.Size); err != nil {
		return err
	}
	if err := d.proofs(ctx); err != nil {
		return err
	}
	if err := d.texts(ctx); err != nil {
		return err
	}
	if err := d.scan(ctx); err != nil {
		return err
	}
	if d.values != nil {
		// The log, the texts and what else goes with the payload.
		if _, err := d.leaks(ctx); err != nil {
			return err
		}
	}
	info := bundle.Info{Origin: d.k.Origin(), Date: d.about.Made, Entry: d.result, Software: d.w.Software}
	err := d.bag.Finish(ctx, info, func(text []byte) ([]byte, error) { return d.w.Signer.SignSSH(ctx, bundle.SignatureNamespace, text) })
	if err != nil {
		return err
	}
	if err := d.bag.Write(ctx, d.out); err != nil {
		return err
	}
	if err := d.out.Place(); err != nil {
		return err
	}
	d.account()
	return nil
}

// failed makes the entry after for a disclosure of which nothing came. Where there is one
// already it takes its place.
func (d *disclosure) failed(ctx context.Context, why error) error {
	d.given = nil // nothing has a number
	secret := d.said()
	secret["observed.errors"] = []any{map[string]any{"error": strings.ToValidUTF8(why.Error(), "\uFFFD")}}
	refs := map[string]int64{"intent": d.intent}
	if d.result > 0 {
		refs["supersedes"] = d.result
	}
	_, err := d.k.Append(ctx, store.Batch{
		Kind: kindExport, Secret: secret, Refs: refs,
		Plain: map[string]any{"phase": "result", "counts": map[string]any{"files": 0, "records": 0, "bytes": 0}},
	})
	if err != nil {
		return fmt.Errorf("the log does not say that it failed: %w", err)
	}
	return nil
}

// account sums up what was done.
func (d *disclosure) account() {
	r := &d.report
	r.Bag, r.Origin, r.Exhibits = d.bag.Name, d.k.Origin(), append([]bundle.Exhibit{}, d.about.Exhibits...)
	r.Files, r.Records, r.Enclosed = d.about.Files, d.about.Records, d.about.Enclosed
	r.Production = d.production
	r.Received, r.Derived = int64(d.c.first), int64(len(d.c.files)-d.c.first)
	_, r.Payload = d.bag.Payload()
	w := d.c.total
	w.Fields = r.Withheld.Fields
	w.Exhibits = int64(len(d.c.state.Items) - len(d.c.exhibits))
	r.Withheld = w
}
