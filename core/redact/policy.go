package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/schema"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// MaxPolicy bounds a policy's text in bytes.
const MaxPolicy = 8 << 20

// Operators, the words of a policy (docs/formats/policy.md, Operators).
const (
	OpMask       = "mask"
	OpReplace    = "replace"
	OpPseudonym  = "pseudonym"
	OpKeyedHash  = "keyed_hash"
	OpDateShift  = "date_shift"
	OpYear       = "year"
	OpInitials   = "initials"
	OpKeepLast   = "keep_last"
	OpTruncateIP = "truncate_ip"
	OpDrop       = "drop"
	OpWithhold   = "withhold"
	OpKeep       = "keep"
	OpReview     = "review"
)

// Classes of certainty (docs/formats/records.md, redaction).
const (
	ClassProven = "proven"
	ClassStrong = "strong"
	ClassWeak   = "weak"
	ClassReview = "review"
)

// Policy says what of the records of a case may be shown, and how. It is what
// docs/formats/policy.md describes; ParsePolicy makes it.
type Policy struct {
	Schema   int               `json:"schema"`
	Name     string            `json:"name"`
	Title    string            `json:"title,omitempty"`
	Basis    string            `json:"basis"`
	Defaults map[string]string `json:"defaults"`
	Rules    []Rule            `json:"rules,omitempty"`
	Custom   []Custom          `json:"custom,omitempty"`
	Allow    []string          `json:"allow,omitempty"`
	Detect   Detect            `json:"detect,omitzero"`
	// Show is kind.field to keep or drop.
	Show       map[string]string `json:"show,omitempty"`
	Names      []string          `json:"names,omitempty"`
	Times      Times             `json:"times,omitzero"`
	Scope      *Scope            `json:"scope,omitempty"`
	Withhold   []Withhold        `json:"withhold,omitempty"`
	Pseudonyms string            `json:"pseudonyms,omitempty"`
	Publish    *Publish          `json:"publish,omitempty"`

	canonical []byte
}

// Rule is what is done in places that fit all its conditions.
type Rule struct {
	Category string `json:"category,omitempty"`
	// Field is kind.field, or *.field for any kind.
	Field string `json:"field,omitempty"`
	Class string `json:"class,omitempty"`
	Op    string `json:"op"`
	// Accept is what is done where Op is review and a reviewer accepts.
	Accept string `json:"accept,omitempty"`
	N      int    `json:"n,omitempty"`
	Text   string `json:"text,omitempty"`
	Days   int    `json:"days,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Custom is a term or pattern of the case.
type Custom struct {
	ID        string   `json:"id"`
	Category  string   `json:"category"`
	Literals  []string `json:"literals,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`
	Prefilter string   `json:"prefilter,omitempty"`
}

// Detect is what the detector is told besides.
type Detect struct {
	Fields  map[string]string `json:"fields,omitempty"`
	Regions []string          `json:"regions,omitempty"`
	Zone    string            `json:"zone,omitempty"`
}

