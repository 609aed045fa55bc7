// Package jsonread reads elements out of JSON that is evidence, one after another, in
// memory that is bounded whatever the document, and with the exact place of each.
//
//	for e := range jsonread.Elements(c, in, "/conversations/*/messages/*") {
//		m := sdk.Message{Common: e.Common(), From: e.Text("from", "name"), Text: e.Text("content")}
//		m.Extra = e.Extra("from", "content")
//		if err := out.Put(&m, e.Source()); err != nil {
//			return err
//		}
//	}
//	return in.Err()
//
// Grammar is RFC 8259's. What is taken as it stands although it is not in it makes
// the flag json_odd: control characters in a string. Bytes of a string that are not
// UTF-8, and escaped halves of surrogate pairs, are kept (sdk.Text). An object that
// states a name twice makes the flag json_duplicate; the last one counts, and Extra
// has all. UTF-16 is read where a byte order mark, or the first bytes, say so.
package jsonread

import (
	"bytes"
	"errors"
	"iter"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// MaxElement is how long an element may be, in bytes of UTF-8.
const MaxElement = 16 << 20

// maxOpen is how many arrays and objects may be open at a time outside of elements.
const maxOpen = 1 << 20

// The flags of records from elements that are odd.
const (
	FlagOdd       = "json_odd"
	FlagDuplicate = "json_duplicate"
)

// Codes of diagnostics.
const (
	codeMalformed = "json.malformed"
	codeTruncated = "json.truncated"
	codeTooLong   = "json.element_too_long"
	codeDeep      = "json.too_deep"
	codeNothing   = "json.nothing_found"
)

// reader goes through one input.
type reader struct {
	c       *sdk.Ctx
	in      *sdk.Input
	charset sdk.TextCharset
	s       *scanner
	yield   func(*Element) bool
	damaged bool // the document cannot be followed any further
	reached bool // the place that elements are at is in the document
}

// Elements yields the values at places of the document that pattern names: a JSON
// pointer (RFC 6901) whose reference tokens may be *, every element of an array or
// member of an object. "" is the whole document, or each of several that follow each
// other. Check Err of the input after the loop.
//
// An element that is malformed or too long is rejected, and reading goes on after it
// where its end can be found; where it cannot, what came before is kept.
func Elements(c *sdk.Ctx, in *sdk.Input, pattern string) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		r := &reader{c: c, in: in, yield: yield}
		if !r.begin() {
			return
		}
		var tokens []string
		if pattern != "" {
			tokens = strings.Split(strings.TrimPrefix(pattern, "/"), "/")
			for i, t := range tokens {
				tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
			}
		}
		for {
			if _, ok := r.s.peek(); !ok {
				break
			}
			if !r.walk(tokens, "") {
				return
			}
		}
		if !r.reached && !r.failed() && in.Size > 0 {
			c.Info(sdk.Source{}, codeNothing, "the document has nothing at the place that the plugin reads")
		}
	}
}

// begin settles the charset: UTF-8, but where the first bytes can only be UTF-16.
func (r *reader) begin() bool {
	head := make([]byte, min(4, r.in.Size))
	if n, _ := r.in.ReadAt(head, 0); n < len(head) {
		return false
	}
	name, basis := "utf-8", sdk.Assumed // RFC 8259, §8.1
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		basis = sdk.Detected
	case bytes.HasPrefix(head, []byte("\xff\xfe")), len(head) > 1 && head[0] != 0 && head[1] == 0:
		name, basis = "utf-16le", sdk.Detected
	case bytes.HasPrefix(head, []byte("\xfe\xff")), len(head) > 1 && head[0] == 0 && head[1] != 0:
		name, basis = "utf-16be", sdk.Detected
	case r.c.Charset() != "":
		name, basis = r.c.Charset(), sdk.Declared
	}
	cs, err := sdk.ParseCharset(name)
	if err != nil {
		r.c.Unresolved(sdk.Source{}, sdk.CodeCharsetUnknown, "the charset that was declared is not known here; the input is read as UTF-8")
		cs, _ = sdk.ParseCharset("utf-8")
		basis = sdk.Assumed
	}
	r.charset = sdk.TextCharset{Charset: cs, Basis: basis}
	t, err := r.in.TextReader(cs)
	if err != nil {
		return false // the input has it
	}
	r.s = &scanner{c: r.c, t: t, buf: make([]byte, 0, min(bufferSize, max(1024, r.in.Size))), keep: -1}
	return true
}

func (r *reader) failed() bool { return r.c.Err() != nil || r.in.Err() != nil }

// walk goes down from the value that comes next; false: the loop ends.
func (r *reader) walk(tokens []string, pointer string) bool {
	c, ok := r.s.peek()
	switch {
	case !ok:
		return r.stop(r.s.pos(), pointer)
	case len(tokens) == 0:
		return r.element(pointer)
	case c == '{':
		r.reached = r.reached || len(tokens) == 1 && tokens[0] == "*"
		return r.object(tokens, pointer)
	case c == '[':
		r.reached = r.reached || len(tokens) == 1 && tokens[0] == "*"
		return r.array(tokens, pointer)
	case strings.IndexByte("\"-0123456789tfn", c) < 0:
		return r.stop(r.s.pos(), pointer) // no JSON at all
	}
	return r.pass(pointer)
}

// pass goes over a value that is not wanted.
func (r *reader) pass(pointer string) bool {
	r.s.t.Forget(r.s.pos())
	if r.s.skip() {
		return true
	}
	return r.stop(r.s.pos(), pointer)
}

