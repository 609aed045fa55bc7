package host

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	watchEvery = 250 * time.Millisecond
	// afterDone is how long the streams may stay open, without a byte, after Done.
	afterDone = 10 * time.Second
	// clockTick is USER_HZ: 100 on every architecture we build for.
	clockTick = 100
)

// clock keeps the time of the last sign of life. Time that the host itself spends
// in a sink is not the plugin's.
type clock struct {
	now   func() time.Time
	start time.Time
	last  atomic.Int64 // nanoseconds since start
	busy  atomic.Int32 // calls into the sink in progress
	done  atomic.Bool  // Done has come
}

func newClock(now func() time.Time) *clock { return &clock{now: now, start: now()} }

func (c *clock) elapsed() time.Duration { return c.now().Sub(c.start) }

// touch notes a sign of life.
func (c *clock) touch() { c.last.Store(int64(c.elapsed())) }

// sink runs f, a call into the sink.
func (c *clock) sink(f func() error) error {
	c.busy.Add(1)
	err := f()
	c.touch()
	c.busy.Add(-1)
	return err
}

// check reports what time has run out.
func (c *clock) check(lim Limits) *stop {
	now := c.elapsed()
	idle := now - time.Duration(c.last.Load())
	switch {
	case now > lim.Total:
		return limit("ran longer than %v", lim.Total)
	case c.busy.Load() > 0:
		return nil
	case c.done.Load() && idle > min(afterDone, lim.Progress):
		return broken("left its streams open after Done")
	case idle > lim.Progress:
		return fault("hung: no progress for %v", lim.Progress)
	}
	return nil
}

// usage is what one process has used, as the kernel counts it.
type usage struct {
	memory  int64 // anonymous, shared and swapped; not the pages of files it maps
	threads int64
	cpu     time.Duration
}

// readUsage reads /proc; ok is false once the process is gone.
func readUsage(pid string) (u usage, ok bool) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return usage{}, false
	}
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte{':'})
		n, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
		switch string(name) {
		case "RssAnon", "RssShmem", "VmSwap":
			u.memory += n << 10
		case "Threads":
			u.threads = n
		}
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return usage{}, false
	}
	// The program's name, in parentheses, may hold anything; fields count from behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return usage{}, false
	}
	for _, f := range fields[11:13] { // utime, stime: fields 14 and 15 of proc_pid_stat(5)
		n, _ := strconv.ParseInt(string(f), 10, 64)
		u.cpu += time.Duration(n) * time.Second / clockTick
	}
	return u, true
}

// watch ends the attempt when a clock runs out or the process uses too much. It
// returns when ctx is done.
func (a *attempt) watch(ctx context.Context) {
	var before time.Duration // processor time at the first look: most jobs end before it
	looked := false
	t := time.NewTicker(min(watchEvery, max(a.lim.Progress/4, time.Millisecond)))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if s := a.clock.check(a.lim); s != nil {
			a.stop(s)
			return
		}
		u, ok := readUsage(a.proc.run.ID())
		if !ok {
			continue
		}
		if !looked {
			before, looked = u.cpu, true
		}
		a.proc.cpu = u.cpu
		switch {
		case u.memory > a.lim.Memory:
			a.stop(fault("used more than %d bytes of memory", a.lim.Memory))
		case u.threads > maxThreads:
			a.stop(fault("made more than %d threads", maxThreads))
		case u.cpu-before > 2*a.lim.Total:
			a.stop(limit("used more than %v of processor time", 2*a.lim.Total))
		case a.proc.run.litter():
			a.stop(fault("made files in its directory"))
		}
	}
}

// litter reports whether the plugin left more in its directory than its socket.
// Files there can hold nothing, but each takes an inode.
func (r *procRunner) litter() bool {
	d, err := os.Open(r.dir)
	if err != nil {
		return false
	}
	defer func() { _ = d.Close() }()
	names, _ := d.Readdirnames(maxDirEntries + 1)
	return len(names) > maxDirEntries
}
