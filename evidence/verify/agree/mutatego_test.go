package agree_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutated are the files of evidence/verify that check a bundle and nothing else.
func mutated(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../bundle*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(s string) bool { return s == "../bundletell.go" })
	return append(names, "../cosign.go", "../der.go", "../entry.go", "../note.go", "../token.go", "../tsacert.go")
}

// asked are functions that do not judge what is in a bundle, but what was asked and how, or
// a case.
var asked = []string{"Bundle", "BundleZip", "IsBundle", "openBagDir", "parseAnchorOptions", "parseWitness", "JSON", "close", "find", "certificatesIn", "see", "parseEntry", "checkEntry", "checkMeta"}

// mutations puts a switch before each condition of a file: each if, each case without a
// tag, each operand of && and ||. A switched-off operand of && is true, anything else false.
type mutations struct {
	fset *token.FileSet
	text []string // file:line: condition
}

func (m *mutations) expr(e ast.Expr, off string) ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		x.X = m.expr(x.X, off)
		return x
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			inner := map[token.Token]string{token.LAND: "true", token.LOR: "false"}[x.Op]
			x.X, x.Y = m.expr(x.X, inner), m.expr(x.Y, inner)
			return x
		}
	}
	var b strings.Builder
	if err := printer.Fprint(&b, m.fset, e); err != nil {
		return e
	}
	// What the system reports is no check of the bundle.
	if slices.Contains([]string{"err != nil", "err == nil"}, b.String()) {
		return e
	}
	at := m.fset.Position(e.Pos())
	m.text = append(m.text, fmt.Sprintf("%s:%d: %s", filepath.Base(at.Filename), at.Line, strings.Join(strings.Fields(b.String()), " ")))
	return &ast.CallExpr{Fun: ast.NewIdent("mutant"), Args: []ast.Expr{&ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(len(m.text))}, e, ast.NewIdent(off)}}
}

// reader puts a switch before what a reader of DER or JSON asks for.
func (m *mutations) reader(call *ast.CallExpr) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"take", "only", "end"}, f.Sel.Name) {
		return
	}
	var b strings.Builder
	if err := printer.Fprint(&b, m.fset, call); err != nil {
		return
	}
	at := m.fset.Position(call.Pos())
	m.text = append(m.text, fmt.Sprintf("%s:%d: %s", filepath.Base(at.Filename), at.Line, strings.Join(strings.Fields(b.String()), " ")))
	f.Sel = ast.NewIdent(f.Sel.Name + "Unless")
	call.Args = append([]ast.Expr{&ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(len(m.text))}}, call.Args...)
}

func (m *mutations) file(name string) (string, error) {
	f, err := parser.ParseFile(m.fset, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	done := map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return !slices.Contains(asked, n.Name.Name)
		case *ast.CallExpr:
			m.reader(n)
		case *ast.IfStmt:
			n.Cond = m.expr(n.Cond, "false")
			done[n.Cond] = true
		case *ast.SwitchStmt:
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for i, e := range c.(*ast.CaseClause).List {
						c.(*ast.CaseClause).List[i] = m.expr(e, "false")
					}
				}
			}
		case *ast.ReturnStmt:
			for i, e := range n.Results {
				if b, ok := e.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
					n.Results[i] = m.expr(e, "true")
				}
			}
		}
		return true
	})
	f.Comments = nil
	var b strings.Builder
	err = printer.Fprint(&b, m.fset, f)
	return b.String(), err
}

