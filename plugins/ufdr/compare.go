package main

import (
	"archive/zip"
	"bufio"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// tagged is a file of taggedFiles as the report states it.
type tagged struct {
	Size  string `xml:"size,attr"`
	Items []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:",chardata"`
	} `xml:"metadata>item"`
}

func (t *tagged) item(names ...string) string {
	for _, i := range t.Items {
		for _, name := range names {
			if strings.EqualFold(i.Name, name) {
				return strings.TrimSpace(i.Value)
			}
		}
	}
	return ""
}

// comparison holds what a .ufdr says of itself against what is in it.
type comparison struct {
	c       *sdk.Ctx
	in      *sdk.Input
	report  *zip.File
	members map[string]*zip.File // by path, in lower case, from the report's directory on
	listed  map[string]bool
	buf     []byte

	files, agree, unhashed int64
	missing, differ, size  sdk.Tally
	unreadable             sdk.Tally
}

// compare hashes every file that the report lists and compares.
func compare(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	z, err := zip.NewReader(in, in.Size)
	if in.Err() != nil {
		return in.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: the archive's directory is damaged, or cut off", sdk.ErrMalformed)
	}
	x := &comparison{
		c: c, in: in, members: map[string]*zip.File{}, listed: map[string]bool{}, buf: make([]byte, 64<<10),
		missing:    sdk.Tally{Code: "ufdr.file_missing", Severity: evidence.SeverityDamage, Message: "the report lists a file that is not in the archive"},
		differ:     sdk.Tally{Code: "ufdr.hash_differs", Severity: evidence.SeverityDamage, Message: "a file's bytes do not have the hash that the report states"},
		size:       sdk.Tally{Code: "ufdr.size_differs", Message: "a file is not as long as the report states"},
		unreadable: sdk.Tally{Code: "ufdr.file_unreadable", Severity: evidence.SeverityDamage, Message: "a file that the report lists cannot be read from the archive, and so not be compared"},
	}
	for _, f := range z.File {
		if strings.EqualFold(path.Base(f.Name), "report.xml") && (x.report == nil || len(f.Name) < len(x.report.Name)) {
			x.report = f
		}
	}
	if x.report == nil {
		return fmt.Errorf("%w: no report.xml is in the archive", sdk.ErrMalformed)
	}
	dir := path.Dir(x.report.Name)
	for _, f := range z.File {
		if name, ok := below(f.Name, dir); ok && !strings.HasSuffix(name, "/") {
			x.members[strings.ToLower(name)] = f
		}
	}
	if err := x.walk(); err != nil {
		return err
	}
	out.Skip(x.files)
	x.sum()
	return nil
}

// below is a member's path from a directory on.
func below(name, dir string) (string, bool) {
	name = strings.ReplaceAll(name, `\`, "/")
	if dir == "." {
		return name, true
	}
	return strings.CutPrefix(name, dir+"/")
}

// place is where a member's data lie in the archive.
func (x *comparison) place(f *zip.File) sdk.Source {
	at, err := f.DataOffset()
	if n := int64(f.CompressedSize64); err == nil && at >= 0 && n >= 0 && at <= x.in.Size && n <= x.in.Size-at {
		return x.in.Source(at, n)
	}
	return x.in.Source(0, x.in.Size)
}

// walk goes through the report: its list of files, one at a time.
func (x *comparison) walk() error {
	r, err := x.report.Open()
	if err != nil {
		return fmt.Errorf("%w: report.xml cannot be read from the archive", sdk.ErrMalformed)
	}
	defer r.Close()
	bound := &betweenTokens{r: r}
	d := xml.NewDecoder(bufio.NewReaderSize(bound, 64<<10))
	d.Entity = map[string]string{}
	models, depth := int64(0), 0
	stated := int64(-1)
	for {
		bound.n = 0
		t, err := d.Token()
		switch {
		case x.stop() != nil:
			return x.stop()
		case errors.Is(err, io.EOF):
			if stated >= 0 && stated != models {
				x.c.Diagnose(sdk.Diagnostic{
					Code: "ufdr.count_differs", Severity: evidence.SeverityWarning, Source: x.place(x.report), Data: map[string]any{"stated": stated, "found": models},
					Message: "the report states another number of models than it holds (models inside of others are not counted here)",
				})
			}
			return nil
		case err != nil:
			x.c.Damage(x.place(x.report), "ufdr.report", "report.xml breaks off, or is no XML from some place on; the files that it lists behind are not compared")
			return nil
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "project":
				stated = attrInt(t, "ModelCount")
			case "model":
				if depth++; depth == 1 {
					models++
				}
			case "file":
				if depth > 0 {
					break
				}
				var f tagged
				if err := d.DecodeElement(&f, &t); err != nil {
					continue // Token says it again
				}
				if err := x.one(&f); err != nil {
					return err
				}
			}
		case xml.EndElement:
			if t.Name.Local == "model" {
				depth--
			}
		}
	}
}

// betweenTokens refuses to read on where a token, or an element of the list of files, is of
// more than maxToken bytes: the decoder would hold all of it.
type betweenTokens struct {
	r io.Reader
	n int
}

const maxToken = 16 << 20

func (b *betweenTokens) Read(p []byte) (int, error) {
	if b.n > maxToken {
		return 0, errors.New("too long an element")
	}
	n, err := b.r.Read(p)
	b.n += n
	return n, err
}

func (x *comparison) stop() error {
	if x.in.Err() != nil {
		return x.in.Err()
	}
	return x.c.Err()
}

func attrInt(t xml.StartElement, name string) int64 {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			if n, err := strconv.ParseInt(a.Value, 10, 64); err == nil && n >= 0 {
				return n
			}
		}
	}
	return -1
}

// one compares a file of the list.
func (x *comparison) one(t *tagged) error {
	local := t.item("Local Path")
	if local == "" {
		return nil // its content was not exported
	}
	x.files++
	name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(local, `\`, "/"), "./"))
	x.listed[name] = true
	f := x.members[name]
	if f == nil {
		x.missing.Add(x.c, x.place(x.report))
		return nil
	}
	r, err := f.Open()
	if err != nil {
		x.unreadable.Add(x.c, x.place(f))
		return x.stop()
	}
	defer r.Close()
	m, s := md5.New(), sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(m, s), struct{ io.Reader }{r}, x.buf)
	if x.stop() != nil {
		return x.stop()
	}
	if err != nil {
		x.unreadable.Add(x.c, x.place(f))
		return nil
	}
	wantMD5, want256 := t.item("MD5"), t.item("SHA256", "SHA-256")
	good := true
	for _, h := range []struct {
		stated string
		found  []byte
	}{{wantMD5, m.Sum(nil)}, {want256, s.Sum(nil)}} {
		if h.stated != "" && !strings.EqualFold(h.stated, hex.EncodeToString(h.found)) {
			good = false
		}
	}
	switch {
	case !good:
		x.differ.Add(x.c, x.place(f))
	case wantMD5 == "" && want256 == "":
		x.unhashed++
	default:
		x.agree++
	}
	if size, err := strconv.ParseInt(t.Size, 10, 64); err == nil && size != n {
		x.size.Add(x.c, x.place(f))
	}
	return nil
}

// sum says what came of it all.
func (x *comparison) sum() {
	for _, t := range []*sdk.Tally{&x.missing, &x.differ, &x.size, &x.unreadable} {
		t.Total(x.c)
	}
	unlisted := 0
	for name := range x.members {
		if strings.HasPrefix(name, "files/") && !x.listed[name] {
			unlisted++
		}
	}
	if unlisted > 0 {
		x.c.Diagnose(sdk.Diagnostic{Code: "ufdr.file_unlisted", Severity: evidence.SeverityWarning, Data: map[string]any{"files": unlisted}, Message: "files are in the archive that the report does not list"})
	}
	x.c.Diagnose(sdk.Diagnostic{
		Code: "ufdr.compared", Severity: evidence.SeverityInfo, Source: x.place(x.report),
		Data:    map[string]any{"files": x.files, "as_stated": x.agree, "without_a_hash": x.unhashed},
		Message: "the files that the report lists were hashed and compared with what it states",
	})
}
