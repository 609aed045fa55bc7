package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/vault"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) vaultCommand() *cli.Command {
	return group("vault", "what the marks of a redaction stand for",
		command(&cli.Command{
			Name: "open", Usage: "print it, by an order", ArgsUsage: "VAULT",
			Description: "   That it was opened, by which order and by whom, is an entry of the log, durable before\n" +
				"   anything is printed. With --csv it is a reference list as Fed. R. Civ. P. 5.2(g) allows it\n" +
				"   to be filed under seal.\n\n" +
				"   exhibit vault open --order 'Order 17 of 2026-11-20' --identity key.txt defence.vault\n" +
				"   exhibit vault open --order 'Order 17 of 2026-11-20' --identity key.txt --mark '[PHONE-7F3KQ2M9]' defence.vault\n" +
				"   exhibit vault open --order 'Order 17 of 2026-11-20' --identity key.txt --csv defence.vault > reference-list.csv",
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "order", Usage: "number of the order or consent that it is opened by: `TEXT`"},
				&cli.StringFlag{Name: "identity", Usage: "`FILE` with the secret key of age, AGE-SECRET-KEY-1…; - is standard input"},
				&cli.StringSliceFlag{Name: "mark", Usage: "only what this `MARK` stands for; may be repeated"},
				&cli.BoolFlag{Name: "csv", Usage: "write CSV"},
			}, saidFlags()[2:]...),
		}, 1, 1, p.vaultOpen),
	)
}

func (p *program) vaultOpen(c *cli.Context) error {
	name := c.Args().First()
	if c.String("order") == "" {
		return usagef("exhibit vault open: --order TEXT: by which order or consent?")
	}
	if c.String("identity") == "" {
		return usagef("exhibit vault open: --identity FILE: with which key?")
	}
	said, err := p.said(c)
	if err == nil {
		err = stated(said, "asserted.authority.number", c.String("order"))
	}
	if err != nil {
		return err
	}
	said["asserted.purpose"] = "opened the vault of a redaction"
	key, err := p.readInput(c.String("identity"), maxReview)
	if err != nil {
		return &problem{what: "identity " + visible(c.String("identity")) + ": " + err.Error(), state: "Nothing was opened.", cause: err}
	}
	ids, err := vault.Identities(bytes.NewReader(key))
	if err != nil {
		return withState(err, "Nothing was opened.")
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return &problem{what: "vault " + visible(name) + ": " + reasonOf(err).Error(), state: "Nothing was opened.", cause: err}
	}
	defer f.Close() // only read from
	marks := map[string]bool{}
	for _, m := range c.StringSlice("mark") {
		marks[m] = true
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		h, n, out, err := tryVault(ctx, f, ids, k.Origin(), filepath.Base(name))
		if errors.Is(err, evidence.ErrKey) {
			err = withTry(err, "the secret key of one of those it was sealed to")
		}
		if err != nil {
			return withState(err, "Nothing was printed.")
		}
		said["asserted.policy"], said["observed.outputs"] = h.Policy, out
		if h.PolicySHA256 != (evidence.Digest{}) {
			said["observed.policy.sha256"] = h.PolicySHA256.String()
		}
		seq, err := k.Append(ctx, store.Batch{Kind: "access", Plain: map[string]any{"counts": map[string]int64{"entries": n}}, Secret: said})
		if err != nil {
			return withState(err, "Nothing was printed.")
		}
		p.note("opened by order %s: #%d", visible(c.String("order")), seq)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return p.printVault(f, ids, marks, c.Bool("csv"))
	})
}

// tryVault reads all of a vault without printing it: that the key fits, that it is whole,
// that it is of this case.
func tryVault(ctx context.Context, f io.Reader, ids []age.Identity, origin, name string) (h vault.Header, n int64, outputs []any, err error) {
	sum := sha256.New()
	file := bufio.NewReaderSize(io.TeeReader(f, sum), 1<<16)
	err = vault.Open(file, ids, func(got vault.Header) error {
		if h = got; h.Origin != origin {
			return fmt.Errorf("vault: %w: it is of the case %s, and this is %s", evidence.ErrFormat, h.Origin, origin)
		}
		return nil
	}, func(vault.Entry) error {
		n++
		return ctx.Err()
	})
	if err == nil {
		_, err = io.Copy(io.Discard, file)
	}
	return h, n, vaultDigest(name, sum), err
}

// printVault prints the entries that are wanted, all where marks is empty.
func (p *program) printVault(f io.Reader, ids []age.Identity, marks map[string]bool, asCSV bool) error {
	out := bufio.NewWriter(p.out)
	list := csv.NewWriter(out)
	if asCSV {
		if err := list.Write([]string{"mark", "category", "value", "canonical"}); err != nil {
			return err
		}
	}
	n := 0
	err := vault.Open(bufio.NewReaderSize(f, 1<<16), ids, func(vault.Header) error { return nil }, func(e vault.Entry) error {
		if len(marks) > 0 && !marks[e.Mark] {
			return nil
		}
		n++
		switch {
		case asCSV:
			return list.Write([]string{e.Mark, e.Category, noFormula(e.Value), noFormula(e.Canonical)})
		case p.asJSON:
			return writeJSON(out, e)
		}
		_, err := fmt.Fprintf(out, "%s  %s  %s\n", visible(e.Mark), e.Category, visible(e.Value))
		return err
	})
	list.Flush()
	if err := errors.Join(err, list.Error(), out.Flush()); err != nil {
		return err
	}
	if n == 0 {
		return &problem{what: "the vault holds nothing under these marks", state: "That it was opened is in the log.", cause: evidence.ErrNotFound}
	}
	return nil
}
