package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/prove"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// maxProofFile bounds what is read of a proof, in bytes.
const maxProofFile = 16 << 20

func (p *program) proveCommand() *cli.Command {
	return command(&cli.Command{
		Name: "prove", Usage: "make a small file that proves one thing out of the case, and nothing else, to somebody who has none of it", ArgsUsage: "[ENTRY|EXHIBIT[:PATH]|DIGEST|RECORD-ID]",
		Description: "   An entry of the log by its number (`12`), a file that was received (`EX-001:call.log`), an artifact\n" +
			"   (digest), one record (as exhibit records prints it), a member of an entry's set (`12/runs/0`), or with\n" +
			"   --consistency that the log continues an earlier checkpoint. It rests on the latest checkpoint, or on\n" +
			"   that of --receipt. What --field does not name stays a commitment; no other record's bytes or plain\n" +
			"   hash are in it. exhibit verify FILE checks it; docs/formats/proof.md says how others do.\n\n" +
			"   exhibit prove 0123456789abcdef:17 --receipt receipt.txt --out message.proof\n" +
			"   exhibit prove 12 --field asserted.exhibit --out entry.proof\n" +
			"   exhibit prove --consistency receipt.txt --out continues.proof",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "the `FILE` to write; it must not be there"},
			&cli.StringSliceFlag{Name: "field", Usage: "disclose this `FIELD` too; may be repeated"},
			&cli.StringFlag{Name: "receipt", Usage: "prove under the checkpoint in `FILE`, a receipt or a signed note"},
			&cli.StringFlag{Name: "consistency", Usage: "prove that the log continues the checkpoint in `FILE`, a receipt or a signed note"},
			&cli.BoolFlag{Name: "tlog", Usage: "of an entry: write only the C2SP tlog-proof, for other programs, and no entry"},
		},
	}, 0, 1, p.prove)
}

func (p *program) prove(c *cli.Context) error {
	target, old := c.Args().First(), c.String("consistency")
	switch {
	case c.String("out") == "":
		return usagef("exhibit prove: --out FILE is missing")
	case (target == "") == (old == ""):
		return usagef("exhibit prove: what? One of an entry, EXHIBIT:PATH, a digest, a record id, or --consistency FILE")
	case old != "" && (len(c.StringSlice("field")) > 0 || c.Bool("tlog")):
		return usagef("exhibit prove --consistency discloses no field, and is no tlog-proof")
	}
	if err := mustBeNew(c.String("out")); err != nil {
		return err
	}
	note, err := readNote(c.String("receipt"))
	if err != nil {
		return err
	}
	before, err := readNote(old)
	if err != nil {
		return err
	}
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		m, err := prove.New(ctx, k, note)
		if err != nil {
			return withTry(withState(err, "Nothing was written."), "exhibit seal")
		}
		var made proof.Proof
		if before != nil {
			made, err = m.Consistency(ctx, before)
		} else {
			made, err = p.proofOf(ctx, k, m, target, c.StringSlice("field"))
		}
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		b, err := made.Encode()
		if err != nil {
			return err
		}
		if c.Bool("tlog") {
			if made.Type != proof.TypeEntry || len(made.Openings) > 0 {
				return usagef("exhibit prove --tlog: a tlog-proof is of an entry, and discloses nothing")
			}
			b = []byte(made.TLog)
		} else if err := selfCheck(b); err != nil {
			return err
		}
		if err := writeNewBytes(c.String("out"), b); err != nil {
			return err
		}
		disclosed := []string{}
		for _, o := range made.Openings {
			disclosed = append(disclosed, o.Field)
		}
		if made.Member != nil {
			for _, o := range made.Member.Fields {
				disclosed = append(disclosed, o.Field)
			}
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"out": c.String("out"), "type": made.Type, "entries": m.Size(), "disclosed": disclosed, "size": len(b), "sha256": evidence.Sum(b).Hex()})
		}
		if err := p.printf("%s\n", visible(c.String("out"))); err != nil {
			return err
		}
		p.note("proof of type %s under the checkpoint of %s; disclosed: %s", made.Type, count(m.Size(), "entry"), visible(orWord(strings.Join(disclosed, ", "), "no field")))
		return nil
	})
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

// selfCheck has the second opinion check a proof before it is handed out.
func selfCheck(b []byte) error {
	r, err := verify.Proof(b, verify.ProofOptions{})
	if err == nil && r.Integrity != verify.Intact {
		err = fmt.Errorf("%w: the proof that was made does not hold: %s %s", evidence.ErrIntegrity, r.Findings[0].Object, r.Findings[0].What)
	}
	return err
}

// readNote takes the signed note out of a receipt, or a bare one; nil for no file.
func readNote(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := readBounded(name, maxReceipt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", visible(name), err)
	}
	if _, err := custody.ParseCheckpoint(text); err == nil {
		return text, nil
	}
	note, _, err := custody.ParseReceipt(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", visible(name), err)
	}
	return note, nil
}

// proofOf proves what a person names.
func (p *program) proofOf(ctx context.Context, k *store.Case, m *prove.Maker, target string, fields []string) (proof.Proof, error) {
	parts := strings.Split(target, "/")
	if seq, err := strconv.ParseInt(parts[0], 10, 64); err == nil && seq >= 0 {
		switch {
		case len(parts) == 1 && len(target) < 16: // digits that are too many for an entry begin a digest
			return m.Entry(ctx, seq, fields)
		case len(parts) == 3 && slices.Contains(custody.SetNames(), parts[1]):
			n, err := strconv.ParseInt(parts[2], 10, 64)
			if err != nil {
				return proof.Proof{}, usagef("exhibit prove %s: the number of the set's member", visible(target))
			}
			return m.Member(ctx, parts[1], seq, n, fields)
		}
	}
	state, err := k.State(ctx)
	if err != nil {
		return proof.Proof{}, err
	}
	for _, it := range state.Items {
		if path, ok := strings.CutPrefix(target, it.Exhibit+":"); ok || target == it.Exhibit {
			if !ok {
				path = ""
			}
			made, err := m.Occurrence(ctx, it.Exhibit, path, fields)
			if ok && errors.Is(err, evidence.ErrNotFound) {
				break // a place inside a container
			}
			return made, err
		}
	}
	s, err := prove.Resolve(ctx, k, target)
	if err != nil {
		return proof.Proof{}, err
	}
	if s.Line > 0 {
		return m.Record(ctx, s.Artifact, s.Line, fields)
	}
	return m.Artifact(ctx, s.Artifact, fields)
}

// verifyFile checks a proof; any other file is refused.
func (p *program) verifyFile(c *cli.Context, name string, o verify.Options) error {
	b, err := readBounded(name, maxProofFile)
	if err != nil || !verify.IsProof(b) {
		return openProblem(name, evidence.ErrNoCase)
	}
	if c.Bool("replay") {
		return usagef("exhibit verify --replay: a proof holds no run to make again")
	}
	if len(o.Witnesses)+len(o.TSACerts)+len(o.TSARoots) > 0 {
		return usagef("exhibit verify: a proof holds no time stamps or cosignatures that are judged: --trust or --receipt")
	}
	r, err := verify.Proof(b, verify.ProofOptions{Trust: o.Trust, Receipts: o.Receipts, Require: o.Require})
	if err != nil {
		return usagef("%s", complaint(err))
	}
	if err := p.showReport(r); err != nil {
		return err
	}
	return ended(r.Exit)
}
