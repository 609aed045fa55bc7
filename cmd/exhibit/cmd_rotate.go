package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) rotateCommand() *cli.Command {
	return command(&cli.Command{
		Name: "rotate", Usage: "hand the log over to another signing key; the checkpoint that says so is signed by both", ArgsUsage: "NEW",
		Description: "   NEW is an identity made before with exhibit identity new. From then on only it signs this log;\n" +
			"   whoever trusts the old key can follow. Other logs are not concerned.\n\n" +
			"   exhibit identity new lab-2027 && exhibit identity rotate lab-2027 --identity lab",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "identity", Usage: "the identity `NAME` that signed so far; needed where there are more than two"},
			&cli.StringFlag{Name: "reason", Usage: "why: `TEXT`"},
			identitiesFlag(),
		},
	}, 1, 1, p.rotate)
}

func (p *program) revokeCommand() *cli.Command {
	return command(&cli.Command{
		Name: "revoke", Usage: "say in the log that a signing key is not to be trusted any more", ArgsUsage: "NAME|KEY",
		Description: "   NAME is an identity, KEY the verifier key of one that is lost. The checkpoint that says so is\n" +
			"   signed by --by, and by the revoked identity too where it is at hand; after that it signs nothing,\n" +
			"   for no log. What it signed before attests nothing any more; checkpoints by other keys do.\n\n" +
			"   exhibit identity revoke lab --by lab-2027 --reason 'the laptop was stolen' --since 2026-11-20T00:00:00Z",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "by", Usage: "the identity `NAME` that says so and signs from here on; without it NAME revokes itself"},
			&cli.StringFlag{Name: "reason", Usage: "why: `TEXT`"},
			&cli.StringFlag{Name: "since", Usage: "since when others may have had the key: `TIME`, RFC 3339 in UTC"},
			identitiesFlag(),
		},
	}, 1, 1, p.revoke)
}

// change is a rotation or a revocation on its way into the log.
type change struct {
	action string
	// key stops; it is the verifier key for this log. old is its identity, nil where it is lost.
	key string
	old *signer.Signer
	// next takes over, or revokes; nil where a key revokes itself.
	next   *signer.Signer
	secret map[string]any
}

func (ch change) successor(origin string) string {
	if ch.next == nil {
		return ""
	}
	return ch.next.VKey(origin)
}

func (p *program) rotate(c *cli.Context) error {
	d, dir, err := p.identities(c)
	if err != nil {
		return err
	}
	name := c.Args().First()
	next, err := p.load(d, dir, name)
	if err != nil {
		return withState(err, "Nothing was written.")
	}
	old, err := p.oldIdentity(c, d, dir, name)
	if err != nil {
		return withState(err, "Nothing was written.")
	}
	secret := map[string]any{}
	if why := c.String("reason"); why != "" {
		secret["asserted.justification"] = why
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		ch := change{action: "rotate", key: old.VKey(k.Origin()), old: old, next: next, secret: secret}
		seq, note, err := p.handOver(ctx, k, ch)
		if err != nil {
			return err
		}
		if err := old.Retire(ctx, k.Origin(), note); err != nil {
			return withState(err, fmt.Sprintf("Entry %d and its checkpoint are written; give the same command again.", seq))
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"seq": seq, "signer": ch.key, "successor": next.VKey(k.Origin()), "note": string(note)})
		}
		if err := p.printf("entry #%d: %s handed the log over to %s; the checkpoint is signed by both\n", seq, old.Name, next.Name); err != nil {
			return err
		}
		p.note("Give the new key to those who will verify: exhibit verify --trust %s", next.VKey(next.Name))
		return nil
	})
}

// oldIdentity is the one named, or the only other one.
func (p *program) oldIdentity(c *cli.Context, d *signer.Dir, dir, next string) (*signer.Signer, error) {
	if name := c.String("identity"); name != "" {
		if name == next {
			return nil, usagef("exhibit identity rotate: %s cannot take its own place", name)
		}
		return p.load(d, dir, name)
	}
	ids, err := d.List()
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(i signer.Identity) bool { return i.Name == next || !i.Revoked.IsZero() })
	if len(ids) != 1 {
		return nil, usagef("exhibit identity rotate: which identity signed so far? --identity NAME")
	}
	return p.load(d, dir, ids[0].Name)
}

