package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// mapping says which column holds what.
type mapping struct {
	header []string
	column [roles]int // -1: none
	known  int
	// times are the columns of times, the record's own first.
	times []timeColumn
	// words are the values of the direction column.
	words map[string]string
	extra []extraColumn
	// chinese: the heading of the text is.
	chinese bool
}

type extraColumn struct {
	index int
	name  string
}

// newMapping reads a header line; nil where it names no text or no number.
func newMapping(cells []string) *mapping {
	m := &mapping{header: cells}
	for r := range m.column {
		m.column[r] = -1
	}
	for i, cell := range cells {
		word, _ := normalise(cell)
		if isElsewhere[word] {
			return nil
		}
		r, ok := roleOf[word]
		if !ok {
			continue
		}
		m.known++
		switch {
		case r == roleTime:
			m.times = append(m.times, timeColumn{index: i, other: -1, kind: sdk.Logged})
		case r == roleSent:
			m.times = append(m.times, timeColumn{index: i, other: -1, kind: sdk.Sent})
		case r == roleReceived:
			m.times = append(m.times, timeColumn{index: i, other: -1, kind: sdk.Received})
		case m.column[r] < 0:
			m.column[r] = i
		default:
			m.known-- // of two columns of one name the first counts
		}
	}
	if m.column[roleText] < 0 || m.column[roleFrom] < 0 && m.column[roleTo] < 0 && m.column[rolePeer] < 0 {
		return nil
	}
	m.chinese = m.header[m.column[roleText]] != "" && m.header[m.column[roleText]][0] >= 0x80
	return m
}

// fits reports whether rows under the header are text messages: a number stands
// in half of them at least, where there are any.
func (m *mapping) fits(rows [][]string) bool {
	good := 0
	for _, row := range rows {
		for _, r := range []role{roleFrom, roleTo, rolePeer} {
			if c := m.column[r]; c >= 0 && c < len(row) && isNumber(row[c]) {
				good++
				break
			}
		}
	}
	return good*2 >= len(rows)
}

// isNumber: three digits at least, and nothing that no telephone number has.
func isNumber(s string) bool {
	digits := 0
	for _, c := range cleanNumber(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune("+-() ./*#;,", c):
			return false
		}
	}
	return digits >= 3
}

// cleanNumber takes off what spreadsheets put around digits to keep them text:
// ="…", a leading quote, white space.
func cleanNumber(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `="`) && strings.HasSuffix(s, `"`) && len(s) > 3 {
		s = strings.TrimSpace(s[2 : len(s)-1])
	}
	if len(s) > 1 && s[0] == '\'' {
		s = s[1:]
	}
	return s
}

// settle decides what depends on the values of the first rows.
func (m *mapping) settle(rows [][]string, itemZone string) error {
	m.settleDirection(rows)
	m.settleParties()
	if err := m.settleTimes(rows, itemZone); err != nil {
		return err
	}
	m.nameExtras()
	return nil
}

// settleDirection makes a column named type or folder one of directions, where
// all its values are words for one.
func (m *mapping) settleDirection(rows [][]string) {
	c, named := m.column[roleDirection], true
	if c < 0 {
		c, named = m.column[roleKind], false
	}
	if c < 0 {
		return
	}
	m.words = directions
	word, _ := normalise(m.header[c])
	known, numbers, filled := 0, 0, 0
	for _, row := range rows {
		v, _ := normalise(row[c])
		if v == "" {
			continue
		}
		filled++
		if _, ok := directions[v]; ok {
			known++
		}
		if _, ok := android[v]; ok {
			numbers++
		}
	}
	switch {
	case word == "type" && filled > 0 && numbers == filled:
		m.words = android
	case !named && known < filled:
		m.column[roleKind] = -1
		return
	}
	m.column[roleDirection], m.column[roleKind] = c, -1
}

// settleParties gives a column of numbers of which its heading does not say whose
// a place: the other side where there is a direction; else the sender's or the
// recipient's, where the header has only the opposite.
func (m *mapping) settleParties() {
	peer := m.column[rolePeer]
	if peer < 0 {
		return
	}
	from, to := m.column[roleFrom] >= 0, m.column[roleTo] >= 0
	switch {
	case from && to:
		m.column[rolePeer] = -1
	case from:
		m.column[roleTo], m.column[rolePeer] = peer, -1
	case to:
		m.column[roleFrom], m.column[rolePeer] = peer, -1
	}
}

// nameExtras lists the columns that have no place in the record.
func (m *mapping) nameExtras() {
	used := map[int]bool{}
	for r, c := range m.column {
		// The direction's own word stays in extra: a folder says more than its direction.
		if c >= 0 && role(r) != roleDirection {
			used[c] = true
		}
	}
	for _, t := range m.times {
		used[t.index], used[t.other] = true, true
	}
	m.extra = namedColumns(m.header, used)
}

// namedColumns gives each column that is not used a name that no other has.
func namedColumns(header []string, used map[int]bool) (out []extraColumn) {
	taken := map[string]bool{}
	for i, h := range header {
		if used[i] {
			continue
		}
		name := h
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s#%d", h, n)
		}
		taken[name] = true
		out = append(out, extraColumn{i, name})
	}
	return out
}

// described is the mapping for a diagnostic: our names and numbers, nothing of the header.
func (m *mapping) described() map[string]any {
	columns := map[string]any{}
	for r, c := range m.column {
		if c >= 0 {
			columns[roleNames[r]] = c + 1
		}
	}
	var times []any
	for _, t := range m.times {
		one := map[string]any{"column": t.index + 1, "kind": t.kind, "format": t.describe()}
		if t.other >= 0 {
			one["date_column"] = t.other + 1
		}
		times = append(times, one)
	}
	var extra []any
	for _, e := range m.extra {
		extra = append(extra, e.index+1)
	}
	out := map[string]any{"columns": columns}
	if times != nil {
		out["times"] = times
	}
	if extra != nil {
		out["extra"] = extra
	}
	return out
}

var offsetText = regexp.MustCompile(`(?:utc|gmt)\s*(?:([+-])\s*(\d{1,2})(?::?(\d{2}))?)?`)

// zoneOf reads a zone that a heading states: (UTC+8), (GMT), Beijing time.
func zoneOf(heading string) string {
	word, brackets := normalise(heading)
	if strings.HasPrefix(word, "北京时间") || strings.HasPrefix(word, "北京時間") || strings.Contains(brackets, "北京") {
		return "+08:00"
	}
	g := offsetText.FindStringSubmatch(brackets)
	switch {
	case g == nil:
		return ""
	case g[1] == "":
		return "UTC"
	case g[3] == "":
		g[3] = "00"
	}
	return fmt.Sprintf("%s%02s:%s", g[1], g[2], g[3])
}
