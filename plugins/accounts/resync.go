package main

import (
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// What may be read twice to find where reading can go on: otherwise an input made
// for it could cost the square of its length.
const (
	maxBackFactor = 16
	maxBackBase   = 4 << 20
	// trialSize is how long the tuple may be that proves that reading can go on.
	trialSize = 64 << 10
	maxTrials = 512
)

// afford reports whether what comes may be read once more. Where not, the rest of
// the input is given up, and that is said.
func (p *parser) afford() bool {
	if p.back < maxBackBase+maxBackFactor*p.size {
		return true
	}
	if from := p.here(); !p.gaveUp {
		p.gaveUp = true
		p.c.Partial("too much of the input is damaged to find where reading can go on")
		p.c.Damage(sdk.At(from.offset, p.size-from.offset), "dump.given_up", "too much was damaged before this place to find where reading can go on; what follows is not read")
	}
	return false
}

// openings are how lines begin that begin a statement.
var openings = []string{
	"insert into ", "insert ignore ", "replace into ", "copy ", "create ", "drop ", "lock tables ", "unlock tables", "alter table ",
	"set ", "use ", "delimiter ", "start transaction", "commit", "select pg_catalog.", "\\connect ", "/*!", "-- dump completed", "-- postgresql database dump complete",
	"-- table structure for table", "-- dumping data for table", "-- data for name: ",
}

func (p *parser) atOpening() bool { return slices.ContainsFunc(openings, p.isFold) }

// toOpening moves to the next line that begins a statement; false at the end.
func (p *parser) toOpening() bool {
	p.executable = false
	for p.toLine() {
		if p.atOpening() {
			return true
		}
	}
	return false
}

// unended: the statement at start has no end. The rest of the input is searched for
// another one, in case a quote or a comment lost its end on the way.
func (p *parser) unended(start place) {
	length := p.size - start.offset
	if p.afford() {
		p.seek(start)
		if p.toOpening() {
			p.c.Damage(p.span(start, p.here()), "statement.unended", "a statement has no end; reading went on at the next line that begins one")
			return
		}
	}
	if p.err == nil {
		p.cut(start, length)
	}
}

// cut says that the input ends before what begins at start does.
func (p *parser) cut(start place, length int64) {
	p.toEnd()
	src := sdk.At(start.offset, length)
	src.Line = start.line
	p.c.Damage(src, "dump.cut_short", "the dump ends inside of what begins here; what is complete before it was read")
}

func (p *parser) toEnd() {
	for p.toLine() {
	}
}

// garbage: what comes next begins no statement.
func (p *parser) garbage(start place) {
	p.seek(start)
	found := p.toOpening()
	if p.err != nil || !found && len(p.counts) == 0 {
		return // the last word says that the input is no dump
	}
	p.c.Damage(p.span(start, p.here()), "statement.unknown", "what stands here begins no statement of SQL; reading went on at the next line that begins one")
}

func (p *parser) span(from, to place) sdk.Source {
	src := sdk.At(from.offset, to.offset-from.offset)
	src.Line = from.line
	return src
}

// next is where reading goes on after a tuple that could not be read.
type next uint8

const (
	nothing   next = iota // the input ends
	atTuple               // at the parenthesis of the next tuple
	statement             // behind the statement's end, or at the next one
)

// resync looks for the end of the tuple at start, which was malformed or had no
// end, and returns where it stands then and the end of the tuple. A tuple that
// follows must prove to be one of as many values, since a parenthesis may also
// stand inside a string.
func (p *parser) resync(start place, width int) (next, place) {
	if !p.afford() {
		p.toEnd()
		return nothing, p.here()
	}
	p.seek(start)
	p.executable = false
	for trials := 0; p.toByte(resyncBytes); {
		if p.buf[p.pos] == '\n' {
			p.pos++
			if p.atOpening() {
				return statement, p.here()
			}
			continue
		}
		p.pos++
		end := p.here()
		if !p.skip() {
			break
		}
		switch c := p.buf[p.pos]; {
		case p.atDelimiter():
			p.pos += len(p.delimiter)
			after := p.here()
			if p.atLineEnd() {
				p.seek(after)
				return statement, end
			}
		case c == ',' && trials < maxTrials:
			p.pos++
			if !p.skip() || p.buf[p.pos] != '(' {
				break
			}
			trials++
			if at := p.here(); p.proves(width) {
				p.seek(at)
				return atTuple, end
			}
		}
		if p.err != nil || !p.afford() {
			p.toEnd()
			break
		}
		p.seek(end)
	}
	return nothing, p.here()
}

var resyncBytes = byteSet(")\n")

// proves reports whether a tuple of width values comes next, and then another or
// the statement's end.
func (p *parser) proves(width int) bool {
	p.limit(p.here().offset + trialSize)
	defer p.unlimit()
	p.executable = false
	if p.tuple(&p.trial) != noFault || width > 0 && len(p.trial.values) != width || !p.skip() {
		return false
	}
	return p.buf[p.pos] == ',' || p.atDelimiter()
}

// atLineEnd reports whether the line holds nothing more but space.
func (p *parser) atLineEnd() bool {
	for {
		c, ok := p.peek()
		switch {
		case !ok || c == '\n':
			return true
		case c > ' ':
			return false
		}
		p.pos++
	}
}

// reject counts the row at src as one that became no record.
func (p *parser) reject(src sdk.Source, code, message string, data map[string]any) {
	p.rejected++
	p.c.Diagnose(sdk.Diagnostic{Code: code, Severity: evidence.SeverityReject, Message: message, Source: src, Data: data})
}
