package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// multimedia reads an mms. What its parts hold becomes files: they come first, so that
// the record can say which they are.
func (x *exported) multimedia(e *xmlread.Element) (*sdk.SMS, error) {
	x.mms++
	m := &sdk.SMS{Common: x.common(e, "date", "date_sent"), Service: sdk.Str("mms")}
	n, _ := e.Int("msg_box")
	kind, _ := e.Int("m_type")
	if mmsStatus(m, e.Int, n, kind); m.Direction == sdk.Unknown {
		x.typeOdd.Add(x.c, e.Source())
	}
	var list []address
	if addrs := e.Child("addrs"); addrs != nil {
		for a := range addrs.Children("addr") {
			header, _ := a.Int("type")
			list = append(list, address{header, value(a, "address")})
		}
	}
	mmsParties(m, list)
	if len(list) == 0 { // an older version: the address only, of several joined by ~
		m.To = []sdk.Text{}
		for _, a := range strings.Split(value(e, "address").String(), "~") {
			switch {
			case a == "":
			case m.Direction == sdk.Incoming && m.From.IsNull():
				m.From = sdk.Str(a)
			default:
				m.To = append(m.To, sdk.Str(a))
			}
		}
	}
	charset, _ := e.Int("sub_cs")
	subject(m, value(e, "sub"), charset)
	var parts []part
	if p := e.Child("parts"); p != nil {
		for child := range p.Children("part") {
			p, err := x.part(child, len(parts))
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
	}
	content(m, parts)
	x.times(m, e, n)
	return m, nil
}

func (x *exported) part(e *xmlread.Element, n int) (part, error) {
	p := part{id: int64(n), ct: value(e, "ct").String(), text: value(e, "text"), all: map[string]any{}}
	p.seq, _ = e.Int("seq")
	for name, v := range e.Attrs() {
		if name != "data" && !v.IsNull() && v.String() != "null" {
			p.all[name] = v
		}
	}
	for _, name := range []string{"name", "fn", "cl", "cid"} {
		if p.name = value(e, name); p.name.String() != "" {
			break
		}
	}
	at, ok := e.AttrSpan("data")
	if !ok || at.Length == 0 || e.Attr("data").String() == "null" {
		return p, nil
	}
	if odd, err := x.holds(at, '&'); odd || err != nil {
		if err == nil {
			x.c.Warn(e.Source(), codeAttachment, "an attachment is not in base64 as the app writes it; it is left where it is")
		}
		return p, err
	}
	name := path.Base("/" + strings.ReplaceAll(p.name.String(), "\x00", ""))
	if name == "/" || name == "." {
		name = "part"
	}
	file, err := x.out.Unbase64(x.in, at, evidence.Name{Text: fmt.Sprintf("mms-%d/%d-%s", x.mms, n+1, strings.ToValidUTF8(name, "\uFFFD"))}, map[string]any{"content_type": p.ct})
	if err != nil {
		return p, err
	}
	file.Name, file.MediaType = p.name, sdk.OrNull(p.ct)
	p.file = &file
	return p, nil
}

// holds reports whether a part of the input has a byte.
func (x *exported) holds(at evidence.Span, c byte) (bool, error) {
	buf := make([]byte, min(at.Length, 64<<10))
	for r := x.in.Section(at.Offset, at.Length); ; {
		n, err := r.Read(buf)
		if bytes.IndexByte(buf[:n], c) >= 0 {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}
