package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// States of a password beyond its hash.
const (
	stateEmpty    = "empty"    // anybody may log in
	stateLocked   = "locked"   // the field was made such that nothing matches
	stateShadowed = "shadowed" // it is in another file
	stateNone     = "none"     // no password was ever valid
)

// Flags of records.
const (
	flagEmpty  = "password_empty"
	flagLocked = "account_locked"
)

// hashTypes are the beginnings of crypt(5) and of its relatives, longest first where
// one begins another.
var hashTypes = []struct{ prefix, name string }{
	{"$1$", "md5crypt"},
	{"$apr1$", "apr1"},
	{"$md5$", "sunmd5"},
	{"$md5,", "sunmd5"},
	{"$sha1$", "sha1crypt"},
	{"$2$", "bcrypt"},
	{"$2a$", "bcrypt"},
	{"$2b$", "bcrypt"},
	{"$2x$", "bcrypt"},
	{"$2y$", "bcrypt"},
	{"$3$", "nthash"},
	{"$5$", "sha256crypt"},
	{"$6$", "sha512crypt"},
	{"$7$", "scrypt"},
	{"$y$", "yescrypt"},
	{"$gy$", "gost-yescrypt"},
	{"$sm3$", "sm3crypt"},
	{"$argon2i$", "argon2i"},
	{"$argon2d$", "argon2d"},
	{"$argon2id$", "argon2id"},
	{"$pbkdf2-sha256$", "pbkdf2-sha256"},
	{"$pbkdf2-sha512$", "pbkdf2-sha512"},
	{"$pbkdf2$", "pbkdf2-sha1"},
}

// schemes are the words in braces of RFC 2307 and of directory servers.
var schemes = map[string]string{
	"SHA": "sha1", "SSHA": "salted-sha1", "MD5": "md5", "SMD5": "salted-md5", "SHA256": "sha256", "SSHA256": "salted-sha256", "SHA384": "sha384", "SSHA384": "salted-sha384",
	"SHA512": "sha512", "SSHA512": "salted-sha512", "CLEARTEXT": "plain", "PLAIN": "plain", "CLEAR": "plain", "PBKDF2": "pbkdf2-sha1", "PBKDF2-SHA1": "pbkdf2-sha1", "PBKDF2-SHA256": "pbkdf2-sha256",
	"PBKDF2-SHA512": "pbkdf2-sha512", "PBKDF2_SHA256": "pbkdf2-sha256", "ARGON2": "argon2", "BCRYPT": "bcrypt", "SASL": "sasl", "KERBEROS": "kerberos", "LANMAN": "lm", "NT": "nthash", "NS-MTA-MD5": "ns-mta-md5",
	"X-ISSHA": "sap-issha", "XINFO": "sap",
}

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// hashType names what a password is kept as, by its form alone; "" where that is none
// that is known. It tells forms apart, not what made them: {SHA} may have been anything.
func hashType(s string) string {
	if rest, ok := strings.CutPrefix(s, "{"); ok {
		scheme, value, found := strings.Cut(rest, "}")
		if !found {
			return ""
		}
		scheme = strings.ToUpper(scheme)
		if scheme == "CRYPT" {
			return hashType(value)
		}
		return schemes[scheme]
	}
	for _, t := range hashTypes {
		if strings.HasPrefix(s, t.prefix) {
			return t.name
		}
	}
	made := func(of string) bool { return strings.Trim(of, cryptAlphabet) == "" }
	switch {
	case len(s) == 20 && s[0] == '_' && made(s[1:]):
		return "bsdicrypt"
	case len(s) == 13 && made(s):
		return "descrypt"
	case len(s) > 13 && len(s) <= 178 && (len(s)-2)%11 == 0 && made(s):
		return "bigcrypt"
	}
	return ""
}

// password reads the password field of a user: its credential, nil where it holds
// none, and its state, "" where it is in use.
func password(field string) (c *sdk.Credential, state string) {
	hash := field
	switch {
	case field == "":
		return nil, stateEmpty
	case field == "x" || strings.HasPrefix(field, "##"):
		return nil, stateShadowed
	case field == "NP" || field == "*NP*":
		return nil, stateNone
	}
	for _, mark := range []string{"*LOCKED*", "*LK*", "LK", "!", "*"} {
		for strings.HasPrefix(hash, mark) {
			hash, state = hash[len(mark):], stateLocked
		}
	}
	if hash == "" || state == stateLocked && hashType(hash) == "" {
		return nil, stateLocked
	}
	name := hashType(hash)
	if name == "" {
		name = "unknown"
	}
	return &sdk.Credential{Type: name, Value: sdk.Bytes([]byte(field))}, state
}

// setPassword puts a password field into an account.
func setPassword(a *sdk.Account, field string) {
	c, state := password(field)
	a.Credential = c
	if state != "" {
		a.Extra["password"] = state
	}
	switch state {
	case stateEmpty:
		a.Flags = append(a.Flags, flagEmpty)
	case stateLocked:
		a.Flags = append(a.Flags, flagLocked)
	}
}
