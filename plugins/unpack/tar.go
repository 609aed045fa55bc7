package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// maxExtended bounds an extended header: no path needs more.
const maxExtended = 1 << 20

// tarWalk reads one archive from front to back. It does what GNU tar does with
// what is damaged: skips to the next header, and says so.
type tarWalk struct {
	*job
	r     *bufio.Reader
	pos   int64 // in the archive
	plain bool  // the archive is the input itself: offsets are places
	steps []sdk.Step

	global   pax
	local    pax
	name     *string // of a GNU long name entry
	link     *string
	skipFrom int64 // where bytes that are no header began, -1 for none
	ended    bool  // the end-of-archive mark was seen
	after    bool  // something came after it
	members  int64
}

// tar unpacks the archive that r gives; steps lead from the input to r.
func (j *job) tar(r io.Reader, steps []sdk.Step) error {
	w := &tarWalk{job: j, r: bufio.NewReaderSize(r, 64<<10), plain: steps == nil, steps: steps, skipFrom: -1}
	bad, err := w.walk()
	if err != nil {
		return err
	}
	w.endSkip(w.pos)
	if bad != nil {
		j.report(bad)
	}
	return nil
}

// at is the place of a part of the archive, where the input has one.
func (w *tarWalk) at(offset, length int64) sdk.Source {
	if !w.plain || offset > w.in.Size {
		return sdk.Source{}
	}
	return sdk.At(offset, min(length, w.in.Size-offset))
}

// diagnose adds the place in the archive to what is said.
func (w *tarWalk) diagnose(code, severity, message string, offset, length int64, data map[string]any) {
	d := sdk.Diagnostic{Code: code, Severity: severity, Message: message, Source: w.at(offset, length), Data: data}
	if !w.plain {
		d.Data = map[string]any{"archive_offset": offset}
		for k, v := range data {
			d.Data[k] = v
		}
	}
	w.c.Diagnose(d)
}