const mutantSwitch = `package verify

import "sync/atomic"

// Mutant is the number of the condition that is switched off. Met tells which conditions
// came out otherwise than switched off: without one of them a row goes the same way.
var (
	Mutant int
	Met    [10000]atomic.Bool
)

func (d *der) asked(n int, f, without func() element) element {
	if n == Mutant {
		return without()
	}
	before := *d.bad
	e := f()
	if *d.bad && !before {
		Met[n].Store(true)
	}
	return e
}

func (d *der) takeUnless(n int, tag byte) element {
	return d.asked(n, func() element { return d.take(tag) }, d.any)
}

func (d *der) onlyUnless(n int, tag byte) element {
	return d.asked(n, func() element { return d.only(tag) }, func() element { return d.take(tag) })
}

func (d *der) endUnless(n int) {
	d.asked(n, func() element { d.end(); return element{} }, func() element { return element{} })
}

func (o object) onlyUnless(n int, names ...string) {
	if n == Mutant {
		return
	}
	before := *o.err == nil
	o.only(names...)
	if before && *o.err != nil {
		Met[n].Store(true)
	}
}

func mutant(n int, e, off bool) bool {
	if n == Mutant {
		return off
	}
	if e != off {
		Met[n].Store(true)
	}
	return e
}
`

// mutantLoop runs for each mutant the rows of the table that meet its condition, until one
// comes out otherwise; one that hangs or panics is noticed too.
const mutantLoop = `package agree_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func TestMutants(t *testing.T) {
	table := judged(t)
	want := make([]said, len(table))
	rows := map[int][]int{}
	for i, c := range table {
		want[i] = goOutcome(t, c)
		for m := range verify.Met {
			if verify.Met[m].Swap(false) {
				rows[m] = append(rows[m], i)
			}
		}
	}
	noticed := func(i int) (yes bool) {
		defer func() { yes = recover() != nil || yes }()
		return goOutcome(t, table[i]) != want[i]
	}
	for word := range strings.FieldsSeq(os.Getenv("AGREE_MUTANTS")) {
		m, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		verify.Mutant = m
		done := make(chan bool, 1)
		go func() {
			for _, i := range rows[m] {
				if noticed(i) {
					done <- true
					return
				}
			}
			done <- false
		}()
		select {
		case yes := <-done:
			if !yes {
				fmt.Println("LIVES", m, len(rows[m]))
			}
			fmt.Println("DONE", m)
		case <-time.After(20 * time.Second):
			fmt.Println("DONE", m)
			os.Exit(3)
		}
	}
}
`

// spareGo are conditions that others imply, and why they stand there all the same. They
// are not tried.
var spareGo = map[string]string{
	"bundleanchors.go: !ok":                 "says why; the empty text that is read instead is none",
	"bundlebag.go: !ok":                     "says why; nothing is read",
	"bundlefiles.go: !ok":                   "says why; the empty text that is read instead is none",
	"bundlelist.go: why == \"\"":            "which is said",
	"!listed":                               "what is not listed has no digest that any file has",
	"origin == \"\"":                        "no artifact is of no origin",
	"!seen[next]":                           "bounds the work",
	"len(queue) < maxPlaces":                "bounds the work",
	"bundlelog.go: why == \"\"":             "which is said",
	"v[0] != '\"'":                          "what is no text is no key",
	"!h.revoked":                            "who was revoked hands no trust on: stands",
	"!trusted[h.successor]":                 "says it once",
	"e.kind == \"transfer\"":                "TestToldNotChecked",
	"!found":                                "without two spaces no digest stands before them",
	"level >= want":                         "TestRequire",
	"want != Trusted":                       "TestRequire",
	"want > Unattested":                     "TestRequire",
	"covered == 0":                          "TestRequire",
	"covered < c.report.Log.Entries":        "TestRequire",
	"!c.bag.has(path)":                      "says why; the empty text that is read instead is not what was stamped",
	"dirs[d]":                               "saves work",
	"!f.odd":                                "of directories: TestDirectories",
	"f.odd":                                 "the same",
	"c.bag.zip != nil":                      "the same",
	"b.zip != nil":                          "the same",
	"!info.Mode().IsRegular()":              "the file was changed while it was checked",
	"err == io.EOF":                         "how reading ends",
	"len(long) == 0":                        "how reading ends",
	"len(part) == 0":                        "how reading ends",
	"errors.Is(err, errStop)":               "how reading ends",
	"errors.Is(err, bufio.ErrBufferFull)":   "how reading ends",
	"err == io.ErrUnexpectedEOF":            "how reading ends",
	"len(long) > 0":                         "how reading ends",
	"len(long) > most":                      "bounds memory; the line is found to be too long at its end as well",
	"!b.has(name)":                          "says why; what is read instead is empty, which no file may be that is read whole",
	"len(c.listed) > 2*maxEntries":          "bounds memory",
	"len(b.files) > maxEntries":             "bounds memory",
	"bundlefiles.go: ok":                    "a walk that was stopped is not whole",
	"c.o.Progress != nil":                   "shows progress",
	"!slices.Contains(a.Keys, id)":          "names each once in the report",
	"t.size > evidence.MaxSafeInteger-size": "no set has as many members",
	"!t.add(leaf, 1, false)":                "the same",
	"!t.add(leafHash(append(data, ']')), 1, false)": "the same",
	"e.size > offset-at-int64(len(want))":           "says why; the next entry, or the directory, would not begin where this one ends",
	"n > maxEntries":                                "bounds the work; the end that is made anew would differ",
	"size < 0":                                      "the same",
	"offset < 0":                                    "the same",
	"size > total":                                  "the same",
	"offset > total":                                "the same",
	"len(name) > maxName":                           "of a longer one no header and no line is read",
	"data.take(derContext0)":                        "has said so",
	"data.take(derContext1)":                        "has said so",
	"d.take(derContext1)":                           "has said so",
	"ext.take(derBool)":                             "has said so",
	"token.go: e.tag == derInteger":                 "the nonce, which the client asks for and a verifier does not",
	"tsacert.go: in.take(derSequence)":              "crypto/x509 says so too",
	"tsacert.go: algorithm.take(derOID)":            "the same",
	"size >= max32":                                 "a directory of a million entries is not as large",
	"size == max32":                                 "the same",
	"e.size == max32":                               "the header that is made anew would differ",
	"e.offset == max32":                             "the same",
}

