package corpus

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// china is the zone that the server's clock was set to.
var china = time.FixedZone("+08:00", 8*3600)

const clock = "2006-01-02 15:04:05"

// message is one logged message.
type message struct {
	ip, account, peer string
	outgoing          bool
	at                time.Time
	term, text        string
}

func (s source) message(day time.Time) message {
	m := message{
		ip: s.ip(), account: s.account(), peer: s.account(), outgoing: s.IntN(2) == 0,
		at: day.Add(time.Duration(s.IntN(86400)) * time.Second),
	}
	if s.IntN(33) == 0 {
		m.text = s.pick(chatter)
	} else {
		m.term = s.pick(listed)
		m.text = fmt.Sprintf(s.pick(phrases), m.term)
	}
	if s.IntN(40) == 0 {
		m.text += "\t(after a tab)"
	}
	return m
}

// row is the line as the server wrote it, without its ending.
func (m message) row(v Variant) string {
	direction := "1"
	if m.outgoing {
		direction = "0"
	}
	fields := []string{m.ip, m.account, m.peer, direction, m.at.In(china).Format(clock), m.term, m.text}
	if v.Order != nil {
		ordered := make([]string, len(fields))
		for i, from := range v.Order {
			ordered[i] = fields[from]
		}
		fields = ordered
	}
	delimiter := v.Delimiter
	if delimiter == "" {
		delimiter = "\t"
	}
	return strings.Join(fields, delimiter)
}

func (m message) truth(file string, line, offset, length int) map[string]any {
	t := map[string]any{
		"kind": "message", "file": file, "line": line, "offset": offset, "length": length,
		"ip": m.ip, "account": m.account, "text": m.text, "time": stamp(m.at), "matched_term": nil,
		"from": m.peer, "to": []string{m.account}, "direction": "incoming",
	}
	if m.outgoing {
		t["from"], t["to"], t["direction"] = m.account, []string{m.peer}, "outgoing"
	}
	if m.term != "" {
		t["matched_term"] = m.term
	}
	return t
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// call is one line of the call log.
type call struct {
	ip, from, to, name string
	at                 time.Time
	seconds            int
	status             string
}

func (s source) call(day time.Time) call {
	c := call{ip: s.ip(), from: s.account(), to: s.phone(), at: day.Add(time.Duration(s.IntN(86400)) * time.Second)}
	if c.status = s.pick([]string{"OK", "OK", "OK", "BUSY", "NOANSWER"}); c.status == "OK" {
		c.seconds = 1 + s.IntN(3000)
	}
	if s.IntN(5) > 0 {
		c.name = s.person()
	}
	return c
}

func (c call) row() string {
	return strings.Join([]string{c.ip, c.from, c.to, c.name, c.at.In(china).Format(clock), strconv.Itoa(c.seconds), c.status}, "\t")
}

func (c call) truth(file string, line, offset, length int) map[string]any {
	t := map[string]any{
		"kind": "call", "file": file, "line": line, "offset": offset, "length": length,
		"from": c.from, "to": []string{c.to}, "time": stamp(c.at), "duration_s": c.seconds, "status": c.status, "display_name": nil,
	}
	if c.name != "" {
		t["display_name"] = c.name
	}
	return t
}
