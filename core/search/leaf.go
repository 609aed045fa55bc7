package search

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
)

func (p *parser) add(l *leaf) *leaf {
	l.n = len(p.q.leaves)
	p.q.leaves = append(p.q.leaves, l)
	return l
}

func (p *parser) textLeaf(at int, text string) (node, error) {
	if text == "" {
		return nil, p.fail(at, "an empty phrase; expected text between the quotes")
	}
	return p.add(&leaf{test: testText, value: text, folded: fold.Append(nil, []byte(text))}), nil
}

// fieldLeaf makes the condition field:value; the value stands at byte at.
func (p *parser) fieldLeaf(at int, field, value string) (node, error) {
	l := &leaf{field: field, value: value}
	switch field {
	case "kind":
		l.test = testKind
	case "exhibit":
		l.test = testExhibit
	case "tag":
		l.test = testTag
	case "id":
		l.test = testID
		digits, n, ok := strings.Cut(value, ":")
		if k, err := strconv.ParseInt(n, 10, 64); !ok || len(digits) != 16 || strings.Trim(digits, "0123456789abcdef") != "" || err != nil || k < 1 {
			return nil, p.fail(at, "expected a record's id, which looks like 0123456789abcdef:17")
		}
	case "path":
		l.test = testPath
		l.folded = fold.Append(nil, []byte(value))
		l.glob = strings.ContainsAny(value, "*?[{")
		if l.glob && !doublestar.ValidatePattern(string(l.folded)) {
			return nil, p.fail(at, "expected a path, a part of one, or a pattern such as logs/**/*.txt")
		}
	case "ip":
		l.test = testIP
		if prefix, err := netip.ParsePrefix(value); err == nil {
			l.prefix = unmapped(prefix)
		} else if addr, err := netip.ParseAddr(value); err == nil {
			addr = addr.Unmap().WithZone("")
			l.prefix = netip.PrefixFrom(addr, addr.BitLen())
		} else {
			return nil, p.fail(at, "expected an address such as 10.0.0.1 or 2001:db8::1, or a network such as 10.0.0.0/8")
		}
	case "after", "before":
		l.test = testAfter
		if field == "before" {
			l.test = testBefore
		}
		t, ok := parseTime(value, p.zone)
		if !ok {
			return nil, p.fail(at, "expected a date such as 2008-07-31 or a time such as 2008-07-31T23:10:19+08:00")
		}
		l.at, l.value = t, t.Format(time.RFC3339Nano)
	default:
		l.test = testField
		l.folded = fold.Append(nil, []byte(value))
		l.paths = []string{field}
		if field == "term" { // a keyword's own, and that which a message met
			l.paths = append(l.paths, "matched_term")
		}
		l.any = unsearched(field)
		if field == "source" || strings.HasPrefix(field, "source.") {
			p.q.joined = true
		}
	}
	return p.add(l), nil
}

func unmapped(p netip.Prefix) netip.Prefix {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked()
}

// timeForms are read in the zone of the query, but for the first.
var timeForms = []string{
	time.RFC3339Nano,
	"2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01", "2006",
}

func parseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, form := range timeForms {
		t, err := time.ParseInLocation(form, s, zone)
		if err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
			// Zones may have seconds in them, which RFC 3339 cannot say.
			if _, seconds := t.Zone(); seconds%60 != 0 || t.Year() < 0 || t.Year() > 9999 {
				t = t.UTC()
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// fits reports whether a place fulfils a path condition: "a/b" stands for a part
// of the path, a pattern for all of it, or for its last part where it has no "/".
func (l *leaf) fits(path string) bool {
	folded := fold.String(path)
	if !l.glob {
		return strings.Contains(folded, string(l.folded))
	}
	pattern := string(l.folded)
	if !strings.Contains(pattern, "/") {
		folded = folded[strings.LastIndexByte(folded, '/')+1:]
	}
	ok, err := doublestar.Match(pattern, folded)
	return ok && err == nil || strings.Contains(folded, pattern)
}

// fitsIP reports whether a value of a record states an address within the prefix.
func (l *leaf) fitsIP(text string) bool {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		both, err := netip.ParseAddrPort(text)
		if err != nil {
			return false
		}
		addr = both.Addr()
	}
	return l.prefix.Contains(addr.Unmap().WithZone(""))
}

// unsearched reports whether a field's values are such as a search for text
// leaves out, so that a condition which names the field means just those.
func unsearched(field string) bool {
	names := strings.Split(field, ".")
	if fold.Unsearched(names[0]) {
		return true
	}
	if names[0] == "extra" || names[0] == "columns" {
		return names[len(names)-1] == "raw"
	}
	return slices.ContainsFunc(names[1:], func(name string) bool { return strings.HasSuffix(name, "_raw") })
}
