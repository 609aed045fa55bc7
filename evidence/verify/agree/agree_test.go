package agree_test

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// said is what must be equal in all verifiers.
type said struct {
	Verdict string
	Level   string
	Covered int64
	Codes   string
}

func goSays(t *testing.T, c tampering) said {
	t.Helper()
	r, err := verify.BundleZip(context.Background(), bytes.NewReader(c.zip), int64(len(c.zip)), verify.BundleOptions{Trust: c.trust, Receipts: c.receipts, TSACerts: c.tsa, Witnesses: c.witnesses})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return saidBy(r)
}

func saidBy(r *verify.BundleReport) said {
	return said{r.Verdict.String(), r.Attestation.Level.String(), r.Attestation.Covered, strings.Join(r.Codes, " ")}
}

// chosen is the table, or what of it $AGREE_ONLY, a regular expression, matches.
func chosen() []tampering {
	only := regexp.MustCompile(os.Getenv("AGREE_ONLY"))
	return slices.DeleteFunc(theTable(), func(c tampering) bool { return !only.MatchString(c.name) })
}

func TestTable(t *testing.T) {
	table := theTable()
	names := map[string]bool{}
	for _, c := range table {
		if names[c.name] {
			t.Errorf("two are called %q", c.name)
		}
		names[c.name] = true
		codes := strings.Fields(c.codes)
		slices.Sort(codes)
		if c.level == "" {
			c.level = "self-asserted"
		}
		if got := goSays(t, c); got.Codes != strings.Join(codes, " ") || got.Level != c.level {
			t.Errorf("%s: %+v, not %v, %s", c.name, got, codes, c.level)
		}
	}
	t.Logf("%d tamperings", len(table))
}
