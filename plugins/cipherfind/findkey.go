package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// rolePrefix begins the roles of the inputs that are to be opened. In all of them,
// and in the other inputs, keys are looked for. A single input is both.
const rolePrefix = "encrypted-"

// kindKey is the kind of the records that say which key opens what.
const kindKey = "x-exhibit/key"

// defaultThreshold: a find is stated where fewer than 10^-7 are expected by chance
// in the whole run. The host asks for more where it splits a case into many runs.
const defaultThreshold = 7

// Codes of diagnostics; README.md explains each.
const (
	codeNoKey      = "key.none"
	codeNotTarget  = "key.not_encrypted"
	codeCandidates = "key.candidates"
)

// search is one job of looking for keys.
type search struct {
	c       *sdk.Ctx
	out     *sdk.Out
	modes   map[string][]mode
	targets []*target
	list    []candidate
	sum     *collector
	trials  int64
	hits    [][]hit // by target
	// limit is log10 of how many finds by chance are put up with.
	limit float64
}

func findKey(c *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
	s := &search{c: c, out: out}
	var err error
	if s.modes, err = modesOf(c); err != nil {
		return err
	}
	var config struct {
		Threshold int `json:"threshold"`
	}
	if err := c.Decode(&config); err != nil {
		return err
	}
	if config.Threshold <= 0 {
		config.Threshold = defaultThreshold
	}
	s.limit = -float64(config.Threshold)
	if err := s.inputs(); err != nil {
		return err
	}
	if len(s.targets) > 0 {
		if err := s.gather(); err != nil {
			return err
		}
	}
	for _, t := range s.targets {
		if err := s.try(t); err != nil {
			return err
		}
	}
	return s.report()
}

// inputs settles what is to be opened, and says what of it is not encrypted.
func (s *search) inputs() error {
	all := s.c.Inputs()
	for _, in := range all {
		if len(all) > 1 && !strings.HasPrefix(in.Role, rolePrefix) || in.Size == 0 {
			continue
		}
		t, err := newTarget(in)
		if err != nil {
			return err
		}
		if len(t.units) == 0 || t.shape.encodedText != "" {
			s.c.Diagnose(sdk.Diagnostic{
				Code: codeNotTarget, Severity: evidence.SeverityInfo, Source: in.Source(0, in.Size),
				Message: "nothing suggests that it is encrypted, or too little of it to tell; no key was looked for",
			})
			continue
		}
		s.targets = append(s.targets, t)
	}
	return nil
}

// gather collects the candidates: the keys handed over, then what the inputs hold.
func (s *search) gather() error {
	s.sum = newCollector()
	keys := s.c.Keys()
	for i := range keys {
		s.sum.given(&keys[i])
	}
	for i, in := range s.c.Inputs() {
		if err := s.sum.scan(i, in, s.c); err != nil {
			return err
		}
	}
	s.list = s.sum.ordered()
	twins := markTwins(s.list)
	s.c.Diagnose(sdk.Diagnostic{
		Code: codeCandidates, Severity: evidence.SeverityInfo, Message: "what was tried as a key",
		Data: map[string]any{"candidates": len(s.list), "places": s.sum.found, "left_out": s.sum.dropped, "same_des_key": twins},
	})
	return nil
}

// markTwins marks the keys of DES that differ from a likelier one only in bits that DES
// ignores, and counts them.
func markTwins(list []candidate) (twins int) {
	seen := map[uint64]bool{}
	for i := range list {
		if len(list[i].key) != 8 {
			continue
		}
		k := binary.BigEndian.Uint64(list[i].key) &^ crypt.DESParity
		if list[i].twin = seen[k]; list[i].twin {
			twins++
		}
		seen[k] = true
	}
	return twins
}

// given takes a key that was handed over. It may be longer or shorter than those
// that are looked for in the evidence.
func (c *collector) given(k *sdk.Key) {
	if _, ok := c.at[string(k.Value)]; ok || len(k.Value) == 0 {
		return
	}
	c.at[string(k.Value)] = int32(len(c.list))
	c.list = append(c.list, candidate{key: k.Value, rank: rankGiven, given: k, place: place{input: -1}})
}

// openedEnough is the share of a target's units from which on no further key is
// looked for: what is left may well be damage.
const openedEnough = 0.7

