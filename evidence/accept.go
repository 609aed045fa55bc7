package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// HeadSize is how many bytes from an artifact's start routing looks at, at most.
const HeadSize = 64 << 10

// Companion is a file beside an operation's input, of the same item or container: in the
// same directory with the input's name and Suffix, or at Beside. Where there is one it is
// handed over in the same run under Role; where there is none the input comes alone.
type Companion struct {
	Role   string `json:"role"`
	Suffix string `json:"suffix,omitempty"`
	// Beside is a path from the input's directory on, such as Manifest.plist. With *, ? or
	// […] in it, which match within one name, all files that fit are handed over, each with
	// its path from there as its name; where they are many, in runs of a part each.
	Beside string `json:"beside,omitempty"`
}

// Many reports whether more than one file may fit.
func (c Companion) Many() bool { return strings.ContainsAny(c.Beside, `*?[`) }

const maxCompanions = 8

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)

func checkCompanions(list []Companion) error {
	if len(list) > maxCompanions {
		return fmt.Errorf("%d companions; at most %d", len(list), maxCompanions)
	}
	for i, c := range list {
		switch {
		case !roleName.MatchString(c.Role) || c.Role == RoleMain || c.Role == RoleInput:
			return fmt.Errorf("companion's role %q: a word in lower case other than %q and %q", c.Role, RoleMain, RoleInput)
		case c.Beside != "" && (c.Suffix != "" || !wellFormed(c.Beside)):
			return fmt.Errorf("companion's place %q: a path from the input's directory on, without .. and exclamation mark, and no suffix besides", c.Beside)
		case c.Beside == "" && (c.Suffix == "" || strings.ContainsAny(c.Suffix, "/!\x00")):
			return fmt.Errorf("companion's suffix %q: what follows the input's name, without slash or exclamation mark", c.Suffix)
		case slices.ContainsFunc(list[:i], func(o Companion) bool {
			return o.Role == c.Role || o.Suffix == c.Suffix && o.Beside == c.Beside || o.Many() && c.Many()
		}):
			return fmt.Errorf("companion %q: its role, suffix or place stands there twice, or a second one may be many files", c.Role)
		}
	}
	return nil
}

// wellFormed: a companion's place leads nowhere but down from the input's directory.
func wellFormed(beside string) bool {
	_, err := path.Match(beside, "")
	return err == nil && path.Clean(beside) == beside && beside != "." && !path.IsAbs(beside) && !strings.HasPrefix(beside, "..") && !strings.ContainsAny(beside, "!\\\x00")
}

// check refuses conditions that could never hold, or not as they are meant.
func (a Accept) check() error {
	for _, m := range a.Magic {
		b, err := hex.DecodeString(m.Hex)
		switch {
		case err != nil || len(b) == 0:
			return fmt.Errorf("magic %q: hexadecimal digits, two a byte", m.Hex)
		case m.Offset < 0 || m.Offset > HeadSize-int64(len(b)):
			return fmt.Errorf("magic %q at %d: it must lie in the first %d bytes", m.Hex, m.Offset, HeadSize)
		}
	}
	if slices.Contains(a.SQLiteTables, "") {
		return errors.New("sqlite_tables: a table without a name")
	}
	for _, root := range a.XMLRoot {
		if _, _, err := ParseXMLName(root); err != nil {
			return fmt.Errorf("xml_root: %w", err)
		}
	}
	return nil
}

// ParseXMLName reads "local", which leaves the namespace open (nil), or
// "{namespace}local"; "{}local" is in no namespace.
func ParseXMLName(s string) (namespace *string, local string, err error) {
	local = s
	if rest, ok := strings.CutPrefix(s, "{"); ok {
		i := strings.LastIndexByte(rest, '}')
		if i < 0 {
			return nil, "", fmt.Errorf("%q: the namespace does not end", s)
		}
		space := rest[:i]
		namespace, local = &space, rest[i+1:]
	}
	if local == "" || strings.ContainsAny(local, " \t\r\n{}<>&/:") {
		return nil, "", fmt.Errorf("%q: an element's local name, or {namespace} and one", s)
	}
	return namespace, local, nil
}
