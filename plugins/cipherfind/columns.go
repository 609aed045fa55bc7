package main

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// column is what the values of one column of the sample have in common.
type column struct {
	values             []string // those that are not empty
	ip, phone, account int
	integer, email     int
	either             int // telephone numbers that are no account names
	nonASCII, spaces   int
	runes              int
	distinct           map[string]int
	sequence           int // values that are one more than the one before
	largest            int64
	times              [len(timeFormats)]int
}

const maxDistinct = 4096

// timeFormats are tried on every column, of those that fit equally the first counts.
var timeFormats = [...]string{
	"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S",
	"%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y.%m.%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
	"%d-%m-%Y %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z", "%d %b %Y %H:%M:%S", "%b %d %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y年%m月%d日 %H:%M:%S", "[%Y-%m-%d %H:%M:%S]",
	"%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%s", "%Y-%m-%d", "%Y/%m/%d",
}

// dayFirst and monthFirst are pairs of formats that a sample may not tell apart.
var ambiguous = map[string]string{"%d/%m/%Y %H:%M:%S": "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M": "%m/%d/%Y %H:%M"}

var (
	accountText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{2,63}$`)
	phoneText   = regexp.MustCompile(`^\+?\(?[0-9](?:[ ()./-]{0,2}[0-9]){6,14}$`)
	emailText   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$`)
	letters     = regexp.MustCompile(`[A-Za-z]`)
)

// timeTests are parsers of one column, a time in each format.
func timeTests() (out [len(timeFormats)]*layout.Parser, err error) {
	for i, f := range timeFormats {
		l := layout.Layout{Kind: "row", Delimiter: "\x00", Fields: 1, Columns: []string{"time"}, Time: &layout.Time{Kind: "logged", Format: f, Zone: "UTC"}}
		if out[i], err = l.Compile(layout.Options{}); err != nil {
			return out, err
		}
	}
	return out, nil
}

func newColumn(values []string, times *[len(timeFormats)]*layout.Parser) *column {
	c := &column{distinct: map[string]int{}}
	before := int64(-1)
	for _, v := range values {
		if v == "" {
			continue
		}
		c.values = append(c.values, v)
		if len(c.distinct) < maxDistinct || c.distinct[v] > 0 {
			c.distinct[v]++
		}
		c.runes += utf8.RuneCountInString(v)
		if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" {
			c.ip++
		}
		if phoneText.MatchString(v) {
			c.phone++
		}
		if emailText.MatchString(v) {
			c.email++
		}
		if accountText.MatchString(v) && letters.MatchString(v) {
			c.account++
		} else if phoneText.MatchString(v) {
			c.either++
		}
		if strings.ContainsAny(v, " ,.?!") {
			c.spaces++
		}
		if strings.IndexFunc(v, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			c.nonASCII++
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			c.integer++
			if n == before+1 {
				c.sequence++
			}
			before, c.largest = n, max(c.largest, n)
		}
		if len(v) >= 8 && len(v) <= 40 {
			for i, p := range times {
				if timeFormats[i] == "%s" && (len(v) != 10 || v < "0600000000" || v > "2500000000") {
					continue
				}
				if p.Check([]byte(v)).OK() {
					c.times[i]++
				}
			}
		}
	}
	return c
}

// most: nine of ten values, of at least three, are so.
func (c *column) most(n int) bool { return len(c.values) >= 3 && 10*n >= 9*len(c.values) }

// time returns the format in which the column is a time, and another that fits as well.
func (c *column) time() (format, other string) {
	best := 0
	for i, n := range c.times {
		if n > c.times[best] {
			best = i
		}
	}
	if !c.most(c.times[best]) {
		return "", ""
	}
	format = timeFormats[best]
	if o := ambiguous[format]; o != "" && c.times[slices.Index(timeFormats[:], o)] == c.times[best] {
		return format, o
	}
	return format, ""
}

func (c *column) isIP() bool { return c.most(c.ip) }
func (c *column) isParty() bool {
	return c.most(c.account+c.either) && !c.isNumbering() && !c.isTime() && !c.few(4)
}
func (c *column) isPhone() bool { return c.most(c.phone) && c.isParty() }

func (c *column) isTime() bool {
	format, _ := c.time()
	return format != ""
}

func (c *column) isInteger() bool { return c.most(c.integer) }

// isNumbering: it counts the lines.
func (c *column) isNumbering() bool { return c.isInteger() && 10*c.sequence >= 8*len(c.values) }

// few: it has so few values that it is a flag or a state.
func (c *column) few(n int) bool {
	return len(c.values) >= 8 && len(c.distinct) <= n && len(c.distinct)*4 <= len(c.values)
}

// isFree: it is text of people.
func (c *column) isFree() bool {
	return len(c.values) >= 3 && !c.few(12) && (3*(c.spaces+c.nonASCII) >= len(c.values)) && c.runes >= 4*len(c.values)
}