// try looks for keys of one target: first those that opened another, which is
// nearly always enough.
func (s *search) try(t *target) error {
	var found []hit
	var known []candidate
	for _, hits := range s.hits {
		for _, h := range hits {
			if !slices.ContainsFunc(known, func(c candidate) bool { return string(c.key) == string(h.cand.key) }) {
				known = append(known, *h.cand)
			}
		}
	}
	base := newTryer(t, s.modes)
	for _, list := range [][]candidate{known, s.list} {
		if covered(t, found) >= openedEnough {
			break
		}
		for _, cipher := range ciphers {
			if err := s.c.Err(); err != nil {
				return err
			}
			more := s.parallel(base, cipher.name, list[:min(len(list), cipher.most)])
			found = append(found, more...)
			if found = best(found); covered(t, found) >= openedEnough {
				break
			}
		}
	}
	for i := range found {
		s.vector(base, &found[i])
	}
	s.hits = append(s.hits, found)
	return nil
}

// parallel tries candidates on as many processors as there are. The order of what
// is found is that of the candidates.
func (s *search) parallel(base *tryer, cipher string, list []candidate) []hit {
	if len(list) == 0 || !base.possible(cipher) {
		return nil
	}
	const piece = 64 * crypt.DESLanes
	pieces := slices.Collect(slices.Chunk(list, piece))
	results := make([][]hit, len(pieces))
	counts := make([]int64, len(pieces))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pieces)) {
		wg.Go(func() {
			y := base.again()
			for i := range next {
				y.trials = 0
				y.all(cipher, pieces[i], func(h hit) {
					if len(results[i]) < 64 {
						results[i] = append(results[i], h)
					}
				})
				counts[i] = y.trials
			}
		})
	}
	for i := range pieces {
		if s.c.Err() != nil {
			break
		}
		next <- i
		s.out.Skip(int64(len(pieces[i]))) // a sign of life, and the number of trials
	}
	close(next)
	wg.Wait()
	var out []hit
	for i := range results {
		out = append(out, results[i]...)
		s.trials += counts[i]
	}
	return out
}

// covered is the share of a target's units that some hit opens.
func covered(t *target, hits []hit) float64 {
	n := 0
	for i := range t.units {
		if len(hits) > 0 && len(hits[0].texts) < len(t.units) {
			return 1 // a stream, of which only the beginning can be tried
		}
		if slices.ContainsFunc(hits, func(h hit) bool { return i < len(h.texts) && h.texts[i] != nil }) {
			n++
		}
	}
	return float64(n) / float64(len(t.units))
}

// best keeps the hits that open something which no better one does.
func best(hits []hit) []hit {
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.opened, a.opened), cmp.Compare(a.logP, b.logP), cmp.Compare(a.cand.rank, b.cand.rank))
	})
	var out []hit
	for _, h := range hits {
		fresh := false
		for i, text := range h.texts {
			fresh = fresh || text != nil && !slices.ContainsFunc(out, func(o hit) bool { return i < len(o.texts) && o.texts[i] != nil })
		}
		if fresh {
			out = append(out, h)
		}
	}
	return out
}

// report writes a record for each key and target, and says what stays closed.
func (s *search) report() error {
	total := math.Log10(float64(max(1, s.trials)))
	only := map[string]bool{}
	for i := range s.hits {
		s.hits[i] = slices.DeleteFunc(s.hits[i], func(h hit) bool { return h.logP+total > s.limit })
		for _, h := range s.hits[i] {
			only[string(h.cand.key)] = true
		}
	}
	places := &collector{only: only, places: map[string][]place{}}
	if len(only) > 0 {
		for i, in := range s.c.Inputs() {
			if err := places.scan(i, in, s.c); err != nil {
				return err
			}
		}
	}
	for i, t := range s.targets {
		for _, h := range s.hits[i] {
			if err := s.put(t, &h, places.places[string(h.cand.key)], h.logP+total); err != nil {
				return err
			}
		}
		if len(s.hits[i]) == 0 {
			s.c.Diagnose(sdk.Diagnostic{
				Code: codeNoKey, Severity: evidence.SeverityUnresolved, Source: t.in.Source(0, t.in.Size),
				Message: "it looks encrypted, and no candidate opens it", Data: map[string]any{"candidates": len(s.list), "units": len(t.units)},
			})
		}
	}
	return nil
}

