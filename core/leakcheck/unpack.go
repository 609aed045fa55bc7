package leakcheck

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxNested is how deep archives may lie in one another.
	maxNested = 8
	// maxInline is how many archives in base64 are unpacked in one file.
	maxInline = 10_000
	// inMemory is how large an archive may be that is held in memory; larger ones go through
	// a temporary file.
	inMemory = 16 << 20
	sniffed  = 4096
)

// opaque are formats that this check cannot read, by their first bytes.
var opaque = []struct{ magic, what string }{
	{"\x89PNG\r\n\x1a\n", "a picture: what can be seen in it is not read"},
	{"\xff\xd8\xff", "a picture: what can be seen in it is not read"},
	{"GIF8", "a picture: what can be seen in it is not read"},
	{"II*\x00", "a picture: what can be seen in it is not read"},
	{"MM\x00*", "a picture: what can be seen in it is not read"},
	{"RIFF", "a picture, sound or film: not read"},
	{"BM", ""},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: not unpacked"},
	{"Rar!", "a RAR archive: not unpacked"},
	{"\xfd7zXZ\x00", "an XZ file: not unpacked"},
	{"\x04\x22\x4d\x18", "an LZ4 file: not unpacked"},
	{"age-encryption.org/", "encrypted: cannot be read"},
	{"-----BEGIN AGE ENCRYPTED FILE-----", "encrypted: cannot be read"},
	{"-----BEGIN PGP MESSAGE-----", "encrypted: cannot be read"},
	{"Salted__", "encrypted: cannot be read"},
	{"PAR1", "a Parquet file: its compressed columns are not unpacked"},
	{"ID3", "sound: not read"},
	{"OggS", "sound: not read"},
	{"\xd0\xcf\x11\xe0", "an old Office file: its streams are searched as they lie, in pieces"},
}

// packedMagic are archives that are unpacked wherever they begin.
var packedMagic = []string{"PK\x03\x04", "PK\x05\x06", "\x1f\x8b\x08", "BZh", "\x28\xb5\x2f\xfd", "%PDF-"}

func isPacked(b []byte) bool {
	return slices.ContainsFunc(packedMagic, func(m string) bool { return bytes.HasPrefix(b, []byte(m)) }) || opaqueBy(b) != ""
}

func opaqueBy(head []byte) string {
	for _, o := range opaque {
		if o.what != "" && bytes.HasPrefix(head, []byte(o.magic)) {
			return o.what
		}
	}
	return ""
}

// content searches a file, and what is packed in it.
func (c *checker) content(place string, r io.Reader, nested int) error {
	if nested > maxNested {
		c.notChecked(place, fmt.Sprintf("archives lie in one another more than %d deep", maxNested))
		return nil
	}
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	begins := func(magic ...string) bool {
		return slices.ContainsFunc(magic, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) })
	}
	switch {
	case begins("PK\x03\x04", "PK\x05\x06"):
		return c.spooled(place, b, func(f *spool) error { return c.zip(place, f, nested) })
	case begins("\x1f\x8b\x08"):
		return c.compressed(place, b, nested, func(r io.Reader) (io.Reader, error) {
			z, err := gzip.NewReader(r)
			if err == nil {
				c.name(z.Name+"\n"+z.Comment+"\n"+string(z.Extra), func(string) string { return place + "!(header)" })
			}
			return z, err
		})
	case begins("BZh"):
		return c.compressed(place, b, nested, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })
	case begins("\x28\xb5\x2f\xfd"):
		return c.compressed(place, b, nested, func(r io.Reader) (io.Reader, error) {
			z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<28))
			if err != nil {
				return nil, err
			}
			return z.IOReadCloser(), nil
		})
	case begins("%PDF-"):
		return c.spooled(place, b, func(f *spool) error { return c.pdf(place, f) })
	case isMail(place, head):
		return c.spooled(place, b, func(f *spool) error { return c.mail(place, f, nested) })
	}
	if what := opaqueBy(head); what != "" {
		c.notChecked(place, what)
	}
	lower := bytes.ToLower(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n"))
	html := bytes.HasPrefix(lower, []byte("<!doctype html")) || bytes.HasPrefix(lower, []byte("<html"))
	return c.stream(place, InContent, b, html)
}

// inline searches an archive that stood in a file in base64.
func (c *checker) inline(place string, content []byte) error {
	return c.content(place, c.bounded(place, bytes.NewReader(content)), 1)
}

// compressed searches what a stream unpacks to. Damage is said, and what came before is searched.
func (c *checker) compressed(place string, r io.Reader, nested int, open func(io.Reader) (io.Reader, error)) error {
	z, err := open(r)
	if err != nil {
		c.notChecked(place, "damaged, or no such archive: "+err.Error())
		return nil
	}
	c.report.Searched.Nested++
	m := &member{c: c, r: z}
	err = c.content(place+"!", m, nested+1)
	if closer, ok := z.(io.Closer); ok {
		err = m.closed(err, closer)
	}
	m.tell(place)
	return err
}

// member reads what is unpacked. Damage ends it and is told; it is no failure of the check.
type member struct {
	c      *checker
	r      io.Reader
	damage error
	full   bool
}

func (m *member) Read(p []byte) (int, error) {
	if m.c.left <= 0 {
		m.full = true
		return 0, io.EOF
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.c.left)])
	m.c.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) && m.c.ctx.Err() == nil {
		m.damage, err = err, io.EOF
	}
	return n, err
}

