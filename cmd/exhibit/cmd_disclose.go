package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) discloseCommand() *cli.Command {
	return command(&cli.Command{
		Name: "disclose", Usage: "hand out part of the case as one file that a stranger can check",
		Description: "   Only what is named is disclosed. Everything else is in the bundle as salted\n" +
			"   commitments, which tell nothing. The log says what was handed out, to whom and\n" +
			"   when, before and after; the head of the log is signed, and that is in the bundle.\n\n" +
			"   exhibit disclose --recipient 'Counsel for the defence' --exhibit EX-001 --out defence.zip\n" +
			"   exhibit disclose --recipient 'The court' --exhibit EX-001 --exhibit EX-003 --derived --records --out court.zip\n" +
			"   exhibit disclose --recipient 'The court' --select 'tag:relevant' --with report.html --out annex.zip\n" +
			"   exhibit disclose --recipient 'A. Person' --policy sar-gdpr --prefix SAR --out answer.zip",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "recipient", Usage: "for whom it is: `TEXT`, stated in the log and in the bundle"},
			&cli.StringSliceFlag{Name: "exhibit", Usage: "the received files of the item with this `NO`; may be repeated"},
			&cli.BoolFlag{Name: "derived", Usage: "with what plugins made of those files: unpacked, decrypted"},
			&cli.BoolFlag{Name: "records", Usage: "with the records that were read in those exhibits"},
			&cli.StringFlag{Name: "select", Usage: "single records: a `NAME` saved with exhibit select, or a query"},
			policyFlag(),
			&cli.StringFlag{Name: "prefix", Value: "EX", Usage: "with --policy: what production numbers begin with, `PREFIX`-000001; a record keeps its number in later productions of the same prefix"},
			&cli.BoolFlag{Name: "draft", Usage: "with --policy: although reviews are open or the leak check finds something; all that a person reads says DRAFT"},
			&cli.StringSliceFlag{Name: "with", Usage: "enclose a `FILE`, such as a report, as it is; may be repeated"},
			&cli.StringFlag{Name: "purpose", Usage: "what for: `TEXT`, stated in the log and in the bundle"},
			&cli.StringFlag{Name: "authority", Usage: "number of the order or consent that it is done by: `TEXT`"},
			&cli.StringSliceFlag{Name: "since", Usage: "prove that the log continues an earlier checkpoint that the recipient has: `FILE`, a receipt or signed note, or a date, for the last one sealed before; may be repeated"},
			&cli.StringSliceFlag{Name: "certificate", Usage: "draft a certificate after this `PACK`: the name of one that comes with the program, a JSON file, or none; may be repeated"},
			assertFlag(),
			&cli.StringFlag{Name: "signer", Usage: "seal and sign as this `IDENTITY`; needed where there are several"},
			&cli.StringFlag{Name: "out", Usage: "write `FILE`.zip, which must not be there yet"},
			identitiesFlag(),
			sandboxFlag(),
		}, vaultFlags()...),
	}, 0, 0, p.disclose)
}

func (p *program) disclose(c *cli.Context) error {
	q, err := disclosureRequest(c)
	if err != nil {
		return err
	}
	s, err := p.signer(c, "signer")
	if err != nil {
		return withState(err, "Nothing was disclosed.")
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		if _, err := p.maySign(ctx, k, s, "signer"); err != nil {
			return withState(err, "Nothing was disclosed.")
		}
		out, err := newDisclosureFile(c.String("out"), k)
		if err != nil {
			return withState(err, "Nothing was disclosed.")
		}
		w, err := p.disclosureWorld(ctx, k, s)
		if err == nil {
			err = p.disclosureQuery(c, &q, w.Marks)
		}
		if err == nil && c.IsSet("policy") {
			err = p.disclosureRedacted(ctx, c, k, &q)
		}
		if q.Redacted != nil {
			defer q.Redacted.Redactor.Close()
		}
		if err == nil {
			q.Since, err = p.earlier(ctx, k, c.StringSlice("since"))
		}
		if err != nil {
			return withState(errors.Join(err, out.Abort()), "Nothing was disclosed.")
		}
		r, stage, err := disclose.Run(ctx, k, q, w, out)
		if err != nil {
			return p.undisclosed(err, stage)
		}
		return p.disclosed(c.String("out"), out, s, r)
	})
}

const chooseSomething = "name what to disclose: --exhibit EX-001 (its files), --exhibit EX-001 --derived --records (and what was made and read of them), --select 'tag:relevant' (single records), --policy sar-gdpr (redacted records), --with report.html"

