package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// analysis is one run.
type analysis struct {
	c   *sdk.Ctx
	out *sdk.Out
	o   options
	x   *recordSets
	l   *listed

	phones *phones
	places *places // nil where no database came
	stamps *stamps
	totals *totals
	people people
	folded []byte // the text that found was given last
	stated []byte
	hits   []int32
	key    []byte
	// flagged are the keys of the accounts that stand out.
	flagged map[string]bool
	// bad lines are no records; of those before judged it was said.
	bad, judged int64
}

// portion is what is known of one part of the names.
type portion struct {
	names
	parts, part int
	links       []link
	// terms of the links, one behind the other.
	terms []int32
}

func (p *portion) size() int64 {
	return p.bytes + int64(len(p.links))*linkBytes + int64(cap(p.terms))*4
}

// maxParts bounds how often the records are read.
const maxParts = 1 << 10

// errFull: the names of the part do not fit in memory.
var errFull = errors.New("the names do not fit")

func analyze(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	o, err := readOptions(c)
	if err != nil {
		return err
	}
	x, err := open(c, in)
	if err != nil {
		return err
	}
	if x.lines > math.MaxUint32 {
		return fmt.Errorf("%w: %d records; one analysis takes %d", sdk.ErrLimit, x.lines, uint32(math.MaxUint32))
	}
	a := &analysis{c: c, out: out, o: o, x: x, l: newListed(o), flagged: map[string]bool{}}
	if err := a.l.load(c, x); err != nil {
		return err
	}
	if a.phones, err = newPhones(o.Region); err != nil {
		return err
	}
	if a.places, err = openPlaces(c); err != nil {
		return err
	}
	first, parts, err := a.fit()
	if err != nil {
		return err
	}
	if x.lines > 0 && a.bad == x.lines {
		return fmt.Errorf("%w: no line of the input is a record", sdk.ErrMalformed)
	}
	out.Skip(x.lines - a.bad)
	a.people.add(a, first)
	for part := 1; part < parts; part++ {
		p, err := a.sweep(part, parts, nil)
		if err != nil {
			return err
		}
		a.people.add(a, p)
	}
	a.people.finish(a)
	if err := a.report(); err != nil {
		return err
	}
	for part := range parts {
		p := first
		if parts > 1 {
			if p, err = a.sweep(part, parts, nil); err != nil {
				return err
			}
			p.settle()
			p.sort()
		}
		if err := a.portion(p); err != nil {
			return err
		}
	}
	if err := a.unlistedWords(); err != nil {
		return err
	}
	return a.last()
}

// fit sweeps the first part, of as few as fit in memory. The totals come of it.
func (a *analysis) fit() (*portion, int, error) {
	for parts := 1; parts <= maxParts; parts *= 2 {
		a.stamps, a.totals = newStamps(a.l), newTotals(a.l)
		p, err := a.sweep(0, parts, a.totals)
		if !errors.Is(err, errFull) {
			return p, parts, err
		}
	}
	return nil, 0, fmt.Errorf("%w: names do not fit in %d bytes, even a %dth of them at a time", sdk.ErrLimit, a.o.Memory, maxParts)
}

// sweep reads all records for one part of the names. What needs no names is added to
// t, where that is not nil.
func (a *analysis) sweep(part, parts int, t *totals) (*portion, error) {
	p := &portion{part: part, parts: parts}
	// Most records are one connection. Room for all at once spares copies.
	p.links = make([]link, 0, min(a.x.lines/int64(parts)*9/8, a.o.Memory/linkBytes))
	most := a.o.Memory
	if t == nil {
		most *= 2 // names are not quite as many in each part
	}
	var bad func(int64, sdk.Source)
	if t != nil {
		bad = a.reject
	}
	err := a.x.each(nil, bad, func(s *set, n int64, r *record) error {
		if n%1024 == 0 {
			if err := a.c.Err(); err != nil {
				return err
			}
			if p.size() > most {
				return errFull
			}
		}
		return a.record(p, t, s, n, r)
	})
	if t == nil && errors.Is(err, errFull) {
		err = fmt.Errorf("%w: the connections of a few names alone do not fit in %d bytes", sdk.ErrLimit, most)
	}
	return p, err
}

