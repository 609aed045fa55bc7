//go:build linux

package host_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// hostile is one thing that a plugin does against its host, and what is to come of it.
// docs/threat-model.md has a line for each.
type hostile struct {
	// mode is what the test plugin's job asks for; program, in its place, is the name
	// by which it misbehaves before it has a job, or beside one.
	mode, program string
	n             int64
	input         string
	operation     string
	limits        host.Limits
	// host changes the host; flat takes its namespaces away.
	host func(*host.Config)
	flat bool

	outcome  evidence.Outcome // failed where not set
	attempts int              // 1 where not set
	reason   string           // what the reason says, among other things
	refused  bool
	// check looks at what else is to be so. sink is the last attempt's.
	check func(t *testing.T, res host.Result, sink *memory)
}

func (c hostile) name() string {
	name := c.mode
	if c.program != "" {
		name = c.program
	}
	if c.flat {
		name += "-flat"
	}
	return name
}

// soon is short enough to wait for, and long enough for a plugin that works.
var soon = host.Limits{Progress: 500 * time.Millisecond}

// starting is the same for programs that never answer.
var starting = host.Limits{Start: 500 * time.Millisecond}

// small is memory to run out of.
var small = host.Limits{Memory: 256 << 20}

const (
	complete = evidence.OutcomeComplete
	partial  = evidence.OutcomePartial
)

// says checks the only record of a job.
func says(want string) func(*testing.T, host.Result, *memory) {
	return func(t *testing.T, _ host.Result, sink *memory) {
		t.Helper()
		if len(sink.lines) != 1 || sink.lines[0] != want {
			t.Errorf("the plugin says %q, want %s", sink.lines, want)
		}
	}
}

// atMost checks a number in the only record of a job.
func atMost(member string, limit float64) func(*testing.T, host.Result, *memory) {
	return func(t *testing.T, _ host.Result, sink *memory) {
		t.Helper()
		var record map[string]any
		if len(sink.lines) != 1 || json.Unmarshal([]byte(sink.lines[0]), &record) != nil {
			t.Fatalf("records: %q", sink.lines)
		}
		if got, ok := record[member].(float64); !ok || got > limit {
			t.Errorf("%s is %v, more than %v", member, record[member], limit)
		}
	}
}

// bare is a host of plugins without any sandbox, by name.
func bare(c *host.Config) { c.RequireLevel, c.Launcher = sandbox.L0, launcher(launchBare) }

