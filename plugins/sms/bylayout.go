package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// parseByLayout reads the input as an examiner's layout says, and by nothing else.
func parseByLayout(c *sdk.Ctx, in *sdk.Input, out *sdk.Out, text json.RawMessage) error {
	l, err := layout.Parse(text)
	if err != nil {
		return fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
	}
	p, err := l.Compile(layout.Options{Zone: c.Zone()})
	if err != nil {
		return fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
	}
	cs, err := chooseCharset(c, in, p.Charset())
	if err != nil {
		return err
	}
	r := &layoutReader{c: c, in: in, out: out, p: p, charset: cs, inside: tally{code: codeInside}, damaged: tally{code: codeCharsetDamaged}}
	read := r.lines
	if p.Multiline() {
		read = r.units
	}
	if err := read(in); err != nil {
		return err
	}
	r.inside.total(c, located)
	r.damaged.total(c, 0)
	if p.ZoneAssumed() {
		diagnose(c, evidence.SeverityWarning, codeZoneAssumed, sdk.Source{}, nil)
	}
	return nil
}

type layoutReader struct {
	c       *sdk.Ctx
	in      *sdk.Input
	out     *sdk.Out
	p       *layout.Parser
	charset charset

	inside, damaged tally
}

// units reads records of several lines.
func (r *layoutReader) units(in *sdk.Input) error {
	d := r.p.Dialect(r.charset.Charset)
	d.Text = r.charset.TextCharset
	r.out.Skip(d.Skip)
	for u := range delimited.Units(in, d) {
		src := u.Source()
		switch {
		case u.Blank:
			r.out.Skip(1)
		case u.Defect != "":
			rejectUnit(r.c, u, d.Fields)
		default:
			if err := r.put(u.Whole, u.Charset, u.Damaged, src); err != nil {
				return err
			}
			if u.Inside > 0 {
				r.inside.warn(r.c, src, map[string]any{"lines": u.Inside})
			}
		}
		if err := r.c.Err(); err != nil {
			return err
		}
	}
	return in.Err()
}

// lines reads records that are a line each.
func (r *layoutReader) lines(in *sdk.Input) error {
	header := int64(r.p.Header())
	for l := range delimited.LinesOf(in, r.charset.TextCharset, '\n') {
		switch {
		case l.Number <= header || !l.TooLong && len(bytes.TrimSpace(l.Text)) == 0:
			r.out.Skip(1)
		case l.TooLong:
			diagnose(r.c, evidence.SeverityReject, sdk.CodeLongLine, l.Source(), map[string]any{"limit": delimited.MaxUnit})
		default:
			if err := r.put(l.Text, l.Charset, l.Damaged, l.Source()); err != nil {
				return err
			}
		}
		if err := r.c.Err(); err != nil {
			return err
		}
	}
	return in.Err()
}

// put writes a record as the layout has it, or says why it cannot.
func (r *layoutReader) put(text []byte, of sdk.Charset, damaged bool, src sdk.Source) error {
	if m := r.p.Check(text); !m.OK() {
		data := map[string]any{"mismatch": m.Code}
		if m.Column != "" {
			data["column"] = m.Column
		}
		diagnose(r.c, evidence.SeverityReject, codeLayout, src, data)
		return nil
	}
	rec, common := r.p.Record(), r.p.Common()
	common.Charset, common.CharsetBasis = r.charset.of(of), r.charset.Basis
	if damaged {
		r.damaged.n++
		common.Flags = append(common.Flags, flagCharset)
		raw := make([]byte, src.Length)
		if _, err := r.in.ReadAt(raw, src.Offset); r.in.Err() != nil {
			return err
		}
		if common.Extra == nil {
			common.Extra = map[string]any{}
		}
		common.Extra["record"] = raw
	}
	return r.out.Put(rec, src)
}