// stop says that the document cannot be followed any further.
func (r *reader) stop(at int64, pointer string) bool {
	if r.failed() || r.damaged {
		return false
	}
	r.damaged = true
	place := r.s.t.Offset(at)
	src := r.in.Source(place, 0)
	src.Pointer = pointer
	if _, more := r.s.peek(); more {
		src.Length = r.in.Size - place
		r.c.Damage(src, codeMalformed, "the document is no JSON from here on, and cannot be followed any further")
	} else {
		r.c.Damage(src, codeTruncated, "the document ends before its values do")
	}
	return false
}

func (r *reader) array(tokens []string, pointer string) bool {
	s := r.s
	s.at++
	if c, ok := s.peek(); ok && c == ']' {
		s.at++
		return true
	}
	for i := 0; ; i++ {
		at := strconv.Itoa(i)
		if !r.member(tokens, pointer, at) {
			return false
		}
		c, ok := s.peek()
		switch {
		case ok && c == ',':
			s.at++
		case ok && c == ']':
			s.at++
			return true
		default:
			return r.stop(s.pos(), pointer)
		}
	}
}

func (r *reader) object(tokens []string, pointer string) bool {
	s := r.s
	s.at++
	if c, ok := s.peek(); ok && c == '}' {
		s.at++
		return true
	}
	for {
		name, ok := s.name()
		if c, more := s.peek(); !ok || !more || c != ':' {
			return r.stop(s.pos(), pointer)
		}
		s.at++
		if !r.member(tokens, pointer, name) {
			return false
		}
		c, ok := s.peek()
		switch {
		case ok && c == ',':
			s.at++
		case ok && c == '}':
			s.at++
			return true
		default:
			return r.stop(s.pos(), pointer)
		}
	}
}

// member goes on below, or passes over what is not wanted.
func (r *reader) member(tokens []string, pointer, name string) bool {
	if tokens[0] != "*" && tokens[0] != name {
		return r.pass(pointer)
	}
	if strings.ContainsAny(name, "~/") {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return r.walk(tokens[1:], pointer+"/"+strings.ToValidUTF8(name, "\uFFFD"))
}

// element hands out the value that comes next.
func (r *reader) element(pointer string) bool {
	s := r.s
	r.reached = true
	s.t.Forget(s.pos())
	begin := s.pos()
	from := s.t.Offset(begin)
	s.keep, s.long = s.at, false
	whole := s.skip()
	raw := s.kept()
	if r.failed() {
		return false
	}
	src := r.in.Source(from, s.t.Offset(s.pos())-from)
	src.Pointer = pointer
	switch {
	case !whole:
		if _, more := s.peek(); more {
			r.reject(src, codeMalformed, "the element is malformed, and where it ends cannot be told")
			return r.stop(s.pos(), pointer)
		}
		r.reject(src, codeTruncated, "the element has no end")
		return false
	case raw == nil:
		r.reject(src, codeTooLong, "the element is longer than an element may be and was not read")
		return r.c.Err() == nil
	}
	e := &Element{Pointer: pointer, Raw: bytes.Clone(raw), in: r.in, span: evidence.Span{Offset: src.Offset, Length: src.Length}, charset: r.charset}
	if r.charset.Name() != "utf-8" {
		e.places = make([]int32, len(raw)+1)
		for i := range e.places {
			e.places[i] = int32(s.t.Offset(begin+int64(i)) - src.Offset)
		}
	}
	return r.hand(e)
}

// hand parses an element and hands it out.
func (r *reader) hand(e *Element) bool {
	if len(e.Raw) > 0 {
		e.nodes = make([]node, 0, 16+len(e.Raw)/64)
	}
	if err := e.parse(); err != nil {
		code, message := codeMalformed, "the element is malformed"
		if errors.Is(err, errDeep) || errors.Is(err, errMany) {
			code, message = codeDeep, "the element is nested deeper, or has more values, than an element may"
		}
		r.reject(e.Source(), code, message)
		return r.c.Err() == nil
	}
	return r.yield(e)
}

func (r *reader) reject(src sdk.Source, code, message string) {
	r.c.Diagnose(sdk.Diagnostic{Code: code, Severity: evidence.SeverityReject, Message: message, Source: src})
}

// Lines yields the values of JSON Lines: one a line, blank lines aside. A line that
// is malformed or too long is rejected. Check Err of the input after the loop.
func Lines(c *sdk.Ctx, in *sdk.Input) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		r := &reader{c: c, in: in, yield: yield}
		if !r.begin() {
			return
		}
		if r.charset.Name() != "utf-8" {
			for e := range Elements(c, in, "") {
				if !yield(e) {
					return
				}
			}
			return
		}
		for ln := range in.Lines() {
			text, offset := ln.Bytes, ln.Span.Offset
			if ln.Number == 1 {
				if rest, ok := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); ok {
					text, offset = rest, offset+3
				}
			}
			if trimmed := bytes.TrimLeft(text, " \t\r"); len(trimmed) < len(text) {
				text, offset = trimmed, offset+int64(len(text)-len(trimmed))
			}
			if text = bytes.TrimRight(text, " \t\r"); len(text) == 0 {
				continue
			}
			e := &Element{Line: ln.Number, Raw: bytes.Clone(text), in: in, span: evidence.Span{Offset: offset, Length: int64(len(text))}, charset: r.charset}
			if !r.hand(e) {
				return
			}
		}
	}
}
