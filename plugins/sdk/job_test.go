package sdk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func term(s string) *sdk.Keyword { return &sdk.Keyword{Term: sdk.Str(s)} }

func TestUnits(t *testing.T) {
	r, records, diagnostics, _ := run(t, "abcdefghij", func(c *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		out.Declare(6)
		out.Skip(1)
		for _, at := range []int64{0, 0, 1} { // two records of one unit, one of the next
			if err := out.Put(term("t"), sdk.At(at, 1)); err != nil {
				return err
			}
		}
		c.Reject(sdk.At(1, 1), "late", "it has a record by now")
		c.Reject(sdk.At(2, 1), "bad", "no record")
		c.Reject(sdk.At(2, 1), "bad.again", "the same unit")
		c.Warn(sdk.At(3, 1), "odd", "a record follows")
		return out.Put(term("t"), sdk.At(3, 1))
	})
	want := evidence.Units{Declared: 6, Read: 5, Emitted: 3, Rejected: 1, Skipped: 1}
	if r.Units != want || !r.Units.Consistent() || r.Outcome != evidence.OutcomeComplete {
		t.Errorf("%+v", r)
	}
	if len(records) != 4 {
		t.Errorf("%q", records)
	}
	var got []string
	for _, d := range diagnostics {
		var v struct{ Code, Severity string }
		if err := json.Unmarshal([]byte(d), &v); err != nil {
			t.Fatal(err)
		}
		got = append(got, v.Code+" "+v.Severity)
		if err := evidence.CheckCanonical([]byte(d)); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff([]string{"late warning", "bad reject", "bad.again warning", "odd warning"}, got); d != "" {
		t.Error(d)
	}
}

func TestRecordOfARejectedUnitFailsTheRun(t *testing.T) {
	r, _, _, _ := run(t, "ab", func(c *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		c.Reject(sdk.At(0, 1), "bad", "no record")
		_ = out.Put(term("t"), sdk.At(0, 1))
		return nil
	})
	if r.Outcome != evidence.OutcomeFailed || !errors.Is(r.Err, sdk.ErrRecord) {
		t.Errorf("%+v", r)
	}
}

func TestSourcesThatAreNoPlaces(t *testing.T) {
	for _, src := range []sdk.Source{
		{}, sdk.At(0, 11), sdk.At(-1, 1), sdk.At(11, 0), sdk.At(0, -1), {Offset: 1, Pointer: "/a"}, {Line: 1}, {HasSpan: true, Line: -1}, {HasSpan: true, Role: "wal"},
	} {
		r, records, _, _ := run(t, "0123456789", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			_ = out.Put(term("t"), src)
			return nil
		})
		if r.Outcome != evidence.OutcomeFailed || !errors.Is(r.Err, sdk.ErrSource) || records != nil {
			t.Errorf("%+v: %+v", src, r)
		}
	}
}

// A span is checked against the member that the role names.
func TestRoles(t *testing.T) {
	two := func(j *sdk.Job) {
		db, wal := sdk.NewInput(strings.NewReader("0123456789"), 10), sdk.NewInput(strings.NewReader("01234"), 5)
		db.Role, wal.Role = "db", "wal"
		j.Inputs = []*sdk.Input{db, wal}
	}
	for length, ok := range map[int64]bool{5: true, 6: false} {
		r, records, diagnostics, _ := run(t, "", func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			c.Diagnose(sdk.Diagnostic{Code: "a.b", Severity: evidence.SeverityInfo, Message: "Of the whole."})
			for ln := range c.Inputs()[1].Lines() {
				src := ln.Source()
				src.Length = length
				if err := out.Put(term("t"), src); err != nil {
					return err
				}
			}
			return nil
		}, two)
		if (r.Outcome == evidence.OutcomeComplete) != ok || (len(records) == 1) != ok {
			t.Errorf("%d: %+v", length, r)
		}
		if want := `{"code":"a.b","message":"Of the whole.","severity":"info","source":{"length":10,"offset":0,"role":"db"}}`; diagnostics[0] != want {
			t.Errorf("got %s", diagnostics[0])
		}
	}
}

