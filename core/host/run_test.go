//go:build linux

package host_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestRun(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	res, sink := h.must(job(t, p, "echo", "first\n\nsecond\n"))
	want := []string{
		`{"kind":"row","source":{"length":5,"line":1,"offset":0},"text":"first","time":null}`,
		`{"kind":"row","source":{"length":6,"line":3,"offset":7},"text":"second","time":null}`,
	}
	if d := cmp.Diff(want, sink.lines); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(evidence.Span{Offset: 7, Length: 6}, sink.infos[1].Span); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]host.DiagnosticInfo{{Offset: 0, Length: len(sink.diags[0]) + 1, Code: "line.empty", Severity: "reject"}}, sink.diagInfos); d != "" {
		t.Error(d)
	}
	if res.Outcome != evidence.OutcomeComplete || res.Attempts != 1 || res.BytesRead != 14 {
		t.Errorf("%+v", res)
	}
	if d := cmp.Diff(evidence.Units{Declared: -1, Read: 3, Emitted: 2, Rejected: 1}, res.Units); d != "" {
		t.Error(d)
	}
	t.Logf("%s %s", res.Sandbox, res.Limits)
}
