package disclose

import (
	"bufio"
	"context"

	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// texts adds what is for reading and for other programs, and the verifiers.
func (d *disclosure) texts(ctx context.Context) error {
	state, err := d.k.State(ctx)
	if err != nil {
		return err
	}
	if n := len(state.Signers); n > 0 {
		d.about.VKey = state.Signers[n-1]
	}
	facts, err := bundle.CertificateFacts(d.about)
	if err != nil {
		return err
	}
	contents, err := bundle.Verifiers()
	if err != nil {
		return err
	}
	contents = append(contents,
		bundle.Bytes(bundle.HowToFile, bundle.HowToVerify(d.about)),
		bundle.Bytes(bundle.CertificateData, facts),
	)
	if d.about.Records > 0 {
		contents = append(contents, bundle.Bytes(bundle.Certificate13File, bundle.Certificate902(d.about, true)))
	}
	if d.about.Files > 0 {
		contents = append(contents, bundle.Bytes(bundle.Certificate14File, bundle.Certificate902(d.about, false)))
	}
	for _, c := range contents {
		if err := d.bag.Add(c); err != nil {
			return err
		}
	}
	if err := d.bag.Make(bundle.DFXMLFile, func(w *bufio.Writer) error { return bundle.DFXML(w, d.about, d.c.lines) }); err != nil {
		return err
	}
	return d.bag.Make(bundle.CaseUCOFile, func(w *bufio.Writer) error { return bundle.CaseUCO(w, d.about, d.c.lines) })
}
