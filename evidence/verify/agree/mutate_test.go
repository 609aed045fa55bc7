package agree_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutator takes the conditions of verify.py away one by one, and looks whether the
// table of tamperings notices. Signatures are remembered, so that openssl runs once for each.
const mutator = `
import ast, base64, copy, json, sys
source = open(sys.argv[1]).read()
jobs = [json.loads(line) for line in open(sys.argv[2])]
tree = ast.parse(source)
known = {}

def load(t):
    scope = {"__name__": "mutant"}
    exec(compile(t, "verify", "exec"), scope)
    real = scope["run"]
    def run(command, **files):
        key = (command, tuple(sorted(files.items())))
        if key not in known: known[key] = real(command, **files)
        return known[key]
    scope["run"] = run
    return scope

def verdict(scope, c):
    try:
        r = scope["Check"](c["trust"], [base64.b64decode(x) for x in c["receipts"]], [base64.b64decode(x) for x in c["tsa"] or []], c["witnesses"] or []).check(c["path"])
        return [r["verdict"], r["attestation"]["level"], r["attestation"]["covered"], " ".join(r["codes"])]
    except Exception as e:
        return ["failed", repr(e)]

def outcome(t):
    scope = load(t)
    for c in jobs:
        if verdict(scope, c) != c["want"]: return c["name"]

assert outcome(tree) is None, "not even the original passes: " + outcome(tree)
needs = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "need" and n.args]
total = lived = 0
for need in needs:
    whole = need.args[0]
    parts = whole.values if isinstance(whole, ast.BoolOp) and isinstance(whole.op, ast.And) else [whole]
    for i, part in enumerate(parts):
        if isinstance(part, ast.Constant): continue
        total += 1
        true = ast.copy_location(ast.Constant(True), part)
        if len(parts) == 1: need.args[0] = true
        else: whole.values[i] = true
        noticed = outcome(tree)
        if len(parts) == 1: need.args[0] = whole
        else: whole.values[i] = part
        if noticed is None:
            lived += 1
            print("%d: %s" % (part.lineno, ast.unparse(part)))
print("%d of %d conditions taken away unnoticed" % (lived, total), file=sys.stderr)
`

// spare are conditions that others imply, and why they stand there all the same.
var spare = map[string]string{
	"0 < n <= 1000000":          "bounds the work; none is no bag, more than a million is not tried",
	"size <= len(data)":         "bounds the work; the end that is made anew would differ",
	"offset <= len(data)":       "the same",
	"len(digits) < 18":          "bounds the work; a number as long is too large",
	"self.has(name)":            "says why; reading what is not there fails as well",
	"self.size + size <= MAX":   "no set has as many members; other languages would count wrongly",
	"type(want['size']) is int": "true is 1 here, and no size elsewhere",
	"len(blob) == 184":          "a signature of another length is wrong",
	"keys":                      "no key signs no checkpoint",
}

// TestMutations: every condition of verify.py is needed by some tampering.
func TestMutations(t *testing.T) {
	if !long() {
		t.Skip("long: ./task mutate")
	}
	needPython(t)
	table := theTable()
	var list bytes.Buffer
	for i, j := range lay(t, table) {
		want := goSays(t, table[i])
		line, err := json.Marshal(obj{"name": j.Name, "path": j.Path, "trust": j.Trust, "receipts": j.Receipts, "tsa": j.TSA, "witnesses": j.Witnesses, "want": []any{want.Verdict, want.Level, want.Covered, want.Codes}})
		if err != nil {
			t.Fatal(err)
		}
		list.Write(append(line, '\n'))
	}
	name := filepath.Join(t.TempDir(), "jobs")
	if err := os.WriteFile(name, list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-B", "-c", mutator, "../../bundle/verify.py", name)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	t.Log(stderr.String())
	for line := range strings.Lines(string(out)) {
		_, condition, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if spare[condition] == "" {
			t.Errorf("unnoticed: line %s", line)
		}
	}
}