// hostileRows: before the handshake, in it, crashes and hangs, resources, lies, what
// goes round the streams, and what outlasts a job.
var hostileRows = []hostile{
	{program: "garbage", attempts: 2, reason: "handshake: Unrecognized remote plugin message"},
	{program: "garbage-lines", attempts: 2, reason: "handshake: Unrecognized remote plugin message:  [31mgarbage"},
	{program: "silent", limits: starting, attempts: 2, reason: "did not start within 500ms"},
	{program: "mute", limits: starting, attempts: 2, reason: "did not start within 500ms"},
	{program: "exits", attempts: 2, reason: "handshake: Unrecognized remote plugin message", check: func(t *testing.T, res host.Result, _ *memory) {
		if string(res.Stderr) != "good bye\n" || res.Exit != "exit status 3" {
			t.Errorf("stderr %q, exit %q", res.Stderr, res.Exit)
		}
	}},
	{program: "crash-describe", attempts: 2, reason: "Describe: "},
	{program: "describe-hang", limits: starting, attempts: 2, reason: "did not start within 500ms"},
	{program: "describe-huge", attempts: 2, reason: "received message larger than max"},

	{program: "forged-tcp", attempts: 2, reason: "not a unix socket in its own directory"},
	{program: "forged-docker", attempts: 2, reason: "not a unix socket in its own directory"},
	{program: "forged-parent", attempts: 2, reason: "not a unix socket in its own directory"},
	{program: "forged-empty", attempts: 2, reason: "not a unix socket in its own directory"},
	{program: "forged-abstract", attempts: 2, reason: "not a unix socket"},
	{program: "forged-file", attempts: 2, reason: "not a unix socket"},
	{program: "forged-none", attempts: 2, reason: "not a unix socket"},
	{program: "forged-nul", attempts: 2, reason: "not a unix socket"},
	{program: "forged-core", attempts: 2, reason: "incompatible core API version"},
	{program: "forged-version", attempts: 2, reason: "incompatible API version"},
	{program: "forged-fields", attempts: 2, reason: "Unrecognized remote plugin message"},
	{program: "forged-netrpc", attempts: 2, reason: "unsupported plugin protocol"},
	{program: "forged-words", attempts: 2, reason: "error parsing core protocol version"},
	{program: "cert-base64", attempts: 2, reason: "error parsing server cert"},
	{program: "cert-junk", attempts: 2, reason: "error parsing server cert"},
	{program: "cert-none", attempts: 2, reason: "authentication handshake failed"},
	{program: "cert-other", attempts: 2, reason: "authentication handshake failed"},

	{program: "liar-name", refused: true, reason: "test-plugin 1.0.0, protocol 1, [parse unpack]; the program says another-plugin"},
	{program: "liar-version", refused: true, reason: "the program says test-plugin 9.9.9"},
	{program: "liar-protocol", refused: true, reason: "protocol 2"},
	{program: "liar-operations", refused: true, reason: "[decrypt parse unpack]"},

	{mode: "crash", attempts: 2, reason: "crashed: exit status 3", check: func(t *testing.T, res host.Result, _ *memory) {
		if !strings.Contains(string(res.Stderr), "about to crash") || res.Exit != "exit status 3" {
			t.Errorf("stderr %q, exit %q", res.Stderr, res.Exit)
		}
	}},
	{mode: "panic", attempts: 2, reason: "crashed: exit status 2", check: func(t *testing.T, res host.Result, _ *memory) {
		if !strings.Contains(string(res.Stderr), "assignment to entry in nil map") {
			t.Errorf("stderr %q", res.Stderr)
		}
	}},
	{mode: "exit-0", attempts: 2, reason: "crashed: exit status 0"},
	{mode: "done-crash", attempts: 2, reason: "crashed: exit status 6"},
	{mode: "hang", limits: soon, attempts: 2, reason: "hung: no progress for 500ms"},
	{mode: "tick", limits: soon, attempts: 2, reason: "hung: no progress for 500ms"},
	{mode: "stop-self", limits: soon, attempts: 2, reason: "hung: no progress for 500ms"},
	{mode: "stop-self", flat: true, limits: soon, attempts: 2, reason: "hung: no progress for 500ms"},
	{mode: "slow", n: 24, limits: host.Limits{Progress: time.Second}, outcome: complete},

	{mode: "bomb", limits: small, attempts: 2},
	{mode: "bomb", limits: small, flat: true, attempts: 2},
	{mode: "bomb-shared", host: withoutSeccomp, limits: small, attempts: 2, reason: "used more than 268435456 bytes of memory"},
	{mode: "bomb-stack", outcome: complete, check: says(`{"errors":"operation not permitted; operation not permitted","kind":"row"}`)},
	{mode: "files", attempts: 2, reason: "made files in its directory"},
	{mode: "threads", attempts: 2},
	{mode: "threads", flat: true, attempts: 2, reason: "made more than 512 threads"},
	{mode: "fork", outcome: complete, check: says(`{"kind":"row","refused":100}`)},
	{mode: "fork", flat: true, outcome: complete, check: says(`{"kind":"row","refused":100}`)},
	{mode: "grandchild", attempts: 2, reason: "crashed: exit status 5", check: func(t *testing.T, res host.Result, _ *memory) {
		if !strings.Contains(string(res.Stderr), "grandchild: operation not permitted") {
			t.Errorf("stderr %q", res.Stderr)
		}
	}},
	// Where nothing keeps it from forking, what it leaves is killed with its group.
	{mode: "grandchild", flat: true, host: bare, attempts: 2, reason: "crashed: exit status 5", check: func(t *testing.T, res host.Result, _ *memory) {
		if !strings.Contains(string(res.Stderr), "grandchild: errno 0") {
			t.Errorf("stderr %q", res.Stderr)
		}
		for _, p := range named(t, "sleeper\x00") {
			t.Errorf("process %s is left", p)
		}
	}},

	{mode: "flood", limits: host.Limits{Records: 12_345}, outcome: partial, reason: "over its limits: more than 12345 records", check: func(t *testing.T, _ host.Result, sink *memory) {
		if len(sink.lines) != 12_345 {
			t.Errorf("%d records are kept", len(sink.lines))
		}
	}},
	{mode: "flood-diagnostics", limits: host.Limits{Diagnostics: 10}, outcome: partial, reason: "over its limits: more than 10 diagnostics"},
	{mode: "bomb-artifact", operation: evidence.OpUnpack, limits: host.Limits{OutputBytes: 1 << 20}, outcome: partial, reason: "over its limits: more than 1048576 bytes of artifacts"},
	{mode: "flood-events", limits: host.Limits{Progress: time.Second, Total: 800 * time.Millisecond}, outcome: partial, reason: "over its limits: ran longer than 800ms"},
	{mode: "flood-stderr", n: 150, outcome: complete, check: func(t *testing.T, res host.Result, _ *memory) {
		if n := len(res.Stderr); n > 64<<10 || n < 60<<10 || !strings.Contains(string(res.Stderr), "bytes left out]") {
			t.Errorf("%d bytes of stderr kept", n)
		}
	}},
	// A pipe holds 64 KiB; 1 MiB is free, then 1.6 MB a second.
	{mode: "flood-stdout", n: 500, outcome: complete, check: atMost("written", 8<<20)},
	{mode: "sent", program: "stdio-flood", n: 300, outcome: complete, check: atMost("sent", 8<<20)},
	{mode: "ok", program: "stdio-huge", outcome: complete},
	{mode: "sent", program: "broker-flood", n: 200, outcome: complete, check: says(`{"kind":"row","sent":0}`)},
	{mode: "big-event", reason: "received message larger than max"},
	{mode: "big-trailer", reason: "Process returned Internal"},
	{mode: "giant", reason: "records line 1 is longer than 1048576 bytes"},
	{mode: "forge-log", outcome: complete, check: func(t *testing.T, res host.Result, _ *memory) {
		if text := res.StderrText(); !strings.Contains(text, `sealed","@module":"exhibit"`) || strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, `\x1b]0;title\a\xff`) {
			t.Errorf("%q", text)
		}
	}},

	{mode: "wrong-count", reason: "Done says 4 records, 5 arrived"},
	{mode: "wrong-digest", reason: "Done states another digest of records than what arrived has"},
	{mode: "wrong-units", reason: "units do not add up"},
	{mode: "wrong-declared", reason: "units do not add up"},
	{mode: "wrong-rejects", reason: "Done says 1 units were rejected, 0 diagnostics say so"},
	{mode: "wrong-key", reason: "Done names a key that was not handed over"},
	{mode: "wrong-bytes", reason: "Done says 1099511627776 bytes were read of 5"},
	{mode: "no-done", reason: "ended without Done"},
	{mode: "two-done", reason: "an event after Done"},
	{mode: "late-record", reason: "Done says 5 records, 6 arrived"},
	{mode: "keep-open", limits: soon, reason: "left its streams open after Done"},
	{mode: "error", reason: "Process returned Unknown: no such thing"},
	{mode: "failed", reason: "wrong password"},
	{mode: "partial", outcome: partial, reason: "cut [31m short"},
	{mode: "raw", input: `{"kind":"row","source":{"length":1,"offset":1000}}` + "\n", reason: "records line 1: span leaves the input"},
	{mode: "raw-diagnostic", input: `{"code":"x","severity":"info","source":{"length":1000,"offset":0}}` + "\n", reason: "diagnostics line 1: span leaves the input"},
	{mode: "raw-text", input: "{\"kind\":\"row\",\"text\":\"a\xffb\"}\n", reason: "records line 1: not canonical JSON: text is not UTF-8 at byte 22"},
	{mode: "raw-frames", input: "D\xff\xff\xff\xff", reason: "artifacts: frame of 4294967295 bytes"},
	{mode: "artifact-open", outcome: partial, reason: "input ends early", check: func(t *testing.T, _ host.Result, sink *memory) {
		if !sink.arts[0].aborted {
			t.Error("an artifact without an end is kept")
		}
	}},

	{mode: "stdin", outcome: complete, check: says(`{"error":"EOF","kind":"row","n":0}`)},
	{mode: "send-descriptors", outcome: complete, check: says(`{"error":"broken pipe","kind":"row","sent":0}`)},
	{mode: "clear-deathsig", limits: soon, attempts: 2, reason: "hung", check: says(`{"err":"operation not permitted","kind":"row"}`)},
}

