package intake

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var offset = regexp.MustCompile(`^([+-])(\d\d):(\d\d)$`)

// Zone checks a declared time zone and returns it as it is recorded: ±HH:MM or
// UTC. Names such as Asia/Shanghai are refused: what they mean depends on the
// date and on a database that changes, while a run must give the same records
// wherever and whenever it is repeated.
func Zone(s string) (string, error) {
	if s == "UTC" || s == "Z" {
		return "UTC", nil
	}
	m := offset.FindStringSubmatch(s)
	if m == nil {
		return "", fmt.Errorf("%w: zone %q: give an offset from UTC such as +08:00, or UTC", evidence.ErrFormat, s)
	}
	hours, _ := strconv.Atoi(m[2])
	minutes, _ := strconv.Atoi(m[3])
	switch {
	case minutes > 59 || hours*60+minutes > 14*60:
		return "", fmt.Errorf("%w: zone %q: no clock on earth is that far from UTC", evidence.ErrFormat, s)
	case hours == 0 && minutes == 0:
		return "UTC", nil
	}
	return s, nil
}

// Charset checks a declared character set and returns the name under which it
// is recorded: that of the WHATWG encoding standard, which folds labels that
// are decoded alike (gb2312 is gbk, iso-8859-1 is windows-1252).
func Charset(s string) (string, error) {
	enc, err := htmlindex.Get(s)
	if err != nil {
		return "", fmt.Errorf("%w: charset %q is not one of the WHATWG encoding standard, such as utf-8, gb18030, big5, windows-1252, utf-16le", evidence.ErrFormat, s)
	}
	name, err := htmlindex.Name(enc)
	if err != nil || name == "replacement" {
		return "", fmt.Errorf("%w: charset %q cannot be decoded", evidence.ErrFormat, s)
	}
	return name, nil
}

// maxExhibit bounds an exhibit number, in bytes.
const maxExhibit = 64

// CheckExhibit says whether s can be an exhibit number: printable text of at most 64
// bytes without spaces at its ends, and without "!" or "/", which part paths.
func CheckExhibit(s string) error {
	bad := s == "" || len(s) > maxExhibit || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsAny(s, "!/")
	for _, r := range s {
		bad = bad || !unicode.IsPrint(r)
	}
	if bad {
		return fmt.Errorf("%w: exhibit number %q: it must be 1 to %d bytes of printable text without \"!\" and \"/\"", evidence.ErrFormat, s, maxExhibit)
	}
	return nil
}

var numbered = regexp.MustCompile(`^EX-(\d{1,9})$`)

// nextExhibit returns the number after the highest of the form EX-n that is taken.
func nextExhibit(taken []string) string {
	highest := 0
	for _, e := range taken {
		if m := numbered.FindStringSubmatch(e); m != nil {
			n, _ := strconv.Atoi(m[1])
			highest = max(highest, n)
		}
	}
	return fmt.Sprintf("EX-%03d", highest+1)
}

// CheckGlob says whether pattern can be matched at all.
func CheckGlob(pattern string) error {
	if pattern == "" || !doublestar.ValidatePattern(pattern) {
		return fmt.Errorf("%w: glob %q", evidence.ErrFormat, pattern)
	}
	return nil
}

// excluded reports whether a pattern takes out the path, relative to the item.
// A pattern with a slash is matched against the whole path (** spans
// directories), one without against the last part, at any depth.
func excluded(patterns []string, rel string) bool {
	for _, p := range patterns {
		subject := rel
		if !strings.Contains(p, "/") {
			subject = path.Base(rel)
		}
		if doublestar.MatchUnvalidated(strings.TrimSuffix(p, "/"), subject) {
			return true
		}
	}
	return false
}

// excludedAnywhere reports whether rel or a directory above it is taken out.
func excludedAnywhere(patterns []string, rel string) bool {
	for i := range len(rel) {
		if rel[i] == '/' && excluded(patterns, rel[:i]) {
			return true
		}
	}
	return excluded(patterns, rel)
}
