package detect

import (
	"bytes"
	"unicode/utf8"
)

// urlByte tells the characters of which addresses of the web consist (RFC 3986).
func urlByte(c byte) bool {
	if class[c]&isWord != 0 {
		return true
	}
	return c < utf8.RuneSelf && bytes.IndexByte([]byte("-.~:/?#[]@!$&'()*+,;=%"), c) >= 0
}

// maxURL bounds how long an address is read.
const maxURL = 4096

// url reads the address whose scheme ends at the colon at a place, and returns where to
// go on.
func (s *Finder) url(colon int) int {
	a := colon
	for a > 0 && class[s.b[a-1]]&(isLetter|isDigit) != 0 && colon-a < 12 {
		a--
	}
	if a == colon {
		return colon + 1
	}
	b := colon + 3
	for b < min(len(s.b), colon+maxURL) && urlByte(s.b[b]) {
		b++
	}
	for b > colon+3 && bytes.IndexByte([]byte(".,;:!?'\")]"), s.b[b-1]) >= 0 {
		b--
	}
	if b < colon+6 {
		return colon + 3
	}
	rest := s.b[colon+3 : b]
	host := len(rest)
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		host = i
	}
	secret := false
	if i := bytes.LastIndexByte(rest[:host], '@'); i > 0 {
		s.add(colon+3, colon+3+i, "url_secret", "url_userinfo@1", "", Strong)
		s.userinfo = colon + 3 + i
		secret = true
	}
	if s.secrets(colon+3+host, b) {
		secret = true
	}
	if !secret && s.d.o.URLs {
		s.add(a, b, "url", "url@1", "", Strong)
	}
	// Addresses, numbers and known values in it are found as elsewhere.
	return colon + 3
}

// secretNames are parts of names of parameters whose values open something.
var secretNames = wordList("token", "key", "sig", "secret", "pass", "pwd", "auth", "session", "sid", "code", "ticket", "access", "credential", "jwt", "otp", "pin", "hash", "nonce", "invite", "reset")

// secrets finds values of parameters, and parts of a path, that look as if they opened
// something.
func (s *Finder) secrets(from, end int) (found bool) {
	text := s.b[from:end]
	query := bytes.IndexAny(text, "?#")
	path := text
	if query >= 0 {
		path = text[:query]
	}
	for at := 0; at < len(path); {
		i := bytes.IndexByte(path[at:], '/')
		if i < 0 {
			i = len(path) - at
		}
		if random(path[at : at+i]) {
			s.add(from+at, from+at+i, "url_secret", "url_path@1", "", Strong)
			found = true
		}
		at += i + 1
	}
	if query < 0 {
		return found
	}
	for at := query + 1; at < len(text); {
		i := bytes.IndexAny(text[at:], "&;#")
		if i < 0 {
			i = len(text) - at
		}
		part := text[at : at+i]
		if eq := bytes.IndexByte(part, '='); eq > 0 && eq+1 < len(part) {
			name, value := s.lower(part[:eq]), part[eq+1:]
			named := false
			for _, n := range secretNames {
				named = named || bytes.Contains(name, n)
			}
			if named || random(value) {
				s.add(from+at+eq+1, from+at+i, "url_secret", "url_query@1", "", Strong)
				found = true
			}
		}
		at += i + 1
	}
	return found
}

// random reports whether b looks like a key: twenty characters or more of letters and
// digits, at least a fifth of them digits, or capitals among them.
func random(b []byte) bool {
	if len(b) < 20 {
		return false
	}
	digits, capitals, small := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			capitals++
		case c >= 'a' && c <= 'z':
			small++
		case c != '-' && c != '_' && c != '.' && c != '%' && c != '=' && c != '+' && c != '~':
			return false
		}
	}
	return digits*5 >= len(b) && digits < len(b) || digits >= 2 && capitals >= 4 && small >= 4
}