// reject says once of a line that it is no record.
func (a *analysis) reject(n int64, src sdk.Source) {
	if n < a.judged {
		return // the sweep was begun anew
	}
	a.judged = n + 1
	a.bad++
	a.c.Reject(src, "line.not_a_record", "the line is not a record: not canonical JSON, or without a kind")
}

// sourceKind is the number of a kind that holds identifiers, -1 for others.
func sourceKind(kind []byte) int {
	for i, name := range kindNames {
		if string(kind) == name {
			return i
		}
	}
	return -1
}

// record takes one record into p, and into t.
func (a *analysis) record(p *portion, t *totals, s *set, n int64, r *record) error {
	kind := r.text(fKind)
	if t != nil {
		t.record(a, s, n, string(kind), r)
	}
	which := sourceKind(kind)
	switch which {
	case inMessage, inSMS, inCall:
		a.spoken(p, t, s, n, which, r)
	case inAccount, inContact:
		a.person(p, n, which, r)
	}
	return nil
}

// found returns the numbers of the terms in a text, each once. They are good until the
// next call.
func (a *analysis) found(text []byte) []int32 {
	a.folded = fold(a.folded, text)
	a.hits = a.l.matcher.scan(a.folded, a.hits[:0])
	slices.Sort(a.hits)
	a.hits = slices.Compact(a.hits)
	return a.hits
}

// contains reports whether the text that found was given last holds a term, both folded.
func (a *analysis) contains(stated []byte) bool {
	a.stated = fold(a.stated, stated)
	return bytes.Contains(a.folded, a.stated)
}

// spoken takes a message, a text message or a call.
func (a *analysis) spoken(p *portion, t *totals, s *set, n int64, kind int, r *record) {
	service := r.text(fService)
	typed := func(value []byte) []byte {
		a.key = a.appendNode(a.key[:0], kind, service, value)
		return a.key
	}
	var from, account uint32
	hasFrom, mine, hasAccount := false, false, false
	if v := r.text(fFrom); len(v) > 0 {
		key := typed(v)
		if mine = partOf(key, p.parts) == p.part; mine {
			from, hasFrom = p.see(key, n, kind), true
			p.nodes[from].written(v)
		}
	}
	accountText := r.text(fAccount)
	if len(accountText) > 0 {
		if key := typed(accountText); partOf(key, p.parts) == p.part {
			account, hasAccount = p.intern(key), true
			p.see(key, n, kind)
		}
	}
	if v := r.text(fIP); len(v) > 0 {
		a.key = appendKey(a.key[:0], nodeIP, nil, v)
		if partOf(a.key, p.parts) == p.part {
			p.see(a.key, n, kind)
		}
	}
	text := r.text(fText)
	hasText := kind != inCall && text != nil
	var terms []int32
	if hasText && (t != nil || mine || hasAccount) {
		terms = a.found(text)
	}
	if t != nil {
		switch {
		case hasText:
			t.message(a, s, n, kind, r, text, terms)
		case kind != inCall:
			t.noText.add(kind, s, n, a.o.Cites)
		}
	}
	if hasAccount && hasText && kind == inMessage {
		x := &p.nodes[account]
		x.logged++
		if len(terms) == 0 {
			if x.unlisted++; len(x.cites) < a.o.Cites {
				x.cites = append(x.cites, uint32(n))
			}
		}
	}
	at := uint32(len(p.terms))
	linked := false
	r.each(fTo, func(v []byte) {
		if len(v) == 0 {
			return
		}
		key := typed(v)
		own := partOf(key, p.parts) == p.part
		if own {
			p.see(key, n, kind)
		}
		if !hasFrom {
			return
		}
		to := p.intern(key)
		p.nodes[to].written(v)
		if !linked {
			p.terms, linked = append(p.terms, terms...), true
		}
		p.links = append(p.links, link{from: from, to: to, record: uint32(n), at: at, n: uint16(min(len(terms), math.MaxUint16)), relation: uint8(kind), at64: r.seconds()})
	})
	if len(r.text(fFrom)) > 0 || kind == inCall || len(accountText) == 0 {
		return
	}
	r.each(fParticipants, func(v []byte) {
		if len(v) == 0 || bytes.Equal(v, accountText) {
			return
		}
		key := typed(v)
		if partOf(key, p.parts) == p.part {
			p.see(key, n, kind)
		}
		if !hasAccount {
			return
		}
		to := p.intern(key)
		p.nodes[to].written(v)
		if !linked {
			p.terms, linked = append(p.terms, terms...), true
		}
		p.links = append(p.links, link{from: account, to: to, record: uint32(n), at: at, n: uint16(min(len(terms), math.MaxUint16)), relation: relParties, at64: r.seconds()})
	})
}

