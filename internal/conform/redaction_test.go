package conform_test

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/conform"
)

// A redaction says where, what and how sure, and nothing else.
func TestRedaction(t *testing.T) {
	const good = `{"category":"phone","certainty":"matched","class":"strong","end":11,"field":"/text","form":"plain","kind":"redaction","known_in":0,"part":{"group":1,"n":1,"of":2},"record":"0123456789abcdef:7","rule":"cn_mobile@1","source":{"pointer":"/members"},"start":0,"time":null,"validator":null}`
	if err := conform.Record([]byte(good), 1); err != nil {
		t.Error(err)
	}
	for from, to := range map[string]string{
		`"end":11`: `"end":0`, `"/text"`: `"text"`, `"strong"`: `"sure"`, `"matched"`: `"found"`, `abcdef:7`: `abcdef:0`, `"0123456789abcdef:7"`: `"x:7"`, `"n":1`: `"n":3`, `"known_in":0`: `"known_in":-1`,
		`"plain"`: `""`, `"validator":null}`: `"validator":null,"value":"13812345678"}`, `"start":0`: `"start":-1`,
	} {
		bad := strings.Replace(good, from, to, 1)
		if bad == good {
			t.Fatalf("%s is not there", from)
		}
		if err := conform.Record([]byte(bad), 1); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}
