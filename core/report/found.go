package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/view"
)

// said are the kinds of records that are said of records or of files, and not read
// from the files.
var said = []string{"finding", "edge", engine.KindDescription, engine.KindKey}

// found goes through all current records once.
func (m *maker) found(ctx context.Context) error {
	f := &m.page.Found
	o := overview{m: m, kinds: map[string]*Kind{}, places: map[string]*Place{}, ranks: newRanks(), samples: map[string]*Sample{}, placeKinds: map[string]map[string]int64{}}
	met := false
	err := view.Records(ctx, m.c, view.Filter{}, func(line []byte) error {
		r, err := parse(line)
		if err != nil {
			return err
		}
		if slices.Contains(said, r.Kind) {
			met = true
			return nil
		}
		o.add(&r)
		return nil
	})
	f.Records = o.n
	command := "exhibit records --json | wc -l"
	if met {
		command = `exhibit records --json | grep -vcE '"kind":"(` + strings.Join(said, "|") + `)"'`
	}
	f.Note = m.note("all current records", command, "places")
	o.finish(f)
	return err
}

// overview adds up records.
type overview struct {
	m          *maker
	n          int64
	kinds      map[string]*Kind
	hours      hours
	places     map[string]*Place
	placeOrder []string
	placeKinds map[string]map[string]int64
	left       map[string]bool
	ranks      []*ranking
	samples    map[string]*Sample
}

func (o *overview) add(r *record) {
	o.n++
	k := o.kinds[r.Kind]
	if k == nil {
		k = &Kind{Name: r.Kind, Label: kindLabel(r.Kind)}
		o.kinds[r.Kind] = k
	}
	k.N++
	if t, ok := r.at(); ok {
		k.Timed++
		if r.doubtful() {
			k.Doubt++
		} else {
			if k.First == "" || r.Time < k.First {
				k.First = r.Time
			}
			k.Last = max(k.Last, r.Time)
			o.hours.add(t)
		}
	} else {
		o.m.untimed++
	}
	o.assumptions(r)
	o.place(r)
	for _, rank := range o.ranks {
		rank.add(r)
	}
	s := o.samples[r.Kind]
	if s == nil {
		s = &Sample{Kind: kindLabel(r.Kind)}
		o.samples[r.Kind] = s
	}
	if s.N++; len(s.Rows) < maxSamples {
		s.Rows = append(s.Rows, o.m.row(r, nil))
	}
}

// assumptions counts what a reader of times and texts must know.
func (o *overview) assumptions(r *record) {
	if r.Time != "" {
		switch r.TimeBasis.ZoneBasis {
		case "assumed":
			o.m.assumed["zone assumed"]++
		case "item":
			o.m.assumed["zone declared "+r.TimeBasis.Zone]++
		case "layout":
			o.m.assumed["zone layout "+r.TimeBasis.Zone]++
		}
		if r.TimeBasis.Basis == "assumed" {
			o.m.assumed["time form"]++
		}
	}
	if r.CharBasis == "detected" || r.CharBasis == "assumed" {
		o.m.assumed["charset "+r.CharBasis+" "+r.Charset]++
	}
	if r.Source.Profile != "" {
		o.m.assumed["profile "+r.Source.Profile]++
	}
	if r.Source.Partial {
		o.m.assumed["partial"]++
	}
}

func (o *overview) place(r *record) {
	key := r.Exhibit + "\x00" + r.Source.Path
	p := o.places[key]
	if p == nil {
		if len(o.places) >= maxPlaces {
			if o.left == nil {
				o.left = map[string]bool{}
			}
			if len(o.left) < maxDistinct {
				o.left[key] = true
			}
			return
		}
		p = &Place{Anchor: fmt.Sprintf("place-%d", len(o.places)+1), Exhibit: r.Exhibit, Path: visible(r.Source.Path), First: r.ID, Zone: r.TimeBasis.Zone, Charset: r.Charset}
		o.places[key] = p
		o.placeOrder = append(o.placeOrder, key)
		o.placeKinds[key] = map[string]int64{}
	}
	o.placeKinds[key][r.Kind]++
	p.Last = r.ID
	if p.Zone != r.TimeBasis.Zone && r.Time != "" && p.Zone != "" {
		p.Zone = "several"
	}
	if p.Charset != r.Charset && p.Charset != "" && r.Charset != "" {
		p.Charset = "several"
	}
}

