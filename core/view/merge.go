package view

import "bytes"

// merger writes a JSON object out of two ascending lists of members. A member of
// the line itself gives way to one that is joined in.
type merger struct {
	dst    []byte
	extras []pair
}

type pair struct{ name, value []byte }

// extra announces a member to be joined in; they are announced in ascending order.
func (m *merger) extra(name, value []byte) { m.extras = append(m.extras, pair{name, value}) }

// late announces one after members were written: it is put among the extras.
func (m *merger) late(name, value []byte) { m.extras = append(m.extras, pair{name, value}) }

// member writes the line's next member, after the extras that come before it.
func (m *merger) member(name, value []byte) {
	for len(m.extras) > 0 {
		c := bytes.Compare(m.extras[0].name, name)
		if c > 0 {
			break
		}
		m.write(m.extras[0])
		m.extras = m.extras[1:]
		if c == 0 {
			return
		}
	}
	m.write(pair{name, value})
}

func (m *merger) write(p pair) {
	if len(m.dst) > 1 {
		m.dst = append(m.dst, ',')
	}
	m.dst = append(m.dst, '"')
	m.dst = append(m.dst, p.name...)
	m.dst = append(m.dst, '"', ':')
	m.dst = append(m.dst, p.value...)
}

func (m *merger) end() []byte {
	for _, p := range m.extras {
		m.write(p)
	}
	m.extras = nil
	return append(m.dst, '}')
}
