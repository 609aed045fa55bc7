package conform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Verdict is what Reread comes to.
type Verdict int

// Verdicts.
const (
	// Unchecked says that the span's bytes do not hold the values as they are (decrypted,
	// unescaped, a row of a database), or the record states no span.
	Unchecked Verdict = iota
	// Found says that the bytes at the span hold at least one of the record's values.
	Found
	// Drifted says that they hold none, and the input holds one somewhere else.
	Drifted
)

// leastText is how many characters a value must have to be looked for: shorter
// ones stand everywhere.
const leastText = 4

// ours are members that hold words of ours, or places, and no values of the evidence.
var ours = []string{"kind", "source", "charset", "charset_basis", "state", "time_basis", "time_kind", "time", "direction", "flags", "service", "effect", "table"}

// Reread compares the values of a record with the bytes of input at its span:
// texts as they are written in the record's charset (UTF-8 where it states none),
// `…_raw` members as bytes. Where none is there, the value that is somewhere else
// is returned.
func Reread(line, input []byte) (v Verdict, value string) {
	var head struct {
		Charset string
		Source  struct {
			Offset, Length *int64
			Profile, Key   string
		}
	}
	var all map[string]any
	if json.Unmarshal(line, &head) != nil || json.Unmarshal(line, &all) != nil {
		return Unchecked, ""
	}
	src := head.Source
	if src.Offset == nil || src.Length == nil || !(evidence.Span{Offset: *src.Offset, Length: *src.Length}).Within(int64(len(input))) {
		return Unchecked, ""
	}
	span := input[*src.Offset : *src.Offset+*src.Length]
	values := encoded(all, head.Charset)
	for _, b := range values {
		if bytes.Contains(span, b) {
			return Found, ""
		}
	}
	if src.Profile != "" || src.Key != "" {
		return Unchecked, ""
	}
	for _, b := range values {
		if bytes.Contains(input, b) {
			return Drifted, string(b)
		}
	}
	return Unchecked, ""
}

// encoded lists the values of a record as bytes of the input.
func encoded(record map[string]any, charset string) [][]byte {
	enc := encoderOf(charset)
	var out [][]byte
	add := func(name string, v any) {
		s, ok := v.(string)
		switch {
		case !ok:
		case strings.HasSuffix(name, "_raw") && name != "time_raw":
			if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) >= leastText {
				out = append(out, b)
			}
		case len([]rune(s)) >= leastText && !strings.ContainsRune(s, '\uFFFD'):
			if b, err := enc.Bytes([]byte(s)); err == nil {
				out = append(out, b)
			}
		}
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(name, e)
			}
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		default:
			add(name, v)
		}
	}
	for name, v := range record {
		if !slices.Contains(ours, name) {
			walk(name, v)
		}
	}
	// The longest first, the same order every time: it is the one that is told.
	slices.SortFunc(out, func(a, b []byte) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return bytes.Compare(a, b)
	})
	return out
}

func encoderOf(charset string) *encoding.Encoder {
	if e, err := htmlindex.Get(charset); err == nil && charset != "" {
		return e.NewEncoder()
	}
	return encoding.Nop.NewEncoder()
}
