package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func tsaCertFlag() cli.Flag {
	return &cli.StringFlag{Name: "tsa-cert", Usage: "a `FILE` with the authority's certificates, where it does not send them along"}
}

func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Usage: "wait so long for an answer: `TIME` such as 20s", Value: 30 * time.Second}
}

// anchorFlags is what `exhibit seal` was asked to have done outside.
type anchorFlags struct {
	services           []string
	tsa, witness, vkey string
	certs              [][]byte
	client             core.Client
}

func readAnchorFlags(c *cli.Context) (anchorFlags, error) {
	f := anchorFlags{services: c.StringSlice("anchor"), tsa: c.String("tsa"), witness: c.String("witness"), client: core.Client{Timeout: c.Duration("timeout")}}
	for _, s := range f.services {
		if s != "tsa" && s != "witness" {
			return f, usagef("--anchor %s: tsa or witness", visible(s))
		}
	}
	for flag, service := range map[string]string{"tsa": "tsa", "tsa-cert": "tsa", "witness": "witness", "witness-key": "witness"} {
		if c.String(flag) != "" && !slices.Contains(f.services, service) {
			return f, usagef("--%s is for --anchor %s", flag, service)
		}
	}
	for flag, address := range map[string]string{"tsa": f.tsa, "witness": f.witness} {
		if address == "" {
			continue
		}
		if err := core.CheckURL(address); err != nil {
			return f, usagef("--%s: %s", flag, complaint(err))
		}
	}
	if slices.Contains(f.services, "witness") {
		if f.witness == "" || c.String("witness-key") == "" {
			return f, usagef("--anchor witness needs --witness URL and --witness-key KEY")
		}
		vkey, err := readKeyOf("--witness-key", c.String("witness-key"))
		if err != nil {
			return f, err
		}
		if _, _, err := anchor.ParseVKey(vkey); err != nil {
			return f, usagef("--witness-key: %s", complaint(err))
		}
		f.vkey = vkey
	}
	certs, err := readCerts(c)
	f.certs = certs
	return f, err
}

func readCerts(c *cli.Context) ([][]byte, error) {
	name := c.String("tsa-cert")
	if name == "" {
		return nil, nil
	}
	b, err := readBounded(name, maxReceipt)
	if err != nil {
		return nil, fmt.Errorf("--tsa-cert %s: %w", visible(name), err)
	}
	return [][]byte{b}, nil
}

// anchored is what came of asking.
type anchored struct {
	kept   []shownAnchor
	queued []shownRequest
}

// askAnchors queues what was asked for, then asks. What got no answer stays in the queue;
// the error says which.
func (p *program) askAnchors(ctx context.Context, k *store.Case, size int64, f anchorFlags) (anchored, error) {
	out := anchored{kept: []shownAnchor{}, queued: []shownRequest{}}
	var waiting []core.Pending
	for _, service := range slices.Compact(slices.Sorted(slices.Values(f.services))) {
		var pending core.Pending
		var err error
		if service == "tsa" {
			pending, err = core.AskStamp(ctx, k, size, f.tsa, p.now(), p.rand)
		} else {
			pending, err = core.AskCosignature(k, size, f.witness, f.vkey, p.now())
		}
		if err != nil {
			return out, err
		}
		waiting = append(waiting, pending)
	}
	return out, p.sendAll(ctx, k, f.client, waiting, f.certs, &out)
}

// sendAll asks one after the other, and says what came of each.
func (p *program) sendAll(ctx context.Context, k *store.Case, client core.Client, waiting []core.Pending, certs [][]byte, out *anchored) error {
	var errs []error
	for _, pending := range waiting {
		if pending.URL == "" {
			out.queued = append(out.queued, showRequest(pending))
			p.note("The request for a time stamp waits: exhibit anchor request --out FILE.tsq writes it, exhibit anchor import FILE.tsr takes the answer.")
			continue
		}
		kept, err := client.Send(ctx, k, pending, certs...)
		if err != nil {
			out.queued = append(out.queued, showRequest(pending))
			errs = append(errs, anchorProblem(err))
			continue
		}
		shown := showAnchor(kept)
		out.kept = append(out.kept, shown)
		if !p.asJSON {
			if err := p.printf("%s\n", shown.line()); err != nil {
				return err
			}
		}
	}
	return p.several(errs, "requests were not answered")
}

// several makes one error of several, each of which is told.
func (p *program) several(errs []error, what string) error {
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	code := exitFailure
	for _, err := range errs {
		p.note("%s", visible(sentence(err)))
		code = worst(code, exitCode(err))
	}
	return &problem{what: fmt.Sprintf("%d %s", len(errs), what), code: code, cause: errors.Join(errs...), try: explain(errs[0]).try}
}

// anchorProblem is a failure to get an anchor: nothing of it is the case's.
func anchorProblem(err error) error {
	pr := &problem{what: sentence(err), cause: err, code: exitFailure, try: "exhibit anchor send"}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, core.ErrForked), errors.Is(err, core.ErrAhead):
		pr.code, pr.try = 0, "exhibit verify, with what the witness's operator has of this log"
	case errors.Is(err, core.ErrUnreachable):
		pr.try = "exhibit anchor send, when the network is there; or carry the request by hand: exhibit anchor request"
	case errors.Is(err, evidence.ErrNoSpace):
		pr.code = exitNoSpace
	}
	return pr
}

// shownAnchor is an anchor for people and programs.
type shownAnchor struct {
	Service string `json:"service"`
	Entries int64  `json:"entries"`
	Time    string `json:"time"`
	By      string `json:"by"`
	Subject string `json:"subject,omitempty"`
	File    string `json:"file"`
	// Sealed is when the checkpoint was signed, by the case's computer; Delay how many
	// seconds the anchor's time is after that.
	Sealed string `json:"sealed,omitempty"`
	Delay  *int64 `json:"delay_s,omitempty"`
	// Entry is the entry that names it, -1 where there is none yet.
	Entry  int64  `json:"entry"`
	Broken string `json:"broken,omitempty"`
}

func showAnchor(k core.Kept) shownAnchor {
	s := shownAnchor{Service: k.Service, Entries: k.Size, Time: k.Time, By: k.By, Subject: k.Subject, File: k.File(), Entry: -1}
	if k.Broken != nil {
		s.Broken = sentence(k.Broken)
	}
	return s
}

func (s shownAnchor) line() string {
	verb, who := "cosigned by", s.By
	if s.Service == anchor.Stamp {
		verb = "stamped by"
	}
	if s.Subject != "" {
		who = s.Subject
	}
	return fmt.Sprintf("%s %s at %s: %s, %s", verb, visible(who), s.Time, count(s.Entries, "entry"), s.File)
}

// shownRequest is a request in the queue for people and programs.
type shownRequest struct {
	Service string `json:"service"`
	Entries int64  `json:"entries"`
	URL     string `json:"url"`
	Key     string `json:"key,omitempty"`
	Queued  string `json:"queued"`
	File    string `json:"file"`
}

func showRequest(p core.Pending) shownRequest {
	return shownRequest{p.Service, p.Size, p.URL, p.Key, p.Queued.Queued.Format(time.RFC3339), p.File.File()}
}