// person takes what an account or a contact says of one person's identifiers.
func (a *analysis) person(p *portion, n int64, kind int, r *record) {
	var all [][]byte
	add := func(t nodeType, v []byte) {
		if len(v) == 0 || len(all) == maxStated {
			return
		}
		var service []byte
		if t == nodeAccount {
			service = r.text(fService)
		}
		value := v
		if t == nodePhone {
			value = a.phones.normal(v)
		}
		key := appendKey(nil, t, service, value)
		if partOf(key, p.parts) == p.part {
			p.nodes[p.see(key, n, kind)].written(v)
		}
		all = append(all, key)
	}
	if kind == inAccount {
		add(nodeAccount, r.text(fUsername))
	}
	r.each(fUsernames, func(v []byte) { add(nodeAccount, v) })
	r.each(fPhones, func(v []byte) { add(nodePhone, v) })
	r.each(fEmails, func(v []byte) { add(nodeEmail, v) })
	if kind == inAccount {
		r.each(fIPs, func(v []byte) {
			if key := appendKey(nil, nodeIP, nil, v); len(v) > 0 && partOf(key, p.parts) == p.part {
				p.see(key, n, kind)
			}
		})
	}
	// The first identifier stands for the rest.
	if len(all) < 2 || partOf(all[0], p.parts) != p.part {
		return
	}
	from := p.intern(all[0])
	for _, key := range all[1:] {
		if to := p.intern(key); to != from {
			p.links = append(p.links, link{from: from, to: to, record: uint32(n), at: uint32(len(p.terms)), relation: relIdentity, at64: noTime})
		}
	}
}

// maxStated bounds the identifiers that one record is taken to state of one person.
const maxStated = 1000

// see interns an identifier of the part and notes that a record has it, once a record.
func (p *portion) see(key []byte, n int64, kind int) uint32 {
	i := p.intern(key)
	x := &p.nodes[i]
	x.mine = true
	if x.records[kind] == 0 {
		x.first[kind] = uint32(n)
	} else if x.last[kind] == uint32(n) {
		return i
	}
	x.last[kind] = uint32(n)
	x.records[kind]++
	return i
}

// appendNode writes the key of a party of a message, text message or call.
func (a *analysis) appendNode(dst []byte, kind int, service, value []byte) []byte {
	switch t := typeOf(kind, value); t {
	case nodeAccount:
		return appendKey(dst, t, service, value)
	case nodePhone:
		return appendKey(dst, t, nil, a.phones.normal(value))
	default:
		return appendKey(dst, t, nil, value)
	}
}

// typeOf says what the party of a record is, by its form: a telephone number where it
// consists of digits and what is written between them, at least five digits of them, and
// the record is a call or a text message, or the number begins with +; an address
// where it has an @ with something on both sides; else the name of an account.
func typeOf(kind int, value []byte) nodeType {
	if i := bytes.IndexByte(value, '@'); i > 0 && i < len(value)-1 {
		return nodeEmail
	}
	if kind == inMessage && value[0] != '+' {
		return nodeAccount
	}
	digits := 0
	for i, c := range value {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '+' && i == 0, c == ' ', c == '-', c == '(', c == ')', c == '.', c == '/':
		default:
			return nodeAccount
		}
	}
	if digits < 5 {
		return nodeAccount
	}
	return nodePhone
}
