package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// HeadSize is how many bytes from an artifact's start routing looks at, at most.
const HeadSize = 64 << 10

// Companion is a file beside an operation's input: of the same item or container,
// in the same directory, with the input's name and Suffix. Where there is one it is
// handed over in the same run under Role; where there is none the input comes alone.
type Companion struct {
	Role   string `json:"role"`
	Suffix string `json:"suffix"`
}

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
		case c.Suffix == "" || strings.ContainsAny(c.Suffix, "/!\x00"):
			return fmt.Errorf("companion's suffix %q: what follows the input's name, without slash or exclamation mark", c.Suffix)
		case slices.ContainsFunc(list[:i], func(o Companion) bool { return o.Role == c.Role || o.Suffix == c.Suffix }):
			return fmt.Errorf("companion %q: its role or suffix stands there twice", c.Role)
		}
	}
	return nil
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
