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
	return append(names, "../cosign.go", "../der.go", "../note.go", "../token.go")
}

// asked are functions that do not judge what is in a bundle, but what was asked and how.
var asked = []string{"Bundle", "BundleZip", "IsBundle", "openBagDir", "parseAnchorOptions", "parseWitness", "JSON", "close", "find", "certificatesIn"}

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

// Mutant is the number of the condition that is switched off.
var Mutant int

func mutant(n int, e, off bool) bool {
	if n == Mutant {
		return off
	}
	return e
}
`

// mutantLoop runs the table for each mutant until something differs; one that hangs or
// panics is noticed too.
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
	table := theTable()
	want := make([]said, len(table))
	for i, c := range table {
		want[i] = goSays(t, c)
	}
	order := make([]int, len(table))
	for i := range order {
		order[i] = i
	}
	noticed := func(i int) (yes bool) {
		defer func() { yes = recover() != nil || yes }()
		return goSays(t, table[i]) != want[i]
	}
	for word := range strings.FieldsSeq(os.Getenv("AGREE_MUTANTS")) {
		m, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		verify.Mutant = m
		done := make(chan bool, 1)
		go func() {
			for at, i := range order {
				if noticed(i) {
					copy(order[1:at+1], order[:at]) // who noticed once is asked first
					order[0] = i
					done <- true
					return
				}
			}
			done <- false
		}()
		select {
		case yes := <-done:
			if !yes {
				fmt.Println("LIVES", m)
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
	"bundleanchors.go: !ok":               "says why; the empty text that is read instead is none",
	"bundlebag.go: !ok":                   "says why; nothing is read",
	"bundlefiles.go: !ok":                 "says why; the empty text that is read instead is none",
	"bundlelist.go: why == \"\"":          "which is said",
	"!listed":                             "what is not listed has no digest that any file has",
	"origin == \"\"":                      "no artifact is of no origin",
	"!seen[next]":                         "bounds the work",
	"len(queue) < maxPlaces":              "bounds the work",
	"len(wanted) < maxEntries":            "bounds memory",
	"bundlelog.go: why == \"\"":           "which is said",
	"v[0] != '\"'":                        "what is no text is no key",
	"!h.revoked":                          "who was revoked hands no trust on: stands",
	"!trusted[h.successor]":               "says it once",
	"!found":                              "without two spaces no digest stands before them",
	"level >= want":                       "TestRequire",
	"want != Trusted":                     "TestRequire",
	"want > Unattested":                   "TestRequire",
	"covered == 0":                        "TestRequire",
	"covered < c.report.Log.Entries":      "TestRequire",
	"!c.bag.has(path)":                    "says why; the empty text that is read instead is not what was stamped",
	"dirs[d]":                             "saves work",
	"!f.odd":                              "of directories: TestDirectories",
	"f.odd":                               "the same",
	"c.bag.zip != nil":                    "the same",
	"b.zip != nil":                        "the same",
	"!info.Mode().IsRegular()":            "the file was changed while it was checked",
	"err == io.EOF":                       "how reading ends",
	"len(long) == 0":                      "how reading ends",
	"len(part) == 0":                      "how reading ends",
	"errors.Is(err, errStop)":             "how reading ends",
	"errors.Is(err, bufio.ErrBufferFull)": "how reading ends",
	"err == io.ErrUnexpectedEOF":          "how reading ends",
	"len(long) > 0":                       "how reading ends",
	"len(long) > most":                    "bounds memory; the line is found to be too long at its end as well",
	"!b.has(name)":                        "says why; what is read instead is empty, which no file may be that is read whole",
	"len(c.listed) > 2*maxEntries":        "bounds memory",
	"len(b.files) > maxEntries":           "bounds memory",
	"bundlefiles.go: ok":                  "a walk that was stopped is not whole",
	"c.o.Progress != nil":                 "shows progress",
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
			var n int
			if _, err := fmt.Sscanf(line, "DONE %d", &n); err == nil {
				done++
			}
			if _, err := fmt.Sscanf(line, "LIVES %d", &n); err != nil {
				continue
			}
			lived++
			t.Errorf("unnoticed: %s", m.text[n-1])
		}
		if done == 0 {
			t.Fatalf("%v: %s", err, out)
		}
		try = try[done:] // one that hung ended the process
	}
	t.Logf("%d of %d conditions switched off unnoticed, %d more not tried", lived, len(m.text), spared)
}
