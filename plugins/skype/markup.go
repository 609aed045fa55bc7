package main

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is a piece of a body: text, or a tag.
type token struct {
	text  string // of text, references resolved
	tag   string // name in lower case; "" for text
	attrs string // as written
	end   bool   // </tag>
	empty bool   // <tag/>
}

// maxTag is how long a tag may be; a < that none follows is text.
const maxTag = 16 << 10

// tokens splits a body into text and tags. Bodies are XML for the most part, but
// programs have written texts into them as they were typed: what is no tag and no
// reference stands for itself.
func tokens(s string) []token {
	var list []token
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			list = append(list, token{text: text.String()})
			text.Reset()
		}
	}
	for s != "" {
		i := strings.IndexAny(s, "<&")
		if i < 0 {
			text.WriteString(s)
			break
		}
		text.WriteString(s[:i])
		s = s[i:]
		if s[0] == '<' {
			if t, n := tagOf(s); n > 0 {
				flush()
				list = append(list, t)
				s = s[n:]
				continue
			}
		} else if r, n := reference(s); n > 0 {
			text.WriteString(r)
			s = s[n:]
			continue
		}
		text.WriteByte(s[0])
		s = s[1:]
	}
	flush()
	return list
}

// tagOf reads a tag at the start of s, n bytes long; 0 where there is none.
func tagOf(s string) (t token, n int) {
	i := 1
	if i < len(s) && s[i] == '/' {
		t.end = true
		i++
	}
	from := i
	for i < len(s) && (isLetter(s[i]) || i > from && (s[i] == '_' || s[i] == '-' || s[i] == ':' || s[i] >= '0' && s[i] <= '9')) {
		i++
	}
	if i == from || i == len(s) || !strings.ContainsRune(" \t\r\n/>", rune(s[i])) {
		return token{}, 0
	}
	t.tag = strings.ToLower(s[from:i])
	from = i
	var quote byte
	for ; i < len(s) && i < maxTag; i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return token{}, 0
		case c == '>':
			t.attrs = s[from:i]
			if rest, ok := strings.CutSuffix(t.attrs, "/"); ok {
				t.attrs, t.empty = rest, true
			}
			return t, i + 1
		}
	}
	return token{}, 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// reference reads &name; or &#number; at the start of s, n bytes long; 0 for none.
func reference(s string) (text string, n int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return "", 0
	}
	switch name := s[1:end]; name {
	case "lt":
		text = "<"
	case "gt":
		text = ">"
	case "amp":
		text = "&"
	case "quot":
		text = `"`
	case "apos":
		text = "'"
	case "nbsp":
		text = "\u00a0"
	default:
		digits, base := name[1:], 10
		if name[0] != '#' {
			return "", 0
		}
		if rest, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
			digits, base = rest, 16
		}
		r, err := strconv.ParseUint(digits, base, 32)
		if err != nil || r == 0 || !utf8.ValidRune(rune(r)) {
			return "", 0
		}
		text = string(rune(r))
	}
	return text, end + 1
}

// attr returns an attribute of a tag, references resolved.
func (t *token) attr(name string) string {
	rest := t.attrs
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		key, after, ok := strings.Cut(rest, "=")
		after = strings.TrimLeft(after, " \t\r\n")
		if !ok || after == "" || after[0] != '"' && after[0] != '\'' {
			return ""
		}
		value, more, ok := strings.Cut(after[1:], after[:1])
		if !ok {
			return ""
		}
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return plain(value)
		}
		rest = more
	}
}

// plain resolves the references of a text without tags.
func plain(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			i = len(s)
		}
		b.WriteString(s[:i])
		if s = s[i:]; s == "" {
			break
		}
		if r, n := reference(s); n > 0 {
			b.WriteString(r)
			s = s[n:]
			continue
		}
		b.WriteByte('&')
		s = s[1:]
	}
	return b.String()
}
