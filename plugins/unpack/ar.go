package main

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// The common format of ar(5), with the long names of GNU ("/123", in a table) and of BSD
// ("#1/20", before the data). A Debian package is one of these.
const (
	arMagic     = "!<arch>\n"
	thinMagic   = "!<thin>\n"
	arHeaderLen = 60
	arEnd       = "`\n"
	maxArNames  = 16 << 20 // of a table of long names
	maxArName   = 64 << 10
)

type arHeader struct {
	name                  string
	size                  int64
	mtime, uid, gid, mode string
}

// parseArHeader reads a header; ok is false where it is none.
func parseArHeader(b []byte) (h arHeader, ok bool) {
	field := func(from, to int) string { return strings.TrimRight(string(b[from:to]), " ") }
	size, err := strconv.ParseInt(field(48, 58), 10, 64)
	if string(b[58:60]) != arEnd || err != nil || size < 0 {
		return h, false
	}
	return arHeader{name: field(0, 16), size: size, mtime: field(16, 28), uid: field(28, 34), gid: field(34, 40), mode: field(40, 48)}, true
}

func (h *arHeader) meta() map[string]any {
	m := map[string]any{}
	if n, err := strconv.ParseInt(h.mtime, 10, 64); err == nil {
		m["mtime"] = rfc3339(n, 0)
	}
	for name, s := range map[string]string{"uid": h.uid, "gid": h.gid} {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			m[name] = n
		}
	}
	if h.mode != "" {
		m["mode"] = h.mode
	}
	return m
}

// ar unpacks an archive member by member. A header that is none ends it: nothing says
// where the next would be.
func (j *job) ar() error {
	head := make([]byte, len(arMagic))
	if n, err := j.in.ReadAt(head, 0); n < len(head) {
		return err
	}
	if string(head) == thinMagic {
		j.c.Reject(sdk.At(0, j.in.Size), "ar.thin", "the archive is a thin one: it names its members, which lie elsewhere")
		return nil
	}
	var names string
	at := int64(len(arMagic))
	for at < j.in.Size {
		b := make([]byte, arHeaderLen)
		if n, err := j.in.ReadAt(b, at); n < len(b) {
			if j.in.Err() != nil || !errors.Is(err, io.EOF) {
				return err
			}
			if j.in.Size-at > 1 || b[0] != '\n' { // padding of the last member
				j.report(damaged("ar.cut", "the archive ends inside a header", sdk.At(at, j.in.Size-at)))
			}
			return nil
		}
		h, ok := parseArHeader(b)
		if !ok {
			j.report(damaged("ar.header", "bytes where a header should be are none", sdk.At(at, j.in.Size-at)))
			return nil
		}
		j.any = true
		data, stored := at+arHeaderLen, h.size
		next := data + h.size + h.size&1
		switch {
		case h.name == "//": // GNU's table of long names
			table := make([]byte, min(h.size, maxArNames, max(0, j.in.Size-data)))
			if _, err := io.ReadFull(j.in.Section(data, int64(len(table))), table); err != nil {
				return err
			}
			names = string(table)
			j.out.Skip(1)
		case h.name == "/" || h.name == "/SYM64/" || strings.HasPrefix(h.name, "__.SYMDEF"): // an index of symbols
			j.out.Skip(1)
		default:
			n, err := j.arName(&h, names, data)
			if err != nil {
				return err
			}
			if err := j.arMember(h, data+n, max(0, stored-n)); err != nil {
				return err
			}
		}
		at = next
	}
	if !j.any {
		j.empty("ar")
	}
	return nil
}

// arName settles the member's name. n is how many bytes of it stand before the data.
func (j *job) arName(h *arHeader, names string, data int64) (n int64, err error) {
	switch {
	case strings.HasPrefix(h.name, "#1/"):
		long, perr := strconv.ParseInt(h.name[3:], 10, 64)
		if perr != nil || long < 0 || long > maxArName || long > h.size || long > j.in.Size-data {
			return 0, nil
		}
		b := make([]byte, long)
		if _, err := io.ReadFull(j.in.Section(data, long), b); err != nil {
			return 0, err
		}
		h.name = strings.TrimRight(string(b), "\x00")
		return long, nil
	case strings.HasPrefix(h.name, "/"):
		at, perr := strconv.Atoi(h.name[1:])
		if perr == nil && at >= 0 && at < len(names) {
			h.name, _, _ = strings.Cut(names[at:], "\n")
		}
	}
	h.name = strings.TrimSuffix(h.name, "/")
	return 0, nil
}

func (j *job) arMember(h arHeader, data, length int64) error {
	name := evidence.NewName(h.name)
	have := max(0, min(length, j.in.Size-data))
	m := member{name: &name, meta: h.meta(), steps: []sdk.Step{{"do": unar, "offset": data, "length": have}}}
	r := &arData{r: bufio.NewReaderSize(j.in.Section(data, have), 64<<10)}
	if have < length {
		r.end = damaged("ar.cut", "the archive ends before the member does", sdk.At(data, have))
	}
	bad, err := j.copyMember(m, r, false)
	if bad != nil {
		j.report(bad)
	}
	return err
}

// arData is a member's content; its end before the end is damage.
type arData struct {
	r   io.Reader
	end error
}

func (d *arData) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if errors.Is(err, io.EOF) && d.end != nil {
		err = d.end
	}
	return n, err
}
