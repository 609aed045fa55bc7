package main

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func identitiesFlag() cli.Flag {
	return &cli.StringFlag{Name: "identities", Usage: "`DIR` of signing keys; else $EXHIBIT_IDENTITIES, else exhibit/identities in your configuration directory"}
}

func (p *program) identityCommand() *cli.Command {
	return group("identity", "keys that sign logs; they lie outside every case",
		command(&cli.Command{
			Name: "new", Usage: "make a signing key", ArgsUsage: "NAME", Flags: []cli.Flag{identitiesFlag()},
		}, 1, 1, p.newIdentity),
		command(&cli.Command{Name: "list", Usage: "list the signing keys", Flags: []cli.Flag{identitiesFlag()}}, 0, 0, p.listIdentities),
		p.rotateCommand(), p.revokeCommand(),
		command(&cli.Command{
			Name: "sign", Usage: "sign a file as ssh-keygen -Y sign does; the signature is written to FILE.sig", ArgsUsage: "NAME FILE",
			Description: "   The signature is an SSH signature, which ssh-keygen -Y verify accepts. `exhibit identity list\n" +
				"   --json` has the public key as a line for a file of allowed signers (member ssh).\n\n" +
				"   exhibit identity sign lab statement.txt",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "namespace", Value: handling.Namespace, Usage: "what the signature is for: `WORD`"},
				identitiesFlag(),
			},
		}, 2, 2, p.identitySign),
	)
}

// identities opens the directory of signing keys.
func (p *program) identities(c *cli.Context) (*signer.Dir, string, error) {
	dir := c.String("identities")
	if dir == "" {
		dir = p.env("EXHIBIT_IDENTITIES")
	}
	if dir == "" {
		base := p.env("XDG_CONFIG_HOME")
		if home := p.env("HOME"); base == "" && home != "" {
			base = filepath.Join(home, ".config")
		}
		if base == "" {
			return nil, "", &problem{what: "there is no place for signing keys: neither $HOME nor $EXHIBIT_IDENTITIES is set", try: "--identities DIR"}
		}
		dir = filepath.Join(base, "exhibit", "identities")
	}
	d, err := signer.OpenDir(dir)
	return d, dir, err
}

// described is an identity for people and programs. The verifier key here bears
// the identity's own name; it is good for every log.
func described(id signer.Identity) map[string]any {
	m := map[string]any{"name": id.Name, "fingerprint": id.Fingerprint(), "vkey": id.VKey(id.Name), "created": id.Created.UTC().Format(time.RFC3339)}
	if line, err := id.SSH(); err == nil {
		m["ssh"] = line
	}
	if !id.Revoked.IsZero() {
		m["revoked"] = id.Revoked.UTC().Format(time.RFC3339)
	}
	return m
}

func (p *program) newIdentity(c *cli.Context) error {
	name := c.Args().First()
	if err := signer.CheckName(name); err != nil {
		return usagef("%s", complaint(err))
	}
	d, dir, err := p.identities(c)
	if err != nil {
		return err
	}
	id, err := d.New(c.Context, name, p.now(), p.rand)
	if errors.Is(err, evidence.ErrExists) {
		return &problem{what: "there is an identity named " + name + " already, in " + visible(dir), state: "It was left as it is.", cause: err}
	}
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, described(id))
	}
	if err := p.printf("%s  %s\n%s\n", id.Name, id.Fingerprint(), id.VKey(id.Name)); err != nil {
		return err
	}
	p.note("The key is in %s. Keep a copy where only you come to.\nGive the second line to those who will verify: exhibit verify --trust KEY", visible(dir))
	return nil
}

func (p *program) listIdentities(c *cli.Context) error {
	d, dir, err := p.identities(c)
	if err != nil {
		return err
	}
	ids, err := d.List()
	if err != nil {
		return err
	}
	if p.asJSON {
		for _, id := range ids {
			if err := writeJSON(p.out, described(id)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(ids) == 0 {
		p.note("there is no signing key in %s: exhibit identity new NAME", visible(dir))
	}
	rows := make([][]string, len(ids))
	for i, id := range ids {
		rows[i] = []string{id.Name, clock(id.Created, p.zone), id.Fingerprint(), id.VKey(id.Name)}
		if !id.Revoked.IsZero() {
			rows[i][0] += " (REVOKED " + clock(id.Revoked, p.zone) + ")"
		}
	}
	return table(p.out, rows)
}
