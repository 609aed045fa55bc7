package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxStatement bounds what is read of a statement, a signature or a list of signers, in bytes.
const maxStatement = 4 << 20

func (p *program) transferCommand() *cli.Command {
	text := func(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }
	return command(&cli.Command{
		Name: "transfer", Usage: "hand an exhibit over: write the statement that both parties sign, then enter it with their signatures", ArgsUsage: "[EXHIBIT]",
		Description: "   First, on the computer of whoever gives: a statement in plain text is written, with digests, seals\n" +
			"   and the state of the log. Nothing is entered.\n\n" +
			"   exhibit transfer EX-001 --from 'A. Examiner' --to 'B. Clerk' --method 'by hand' --seal-out 4711 --statement F\n\n" +
			"   Each signs it where he is: ssh-keygen -Y sign -n exhibit-transfer -f KEY F, or exhibit identity sign\n" +
			"   NAME F. Then the statement is entered, at once or first one party's part:\n\n" +
			"   exhibit transfer --statement F --released F.from.sig --received F.to.sig --allowed-signers A --seal-in 4711",
		Flags: []cli.Flag{
			text("statement", "the statement's `FILE`: written where an exhibit is given, else read"),
			text("from", "`NAME` of who gives"), text("from-organisation", "that person's organisation: `TEXT`"), text("from-role", "that person's role: `TEXT`"),
			text("from-key", "the SSH key that person will sign with: a `FILE` with the public key, or SHA256:…"),
			text("to", "`NAME` of who takes"), text("to-organisation", "that person's organisation: `TEXT`"), text("to-role", "that person's role: `TEXT`"),
			text("to-key", "the SSH key that person will sign with: a `FILE` with the public key, or SHA256:…"),
			text("method", "how: by hand, courier, upload: `TEXT`"), text("courier", "courier and consignment number: `TEXT`"),
			text("released-at", "when it is given: `TIME`, RFC 3339; else now"), text("seal-out", "`NUMBER` of the physical seal when given"),
			text("purpose", "why: `TEXT`"), text("authority", "`NUMBER` of the order or consent"),
			text("condition", "condition of thing and seal, when given, or when taken: `TEXT`"),
			text("list", "write the list of the exhibit's files to `FILE`, as sha256sum does; the statement has its digest"),
			text("released", "the signature of who gives: `FILE`"), text("received", "the signature of who takes: `FILE`"),
			text("allowed-signers", "a `FILE` of allowed signers (ssh-keygen) among which both keys must be"),
			text("received-at", "when it was taken: `TIME`, RFC 3339; else now"), text("seal-in", "`NUMBER` of the physical seal when taken"),
			&cli.StringSliceFlag{Name: "assert", Usage: "`FIELD=VALUE`: any other asserted field, of both entries; may be repeated"},
		},
	}, 0, 1, p.transfer)
}

func (p *program) transfer(c *cli.Context) error {
	if c.String("statement") == "" {
		return usagef("exhibit transfer: --statement FILE: the statement to write, or to enter")
	}
	first := []string{"from", "from-organisation", "from-role", "from-key", "to", "to-organisation", "to-role", "to-key", "method", "courier", "released-at", "seal-out", "purpose", "authority", "list"}
	second := []string{"released", "received", "allowed-signers", "received-at", "seal-in", "assert"}
	wrong := first
	if c.Args().Present() {
		wrong = second
	}
	for _, name := range wrong {
		if c.IsSet(name) && c.Args().Present() {
			return usagef("exhibit transfer: --%s belongs to entering a signed statement, which takes no exhibit: the statement names it", name)
		} else if c.IsSet(name) {
			return usagef("exhibit transfer: --%s belongs to writing a statement, and no exhibit is given", name)
		}
	}
	if c.Args().Present() {
		return p.writeStatement(c)
	}
	return p.enterStatement(c)
}

// moment reads a time, or is now.
func (p *program) moment(c *cli.Context, flag string) (string, error) {
	t := p.now()
	if s := c.String(flag); s != "" {
		var err error
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return "", usagef("--%s %s: a time such as 2026-11-22T18:00:00+08:00", flag, visible(s))
		}
	}
	return t.UTC().Format(time.RFC3339), nil
}

