package sqlite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// run runs a script in SQLite's own program and returns what it prints.
func run(t testing.TB, db, script string) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	cmd := exec.Command(program, "-batch", "-bail", db)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	return string(out)
}

// files are a database as it was found, by role: input, wal, journal.
type files map[string][]byte

// seize runs a script and copies the files while the database is still open.
func seize(t testing.TB, script string) files {
	t.Helper()
	dir := t.TempDir()
	db, copied := filepath.Join(dir, "live.db"), filepath.Join(dir, "seized.db")
	run(t, db, fmt.Sprintf("%s\n.shell cp %s %s; for s in wal journal; do test ! -e %s-$s || cp %s-$s %s-$s; done\n", script, db, copied, db, db, copied))
	f := files{}
	for role, suffix := range map[string]string{"input": "", "wal": "-wal", "journal": "-journal"} {
		b, err := os.ReadFile(copied + suffix)
		if err == nil {
			f[role] = b
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return f
}

type object = map[string]any

// output is what an operation made.
type output struct {
	sdk.Result
	records     []object
	diagnostics []string // code and role
	text        string
}

// parse runs an operation over the files.
func parse(t testing.TB, f files, op sdk.Op) output {
	t.Helper()
	var records, diagnostics bytes.Buffer
	job := sdk.Job{Operation: evidence.OpParse, Records: &records, Diagnostics: &diagnostics, Artifacts: &bytes.Buffer{}}
	for _, role := range []string{"input", "wal", "journal"} {
		if b, ok := f[role]; ok {
			in := sdk.NewInput(bytes.NewReader(b), int64(len(b)))
			in.Role = role
			job.Inputs = append(job.Inputs, in)
		}
	}
	r, err := sdk.Run(t.Context(), sdk.Plugin{Name: "test", Version: "1", Parse: op}, job)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Units.Consistent() {
		t.Errorf("units do not add up: %+v", r.Units)
	}
	out := output{Result: r, text: records.String()}
	for _, line := range strings.Split(strings.TrimSuffix(records.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		var o object
		dec := json.NewDecoder(strings.NewReader(line))
		dec.UseNumber()
		if err := dec.Decode(&o); err != nil {
			t.Fatal(err)
		}
		out.records = append(out.records, o)
	}
	for _, line := range strings.Split(strings.TrimSuffix(diagnostics.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		var d struct {
			Code, Severity string
			Source         struct{ Role string }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		out.diagnostics = append(out.diagnostics, strings.TrimSpace(d.Severity+" "+d.Code+" "+d.Source.Role))
	}
	return out
}

func (o output) says() string { return strings.Join(o.diagnostics, ", ") }
