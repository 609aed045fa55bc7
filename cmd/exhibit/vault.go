package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/core/vault"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// vaultFlags are those of a command that redacts.
func vaultFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "vault", Usage: "write what each mark stands for into a new `FILE`, sealed with age to those that --vault-to names; it is no part of what is handed out"},
		&cli.StringSliceFlag{Name: "vault-to", Usage: "who can open the vault: a public `KEY` of age, age1…; may be repeated"},
	}
}

// sealing is a vault that was asked for.
type sealing struct {
	file string
	to   []string
}

// vaultWanted reads the flags, nil where no vault is asked for. What is wrong shows here,
// before anything was done.
func vaultWanted(c *cli.Context) (*sealing, error) {
	v := &sealing{c.String("vault"), c.StringSlice("vault-to")}
	switch {
	case v.file == "" && len(v.to) == 0:
		return nil, nil
	case v.file == "":
		return nil, usagef("--vault-to KEY: --vault FILE: where to?")
	case len(v.to) == 0:
		return nil, usagef("--vault %s: --vault-to KEY: who shall open it?", visible(v.file))
	}
	if _, err := vault.Recipients(v.to); err != nil {
		return nil, usagef("--vault-to: %s", complaint(err))
	}
	return v, mustBeNew(v.file)
}

// seal writes the vault of what is redacted in the records that choose wants, nil for all:
// whole and durable, or not at all; that it was made is an entry. It returns how many entries
// the vault has.
func (v *sealing) seal(ctx context.Context, k *store.Case, r *redact.Redactor, choose func(id string) bool, recipient string, now time.Time) (entries int64, err error) {
	to, err := vault.Recipients(v.to)
	if err != nil {
		return 0, err
	}
	h := vault.Header{Origin: k.Origin(), Policy: r.Policy().Name, PolicySHA256: r.Policy().SHA256(), Recipient: recipient, Made: now.UTC().Format(time.RFC3339)}
	sum := sha256.New()
	err = writeNew(v.file, func(w io.Writer) error {
		entries, err = vault.Seal(io.MultiWriter(w, sum), to, h, func(add func(vault.Entry) error) error {
			return r.Originals(ctx, choose, func(o redact.Original) error {
				return add(vault.Entry{Mark: o.Mark, Category: o.Category, Value: o.Value, Canonical: o.Canonical})
			})
		})
		return err
	})
	if err != nil {
		return 0, err
	}
	_, err = k.Append(ctx, store.Batch{
		Kind: "redact", Plain: map[string]any{"phase": "result", "counts": map[string]int64{"vault_entries": entries, "vault_keys": int64(len(to))}},
		Secret: map[string]any{
			"asserted.policy": h.Policy, "observed.policy.sha256": h.PolicySHA256.String(), "asserted.recipient": recipient,
			"observed.outputs": vaultDigest(v.file, sum),
		},
	})
	return entries, err
}

// vaultDigest is a vault's digest as the log has it.
func vaultDigest(file string, sum hash.Hash) []any {
	return []any{map[string]any{"algorithm": "sha256", "path": filepath.Base(file), "value": hex.EncodeToString(sum.Sum(nil))}}
}
