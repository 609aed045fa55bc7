package custody

import (
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Type is a type of field values.
type Type struct {
	Name, Meaning string
	ok            func(v any) bool // v as decode returns it
}

// Types returns the types of field values. Empty text and empty lists are of no
// type: what is not known is left out.
func Types() []Type {
	return []Type{
		{"text", "text, not empty", isText},
		{"line", "text of one line, not empty, at most 256 bytes, no control characters", stringThat(isLine)},
		{"texts", "list of text, not empty; single texts may be empty", list(isString)},
		{"word", "lower-case letters, digits, `_` and `-`, beginning with a letter, at most 64", stringThat(isWord)},
		{"integer", "integer", isInteger},
		{"count", "integer, not negative", isCount},
		{"counts", "object: word → count", mapOf(isCount)},
		{"boolean", "true or false", isBool},
		{"truth", "true, false, or null where unknown", orNullOf(isBool)},
		{"estimate", "integer, or null where unknown", orNullOf(isInteger)},
		{"time", "RFC 3339 UTC, `Z`, with or without a fraction", stringThat(isTime)},
		{"offset", "`±hh:mm`", stringThat(isOffset)},
		{"uuid", "UUID of version 4, lower case", stringThat(isUUID)},
		{"hash", "64 hexadecimal digits; `\"\"` where there is none", stringThat(func(s string) bool { return s == "" || isHex(s, 64) })},
		{"nonce", "32 hexadecimal digits", stringThat(func(s string) bool { return isHex(s, 32) })},
		{"digest", "`sha256:` and 64 hexadecimal digits", stringThat(isDigest)},
		{"program", "digest, or `\"\"` where it could not be read", stringThat(func(s string) bool { return s == "" || isDigest(s) })},
		{"origin", "`<lab>/<case uuid>`", stringThat(func(s string) bool { return CheckOrigin(s) == nil })},
		{"vkey", "verifier key (C2SP signed-note)", stringThat(isVKey)},
		{"fingerprint", "`key:` and 16 hexadecimal digits", stringThat(isFingerprint)},
		{"name", "file name: {`text`} or {`raw`: base64, `text`}", isName},
		{"place", "{`artifact`: digest, `length`: count, `offset`: count}", isPlace},
		{"plugin", "{`name`: text, `sha256`: digest, `version`: text}", isPlugin},
		{"plugins", "list of plugin", list(isPlugin)},
		{"hashes", "list of {`algorithm`: word, `path`: text or name, `value`: text} and what else belongs to each", list(isObject)},
		{"spans", "list of {`length`: count, `offset`: count} and what else belongs to each", list(isObject)},
		{"objects", "list of objects", list(isObject)},
		{"object", "object", isObject},
	}
}

func isString(v any) bool  { _, ok := v.(string); return ok }
func isText(v any) bool    { s, ok := v.(string); return ok && s != "" }
func isInteger(v any) bool { _, ok := v.(int64); return ok }
func isCount(v any) bool   { n, ok := v.(int64); return ok && n >= 0 }
func isBool(v any) bool    { _, ok := v.(bool); return ok }
func isObject(v any) bool  { _, ok := v.(map[string]any); return ok }

func stringThat(ok func(string) bool) func(any) bool {
	return func(v any) bool { s, is := v.(string); return is && ok(s) }
}

func orNullOf(ok func(any) bool) func(any) bool {
	return func(v any) bool { return v == nil || ok(v) }
}

func list(ok func(any) bool) func(any) bool {
	return func(v any) bool {
		l, is := v.([]any)
		for _, e := range l {
			is = is && ok(e)
		}
		return is && len(l) > 0
	}
}

func mapOf(ok func(any) bool) func(any) bool {
	return func(v any) bool {
		m, is := v.(map[string]any)
		for name, e := range m {
			is = is && isWord(name) && ok(e)
		}
		return is
	}
}

// members reports whether v is an object of exactly the members given, each as it should be.
func members(v any, want map[string]func(any) bool) bool {
	m, ok := v.(map[string]any)
	if !ok || len(m) != len(want) {
		return false
	}
	for name, is := range want {
		if e, ok := m[name]; !ok || !is(e) {
			return false
		}
	}
	return true
}

func isName(v any) bool {
	return members(v, map[string]func(any) bool{"text": isString}) ||
		members(v, map[string]func(any) bool{"text": isString, "raw": isText})
}

func isPlace(v any) bool {
	return members(v, map[string]func(any) bool{"artifact": stringThat(isDigest), "offset": isCount, "length": isCount})
}

func isPlugin(v any) bool {
	return members(v, map[string]func(any) bool{"name": isText, "version": isString, "sha256": stringThat(isDigest)})
}

func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// isLine holds for what names a program: one line that fits on a page.
func isLine(s string) bool {
	return s != "" && len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func isDigest(s string) bool {
	h, ok := strings.CutPrefix(s, evidence.DigestPrefix)
	return ok && isHex(h, 64)
}

func isFingerprint(s string) bool {
	h, ok := strings.CutPrefix(s, "key:")
	return ok && isHex(h, 16)
}

func isOffset(s string) bool {
	if len(s) != 6 || s[0] != '+' && s[0] != '-' {
		return false
	}
	_, err := time.Parse("15:04", s[1:])
	return err == nil
}

func isTime(s string) bool {
	t, err := time.Parse(time.RFC3339Nano, s)
	return err == nil && strings.HasSuffix(s, "Z") && !strings.Contains(s, ",") && t.UTC().Format("2006-01-02T15:04:05") == s[:19]
}

func isVKey(s string) bool {
	_, _, err := ParseVKey(s)
	return err == nil
}
