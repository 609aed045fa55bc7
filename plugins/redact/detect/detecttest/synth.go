package detecttest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
)

// Labelled counts what was found of one label of presidio-research's texts.
type Labelled struct {
	Entity string
	// All spans of the label; Exact found wholly and no more; Touched at least in part.
	All, Exact, Touched int
	// Found are spans of ours in the categories that answer to it, Right those that overlap
	// one of the label's.
	Found, Right  int
	Missed, False []string
}

// Recall is the share of exact spans.
func (l *Labelled) Recall() float64 { return ratio(l.Exact, l.All) }

// Overlap is the share of spans found at least in part.
func (l *Labelled) Overlap() float64 { return ratio(l.Touched, l.All) }

// Precision is the share of ours that are right.
func (l *Labelled) Precision() float64 { return ratio(l.Right, l.Found) }

// answers are the categories that answer to labels. An address of a web site is labelled
// as its domain.
var answers = []struct {
	label      string
	categories []string
}{
	{"CREDIT_CARD", []string{"bank_card"}},
	{"PHONE_NUMBER", []string{"phone"}},
	{"IP_ADDRESS", []string{"ip"}},
	{"US_SSN", []string{"ssn"}},
	{"IBAN_CODE", []string{"iban"}},
	{"EMAIL_ADDRESS", []string{"email"}},
	{"DOMAIN_NAME", []string{"url"}},
	{"PERSON", []string{"person_name"}},
}

// SynthRegions are the countries by whose plans the numbers in it were made.
func SynthRegions() []string {
	return []string{"US", "GB", "DE", "FR", "IT", "ES", "PT", "NL", "BE", "CH", "AT", "SE", "NO", "DK", "FI", "PL", "CZ", "HU", "SI", "HR", "EE", "IS", "GL", "CY", "TN", "UY", "BR", "AU", "NZ", "ZA", "VN", "RU"}
}

type labelledText struct {
	Text  string `json:"full_text"`
	Spans []struct {
		Type  string `json:"entity_type"`
		Start int    `json:"start_position"`
		End   int    `json:"end_position"`
	} `json:"spans"`
}

// Synth scores presidio-research's synthetic texts (positions in it count characters).
func Synth(path string) ([]Labelled, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var texts []labelledText
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d, err := detect.New(detect.Options{Regions: SynthRegions(), URLs: true}, nil)
	if err != nil {
		return nil, err
	}
	f := d.Finder()
	out := make([]Labelled, len(answers))
	for _, t := range texts {
		found := f.Find([]byte(t.Text), nil)
		for i, a := range answers {
			out[i].Entity = a.label
			out[i].take(t, found, a.categories)
		}
	}
	return out, nil
}

func (l *Labelled) take(t labelledText, found []detect.Span, categories []string) {
	right := make([]bool, len(found))
	answer := func(s detect.Span) bool {
		for _, c := range categories {
			if s.Category == c {
				return true
			}
		}
		return false
	}
	for _, x := range t.Spans {
		start, end := byteAt(t.Text, x.Start), byteAt(t.Text, x.End)
		same := x.Type == l.Entity
		exact, touched := false, false
		for i, s := range found {
			if !answer(s) || s.Start >= end || start >= s.End {
				continue
			}
			if same {
				touched, right[i] = true, true
			}
			// A title, or a slash behind a domain, is no part of the value for one of the two.
			exact = exact || strings.TrimSpace(t.Text[s.Start:s.End]) == strings.TrimRight(t.Text[start:end], "/ ") || s.Start == start && s.End == end
		}
		if !same {
			continue
		}
		l.All++
		if touched {
			l.Touched++
		}
		if exact {
			l.Exact++
		} else if len(l.Missed) < 25 {
			l.Missed = append(l.Missed, t.Text[start:end]+" IN "+t.Text)
		}
	}
	for i, s := range found {
		if !answer(s) {
			continue
		}
		l.Found++
		if right[i] {
			l.Right++
		} else if len(l.False) < 25 {
			l.False = append(l.False, t.Text[s.Start:s.End]+" IN "+t.Text)
		}
	}
}

// byteAt is where the n-th character begins.
func byteAt(s string, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}
