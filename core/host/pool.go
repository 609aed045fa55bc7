package host

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
)

// jobsPerProcess is how many jobs a process is given before it is replaced: what
// leaks, leaks no further.
const jobsPerProcess = 1000

// pool keeps idle processes and bounds how many are alive.
type pool struct {
	slots chan struct{} // one for each process at work
	jobs  int           // what a process is given before it is replaced
	mu    sync.Mutex
	idle  []*process // least recently used first
}

func newPool(n int) *pool { return &pool{slots: make(chan struct{}, n), jobs: jobsPerProcess} }

// reserve waits for the right to have a process at work.
func (p *pool) reserve(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *pool) unreserve() { <-p.slots }

// take returns an idle process of that key, or nil. In that case it also hands
// over those that must end so that another may be started.
func (p *pool) take(key string) (ready *process, surplus []*process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		proc := p.idle[i]
		if proc.key != key {
			continue
		}
		p.idle = slices.Delete(p.idle, i, i+1)
		if proc.alive() {
			resume(proc.run.proc.Load())
			return proc, surplus
		}
		surplus = append(surplus, proc)
	}
	// Those at work hold a slot each, the caller one of them.
	for len(p.idle)+len(p.slots) > cap(p.slots) && len(p.idle) > 0 {
		surplus = append(surplus, p.idle[0])
		p.idle = slices.Delete(p.idle, 0, 1)
	}
	return nil, surplus
}

// put makes proc idle. It is stopped meanwhile: whatever a plugin does, it does in a
// job, where it is watched.
func (p *pool) put(proc *process) {
	suspend(proc.run.proc.Load())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, proc)
}

// drain hands over all idle processes.
func (p *pool) drain() []*process {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	p.idle = nil
	return idle
}

// poolKey names what a process may be used again for: the same plugin under the
// same configuration with the same keys. What a process remembers of one job it
// could tell in the next only where it was told the same secrets.
func poolKey(j Job, lim Limits) string {
	keys := make([]string, len(j.Keys))
	for i, k := range j.Keys {
		keys[i] = k.Fingerprint + "\x00" + k.Name
	}
	slices.Sort(keys)
	h := sha256.New()
	for _, part := range []string{string(j.Plugin.Digest[:]), string(j.Config), strings.Join(keys, "\x01"), string(binary.BigEndian.AppendUint64(nil, uint64(lim.Memory)))} {
		_ = binary.Write(h, binary.BigEndian, int64(len(part)))
		_, _ = h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}
