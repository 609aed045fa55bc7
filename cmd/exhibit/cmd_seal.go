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

	"github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) sealCommand() *cli.Command {
	return command(&cli.Command{
		Name: "seal", Usage: "sign the head of the log",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "identity", Usage: "sign as `NAME`; needed where there are several"},
			&cli.StringFlag{Name: "receipt", Usage: "write a receipt to `FILE`, for the other party to keep: text, or one printable page where FILE ends with .html"},
			&cli.StringSliceFlag{Name: "anchor", Usage: "have the sealed head stamped or cosigned by somebody outside: `SERVICE` is tsa or witness; may be repeated"},
			&cli.StringFlag{Name: "tsa", Usage: "`URL` of a time-stamping authority (RFC 3161); without it the request waits to be carried by hand"},
			&cli.StringFlag{Name: "witness", Usage: "`URL` of a witness (C2SP tlog-witness)"},
			&cli.StringFlag{Name: "witness-key", Usage: "the witness's verifier `KEY`, or a file that holds it"},
			tsaCertFlag(), timeoutFlag(), identitiesFlag(),
		},
	}, 0, 0, p.seal)
}

func (p *program) seal(c *cli.Context) error {
	ask, err := readAnchorFlags(c)
	if err != nil {
		return err
	}
	s, err := p.signer(c, "identity")
	if err != nil {
		return withState(err, "Nothing was sealed.")
	}
	receipt := c.String("receipt")
	if receipt != "" {
		if _, err := os.Lstat(receipt); err == nil {
			return &problem{what: "the receipt's file is there already: " + visible(receipt), state: "Nothing was sealed.", try: "another name", cause: evidence.ErrExists}
		}
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := p.maySign(ctx, k, s, "identity")
		if err != nil {
			return withState(err, "Nothing was sealed.")
		}
		note, err := p.sign(ctx, k, s)
		if err != nil {
			return err
		}
		cp, err := custody.ParseCheckpoint(note)
		if err != nil {
			return err
		}
		if receipt != "" {
			if err := p.writeReceipt(receipt, note, s.VKey(k.Origin()), state); err != nil {
				return withState(err, fmt.Sprintf("The log is sealed at %s, but the receipt was not written.", headText(cp)))
			}
		}
		if !p.asJSON {
			if err := p.printf("sealed by %s: %s\n", s.Name, headText(cp)); err != nil {
				return err
			}
		}
		anchored, err := p.askAnchors(ctx, k, cp.Size, ask)
		if p.asJSON {
			out := map[string]any{"origin": cp.Origin, "size": cp.Size, "root": fmt.Sprintf("%x", cp.Root), "signer": s.VKey(k.Origin()), "note": string(note), "receipt": receipt, "anchors": anchored.kept, "queued": anchored.queued}
			return errors.Join(writeJSON(p.out, out), err)
		}
		switch {
		case receipt != "":
			p.note("Hand %s to the other party now: what it fixes can be refuted by nobody who keeps it.", visible(receipt))
		case len(ask.services) == 0:
			p.note("A seal is worth most with a receipt that somebody else keeps: exhibit seal --receipt FILE; or stamped or cosigned by somebody outside: --anchor")
		}
		return withState(err, fmt.Sprintf("The log is sealed at %s. What was asked for waits in the queue: exhibit anchor send.", headText(cp)))
	})
}

// signer is the identity that signs: the one that the flag names, or the only one.
func (p *program) signer(c *cli.Context, flag string) (*signer.Signer, error) {
	d, dir, err := p.identities(c)
	if err != nil {
		return nil, err
	}
	name := c.String(flag)
	if name == "" {
		ids, err := d.List()
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(i signer.Identity) bool { return !i.Revoked.IsZero() })
		switch len(ids) {
		case 0:
			return nil, &problem{what: "there is no signing key in " + visible(dir), try: "exhibit identity new NAME", code: exitKey, cause: evidence.ErrKey}
		case 1:
			name = ids[0].Name
		default:
			names := make([]string, len(ids))
			for i, id := range ids {
				names[i] = id.Name
			}
			return nil, usagef("%s: which identity? --%s %s", c.Command.HelpName, flag, strings.Join(names, "|"))
		}
	}
	s, err := d.Load(name)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, &problem{what: fmt.Sprintf("there is no identity %q in %s", name, dir), try: "exhibit identity list", code: exitKey, cause: err}
	}
	return s, err
}

