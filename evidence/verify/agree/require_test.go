package agree_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestRequire: what --require asks for, which the page does not have: it says the level.
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
		if exit := pythonRequires(t, zip, c.o); exit != c.want {
			t.Errorf("%s: verify.py: %d", c.name, exit)
		}
	}
	// Nothing was read: nothing is attested, and that is not enough.
	if r := goVerdict(t, []byte("x"), verify.BundleOptions{Require: verify.SelfAsserted}); len(r.Codes) != 2 || r.Exit != 25 {
		t.Errorf("%+v", r)
	}
}

// pythonRequires runs verify.py as a person does, and returns its exit code.
func pythonRequires(t *testing.T, zip []byte, o verify.BundleOptions) int {
	t.Helper()
	needPython(t)
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args := []string{"-B", "../../bundle/verify.py", "--require", o.Require.String()}
	for _, k := range o.Trust {
		args = append(args, "--trust", write("key", []byte(k+"\n")))
	}
	for _, r := range o.Receipts {
		args = append(args, "--receipt", write("receipt", r))
	}
	for _, c := range o.TSACerts {
		args = append(args, "--tsa-cert", write("cert", c))
	}
	out, err := exec.Command("python3", append(args, write("b.zip", zip))...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, out)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// TestPythonAskedWrongly: what was given and is none is said, not thrown up.
func TestPythonAskedWrongly(t *testing.T) {
	zip := zipped(&plan{small: true})
	for _, o := range []verify.BundleOptions{{Trust: []string{"x"}}, {TSACerts: [][]byte{nil}}, {TSACerts: [][]byte{{0x30, 0x82}}}} {
		if exit := pythonRequires(t, zip, o); exit != 64 {
			t.Errorf("%+v: %d", o, exit)
		}
	}
}
