package main

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// A batch is so many lines, or bytes of lines, whichever comes first. Lines of a
// batch are decrypted together, and the first batch also shows what the input is.
const (
	batchLines = 512
	batchBytes = 256 << 10
)

// parse reads records out of a text whose lines are encrypted one by one, or not
// at all.
func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	s, err := newSetup(c, false)
	if err != nil {
		return err
	}
	r := newReader(c, s, out)
	header := int64(0)
	if s.parser != nil {
		header = int64(s.parser.Header())
	}
	for ln := range in.Lines() {
		if ln.Number <= header || len(bytes.TrimSpace(ln.Bytes)) == 0 {
			out.Skip(1)
			continue
		}
		r.add(ln)
		if r.full() {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.finish()
	return in.Err()
}

// line is one line of a batch.
type line struct {
	sdk.Line
	from, to int // in the batch's raw bytes

	// What the primary candidate makes of it: a range of reader.plain, and whether
	// some other candidate might make something of it too.
	first, last int
	whole       bool
	contested   bool
	at, length  int // of its ciphertext in reader.cipher
	head        int // of its beginning in reader.heads, -1: none
}

// reader reads lines batch by batch.
type reader struct {
	c     *sdk.Ctx
	out   *sdk.Out
	setup *setup
	trial *trial
	list  []*candidate
	plain plainReader

	lines   []line
	raw     []byte // of the lines
	cipher  []byte // of the lines, decoded under the primary candidate
	message []byte // and decrypted
	heads   []byte // beginnings of the lines, for contest
	one     [3][]byte

	started  bool
	primary  *candidate // opened the line before; nil: none did yet
	term     sdk.Keyword
	mismatch layout.Mismatch // of the line that was rejected for its layout

	unresolved int64 // lines that a new key, profile or layout may open
}

func newReader(c *sdk.Ctx, s *setup, out *sdk.Out) *reader {
	r := &reader{c: c, out: out, setup: s, trial: s.trial(), list: s.candidates(c, unitLine)}
	r.plain.charsets, r.plain.basis = s.plainCharsets()
	return r
}

func (r *reader) add(ln sdk.Line) {
	l := line{Line: ln, from: len(r.raw)}
	r.raw = append(r.raw, ln.Bytes...)
	l.to = len(r.raw)
	l.Bytes = nil
	r.lines = append(r.lines, l)
}

func (r *reader) full() bool { return len(r.lines) == batchLines || len(r.raw) >= batchBytes }

func (r *reader) bytes(l *line) []byte { return r.raw[l.from:l.to] }

// flush reads the lines of the batch in order.
func (r *reader) flush() error {
	if !r.started {
		r.started = true
		r.start()
	}
	if r.trial.strong && r.primary != nil {
		r.decryptAll()
	}
	recent := r.primary
	for i := range r.lines {
		l := &r.lines[i]
		got, why := r.readLine(l)
		if why != "" {
			r.reject(l, why)
			continue
		}
		if got.by != nil {
			recent = got.by
		}
		if err := r.put(l, got); err != nil {
			return err
		}
	}
	r.primary = recent
	r.lines, r.raw = r.lines[:0], r.raw[:0]
	return nil
}

// readLine reads a line, or says with a code why it cannot be read.
func (r *reader) readLine(l *line) (reading, string) {
	if l.whole && !l.contested && r.promising(r.primary, l.length, r.message[l.first:l.last]) {
		if got, reached := r.trial.read(r.primary, r.message[l.first:l.last]); reached == reachAgreement {
			return got, ""
		}
	}
	return r.search(r.bytes(l))
}

// start looks at the first batch for what opens lines and which charset they are in.
func (r *reader) start() {
	if !r.trial.strong {
		r.elect()
		return
	}
	for i := range r.lines {
		if got, why := r.search(r.bytes(&r.lines[i])); why == "" && got.by != nil {
			r.primary = got.by
			break
		}
	}
	if r.primary == nil {
		r.voteOnPlain()
		return
	}
	r.decryptAll()
	for i := range r.lines {
		l := &r.lines[i]
		if l.whole {
			r.trial.look(r.primary, r.message[l.first:l.last])
		}
	}
}

func (r *reader) voteOnPlain() {
	for i := range r.lines {
		r.trial.vote(r.plain.charsets, r.bytes(&r.lines[i]))
	}
}

// elect keeps the candidates that open more than half of the first batch. Where
// no typed column tells a text from noise, a line alone proves nothing.
func (r *reader) elect() {
	var keep []*candidate
	for _, cand := range r.list {
		opened := 0
		for i := range r.lines {
			if _, reached := r.try(cand, r.bytes(&r.lines[i])); reached == reachAgreement {
				opened++
			}
		}
		if 2*opened > len(r.lines) {
			keep = append(keep, cand)
		}
	}
	r.list, r.plain.shut = keep, len(keep) > 0
	for i := range r.lines {
		for _, cand := range keep {
			if message, reached := r.open(cand, r.bytes(&r.lines[i])); reached == reachCipher && message != nil {
				r.trial.look(cand, message)
			}
		}
	}
	if len(keep) == 0 {
		r.voteOnPlain()
	}
}

// put writes what was read as a record.
func (r *reader) put(l *line, got reading) error {
	src := l.Source()
	if got.by != nil {
		got.by.mark(&src)
		if got.by.used++; got.by.used == 1 && !got.by.profile.keyless() {
			r.c.Use(got.by.key)
		}
	}
	if got.stray {
		diagnose(r.c, evidence.SeverityWarning, codeStray, src, map[string]any{"charset": got.charset.Name()})
	}
	if r.setup.parser == nil {
		r.term = sdk.Keyword{
			Common: sdk.Common{Charset: got.charset.Name(), CharsetBasis: got.basis},
			Term:   sdk.Bytes(got.text), List: sdk.OrNull(got.by.profile.List), Effect: got.by.profile.effect(),
			Category: sdk.Null(), Theme: sdk.Null(),
		}
		return r.out.Put(&r.term, src)
	}
	rec := r.setup.parser.Record()
	common := r.setup.parser.Common()
	common.Charset, common.CharsetBasis = got.charset.Name(), got.basis
	return r.out.Put(rec, src)
}

func (p *profile) effect() string {
	if p.Effect == "" {
		return sdk.Unknown
	}
	return p.Effect
}

// reject says why a line became no record.
func (r *reader) reject(l *line, code string) {
	var data map[string]any
	switch code {
	case codeUndecryptable, codeAmbiguous:
		r.unresolved++
	case codeLayout:
		data = map[string]any{"mismatch": r.mismatch.Code}
		if r.mismatch.Column != "" {
			data["column"] = r.mismatch.Column
		}
	}
	diagnose(r.c, evidence.SeverityReject, code, l.Source(), data)
}

// finish says what holds for the input as a whole.
func (r *reader) finish() {
	if r.unresolved > 0 {
		data := map[string]any{"keys": len(r.c.Keys()), "lines": r.unresolved}
		diagnose(r.c, evidence.SeverityUnresolved, codeUnresolved, sdk.Source{}, data)
	}
	if r.setup.parser != nil && r.setup.parser.ZoneAssumed() {
		diagnose(r.c, evidence.SeverityWarning, codeZoneAssumed, sdk.Source{}, nil)
	}
	note(r.c, r.list)
}
