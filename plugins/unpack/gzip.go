package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// gzipReader reads RFC 1952, member after member. It knows at any time which byte
// of the input comes next, so that damage has a place.
type gzipReader struct {
	job     *job
	under   *counted
	br      *bufio.Reader
	z       inflater
	crc     uint32
	size    uint32
	member  int64 // offset of the member being read
	members int64
	inside  bool
	header  map[string]any // of the first member
	found   string         // the first flaw
	err     error
}

// counted counts what was taken from the input.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newGzip(j *job) *gzipReader {
	under := &counted{r: j.in.Reader()}
	// flate takes no more from a bufio.Reader than it needs.
	return &gzipReader{job: j, under: under, br: bufio.NewReaderSize(under, 64<<10), z: inflater{in: j.in}}
}

func (g *gzipReader) meta() map[string]any { return g.header }
func (g *gzipReader) flaw() string         { return g.found }

// pos is the offset of the next byte.
func (g *gzipReader) pos() int64 { return g.under.n - int64(g.br.Buffered()) }

// rest is the input from an offset on.
func (g *gzipReader) rest(from int64) sdk.Source { return sdk.At(from, g.job.in.Size-from) }

func (g *gzipReader) Read(p []byte) (int, error) {
	for g.err == nil {
		if !g.inside {
			g.err = g.next()
			continue
		}
		n, err := g.z.Read(p)
		g.crc = crc32.Update(g.crc, crc32.IEEETable, p[:n])
		g.size += uint32(n)
		switch {
		case errors.Is(err, io.EOF):
			g.inside = false
			g.err = g.trailer()
		case err != nil:
			g.err = g.broken(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// broken puts an error inside a member in words.
func (g *gzipReader) broken(err error) error {
	switch {
	case g.job.in.Err() != nil:
		return g.job.in.Err()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return damaged("gzip.cut", "the gzip stream ends before its end", g.rest(g.member))
	}
	return damaged("gzip.corrupt", "the gzip stream is corrupt", g.rest(min(g.pos(), g.job.in.Size)))
}

// next begins the next member, or says that there is none.
func (g *gzipReader) next() error {
	g.member = g.pos()
	head, err := g.br.Peek(3)
	if len(head) == 0 && errors.Is(err, io.EOF) && g.members > 0 {
		return g.end()
	}
	if err != nil && g.job.in.Err() != nil {
		return g.job.in.Err()
	}
	if string(head) != "\x1f\x8b\x08" {
		return g.trailing()
	}
	header, err := g.readHeader()
	if err != nil {
		return g.broken(err)
	}
	if g.members == 0 {
		g.header = header
	}
	g.members++
	at := g.pos()
	if err := g.z.reset(g.br, func() io.Reader { return g.job.in.Section(at, g.job.in.Size-at) }); err != nil {
		return err
	}
	g.crc, g.size, g.inside = 0, 0, true
	return nil
}

// end is reached after the last member.
func (g *gzipReader) end() error {
	if g.members > 1 {
		g.job.c.Diagnose(sdk.Diagnostic{
			Code: "gzip.members", Severity: evidence.SeverityInfo, Data: map[string]any{"members": g.members},
			Message: "the file is several gzip members, one after another; they are unpacked as one, as gzip does",
		})
	}
	return io.EOF
}

// trailing deals with what is no member: padding with zeros is usual on tapes.
func (g *gzipReader) trailing() error {
	from := g.pos()
	zeros := true
	for {
		b, err := g.br.ReadByte()
		if err != nil {
			if g.job.in.Err() != nil {
				return g.job.in.Err()
			}
			break
		}
		zeros = zeros && b == 0
	}
	if !zeros {
		g.job.c.Diagnose(sdk.Diagnostic{
			Code: "gzip.trailing", Severity: evidence.SeverityWarning, Source: g.rest(from),
			Message: "bytes follow the gzip stream that belong to no member",
		})
	}
	return g.end()
}

// Flags of a member's header (RFC 1952 §2.3.1).
const (
	flagHCRC    = 1 << 1
	flagExtra   = 1 << 2
	flagName    = 1 << 3
	flagComment = 1 << 4
)

// readHeader reads a member's header, which begins with the magic bytes.
func (g *gzipReader) readHeader() (map[string]any, error) {
	crc := crc32.NewIEEE()
	tee := func(n int) ([]byte, error) {
		b := make([]byte, n)
		_, err := io.ReadFull(g.br, b)
		crc.Write(b)
		return b, err
	}
	fixed, err := tee(10)
	if err != nil {
		return nil, err
	}
	flags, meta := fixed[3], map[string]any{"os": int(fixed[9])}
	if sec := binary.LittleEndian.Uint32(fixed[4:]); sec != 0 {
		meta["mtime"] = rfc3339(int64(sec), 0)
	}
	if flags&flagExtra != 0 {
		n, err := tee(2)
		if err != nil {
			return nil, err
		}
		if _, err := tee(int(binary.LittleEndian.Uint16(n))); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		flag byte
		name string
	}{{flagName, "name"}, {flagComment, "comment"}} {
		if flags&f.flag == 0 {
			continue
		}
		s, err := g.readText(crc)
		if err != nil {
			return nil, err
		}
		meta[f.name] = s
	}
	if flags&flagHCRC != 0 {
		want := uint16(crc.Sum32())
		b, err := tee(2)
		if err != nil {
			return nil, err
		}
		if binary.LittleEndian.Uint16(b) != want {
			g.flawed("gzip.header", "the gzip header does not match its checksum", g.member)
		}
	}
	return meta, nil
}

// maxText bounds a name or comment in a header: the rest of it is passed over.
const maxText = 64 << 10

func (g *gzipReader) readText(crc io.Writer) (string, error) {
	var s []byte
	for {
		b, err := g.br.ReadByte()
		if err != nil {
			return "", err
		}
		if _, err := crc.Write([]byte{b}); err != nil {
			return "", err
		}
		if b == 0 {
			return string(s), nil
		}
		if len(s) < maxText {
			s = append(s, b)
		}
	}
}

// trailer checks the member that was read.
func (g *gzipReader) trailer() error {
	var b [8]byte
	if _, err := io.ReadFull(g.br, b[:]); err != nil {
		return g.broken(io.ErrUnexpectedEOF)
	}
	if binary.LittleEndian.Uint32(b[:]) != g.crc || binary.LittleEndian.Uint32(b[4:]) != g.size {
		g.flawed("gzip.checksum", "the decompressed bytes do not match the gzip checksum or length", g.member)
	}
	return nil
}

// flawed reports what does not stop the reading of the member at offset from.
func (g *gzipReader) flawed(code, reason string, from int64) {
	g.job.c.Damage(sdk.At(from, g.pos()-from), code, reason)
	if g.found == "" {
		g.found = reason
	}
}