// Times is what becomes of the times of records; the zero value keeps them.
type Times struct {
	Op      string `json:"op"`
	Days    int    `json:"days,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// Scope is what the authority covers.
type Scope struct {
	Authority string `json:"authority,omitempty"`
	// From and Until are RFC 3339 UTC, "" for no bound; Until is outside.
	From     string   `json:"from,omitempty"`
	Until    string   `json:"until,omitempty"`
	Accounts []string `json:"accounts,omitempty"`
	Exhibits []string `json:"exhibits,omitempty"`
	Undated  bool     `json:"undated,omitempty"`
}

// Withhold names what is not shown at all, by one of Exhibit, Artifact and Place.
type Withhold struct {
	Exhibit  string `json:"exhibit,omitempty"`
	Artifact string `json:"artifact,omitempty"`
	Place    string `json:"place,omitempty"`
	Category string `json:"category,omitempty"`
	Basis    string `json:"basis"`
}

// Publish is what holds for published tables.
type Publish struct {
	K     int      `json:"k"`
	Quasi []string `json:"quasi,omitempty"`
}

// ParsePolicy reads a policy. It fails with evidence.ErrFormat, and the place, where the
// text is not what schemas/policy says, has a member twice, or a part of it means nothing.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > MaxPolicy {
		return nil, fmt.Errorf("redact: policy: %w: longer than %d bytes", evidence.ErrFormat, MaxPolicy)
	}
	if err := noDuplicates(text); err != nil {
		return nil, fmt.Errorf("redact: policy: %w", err)
	}
	s, err := schema.Compile("policy", schemas.Policy)
	if err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	if err := s.Check(text); err != nil {
		return nil, fmt.Errorf("redact: policy: %w", err)
	}
	p := new(Policy)
	if p.canonical, err = evidence.Canonicalize(text); err != nil {
		return nil, fmt.Errorf("redact: policy: %w: %w", evidence.ErrFormat, err)
	}
	if err := json.Unmarshal(p.canonical, p); err != nil {
		return nil, fmt.Errorf("redact: policy: %w: %w", evidence.ErrFormat, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("redact: policy: %w", err)
	}
	return p, nil
}

var fiveDigits = regexp.MustCompile(`\p{Nd}{5}`)

// check is what the schema cannot say.
func (p *Policy) check() error {
	for i, c := range p.Custom {
		if c.Pattern == "" {
			continue
		}
		re, err := regexp.Compile(c.Pattern)
		if err != nil {
			return fmt.Errorf("%w: /custom/%d/pattern: %w", evidence.ErrFormat, i, err)
		}
		if re.MatchString("") {
			return fmt.Errorf("%w: /custom/%d/pattern: it finds the empty text", evidence.ErrFormat, i)
		}
	}
	if s := p.Scope; s != nil {
		from, err1 := bound("from", s.From)
		until, err2 := bound("until", s.Until)
		if err1 != nil || err2 != nil {
			return cmpErr(err1, err2)
		}
		if s.From != "" && s.Until != "" && !from.Before(until) {
			return fmt.Errorf("%w: /scope: from is not before until", evidence.ErrFormat)
		}
		if s.Undated && s.From == "" && s.Until == "" {
			return fmt.Errorf("%w: /scope/undated: there is no from and no until", evidence.ErrFormat)
		}
	}
	for i, v := range p.Allow {
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("%w: /allow/%d: blank", evidence.ErrFormat, i)
		}
	}
	for i := range p.Rules {
		// It stands in marks, which no detector may take for something personal.
		if reason := p.Rules[i].Reason; strings.Contains(reason, "@") || fiveDigits.MatchString(reason) {
			return fmt.Errorf("%w: /rules/%d/reason: neither @ nor more than four digits together", evidence.ErrFormat, i)
		}
	}
	for name, what := range p.Show {
		if what == "keep" && never(name[strings.LastIndexByte(name, '.')+1:]) {
			return fmt.Errorf("%w: /show/%s: it leads to the original, and cannot come out", evidence.ErrFormat, name)
		}
	}
	if slices.Contains(p.Names, "*") && len(p.Names) > 1 {
		return fmt.Errorf("%w: /names: * is all names, and stands alone", evidence.ErrFormat)
	}
	return nil
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func bound(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return t, fmt.Errorf("%w: /scope/%s: no such time", evidence.ErrFormat, name)
	}
	return t, nil
}

// noDuplicates refuses a member that stands twice: readers differ in which one counts.
func noDuplicates(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		names map[string]bool // nil in a list
		value bool            // a value is next, not a name
	}
	var stack []level
	for {
		t, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", evidence.ErrFormat, err)
		}
		if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
			stack = stack[:len(stack)-1]
			if n := len(stack); n > 0 {
				stack[n-1].value = false
			}
			continue
		}
		if n := len(stack); n > 0 && stack[n-1].names != nil && !stack[n-1].value {
			name, _ := t.(string)
			if stack[n-1].names[name] {
				return fmt.Errorf("%w: member %q stands twice", evidence.ErrFormat, name)
			}
			stack[n-1].names[name], stack[n-1].value = true, true
			continue
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, level{names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		default:
			if n := len(stack); n > 0 {
				stack[n-1].value = false
			}
		}
	}
}

// SHA256 is the digest of the policy's canonical JSON: what every plan states.
func (p *Policy) SHA256() evidence.Digest { return evidence.Sum(p.canonical) }

// Canonical is the policy's canonical JSON. The caller must not change it.
func (p *Policy) Canonical() []byte { return p.canonical }

// Detection is the plugin's configuration, canonical JSON: only what detection depends
// on, so that a change of operators needs no new run.
func (p *Policy) Detection() []byte {
	config := map[string]any{}
	if len(p.Custom) > 0 {
		config["custom"] = p.Custom
	}
	if len(p.Allow) > 0 {
		config["allow"] = p.Allow
	}
	if len(p.Detect.Fields) > 0 {
		config["fields"] = p.Detect.Fields
	}
	if len(p.Detect.Regions) > 0 {
		config["regions"] = p.Detect.Regions
	}
	if p.Detect.Zone != "" {
		config["zone"] = p.Detect.Zone
	}
	b, err := evidence.Canonical(config)
	if err != nil { // what ParsePolicy has read has a canonical form
		return []byte("{}")
	}
	return b
}
