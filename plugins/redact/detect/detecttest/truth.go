package detecttest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
)

type truth struct {
	Text    string   `json:"text"`
	Account string   `json:"account"`
	From    string   `json:"from"`
	To      []string `json:"to"`
	PII     []struct {
		Category string `json:"category"`
		Shown    string `json:"shown"`
		Value    string `json:"value"`
	} `json:"pii"`
}

// Truth scores the values that the truth of tom-open-directory says are in messages: as
// they stand there; and each value written into its message in every form that its
// category has. Accounts of the records are known, as they are in a case.
func Truth(path string) ([]Cell, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	dict := detect.NewDictionary()
	var cases []Case
	r := rand.New(rand.NewPCG(3, 3))
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := uint64(0); lines.Scan(); n++ {
		var t truth
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, n+1, err)
		}
		for _, who := range append(t.To, t.Account, t.From) {
			if err := dict.Add("username", who, "CN", n); err != nil {
				return nil, err
			}
		}
		for _, p := range t.PII {
			at := strings.Index(t.Text, p.Shown)
			if at < 0 {
				return nil, fmt.Errorf("%s: line %d: the text does not hold what it is said to", path, n+1)
			}
			if p.Category == "username" { // some are of nobody in the records
				if err := dict.Add("username", p.Value, "CN", n); err != nil {
					return nil, err
				}
			}
			e := formsOf(p.Category)
			for _, form := range append([]string{"as it stands"}, e.forms...) {
				shown := p.Shown
				if form != "as it stands" {
					shown = write(r, &e, p.Value, form)
				}
				cases = append(cases, Case{Entity: p.Category, Form: form, Category: p.Category, Text: t.Text[:at] + shown + t.Text[at+len(p.Shown):], Start: at, End: at + len(shown)})
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d, err := detect.New(detect.Options{Regions: []string{"CN"}}, dict)
	if err != nil {
		return nil, err
	}
	return Run(d.Finder(), cases), nil
}

// formsOf are the forms of a category's values.
func formsOf(category string) entity {
	e := entity{name: category, category: category, groups: [][]int{{3, 4, 4}, {4, 4, 4, 4}}}
	switch category {
	case "phone":
		e.forms, e.groups = []string{"plain", "fullwidth", "zero_width", "han", "mixed"}, [][]int{{3, 4, 4}}
	case "bank_card":
		e.forms, e.groups = numberForms, [][]int{{4, 4, 4, 4}}
	case "cn_resident_id":
		e.forms, e.groups = numberForms, [][]int{{6, 8, 4}}
	case "email", "username":
		e.forms = wordForms
	case "ip":
		e.forms = []string{"plain", "fullwidth", "zero_width"}
	}
	return e
}