// directionWords are values that say by themselves which way a message went.
var directionWords = map[string]string{
	"in": "incoming", "incoming": "incoming", "recv": "incoming", "received": "incoming", "r": "incoming", "i": "incoming", "mt": "incoming", "from": "incoming", "<": "incoming", "<-": "incoming",
	"out": "outgoing", "outgoing": "outgoing", "send": "outgoing", "sent": "outgoing", "s": "outgoing", "o": "outgoing", "mo": "outgoing", "to": "outgoing", ">": "outgoing", "->": "outgoing",
}

// direction returns what the values of a flag mean; certain is false where nothing
// in them says so.
func (c *column) direction() (mapped map[string]string, certain bool) {
	if !c.few(3) || len(c.distinct) < 2 {
		return nil, false
	}
	mapped, certain = map[string]string{}, true
	for v := range c.distinct {
		switch d := directionWords[strings.ToLower(v)]; {
		case d != "":
			mapped[v] = d
		case len(v) == 1:
			mapped[v], certain = "unknown", false
		default:
			return nil, false
		}
	}
	return mapped, certain
}

// delimiters that are tried.
var delimiters = []string{"\t", "|#|", "||", "|", ";", ",", "@@", "##", "::", "$$", "^", "~", "#"}

// divide finds the delimiter and the number of fields that most lines have, rows
// being the lines divided. takesRest: the last field holds delimiters now and then.
func divide(lines []string, times *[len(timeFormats)]*layout.Parser) (delimiter string, rows [][]string, columns []*column, takesRest, quote bool) {
	best := -1000
	for _, d := range delimiters {
		quoted := (d == "," || d == ";" || d == "\t") && quotes(lines, d)
		counts := map[int]int{}
		for _, l := range lines {
			counts[fieldCount(l, d, quoted)]++
		}
		fields := fieldsOf(counts, len(lines))
		if fields < 2 {
			continue
		}
		var divided [][]string
		over := 0
		for _, l := range lines {
			f := split(l, d, quoted, fields)
			if f == nil {
				continue
			}
			if !quoted && strings.Contains(f[fields-1], d) {
				over++
			}
			divided = append(divided, f)
		}
		var list []*column
		score := 0
		for i := range fields {
			values := make([]string, len(divided))
			for j, row := range divided {
				values[j] = row[i]
			}
			c := newColumn(values, times)
			list = append(list, c)
			format, _ := c.time()
			switch {
			case format != "" || c.isIP():
				score += 20
			case c.isParty(), c.few(12):
				score += 4
			case len(c.values) == 0:
				score -= 6
			}
		}
		if score -= 40 * (len(lines) - len(divided)) / len(lines); score > best {
			best, delimiter, rows, columns, takesRest, quote = score, d, divided, list, over > 0, quoted
		}
	}
	return delimiter, rows, columns, takesRest, quote
}

// fieldsOf is the number of fields that nineteen of twenty lines have at least.
func fieldsOf(counts map[int]int, lines int) int {
	best := 0
	for n := range counts {
		atLeast := 0
		for m, k := range counts {
			if m >= n {
				atLeast += k
			}
		}
		if 20*atLeast >= 19*lines && n > best {
			best = n
		}
	}
	return best
}

// quotes: fields in one line of ten at least are enclosed in quotation marks.
func quotes(lines []string, d string) bool {
	n := 0
	for _, l := range lines {
		if strings.Contains(l, d+`"`) || strings.HasPrefix(l, `"`) && strings.Contains(l, `"`+d) {
			n++
		}
	}
	return 10*n >= len(lines)
}

func fieldCount(l, d string, quoted bool) int {
	if !quoted {
		return strings.Count(l, d) + 1
	}
	return len(split(l, d, true, 0))
}

// split divides a line into n fields, or as many as there are where n is 0; nil
// where it has fewer.
func split(l, d string, quoted bool, n int) []string {
	if !quoted {
		f := strings.SplitN(l, d, max(n, 1))
		if len(f) < n {
			return nil
		}
		return f
	}
	var out []string
	for rest := []byte(l); ; {
		var field []byte
		if bytes.HasPrefix(rest, []byte{'"'}) {
			i := 1
			for ; i < len(rest); i++ {
				if rest[i] == '"' && (i+1 == len(rest) || rest[i+1] != '"') {
					break
				}
				if rest[i] == '"' {
					i++
				}
				field = append(field, rest[min(i, len(rest)-1)])
			}
			rest = rest[min(i+1, len(rest)):]
		} else {
			i := bytes.Index(rest, []byte(d))
			if i < 0 {
				i = len(rest)
			}
			field, rest = rest[:i], rest[i:]
		}
		out = append(out, string(field))
		if !bytes.HasPrefix(rest, []byte(d)) {
			break
		}
		rest = rest[len(d):]
	}
	if n > 0 && len(out) != n {
		return nil
	}
	return out
}
