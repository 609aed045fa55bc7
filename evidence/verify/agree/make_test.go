package agree_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func goVerdict(t *testing.T, zip []byte, o verify.BundleOptions) *verify.BundleReport {
	t.Helper()
	r, err := verify.BundleZip(context.Background(), bytes.NewReader(zip), int64(len(zip)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMadeBundle(t *testing.T) {
	for _, p := range []*plan{{}, {small: true}, {extra: 5}, {rotate: seedKey("next")}, {rotate: seedKey("next"), revoke: true}} {
		r := goVerdict(t, zipOf("CASE-1", p.build(), nil), verify.BundleOptions{})
		if r.Verdict != verify.Intact || len(r.Codes) > 0 {
			t.Errorf("%+v", r)
		}
		if r.Attestation.Level != verify.SelfAsserted || r.Checked.Members == 0 {
			t.Errorf("%+v", r)
		}
	}
}
