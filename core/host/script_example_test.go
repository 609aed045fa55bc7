//go:build linux

package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const exampleDir = "../../plugins/sdk/python/examples/android-calls"

// openInput hands over a file that exists.
func openInput(t testing.TB, role, path string) host.Input {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return host.Input{Role: role, File: f, Size: int64(len(b)), SHA256: evidence.Sum(b)}
}

// TestScriptExample runs the example that authors are shown: a database in WAL mode
// with rows that only its log holds.
func TestScriptExample(t *testing.T) {
	if havePython() != nil {
		t.Skip("NOT TESTED: no python3 in /usr/bin or /usr/local/bin")
	}
	h := newHost(t)
	p, err := python.Load(exampleDir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Check(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	db, wal := filepath.Join(exampleDir, "testdata/calllog.db"), filepath.Join(exampleDir, "testdata/calllog.db-wal")
	j := host.Job{Plugin: p, Operation: evidence.OpParse, Config: []byte("{}"), Inputs: []host.Input{openInput(t, "main", db), openInput(t, "wal", wal)}}
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 15 || len(sink.diags) != 0 || res.Units != (evidence.Units{Declared: -1, Read: 15, Emitted: 15}) {
		t.Fatalf("%s %q, %d records, %v, %+v\n%s", res.Outcome, res.Reason, len(sink.lines), sink.diags, res.Units, res.Stderr)
	}
	const want = `{"direction":"outgoing","display_name":"名字","duration_s":5,"from":null,"kind":"call",` +
		`"source":{"length":40,"offset":2050,"role":"wal","rowid":14,"table":"calls"},"status":null,"time":"2013-10-29T18:06:39.001Z",` +
		`"time_basis":{"basis":"declared","epoch":"unix","unit":"ms","zone":"UTC","zone_basis":"source"},"time_kind":"started","time_raw":"1383069999001","to":["+86 138 0000 0003"]}`
	if sink.lines[13] != want {
		t.Errorf("got  %s\nwant %s", sink.lines[13], want)
	}
	files := map[string]string{"": db, "wal": wal}
	for _, line := range sink.lines {
		var r struct {
			From   *string
			To     []string
			Source struct {
				Offset, Length int
				Role           string
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(files[r.Source.Role])
		if err != nil {
			t.Fatal(err)
		}
		number := strings.Join(r.To, "")
		if r.From != nil {
			number = *r.From
		}
		if cell := string(b[r.Source.Offset : r.Source.Offset+r.Source.Length]); !strings.Contains(cell, number) {
			t.Errorf("%q is not in the bytes of %s", number, line)
		}
	}

	// Without the log the newest calls are missing, and the run says so.
	j.Inputs = []host.Input{openInput(t, "input", db)}
	res, sink = h.must(j)
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 13 || len(sink.diags) != 1 || !strings.Contains(sink.diags[0], `"sqlite.wal_missing"`) {
		t.Errorf("%s %q, %d records, %v", res.Outcome, res.Reason, len(sink.lines), sink.diags)
	}
}
