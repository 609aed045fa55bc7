package agree_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestRequire: what --require asks for, which the program alone has.
func TestRequire(t *testing.T) {
	a, given := seedKey("log"), authorities()["p256"]
	f := (&plan{tags: func(f files) {
		b := response{by: given}.build(f["custody/checkpoints/10.note"])
		f[anchorName(10, "tsr", b)] = b
	}}).build()
	zip := zipOf("CASE-1", f, nil)
	old, whole := receiptOf(f["custody/checkpoints/7.note"], vkeyOf(theOrigin, a)), receiptOf(f["custody/checkpoints/10.note"], vkeyOf(theOrigin, a))
	tsa, trust := [][]byte{given.der}, []string{vkeyOf(theOrigin, a)}
	for _, c := range []struct {
		name string
		o    verify.BundleOptions
		want int
	}{
		{"nothing", verify.BundleOptions{}, 0},
		{"self-asserted", verify.BundleOptions{Require: verify.SelfAsserted}, 0},
		{"trusted, nobody trusted", verify.BundleOptions{Require: verify.Trusted}, 24},
		{"trusted", verify.BundleOptions{Require: verify.Trusted, Trust: trust}, 0},
		{"trusted, by a receipt", verify.BundleOptions{Require: verify.Trusted, Receipts: [][]byte{whole}}, 0},
		{"trusted, a time stamp does not count", verify.BundleOptions{Require: verify.Trusted, TSACerts: tsa}, 24},
		{"self-asserted, a receipt over some", verify.BundleOptions{Require: verify.SelfAsserted, Receipts: [][]byte{old}}, 0},
		{"trusted, and a receipt over some", verify.BundleOptions{Require: verify.Trusted, Trust: trust, Receipts: [][]byte{old}}, 0},
		{"anchored by a receipt over some", verify.BundleOptions{Require: verify.Anchored, Receipts: [][]byte{old}}, 24},
		{"anchored by a receipt over all", verify.BundleOptions{Require: verify.Anchored, Receipts: [][]byte{whole}}, 0},
		{"anchored by a time stamp", verify.BundleOptions{Require: verify.Anchored, TSACerts: tsa}, 0},
		{"anchored by nothing", verify.BundleOptions{Require: verify.Anchored, Trust: trust}, 24},
	} {
		if r := goVerdict(t, zip, c.o); r.Exit != c.want {
			t.Errorf("%s: %d %+v", c.name, r.Exit, r.Findings)
		}
	}
	// Nothing was read: nothing is attested, and that is not enough.
	if r := goVerdict(t, []byte("x"), verify.BundleOptions{Require: verify.SelfAsserted}); len(r.Codes) != 2 || r.Exit != 25 {
		t.Errorf("%+v", r)
	}
}
