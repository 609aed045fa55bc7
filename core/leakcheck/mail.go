package leakcheck

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var errFormat = evidence.ErrFormat

// isMail reports whether a file is a mail (RFC 5322), as RSMF files are.
func isMail(place string, head []byte) bool {
	low := strings.ToLower(place)
	if strings.HasSuffix(low, ".eml") || strings.HasSuffix(low, ".rsmf") {
		return true
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	name, _, ok := bytes.Cut(first, []byte(":"))
	return ok && len(name) > 1 && !bytes.ContainsAny(name, " \t<{\"") && bytes.Contains(bytes.ToLower(head), []byte("\nmime-version:"))
}

// mail searches a mail as it is, and its parts decoded.
func (c *checker) mail(place string, f *spool, nested int) error {
	if err := c.stream(place, InContent, io.NewSectionReader(f, 0, f.size), false); err != nil {
		return err
	}
	m, err := mail.ReadMessage(bufio.NewReader(io.NewSectionReader(f, 0, f.size)))
	if err != nil {
		c.notChecked(place, "its name says it is a mail, and it cannot be read as one")
		return nil
	}
	c.headers(place, textproto.MIMEHeader(m.Header))
	return c.part(place, textproto.MIMEHeader(m.Header), m.Body, nested)
}

// headers searches header fields with their encoded words decoded (RFC 2047).
func (c *checker) headers(place string, h textproto.MIMEHeader) {
	var d mime.WordDecoder
	var b strings.Builder
	for _, values := range h {
		for _, v := range values {
			if text, err := d.DecodeHeader(v); err == nil && text != v {
				b.WriteString(text + "\n")
			}
		}
	}
	if b.Len() > 0 {
		c.begin(place+"!headers", InContent)
		c.whole([]byte(b.String()))
	}
}

// part searches one part of a mail; parts of parts in turn.
func (c *checker) part(place string, h textproto.MIMEHeader, body io.Reader, nested int) error {
	if nested > maxNested {
		c.notChecked(place, fmt.Sprintf("parts lie in one another more than %d deep", maxNested))
		return nil
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		parts := multipart.NewReader(body, params["boundary"])
		for n := 1; ; n++ {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				c.notChecked(place, "a mail whose parts cannot all be read")
				return nil
			}
			name := fmt.Sprintf("%s!part %d", place, n)
			c.headers(name, p.Header)
			if file := p.FileName(); file != "" {
				c.name(file, func(string) string { return name })
			}
			if err := c.part(name, p.Header, p, nested+1); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	default:
		return nil // searched already, as it is
	}
	c.report.Searched.Nested++
	m := &member{c: c, r: body}
	err = c.content(place+"!", m, nested+1)
	m.tell(place)
	return err
}
