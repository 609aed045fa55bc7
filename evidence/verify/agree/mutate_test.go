package agree_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutator takes the conditions of verify.py away one by one, and looks whether the
// table of tamperings notices. All of them are in one program, each behind a switch; a
// row whose way a condition does not decide is not tried with it. Signatures are
// remembered, so that openssl runs once for each.
const mutator = `
import ast, base64, copy, json, signal, sys
source = open(sys.argv[1]).read()
jobs = [json.loads(line) for line in open(sys.argv[2])]
spare = set(json.loads(sys.argv[3]))
tree, texts, off, met = ast.parse(source), [], 0, set()

def mutant(n, real, without, sort):
    if n == off: return without()
    try: value = real()
    except Exception: met.add(n); raise
    if sort == "fault" and value or sort == "fact" and not value: met.add(n)
    return value

def lazy(e): return ast.Lambda(ast.arguments([], [], None, [], [], None, []), e)
plain = {} # what stood there
def shown(e):
    e = ast.unparse(e)
    while "mutant(" in e:
        n = int(e.split("mutant(")[1].split(",")[0]); full = next(t for k, t in plain.items() if k == n)
        e = e.replace(full[0], full[1])
    return e
def switch(e, without, fault=False):
    if isinstance(e, ast.Constant): return e
    was = shown(e)
    texts.append("%d: %s%s" % (e.lineno, "if " * fault, was))
    sort = "fault" if fault else "fact" if isinstance(without, ast.Constant) else "form"
    new = ast.copy_location(ast.Call(ast.Name("mutant", ast.Load()), [ast.Constant(len(texts)), lazy(e), lazy(without), ast.Constant(sort)], []), e)
    plain[len(texts)] = (ast.unparse(new), was)
    return new
def called(e, *names): return isinstance(e, ast.Call) and isinstance(e.func, ast.Name) and e.func.id in names
def facts(e): # what must be true: each operand by itself
    if isinstance(e, ast.BoolOp) and isinstance(e.op, ast.And): e.values = [facts(v) for v in e.values]; return e
    if called(e, "all") and isinstance(e.args[0], ast.GeneratorExp): e.args[0].elt = facts(e.args[0].elt); return e
    return switch(e, ast.Constant(True))
def faults(e): # what must not be: each alternative by itself
    ors = [v for v in e.values if isinstance(v, ast.BoolOp)] if isinstance(e, ast.BoolOp) and isinstance(e.op, ast.And) else []
    if isinstance(e, ast.BoolOp) and (isinstance(e.op, ast.Or) or ors):
        e.values = [faults(v) if v in ors or isinstance(e.op, ast.Or) else v for v in e.values]
        return e
    return switch(e, ast.Constant(False), fault=True)

class Switches(ast.NodeTransformer):
    def visit_FunctionDef(self, n):
        return n if n.name in ("main", "need", "text", "count", "number", "members", "held", "kids", "__init__") else self.generic_visit(n)
    def visit_Call(self, n):
        self.generic_visit(n)
        if called(n, "need") and n.args and not n.args[0].__class__ is ast.Constant: n.args[0] = facts(n.args[0])
        elif called(n, "text", "count"): return switch(n, n.args[0])
        elif called(n, "number"): return switch(n, ast.Call(ast.Name("int", ast.Load()), [n.args[0]], []))
        elif called(n, "kids"): return switch(n, ast.Call(n.func, [ast.Subscript(n.args[1], ast.Constant(0), ast.Load()), *n.args[1:]], []))
        elif called(n, "held"): return switch(n, ast.Subscript(n.args[1], ast.Constant(1), ast.Load()))
        elif called(n, "members"): return switch(n, ast.parse("[(%s)[x] for x in %s.split()]" % (ast.unparse(n.args[0]), ast.unparse(n.args[1])), mode="eval").body)
        return n
    def visit_If(self, n):
        self.generic_visit(n)
        if any("self.find(" in ast.unparse(b) for b in n.body): n.test = faults(n.test)
        return n
    def visit_Return(self, n):
        self.generic_visit(n)
        if isinstance(n.value, ast.BoolOp) and isinstance(n.value.op, ast.And): n.value = facts(n.value)
        return n

scope, known = {"__name__": "mutant", "mutant": mutant}, {}
exec(compile(ast.fix_missing_locations(Switches().visit(tree)), "verify", "exec"), scope)
real = scope["run"]
def run(command, **files):
    key = (command, tuple(sorted(files.items())))
    if key not in known: known[key] = real(command, **files)
    return known[key]
scope["run"] = run

def late(*_): raise TimeoutError
signal.signal(signal.SIGALRM, late)
def verdict(c):
    signal.alarm(20)
    try:
        r = scope["Check"](c["trust"], [base64.b64decode(x) for x in c["receipts"]], [base64.b64decode(x) for x in c["tsa"] or []], c["witnesses"] or []).check(c["path"])
        return [r["verdict"], r["attestation"]["level"], r["attestation"]["covered"], " ".join(r["codes"])]
    except Exception as e: return ["refused", "", 0, ""]
    finally: signal.alarm(0)

rows = {}
for i, c in enumerate(jobs):
    met.clear()
    got = verdict(c)
    assert got == c["want"], "not even the original passes: %s: %s" % (c["name"], got)
    for n in met: rows.setdefault(n, []).append(i)
lived = tried = 0
for off in range(1, len(texts) + 1):
    if texts[off - 1].partition(": ")[2] in spare: continue
    tried += 1
    if all(verdict(jobs[i]) == jobs[i]["want"] for i in rows.get(off, ())):
        lived += 1
        print(texts[off - 1] + " (%d rows meet it)" % len(rows.get(off, ())))
print("%d of %d conditions taken away unnoticed, %d more not tried" % (lived, tried, len(texts) - tried), file=sys.stderr)
`

// spare are conditions that others imply, and why they stand there all the same. They are
// not tried.
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
	"len(signature) == 64":      "openssl says so too",
	"if self.want and (not 0 < self.tree.size <= max([n for level, n in self.sealed if level >= self.want] + [a['entries'] for a in self.anchors if self.want != 2], default=0))": "TestRequire",
	"if size < 0": "of directories: TestDirectories",
	"long <= 4":   "bounds what is read; no file is as long",
	"shutil.which(command.split()[0]) is not None": "says so where there is no such program: main",
	"subprocess.run(command.split(), cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0": "what it says is remembered here; the signatures that are wrong notice",
}

// TestMutations: every condition of verify.py is needed by some tampering.
func TestMutations(t *testing.T) {
	if !long() {
		t.Skip("long: ./task mutate")
	}
	needPython(t)
	table := judged(t)
	var list bytes.Buffer
	for i, j := range lay(t, table) {
		want := goOutcome(t, table[i])
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
	spared, err := json.Marshal(slices.Collect(maps.Keys(spare)))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-B", "-c", mutator, "../../bundle/verify.py", name, string(spared))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	t.Log(stderr.String())
	for line := range strings.Lines(string(out)) {
		t.Errorf("unnoticed: line %s", strings.TrimSuffix(line, "\n"))
	}
}
