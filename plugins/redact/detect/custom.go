package detect

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Custom is a rule of a policy: literals, found in every spelling, or a pattern.
type Custom struct {
	ID, Category string
	Literals     []string
	// Pattern is a regular expression of Go (RE2), over folded text. It is run only on text
	// that has Prefilter in it, in any case; or, where that is "length:N", on text of at
	// most N bytes.
	Pattern, Prefilter string
}

type custom struct {
	Custom
	re      *regexp.Regexp
	literal []byte
	length  int
}

// maxPatternText bounds texts on which patterns without a literal are run.
const maxPatternText = 4096

func compile(rules []Custom) (out []custom, err error) {
	for _, c := range rules {
		if c.Category == "" || c.ID == "" || c.Pattern == "" && len(c.Literals) == 0 {
			return nil, fmt.Errorf("custom %q: it needs an id, a category, and literals or a pattern", c.ID)
		}
		if c.Pattern == "" {
			continue
		}
		x := custom{Custom: c}
		if x.re, err = regexp.Compile(c.Pattern); err != nil {
			return nil, fmt.Errorf("custom %q: pattern: %w", c.ID, err)
		}
		if x.re.MatchString("") {
			return nil, fmt.Errorf("custom %q: the pattern matches nothing at all, and so everywhere", c.ID)
		}
		if n, ok := strings.CutPrefix(c.Prefilter, "length:"); ok {
			if x.length, err = strconv.Atoi(n); err != nil || x.length < 1 || x.length > maxPatternText {
				return nil, fmt.Errorf("custom %q: prefilter length:N, with N from 1 to %d", c.ID, maxPatternText)
			}
		} else if x.literal = []byte(canon.Fold(c.Prefilter)); len(x.literal) < 2 {
			return nil, fmt.Errorf("custom %q: a pattern needs a prefilter: two letters or more that each match holds, or length:N for texts of at most N bytes", c.ID)
		}
		out = append(out, x)
	}
	return out, nil
}

// patterns runs those whose prefilter lets them.
func (s *Finder) patterns() {
	for i := range s.d.custom {
		c := &s.d.custom[i]
		if c.length > 0 {
			if len(s.b) > c.length {
				continue
			}
		} else if !bytes.Contains(s.lower(s.b), c.literal) {
			continue
		}
		for _, m := range c.re.FindAllIndex(s.b, -1) {
			if m[1] > m[0] {
				s.add(m[0], m[1], c.Category, "custom:"+c.ID+"@1", "pattern", Strong)
			}
		}
	}
}

// spellings are strings by which it is told whether two texts are one value.
func spellings(text string) []string {
	out := []string{"t" + canon.Fold(text)}
	if s := canon.Of("account_number", text, ""); s != "" {
		out = append(out, "c"+s)
	}
	if s := canon.Of("phone", text, ""); len(s) > 3 && strings.Trim(s, "+0123456789") == "" {
		out = append(out, "p"+s)
	}
	return out
}
