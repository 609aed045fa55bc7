package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// verifyBundle checks what was handed out of a case: a ZIP file, or a directory that
// it was unpacked to.
func (p *program) verifyBundle(c *cli.Context, name string, o verify.Options) error {
	if c.Bool("replay") {
		return usagef("exhibit verify --replay: a bundle holds no run to make again")
	}
	if len(o.TSARoots) > 0 {
		return usagef("exhibit verify --tsa-ca: the time stamps in a bundle are judged by the authority's own certificate: --tsa-cert FILE (docs/formats/anchors.md, Judging)")
	}
	b := verify.BundleOptions{Trust: o.Trust, Receipts: o.Receipts, TSACerts: o.TSACerts, Witnesses: o.Witnesses, Require: o.Require}
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		b.Progress = func(done, total int64) { bar.show("verifying: %s of %s", size(done), size(total)) }
	}
	r, err := verify.Bundle(c.Context, name, b)
	if errors.Is(err, evidence.ErrFormat) {
		return usagef("%s", complaint(err))
	}
	if err != nil {
		return reasonOf(err)
	}
	if err := p.showReport(r); err != nil {
		return err
	}
	return ended(r.Exit)
}