func (p *program) writeStatement(c *cli.Context) error {
	s := handling.Statement{
		Exhibit: c.Args().First(), Method: c.String("method"), Courier: c.String("courier"), SealOut: c.String("seal-out"),
		Condition: c.String("condition"), Purpose: c.String("purpose"), Authority: c.String("authority"),
		From: handling.Party{Name: c.String("from"), Organisation: c.String("from-organisation"), Role: c.String("from-role")},
		To:   handling.Party{Name: c.String("to"), Organisation: c.String("to-organisation"), Role: c.String("to-role")},
	}
	for name, v := range map[string]string{"from": s.From.Name, "to": s.To.Name, "method": s.Method} {
		if v == "" {
			return usagef("exhibit transfer: --%s is missing", name)
		}
	}
	var err error
	if s.Released, err = p.moment(c, "released-at"); err != nil {
		return err
	}
	for name, to := range map[string]*string{"from-key": &s.From.Key, "to-key": &s.To.Key} {
		if *to, err = sshFingerprint(name, c.String(name)); err != nil {
			return err
		}
	}
	for _, name := range []string{c.String("statement"), c.String("list")} {
		if err := mustBeNew(name); err != nil {
			return err
		}
	}
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		p.note("case %s in %s, exhibit %s", title(state, k), visible(k.Dir()), visible(s.Exhibit))
		if it, err := handling.Item(state, s.Exhibit); err == nil {
			s.Description = describedAs(ctx, k, it)
		}
		if s, err = handling.Prepare(ctx, k, s); errors.Is(err, evidence.ErrFormat) {
			return usagef("exhibit transfer: %s", complaint(err))
		} else if err != nil {
			return withState(err, "Nothing was written.")
		}
		b, err := s.Format()
		if err != nil {
			return err
		}
		if list := c.String("list"); list != "" {
			if err := writeNew(list, func(w io.Writer) error { return handling.FileList(ctx, k, s.Exhibit, w) }); err != nil {
				return err
			}
		}
		if err := writeNewBytes(c.String("statement"), b); err != nil {
			return err
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"statement": c.String("statement"), "sha256": evidence.Sum(b).Hex(), "exhibit": s.Exhibit, "files": s.Files, "bytes": s.Bytes, "list": s.List, "entries": s.Entries})
		}
		if err := p.printf("%s\n", visible(c.String("statement"))); err != nil {
			return err
		}
		p.note("Nothing is entered yet. Both sign it: ssh-keygen -Y sign -n %s -f KEY %s\nThen: exhibit transfer --statement %[2]s --released SIG --received SIG", handling.Namespace, visible(c.String("statement")))
		return nil
	})
}

// describedAs is what the entry that began the item, or the source, says the item is.
func describedAs(ctx context.Context, k *store.Case, it store.Item) string {
	text := it.Source
	for le, err := range k.Entries(ctx, it.Seq) {
		if err != nil {
			return ""
		}
		for _, o := range le.Openings {
			if o.Field == "asserted.exhibit.description" {
				text = textOf(o.Value)
			}
		}
		break
	}
	return strings.Join(strings.Fields(text), " ")
}

// sshFingerprint takes a fingerprint, or a file with a public key.
func sshFingerprint(flag, s string) (string, error) {
	if s == "" || strings.HasPrefix(s, "SHA256:") {
		return s, nil
	}
	b, err := readBounded(s, maxStatement)
	if err != nil {
		return "", usagef("--%s %s: neither a fingerprint (SHA256:…) nor a file that can be read", flag, visible(s))
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(b)
	if err != nil {
		return "", usagef("--%s %s: no SSH public key is in it", flag, visible(s))
	}
	return ssh.FingerprintSHA256(key), nil
}

func (p *program) enterStatement(c *cli.Context) error {
	in := handling.Signed{SealIn: c.String("seal-in"), ConditionIn: c.String("condition")}
	if !c.IsSet("released") && !c.IsSet("received") {
		return usagef("exhibit transfer: --released SIG, --received SIG: whose signature is there?")
	}
	if !c.IsSet("received") && (c.IsSet("seal-in") || c.IsSet("received-at") || c.IsSet("condition")) {
		return usagef("exhibit transfer: --seal-in, --received-at and --condition say how it was taken: --received SIG is missing")
	}
	var err error
	if in.Said, err = assertions(c.StringSlice("assert")); err != nil {
		return err
	}
	if in.ReceivedAt, err = p.moment(c, "received-at"); err != nil {
		return err
	}
	for _, f := range []struct {
		flag string
		to   *[]byte
	}{{"statement", &in.Text}, {"released", &in.Released}, {"received", &in.Received}} {
		if !c.IsSet(f.flag) {
			continue
		}
		if *f.to, err = readBounded(c.String(f.flag), maxStatement); err != nil {
			return withState(fmt.Errorf("--%s %s: %w", f.flag, visible(c.String(f.flag)), err), "Nothing was entered.")
		}
	}
	if name := c.String("allowed-signers"); name != "" {
		b, err := readBounded(name, maxStatement)
		if err == nil {
			in.Allowed, err = sshsig.ParseAllowed(b)
		}
		if err != nil {
			return withState(fmt.Errorf("--allowed-signers %s: %w", visible(name), err), "Nothing was entered.")
		}
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		out, err := handling.Enter(ctx, k, in, p.now())
		if err != nil {
			state := "Nothing was entered."
			if out.Released >= 0 {
				state = fmt.Sprintf("The releasing is entry %d; the receiving is not entered.", out.Released)
			}
			return withState(err, state)
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{
				"released": orNone(out.Released), "received": orNone(out.Received), "from_key": out.From, "to_key": out.To,
				"from_principals": out.FromPrincipals, "to_principals": out.ToPrincipals,
			})
		}
		for _, e := range []struct {
			seq        int64
			phase, key string
			principals []string
		}{{out.Released, "released", out.From, out.FromPrincipals}, {out.Received, "received", out.To, out.ToPrincipals}} {
			if e.seq < 0 {
				continue
			}
			if err := p.printf("transfer #%d %s, signed by %s %s\n", e.seq, e.phase, e.key, visible(strings.Join(e.principals, " "))); err != nil {
				return err
			}
		}
		if in.Allowed == nil {
			p.note("Whose keys these are was not checked: --allowed-signers FILE does.")
		}
		p.note("Seal the log now, and hand the receipt over: exhibit seal --receipt FILE")
		return nil
	})
}

func orNone(seq int64) any {
	if seq < 0 {
		return nil
	}
	return seq
}
