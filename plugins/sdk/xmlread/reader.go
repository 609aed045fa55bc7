package xmlread

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// reader goes through a document and hands out the elements that are wanted.
type reader struct {
	d      *Document
	wanted map[string]bool
	open   []level // around the scanner's place
	met    bool    // an element that is wanted
}

func (r *reader) isWanted(local, space string) bool {
	return r.wanted[local] || space != "" && r.wanted["{"+space+"}"+local]
}

// run reads to the document's end.
func (r *reader) run(yield func(*Element) bool) {
	d, s := r.d, r.d.s
	for {
		s.t.Forget(s.pos())
		tok, err := s.token(nil)
		switch {
		case d.failed() != nil:
			return
		case tok == tokenEnd:
			if len(r.open) > 0 {
				r.truncated()
			}
			if !r.met {
				d.c.Info(sdk.Source{}, codeNothing, "the document has no element of those that the plugin reads")
			}
			return
		case err != nil:
			if !r.malformed(tok) {
				return
			}
		case tok == tokenClose:
			r.close(s.name)
		case tok == tokenStart:
			if !r.start(yield) {
				return
			}
		}
	}
}

// malformed deals with a tag that is none, outside of any element that is wanted.
func (r *reader) malformed(tok token) bool {
	d, s := r.d, r.d.s
	if tok == tokenStart {
		if _, local := s.scope.resolve(s.name); r.wanted[local] {
			r.met = true
			r.reject(d.source(s.begin, s.pos(), r.pointer(s.name)), problemMalformed)
			return r.goOn(s.begin)
		}
	}
	d.outside.Add(d.c, d.source(s.begin, s.pos(), ""))
	if tok != tokenStart && !s.has(1) {
		r.again(s.begin + 1) // a comment without an end must not hide the rest
	}
	return r.goOn(s.begin)
}

// again goes back to a place in the text, as often as is reasonable.
func (r *reader) again(to int64) {
	d := r.d
	if n := d.s.pos() - to; n > 0 && d.rescans >= n {
		d.rescans -= n
		d.s.seek(to)
	}
}

// goOn makes sure that reading does not stay where it is.
func (r *reader) goOn(begin int64) bool {
	s := r.d.s
	if s.pos() == begin && s.has(1) {
		s.at++
	}
	return r.d.failed() == nil
}

func (r *reader) pointer(name string) string {
	if len(r.open) == 0 {
		return "/" + name
	}
	return r.open[len(r.open)-1].child(name)
}

// close ends the innermost element of that name, and those inside of it.
func (r *reader) close(name string) {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name != name {
			continue
		}
		if i < len(r.open)-1 {
			r.d.outside.Add(r.d.c, r.d.source(r.d.s.begin, r.d.s.pos(), ""))
		}
		r.open = r.open[:i]
		r.d.s.scope.drop(i)
		return
	}
	r.d.outside.Add(r.d.c, r.d.source(r.d.s.begin, r.d.s.pos(), ""))
}

// start deals with the start tag that the scanner has just read.
func (r *reader) start(yield func(*Element) bool) bool {
	d, s := r.d, r.d.s
	depth := len(r.open) + 1
	s.scope.add(depth, s.attrs)
	space, local := s.scope.resolve(s.name)
	if !r.isWanted(local, space) {
		if s.empty {
			s.scope.drop(depth - 1)
			return true
		}
		if len(r.open) == maxOpen {
			d.c.Damage(d.source(s.begin, s.pos(), ""), codeDepth, "elements are open within each other deeper than is followed; what comes after is not read")
			d.c.Partial("the document is nested too deeply")
			return false
		}
		r.open = append(r.open, level{name: s.name, pointer: r.pointer(s.name)})
		return true
	}
	r.met = true
	pointer, begin, after := r.pointer(s.name), s.begin, s.pos()
	from := s.t.Offset(begin)
	b := builder{d: d, room: MaxElement, nodes: maxNodes}
	e, problem := b.build(pointer, depth)
	s.scope.drop(depth - 1)
	switch {
	case d.failed() != nil:
		return false
	case problem == nil:
		return yield(e)
	}
	src := d.in.Source(from, s.t.Offset(s.pos())-from)
	src.Pointer = pointer
	r.reject(src, problem)
	if problem.again { // what follows the start tag may hold elements that are whole
		r.again(after)
	}
	return r.goOn(begin)
}

func (r *reader) reject(src sdk.Source, p *problem) {
	r.d.c.Diagnose(sdk.Diagnostic{Code: p.code, Severity: evidence.SeverityReject, Message: p.message, Source: src})
}

func (r *reader) truncated() {
	d := r.d
	end := d.s.pos()
	d.c.Damage(d.source(end, end, r.open[len(r.open)-1].pointer), codeTruncated, "the document ends before its root element does")
}

// source is the place of a span of the text.
func (d *Document) source(from, to int64, pointer string) sdk.Source {
	a, b := d.s.t.Offset(from), d.s.t.Offset(to)
	s := d.in.Source(a, b-a)
	s.Pointer = pointer
	return s
}
