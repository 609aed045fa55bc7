package main_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/android"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// BenchmarkSMS reads 20,000 SMS; scripts/bench/devices.py compares with sqlite3.
func BenchmarkSMS(b *testing.B) {
	const rows = 20_000
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	db := filepath.Join(b.TempDir(), "a.db")
	if err := os.WriteFile(db, sdktest.Load(b, "testdata/mmssms-57.db").Data, 0o600); err != nil {
		b.Fatal(err)
	}
	script := `WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i+1 FROM n WHERE i < 20000)
		INSERT INTO sms (_id,thread_id,address,date,type,body) SELECT i, 1, '+15550110', 1383066341303+i, i%2+1, 'message number ' || i || ', a text of usual length' FROM n;`
	if out, err := exec.Command(program, "-batch", "-bail", db, script).CombinedOutput(); err != nil {
		b.Fatal(err, string(out))
	}
	data, err := os.ReadFile(db)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		in := sdk.NewInput(bytes.NewReader(data), int64(len(data)))
		r, err := sdk.Run(b.Context(), main.Plugin(), sdk.Job{Operation: evidence.OpParse, Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard})
		if err != nil || r.Err != nil || r.Records.Count != rows {
			b.Fatal(err, r.Err, r.Records.Count)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