func TestHostile(t *testing.T) {
	document, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	if slow.Asked() {
		userRun.begin(t)
	}
	good := loadPlugin(t, "plugin")
	before := strays(t)
	for i, c := range hostileRows {
		t.Run(c.name(), func(t *testing.T) {
			if !strings.Contains(string(document), "`"+strings.TrimSuffix(c.name(), "-flat")+"`") {
				t.Errorf("docs/threat-model.md has no line for `%s`", c.name())
			}
			if i%4 != 0 { // 46 s for all
				slow.Test(t)
			}
			var change []func(*host.Config)
			if c.host != nil {
				change = append(change, c.host)
			}
			h := newHost(t, change...)
			if c.flat {
				host.ForbidNamespaces(h.Host)
			}
			p := good
			if c.program != "" {
				p = linkPlugin(t, c.program)
			}
			c.run(t, h, p)
			h.works(good)
		})
	}
	for p := range strays(t) {
		if !before[p] {
			t.Errorf("left behind: %s", p)
		}
	}
}

// run runs the row and checks what came of it.
func (c hostile) run(t *testing.T, h *fixture, p *host.Plugin) {
	t.Helper()
	if c.outcome == "" {
		c.outcome = evidence.OutcomeFailed
	}
	if c.attempts == 0 {
		c.attempts = 1
	}
	if c.input == "" {
		c.input = "input"
	}
	mode := strings.TrimSuffix(c.mode, "-text")
	if mode == "" {
		mode = "ok"
	}
	j := job(t, p, mode, c.input)
	if c.operation != "" {
		j.Operation = c.operation
	}
	j.Limits = c.limits
	j.Config = config(t, map[string]any{"mode": mode, "n": c.n})
	res, sinks, err := h.run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if res.Outcome != c.outcome || res.Attempts != c.attempts || res.Refused != c.refused || !strings.Contains(res.Reason, c.reason) {
		t.Errorf("%s, %d attempts, refused %v, %q; want %s, %d, %v, %q; stderr %.300q", res.Outcome, res.Attempts, res.Refused, res.Reason, c.outcome, c.attempts, c.refused, c.reason, res.Stderr)
	}
	if (res.Reason == "") != (res.Outcome == evidence.OutcomeComplete) || len(res.Reason) > 1<<10 || strings.ContainsAny(res.Reason, "\x1b\n\x00") {
		t.Errorf("%s for %q", res.Outcome, res.Reason)
	}
	started := c.attempts
	if c.program != "" && c.mode == "" {
		started = 0
	}
	if len(sinks) != started {
		t.Errorf("%d sinks for %d attempts", len(sinks), started)
	}
	for i, s := range sinks {
		if want := c.outcome == evidence.OutcomeFailed; s.aborted != want {
			t.Errorf("sink %d aborted: %v", i, s.aborted)
		}
	}
	for _, word := range []string{"evidence evidence", "about to crash", "nil map", "custody log sealed", "good bye"} {
		if strings.Contains(h.log.String(), word) {
			t.Errorf("the log quotes the plugin: %s", h.log)
		}
	}
	if c.check != nil {
		sink := new(memory)
		if len(sinks) > 0 {
			sink = sinks[len(sinks)-1]
		}
		c.check(t, res, sink)
	}
}

// strays are things that a plugin or go-plugin could leave outside the host's directory.
func strays(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range []string{os.TempDir(), "/tmp", "."} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "plugin") && dir != "." || strings.HasPrefix(e.Name(), "exhibit-escape") || e.Type() == os.ModeSocket {
				found[dir+"/"+e.Name()] = true
			}
		}
	}
	return found
}
