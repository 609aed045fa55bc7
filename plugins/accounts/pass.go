package main

import "strings"

// passStatement moves behind the delimiter; false at the end. A routine's body has
// statements of its own between BEGIN and END, which count where the delimiter is
// what they end with, too.
func (p *parser) passStatement(routine bool) bool {
	depth, ending := 0, false
	for p.skip() {
		c := p.buf[p.pos]
		switch {
		case depth <= 0 && p.atDelimiter():
			p.pos += len(p.delimiter)
			return true
		case c == '\'' || c == '"' || c == '`':
			p.pos++
			e := p.escapesAfter(0, c)
			if !p.quotedString(c, e, discard{}) {
				return false
			}
		case p.dialect == postgreSQL && (c == 'e' || c == 'E') && p.peekAt(1) == '\'':
			p.pos += 2
			if !p.quotedString('\'', postgresEscapes, discard{}) {
				return false
			}
		case c == '$' && p.dialect == postgreSQL:
			if tag := p.dollarTag(); tag == 0 {
				p.pos++
			} else if !p.dollarString(tag, discard{}) {
				return false
			}
		case isWordStart(c):
			w := p.statementWord()
			if p.delimiter != ";" && w == "delimiter" {
				p.setDelimiter() // the client takes it wherever it stands
				return true
			}
			if routine && p.delimiter == ";" {
				depth, ending = nest(depth, ending, w)
			}
			continue
		default:
			p.pos++
		}
		ending = false
	}
	return false
}

// statementWord reads a word, which a delimiter such as $$ may follow directly.
func (p *parser) statementWord() string {
	if p.delimiter[0] != '$' {
		return p.keyword()
	}
	p.name = p.name[:0]
	for {
		c, ok := p.peek()
		if !ok || !isWord(c) || c == '$' {
			return strings.ToLower(string(p.name))
		}
		if len(p.name) < maxName {
			p.name = append(p.name, c)
		}
		p.pos++
	}
}

// nest counts BEGIN … END and CASE … END; END IF and its like end what is not counted.
func nest(depth int, ending bool, w string) (int, bool) {
	if ending && (w == "if" || w == "loop" || w == "while" || w == "repeat") {
		return depth + 1, false
	}
	switch {
	case w == "begin", w == "case" && depth > 0 && !ending:
		return depth + 1, false
	case w == "end" && depth > 0:
		return depth - 1, true
	}
	return depth, false
}