func (p *program) load(d *signer.Dir, dir, name string) (*signer.Signer, error) {
	if err := signer.CheckName(name); err != nil {
		return nil, usagef("%s", complaint(err))
	}
	s, err := d.Load(name)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, &problem{what: fmt.Sprintf("there is no identity %q in %s", name, dir), try: "exhibit identity list", code: exitKey, cause: err}
	}
	return s, err
}

func (p *program) revoke(c *cli.Context) error {
	d, dir, err := p.identities(c)
	if err != nil {
		return err
	}
	ch := change{action: "revoke", secret: map[string]any{}}
	target := c.Args().First()
	lost := strings.Contains(target, "+")
	if !lost {
		if ch.old, err = p.load(d, dir, target); err != nil {
			return withState(err, "Nothing was written.")
		}
	}
	switch by := c.String("by"); {
	case by == target:
		return usagef("exhibit identity revoke: %s revokes itself: leave --by out", visible(by))
	case by != "":
		if ch.next, err = p.load(d, dir, by); err != nil {
			return withState(err, "Nothing was written.")
		}
	case lost:
		return usagef("exhibit identity revoke: a lost key cannot sign its own revocation: --by NAME")
	}
	if why := c.String("reason"); why != "" {
		ch.secret["asserted.justification"] = why
	}
	if since := c.String("since"); since != "" {
		t, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return usagef("--since %s: a time such as 2026-11-20T00:00:00Z", visible(since))
		}
		ch.secret["asserted.occurred.start"] = t.UTC().Format(time.RFC3339)
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		if lost {
			_, pub, err := custody.ParseVKey(target)
			if err != nil {
				return usagef("exhibit identity revoke: %s", complaint(err))
			}
			ch.key = custody.VKey(k.Origin(), pub)
		} else {
			ch.key = ch.old.VKey(k.Origin())
		}
		seq, note, err := p.handOver(ctx, k, ch)
		if err != nil {
			return err
		}
		if ch.old != nil {
			if err := ch.old.Revoke(ctx, p.now()); err != nil {
				return withState(err, fmt.Sprintf("Entry %d and its checkpoint are written; give the same command again.", seq))
			}
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"seq": seq, "signer": ch.key, "successor": ch.successor(k.Origin()), "note": string(note)})
		}
		if err := p.printf("entry #%d: %s is revoked\n", seq, ch.key); err != nil {
			return err
		}
		if ch.next == nil {
			p.note("No key that counts signs this log now: exhibit identity new NAME, then exhibit seal --identity NAME")
		}
		return nil
	})
}