func (w *tarWalk) walk() (*damage, error) {
	block := make([]byte, blockSize)
	for {
		at := w.pos
		n, err := io.ReadFull(w.r, block)
		w.pos += int64(n)
		if bad, err := w.judge(err); err != nil || bad != nil {
			return bad, err
		}
		switch {
		case n == 0:
			if !w.ended {
				w.diagnose("tar.end", evidence.SeverityWarning, "the archive has no end mark: it may be cut short after a member", at, 0, nil)
			}
			return nil, nil
		case n < blockSize && bytes.Trim(block[:n], "\x00") == nil:
			continue
		case n < blockSize:
			return damaged("tar.cut", "the archive ends inside a header", w.at(at, int64(n))), nil
		case zero(block):
			w.ended = true
			continue
		case !isTar(block):
			if w.skipFrom < 0 {
				w.skipFrom = at
			}
			continue
		}
		w.endSkip(at)
		if w.ended && !w.after {
			w.after = true
			w.diagnose("tar.after_end", evidence.SeverityWarning, "members follow the archive's end mark; they are unpacked too", at, w.in.Size-at, nil)
		}
		if bad, err := w.entry(at, block); err != nil || bad != nil {
			return bad, err
		}
	}
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// endSkip reports the bytes from skipFrom to an offset, which were no header.
func (w *tarWalk) endSkip(to int64) {
	if w.skipFrom < 0 {
		return
	}
	if w.ended {
		w.diagnose("tar.trailing", evidence.SeverityWarning, "bytes follow the archive's end mark that are no member", w.skipFrom, to-w.skipFrom, nil)
	} else {
		w.diagnose("tar.header", evidence.SeverityDamage, "bytes where a header should be are none; reading goes on at the next header", w.skipFrom, to-w.skipFrom, nil)
	}
	w.skipFrom = -1
}

// entry deals with the header block at an offset and the data after it.
func (w *tarWalk) entry(at int64, block []byte) (*damage, error) {
	h := parseTarHeader(block)
	switch h.typeflag {
	case typePax, typePaxSolaris, typePaxGlobal, typeLongName, typeLongLink:
		return w.extended(at, h)
	}
	ok := w.global.apply(&h)
	if w.name != nil {
		h.name = *w.name
	}
	if w.link != nil {
		h.link = *w.link
	}
	ok = w.local.apply(&h) && ok
	w.local, w.name, w.link = nil, nil, nil
	if !ok {
		w.diagnose("tar.pax", evidence.SeverityDamage, "an extended header has a value that makes no sense and is not used", at, blockSize, nil)
	}
	for h.extended {
		n, err := io.ReadFull(w.r, block)
		w.pos += int64(n)
		if n < blockSize {
			return w.cut(err, at)
		}
		h.sparse = oldSparse(h.sparse, block, 21)
		h.extended = block[504] != 0 && len(h.sparse) <= maxExtents
	}
	return w.member(at, h)
}

// cut says that the archive ends inside what began at an offset.
func (w *tarWalk) cut(err error, at int64) (*damage, error) {
	if bad, err := w.judge(err); err != nil || bad != nil {
		return bad, err
	}
	return damaged("tar.cut", "the archive ends inside a member", w.at(at, w.in.Size-at)), nil
}

// extended reads the data of an extended header: it speaks of the next member, or of all.
func (w *tarWalk) extended(at int64, h tarHeader) (*damage, error) {
	if h.size > maxExtended {
		w.diagnose("tar.pax", evidence.SeverityDamage, "an extended header is too long and is not used", at, blockSize, nil)
		return w.pass(at, padded(h.size))
	}
	data := make([]byte, padded(h.size))
	n, err := io.ReadFull(w.r, data)
	w.pos += int64(n)
	if n < len(data) {
		return w.cut(err, at)
	}
	data = data[:h.size]
	switch h.typeflag {
	case typeLongName, typeLongLink:
		s := cstring(data)
		if h.typeflag == typeLongName {
			w.name = &s
		} else {
			w.link = &s
		}
	default:
		p, ok := parsePax(data)
		if !ok {
			w.diagnose("tar.pax", evidence.SeverityDamage, "an extended header is malformed; its sound part is used", at, blockSize+h.size, nil)
		}
		if h.typeflag == typePaxGlobal {
			w.global = append(w.global, p...)
		} else {
			w.local = p
		}
	}
	return nil, nil
}

func padded(n int64) int64 { return (n + blockSize - 1) / blockSize * blockSize }

// pass moves on by n bytes.
func (w *tarWalk) pass(at, n int64) (*damage, error) {
	k, err := io.CopyN(io.Discard, w.r, n)
	w.pos += k
	if k < n {
		return w.cut(err, at)
	}
	return nil, nil
}

// member makes an artifact of what has content; of all else a diagnostic says that
// it is there.
func (w *tarWalk) member(at int64, h tarHeader) (*damage, error) {
	w.members++
	switch h.typeflag {
	case typeDirectory:
		w.out.Skip(1)
		return nil, nil
	case typeHardLink, typeSymlink, typeCharacter, typeBlock, typeFIFO, typeVolume:
		w.out.Skip(1)
		w.diagnose("tar."+typeNames[h.typeflag], evidence.SeverityInfo, "the member is a "+typeNames[h.typeflag]+": it has no content of its own and is not followed", at, blockSize, nil)
		return w.pass(at, padded(h.size))
	}
	offset, stored := w.pos, h.size
	if h.sparseInData {
		list, taken, ok, err := readMap(w.r, h.size)
		w.pos += taken
		if err != nil {
			return w.cut(err, at)
		}
		if h.sparse, h.size = list, h.size-taken; !ok {
			h.sparse, h.realSize = []extent{}, -1
		}
	}
	name := evidence.NewName(h.name)
	m := member{name: &name, meta: h.meta()}
	step := sdk.Step{"do": untar, "offset": offset, "length": stored}
	data := &tarData{w: w, left: h.size, at: at}
	content := io.Reader(data)
	switch {
	case h.sparse != nil && h.checkSparse():
		step["sparse"] = pairs(h.sparse)
		step["size"] = h.realSize
		content = &holes{r: data, list: append([]extent(nil), h.sparse...), size: h.realSize}
	case h.sparse != nil:
		m.flaw = "the map of a sparse file makes no sense: what is stored is given without its holes"
		w.diagnose("tar.sparse", evidence.SeverityDamage, m.flaw, at, blockSize, nil)
	}
	if h.typeflag == typeContinue {
		m.flaw = "the first part of the member is on another volume"
		w.diagnose("tar.continued", evidence.SeverityDamage, m.flaw, at, blockSize, nil)
	}
	m.steps = append(append([]sdk.Step{}, w.steps...), step)
	bad, err := w.copyMember(m, content, false)
	if err != nil || bad != nil {
		return bad, err
	}
	return w.pass(at, data.left+padded(stored)-stored)
}

func pairs(list []extent) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = []any{e.offset, e.length}
	}
	return out
}

// tarData is the stored content of a member; its end before the end is damage.
type tarData struct {
	w    *tarWalk
	left int64
	at   int64
}

func (d *tarData) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	n, err := d.w.r.Read(p[:min(int64(len(p)), d.left)])
	d.w.pos += int64(n)
	d.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = damaged("tar.cut", fmt.Sprintf("the archive ends %d bytes before the member does", d.left), d.w.at(d.at, d.w.in.Size-d.at))
	}
	return n, err
}