func TestLimits(t *testing.T) {
	flood := func(c *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for i := range int64(10) {
			c.Reject(sdk.At(i, 0), "bad", "no record")
			if err := out.Put(term("t"), sdk.At(i, 1)); err != nil {
				return err
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		limits               sdk.Limits
		records, diagnostics int64
		partial              bool
	}{
		"none":        {sdk.Limits{}, 10, 10, false},
		"records":     {sdk.Limits{MaxRecords: 3}, 3, 4, true},
		"diagnostics": {sdk.Limits{MaxDiagnostics: 3}, 3, 3, true},
		"just enough": {sdk.Limits{MaxRecords: 10, MaxDiagnostics: 10}, 10, 10, false},
	} {
		r, _, _, _ := run(t, "0123456789", flood, func(j *sdk.Job) { j.Limits = c.limits })
		if r.Records.Count != c.records || r.Diagnostics.Count != c.diagnostics || (r.Outcome == evidence.OutcomePartial) != c.partial || (r.Reason != "") != c.partial {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestRecordTooLong(t *testing.T) {
	r, records, diagnostics, _ := run(t, "0123456789", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for i, n := range []int{10, sdk.MaxLineBytes, 20} {
			if err := out.Put(term(strings.Repeat("x", n)), sdk.At(int64(i), 1)); err != nil {
				return err
			}
		}
		return nil
	})
	if len(records) != 2 || len(diagnostics) != 1 || r.Units != (evidence.Units{Declared: -1, Read: 3, Emitted: 2, Rejected: 1}) || r.Outcome != evidence.OutcomeComplete {
		t.Errorf("%+v %q", r, diagnostics)
	}
	// The longest that is allowed passes: host and plugin must agree to the byte.
	exact := 0
	_, records, _, _ = run(t, "0", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		return out.Put(term(""), sdk.At(0, 1))
	})
	exact = sdk.MaxLineBytes - len(records[0]) - 1
	for over := range 2 {
		r, _, _, _ := run(t, "0", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			return out.Put(term(strings.Repeat("x", exact+over)), sdk.At(0, 1))
		})
		if r.Records.Count != int64(1-over) || over == 0 && r.Records.Bytes != sdk.MaxLineBytes {
			t.Errorf("%d over: %+v", over, r)
		}
	}
}

func TestPanic(t *testing.T) {
	const secret = "content of the evidence"
	r, records, diagnostics, _ := run(t, secret, func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		if err := out.Put(term("before"), sdk.At(0, 1)); err != nil {
			return err
		}
		panic(secret)
	})
	if r.Outcome != evidence.OutcomeFailed || len(records) != 1 || len(diagnostics) != 1 || !strings.Contains(diagnostics[0], `"code":"plugin.panic"`) {
		t.Fatalf("%+v %q", r, diagnostics)
	}
	if !strings.Contains(r.Reason, "job_test.go:") || !strings.Contains(diagnostics[0], "job_test.go:") {
		t.Errorf("the place is missing: %q %q", r.Reason, diagnostics)
	}
	if strings.Contains(r.Reason+diagnostics[0], secret) {
		t.Error("the panic's value is told")
	}
	for _, bad := range []func(){func() { var m map[string]int; m["a"] = 1 }, func() { var s []int; _ = s[len(secret)] }, func() { panic(nil) }} {
		if r, _, d, _ := run(t, "x", func(*sdk.Ctx, *sdk.Input, *sdk.Out) error { bad(); return nil }); r.Outcome != evidence.OutcomeFailed || len(d) != 1 {
			t.Errorf("%+v", r)
		}
	}
}

func TestErrorsOfAnOperation(t *testing.T) {
	for err, want := range map[error]evidence.Outcome{
		nil:                                  evidence.OutcomeComplete,
		io.ErrUnexpectedEOF:                  evidence.OutcomeFailed,
		sdk.ErrMalformed:                     evidence.OutcomeFailed,
		sdk.ErrWrongKey:                      evidence.OutcomeFailed,
		sdk.ErrUnsupported:                   evidence.OutcomeFailed,
		errors.New("a\xffb"):                 evidence.OutcomeFailed,
		fmt.Errorf("deep: %w", sdk.ErrLimit): evidence.OutcomePartial,
	} {
		r, _, _, _ := run(t, "x", func(*sdk.Ctx, *sdk.Input, *sdk.Out) error { return err })
		if r.Outcome != want || (r.Reason == "") != (err == nil) || r.Err != err {
			t.Errorf("%v: %+v", err, r)
		}
	}
	for name, change := range map[string]func(*sdk.Job){
		"operation": func(j *sdk.Job) { j.Operation = evidence.OpRedact },
		"config":    func(j *sdk.Job) { j.Config = []byte(`{"zone":7}`) },
		"inputs":    func(j *sdk.Job) { j.Inputs = nil },
	} {
		r, _, _, _ := run(t, "x", func(*sdk.Ctx, *sdk.Input, *sdk.Out) error { return nil }, change)
		if r.Outcome != evidence.OutcomeFailed {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestPartial(t *testing.T) {
	r, _, _, _ := run(t, "x", func(c *sdk.Ctx, _ *sdk.Input, _ *sdk.Out) error {
		c.Partial("the index is not read")
		c.Partial("second")
		return nil
	})
	if r.Outcome != evidence.OutcomePartial || r.Reason != "the index is not read" {
		t.Errorf("%+v", r)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	data := strings.Repeat("line\n", 1000)
	n := 0
	_, err := sdk.Run(ctx, sdk.Plugin{Parse: func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			if n++; n == 10 {
				cancel()
			}
			_ = out.Put(term("t"), ln.Source())
		}
		return in.Err()
	}}, sdk.Job{Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(data), int64(len(data)))}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard})
	if !errors.Is(err, context.Canceled) || n != 10 {
		t.Errorf("after %d lines: %v", n, err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteFailureEndsTheRun(t *testing.T) {
	data := strings.Repeat("x", 1000)
	n := 0
	_, err := sdk.Run(context.Background(), sdk.Plugin{Parse: func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for ; n < 1e6; n++ {
			if err := out.Put(term("t"), sdk.At(1, 1)); err != nil {
				return err
			}
		}
		return nil
	}}, sdk.Job{Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(data), 1000)}, Records: brokenPipe{}, Diagnostics: io.Discard, Artifacts: io.Discard})
	if err == nil || n > 10_000 {
		t.Errorf("after %d records: %v", n, err)
	}
}

func TestKeysUsed(t *testing.T) {
	keys := []sdk.Key{{Fingerprint: "key:b", Name: "two"}, {Fingerprint: "key:a", Name: "one"}, {Fingerprint: "key:b", Name: "two again"}, {Fingerprint: "key:c"}}
	r, _, _, _ := run(t, "x", func(c *sdk.Ctx, _ *sdk.Input, _ *sdk.Out) error {
		c.Use(c.Keys()[0])
		c.Use(c.Keys()[1])
		c.Use(sdk.Key{Fingerprint: "key:unknown"})
		return nil
	}, func(j *sdk.Job) { j.Keys = keys })
	if d := cmp.Diff([]string{"key:a", "key:b"}, r.KeysUsed); d != "" {
		t.Error(d)
	}
}

func TestConfig(t *testing.T) {
	run(t, "x", func(c *sdk.Ctx, _ *sdk.Input, _ *sdk.Out) error {
		var own struct{ Layout struct{ Fields int } }
		if err := c.Decode(&own); err != nil || own.Layout.Fields != 7 || c.Zone() != "+08:00" || c.Charset() != "gb18030" {
			t.Error(err, own, c.Zone(), c.Charset())
		}
		return nil
	}, func(j *sdk.Job) { j.Config = []byte(`{"charset":"gb18030","layout":{"fields":7},"zone":"+08:00"}`) })
}

// frame is one frame of the artifact stream, read as docs/formats/wire.md has it.
type frame struct {
	kind    byte
	payload []byte
}

func frames(t testing.TB, b []byte) (out []frame) {
	t.Helper()
	for len(b) > 0 {
		if len(b) < 5 {
			t.Fatal("a frame's header is cut")
		}
		n := binary.BigEndian.Uint32(b[1:])
		if n > 1<<20 || int(n) > len(b)-5 {
			t.Fatalf("a frame of %d bytes", n)
		}
		out = append(out, frame{b[0], b[5 : 5+n]})
		b = b[5+n:]
	}
	return out
}

func TestArtifacts(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 70_000) // 1.1 MB
	name := evidence.NewName("dir/\xff.txt")
	r, _, _, out := run(t, "container", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		a, err := out.Artifact(&name, sdk.ArtifactOptions{
			Steps: []sdk.Step{{"do": "gunzip"}, {"do": "untar", "offset": 512, "length": len(big)}}, Meta: map[string]any{"mode": "0644", "user": "r\xfe"}, Text: true,
		})
		if err != nil {
			return err
		}
		for i := 0; i < len(big); i += 1000 {
			if _, err := a.Write(big[i:min(i+1000, len(big))]); err != nil {
				return err
			}
		}
		if err := a.End(true, ""); err != nil {
			return err
		}
		for i := range 3 {
			if a, err = out.Artifact(nil, sdk.ArtifactOptions{}); err != nil {
				return err
			}
			if err := a.End(i > 0, "cut\xff"); err != nil {
				return err
			}
		}
		return nil
	})
	if r.Outcome != evidence.OutcomeComplete || r.Artifacts.Count != 4 || r.Artifacts.Bytes != int64(len(out)) || r.Artifacts.SHA256 != sha256.Sum256(out) || r.Units.Emitted != 4 {
		t.Fatalf("%+v", r)
	}
	fs := frames(t, out)
	want := `{"meta":{"mode":"0644","user":{"raw":"cv4=","text":"r` + "\ufffd" + `"}},"name":{"raw":"ZGlyL/8udHh0","text":"dir/` + "\ufffd" + `.txt"},"steps":[{"do":"gunzip"},{"do":"untar","length":1120000,"offset":512}],"text":true}`
	if fs[0].kind != 'B' || string(fs[0].payload) != want {
		t.Errorf("got  %s\nwant %s", fs[0].payload, want)
	}
	var data []byte
	i := 1
	for ; fs[i].kind == 'D'; i++ {
		data = append(data, fs[i].payload...)
	}
	if !bytes.Equal(data, big) || i > 12 {
		t.Errorf("%d bytes in %d frames", len(data), i-1)
	}
	var rest []string
	for _, f := range fs[i:] {
		rest = append(rest, string(f.kind)+string(f.payload))
	}
	if d := cmp.Diff([]string{`E{"complete":true}`, `B{}`, `E{"complete":false,"reason":"cut` + "\ufffd" + `"}`, `B{}`, `E{"complete":true,"reason":"cut` + "\ufffd" + `"}`, `B{}`, `E{"complete":true,"reason":"cut` + "\ufffd" + `"}`}, rest); d != "" {
		t.Error(d)
	}
}

