package leakcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Sizes of pieces, in bytes.
const (
	pieceSize = 1 << 20
	// overlap is more than the longest value takes in the widest encoding; what begins in it is
	// the next piece's.
	overlap = 8 << 10
	// lead is what a piece repeats of the one before, to see what stands beside a match.
	lead = 64
	// maxFindings are listed; all are counted.
	maxFindings = 1000
	// maxUnpacked bounds what archives in a file may come to, all together.
	maxUnpacked = 1 << 36
)

// File is one to check.
type File struct {
	// Name is searched as well.
	Name string
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Options are what a check depends on besides files and needles.
type Options struct {
	// Own are SHA-256 digests, in hexadecimal, of files that come with the program byte for
	// byte: they are told by their digest, and what is found in them is not reported.
	Own map[string]bool
	// Progress is told bytes that were read, and is called often; nil for none.
	Progress func(read int64)
	// Detect looks for what is personal by its form, whatever the values; nil for nothing.
	Detect func(text []byte, found func(category string, sure bool, from, to int))
}

// Check looks for needles in files and their names. The error is one of reading the files or
// of ctx; what was found is in the report.
func Check(ctx context.Context, files iter.Seq2[File, error], n *Needles, o Options) (*Report, error) {
	c := newChecker(ctx, n, o)
	for f, err := range files {
		if err == nil {
			err = c.file(f)
		}
		if err != nil {
			return nil, fmt.Errorf("leak check: %w", err)
		}
	}
	return c.conclude(), nil
}

// checker goes through files and gathers what is found.
type checker struct {
	ctx    context.Context
	o      Options
	s      searcher
	report *Report
	// places are what was found in the file that is being read, to be dropped if it is the program's own.
	places []Finding
	// kept are how many of them are certain and how many not; more are those beyond what is
	// listed, without their places.
	kept     map[bool]int
	more     map[Finding]int64
	left     int64 // bytes that may yet be unpacked
	place    string
	surface  Surface
	base     int64              // of the piece, in place
	from, to int                // hits that begin there are this piece's
	seen     map[seenSlot][]hit // in this piece
	buf      []byte             // of stream, which is never within itself
}

// seenSlot is a needle in one stretch of a piece.
type seenSlot struct {
	needle uint32
	slot   int
}

const slotSize = 64

func newChecker(ctx context.Context, n *Needles, o Options) *checker {
	c := &checker{ctx: ctx, o: o, left: maxUnpacked, seen: map[seenSlot][]hit{}, kept: map[bool]int{}, more: map[Finding]int64{}, report: newReport(n)}
	c.s = searcher{n: n, found: c.hit}
	return c
}

func (c *checker) file(f File) error {
	name := c.name(f.Name, func(shown string) string { return shown })
	c.settle(false)
	r, err := f.Open(c.ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	err = c.top(name, r)
	return errors.Join(err, r.Close())
}

// top reads one of the files that were given.
func (c *checker) top(name string, r io.Reader) error {
	c.report.Searched.Files++
	d := newDigestReader(r)
	if err := c.content(name, d, 0); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	// What was not read, such as the rest of a damaged archive, belongs to the digest.
	if _, err := io.Copy(io.Discard, d); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.settle(c.o.Own[d.sum()])
	return nil
}

// settle takes over what was found in a file, or drops it.
func (c *checker) settle(own bool) {
	if own {
		c.report.Searched.Own++
	}
	if !own {
		for _, f := range c.places {
			c.report.add(f)
		}
		for f, n := range c.more {
			c.report.count(f, n)
		}
	}
	c.places = c.places[:0]
	clear(c.kept)
	clear(c.more)
}

// name searches the name of a file, and returns what to call it in the report: itself, or its
// number where something stands in it. place says where it is, given what it is called.
func (c *checker) name(name string, place func(shown string) string) (shown string) {
	c.report.Searched.Names++
	before := len(c.places)
	hidden := fmt.Sprintf("(name %d)", c.report.Searched.Names)
	c.begin(place(hidden), InName)
	c.whole([]byte(name))
	if len(c.places) > before {
		return hidden
	}
	return name
}

func (c *checker) begin(place string, surface Surface) {
	c.place, c.surface, c.base = place, surface, 0
	c.s.html = isHTMLName(place)
	c.s.packed = func(int, []byte) {}
}

// whole searches what is there at once.
func (c *checker) whole(text []byte) {
	c.from, c.to = 0, len(text)
	c.search(text)
}

func (c *checker) search(text []byte) {
	clear(c.seen)
	c.s.piece(text)
	if c.o.Detect != nil && isText(text, true) {
		c.o.Detect(text, func(category string, sure bool, from, _ int) {
			if from >= c.from && from < c.to {
				c.report.detected(category, sure, c.place, c.base+int64(from))
			}
		})
	}
}

// stream searches a file from its beginning to its end, as it is.
func (c *checker) stream(place string, surface Surface, r io.Reader, html bool) error {
	c.begin(place, surface)
	c.s.html = html || c.s.html
	type blob struct {
		at      int64
		content []byte
	}
	var packed []blob
	c.s.packed = func(at int, content []byte) {
		if at >= c.from && at < c.to && len(packed) < maxInline {
			packed = append(packed, blob{c.base + int64(at), content})
		}
	}
	if c.buf == nil {
		c.buf = make([]byte, lead+pieceSize+overlap)
	}
	buf := c.buf
	kept := 0 // bytes of the piece before, at the beginning of buf
	for first := true; ; first = false {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf[kept:])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		text := buf[:kept+n]
		c.report.Searched.Bytes += int64(n)
		if c.o.Progress != nil {
			c.o.Progress(int64(n))
		}
		c.from, c.to = lead, len(text)-overlap
		if first {
			c.from = 0
		}
		if last {
			c.to = len(text)
		}
		c.search(text)
		if last {
			break
		}
		from := c.to - lead
		kept = copy(buf, text[from:])
		c.base += int64(from)
	}
	for _, b := range packed {
		if err := c.inline(fmt.Sprintf("%s@%d", place, b.at), b.content); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) hit(h hit) {
	if h.from < c.from || h.from >= c.to {
		return
	}
	for slot := h.from / slotSize; slot <= (h.to-1)/slotSize; slot++ {
		for _, s := range c.seen[seenSlot{h.needle, slot}] {
			if h.from < s.to && s.from < h.to {
				return // the same place in another spelling or view
			}
		}
	}
	for slot := h.from / slotSize; slot <= (h.to-1)/slotSize; slot++ {
		key := seenSlot{h.needle, slot}
		c.seen[key] = append(c.seen[key], h)
	}
	v := c.s.n.values[h.needle]
	f := Finding{Place: c.place, Surface: c.surface, Offset: c.base + int64(h.from), Encoding: h.encoding, Needle: int64(h.needle) + 1, Category: v.category, Found: h.kind, Certain: v.sure && !h.weak}
	if c.kept[f.Certain] < maxFindings {
		c.kept[f.Certain]++
		c.places = append(c.places, f)
		return
	}
	f.Place, f.Surface, f.Offset = "", "", 0
	c.more[f]++
}

func (c *checker) notChecked(place, why string) {
	c.report.notChecked(place, why)
}

func (c *checker) conclude() *Report {
	c.report.conclude(c.s.chance)
	return c.report
}

func isHTMLName(name string) bool {
	low := strings.ToLower(name)
	return slices.ContainsFunc([]string{".html", ".htm", ".xhtml", ".svg"}, func(s string) bool { return strings.HasSuffix(low, s) })
}
