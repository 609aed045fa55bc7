package agree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// driver runs verify.py over many bundles in one process: name.zip for each line of
// the list, and prints what it says, a line each.
const driver = `
import base64, importlib.util, json, sys
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
v = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v)
for line in open(sys.argv[2]):
    c = json.loads(line)
    r = v.Check(c["trust"], [base64.b64decode(x) for x in c["receipts"]], [base64.b64decode(x) for x in c["tsa"] or []], c["witnesses"] or []).check(c["path"])
    print(json.dumps([r["verdict"], r["attestation"]["level"], r["attestation"]["covered"], " ".join(r["codes"]), c["name"]]))
`

func needPython(t *testing.T) {
	t.Helper()
	for _, name := range []string{"python3", "openssl", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("NOT TESTED: verify.py: there is no %s", name)
		}
	}
}

// job is a bundle for another verifier.
type job struct {
	Name      string   `json:"name"`
	Path      string   `json:"path"`
	Trust     []string `json:"trust"`
	Receipts  [][]byte `json:"receipts"`
	TSA       [][]byte `json:"tsa"`
	Witnesses []string `json:"witnesses"`
}

// lay writes the bundles of a table to a directory.
func lay(t *testing.T, table []tampering) []job {
	t.Helper()
	dir := t.TempDir()
	jobs := make([]job, len(table))
	for i, c := range table {
		jobs[i] = job{c.name, filepath.Join(dir, fmt.Sprintf("%04d.zip", i)), append([]string{}, c.trust...), append([][]byte{}, c.receipts...), c.tsa, c.witnesses}
		if c.path != "" {
			jobs[i].Path = c.path
			continue
		}
		if err := os.WriteFile(jobs[i].Path, c.zip, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return jobs
}

func pythonSays(t *testing.T, jobs []job) []said {
	t.Helper()
	needPython(t)
	script, err := filepath.Abs("../../bundle/verify.py")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(script); err != nil { // so that the test cache knows of it
		t.Fatal(err)
	}
	var list bytes.Buffer
	for _, j := range jobs {
		line, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		list.Write(append(line, '\n'))
	}
	name := filepath.Join(t.TempDir(), "jobs")
	if err := os.WriteFile(name, list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-B", "-c", driver, script, name)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("verify.py: %v\n%s\n%s", err, out, stderr.String())
	}
	var all []said
	for line := range bytes.Lines(out) {
		var s said
		var name string
		if err := json.Unmarshal(line, &[]any{&s.Verdict, &s.Level, &s.Covered, &s.Codes, &name}); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) != len(jobs) {
		t.Fatalf("verify.py said %d things of %d bundles", len(all), len(jobs))
	}
	return all
}

func TestPythonAgrees(t *testing.T) {
	t.Parallel()
	table := chosen()
	if !slow.Asked() { // a row is a process and some openssl
		n := 0
		table = slices.DeleteFunc(table, func(tampering) bool { n++; return n%4 != 1 })
	}
	differ := 0
	for i, got := range pythonSays(t, lay(t, table)) {
		if want := goSays(t, table[i]); got != want {
			differ++
			t.Errorf("%s: Python says %+v, Go %+v", table[i].name, got, want)
		}
	}
	t.Logf("%d of %d differ", differ, len(table))
}
