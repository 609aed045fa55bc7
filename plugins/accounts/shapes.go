package main

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What values look like. Each is narrow enough that other text rarely fits.

// isEmail: local@domain.tld, without spaces (RFC 5321 addresses as they are met).
func isEmail(b []byte) bool {
	at := bytes.IndexByte(b, '@')
	if at < 1 || len(b) > 254 || bytes.ContainsAny(b, " \t\r\n,;<>()") || bytes.IndexByte(b[at+1:], '@') >= 0 {
		return false
	}
	domain := b[at+1:]
	dot := bytes.LastIndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-1 && !isDigit(domain[len(domain)-1])
}

func isIP(b []byte) bool {
	if len(b) < 2 || len(b) > 45 {
		return false
	}
	_, err := netip.ParseAddr(string(b))
	return err == nil
}

// isPhone: 5 to 15 digits (ITU-T E.164) with what people write between them.
func isPhone(b []byte) bool {
	digits := 0
	for i, c := range b {
		switch {
		case isDigit(c):
			digits++
		case c == '+' && i == 0, c == ' ' || c == '-' || c == '(' || c == ')' || c == '.' || c == '/':
		default:
			return false
		}
	}
	return digits >= 5 && digits <= 15
}

// isMobile is isPhone for values alone, without a column's name: a Chinese mobile
// number, or an international one with its plus sign.
func isMobile(b []byte) bool {
	if len(b) == 11 && b[0] == '1' && b[1] >= '3' {
		_, ok := integer(b)
		return ok
	}
	return len(b) > 8 && b[0] == '+' && isPhone(b)
}

// isNationalID: the shapes that identity numbers have, 6 to 20 letters and digits.
func isNationalID(b []byte) bool {
	digits := 0
	for _, c := range b {
		switch {
		case isDigit(c):
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '.', c == '/', c == ' ':
		default:
			return false
		}
	}
	return digits >= 5 && len(b) >= 6 && len(b) <= 24
}

// isResidentID is the Chinese resident identity number with its check digit
// (GB 11643-1999, ISO 7064 MOD 11-2).
func isResidentID(b []byte) bool {
	if len(b) != 18 {
		return false
	}
	sum := 0
	for i, c := range b[:17] {
		if !isDigit(c) {
			return false
		}
		weight := 1
		for range 17 - i {
			weight = weight * 2 % 11
		}
		sum += int(c-'0') * weight
	}
	return b[17]&^0x20 == "10X98765432"[sum%11]&^0x20
}

// isName: a few words of letters.
func isName(b []byte) bool {
	letters := 0
	for s := b; len(s) > 0; {
		r, n := utf8.DecodeRune(s)
		s = s[n:]
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r), strings.ContainsRune(" '.-·’", r):
		default:
			return false
		}
	}
	return letters > 0 && len(b) <= 64
}

// isTime: a date in one of the ways that databases write it.
func isTime(b []byte) bool {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return false
	}
	for _, i := range [8]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if !isDigit(b[i]) {
			return false
		}
	}
	return len(b) == 10 || b[10] == ' ' || b[10] == 'T'
}

// epochUnit returns the unit in which n counts a time between 1990 and 2100 since
// 1970, "" for none.
func epochUnit(n int64) string {
	const from, to = 631152000, 4102444800
	for _, u := range []struct {
		name string
		per  int64
	}{{"s", 1}, {"ms", 1e3}, {"us", 1e6}} {
		if n >= from*u.per && n < to*u.per {
			return u.name
		}
	}
	return ""
}

// credentialType names a credential by its shape. What states its own scheme is
// named so; what only has the length of a digest is called like it: nothing is known
// of how it was made. Anything else may be a password in the clear.
func credentialType(b []byte) string {
	s := string(b)
	for _, p := range []struct{ prefix, name string }{
		{"$2a$", "bcrypt"},
		{"$2b$", "bcrypt"},
		{"$2x$", "bcrypt"},
		{"$2y$", "bcrypt"},
		{"$P$", "phpass"},
		{"$H$", "phpass"},
		{"$S$", "drupal7"},
		{"$1$", "md5crypt"},
		{"$apr1$", "apr1"},
		{"$5$", "sha256crypt"},
		{"$6$", "sha512crypt"},
		{"$y$", "yescrypt"},
		{"$argon2", "argon2"},
		{"pbkdf2_sha", "pbkdf2"},
		{"SCRAM-SHA-256$", "scram-sha-256"},
		{"{SSHA}", "ssha"},
		{"{SHA}", "sha"},
	} {
		if strings.HasPrefix(s, p.prefix) {
			return p.name
		}
	}
	if len(s) == 41 && s[0] == '*' && isHex(s[1:]) {
		return "mysql41-like"
	}
	if len(s) == 35 && strings.HasPrefix(s, "md5") && isHex(s[3:]) {
		return "postgresql-md5-like"
	}
	if isHex(s) {
		switch len(s) {
		case 16:
			return "mysql323-like"
		case 32:
			return "md5-like"
		case 40:
			return "sha1-like"
		case 56:
			return "sha224-like"
		case 64:
			return "sha256-like"
		case 96:
			return "sha384-like"
		case 128:
			return "sha512-like"
		}
	}
	return "unrecognised"
}

// isDigest reports whether b has the shape of a digest long enough to be none by chance.
func isDigest(b []byte) bool {
	return len(b) >= 32 && credentialType(b) != "unrecognised"
}

func isHex(s string) bool {
	for i := range len(s) {
		if hexDigit(s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// positional is the name of a column that has none.
func positional(i int) string { return "column_" + strconv.Itoa(i+1) }
