package main

import (
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// body is what a message says, and the files that it names.
type body struct {
	text  string
	files []sdk.Attachment
}

// render makes of a body what its reader saw, as text: markup goes, what links and
// mentions stand for stays, and of a structure that people never saw (an SMS, a call,
// files) its words are taken.
func render(s string) body {
	var r renderer
	for _, t := range tokens(s) {
		r.token(&t)
	}
	r.closeLink()
	text := r.out.String()
	if strings.TrimSpace(text) == "" && r.alt != "" {
		text = r.alt
	}
	return body{text: text, files: r.files}
}

// renderer goes through the tokens of one body.
type renderer struct {
	out    strings.Builder
	alt    string // of the outermost structure, for where nothing else is shown
	silent int    // how many tags deep nothing is shown
	quiet  string // the tag that began it

	link   string // of the <a> that is open
	linkAt int    // where its label begins
	files  []sdk.Attachment
	file   *sdk.Attachment // whose name follows as text
	name   bool            // the text that follows is somebody's name
	sms    bool
	chunk  bool
}

func (r *renderer) token(t *token) {
	switch {
	case t.tag == "":
		r.text(t.text)
	case r.silent > 0:
		r.skip(t)
	case t.end:
		r.end(t.tag)
	default:
		r.start(t)
	}
}

// skip counts the tags of the name that began the silence.
func (r *renderer) skip(t *token) {
	switch {
	case t.tag != r.quiet || t.empty:
	case t.end:
		r.silent--
	default:
		r.silent++
	}
}

func (r *renderer) text(s string) {
	switch {
	case r.file != nil:
		r.file.Name = sdk.Str(s)
		r.line(s)
	case r.silent > 0 || r.sms && !r.chunk:
	case r.name:
		r.out.WriteString(" (" + s + ")")
	default:
		r.out.WriteString(s)
	}
}

// line writes one of several things that have no text around them.
func (r *renderer) line(s string) {
	if r.out.Len() > 0 {
		r.out.WriteString(", ")
	}
	r.out.WriteString(s)
}

func (r *renderer) start(t *token) {
	if alt := t.attr("alt"); alt != "" && r.alt == "" {
		r.alt = alt
	}
	switch t.tag {
	case "br":
		r.out.WriteByte('\n')
	case "a":
		r.closeLink()
		if !t.empty {
			r.link, r.linkAt = t.attr("href"), r.out.Len()
		}
	case "sms":
		r.sms = !t.empty
	case "chunk":
		r.chunk = !t.empty
	case "partlist", "contacts", "files":
	case "part": // one who was in a call
		r.line(t.attr("identity"))
	case "c":
		r.contact(t)
	case "name":
		r.name = !t.empty
	case "file":
		r.files = append(r.files, sdk.Attachment{Size: size(t.attr("size")), Missing: true})
		if !t.empty {
			r.file = &r.files[len(r.files)-1]
		}
	case "originalname":
		if n := t.attr("v"); n != "" {
			r.uriObject().Name = sdk.Str(n)
		}
	case "filesize":
		if n := t.attr("v"); n != "" {
			r.uriObject().Size = size(n)
		}
	case "duration", "meta", "title", "description", "swift", "encoded_body", "e_m", "ums", "initiator", "eventtime":
		if !t.empty {
			r.silent, r.quiet = 1, t.tag
		}
	}
}

func (r *renderer) end(tag string) {
	switch tag {
	case "a":
		r.closeLink()
	case "sms":
		r.sms = false
	case "chunk":
		r.chunk = false
	case "name":
		r.name = false
	case "file":
		r.file = nil
	}
}

// closeLink shows where a link leads that says something else.
func (r *renderer) closeLink() {
	if label := r.out.String()[min(r.linkAt, r.out.Len()):]; r.link != "" && r.link != label && !strings.HasSuffix(r.link, "//"+label) && !strings.HasSuffix(r.link, ":"+label) {
		r.out.WriteString(" (" + r.link + ")")
	}
	r.link = ""
}

// contact is one of a list of contacts that was sent: s the account, f the name, p
// the number.
func (r *renderer) contact(t *token) {
	var list []string
	for _, name := range []string{"f", "s", "p"} {
		if v := t.attr(name); v != "" {
			list = append(list, v)
		}
	}
	r.line(strings.Join(list, " "))
}

// uriObject is the one file that an URIObject describes by tags of its own.
func (r *renderer) uriObject() *sdk.Attachment {
	if len(r.files) == 0 {
		r.files = append(r.files, sdk.Attachment{Missing: true})
	}
	return &r.files[len(r.files)-1]
}

func size(s string) sdk.Number {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 {
		return sdk.NullNum()
	}
	return sdk.Num(n)
}