// maySign names the case, and refuses where the key stopped signing its log; flag names
// the identity.
func (p *program) maySign(ctx context.Context, k *store.Case, s *signer.Signer, flag string) (*store.State, error) {
	state, err := k.State(ctx)
	if err != nil {
		return nil, err
	}
	p.note("case %s in %s", title(state, k), visible(k.Dir()))
	if err := custody.MaySign(state.Handovers, s.VKey(k.Origin())); err != nil {
		return nil, &problem{what: s.Name + ": " + sentence(err), try: "--" + flag + " of the key that signs now: exhibit log", code: exitKey, cause: err}
	}
	return state, nil
}

// sign seals the log and returns the signed note. A log to which nothing was
// added since this identity sealed it is left as it is.
func (p *program) sign(ctx context.Context, k *store.Case, s *signer.Signer) ([]byte, error) {
	vkey := s.VKey(k.Origin())
	size, _, err := k.Head(ctx)
	if err != nil {
		return nil, err
	}
	announced, err := sealAnnounced(ctx, k, size-1, vkey)
	if err != nil {
		return nil, err
	}
	if announced {
		for cp, err := range k.Checkpoints(ctx) {
			if err != nil {
				return nil, err
			}
			if cp.Size == size {
				return cp.Note, nil
			}
		}
	} else {
		// What anchored earlier checkpoints is known to the log from here on.
		if _, err := anchor.Enter(ctx, k); err != nil {
			return nil, err
		}
		if _, err := k.Append(ctx, store.Batch{Kind: "seal", Plain: map[string]any{"signer": vkey}}); err != nil {
			return nil, err
		}
	}
	note, err := p.signHead(ctx, k, s)
	if err != nil {
		return nil, withState(err, "The log was not signed.")
	}
	cp, err := custody.ParseCheckpoint(note)
	if err != nil {
		return nil, err
	}
	return note, k.AddCheckpoint(ctx, cp.Size, note)
}

// sealAnnounced reports whether entry seq is this identity's intent to seal.
func sealAnnounced(ctx context.Context, k *store.Case, seq int64, vkey string) (bool, error) {
	for le, err := range k.Entries(ctx, seq) {
		if err != nil {
			return false, err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return false, err
		}
		return e.Kind == "seal" && e.Plain["signer"] == vkey, nil
	}
	return false, nil
}

// writeReceipt writes a new file, all of it or none.
func (p *program) writeReceipt(name string, note []byte, vkey string, state *store.State) error {
	r := anchor.Receipt{Note: note, VKey: vkey, Sealed: p.now(), Case: short(textOf(state.Case["asserted.case.title"]), 200)}
	exhibits := make([]string, len(state.Items))
	for i, it := range state.Items {
		exhibits[i] = it.Exhibit
	}
	r.Exhibits = short(strings.Join(exhibits, ", "), 400)
	verifiers, err := bundle.Verifiers()
	if err != nil {
		return err
	}
	for _, v := range verifiers {
		r.Verifiers = append(r.Verifiers, anchor.Verifier{Name: v.Name, SHA256: v.SHA256.Hex()})
	}
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".html" || ext == ".htm" {
		page, err := r.Page()
		if err != nil {
			return err
		}
		return writeNewBytes(name, page)
	}
	var lines []string
	for _, l := range []struct{ label, value string }{{"Case:    ", r.Case}, {"Exhibits: ", r.Exhibits}} {
		if l.value != "" {
			lines = append(lines, l.label+l.value)
		}
	}
	for _, v := range r.Verifiers {
		lines = append(lines, v.Name+" of a true bundle has the SHA-256", "  "+v.SHA256)
	}
	text, err := custody.FormatReceipt(note, vkey, p.now(), lines...)
	if err != nil {
		return err
	}
	return writeNewBytes(name, text)
}
