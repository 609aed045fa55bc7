package disclose

import (
	"bufio"
	"context"

	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// texts adds what is for reading and for other programs, and the verifiers.
func (d *disclosure) texts(ctx context.Context) error {
	if d.q.Certificates == nil {
		if err := d.suitable(); err != nil {
			return err
		}
	}
	facts, err := bundle.CertificateFacts(d.about, d.q.Certificates)
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
	for _, p := range d.q.Certificates {
		draft, open := bundle.Certificate(d.about, p)
		contents = append(contents, bundle.Bytes(p.File(), draft))
		d.report.Certificates = append(d.report.Certificates, Draft{p.File(), open})
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

// suitable takes the forms that come with the program and are for what was disclosed.
func (d *disclosure) suitable() error {
	packs, err := bundle.Packs()
	if err != nil {
		return err
	}
	for _, id := range bundle.DefaultPacks() {
		if p, ok := packs[id]; ok && p.Suits(d.about.Files, d.about.Records) {
			d.q.Certificates = append(d.q.Certificates, p)
		}
	}
	return nil
}
