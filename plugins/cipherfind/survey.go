package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// kindDescription is the kind of the record that says what an artifact is.
const kindDescription = "x-exhibit/description"

const (
	// codeClosed: it looks encrypted, and no key at hand opens it.
	codeClosed = "survey.closed"
	// codeKnown: it is in a format that is for other plugins.
	codeKnown = "survey.known_format"
)

// survey describes the input: its bytes, what opens it, how its lines are laid out.
func survey(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	if in.Size == 0 {
		return nil
	}
	t, err := newTarget(in)
	if err != nil {
		return err
	}
	modes, err := modesOf(c)
	if err != nil {
		return err
	}
	s := t.shape
	fields := s.fields()
	hits := open(c, t, modes)
	var p *proposal
	switch {
	case len(hits) > 0:
		fields["opened_by"] = openedBy(t, hits)
		if t.unit == unitLine {
			p, err = lineProposal(c, t, hits)
		}
	case s.text != "":
		p, err = plainProposal(c, in, s)
	case s.magic != "" && s.encoding == "":
		c.Info(sdk.Source{}, codeKnown, "it begins as files of a known format do; it was not taken apart")
	case len(t.units) > 0 && s.encodedText == "":
		c.Diagnose(sdk.Diagnostic{
			Code: codeClosed, Severity: evidence.SeverityUnresolved, Message: "it may be encrypted, and no key at hand opens it",
			Data: map[string]any{"keys": len(c.Keys())},
		})
	}
	if err != nil {
		return err
	}
	if p != nil {
		fields["proposal"] = p.fields()
	}
	fields["summary"] = s.summary(t, hits, p)
	return out.Put(&sdk.Other{Name: kindDescription, Fields: fields}, in.Source(0, in.Size))
}

// open tries the keys at hand, and the cipher that has none.
func open(c *sdk.Ctx, t *target, modes map[string][]mode) []hit {
	if len(t.units) == 0 || t.shape.encodedText != "" {
		return nil
	}
	var list []candidate
	handed := c.Keys()
	for i := range handed {
		if len(handed[i].Value) > 0 {
			list = append(list, candidate{key: handed[i].Value, given: &handed[i]})
		}
	}
	y := newTryer(t, modes)
	var hits []hit
	for _, cipher := range ciphers {
		if y.possible(cipher.name) {
			y.all(cipher.name, list, func(h hit) { hits = append(hits, h) })
		}
	}
	y.chained(func(h hit) { hits = append(hits, h) })
	total := math.Log10(float64(max(1, y.trials)))
	var sure []hit
	for _, h := range best(hits) {
		if h.logP+total > -defaultThreshold {
			continue
		}
		if h.cand.given != nil {
			c.Use(*h.cand.given)
		}
		sure = append(sure, h)
	}
	return sure
}

// chained tries the byte chain, which has no key.
func (y *tryer) chained(found func(hit)) {
	if y.t.unit != unitLine {
		return
	}
	o, err := crypt.New(crypt.Chain, "", nil, nil)
	if err != nil {
		return
	}
	y.trials++
	texts, masks := make([][]byte, len(y.t.units)), make([]mask, len(y.t.units))
	for i := range y.t.units {
		u := &y.t.units[i]
		texts[i] = o.Open(nil, u.data)
		masks[i] = whole(y.forms, u, texts[i], 1)
	}
	y.settle(hit{cand: &candidate{}, cipher: crypt.Chain}, y.t.units, texts, masks, newOdds(y.forms, y.t.units, 1, 1, false), 1, y.limit, found)
}

func openedBy(t *target, hits []hit) []any {
	var out []any
	for _, h := range hits {
		m := map[string]any{
			"charset": charsetOf(&h), "cipher": h.cipher, "encoding": t.encoding, "iv": h.mode.stated, "mode": h.mode.name, "padding": h.padding, "unit": t.unit,
			"units_opened": h.opened, "units_tried": len(h.texts),
		}
		if h.cand.given != nil {
			m["key"] = h.cand.given.Fingerprint
		}
		out = append(out, m)
	}
	return out
}

// lineProposal decrypts lines of the windows and looks for their layout.
func lineProposal(c *sdk.Ctx, t *target, hits []hit) (*proposal, error) {
	parts, err := windows(t.in)
	if err != nil {
		return nil, err
	}
	fs := newForms()
	var lines []string
	charset := charsetOf(&hits[0])
	cs, err := sdk.ParseCharset(charset)
	if err != nil {
		return nil, err
	}
	for _, l := range linesOf(parts) {
		b, state := crypt.Decode(t.encoding, nil, l)
		if state != crypt.Decoded || len(lines) >= maxRows {
			continue
		}
		u := &unit{data: b, last: true}
		for i := range hits {
			text, ok := hits[i].text(fs, u)
			if !ok {
				continue
			}
			if s, err := cs.Decode(text); err == nil {
				lines = append(lines, string(s))
			}
			break
		}
	}
	if charset == "utf-8" {
		charset = "" // it is what is tried first
	}
	return propose(lines, charset, c.Zone(), false, true)
}

