package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/unpack"
)

// stock runs a stock tool in dir and returns what it prints; the test is skipped
// where the tool is missing.
func stock(t testing.TB, dir, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, stderr.Bytes())
	}
	return out
}

func write(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unpack(t testing.TB, data []byte, change ...func(*sdktest.Case)) sdktest.Output {
	t.Helper()
	c := sdktest.Case{Name: t.Name(), Operation: evidence.OpUnpack, Data: data}
	for _, f := range change {
		f(&c)
	}
	return sdktest.Do(t, main.Plugin, c)
}

// codes counts diagnostics by code and severity.
func codes(t testing.TB, o sdktest.Output) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, line := range o.Diagnostics {
		var d struct{ Code, Severity string }
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		n[d.Code+" "+d.Severity]++
	}
	return n
}

// contents are artifacts by the bytes of their names.
func contents(o sdktest.Output) map[string]string {
	m := map[string]string{}
	for _, a := range o.Artifacts {
		name := ""
		if a.Name != nil {
			name = a.Name.Bytes()
		}
		m[name] = string(a.Data)
	}
	return m
}

func names(m map[string]string) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// logLines is text that compresses as logs do, the same every time.
func logLines(n int) []byte {
	var b bytes.Buffer
	x := uint32(1)
	for b.Len() < n {
		x = x*1664525 + 1013904223
		b.WriteString(strings.Repeat("203.0.113.", int(x>>30)) + string(rune('a'+x>>27)) + "\tuser" + string(rune('0'+x>>29)) + "\t2008-08-01\t关于taiwan\r\n")
	}
	return b.Bytes()[:n]
}

// random is bytes that do not compress, the same every time.
func random(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 24)
	}
	return b
}

func complete(t testing.TB, o sdktest.Output) {
	t.Helper()
	if o.Result.Outcome != evidence.OutcomeComplete {
		t.Errorf("outcome %s: %s", o.Result.Outcome, o.Result.Reason)
	}
}

func pluginOf() sdk.Plugin { return main.Plugin }
