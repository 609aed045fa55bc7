package conform

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// leastSecret is how long a key must be for its bytes to prove anything: shorter
// ones occur by chance.
const leastSecret = 5

// Secret says where value, in any of the ways to write it down, stands in what a
// run said, "" where nowhere. What is decrypted may hold anything and is not looked
// at: texts are records, diagnostics, reasons, stderr.
func Secret(value []byte, texts ...[]byte) string {
	if len(value) < leastSecret {
		return ""
	}
	forms := map[string][]byte{
		"as it is":                    value,
		"in hexadecimal":              []byte(hex.EncodeToString(value)),
		"in hexadecimal, upper case":  []byte(strings.ToUpper(hex.EncodeToString(value))),
		"in base64":                   []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(value), "=")),
		"in base64, the URL alphabet": []byte(strings.TrimRight(base64.URLEncoding.EncodeToString(value), "=")),
	}
	for _, name := range []string{"as it is", "in hexadecimal", "in hexadecimal, upper case", "in base64", "in base64, the URL alphabet"} {
		for _, text := range texts {
			if bytes.Contains(text, forms[name]) {
				return name
			}
		}
	}
	return ""
}