// text decrypts one message, without its padding.
func (h *hit) text(fs *[forms]textForm, u *unit) ([]byte, bool) {
	block := max(1, blockSizes[h.cipher])
	if len(u.data)%block != 0 {
		return nil, false
	}
	o, err := crypt.New(h.cipher, h.mode.name, h.cand.key, h.mode.vector(h.cand.key, block))
	if err != nil {
		return nil, false
	}
	text := o.Open(nil, u.data)
	if whole(fs, u, text, block)>>h.form&1 == 0 {
		return nil, false
	}
	if b, ok := crypt.Strip(crypt.PKCS7, text, block); ok && block > 1 {
		return b, true
	}
	if block > 1 {
		b, _ := crypt.Strip(crypt.Zero, text, block)
		if h.form == formUTF16LE && len(b)%2 == 1 {
			b = text[:len(b)+1]
		}
		return b, true
	}
	return text, true
}

// plainProposal looks for the layout of a text that is not encrypted.
func plainProposal(c *sdk.Ctx, in *sdk.Input, s *shape) (*proposal, error) {
	parts, err := windows(in)
	if err != nil {
		return nil, err
	}
	raw := linesOf(parts)
	raw = raw[:min(len(raw), maxRows)]
	name, stated := s.text, ""
	if name != "utf-8" && name != "utf-16le" {
		var all []byte
		for _, l := range raw {
			all = append(append(all, l...), '\n')
		}
		name = guessCharset(all)
		stated = name
	}
	if name == "utf-16le" {
		return nil, nil // read by plugins that know its lines
	}
	cs, err := sdk.ParseCharset(name)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, l := range raw {
		if s, err := cs.Decode(l); err == nil {
			lines = append(lines, string(s))
		}
	}
	return propose(lines, stated, c.Zone(), true, false)
}

// fields are the measurements.
func (s *shape) fields() map[string]any {
	f := map[string]any{"entropy_milli": s.entropy, "looked_at": s.seen, "size": s.size}
	if s.magic != "" {
		f["magic"] = s.magic
	}
	if s.text != "" || s.encoding != "" {
		f["lines"], f["line_ends"], f["line_shortest"], f["line_longest"] = s.lines, s.ends, s.shortest, s.longest
	}
	if s.text != "" {
		f["charset"+"_of_text"] = s.text
	}
	if s.encoding != "" {
		f["encoding"], f["lines_encoded"], f["lines_cut"] = s.encoding, s.encoded, s.cut
		if s.encodedText != "" {
			f["text_inside"] = s.encodedText
		}
	}
	if s.text == "" {
		blocks := map[string]any{}
		for size, n := range s.blocks {
			blocks[sizeName[size]] = map[string]any{"blocks": n[0], "repeated": n[1], "whole_units": s.modulo[size]}
		}
		f["blocks"], f["block_size"], f["units"] = blocks, s.block(), s.units
	}
	return f
}

// summary says it in a sentence.
func (s *shape) summary(t *target, hits []hit, p *proposal) string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch {
	case s.encoding != "":
		say("%d lines in %s (%d of them, %d more cut)", s.lines, s.encoding, s.encoded, s.cut)
	case s.text != "":
		say("%d lines of text in %s", s.lines, s.text)
	case s.magic != "":
		say("begins as %s does", s.magic)
	default:
		say("bytes of no known form")
	}
	switch {
	case s.text != "":
	case s.encodedText != "":
		say("which hold text in %s and are not encrypted", s.encodedText)
	default:
		say("%d.%03d bits of entropy in a byte", s.entropy/1000, s.entropy%1000)
		if s.magic != "" && s.encoding != "" {
			say("decoded it begins as %s does", s.magic)
		}
		if n := s.block(); n > 1 {
			say("whole blocks of %d", n)
		}
		for _, size := range []int{16, 8} {
			if b := s.blocks[size]; b[1]*1000 > b[0] && b[1] > 1 {
				say("%d of %d blocks of %d bytes repeat, as they do in ECB and in what is not encrypted", b[1], b[0], size)
				break
			}
		}
	}
	for _, h := range hits {
		how := h.cipher
		if h.mode.name != "" {
			how += "-" + h.mode.name
		}
		say("opened by %s (%d of %d units)", how, h.opened, len(h.texts))
	}
	if len(hits) == 0 && len(t.units) > 0 && s.encodedText == "" && s.entropy > 7000 {
		say("encrypted, compressed or random; no key at hand opens it")
	}
	if p != nil {
		say("%d columns, a layout fits %d of %d lines", p.layout.Fields, p.agree, p.lines)
	}
	return strings.Join(out, "; ")
}
