//go:build linux

package host_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// TestRecordLines hands lines to the host as they are: the input is the line.
func TestRecordLines(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	for _, c := range []struct{ name, line, why string }{
		{"plain", `{"kind":"row"}`, ""},
		{"span", `{"kind":"row","source":{"length":2,"offset":3}}`, ""},
		{"span at the end", `{"kind":"row","source":{"length":0,"offset":49}}`, ""}, // the line and its newline are the input
		{"span past the end", `{"kind":"row","source":{"length":0,"offset":50}}`, "span leaves the input"},
		{"span beyond", `{"kind":"row","source":{"length":1,"offset":1000}}`, "span leaves the input"},
		{"span too long", `{"kind":"row","source":{"length":1000,"offset":0}}`, "span leaves the input"},
		{"span negative", `{"kind":"row","source":{"length":1,"offset":-1}}`, "span leaves the input"},
		{"span overflows", `{"kind":"row","source":{"length":9007199254740991,"offset":9007199254740991}}`, "span leaves the input"},
		{"half a span", `{"kind":"row","source":{"offset":0}}`, "malformed: source has one of offset and length"},
		{"span of text", `{"kind":"row","source":{"length":"1","offset":0}}`, "malformed: length of source has the wrong type"},
		{"role", `{"kind":"row","source":{"length":1,"offset":0,"role":"wal"}}`, "source names a role that no input has"},
		{"role that is", `{"kind":"row","source":{"length":1,"offset":0,"role":"input"}}`, ""},
		{"source no object", `{"kind":"row","source":[]}`, "malformed: source is not an object"},
		{"time", `{"kind":"row","time":"2008-07-31T23:10:19.123456789Z"}`, ""},
		{"time null", `{"kind":"row","time":null}`, ""},
		{"time local", `{"kind":"row","time":"2008-07-31T23:10:19+08:00"}`, "time is not RFC 3339 UTC"},
		{"time number", `{"kind":"row","time":1217545819}`, "malformed: time is not a plain string"},
		{"time words", `{"kind":"row","time":"2008-07-31 23:10:19Z"}`, "time is not RFC 3339 UTC"},
		{"no kind", `{"text":"x"}`, "no kind"},
		{"kind empty", `{"kind":""}`, "no kind"},
		{"kind null", `{"kind":null}`, "malformed: kind is not a plain string"},
		{"kind long", `{"kind":"` + strings.Repeat("k", 200) + `"}`, "kind is not in its format"},
		{"kind of words", `{"kind":"a row"}`, "kind is not in its format"},
		{"empty", ``, "not canonical JSON: not an object at byte 0"},
		{"array", `[]`, "not canonical JSON: not an object at byte 0"},
		{"space", `{"kind": "row"}`, "not canonical JSON: unexpected character at byte 8"},
		{"order", `{"kind":"row","a":1}`, "not canonical JSON: member names out of order or repeated at byte 14"},
		{"twice", `{"kind":"row","kind":"row"}`, "not canonical JSON: member names out of order or repeated at byte 14"},
		{"fraction", `{"kind":"row","n":1.5}`, "not canonical JSON: comma or brace expected at byte 19"},
		{"UTF-8", "{\"kind\":\"row\",\"text\":\"a\xffb\"}", "not canonical JSON: text is not UTF-8 at byte 22"},
		{"escape", `{"kind":"row","text":"\u00e9"}`, "not canonical JSON: escape that is not canonical at byte 22"},
		{"carriage return", "{\"kind\":\"row\"}\r", "not canonical JSON: data after the value at byte 14"},
		{"NUL", "{\"kind\":\"row\",\"text\":\"\x00\"}", "not canonical JSON: control character in text at byte 22"},
		{"nested", `{"kind":"row","x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, "not canonical JSON: nested too deeply at byte 82"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, sink := h.must(job(t, p, "raw", c.line+"\n"))
			if c.why == "" {
				if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1 || sink.lines[0] != c.line {
					t.Errorf("%s %q, %q", res.Outcome, res.Reason, sink.lines)
				}
				return
			}
			if want := "broke the protocol: records line 1: " + c.why; res.Outcome != evidence.OutcomeFailed || res.Reason != want || !sink.aborted {
				t.Errorf("%s %q, want %q", res.Outcome, res.Reason, want)
			}
		})
	}
	h.works(p)
}

// TestStreamShapes: where lines end, and how long they may be.
func TestStreamShapes(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	line := func(n int) string { // of n bytes, the newline included
		const head, tail = `{"kind":"row","text":"`, `"}` + "\n"
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	for _, c := range []struct {
		name, input, reason string
		records             int
	}{
		{"nothing", "", "", 0},
		{"longest", line(1 << 20), "", 1},
		{"too long", line(1<<20 + 1), "broke the protocol: records line 1 is longer than 1048576 bytes", 0},
		{"second too long", line(100) + line(1<<20+1), "broke the protocol: records line 2 is longer than 1048576 bytes", 1},
		{"many long", strings.Repeat(line(300<<10), 7), "", 7},
		{"across batches", strings.Repeat(line(1000), 3000), "", 3000},
		{"no end", line(100) + "{}", "broke the protocol: a stream ends inside a line or frame", 1},
		{"bad late", strings.Repeat(line(1000), 2000) + "x\n", "broke the protocol: records line 2001: not canonical JSON: not an object at byte 0", 2000},
	} {
		t.Run(c.name, func(t *testing.T) {
			mode := "raw"
			if c.input == "" {
				mode = "ok"
			}
			res, sink := h.must(job(t, p, mode, c.input))
			if res.Reason != c.reason || len(sink.lines) != c.records || (res.Outcome == evidence.OutcomeComplete) != (c.reason == "") {
				t.Errorf("%s %q, %d records", res.Outcome, res.Reason, len(sink.lines))
			}
			if got := strings.Join(sink.lines, "\n"); c.reason == "" && c.records > 0 && got+"\n" != c.input {
				t.Error("the sink got other bytes than were sent")
			}
			if c.reason == "" && res.Records.SHA256 != evidence.Sum([]byte(c.input)) {
				t.Errorf("digest %s", res.Records.SHA256)
			}
		})
	}
}

func TestDiagnosticLines(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	for _, c := range []struct{ line, why string }{
		{`{"code":"a.b","severity":"warning"}`, ""},
		{`{"code":"a.b","severity":"fatal"}`, "severity is none of those that exist"},
		{`{"severity":"info"}`, "no code"},
		{`{"code":"a b","severity":"info"}`, "code is not in its format"},
		{`{"code":"a","severity":"info","source":{"length":1,"offset":10000}}`, "span leaves the input"},
	} {
		res, sink := h.must(job(t, p, "raw-diagnostic", c.line+"\n"))
		want := ""
		if c.why != "" {
			want = "broke the protocol: diagnostics line 1: " + c.why
		}
		if res.Reason != want || (len(sink.diags) == 1) != (c.why == "") {
			t.Errorf("%s: %s %q, %q", c.line, res.Outcome, res.Reason, sink.diags)
		}
	}
}

func frame(kind byte, payload string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))) + payload
}

func TestFrames(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	begin, end := frame('B', `{}`), frame('E', `{"complete":true,"reason":""}`)
	big := frame('D', strings.Repeat("x", 1<<20))
	for _, c := range []struct {
		name, stream, why string
		n                 int
	}{
		{"one", begin + frame('D', "abc") + frame('D', "") + frame('D', "def") + end, "", 1},
		{"empty", begin + end + begin + end, "", 2},
		{"big", begin + big + big + big + end, "", 1},
		{"unknown", begin + frame('X', "") + end, "artifacts: frame of unknown type 'X'", 0},
		{"data first", frame('D', "x"), "artifacts: data without begin", 0},
		{"end first", end, "artifacts: end without begin", 0},
		{"begin twice", begin + begin, "artifacts: begin before the end of the last", 0},
		{"huge", "D\xff\xff\xff\xff", "artifacts: frame of 4294967295 bytes", 0},
		{"cut header", begin + "D\x00", "a stream ends inside a line or frame", 0},
		{"cut payload", begin + "D\x00\x00\x00\x05ab", "a stream ends inside a line or frame", 0},
		{"begin of text", frame('B', `x`), "artifacts: begin: not canonical JSON: unexpected character at byte 0", 0},
		{"begin unknown", frame('B', `{"nam":1}`), "artifacts: begin: malformed: not the members it should have", 0},
		{"end unknown", begin + frame('E', `{"ok":true}`), "artifacts: end: malformed: not the members it should have", 0},
		{"name empty", frame('B', `{"name":{"text":""}}`), "artifacts: begin: name is not in its format", 0},
		{"name twofold", frame('B', `{"name":{"raw":"YQ==","text":"a"}}`), "artifacts: begin: name is not in its format", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job(t, p, "raw-frames", c.stream)
			j.Config = config(t, map[string]any{"mode": "raw-frames", "n": int64(c.n)})
			res, sink := h.must(j)
			if c.why != "" {
				if res.Outcome != evidence.OutcomeFailed || res.Reason != "broke the protocol: "+c.why {
					t.Errorf("%s %q", res.Outcome, res.Reason)
				}
				for _, a := range sink.arts {
					if a.ended == a.aborted {
						t.Errorf("artifact ended %v, aborted %v", a.ended, a.aborted)
					}
				}
				return
			}
			if res.Outcome != evidence.OutcomeComplete || len(sink.arts) != c.n || res.Artifacts.Count != int64(c.n) {
				t.Fatalf("%s %q, %d artifacts", res.Outcome, res.Reason, len(sink.arts))
			}
			if c.name == "one" && string(sink.arts[0].data) != "abcdef" || c.name == "big" && len(sink.arts[0].data) != 3<<20 {
				t.Errorf("%d bytes: %.20q", len(sink.arts[0].data), sink.arts[0].data)
			}
		})
	}
}

func TestArtifact(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	content := strings.Repeat("0123456789", 100_000)
	j := job(t, p, "artifact", content)
	j.Operation = evidence.OpUnpack
	_, sink := h.must(j)
	a := sink.arts[0]
	name := evidence.NewName("\xffa\n")
	if d := cmp.Diff(host.Begin{Name: &name, Steps: []byte(`[{"op":"copy"}]`), Meta: []byte(`{"mode":420}`), Text: true}, a.Begin); d != "" {
		t.Error(d)
	}
	if string(a.data) != content || !a.complete || a.reason != "" {
		t.Errorf("%d bytes, complete %v, %q", len(a.data), a.complete, a.reason)
	}

	// An artifact without an end is not stored; that the run says so is enough.
	res, sink := h.must(job(t, p, "artifact-open", ""))
	if res.Outcome != evidence.OutcomePartial || !sink.arts[0].aborted || sink.arts[0].ended || res.Artifacts.Count != 0 {
		t.Errorf("%+v %+v", res, sink.arts[0])
	}
	j = job(t, p, "artifacts", "")
	j.Config = config(t, map[string]any{"mode": "artifacts", "n": int64(2)})
	if _, sink = h.must(j); len(sink.arts) != 2 || sink.arts[1].complete || sink.arts[1].reason != "damaged" {
		t.Errorf("%+v", sink.arts)
	}
}

// TestOutputLimits: what came before the limit is kept, exactly, and marked.
func TestOutputLimits(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	t.Run("records", func(t *testing.T) {
		j := job(t, p, "flood", "input")
		j.Limits.Records = 12_345
		res, sink := h.must(j)
		if res.Outcome != evidence.OutcomePartial || res.Reason != "over its limits: more than 12345 records" || len(sink.lines) != 12_345 || sink.aborted || res.Attempts != 1 {
			t.Errorf("%s %q, %d records, %d attempts", res.Outcome, res.Reason, len(sink.lines), res.Attempts)
		}
		if want := evidence.Sum([]byte(strings.Join(sink.lines, "\n") + "\n")); res.Records.SHA256 != want || res.Records.Count != 12_345 {
			t.Errorf("%+v does not cover what the sink got", res.Records)
		}
	})
	t.Run("bytes of records", func(t *testing.T) {
		j := job(t, p, "flood", "input")
		j.Limits.OutputBytes = 1 << 20
		res, sink := h.must(j)
		if res.Outcome != evidence.OutcomePartial || res.Reason != "over its limits: more than 1048576 bytes of records" || res.Records.Bytes > 1<<20 || res.Records.Bytes < 1<<20-1000 {
			t.Errorf("%s %q, %d records, %+v", res.Outcome, res.Reason, len(sink.lines), res.Records)
		}
	})
	t.Run("by ratio", func(t *testing.T) {
		j := job(t, p, "bomb-artifact", "input") // 64 MiB whatever the ratio
		res, sink := h.must(j)
		if res.Outcome != evidence.OutcomePartial || res.Reason != "over its limits: more than 67108864 bytes of artifacts" {
			t.Errorf("%s %q", res.Outcome, res.Reason)
		}
		if a := sink.arts[0]; len(a.data) != 64<<20 || a.complete || a.reason != res.Reason || a.aborted || res.Artifacts.Count != 1 {
			t.Errorf("%d bytes, complete %v, %q, aborted %v", len(a.data), a.complete, a.reason, a.aborted)
		}
	})
	t.Run("diagnostics", func(t *testing.T) {
		j := job(t, p, "flood-diagnostics", "input")
		j.Limits.Diagnostics = 10
		if res, sink := h.must(j); res.Outcome != evidence.OutcomePartial || len(sink.diags) != 10 {
			t.Errorf("%s %q, %d", res.Outcome, res.Reason, len(sink.diags))
		}
	})
	t.Run("artifacts", func(t *testing.T) {
		j := job(t, p, "artifacts", "input")
		j.Config = config(t, map[string]any{"mode": "artifacts", "n": int64(11)})
		j.Limits.Artifacts = 10
		if res, sink := h.must(j); res.Outcome != evidence.OutcomePartial || len(sink.arts) != 10 {
			t.Errorf("%s %q, %d", res.Outcome, res.Reason, len(sink.arts))
		}
	})
	h.works(p)
}

// TestInputs: what is no input is the host's failure.
func TestInputs(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	j := job(t, p, "ok", "input")
	j.Inputs[0].Size++
	if _, _, err := h.run(t.Context(), j); !errors.Is(err, evidence.ErrChanged) {
		t.Errorf("a file of another size: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	j.Inputs[0] = host.Input{Role: "input", File: r}
	if _, _, err := h.run(t.Context(), j); err == nil {
		t.Error("a pipe is an input")
	}
	for what, spoil := range map[string]func(*host.Job){
		"no input":  func(j *host.Job) { j.Inputs = nil },
		"many":      func(j *host.Job) { j.Inputs = make([]host.Input, 300) },
		"operation": func(j *host.Job) { j.Operation = evidence.OpDecrypt },
		"config":    func(j *host.Job) { j.Config = []byte(`{ }`) },
		"limit":     func(j *host.Job) { j.Limits.Memory = 1 << 20 },
		"plugin":    func(j *host.Job) { j.Plugin = nil },
	} {
		j := job(t, p, "ok", "input")
		spoil(&j)
		if _, sinks, err := h.run(t.Context(), j); err == nil || len(sinks) > 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	h.works(p)
}

// TestManyInputs: each under its role, with spans checked against its own size.
func TestManyInputs(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	j := job(t, p, "raw", `{"kind":"row","source":{"length":9,"offset":0,"role":"b"}}`+"\n")
	j.Inputs[0].Role = "a"
	for range 100 {
		j.Inputs = append(j.Inputs, inputFile(t, "012345678"))
	}
	j.Inputs[100].Role = "b"
	if res, sink := h.must(j); res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1 {
		t.Errorf("%+v", res)
	}
	j.Inputs[100] = inputFile(t, "0")
	j.Inputs[100].Role = "b"
	if res, _ := h.must(j); res.Reason != "broke the protocol: records line 1: span leaves the input" {
		t.Errorf("%+v", res)
	}
}

// TestSinkFails: that is the host's failure, not the plugin's.
func TestSinkFails(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	full := errors.New("disk full")
	sink := &memory{fail: full}
	_, err := h.Run(t.Context(), job(t, p, "echo", "x\n"), func() (host.Sink, error) { return sink, nil })
	if !errors.Is(err, full) || !sink.aborted {
		t.Errorf("%v, aborted %v", err, sink.aborted)
	}
	if _, err := h.Run(t.Context(), job(t, p, "echo", "x\n"), func() (host.Sink, error) { return nil, full }); !errors.Is(err, full) {
		t.Error(err)
	}
	h.works(p)
}

// TestLoad: the digest by stock tools, and what is no plugin.
func TestLoad(t *testing.T) {
	p := loadPlugin(t, "plugin")
	for _, extra := range []string{"testdata/in", "data/é.txt"} {
		path := filepath.Join(p.Dir, extra)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(extra), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := host.Load(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	const script = `import hashlib,json,os,sys
d=sys.argv[1]; m={}
for r,_,fs in os.walk(d):
    for f in fs:
        p=os.path.relpath(os.path.join(r,f),d)
        if not p.startswith("testdata/"): m[p]=hashlib.sha256(open(os.path.join(r,f),"rb").read()).hexdigest()
print(hashlib.sha256(json.dumps(m,ensure_ascii=False,separators=(",",":"),sort_keys=True).encode()).hexdigest(),end="")`
	if want := output(t, "python3", "-c", script, p.Dir); p.Digest.Hex() != want {
		t.Errorf("digest %s, python says %s", p.Digest.Hex(), want)
	}
	if b, err := p.ReadFile("data/é.txt"); err != nil || string(b) != "data/é.txt" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := p.ReadFile("testdata/in"); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "data/é.txt"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	var differs *evidence.IntegrityError
	if _, err := p.ReadFile("data/é.txt"); !errors.Is(err, evidence.ErrRefused) || !errors.As(err, &differs) || differs.Got != evidence.Sum([]byte("other")) {
		t.Error(err)
	}
	changed, err := host.Load(p.Dir)
	if err != nil || changed.Digest == p.Digest {
		t.Errorf("same digest for other files, %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"no manifest":   func(dir string) error { return os.Remove(filepath.Join(dir, "plugin.json")) },
		"no program":    func(dir string) error { return os.Remove(filepath.Join(dir, "plugin")) },
		"symbolic link": func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "link")) },
		"bad manifest":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "plugin.json"), []byte("{}"), 0o644) },
		"huge manifest": func(dir string) error { return os.Truncate(filepath.Join(dir, "plugin.json"), 2<<20) },
		"program elsewhere": func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, "plugin.json"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "plugin.json"), []byte(strings.Replace(string(b), `"plugin"`, `"../plugin"`, 1)), 0o644)
		},
		"name of no text": func(dir string) error { return os.WriteFile(filepath.Join(dir, "a\xff"), nil, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			p := loadPlugin(t, "plugin")
			if err := spoil(p.Dir); err != nil {
				t.Fatal(err)
			}
			got, err := host.Load(p.Dir)
			if name == "bad manifest" {
				if !errors.Is(err, evidence.ErrNewer) && !errors.Is(err, evidence.ErrFormat) || got != nil {
					t.Errorf("%v", err)
				}
				return
			}
			if !errors.Is(err, evidence.ErrFormat) || got != nil {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := host.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
