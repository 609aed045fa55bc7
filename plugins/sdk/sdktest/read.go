package sdktest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Object is a record or a diagnostic as JSON has it.
type Object = map[string]any

// Read is Do, with records and diagnostics decoded.
func Read(t testing.TB, p sdk.Plugin, c Case) (records, diagnostics []Object, out Output) {
	t.Helper()
	out = Do(t, p, c)
	return Objects(t, out.Records), Objects(t, out.Diagnostics), out
}

// Objects decodes lines of JSON.
func Objects(t testing.TB, lines []string) (list []Object) {
	t.Helper()
	for _, l := range lines {
		var o Object
		if err := json.Unmarshal([]byte(l), &o); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// Count counts what has a value under a name.
func Count(list []Object, name string, value any) (n int) {
	for _, o := range list {
		if o[name] == value {
			n++
		}
	}
	return n
}

// Find returns the record that was read from a row of a table; where there is none
// the test fails.
func Find(t testing.TB, records []Object, table string, rowid int) Object {
	t.Helper()
	for _, r := range records {
		if src, _ := r["source"].(Object); src["table"] == table && src["rowid"] == float64(rowid) {
			return r
		}
	}
	t.Fatalf("no record of row %d of %s", rowid, table)
	return nil
}

// Join puts the texts of a list together; what is no list or no text counts as empty.
func Join(list any, separator string) string {
	var words []string
	all, _ := list.([]any)
	for _, w := range all {
		s, _ := w.(string)
		words = append(words, s)
	}
	return strings.Join(words, separator)
}
