package redact

import (
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// scope answers whether a record is inside what the authority covers.
type scope struct {
	from, until time.Time
	dated       bool // there is a from or an until
	undated     bool // records without a time are inside
	accounts    map[string]bool
}

func newScope(s *Scope, canonical func(category, text string) string) (*scope, error) {
	out := &scope{}
	if s == nil {
		return out, nil
	}
	var err error
	if out.from, err = bound("from", s.From); err != nil {
		return nil, err
	}
	if out.until, err = bound("until", s.Until); err != nil {
		return nil, err
	}
	out.dated, out.undated = s.From != "" || s.Until != "", s.Undated
	if len(s.Accounts) > 0 {
		out.accounts = map[string]bool{}
		for _, a := range s.Accounts {
			for _, category := range []string{"username", "phone", "email"} {
				out.accounts[canonical(category, a)] = true
			}
		}
	}
	return out, nil
}

// parties are the fields that state whose a record is.
var parties = map[string]bool{
	"account": true, "from": true, "to": true, "participants": true, "username": true, "usernames": true, "phones": true, "emails": true, "owner": true,
}

// admits reports whether the record that w has loaded is inside; undated that it is not
// because it states no time.
func (s *scope) admits(w *walker) (inside, undated bool, err error) {
	if s.dated {
		at, ok := time.Time{}, false
		for _, m := range w.members {
			if string(m.name) == "time" {
				t, err := time.Parse(time.RFC3339Nano, textOf(m.value))
				at, ok = t, err == nil
			}
		}
		switch {
		case !ok && !s.undated:
			return false, true, nil
		case ok && !s.from.IsZero() && at.Before(s.from), ok && !s.until.IsZero() && !at.Before(s.until):
			return false, false, nil
		}
	}
	if s.accounts == nil {
		return true, false, nil
	}
	for _, m := range w.members {
		if !parties[string(m.name)] {
			continue
		}
		if m.value[0] != '[' {
			inside = inside || s.party(w, textOf(m.value))
			continue
		}
		if err := evidence.Elements(m.value, func(v []byte) error {
			inside = inside || s.party(w, textOf(v))
			return nil
		}); err != nil {
			return false, false, err
		}
	}
	return inside, false, nil
}

func (s *scope) party(w *walker, value string) bool {
	return value != "" && s.accounts[w.r.canonical(formOf(catAccount, value), value)]
}
