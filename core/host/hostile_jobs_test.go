//go:build linux

package host_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// TestHostileJobs: what a plugin does over several jobs of one process, or between them.
func TestHostileJobs(t *testing.T) {
	p := loadPlugin(t, "plugin")
	// Whatever it keeps from job to job, it is replaced long before a limit is met,
	// and no job fails for it.
	for _, c := range []struct {
		mode string
		n    int64
		most int // jobs that one process may be given
	}{
		{"leak", 16, 16}, // MiB a job; 128 MiB more than after the first are too many
		{"leak-files", 3, 16},
		{"leak-threads", 5, 16},
	} {
		t.Run(c.mode, func(t *testing.T) {
			h := newHost(t)
			j := job(t, p, c.mode, "x")
			j.Config = config(t, map[string]any{"mode": c.mode, "n": c.n})
			run, longest := 0, 0
			for range 40 {
				if first(t, h, j) {
					run = 0
				}
				run++
				longest = max(longest, run)
			}
			if longest > c.most {
				t.Errorf("a process was given %d jobs", longest)
			}
			h.works(p)
		})
	}
	t.Run("steady", func(t *testing.T) { // one that keeps nothing is kept
		h := newHost(t)
		j := job(t, p, "identity", "x")
		for i := range 40 {
			if got := first(t, h, j); got != (i == 0) {
				t.Fatalf("job %d: first of its process: %v", i, got)
			}
		}
	})
	// Between jobs a process does nothing: it is stopped.
	t.Run("busy-after", func(t *testing.T) {
		h := newHost(t)
		j := job(t, p, "busy-after", "x")
		if !first(t, h, j) {
			t.Fatal("not a fresh process")
		}
		idle := children(t)
		if len(idle) != 1 {
			t.Fatalf("processes: %v", idle)
		}
		time.Sleep(100 * time.Millisecond) // until the signal has stopped all of its threads
		before := processorTime(t, idle[0])
		time.Sleep(300 * time.Millisecond)
		if after := processorTime(t, idle[0]); after != before {
			t.Errorf("an idle process went on: %s, then %s", before, after)
		}
		if first(t, h, j) {
			t.Error("the process was not used again")
		}
		h.works(p)
	})
	// The host cannot know what is right; it tells what it got, so that whoever runs the
	// job again can compare.
	t.Run("random", func(t *testing.T) {
		h := newHost(t)
		one, _ := h.must(job(t, p, "random", "x"))
		two, _ := h.must(job(t, p, "random", "x"))
		if one.Outcome != complete || two.Outcome != complete || one.Records.SHA256 == two.Records.SHA256 {
			t.Errorf("%+v, %+v", one.Records, two.Records)
		}
	})
	// A job that fails takes its process with it, whatever the failure was.
	t.Run("after a fault", func(t *testing.T) {
		h := newHost(t)
		for _, mode := range []string{"wrong-count", "error", "flood"} {
			j := job(t, p, "identity", "x")
			first(t, h, j)
			bad := job(t, p, mode, "x")
			bad.Config = config(t, map[string]any{"mode": mode})
			bad.Limits = host.Limits{Records: 10}
			if res, _ := h.must(bad); res.Outcome == complete {
				t.Errorf("%s: %+v", mode, res)
			}
			if res, _ := h.must(bad); res.Attempts != 1 {
				t.Errorf("%s: %+v", mode, res)
			}
			if n := len(children(t)); n > 1 {
				t.Errorf("%s: %d processes", mode, n)
			}
		}
	})
}

// processorTime is fields 14 and 15 of proc_pid_stat(5).
func processorTime(t *testing.T, pid string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	return fields[11] + " " + fields[12]
}
