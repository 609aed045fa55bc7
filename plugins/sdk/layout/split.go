package layout

import "bytes"

// split cuts line into p.values, as many as there are columns; a code says why not.
func (p *Parser) split(line []byte) string {
	if p.quote != 0 {
		return p.splitQuoted(line)
	}
	rest, last := line, len(p.values)-1
	for i := range p.values {
		if i == last && p.takesRest {
			p.values[i] = rest
			return ""
		}
		end := p.index(rest)
		if i == last {
			p.values[i] = rest
			if end >= 0 {
				return CodeFields
			}
			return ""
		}
		if end < 0 {
			return CodeFields
		}
		p.values[i], rest = rest[:end], rest[end+len(p.delimiter):]
	}
	return ""
}

func (p *Parser) index(b []byte) int {
	if len(p.delimiter) == 1 {
		return bytes.IndexByte(b, p.delimiter[0])
	}
	return bytes.Index(b, p.delimiter)
}

// splitQuoted follows RFC 4180 within one line: a quoted field ends at a quote
// that is followed by a delimiter or the line's end.
func (p *Parser) splitQuoted(line []byte) string {
	p.unquoted = p.unquoted[:0]
	rest := line
	for i := range p.values {
		var ok bool
		if len(rest) > 0 && rest[0] == p.quote {
			if p.values[i], rest, ok = p.unquote(rest[1:]); !ok {
				return CodeQuote
			}
		} else if end := p.index(rest); end >= 0 {
			p.values[i], rest = rest[:end], rest[end:]
		} else {
			p.values[i], rest = rest, nil
		}
		if i == len(p.values)-1 {
			break
		}
		if len(rest) == 0 {
			return CodeFields
		}
		rest = rest[len(p.delimiter):]
	}
	if len(rest) > 0 {
		return CodeFields
	}
	return ""
}

// unquote reads a field after its opening quote. What follows is empty or starts
// with the delimiter.
func (p *Parser) unquote(b []byte) (value, rest []byte, ok bool) {
	start := len(p.unquoted)
	plain := true
	for {
		end := bytes.IndexByte(b, p.quote)
		if end < 0 {
			return nil, nil, false
		}
		after := b[end+1:]
		if len(after) > 0 && after[0] == p.quote {
			p.unquoted = append(p.unquoted, b[:end+1]...)
			b, plain = after[1:], false
			continue
		}
		if len(after) > 0 && !bytes.HasPrefix(after, p.delimiter) {
			return nil, nil, false
		}
		if plain {
			return b[:end], after, true
		}
		p.unquoted = append(p.unquoted, b[:end]...)
		return p.unquoted[start:], after, true
	}
}
