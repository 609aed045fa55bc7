package main_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/accounts"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// counted counts the bytes that are read of it.
type counted struct {
	r io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// Inputs made to be read again and again cost a fixed multiple of their length.
func TestWorkIsBounded(t *testing.T) {
	const n = 40_000
	var tables, lists strings.Builder
	for i := range n {
		fmt.Fprintf(&tables, "INSERT INTO t%d VALUES (1,'a@example.org');\n", i)
		fmt.Fprintf(&lists, "INSERT INTO t (a%d) VALUES (1);\n", i)
	}
	for name, dump := range map[string]string{
		"comments without an end": strings.Repeat("INSERT INTO t VALUES (/*\n", n),
		"open parentheses":        strings.Repeat("INSERT INTO t VALUES (f(\n", n),
		"open quotes":             strings.Repeat("INSERT INTO t VALUES (',(\n", n+1),
		"commas of rows":          "INSERT INTO t VALUES (1" + strings.Repeat("),(f(", 5*n),
		"both quotes":             "INSERT INTO t VALUES " + strings.Repeat("(1,'),(1,\"),(2", 2*n),
		"statements without ends": strings.Repeat("DROP '\nCREATE TABLE t (a \"\n", n+1),
		"COPY without ends":       pgHead + strings.Repeat("COPY t (a, b) FROM stdin;\n1\n", n),
		"many tables":             tables.String(),
		"many lists of columns":   lists.String(),
	} {
		c := &counted{r: strings.NewReader(dump)}
		size := int64(len(dump))
		r, err := sdk.Run(t.Context(), main.Plugin, sdk.Job{
			Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(c, size)}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
		})
		if err != nil || r.Outcome == evidence.OutcomeFailed {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if c.n > 40*size+256<<20 {
			t.Errorf("%s: %d bytes read of %d", name, c.n, size)
		}
		t.Logf("%s: %d bytes, read %.1f times, %+v", name, size, float64(c.n)/float64(size), r.Units)
	}
}