// TestMutationsGo: every condition of the Go verifier of bundles is needed by some tampering.
func TestMutationsGo(t *testing.T) {
	if !long() {
		t.Skip("long: ./task mutate")
	}
	dir := t.TempDir()
	m := &mutations{fset: token.NewFileSet()}
	overlay := map[string]string{}
	put := func(at, text string) {
		full, err := filepath.Abs(at)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay)))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[full] = name
	}
	for _, name := range mutated(t) {
		text, err := m.file(name)
		if err != nil {
			t.Fatal(err)
		}
		put(name, text)
	}
	var try []string
	for i, text := range m.text {
		file, condition, _ := strings.Cut(text, ": ")
		file, _, _ = strings.Cut(file, ":")
		if spareGo[condition] == "" && spareGo[file+": "+condition] == "" {
			try = append(try, fmt.Sprint(i+1))
		}
	}
	put("../mutant.go", mutantSwitch)
	put("mutants_test.go", mutantLoop)
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "mutants")
	if out, err := exec.Command("go", "test", "-c", "-o", program, "-overlay", filepath.Join(dir, "overlay.json"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lived, spared := 0, len(m.text)-len(try)
	for len(try) > 0 {
		cmd := exec.Command(program, "-test.run", "^TestMutants$", "-test.timeout", "60m")
		cmd.Env = append(os.Environ(), "AGREE_MUTANTS="+strings.Join(try, " "))
		out, err := cmd.CombinedOutput()
		done := 0
		for line := range strings.Lines(string(out)) {
			var n, rows int
			if _, err := fmt.Sscanf(line, "DONE %d", &n); err == nil {
				done++
			}
			if _, err := fmt.Sscanf(line, "LIVES %d %d", &n, &rows); err != nil {
				continue
			}
			lived++
			t.Errorf("unnoticed: %s (%d rows meet it)", m.text[n-1], rows)
		}
		if done == 0 {
			t.Fatalf("%v: %s", err, out)
		}
		try = try[done:] // one that hung ended the process
	}
	t.Logf("%d of %d conditions switched off unnoticed, %d more not tried", lived, len(m.text), spared)
}
