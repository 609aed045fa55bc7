//go:build linux

package host_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// python loads plugins with one search for the interpreter.
var python host.Loader

var havePython = sync.OnceValue(func() error {
	for _, p := range []string{"/usr/bin/python3", "/usr/local/bin/python3"} {
		if _, err := os.Stat(p); err == nil {
			return nil
		}
	}
	return os.ErrNotExist
})

// loadScript makes a plugin directory with that script, and further files by name.
func loadScript(t testing.TB, script string, more ...string) *host.Plugin {
	t.Helper()
	if havePython() != nil {
		t.Skip("NOT TESTED: no python3 in /usr/bin or /usr/local/bin")
	}
	dir := t.TempDir()
	manifest := `{"v":1,"name":"test-script","version":"1.0.0","title":"t","description":"d","licence":"MIT","protocol":1,"runtime":"ndjson","program":"plugin.py","interpreter":"python3","deterministic":true,
		"operations":[{"operation":"parse","accepts":[{}],"emits":["row"]},{"operation":"unpack","accepts":[{}]}]}`
	files := append([]string{"plugin.py", script, host.ManifestFile, manifest}, more...)
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := python.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// linesScript is a plugin without the SDK: what an author in any language writes.
const linesScript = `
import json, os, sys
job = json.load(sys.stdin)
at = 0
for n, line in enumerate(os.fdopen(3, "rb"), 1):
    text = line.rstrip(b"\n")
    print(json.dumps({"record": {"kind": "row", "table": "lines", "columns": {"text": text.decode("utf-8", "surrogateescape")},
        "source": {"offset": at, "length": len(text), "line": n}}}))
    at += len(line)
print(json.dumps({"done": True}))
`

func TestScript(t *testing.T) {
	h := newHost(t)
	j := job(t, loadScript(t, linesScript), "", "a\nb\xffc\n\u4e2d\n")
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete {
		t.Fatalf("%s %q %s", res.Outcome, res.Reason, res.Stderr)
	}
	want := []string{
		`{"columns":{"text":"a"},"kind":"row","source":{"length":1,"line":1,"offset":0},"table":"lines"}`,
		`{"columns":{"text":{"raw":"Yv9j","text":"b` + "\ufffd" + `c"}},"kind":"row","source":{"length":3,"line":2,"offset":2},"table":"lines"}`,
		`{"columns":{"text":"中"},"kind":"row","source":{"length":3,"line":3,"offset":6},"table":"lines"}`,
	}
	if got := strings.Join(sink.lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
	if u := res.Units; u != (evidence.Units{Declared: -1, Read: 3, Emitted: 3}) || res.Records.Count != 3 {
		t.Errorf("%+v %+v", u, res.Records)
	}
}

// sdkSource is the SDK that plugins carry.
func sdkSource(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../../plugins/sdk/python/exhibit_sdk.py")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestScriptNative: any program that needs no other file can print lines.
func TestScriptNative(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "program"), "./testdata/ndjson")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"data.txt": "mine", host.ManifestFile: `{"v":1,"name":"native","version":"1","title":"t","description":"d","licence":"MIT","protocol":1,"runtime":"ndjson","program":"program","deterministic":true,"operations":[{"operation":"parse","accepts":[{}],"emits":["row"]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := host.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	if _, err := h.Check(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	res, sink := h.must(job(t, p, "", "ab"))
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 2 || len(sink.diags) != 1 || !strings.Contains(sink.diags[0], "mine true true") {
		t.Errorf("%s %q %v %v %s", res.Outcome, res.Reason, sink.lines, sink.diags, res.Stderr)
	}
}

// TestScriptLevel: what the sandbox does not come to is not run.
func TestScriptLevel(t *testing.T) {
	h := newHost(t, func(c *host.Config) { c.RequireLevel = sandbox.L3 })
	host.ForbidNamespaces(h.Host)
	res, sinks, err := h.run(t.Context(), job(t, loadScript(t, linesScript), "", "x"))
	if err != nil || !res.Refused || len(sinks) > 0 || !strings.Contains(res.Reason, "sandbox level L2, but L3 is required") {
		t.Errorf("%v %+v", err, res)
	}
}

// TestScriptCancel: a cancelled run ends its process at once.
func TestScriptCancel(t *testing.T) {
	h := newHost(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	start := time.Now()
	_, _, err := h.run(ctx, job(t, loadScript(t, "while True: pass"), "", "x"))
	if !errors.Is(err, context.Canceled) || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	scriptWorks(h, loadScript(t, linesScript))
}

// TestScriptKeys: a key is in the job and nowhere else, and the host checks its use.
func TestScriptKeys(t *testing.T) {
	h := newHost(t)
	j := job(t, loadScript(t, `
import base64, json, os, sys
job = json.load(sys.stdin)
key = job["keys"][0]
seen = base64.b64decode(key["value"]) == b"s3cret"
print(json.dumps({"record": {"kind": "row", "table": "t", "columns": {"seen": seen, "elsewhere": "s3cret" in str(os.environ) + str(sys.argv)}, "source": {"offset": 0, "length": 1}}}))
print(json.dumps({"done": {"keys_used": [key["fingerprint"]]}}))
`), "", "x")
	j.Keys = []host.Key{{Fingerprint: "f", Name: "n", Value: []byte("s3cret")}}
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete || len(res.KeysUsed) != 1 || sink.lines[0] != `{"columns":{"elsewhere":false,"seen":true},"kind":"row","source":{"length":1,"offset":0},"table":"t"}` {
		t.Errorf("%s %q %v %v", res.Outcome, res.Reason, res.KeysUsed, sink.lines)
	}
}
