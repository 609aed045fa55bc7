//go:build linux

package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// What a plugin does when it is asked about an input is an answer or a refusal with
// its reason; the host lives, and the next one is answered.
func TestProbe(t *testing.T) {
	p := loadPlugin(t, "plugin")
	h := newHost(t, func(c *host.Config) { c.Limits.Progress = 2 * time.Second })
	for _, c := range []struct {
		head       string
		size       int64
		confidence int
		failed     bool
		reason     string
		attempts   int
	}{
		{"yes", 3, 80, false, "it says", 1},
		{"no", 2, 0, false, "nono", 1},
		{"named", 1 << 40, 1, false, "", 1},
		{"surer", 5, 0, true, "broke the protocol: a confidence of 101", 1},
		{"huge", 4, 0, true, "broke the protocol", 1},
		{"error", 5, 0, true, "broke the protocol: it returned InvalidArgument", 1},
		{"none", 4, 0, true, "broke the protocol: its manifest says that it probes, the program does not", 1},
		{"crash", 5, 0, true, "crashed: ", 2},
		{"hang", 4, 0, true, "hung: no answer", 2},
		{"yes again", 9, 80, false, "it says", 1},
	} {
		res, err := h.Probe(t.Context(), p, host.Sample{Head: []byte(c.head), Size: c.size})
		if err != nil {
			t.Fatalf("%s: %v", c.head, err)
		}
		if res.Confidence != c.confidence || res.Failed != c.failed || !strings.HasPrefix(res.Reason, c.reason) || res.Attempts != c.attempts {
			t.Errorf("%s: %+v", c.head, res)
		}
		if strings.ContainsRune(res.Reason, 0x1b) || len(res.Reason) > 1100 || len(res.Sandbox) == 0 {
			t.Errorf("%s: %+v", c.head, res)
		}
	}
	h.works(p)
}

// A plugin whose bytes changed is not asked.
func TestProbeRefused(t *testing.T) {
	p := loadPlugin(t, "plugin")
	h := newHost(t)
	if err := os.WriteFile(filepath.Join(p.Dir, "plugin"), []byte("other"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Probe(t.Context(), p, host.Sample{Head: []byte("yes"), Size: 3}); !errors.Is(err, evidence.ErrRefused) {
		t.Fatal(err)
	}
}