func (o *overview) finish(f *Found) {
	m := o.m
	for _, name := range kindOrder(o.kinds) {
		k := o.kinds[name]
		k.Note = m.note("records of kind “"+name+"”", "exhibit search --count "+quote("kind:"+name), "places")
		if k.First != "" {
			k.First, k.Last = m.clock.text(k.First), m.clock.text(k.Last)
		}
		f.Kinds = append(f.Kinds, *k)
		s := o.samples[name]
		f.Samples = append(f.Samples, *s)
	}
	f.Chart = o.hours.columns("All records with a time", m.o.Zone)
	for _, key := range o.placeOrder {
		p := o.places[key]
		kinds := o.placeKinds[key]
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			p.Kinds = append(p.Kinds, Counted{Value: name, N: kinds[name]})
		}
		f.Places = append(f.Places, *p)
	}
	slices.SortStableFunc(f.Places, func(a, b Place) int {
		return cmp.Or(strings.Compare(a.Exhibit, b.Exhibit), strings.Compare(a.Path, b.Path))
	})
	f.PlacesLeft = int64(len(o.left))
	for _, r := range o.ranks {
		if rank, ok := r.finish(m); ok {
			f.Ranks = append(f.Ranks, rank)
		}
	}
}

// kindOrder puts what people said first and unmapped rows last.
func kindOrder(kinds map[string]*Kind) []string {
	order := []string{"message", "sms", "call", "transfer", "account", "contact", "keyword"}
	names := slices.Sorted(maps.Keys(kinds))
	at := func(n string) int {
		if i := slices.Index(order, n); i >= 0 {
			return i
		}
		if n == "row" {
			return len(order) + 1
		}
		return len(order)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(at(a), at(b)) })
	return names
}

func kindLabel(kind string) string {
	switch kind {
	case "message":
		return "Chat messages"
	case "sms":
		return "SMS"
	case "call":
		return "Calls"
	case "transfer":
		return "File transfers"
	case "account":
		return "Accounts"
	case "contact":
		return "Contacts"
	case "keyword":
		return "Listed terms"
	case "row":
		return "Rows of unmapped tables"
	}
	return "Records of kind " + visible(kind)
}

// quote makes an argument that a shell passes on as it is.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ranking counts the values of one field.
type ranking struct {
	title, explain, field string
	kinds                 []string
	values                func(*record) []string
	n                     map[string]int64
	full                  bool
}

func newRanks() []*ranking {
	chat := []string{"message", "sms", "call"}
	return []*ranking{
		{
			title: "Accounts most often logged", explain: "The account whose log a record stands in.", field: "account", kinds: chat,
			values: func(r *record) []string { return []string{r.Account} },
		},
		{
			title: "Senders", explain: "Who a message, SMS or call is from, as the source states it.", field: "from", kinds: chat,
			values: func(r *record) []string { return []string{r.From} },
		},
		{
			title: "Recipients", explain: "Who a message, SMS or call is to, as the source states it.", field: "to", kinds: chat,
			values: func(r *record) []string { return r.To },
		},
		{
			title: "Terms stated as the reason for logging", explain: "What the source itself names as the term that a record matched.", field: "matched_term", kinds: chat,
			values: func(r *record) []string { return []string{r.Term} },
		},
	}
}

func (k *ranking) add(r *record) {
	if !slices.Contains(k.kinds, r.Kind) {
		return
	}
	if k.n == nil {
		k.n = map[string]int64{}
	}
	for _, v := range k.values(r) {
		if v == "" {
			continue
		}
		if _, ok := k.n[v]; !ok && len(k.n) >= maxDistinct {
			k.full = true
			continue
		}
		k.n[v]++
	}
}

func (k *ranking) finish(m *maker) (Rank, bool) {
	if len(k.n) == 0 {
		return Rank{}, false
	}
	names := slices.Collect(maps.Keys(k.n))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(k.n[b], k.n[a]), strings.Compare(a, b)) })
	r := Rank{Title: k.title, Explain: k.explain, Distinct: int64(len(names)), AtLeast: k.full}
	r.Note = m.note(fmt.Sprintf("records whose %s is the value beside the number, as in the first row", label(k.field)), "exhibit search --count "+quote(exactly(k.field, names[0])), "places")
	for _, n := range names[:min(maxTop, len(names))] {
		r.Rows = append(r.Rows, Counted{Value: visible(n), N: k.n[n], Bar: int(max(4, k.n[n]*1000/k.n[names[0]])), Note: r.Note})
	}
	return r, true
}

// exactly is the query for records whose field is a value.
func exactly(field, value string) string {
	return field + `:="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
