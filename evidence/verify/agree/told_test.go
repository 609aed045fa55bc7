package agree_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestToldNotChecked: what no verifier of bundles looks at is said by all three, where there
// is any of it: signatures under transfers, and whether a certificate was revoked.
func TestToldNotChecked(t *testing.T) {
	needPython(t)
	given := authorities()["p256"]
	transfer := &plan{
		entry: func(seq int, e obj) {
			if seq == 3 {
				e["kind"] = "transfer"
			}
		},
		tags: func(f files) {
			b := response{by: given}.build(f["custody/checkpoints/10.note"])
			f[anchorName(10, "tsr", b)] = b
		},
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := write("tsa.pem", given.pem())
	b := openBrowser(t, "file://"+page(t))
	for _, c := range []struct {
		name string
		zip  []byte
		says bool
	}{{"with", zipped(transfer), true}, {"without", zipped(&plan{}), false}} {
		path, tsa, args := write(c.name+".zip", c.zip), [][]byte(nil), []string{"-B", "../../bundle/verify.py"}
		outside := ""
		if c.says {
			tsa, outside, args = [][]byte{given.pem()}, string(given.pem()), append(args, "--tsa-cert", cert)
		}
		r := goVerdict(t, c.zip, verify.BundleOptions{TSACerts: tsa})
		out, err := exec.Command("python3", append(args, path)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b.give("files", outside, "", "auto", path)
		var inPage string
		b.eval(`document.getElementById("outcome").textContent`, &inPage)
		for who, text := range map[string]string{"Go": strings.Join(r.NotChecked, "\n"), "Python": string(out), "the page": inPage} {
			for _, what := range []string{"under statements of transfer", "revoked"} {
				if strings.Contains(text, what) != c.says {
					t.Errorf("%s, %s: %q is said: %v", c.name, who, what, !c.says)
				}
			}
		}
	}
}