// published begins the name under which the host offers a profile's own key (profiles.md).
const published = "published:"

// put writes one find. Its place is that of the key; where the key is not in the
// evidence, that of what it opens.
func (s *search) put(t *target, h *hit, places []place, expected float64) error {
	fields := map[string]any{
		"opens": map[string]any{
			"artifact": t.in.SHA256.String(), "charset": charsetOf(h), "cipher": h.cipher, "encoding": t.encoding, "iv": h.mode.stated, "mode": h.mode.name,
			"padding": h.padding, "unit": t.unit, "units_opened": h.opened, "units_tried": len(h.texts),
		},
		"key_bytes": len(h.cand.key), "trials": s.trials, "expected_false": power(expected), "score": int64(-expected),
	}
	src := t.in.Source(0, t.in.Size)
	if g := h.cand.given; g != nil {
		s.c.Use(*g)
		if strings.HasPrefix(g.Name, published) { // other names are the case's, and no part of what is named a run
			fields["known_as"] = g.Name
		}
		src.Key = g.Fingerprint
	}
	if len(places) == 0 && h.cand.given == nil { // it was found where only a window was tried
		places = []place{h.cand.place}
	}
	if len(places) > 0 {
		p := s.likeliest(places, h.cand)
		in := s.c.Inputs()[p.input]
		key := src.Key
		src = in.Source(p.offset, p.length)
		src.Key = key
		fields["key_encoding"], fields["key_artifact"] = p.encoding, in.SHA256.String()
		var others []any
		for _, o := range places {
			if o != p {
				others = append(others, map[string]any{"artifact": s.c.Inputs()[o.input].SHA256.String(), "encoding": o.encoding, "length": o.length, "offset": o.offset})
			}
		}
		if others != nil {
			fields["also_at"] = others
		}
	}
	return s.out.Put(&sdk.Other{Name: kindKey, Fields: fields}, src)
}

// likeliest prefers the place that the candidate was taken from; then whole text to
// what had to be cut or filled, and the shorter input.
func (s *search) likeliest(places []place, c *candidate) place {
	if c.given == nil && slices.Contains(places, c.place) {
		return c.place
	}
	return slices.MinFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(changed(a), changed(b)), cmp.Compare(s.c.Inputs()[a.input].Size, s.c.Inputs()[b.input].Size), cmp.Compare(a.input, b.input), cmp.Compare(a.offset, b.offset))
	})
}

func changed(p place) int {
	if strings.HasPrefix(p.encoding, asPadded) || slices.ContainsFunc(digests, func(d digest) bool { return d.encoding == p.encoding }) {
		return 1
	}
	return 0
}

// power writes 10^x in the manner of 3e-41.
func power(x float64) string {
	if x < -9999 {
		x = -9999
	}
	e := math.Floor(x)
	m := math.Ceil(math.Pow(10, x-e))
	if m >= 10 {
		m, e = 1, e+1
	}
	return fmt.Sprintf("%de%d", int(m), int(e))
}

// charsetOf names the charset of what a hit opened: of the East Asian ones, between
// which the form alone does not decide, the one whose usual characters it has.
func charsetOf(h *hit) string {
	switch h.form {
	case formUTF8:
		return "utf-8"
	case formUTF16LE:
		return "utf-16le"
	}
	var text []byte
	for _, t := range h.texts {
		if t != nil {
			if b, ok := crypt.Strip(h.padding, t, max(1, blockSizes[h.cipher])); ok {
				t = b
			}
			if len(h.texts) > 1 && bytes.Count(t, []byte{'\n'}) > 1 { // a piece of a file: whole lines of it
				t = t[bytes.IndexByte(t, '\n')+1 : bytes.LastIndexByte(t, '\n')]
			}
			text = append(append(text, t...), '\n')
		}
	}
	return guessCharset(text)
}

// eastAsian are the charsets that are told apart by their usual characters.
var eastAsian = []string{"gb18030", "big5", "shift_jis"}

func guessCharset(text []byte) string {
	var list []sdk.Charset
	for _, name := range eastAsian {
		if c, err := sdk.ParseCharset(name); err == nil {
			list = append(list, c)
		}
	}
	if c, ok := sdk.Guess(text, list...); ok || c.Name() != "" {
		return c.Name()
	}
	return eastAsian[0]
}
