package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// roleCategories: a CSV file that gives terms a category and a theme. It adds no term.
const roleCategories = "categories"

// term is what is looked for. Terms that differ in case or width only are one.
type term struct {
	shown              string
	lists              []int32
	categories, themes []int32
	// cites are the records that list it.
	cites cites
}

// list is one list of terms.
type list struct {
	// name says where it stands, label what the record itself calls it.
	name, label string
	effect      string
	terms       []int32
	// has is the record of each term, noRecord where it stands in a file.
	has   map[int32]uint32
	cites cites
}

// title is what a list is called in a sentence.
func (l *list) title() string {
	switch {
	case l.name == "":
		return l.label
	case l.label == "":
		return l.name
	}
	return l.name + " (" + l.label + ")"
}

// listed are all terms and lists.
type listed struct {
	terms              []term
	lists              []list
	categories, themes []string
	byText             map[string]int32
	byList             map[string]int32
	byCategory         map[string]int32
	byTheme            map[string]int32
	// empty and long terms were left aside.
	empty, long int64
	matcher     *matcher
	// other finds terms in the other script of Chinese.
	other *otherScript
	cites int
}

func newListed(o options) *listed {
	return &listed{byText: map[string]int32{}, byList: map[string]int32{}, byCategory: map[string]int32{}, byTheme: map[string]int32{}, cites: o.Cites}
}

// cites are the first few records of many.
type cites struct {
	first []uint32
	n     int64
}

func (c *cites) add(n int64, most int) {
	if c.n++; len(c.first) < most {
		c.first = append(c.first, uint32(n))
	}
}

const (
	maxLists  = 10_000
	maxListed = 1_000_000
)

// load reads the keyword records of the case and the lists that came with it.
func (l *listed) load(c *sdk.Ctx, x *recordSets) error {
	err := x.each(func(s *set) bool { return s.keywords }, nil, func(s *set, n int64, r *record) error {
		if string(r.text(fKind)) != "keyword" || r.value[fTerm] == nil {
			return nil
		}
		label := string(r.text(fList))
		which, err := l.list(s.id.Hex()+"\x00"+label, list{name: s.name, label: label, effect: string(r.text(fEffect))})
		if err != nil {
			return err
		}
		t, err := l.add(which, r.text(fTerm), uint32(n))
		if err != nil || t < 0 {
			return err
		}
		l.lists[which].cites.add(n, l.cites)
		at := &l.terms[t]
		at.cites.add(n, l.cites)
		at.categories = l.named(at.categories, r.text(fCategory), &l.categories, l.byCategory)
		at.themes = l.named(at.themes, r.text(fTheme), &l.themes, l.byTheme)
		return nil
	})
	if err != nil {
		return err
	}
	for _, in := range x.lists {
		if err := l.file(in); err != nil {
			return err
		}
	}
	if in := c.Input(roleCategories); in != nil {
		if err := l.classify(in); err != nil {
			return err
		}
	}
	folded := make([][]byte, len(l.terms))
	for text, t := range l.byText {
		folded[t] = []byte(text)
	}
	if l.matcher, err = newMatcher(folded); err != nil {
		return fmt.Errorf("%w: %w (%d terms)", sdk.ErrLimit, err, len(l.terms))
	}
	if l.other, err = newOtherScript(folded); err != nil {
		return fmt.Errorf("%w: %w (%d terms in Simplified characters)", sdk.ErrLimit, err, len(l.terms))
	}
	return nil
}

func (l *listed) list(key string, made list) (int32, error) {
	if i, ok := l.byList[key]; ok {
		return i, nil
	}
	if len(l.lists) == maxLists {
		return 0, fmt.Errorf("%w: more than %d lists", sdk.ErrLimit, maxLists)
	}
	i := int32(len(l.lists))
	l.byList[key] = i
	l.lists = append(l.lists, made)
	return i, nil
}

// add puts a term on a list and returns its number, -1 where it is left aside.
func (l *listed) add(which int32, text []byte, record uint32) (int32, error) {
	switch {
	case len(text) == 0:
		l.empty++
		return -1, nil
	case len(text) > maxTerm:
		l.long++
		return -1, nil
	}
	folded := lower(text)
	t, ok := l.byText[string(folded)]
	if !ok {
		if len(l.terms) == maxListed {
			return 0, fmt.Errorf("%w: more than %d terms", sdk.ErrLimit, maxListed)
		}
		t = int32(len(l.terms))
		l.byText[string(folded)] = t
		l.terms = append(l.terms, term{shown: string(text)})
	}
	if at := &l.terms[t]; !slices.Contains(at.lists, which) {
		at.lists = append(at.lists, which)
		on := &l.lists[which]
		on.terms = append(on.terms, t)
		if on.has == nil {
			on.has = map[int32]uint32{}
		}
		on.has[t] = record
	}
	return t, nil
}

// named adds a name to a term's.
func (l *listed) named(have []int32, text []byte, all *[]string, by map[string]int32) []int32 {
	if len(text) == 0 {
		return have
	}
	i, ok := by[string(text)]
	if !ok {
		i = int32(len(*all))
		by[string(text)] = i
		*all = append(*all, string(text))
	}
	if !slices.Contains(have, i) {
		have = append(have, i)
	}
	return have
}

// file reads a list of one term a line.
func (l *listed) file(in *sdk.Input) error {
	which, err := l.list("file\x00"+in.SHA256.Hex(), list{name: in.Name, effect: sdk.Unknown})
	if err != nil {
		return err
	}
	for ln := range in.Lines() {
		text := bytes.TrimPrefix(ln.Bytes, []byte("\ufeff"))
		if !utf8.Valid(text) {
			return fmt.Errorf("%w: the list %q is not UTF-8", sdk.ErrMalformed, in.Name)
		}
		if len(text) == 0 {
			continue
		}
		if _, err := l.add(which, text, noRecord); err != nil {
			return err
		}
	}
	return in.Err()
}

// classify reads categories and themes by the columns of a CSV file: term (or word),
// category, theme. Terms that are on no list are passed over.
func (l *listed) classify(in *sdk.Input) error {
	r := csv.NewReader(in.Reader())
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%w: categories: no header", sdk.ErrMalformed)
	}
	column := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool {
			return slices.Contains(names, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))))
		})
	}
	text, category, theme := column("term", "word", "keyword"), column("category"), column("theme")
	if text < 0 || category < 0 && theme < 0 {
		return fmt.Errorf("%w: categories: the header names no column term (or word) with category or theme", sdk.ErrMalformed)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: categories: %w", sdk.ErrMalformed, err)
		}
		cell := func(i int) []byte {
			if i < 0 || i >= len(row) || !utf8.ValidString(row[i]) {
				return nil
			}
			return []byte(row[i])
		}
		t, ok := l.byText[string(lower(cell(text)))]
		if !ok {
			continue
		}
		at := &l.terms[t]
		at.categories = l.named(at.categories, cell(category), &l.categories, l.byCategory)
		at.themes = l.named(at.themes, cell(theme), &l.themes, l.byTheme)
	}
}
