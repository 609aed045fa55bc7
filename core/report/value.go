package report

import (
	"encoding/json"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// plainText is a JSON value for people: text without quotes, a name as it is
// printed, lists with commas, null as nothing.
func plainText(b []byte) string {
	if len(b) == 0 || string(b) == "null" {
		return ""
	}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return string(b)
	}
	return valueText(v, b)
}

func valueText(v any, b []byte) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			out[i] = valueText(x, nil)
		}
		return strings.Join(out, ", ")
	case map[string]any:
		if text, ok := v["text"].(string); ok && (len(v) == 1 || len(v) == 2 && v["raw"] != nil) {
			return text
		}
	}
	if b == nil {
		b, _ = json.Marshal(v) // decoded from JSON just now
	}
	return string(b)
}

// pathText is a name from evidence, safe to show.
func pathText(n evidence.Name) string { return visible(n.String()) }
