package main

import (
	"bytes"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// version is that of plugin.json.
const version = "0.1.0"

func plugin() sdk.Plugin {
	return sdk.Plugin{Name: "accounts", Version: version, Parse: parse, Probe: probe}
}

// headSize is how much of the beginning decides the dialect.
const headSize = 64 << 10

func probe(s sdk.Sample) sdk.Match {
	if d, _ := dialectOf(s.Head); d != anySQL {
		return sdk.Match{Confidence: 90, Reason: "begins as a dump does: " + d.String()}
	}
	return sdk.Match{Reason: "begins as no dump does"}
}

// dialectOf knows a dump's dialect from its beginning, and whether its program
// writes a last line.
func dialectOf(head []byte) (d dialect, marked bool) {
	has := func(s string) bool { return bytes.Contains(head, []byte(s)) }
	switch {
	case has("-- MySQL dump 10.") || has("-- MariaDB dump 10."):
		return mySQL, true
	case has("-- PostgreSQL database dump\n") || has("-- PostgreSQL database dump\r") || has("-- PostgreSQL database cluster dump"):
		return postgreSQL, true
	case has("-- MySQL dump") || has("-- phpMyAdmin") || has("/*!4") || has("/*!5") || has("/*M!"):
		return mySQL, false
	case has("SET standard_conforming_strings") || has("SET client_encoding") || has("SELECT pg_catalog.") || has(" FROM stdin;"):
		return postgreSQL, false
	case has("PRAGMA foreign_keys"):
		return sqlite, false
	case has("INSERT INTO `") || has("CREATE TABLE `") || has("ENGINE="):
		return mySQL, false
	}
	return anySQL, false
}

// parser is one dump being read.
type parser struct {
	lexer
	c      *sdk.Ctx
	out    *sdk.Out
	config *config

	delimiter string // what ends a statement
	database  string // of USE or \connect, "" where none was stated
	schema    string // PostgreSQL's search_path
	// modeBefore is what backslash was before sql_mode was last set.
	modeBefore bool
	tables     tables
	text       charsets
	zones      zones

	row, trial row
	writer     writer
	counts     map[string]int64 // statements by first word
	rows       int64            // written
	rejected   int64
	undecoded  int64 // values whose bytes are no text in the charset
	failed     error // what Put returned
	marked     bool
	gaveUp     bool
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	cfg, err := newConfig(c)
	if err != nil {
		return err
	}
	head := make([]byte, min(headSize, in.Size))
	if n, err := in.ReadAt(head, 0); n < len(head) {
		return err
	}
	p := &parser{c: c, out: out, config: cfg, delimiter: ";", counts: map[string]int64{}}
	p.scanner = newScanner(in, in.Size, c.Err)
	if p.wide = wideOf(head); p.wide != nil {
		if len(head) > 0 {
			s := newScanner(bytes.NewReader(head), int64(len(head)), c.Err)
			s.wide = &wide{high: p.wide.high, low: p.wide.low}
			s.fill()
			head = s.buf[:s.end]
		}
	}
	p.dialect, p.marked = dialectOf(head)
	p.backslash = p.dialect == mySQL || p.dialect == anySQL
	p.modeBefore = p.backslash
	if p.text, err = newCharsets(cfg, p.wide != nil); err != nil {
		return err
	}
	if p.zones, err = newZones(c, cfg); err != nil {
		return err
	}
	if foreign(c, in, head) {
		return nil
	}
	for p.failed == nil && p.skip() {
		p.statement()
	}
	switch {
	case p.failed != nil:
		return p.failed
	case p.err != nil:
		return p.err
	}
	p.lastWords()
	return in.Err()
}

// foreign says of dumps in formats of their own what they are.
func foreign(c *sdk.Ctx, in *sdk.Input, head []byte) bool {
	if bytes.HasPrefix(head, []byte("PGDMP")) {
		c.Unresolved(sdk.At(0, in.Size), "dump.archive",
			"the input is an archive of pg_dump's custom format, which this plugin does not read; pg_restore makes SQL of it")
		return true
	}
	return false
}

// known are the first words of statements that are passed over.
var known = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`alter analyze begin call change check cluster comment commit deallocate declare delete do drop end exec
		execute explain flush grant import kill load lock optimize pragma prepare purge reassign refresh reindex release
		rename repair reset revoke rollback savepoint security select show start stop table truncate unlock update vacuum values with xa go`) {
		m[w] = true
	}
	return m
}()

// statement reads the statement that comes next.
func (p *parser) statement() {
	start := p.here()
	switch {
	case p.atDelimiter():
		p.pos += len(p.delimiter)
		return
	case p.buf[p.pos] == ';':
		p.pos++
		return
	case p.buf[p.pos] == '\\':
		p.metaCommand()
		return
	}
	w := p.keyword()
	switch w {
	case "insert", "replace":
		p.insert(start)
	case "copy":
		p.copyFrom(start)
	case "create":
		p.create(start)
	case "set":
		p.set(start)
	case "use":
		if name, _, ok := p.ident(); ok {
			p.database = p.text.name(name)
		}
		p.finish(start, false)
	case "delimiter":
		p.setDelimiter()
	default:
		if !known[w] {
			p.garbage(start)
			return
		}
		p.finish(start, false)
	}
	p.counts[w]++
}

// atDelimiter reports whether the statement's end comes next.
func (p *parser) atDelimiter() bool {
	return p.delimiter == ";" && p.pos < p.end && p.buf[p.pos] == ';' || p.delimiter != ";" && p.is(p.delimiter)
}

// setDelimiter reads what stands on the line after DELIMITER, a command of the
// mysql client.
func (p *parser) setDelimiter() {
	var d []byte
	for len(d) < 16 {
		c, ok := p.peek()
		if !ok || c == '\n' || c <= ' ' && len(d) > 0 {
			break
		}
		p.pos++
		if c > ' ' {
			d = append(d, c)
		}
	}
	p.toLine()
	if len(d) > 0 {
		p.delimiter = string(d)
	}
}

// metaCommand reads a line of psql's own: \connect states the database.
func (p *parser) metaCommand() {
	p.pos++
	if w := p.keyword(); w == "connect" || w == "c" {
		for {
			c, ok := p.peek()
			if !ok || c != ' ' {
				break
			}
			p.pos++
		}
		if c, _ := p.peek(); c > ' ' && c != '-' {
			if name, _, ok := p.ident(); ok {
				p.database, p.schema = p.text.name(name), ""
			}
		}
	}
	p.toLine()
	p.counts["\\"]++
}

// finish passes over the rest of the statement that began at start.
func (p *parser) finish(start place, routine bool) {
	if p.passStatement(routine) || p.err != nil {
		return
	}
	p.unended(start)
}
