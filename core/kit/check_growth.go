package kit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
)

const (
	// warmJobs come before the first look: caches fill, heaps find their size.
	warmJobs = 20
	// growthJobs are counted; fewer where a job takes long, growthTime in all.
	growthJobs = 100
	leastJobs  = 20
	growthTime = 700 * time.Millisecond
	lookEvery  = 5
	// mostGrowth is what the collection of garbage may explain.
	mostGrowth = 16 << 20
)

// footprint is what processes hold.
type footprint struct {
	memory int64
	files  int // -1 where it cannot be seen
}

// growth: a hundred jobs in one process leave it as it was.
func (k *kit) growth(ctx context.Context, f *findings) error {
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
		return nil
	}
	if k.processPerJob() {
		f.skipped("each job has a process of its own")
		return nil
	}
	h, err := k.newHost("alone", k.o.Launcher, 1)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	s := k.samples[0]
	before := children("self")
	if _, err := k.jobs(ctx, h, s, warmJobs); err != nil {
		return err
	}
	pids := slices.DeleteFunc(children("self"), func(pid string) bool { return slices.Contains(before, pid) })
	if len(pids) != 1 {
		f.skipped("its process cannot be told from others here (%d new processes)", len(pids))
		return nil
	}
	first := look(pids[0])
	n, last, ended, err := k.grow(ctx, h, s, pids[0])
	if err != nil {
		return err
	}
	if !ended && last.memory-first.memory > mostGrowth { // a heap that finds its size does so once
		more, again, gone, err := k.grow(ctx, h, s, pids[0])
		if err != nil {
			return err
		}
		n, ended = n+more, gone
		if !ended && again.memory-last.memory < mostGrowth/2 {
			first.memory, last = last.memory, again
		} else if again.memory > 0 {
			last = again
		}
	}
	grown, files := last.memory-first.memory, last.files-first.files
	known := first.files >= 0 && last.files >= 0
	if grown > mostGrowth {
		f.fault(Fault{Where: s.name, What: fmt.Sprintf("%d MiB more memory after %s", grown>>20, counted(n, "job")), Do: "keep nothing of a job when it is over"})
	}
	if known && files > 0 {
		f.fault(Fault{Where: s.name, What: counted(files, "descriptor") + " more after " + counted(n, "job"), Do: "close what a job opened"})
	}
	if ended && len(f.faults) == 0 {
		f.fault(Fault{Where: s.name, What: "the process ended between jobs", Do: "a process serves many jobs, one after another"})
	}
	said := "descriptors as before"
	if !known {
		said = "descriptors cannot be seen by this user"
	}
	f.pass("%s in one process: %+d KiB of memory, %s", counted(n, "job"), grown>>10, said)
	return nil
}

// grow runs growthJobs jobs and looks at the process every now and then: the host
// ends one that has grown too much, and what it was last seen to hold is returned.
func (k *kit) grow(ctx context.Context, h *host.Host, s *sample, pid string) (n int, last footprint, ended bool, err error) {
	start := k.o.Now()
	for n < growthJobs && (n < leastJobs || k.o.Now().Sub(start) < growthTime) {
		done, err := k.jobs(ctx, h, s, lookEvery)
		n += done
		if err != nil {
			return n, last, false, err
		}
		now := look(pid)
		if now.memory == 0 {
			return n, last, true, nil
		}
		last = now
	}
	return n, last, false, nil
}

// jobs runs the sample n times.
func (k *kit) jobs(ctx context.Context, h *host.Host, s *sample, n int) (int, error) {
	for i := range n {
		if _, err := k.take(ctx, h, s.request(s.data)); err != nil {
			return i, err
		}
	}
	return n, nil
}

// children lists the processes that a process, or a thread of it, started.
func children(pid string) []string {
	files, _ := filepath.Glob("/proc/" + pid + "/task/*/children")
	var all []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		for _, c := range bytes.Fields(b) {
			all = append(all, string(c))
		}
	}
	return all
}

// look sums up a process and those it started.
func look(pid string) footprint {
	runtime.GC() // descriptors of ours that wait for it are not the plugin's
	p := footprint{memory: memory(pid), files: -1}
	if names, err := os.ReadDir("/proc/" + pid + "/fd"); err == nil {
		p.files = len(names)
	}
	for _, c := range children(pid) {
		of := look(c)
		p.memory += of.memory
		if p.files >= 0 && of.files >= 0 {
			p.files += of.files
		}
	}
	return p
}

// memory is anonymous, shared and swapped pages, 0 where the process is gone.
func memory(pid string) (n int64) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte{':'})
		switch string(name) {
		case "RssAnon", "RssShmem", "VmSwap":
			kib, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
			n += kib << 10
		}
	}
	return n
}
