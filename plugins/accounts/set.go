package main

import "strings"

// set reads SET …: what it says of charset, zone, escapes and schema.
func (p *parser) set(start place) {
	for p.skip() && !p.atDelimiter() {
		name := strings.ToLower(p.variable())
		switch name {
		case "session", "global", "local", "persist":
			if p.skip(); p.buf[p.pos] != '=' {
				continue
			}
		case "names":
			if value, ok := p.setting(); ok {
				p.text.declare(value, &p.lexer)
			}
		case "time": // PostgreSQL: SET TIME ZONE 'UTC'
			if p.accept("zone") {
				p.zones.session(p.setting())
			}
		}
		if p.skip() && (p.acceptByte('=') || p.accept("to") || p.is(":=") && p.acceptByte(':') && p.acceptByte('=')) {
			value, ok := p.setting()
			p.assign(name, value, ok)
		}
		if !p.toComma() {
			break
		}
	}
	p.finish(start, false)
}

// variable reads a name such as @@session.time_zone, without its scope.
func (p *parser) variable() string {
	for p.acceptByte('@') {
	}
	name, _, ok := p.ident()
	for ok && p.pos < p.end && p.buf[p.pos] == '.' {
		p.pos++
		name, _, ok = p.ident()
	}
	return name
}

// setting reads a value, a string or a word; ok is false for anything else, such
// as a variable.
func (p *parser) setting() (value string, ok bool) {
	if !p.skip() {
		return "", false
	}
	c := p.buf[p.pos]
	switch {
	case c == '\'' || c == '"':
		p.trial.reset(p.here())
		if ok, _ := p.lexer.text(&p.trial, c, p.escapesOf()); ok && len(p.trial.arena) <= maxName*4 {
			return string(p.trial.arena), true
		}
	case isWordStart(c) || isDigit(c):
		p.name = p.name[:0]
		return string(p.wordRest()), true
	}
	return "", false
}

// toComma moves behind the comma that ends an assignment; false at the statement's end.
func (p *parser) toComma() bool {
	for p.skip() {
		c := p.buf[p.pos]
		switch {
		case p.atDelimiter():
			return false
		case c == ',':
			p.pos++
			return true
		case c == '\'' || c == '"' || c == '`':
			p.pos++
			if !p.quotedString(c, p.escapesAfter(0, c), discard{}) {
				return false
			}
			continue
		}
		p.pos++
	}
	return false
}

// assign takes over what a variable is set to; of another variable's value, which
// ok being false says, the one that sql_mode had before is meant.
func (p *parser) assign(name, value string, ok bool) {
	switch name {
	case "client_encoding":
		if ok {
			p.text.declare(value, &p.lexer)
		}
	case "character_set_client":
		// mysqldump sets it around definitions only: not what the rows are in.
	case "time_zone", "timezone":
		p.zones.session(value, ok)
	case "standard_conforming_strings":
		p.backslash = strings.EqualFold(value, "off") || strings.EqualFold(value, "false")
		p.dialect = postgreSQL
	case "sql_mode":
		if p.dialect == postgreSQL {
			return
		}
		before := p.backslash
		if p.backslash = p.modeBefore; ok { // mysqldump sets the mode of each trigger, and goes back
			p.backslash = !strings.Contains(strings.ToUpper(value), "NO_BACKSLASH_ESCAPES")
		}
		p.modeBefore = before
	case "search_path":
		p.schema = ""
		if !strings.EqualFold(value, "pg_catalog") {
			p.schema = value
		}
	}
}
