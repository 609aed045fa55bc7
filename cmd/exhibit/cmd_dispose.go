package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) disposeCommand() *cli.Command {
	return command(&cli.Command{
		Name: "dispose", Usage: "write into the log that an exhibit was returned or destroyed; --destroy removes its bytes from the case", ArgsUsage: "EXHIBIT",
		Description: "   With --destroy the entry names every object that goes: what was received and everything made out of\n" +
			"   it that no other exhibit needs. It is written first, then they are removed, and index.db with them.\n" +
			"   What is in the log (names, digests, sizes) stays. exhibit verify calls them DISPOSED, not missing.\n" +
			"   Files are unlinked, not overwritten; copies, backups, exports and sources left in place are not touched.\n\n" +
			"   exhibit dispose EX-001 --returned --to 'the owner' --authority 12/2026\n" +
			"   exhibit dispose EX-001 --destroyed --destroy --authority 12/2026 --purpose 'order of the court'",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "returned", Usage: "it was returned"},
			&cli.BoolFlag{Name: "destroyed", Usage: "it was destroyed"},
			&cli.StringFlag{Name: "to", Usage: "`NAME` of who got it"},
			&cli.StringFlag{Name: "method", Usage: "how it was destroyed: `TEXT`"},
			&cli.BoolFlag{Name: "destroy", Usage: "with --destroyed: remove the exhibit's objects from the case, for good"},
			&cli.BoolFlag{Name: "plan", Usage: "only say what --destroy would remove"},
		}, saidFlags()...),
	}, 1, 1, p.dispose)
}

func (p *program) dispose(c *cli.Context) error {
	if c.Bool("plan") {
		return p.reading(c, func(ctx context.Context, k *store.Case) error { return p.planDisposal(ctx, k, c.Args().First()) })
	}
	phase := "returned"
	switch {
	case c.Bool("returned") == c.Bool("destroyed"):
		return usagef("exhibit dispose: --returned or --destroyed")
	case c.Bool("destroyed"):
		phase = "destroyed"
	case c.Bool("destroy"):
		return usagef("exhibit dispose: --destroy removes bytes of what was destroyed: --destroyed")
	}
	said, err := p.said(c)
	if err != nil {
		return err
	}
	for field, v := range map[string]string{"asserted.recipient": c.String("to"), "asserted.method": c.String("method")} {
		if err := stated(said, field, v); err != nil {
			return err
		}
	}
	if _, ok := said["asserted.authority.number"]; !ok && c.Bool("destroy") {
		return usagef("exhibit dispose: --authority NUMBER: bytes are destroyed under an authority only")
	}
	return p.aboutItem(c, func(ctx context.Context, k *store.Case, it store.Item, state *store.State) error {
		said["asserted.exhibit"] = it.Exhibit
		var what *handling.Disposable
		if c.Bool("destroy") {
			if what, err = handling.FindDisposable(ctx, k, state, it.Exhibit); err != nil {
				return withState(err, "Nothing was written.")
			}
			if len(what.Objects) == 0 {
				return &problem{what: "there is no object that only " + it.Exhibit + " needs: " + disposableText(what), state: "Nothing was written.", try: "without --destroy: the entry alone"}
			}
		}
		seq, removed, err := handling.Dispose(ctx, k, it, phase, said, what)
		if err != nil && seq > 0 {
			return withTry(withState(err, "The entry is written. Not all objects are removed yet."), "opening the case for writing goes on: exhibit dispose, or any other command that writes")
		}
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"seq": seq, "exhibit": it.Exhibit, "phase": phase, "removed": removed})
		}
		if err := p.printf("dispose #%d %s %s\n", seq, visible(it.Exhibit), phase); err != nil {
			return err
		}
		if what != nil {
			p.note("%s removed: %s\nSearch needs a new index: exhibit reindex", count(removed, "object"), disposableText(what))
		}
		return nil
	})
}

func (p *program) planDisposal(ctx context.Context, k *store.Case, exhibit string) error {
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	if _, err := handling.Item(state, exhibit); err != nil {
		return withTry(err, "exhibit status")
	}
	what, err := handling.FindDisposable(ctx, k, state, exhibit)
	if err != nil {
		return err
	}
	if p.asJSON {
		objects := make([]string, len(what.Objects))
		for i, d := range what.Objects {
			objects[i] = d.String()
		}
		return writeJSON(p.out, map[string]any{"exhibit": exhibit, "objects": objects, "bytes": what.Bytes, "shared": what.Shared, "in_place": what.InPlace})
	}
	for _, d := range what.Objects {
		if err := p.printf("%s\n", d); err != nil {
			return err
		}
	}
	p.note("--destroy would remove %s", disposableText(what))
	return nil
}

func disposableText(what *handling.Disposable) string {
	text := fmt.Sprintf("%s, %s", count(int64(len(what.Objects)), "object"), size(what.Bytes))
	if what.Shared > 0 {
		text += fmt.Sprintf("; %s stay because another exhibit needs them", number(what.Shared))
	}
	if what.InPlace > 0 {
		text += fmt.Sprintf("; %s were left in place and are not touched", number(what.InPlace))
	}
	return text
}
