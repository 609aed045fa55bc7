package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) anchorCommand() *cli.Command {
	return group("anchor", "time stamps and cosignatures over sealed heads, from outside",
		command(&cli.Command{Name: "list", Usage: "list what anchors the log, and what waits for an answer"}, 0, 0, p.anchorList),
		command(&cli.Command{
			Name: "send", Usage: "ask again for everything that waits in the queue",
			Flags: []cli.Flag{tsaCertFlag(), timeoutFlag()},
		}, 0, 0, p.anchorSend),
		command(&cli.Command{
			Name: "request", Usage: "write a request for a time stamp to a file, to be carried to a computer that has a network",
			Description: "   There, for example:\n" +
				"   curl -H 'Content-Type: application/timestamp-query' --data-binary @F.tsq URL > F.tsr\n\n" +
				"   exhibit anchor request --out F.tsq",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "out", Usage: "write to `FILE`, which must not be there yet", Required: false},
				&cli.Int64Flag{Name: "entries", Usage: "of the checkpoint over `N` entries; the newest without it"},
			},
		}, 0, 0, p.anchorRequest),
		command(&cli.Command{
			Name: "import", Usage: "take a time-stamp response that was carried in", ArgsUsage: "FILE…",
			Description: "   exhibit anchor import F.tsr",
			Flags:       []cli.Flag{tsaCertFlag()},
		}, 1, -1, p.anchorImport),
	)
}

func (p *program) anchorList(c *cli.Context) error {
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		kept, err := core.List(ctx, k)
		if err != nil {
			return err
		}
		waiting, err := core.Queue(k)
		if err != nil {
			return err
		}
		entered, err := core.Entered(ctx, k)
		if err != nil {
			return err
		}
		list := make([]shownAnchor, 0, len(kept))
		for _, a := range kept {
			s := showAnchor(a)
			b, err := k.ReadAnchor(a.Anchor)
			if err != nil {
				return err
			}
			if seq, ok := entered[evidence.Sum(b).String()]; ok {
				s.Entry = seq
			}
			if err := s.delay(ctx, k); err != nil {
				return err
			}
			list = append(list, s)
		}
		requests := make([]shownRequest, 0, len(waiting))
		for _, w := range waiting {
			requests = append(requests, showRequest(w))
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"anchors": list, "queued": requests})
		}
		return p.showAnchors(list, requests)
	})
}

// delay compares the anchor's time with that of the seal, by the case's own clock.
func (s *shownAnchor) delay(ctx context.Context, k *store.Case) error {
	le, err := k.Entry(ctx, s.Entries-1)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e, err := custody.ParseEntry(le.Body)
	if err != nil {
		return err
	}
	s.Sealed = e.End.UTC().Format(time.RFC3339)
	if at, err := time.Parse(time.RFC3339, s.Time); err == nil {
		seconds := int64(at.Sub(e.End) / time.Second)
		s.Delay = &seconds
	}
	return nil
}

func (p *program) showAnchors(list []shownAnchor, requests []shownRequest) error {
	if len(list)+len(requests) == 0 {
		p.note("Nothing anchors this log: exhibit seal --anchor tsa --tsa URL, --anchor witness; or hand out a receipt: exhibit seal --receipt FILE")
		return nil
	}
	rows := [][]string{{"ENTRIES", "BY", "AT", "AFTER THE SEAL", "IN THE LOG", "FILE"}}
	for _, s := range list {
		who := s.By
		if s.Subject != "" {
			who = s.Subject
		}
		after, entry := "?", "at the next seal"
		if s.Delay != nil {
			after = (time.Duration(*s.Delay) * time.Second).String()
		}
		if s.Entry >= 0 {
			entry = fmt.Sprintf("#%d", s.Entry)
		}
		if s.Broken != "" {
			who, entry = "BROKEN: "+s.Broken, "–"
		}
		rows = append(rows, []string{number(s.Entries), visible(who), s.Time, after, entry, s.File})
	}
	if len(list) > 0 {
		if err := table(p.out, rows); err != nil {
			return err
		}
	}
	for _, r := range requests {
		to := r.URL
		if to == "" {
			to = "by hand"
		}
		if err := p.printf("waiting: %s for %s, %s, since %s, %s\n", r.Service, count(r.Entries, "entry"), visible(to), r.Queued, r.File); err != nil {
			return err
		}
	}
	p.note("None of this is trusted because it lies here: exhibit verify --tsa-cert FILE --witness KEY, with what you have from outside.")
	return nil
}

func (p *program) anchorSend(c *cli.Context) error {
	certs, err := readCerts(c)
	if err != nil {
		return err
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		waiting, err := core.Queue(k)
		if err != nil {
			return err
		}
		out := anchored{kept: []shownAnchor{}, queued: []shownRequest{}}
		err = p.sendAll(ctx, k, core.Client{Timeout: c.Duration("timeout")}, waiting, certs, &out)
		if p.asJSON {
			err = errors.Join(writeJSON(p.out, map[string]any{"anchors": out.kept, "queued": out.queued}), err)
		} else if len(waiting) == 0 {
			p.note("Nothing waits.")
		}
		return withState(err, fmt.Sprintf("%s came in, %s still waiting.", count(int64(len(out.kept)), "answer"), count(int64(len(out.queued)), "request")))
	})
}

func (p *program) anchorRequest(c *cli.Context) error {
	name := c.String("out")
	if name == "" {
		return usagef("exhibit anchor request: --out FILE")
	}
	if err := mustBeNew(name); err != nil {
		return err
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		size := c.Int64("entries")
		if size == 0 {
			for cp, err := range k.Checkpoints(ctx) {
				if err != nil {
					return err
				}
				size = cp.Size
			}
		}
		pending, err := core.AskStamp(ctx, k, size, "", p.now(), p.rand)
		if errors.Is(err, evidence.ErrNotFound) {
			return &problem{what: fmt.Sprintf("there is no checkpoint over %s", count(size, "entry")), state: "Nothing was written.", try: "exhibit seal", cause: err}
		}
		if err != nil {
			return err
		}
		if err := writeNewBytes(name, pending.Request); err != nil {
			return withState(err, "The request waits in the queue.")
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"out": name, "request": showRequest(pending)})
		}
		if err := p.printf("%s: a request for a time stamp over the checkpoint of %s\n", visible(name), count(size, "entry")); err != nil {
			return err
		}
		p.note("Where there is a network: curl -H 'Content-Type: application/timestamp-query' --data-binary @%s URL > FILE.tsr; then here: exhibit anchor import FILE.tsr", visible(name))
		return nil
	})
}

func (p *program) anchorImport(c *cli.Context) error {
	certs, err := readCerts(c)
	if err != nil {
		return err
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		list, failed := []shownAnchor{}, []error(nil)
		for _, name := range c.Args().Slice() {
			b, err := readBounded(name, anchor.MaxResponse)
			if err == nil {
				var kept core.Kept
				if kept, err = core.Import(ctx, k, b, certs...); err == nil {
					s := showAnchor(kept)
					list = append(list, s)
					if !p.asJSON {
						err = p.printf("%s\n", s.line())
					}
				}
			}
			if err != nil {
				failed = append(failed, &problem{what: visible(name) + ": " + strings.TrimPrefix(sentence(err), "time-stamp response: "), state: "It was not taken.", code: exitFailure, cause: err})
			}
		}
		err := p.several(failed, "files were not taken")
		if p.asJSON {
			err = errors.Join(writeJSON(p.out, map[string]any{"anchors": list}), err)
		}
		return err
	})
}