// What fits in the limit is kept; what is open when the operation ends is ended
// as incomplete, with the reason.
func TestArtifactLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits sdk.Limits
		size   int64 // of the input
		want   int64 // bytes kept
	}{
		"bytes": {sdk.Limits{MaxOutputBytes: 1500}, 1000, 1500},
		"ratio": {sdk.Limits{MaxRatio: 100}, 1 << 20, 100 << 20},
		"both":  {sdk.Limits{MaxRatio: 100, MaxOutputBytes: 2000}, 1 << 20, 2000},
	} {
		chunk := make([]byte, 1<<20)
		var kept int64
		r, _, _, out := run(t, strings.Repeat("x", int(c.size)), func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			a, err := out.Artifact(nil, sdk.ArtifactOptions{})
			if err != nil {
				return err
			}
			for {
				n, err := a.Write(chunk)
				if kept += int64(n); err != nil {
					return err
				}
			}
		}, func(j *sdk.Job) { j.Limits = c.limits })
		if r.Outcome != evidence.OutcomePartial || kept != c.want || !errors.Is(r.Err, sdk.ErrLimit) {
			t.Errorf("%s: kept %d, %+v", name, kept, r)
		}
		fs := frames(t, out)
		if last := fs[len(fs)-1]; last.kind != 'E' || !strings.Contains(string(last.payload), `"complete":false`) || !strings.Contains(string(last.payload), "limit") {
			t.Errorf("%s: ends with %c %s", name, last.kind, last.payload)
		}
	}
	r, _, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for {
			a, err := out.Artifact(nil, sdk.ArtifactOptions{})
			if err != nil {
				return err
			}
			if err := a.End(true, ""); err != nil {
				return err
			}
		}
	}, func(j *sdk.Job) { j.Limits.MaxArtifacts = 7 })
	if r.Outcome != evidence.OutcomePartial || r.Artifacts.Count != 7 {
		t.Errorf("%+v", r)
	}
}

