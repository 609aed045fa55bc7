//go:build linux

package host_test

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// summer hashes what it keeps, so that the host need not.
type summer struct{ *memory }

func (s summer) RecordsSum() evidence.Digest {
	var b strings.Builder
	for _, l := range s.lines {
		b.WriteString(l + "\n")
	}
	return evidence.Sum([]byte(b.String()))
}

// A sink's own digest is compared with the plugin's as the host's would be.
func TestSummer(t *testing.T) {
	p := loadPlugin(t, "plugin")
	for mode, want := range map[string]evidence.Outcome{"raw": evidence.OutcomeComplete, "wrong-digest": evidence.OutcomeFailed} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			input := strings.Repeat(`{"kind":"message","source":{"length":1,"offset":0}}`+"\n", 9000)
			if mode == "wrong-digest" {
				input = "input"
			}
			var sink *memory
			res, err := h.Run(t.Context(), job(t, p, mode, input), func() (host.Sink, error) {
				sink = &memory{}
				return summer{sink}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != want {
				t.Errorf("%s: %s %q", mode, res.Outcome, res.Reason)
			}
			if mode == "raw" && (len(sink.lines) != 9000 || res.Records.SHA256 != evidence.Sum([]byte(input))) {
				t.Errorf("%d lines, %s", len(sink.lines), res.Records.SHA256)
			}
			if mode == "wrong-digest" && !strings.Contains(res.Reason, "another digest of records") {
				t.Errorf("reason %q", res.Reason)
			}
		})
	}
}