// disclosureRequest reads the command line.
func disclosureRequest(c *cli.Context) (disclose.Request, error) {
	if err := redactedFlags(c); err != nil {
		return disclose.Request{}, err
	}
	q := disclose.Request{Exhibits: c.StringSlice("exhibit"), Derived: c.Bool("derived"), Records: c.Bool("records"), Enclose: c.StringSlice("with")}
	out := c.String("out")
	switch {
	case strings.TrimSpace(c.String("recipient")) == "":
		return q, usagef("exhibit disclose: --recipient is missing: for whom is it?")
	case out == "":
		return q, usagef("exhibit disclose: --out FILE.zip is missing")
	case strings.ToLower(filepath.Ext(out)) != ".zip":
		return q, usagef("exhibit disclose: --out %s: the file is a ZIP file, and its name must say so: FILE.zip", visible(out))
	case c.IsSet("policy") && !c.IsSet("select"):
		// All records that the policy's scope has.
	case len(q.Exhibits) == 0 && !c.IsSet("select") && len(q.Enclose) == 0:
		if q.Derived || q.Records {
			return q, usagef("exhibit disclose: --derived and --records say what goes with exhibits; which ones? --exhibit EX-001")
		}
		return q, usagef("exhibit disclose: nothing is disclosed unless it is named; %s", chooseSomething)
	case len(q.Exhibits) == 0 && (q.Derived || q.Records):
		return q, usagef("exhibit disclose: --derived and --records say what goes with exhibits; which ones? --exhibit EX-001")
	case c.IsSet("select") && strings.TrimSpace(c.String("select")) == "":
		return q, usagef("exhibit disclose: --select is empty, which would be every record; all records of an exhibit are --exhibit NO --records")
	}
	slices.Sort(q.Exhibits)
	q.Exhibits = slices.Compact(q.Exhibits)
	for _, name := range q.Enclose {
		if info, err := os.Stat(name); err != nil {
			return q, withState(fmt.Errorf("--with %s: %w", visible(name), reasonOf(err)), "Nothing was disclosed.")
		} else if !info.Mode().IsRegular() {
			return q, usagef("exhibit disclose: --with %s is no file", visible(name))
		}
	}
	q.Bag = bundle.BagName(filepath.Base(out))
	var err error
	if q.Certificates, err = certificatePacks(c.StringSlice("certificate")); err != nil {
		return q, err
	}
	if q.Said, err = assertions(c.StringSlice("assert")); err != nil {
		return q, err
	}
	for field, flag := range map[string]string{"asserted.recipient": "recipient", "asserted.purpose": "purpose", "asserted.authority.number": "authority"} {
		if err := stated(q.Said, field, c.String(flag)); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (p *program) disclosureWorld(ctx context.Context, k *store.Case, s *signer.Signer) (disclose.World, error) {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return disclose.World{}, err
	}
	line, err := s.SSH()
	if err != nil {
		return disclose.World{}, err
	}
	// The last word is a remark, and no part of the key.
	words := strings.Fields(line)
	return disclose.World{
		Now: p.now, Software: "exhibit " + version, Marks: m, Search: searchOptions(m),
		Signer: &bundleSigner{p: p, k: k, s: s, key: strings.Join(words[:2], " ")},
		Remark: func(text string) { p.note("%s", visible(text)) },
	}, nil
}

// disclosureQuery finds out which records are selected.
func (p *program) disclosureQuery(c *cli.Context, q *disclose.Request, m *marks.Marks) (err error) {
	text := c.String("select")
	if text == "" {
		return nil
	}
	if s, ok := m.Selection(text); ok {
		q.Selection, text = s.Name, s.Query
	}
	if q.Select, err = search.Parse(text, search.ParseOptions{Zone: p.zone}); err != nil {
		return usagef("exhibit disclose: --select: %s", complaint(err))
	}
	return nil
}

// bundleSigner seals and signs as one identity.
type bundleSigner struct {
	p   *program
	k   *store.Case
	s   *signer.Signer
	key string
}

func (b *bundleSigner) Seal(ctx context.Context) ([]byte, error) { return b.p.sign(ctx, b.k, b.s) }

func (b *bundleSigner) SSH() string { return b.key }

func (b *bundleSigner) VKey() string { return b.s.VKey(b.k.Origin()) }

func (b *bundleSigner) SignSSH(ctx context.Context, namespace string, message []byte) ([]byte, error) {
	return b.s.SignSSH(ctx, namespace, message)
}

// disclosureFile is the bundle in the making.
type disclosureFile struct{ *export.Output }

func (f disclosureFile) Place() error { return f.PlaceAlone() }

func newDisclosureFile(name string, k *store.Case) (disclosureFile, error) {
	if err := outside("exhibit disclose", name, k); err != nil {
		return disclosureFile{}, err
	}
	o, err := export.CreateAlone(name)
	if errors.Is(err, evidence.ErrExists) {
		err = &problem{what: sentence(err), try: "another name", cause: err}
	}
	return disclosureFile{o}, err
}

// undisclosed says why nothing was handed out, and what the log says of it.
func (p *program) undisclosed(err error, stage disclose.Stage) error {
	if errors.Is(err, disclose.ErrNothing) {
		return &problem{what: "nothing is disclosed: no record is selected, and nothing else is named", state: "Nothing was written.", try: chooseSomething, cause: err}
	}
	if p := unredacted(err); p != nil {
		err = p
	}
	switch stage {
	case disclose.StageGather:
		return withState(err, "No file was left. The log says that it was begun and that it failed.")
	case disclose.StageLogged:
		return withState(err, "No file was left. The log has an entry that commits to the bundle, and one after it that takes that back.")
	default:
		return withState(err, "Nothing was written.")
	}
}