// handOver writes the entry and has the checkpoint over it signed as it must be. Given
// again after an interruption it goes on where it was.
func (p *program) handOver(ctx context.Context, k *store.Case, ch change) (seq int64, note []byte, err error) {
	state, err := k.State(ctx)
	if err != nil {
		return 0, nil, err
	}
	p.note("case %s in %s", title(state, k), visible(k.Dir()))
	successor := ch.successor(k.Origin())
	for _, h := range state.Handovers {
		if h.Key == ch.key && h.Revoked == (ch.action == "revoke") && h.Successor == successor && h.Signed {
			note, err := noteOf(ctx, k, h.Seq+1)
			return h.Seq, note, err // all that can be missing is the identity's own memory of it
		}
	}
	announced := slices.ContainsFunc(state.Handovers, func(h custody.Handover) bool {
		return h.Seq == state.Size-1 && h.Key == ch.key && h.Successor == successor && h.Revoked == (ch.action == "revoke")
	})
	if err := mayHandOver(state, ch, successor, announced); err != nil {
		return 0, nil, withState(err, "Nothing was written.")
	}
	if seq = state.Size - 1; !announced {
		plain := map[string]any{"action": ch.action, "signer": ch.key}
		if successor != "" {
			plain["successor"] = successor
		}
		if seq, err = k.Append(ctx, store.Batch{Kind: "identity", Plain: plain, Secret: ch.secret}); err != nil {
			return 0, nil, err
		}
	}
	// A key that handed the log over before signs nothing more in it, not even that it is revoked.
	retired := slices.ContainsFunc(state.Handovers, func(h custody.Handover) bool { return h.Key == ch.key && h.Signed && !h.Revoked })
	for _, s := range []*signer.Signer{ch.old, ch.next} {
		if s == nil || s == ch.old && (!s.Revoked.IsZero() || retired && ch.next != nil) {
			continue
		}
		one, err := p.signHead(ctx, k, s)
		if err == nil && note != nil {
			one, err = custody.JoinSignatures(note, one)
		}
		if err != nil {
			return 0, nil, withState(err, fmt.Sprintf("Entry %d is written, and no checkpoint over it: nothing has changed until the same command succeeds.", seq))
		}
		note = one
	}
	if note == nil {
		return 0, nil, &problem{what: ch.key + " was revoked on this computer before and cannot sign", state: fmt.Sprintf("Entry %d is written, and no checkpoint over it.", seq), try: "--by another identity", code: exitKey, cause: signer.ErrRevoked}
	}
	return seq, note, k.AddCheckpoint(ctx, seq+1, note)
}

func mayHandOver(state *store.State, ch change, successor string, announced bool) error {
	if !slices.Contains(state.Signers, ch.key) && !announced {
		return &problem{what: ch.key + " has never signed this log, and cannot hand it over or be revoked in it", try: "exhibit log", code: exitKey, cause: evidence.ErrKey}
	}
	others := slices.DeleteFunc(slices.Clone(state.Handovers), func(h custody.Handover) bool { return announced && h.Seq == state.Size-1 })
	for _, key := range []string{ch.key, successor} {
		if ch.action == "revoke" && key == ch.key {
			continue // also a key that was rotated can be found out
		}
		if err := custody.MaySign(others, key); key != "" && err != nil {
			return &problem{what: key + ": " + sentence(err), code: exitKey, cause: err}
		}
	}
	return nil
}

// signHead has s sign the head of the log as it is.
func (p *program) signHead(ctx context.Context, k *store.Case, s *signer.Signer) (note []byte, err error) {
	err = k.Nodes(ctx, func(size int64, read custody.ReadHashes) error {
		root, err := custody.Root(size, read)
		if err != nil {
			return err
		}
		note, err = s.Sign(ctx, k.Origin(), size, root, read)
		return err
	})
	return note, err
}

func noteOf(ctx context.Context, k *store.Case, size int64) ([]byte, error) {
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil || cp.Size == size {
			return cp.Note, err
		}
	}
	return nil, fmt.Errorf("checkpoint of %d entries: %w", size, evidence.ErrNotFound)
}

// identitySign writes an SSH signature beside a file.
func (p *program) identitySign(c *cli.Context) error {
	d, dir, err := p.identities(c)
	if err != nil {
		return err
	}
	s, err := p.load(d, dir, c.Args().First())
	if err != nil {
		return withState(err, "Nothing was signed.")
	}
	file := c.Args().Get(1)
	if _, err := os.Lstat(file + ".sig"); err == nil {
		return &problem{what: visible(file) + ".sig is there already", state: "Nothing was signed.", try: "remove it, or sign a copy", cause: evidence.ErrExists}
	}
	text, err := readBounded(file, maxSigned)
	if err != nil {
		return withState(fmt.Errorf("%s: %w", visible(file), err), "Nothing was signed.")
	}
	sig, err := s.SignSSH(c.Context, c.String("namespace"), text)
	if err != nil {
		return withState(err, "Nothing was signed.")
	}
	if err := writeNewBytes(file+".sig", sig); err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"file": file, "signature": file + ".sig", "namespace": c.String("namespace")})
	}
	return p.printf("%s.sig\n", visible(file))
}

// maxSigned bounds a file that is signed, in bytes: it is a statement, not evidence.
const maxSigned = 16 << 20
