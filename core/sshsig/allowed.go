package sshsig

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxAllowed bounds a file of allowed signers, in bytes.
const maxAllowed = 4 << 20

// Allowed is a file of allowed signers.
type Allowed struct{ lines []allowedLine }

type allowedLine struct {
	principals string
	key        ssh.PublicKey
	// namespaces are patterns, nil for all.
	namespaces    []string
	after, before time.Time
	authority     bool
}

// ParseAllowed reads a file of allowed signers. A line that it cannot read, or an option
// that it does not know, fails the file: evidence.ErrFormat, with the line's number.
func ParseAllowed(text []byte) (*Allowed, error) {
	if len(text) > maxAllowed {
		return nil, fmt.Errorf("sshsig: allowed signers: %w: longer than %d bytes", evidence.ErrFormat, maxAllowed)
	}
	a := &Allowed{}
	for i, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		l, err := parseAllowedLine(string(line))
		if err != nil {
			return nil, fmt.Errorf("sshsig: allowed signers: line %d: %w", i+1, err)
		}
		a.lines = append(a.lines, l)
	}
	return a, nil
}

func parseAllowedLine(line string) (allowedLine, error) {
	bad := func(why string) (allowedLine, error) {
		return allowedLine{}, fmt.Errorf("%w: %s", evidence.ErrFormat, why)
	}
	principals, rest, ok := cutField(line)
	if !ok {
		return bad("no key")
	}
	// What follows has the form of a line of authorized_keys.
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return bad("no key")
	}
	l := allowedLine{principals: principals, key: key}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "cert-authority":
			l.authority = true
		case "namespaces":
			l.namespaces = strings.Split(value, ",")
		case "valid-after":
			l.after, err = allowedTime(value)
		case "valid-before":
			l.before, err = allowedTime(value)
		default:
			return bad("option " + name)
		}
		if err != nil {
			return bad("option " + name)
		}
	}
	return l, nil
}

// cutField takes the first field off, which may stand in double quotes.
func cutField(line string) (field, rest string, ok bool) {
	if quoted, found := strings.CutPrefix(line, `"`); found {
		field, rest, ok = strings.Cut(quoted, `"`)
		return field, strings.TrimSpace(rest), ok
	}
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, "", false
	}
	return line[:i], strings.TrimSpace(line[i:]), true
}

// allowedTime reads YYYYMMDD[Z] and YYYYMMDDHHMM[SS][Z]. Without Z OpenSSH means the local
// time of the machine; here it is UTC, so that the answer is the same everywhere.
func allowedTime(s string) (time.Time, error) {
	s = strings.TrimSuffix(s, "Z")
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(s) == len(layout) {
			return time.Parse(layout, s)
		}
	}
	return time.Time{}, fmt.Errorf("%w: time", evidence.ErrFormat)
}

// Principals returns whom the file allows to sign with key for a namespace at a time, as
// written there; nil where nobody.
func (a *Allowed) Principals(key ssh.PublicKey, namespace string, at time.Time) []string {
	var out []string
	for _, l := range a.lines {
		switch {
		case l.authority || !bytes.Equal(l.key.Marshal(), key.Marshal()):
		case l.namespaces != nil && !matchAny(l.namespaces, namespace):
		case !l.after.IsZero() && at.Before(l.after), !l.before.IsZero() && at.After(l.before):
		default:
			out = append(out, l.principals)
		}
	}
	return out
}

func matchAny(patterns []string, s string) bool {
	found := false
	for _, p := range patterns {
		not := strings.HasPrefix(p, "!")
		if ok, err := path.Match(strings.TrimPrefix(p, "!"), s); err == nil && ok {
			if not {
				return false
			}
			found = true
		}
	}
	return found
}