func TestArtifactsMisused(t *testing.T) {
	for name, op := range map[string]sdk.Op{
		"two at a time": func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			_, _ = out.Artifact(nil, sdk.ArtifactOptions{})
			_, err := out.Artifact(nil, sdk.ArtifactOptions{})
			return err
		},
		"ended twice": func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			a, _ := out.Artifact(nil, sdk.ArtifactOptions{})
			_ = a.End(true, "")
			return a.End(true, "")
		},
		"written after": func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			a, _ := out.Artifact(nil, sdk.ArtifactOptions{})
			_ = a.End(true, "")
			_, err := a.Write([]byte("x"))
			return err
		},
	} {
		r, _, _, b := run(t, "x", op)
		if r.Outcome != evidence.OutcomeFailed {
			t.Errorf("%s: %+v", name, r)
		}
		frames(t, b)
	}
}

// Nothing of one job may show in the next, in the same process.
func TestJobsAreAlike(t *testing.T) {
	op := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			if len(ln.Bytes)%2 == 0 {
				c.Reject(ln.Source(), "line.even", "an even number of bytes")
				continue
			}
			if err := out.Put(&sdk.Keyword{Term: sdk.Bytes(ln.Bytes), Common: sdk.Common{Extra: map[string]any{"n": len(ln.Bytes)}}}, ln.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}
	first, _, _, _ := run(t, "a\nbb\nccc\xff\n", op)
	_, _, _, _ = run(t, "unrelated\n", func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		out.Declare(9)
		c.Partial("x")
		_ = out.Put(&sdk.Row{Columns: []sdk.Column{{"a", struct{}{}}}}, sdk.At(0, 1))
		panic("y")
	})
	again, _, _, _ := run(t, "a\nbb\nccc\xff\n", op)
	if d := cmp.Diff(first, again); d != "" {
		t.Error(d)
	}
}
