package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// What words are: runs of two to four Han letters, and words of other letters and digits
// of two to 32 bytes, folded as terms are.
const (
	leastHan, mostHan = 2, 4
	mostWord          = 32
	// maxWords bounds how many are counted at a time; when there are more, those met
	// least often are forgotten (Manku and Motwani 2002, lossy counting).
	maxWords = 400_000
	// maxTested bounds how many are counted exactly and tested: those most frequent.
	maxTested = 20_000
	// leastFrequent is in how many messages a word must be to be tested.
	leastFrequent = 3
	// shownWords bounds how many become findings.
	shownWords = 100
	// prior is the weight of the prior, in messages.
	prior = 100
)

// words calls f with each word of folded text; a word may come several times.
func words(text []byte, f func(word []byte)) {
	var starts [mostHan + 1]int // of the last Han letters
	run, begin := 0, -1
	end := func(at int) {
		if n := at - begin; begin >= 0 && n >= 2 && n <= mostWord {
			f(text[begin:at])
		}
		begin = -1
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch s := scriptOf(r); {
		case s == han:
			end(i)
			run++
			copy(starts[1:], starts[:mostHan])
			starts[0] = i
			for n := leastHan; n <= min(run, mostHan); n++ {
				f(text[starts[n-1] : i+size])
			}
		case s != 0 || r < utf8.RuneSelf && (r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'):
			if begin < 0 {
				begin = i
			}
			run = 0
		default:
			end(i)
			run = 0
		}
		i += size
	}
	end(len(text))
}

// Groups of messages.
const (
	// inQuestion: without a listed term, of accounts that do not stand out.
	inQuestion = iota
	// anyway: without a listed term, of accounts that stand out: logged whatever they say.
	anyway
	// withTerm: with a listed term.
	withTerm
	groups
)

// leastControl is how many messages that were logged anyway make them the measure;
// where there are fewer, it is those with a listed term.
const leastControl = 100

// wordCount counts messages that hold a word, by group.
type wordCount struct {
	n     [groups]int64
	seen  int64 // the message that counted it last
	cites cites
}

// vocabulary is the count of words.
type vocabulary struct {
	words map[string]*wordCount
	// n are the messages of each group; control is the group by which words are measured.
	n       [groups]int64
	control int
	// met is how many different words were met at least, forgotten ones too.
	met int64
}

// unlistedWords writes words that are more frequent in messages without a listed term
// than where logging needs no word, or has one.
func (a *analysis) unlistedWords() error {
	if a.totals.unlisted.message < leastFrequent || len(a.l.terms) == 0 {
		return nil
	}
	v := &vocabulary{words: map[string]*wordCount{}}
	floor := int64(1)
	err := a.messages(func(n int64, group int, text []byte) {
		if group != inQuestion {
			return
		}
		words(text, func(w []byte) {
			x := v.words[string(w)]
			if x == nil {
				x = &wordCount{seen: -1}
				v.words[string(w)] = x
				v.met++
			}
			if x.seen != n {
				x.seen = n
				x.n[inQuestion]++
			}
		})
		for ; len(v.words) > maxWords; floor++ {
			for w, x := range v.words {
				if x.n[inQuestion] <= floor {
					delete(v.words, w)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	v.choose()
	err = a.messages(func(n int64, group int, text []byte) {
		v.n[group]++
		words(text, func(w []byte) {
			x := v.words[string(w)]
			if x == nil || x.seen == n {
				return
			}
			x.seen = n
			if x.n[group]++; group == inQuestion {
				x.cites.add(n, a.o.Cites)
			}
		})
	})
	if err != nil {
		return err
	}
	return a.reportWords(v)
}

// messages calls f with the folded text of every message and its group.
func (a *analysis) messages(f func(n int64, group int, text []byte)) error {
	return a.x.each(nil, nil, func(_ *set, n int64, r *record) error {
		text := r.text(fText)
		if text == nil || string(r.text(fKind)) != "message" {
			return nil
		}
		group := inQuestion
		if len(a.found(text)) > 0 {
			group = withTerm
		} else if account := r.text(fAccount); len(account) > 0 {
			if a.key = a.appendNode(a.key[:0], inMessage, r.text(fService), account); a.flagged[string(a.key)] {
				group = anyway
			}
		}
		f(n, group, a.folded)
		return nil
	})
}

// choose keeps the most frequent words, to be counted exactly.
func (v *vocabulary) choose() {
	var all []string
	for w, x := range v.words {
		if x.n[inQuestion] >= leastFrequent {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		return cmp.Or(cmp.Compare(v.words[y].n[inQuestion], v.words[x].n[inQuestion]), cmp.Compare(x, y))
	})
	v.words = map[string]*wordCount{}
	for _, w := range all[:min(len(all), maxTested)] {
		v.words[w] = &wordCount{seen: -1}
	}
}

// scored is a word with its test.
type scored struct {
	word        string
	x           *wordCount
	odds, z, lg float64
}

// score is the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and
// Quinn 2008, equations 16, 19 and 22), over messages that hold the word and messages that do not.
func (v *vocabulary) score(x *wordCount) (odds, z float64) {
	u, o := float64(x.n[inQuestion]), float64(x.n[v.control])
	nu, no := float64(v.n[inQuestion]), float64(v.n[v.control])
	share := (u + o) / (nu + no)
	a, b := prior*share, prior*(1-share)
	odds = math.Log((u+a)/(nu-u+b)) - math.Log((o+a)/(no-o+b))
	return odds, odds / math.Sqrt(1/(u+a)+1/(o+a))
}

// upperNormal is the logarithm (base 10) of P(Z ≥ z) of the standard normal distribution.
func upperNormal(z float64) float64 {
	if z < 20 {
		return math.Log10(math.Erfc(z/math.Sqrt2) / 2)
	}
	// Abramowitz and Stegun 26.2.12, its first two terms: the error is below 2e-5 here.
	return -z*z/2/math.Ln10 - math.Log10(z*math.Sqrt(2*math.Pi)) + math.Log10(1-1/(z*z))
}

func (a *analysis) reportWords(v *vocabulary) error {
	v.control = withTerm
	measure := "messages with a listed term"
	caution := "Measured by messages with a listed term: it may be what messages were logged for, or ordinary talk that those leave no room for."
	if v.n[anyway] >= leastControl {
		v.control, measure = anyway, "messages of accounts that are logged whatever they say"
		caution = "That a word is more frequent there does not show that it made anything be logged."
	}
	if v.n[inQuestion] == 0 || v.n[v.control] == 0 {
		return nil
	}
	list := v.significant(a.o.alpha)
	test := map[string]any{
		"name": "log-odds ratio with an informative Dirichlet prior, one-sided", "correction": fmt.Sprintf("Bonferroni, for %s words", digits(v.met)), "alpha": a.o.Alpha,
	}
	err := a.put(&sdk.Finding{
		Rule: "words.total", Subject: "case", Certainty: sdk.Tested, Test: test, Caution: caution,
		Statement: fmt.Sprintf("Of %s in %s without a listed term, %s significantly more frequent than in %s %s.", plural(int64(len(v.words)), "word"), plural(v.n[inQuestion], "message"), is(int64(len(list))), digits(v.n[v.control]), measure),
		Numbers:   map[string]any{"tested": int64(len(v.words)), "words": v.met, "found": int64(len(list)), "unlisted_messages": v.n[inQuestion], "others_messages": v.n[v.control]},
	})
	for _, s := range list[:min(len(list), shownWords)] {
		if err != nil {
			return err
		}
		err = a.put(&sdk.Finding{
			Rule: "words.unlisted", Subject: "word", Value: sdk.Str(s.word),
			Statement: fmt.Sprintf("“%s”, on no list, is in %s of %s messages without a listed term, and in %s of %s %s (corrected p = %s).",
				s.word, digits(s.x.n[inQuestion]), digits(v.n[inQuestion]), digits(s.x.n[v.control]), digits(v.n[v.control]), measure, power(s.lg)),
			Numbers: map[string]any{
				"unlisted": s.x.n[inQuestion], "unlisted_messages": v.n[inQuestion], "others": s.x.n[v.control], "others_messages": v.n[v.control], "log_odds": decimal(s.odds), "z": decimal(s.z), "p": power(s.lg),
			},
			Certainty: sdk.Tested, Cites: a.x.ids(s.x.cites.first), Cited: s.x.n[inQuestion], Query: "kind:message text:" + quote(s.word), Finds: sdk.FindsMore,
			Test: test, Caution: caution,
		})
	}
	return err
}

func is(n int64) string { return digits(n) + " " + verb(n, "is", "are") }

// significant are the words that pass the test, the clearest first.
func (v *vocabulary) significant(alpha float64) (list []scored) {
	tests := math.Log10(float64(max(v.met, 1)))
	for w, x := range v.words {
		s := scored{word: w, x: x}
		s.odds, s.z = v.score(x)
		if s.lg = min(upperNormal(s.z)+tests, 0); s.lg <= math.Log10(alpha) && s.z > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(x, y scored) int { return cmp.Or(cmp.Compare(y.z, x.z), cmp.Compare(x.word, y.word)) })
	return whole(list)
}

// whole drops words that are a part of a longer one that is nearly as frequent.
func whole(list []scored) []scored {
	const window = 2000
	list = list[:min(len(list), window)]
	return slices.DeleteFunc(slices.Clone(list), func(s scored) bool {
		return slices.ContainsFunc(list, func(o scored) bool {
			return len(o.word) > len(s.word) && 10*o.x.n[inQuestion] >= 9*s.x.n[inQuestion] && strings.Contains(o.word, s.word)
		})
	})
}
