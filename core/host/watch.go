package host

import (
	"context"
	"os"
	"sync/atomic"
	"time"
)

const (
	watchEvery = 250 * time.Millisecond
	// afterDone is how long the streams may stay open, without a byte, after Done.
	afterDone = 10 * time.Second
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

// left is how long it is, at least, until check could say otherwise.
func (c *clock) left(lim Limits) time.Duration {
	now := c.elapsed()
	left := lim.Total - now
	if c.busy.Load() == 0 {
		idle := lim.Progress
		if c.done.Load() {
			idle = min(afterDone, lim.Progress)
		}
		left = min(left, time.Duration(c.last.Load())+idle-now)
	}
	return max(left+time.Millisecond, time.Millisecond)
}

// watch ends the attempt when a clock runs out or the process uses too much. It
// returns when ctx is done.
func (a *attempt) watch(ctx context.Context) {
	var before time.Duration // processor time at the first look: most jobs end before it
	looked := false
	t := time.NewTimer(watchEvery)
	defer t.Stop()
	for {
		t.Reset(min(watchEvery, a.clock.left(a.lim)))
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
