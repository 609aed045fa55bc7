package identify

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// xmlRoot returns the root element of an XML document whose first bytes are head:
// "local", or "{namespace}local". It is "" where head is no XML, or the root's start
// tag does not end in it. Nothing is expanded, nothing else is looked at.
func xmlRoot(head []byte) string {
	text, utf16 := xmlText(head)
	if !startsAsXML(text) {
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false // entities of a document type are not known here
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if utf16 {
			return r, nil // decoded already, whatever the declaration still says
		}
		return charsetOf(label).NewDecoder().Reader(r), nil
	}
	for {
		token, err := d.RawToken()
		if err != nil {
			return ""
		}
		switch t := token.(type) {
		case xml.StartElement:
			return rootName(t)
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return ""
			}
		case xml.EndElement:
			return ""
		}
	}
}

// xmlText takes off a byte order mark and turns UTF-16 into UTF-8; XML 1.0,
// appendix F, tells UTF-16 without a mark by its first characters.
func xmlText(head []byte) (text []byte, utf16 bool) {
	var e encoding.Encoding
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return head[3:], false
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("<\x00?\x00")):
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), bytes.HasPrefix(head, []byte("\x00<\x00?")):
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		return head, false
	}
	text, err := e.NewDecoder().Bytes(head)
	if err != nil {
		return nil, true
	}
	return text, true
}

// startsAsXML: a declaration, a comment, a document type or an element. Without a
// declaration HTML, which has its own rules, is left alone, and so is what ends no
// element: lines of a chat may begin with <name>.
func startsAsXML(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) < 2 || text[0] != '<' {
		return false
	}
	if bytes.HasPrefix(text, []byte("<?xml")) {
		return true
	}
	if !bytes.Contains(text, []byte("</")) && !bytes.Contains(text, []byte("/>")) {
		return false
	}
	if c := text[1]; c != '!' && c != '?' && c != '_' && c < 0x80 && (c|0x20 < 'a' || c|0x20 > 'z') {
		return false
	}
	start := strings.ToLower(string(text[:min(len(text), 15)]))
	return !strings.HasPrefix(start, "<!doctype html") && !strings.HasPrefix(start, "<html")
}

// charsetOf is the charset that a declaration names. Where nobody knows it its
// ASCII part is taken for ASCII: names of elements seldom hold more.
func charsetOf(label string) encoding.Encoding {
	if e, err := htmlindex.Get(label); err == nil {
		return e
	}
	return charmap.ISO8859_1
}

// rootName resolves the prefix of an element's name by what the element declares.
func rootName(t xml.StartElement) string {
	prefix := t.Name.Space
	for _, a := range t.Attr {
		if prefix == "" && a.Name.Space == "" && a.Name.Local == "xmlns" || prefix != "" && a.Name.Space == "xmlns" && a.Name.Local == prefix {
			if a.Value == "" {
				break
			}
			return strings.ToValidUTF8("{"+a.Value+"}"+t.Name.Local, "\uFFFD")
		}
	}
	if prefix != "" {
		return prefix + ":" + t.Name.Local // declared nowhere
	}
	return t.Name.Local
}
