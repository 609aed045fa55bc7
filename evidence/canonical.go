package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSafeInteger is the largest magnitude an integer may have in canonical
// JSON (RFC 8785 §3.2.2.3, I-JSON): 2^53-1. Larger values are written as strings.
const MaxSafeInteger = 1<<53 - 1

// maxDepth bounds nesting in canonical JSON.
const maxDepth = 64

// Canonical returns v as canonical JSON (docs/formats/canonical.md): RFC 8785
// without fractions or exponents. v is built of nil, bool, string, signed and
// unsigned integers, json.Number, []any, []string, map[string]any,
// map[string]string; any other value goes through encoding/json first.
// It fails with ErrNotCanonical on a number that is no safe integer and on
// text that is not UTF-8.
func Canonical(v any) ([]byte, error) { return AppendCanonical(nil, v) }

// AppendCanonical appends what Canonical returns to dst.
func AppendCanonical(dst []byte, v any) ([]byte, error) { return appendValue(dst, v, 0) }

func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrNotCanonical, maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendText(dst, v)
	case int:
		return appendInt(dst, int64(v))
	case int64:
		return appendInt(dst, v)
	case int32:
		return appendInt(dst, int64(v))
	case uint32:
		return appendInt(dst, int64(v))
	case uint64:
		if v > MaxSafeInteger {
			return nil, fmt.Errorf("%w: integer %d exceeds 2^53-1", ErrNotCanonical, v)
		}
		return strconv.AppendUint(dst, v, 10), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != v.String() {
			return nil, fmt.Errorf("%w: number %s is not a plain integer", ErrNotCanonical, v)
		}
		return appendInt(dst, n)
	case []string:
		dst = append(dst, '[')
		var err error
		for i, s := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendText(dst, s); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case []any:
		dst = append(dst, '[')
		var err error
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendValue(dst, e, depth+1); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]string:
		return appendMap(dst, v, func(dst []byte, s string) ([]byte, error) { return appendText(dst, s) })
	case map[string]any:
		return appendMap(dst, v, func(dst []byte, e any) ([]byte, error) { return appendValue(dst, e, depth+1) })
	}
	return appendForeign(dst, v, depth)
}

// appendForeign sends a value of any other type through encoding/json, so that
// structs keep their field tags, and canonicalises the result.
func appendForeign(dst []byte, v any, depth int) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	plain, err := decodePlain(buf.Bytes())
	if err != nil {
		return nil, err
	}
	return appendValue(dst, plain, depth)
}

// Canonicalize rewrites any JSON text as canonical JSON. Of duplicate member
// names the last one counts: use it for our own values, never to judge others'.
func Canonicalize(text []byte) ([]byte, error) {
	v, err := decodePlain(text)
	if err != nil {
		return nil, err
	}
	return Canonical(v)
}

func decodePlain(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the value", ErrNotCanonical)
	}
	return v, nil
}

func appendMap[V any](dst []byte, m map[string]V, value func([]byte, V) ([]byte, error)) ([]byte, error) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, CompareNames)
	dst = append(dst, '{')
	var err error
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendText(dst, name); err != nil {
			return nil, err
		}
		dst = append(dst, ':')
		if dst, err = value(dst, m[name]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// CompareNames orders member names as RFC 8785 §3.2.3 does: by UTF-16 code units.
func CompareNames(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			return compareUTF16(ra, rb)
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

func compareUTF16(a, b rune) int {
	if a > 0xFFFF {
		if a2, _ := utf16.EncodeRune(a); b <= 0xFFFF {
			return int(a2 - b)
		}
	} else if b > 0xFFFF {
		b2, _ := utf16.EncodeRune(b)
		return int(a - b2)
	}
	return int(a - b)
}

func appendInt(dst []byte, n int64) ([]byte, error) {
	if n > MaxSafeInteger || n < -MaxSafeInteger {
		return nil, fmt.Errorf("%w: integer %d exceeds 2^53-1", ErrNotCanonical, n)
	}
	return strconv.AppendInt(dst, n, 10), nil
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%w: text is not UTF-8", ErrNotCanonical)
	}
	return AppendString(dst, s), nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a canonical JSON string (RFC 8785 §3.2.2.2). s must
// be UTF-8.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