// closed closes what m read; damage that it tells once more is told already.
func (m *member) closed(err error, c io.Closer) error {
	if cerr := c.Close(); m.damage == nil {
		err = errors.Join(err, cerr)
	}
	return err
}

func (m *member) tell(place string) {
	switch {
	case m.damage != nil:
		m.c.notChecked(place, "cannot be unpacked whole: "+m.damage.Error())
	case m.full:
		m.c.notChecked(place, "unpacks to more than is searched")
	}
}

func (c *checker) bounded(place string, r io.Reader) io.Reader {
	m := &member{c: c, r: r}
	return readerFunc(func(p []byte) (int, error) {
		n, err := m.Read(p)
		if m.full {
			m.tell(place)
			m.full = false
		}
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// zip searches an archive's members, their names, and all of it that is no member's content:
// headers, comments, and what stands between.
func (c *checker) zip(place string, f *spool, nested int) error {
	z, err := zip.NewReader(f, f.size)
	if err != nil {
		c.notChecked(place, "a damaged ZIP file: "+err.Error())
		return c.stream(place, InContent, io.NewSectionReader(f, 0, f.size), false)
	}
	return c.members(z, f, f.size, nested+1, func(name string) string { return place + "!" + name })
}

// members goes through the files of an archive that lies in at[:size]; nested is 0 where they
// are the files that were given.
func (c *checker) members(z *zip.Reader, at io.ReaderAt, size int64, nested int, place func(name string) string) error {
	type span struct{ from, to int64 }
	var contents []span
	for _, f := range z.File {
		if from, err := f.DataOffset(); err == nil {
			contents = append(contents, span{from, from + int64(f.CompressedSize64)})
		}
	}
	slices.SortFunc(contents, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var between []io.Reader
	end := int64(0)
	for _, s := range contents {
		if s.from > end {
			between = append(between, io.NewSectionReader(at, end, s.from-end))
		}
		end = max(end, s.to)
	}
	between = append(between, io.NewSectionReader(at, end, max(0, size-end)))
	if err := c.stream(place("(headers)"), InStructure, io.MultiReader(between...), false); err != nil {
		return err
	}
	if nested == 0 {
		c.settle(false)
	}
	for _, f := range z.File {
		name := place(c.name(f.Name, place))
		if nested == 0 {
			c.settle(false)
		}
		if f.Mode().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil || f.Flags&1 != 0 {
			c.notChecked(name, "encrypted, or packed in a way that is not read here")
			continue
		}
		m := &member{c: c, r: r}
		if nested == 0 {
			err = c.top(name, m)
		} else {
			c.report.Searched.Nested++
			err = c.content(name, m, nested)
		}
		err = m.closed(err, r)
		m.tell(name)
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckZIP checks the files of a ZIP file, such as a bundle, and all of it that is no file.
// It fails with evidence.ErrFormat where it is none.
func CheckZIP(ctx context.Context, at io.ReaderAt, size int64, n *Needles, o Options) (*Report, error) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, fmt.Errorf("leak check: %w: no ZIP file: %w", errFormat, err)
	}
	c := newChecker(ctx, n, o)
	c.left = max(maxUnpacked, 4*size)
	if err := c.members(z, at, size, 0, func(name string) string { return name }); err != nil {
		return nil, fmt.Errorf("leak check: %w", err)
	}
	return c.conclude(), nil
}

// pdf searches a PDF as it is and its compressed streams (ISO 32000-1, 7.3.8, FlateDecode).
func (c *checker) pdf(place string, f *spool) error {
	if err := c.stream(place, InContent, io.NewSectionReader(f, 0, f.size), false); err != nil {
		return err
	}
	c.notChecked(place, "a PDF: its streams were searched, but text that is drawn with coded fonts, and pictures, are not read")
	if f.size > 1<<28 {
		return nil
	}
	text := make([]byte, f.size)
	if _, err := f.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for n, at := 1, 0; ; n++ {
		k := bytes.Index(text[at:], []byte("stream"))
		if k < 0 {
			return nil
		}
		at += k + len("stream")
		begin := at + len(text[at:]) - len(bytes.TrimLeft(text[at:min(len(text), at+2)], "\r\n")) - len(text[min(len(text), at+2):])
		z, err := zlib.NewReader(bytes.NewReader(text[begin:]))
		if err != nil {
			continue
		}
		c.report.Searched.Nested++
		if err := c.stream(fmt.Sprintf("%s!stream %d", place, n), InContent, &member{c: c, r: z}, false); err != nil {
			return err
		}
	}
}

// spool is a file that can be read at any place.
type spool struct {
	io.ReaderAt
	size int64
}

// spooled takes r into memory, or a temporary file that is gone afterwards, and hands it to do.
func (c *checker) spooled(place string, r io.Reader, do func(*spool) error) (err error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, inMemory))
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	if n < inMemory {
		return do(&spool{bytes.NewReader(b.Bytes()), n})
	}
	f, err := os.CreateTemp("", "exhibit-leakcheck-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.Write(b.Bytes()); err != nil {
		return err
	}
	more, err := io.Copy(f, r)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return do(&spool{f, n + more})
}

// digestReader hashes what is read.
type digestReader struct {
	r io.Reader
	h hash.Hash
}

func newDigestReader(r io.Reader) *digestReader { return &digestReader{r, sha256.New()} }

func (d *digestReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.h.Write(p[:n])
	return n, err
}

func (d *digestReader) sum() string { return hex.EncodeToString(d.h.Sum(nil)) }
