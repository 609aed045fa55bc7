package main

import (
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// counted is how many messages and text messages something is true of; cut of them
// were read from artifacts that were cut short.
type counted struct {
	message, sms, cut int64
	cites             cites
}

func (c *counted) add(kind int, s *set, n int64, most int) {
	if kind == inSMS {
		c.sms++
	} else {
		c.message++
	}
	if s.cut {
		c.cut++
	}
	c.cites.add(n, most)
}

func (c *counted) all() int64 { return c.message + c.sms }

// day counts records of one day.
type day struct {
	message, sms, call int64
}

const (
	daySeconds = 86400
	maxDays    = 200_000
	maxKinds   = 1000
)

// totals are all counts that do not need names.
type totals struct {
	kinds map[string]*kindTotal
	// text of messages: those that have one, of them with and without a listed term.
	text, listed, unlisted counted
	noText                 counted
	terms                  []counted
	lists                  []counted
	categories, themes     []counted
	scripts                [256]counted
	languages              [languages]counted
	// variants are messages in which a term stands in the other script of Chinese alone;
	// variant of any term, variantOnly without any term as it is listed. forms of each term.
	variants             []counted
	forms                [][]string
	variant, variantOnly counted
	days                 map[int64]*day
	untimed, moreDays    int64
	// stated is what the log itself says of the term: nothing, one that is in the text,
	// one that is not.
	statedNone, statedFound, statedOther counted
	// statedNoneListed: the log states no term, and the text has a listed one.
	statedNoneListed counted
	// unconfirmed: read by a layout that nobody has confirmed.
	unconfirmed cites
	callSeconds int64
	callsTimed  int64
	exposed     [exposures]cites
}

// kindTotal is one kind of record.
type kindTotal struct {
	n, cut int64
	cites  cites
}

// What account records expose.
const (
	exposedPhone = iota
	exposedEmail
	exposedIP
	exposedCredential
	exposedNationalID
	exposures
)

func newTotals(l *listed) *totals {
	return &totals{
		kinds: map[string]*kindTotal{}, days: map[int64]*day{},
		terms: make([]counted, len(l.terms)), variants: make([]counted, len(l.terms)), forms: make([][]string, len(l.terms)), lists: make([]counted, len(l.lists)),
		categories: make([]counted, len(l.categories)), themes: make([]counted, len(l.themes)),
	}
}

// stamps say what was counted of the message at hand: each thing once a message.
type stamps struct {
	list, category, theme []int64
}

func newStamps(l *listed) *stamps {
	s := &stamps{make([]int64, len(l.lists)), make([]int64, len(l.categories)), make([]int64, len(l.themes))}
	for _, part := range [][]int64{s.list, s.category, s.theme} {
		for i := range part {
			part[i] = -1
		}
	}
	return s
}

// count adds one to each thing that was not yet counted of message n.
func stampOnce(stamp []int64, things []int32, n int64, do func(int32)) {
	for _, i := range things {
		if stamp[i] != n {
			stamp[i] = n
			do(i)
		}
	}
}

// record counts one record of any kind.
func (t *totals) record(a *analysis, s *set, n int64, kind string, r *record) {
	k := t.kinds[kind]
	if k == nil {
		if len(t.kinds) == maxKinds {
			kind = "other kinds"
		}
		if k = t.kinds[kind]; k == nil {
			k = &kindTotal{}
			t.kinds[kind] = k
		}
	}
	k.n++
	if s.cut {
		k.cut++
	}
	k.cites.add(n, a.o.Cites)
	r.each(fFlags, func(flag []byte) {
		if string(flag) == layout.FlagUnconfirmed {
			t.unconfirmed.add(n, a.o.Cites)
		}
	})
	switch kind {
	case "message", "sms", "call":
		t.day(a, kind, r)
	}
	switch kind {
	case "call":
		if d, ok := r.integer(fDuration); ok {
			t.callsTimed++
			t.callSeconds += d
		}
	case "account":
		t.expose(a, n, r)
	}
}

func (t *totals) day(a *analysis, kind string, r *record) {
	at := r.seconds()
	if at == noTime {
		t.untimed++
		return
	}
	number := floorDiv(at+a.o.zone, daySeconds)
	d := t.days[number]
	if d == nil {
		if len(t.days) == maxDays {
			t.moreDays++
			return
		}
		d = &day{}
		t.days[number] = d
	}
	switch kind {
	case "message":
		d.message++
	case "sms":
		d.sms++
	default:
		d.call++
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (t *totals) expose(a *analysis, n int64, r *record) {
	has := func(f field, what int) {
		found := r.text(f) != nil
		r.each(f, func(text []byte) { found = found || len(text) > 0 })
		if v := r.value[f]; f == fCredential {
			found = len(v) > 2 && v[0] == '{'
		}
		if found {
			t.exposed[what].add(n, a.o.Cites)
		}
	}
	has(fPhones, exposedPhone)
	has(fEmails, exposedEmail)
	has(fIPs, exposedIP)
	has(fCredential, exposedCredential)
	has(fNationalID, exposedNationalID)
}

// otherScript counts the terms that stand in the text in the other script of Chinese.
func (t *totals) otherScript(a *analysis, s *set, n int64, kind int, found []int32) {
	any := false
	a.l.other.found(a.folded, found, func(i int32, form []byte) {
		any = true
		t.variants[i].add(kind, s, n, a.o.Cites)
		if f := t.forms[i]; len(f) < maxVariants && !slices.Contains(f, string(form)) {
			t.forms[i] = append(f, string(form))
		}
	})
	if !any {
		return
	}
	t.variant.add(kind, s, n, a.o.Cites)
	if len(found) == 0 {
		t.variantOnly.add(kind, s, n, a.o.Cites)
	}
}

// message counts a message or text message that has a text, with the terms found in it.
func (t *totals) message(a *analysis, s *set, n int64, kind int, r *record, text []byte, found []int32) {
	most := a.o.Cites
	t.text.add(kind, s, n, most)
	scripts := scriptsOf(text)
	t.scripts[scripts].add(kind, s, n, most)
	t.languages[languageOf(text, scripts)].add(kind, s, n, most)
	if len(found) == 0 {
		t.unlisted.add(kind, s, n, most)
	} else {
		t.listed.add(kind, s, n, most)
	}
	for _, i := range found {
		t.terms[i].add(kind, s, n, most)
		stampOnce(a.stamps.list, a.l.terms[i].lists, n, func(j int32) { t.lists[j].add(kind, s, n, most) })
		stampOnce(a.stamps.category, a.l.terms[i].categories, n, func(j int32) { t.categories[j].add(kind, s, n, most) })
		stampOnce(a.stamps.theme, a.l.terms[i].themes, n, func(j int32) { t.themes[j].add(kind, s, n, most) })
	}
	if scripts&han != 0 {
		t.otherScript(a, s, n, kind, found)
	}
	if r.value[fMatched] == nil {
		return
	}
	stated := r.text(fMatched)
	switch {
	case len(stated) == 0 && len(found) > 0:
		t.statedNoneListed.add(kind, s, n, most)
		fallthrough
	case len(stated) == 0:
		t.statedNone.add(kind, s, n, most)
	case a.contains(stated):
		t.statedFound.add(kind, s, n, most)
	default:
		t.statedOther.add(kind, s, n, most)
	}
}
