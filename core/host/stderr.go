package host

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// stderrHalf is kept of the beginning, and as much of the end: the cause of a
	// crash stands first, the last words of a program last.
	stderrHalf = 32 << 10
	// chatFree is read at full speed of what a plugin writes to stdout or stderr;
	// beyond it a chunk every chatPause, so that a plugin that floods them waits
	// instead of the host working.
	chatFree  = 1 << 20
	chatChunk = 16 << 10
	chatPause = 10 * time.Millisecond
)

// pacer slows down whoever reads what nobody asked for, until its process has ended.
type pacer struct {
	ended <-chan struct{}
	seen  int64
}

// took notes n bytes that were read, and waits where there have been many.
func (p *pacer) took(n int) {
	if p.seen += int64(n); p.seen <= chatFree {
		return
	}
	t := time.NewTimer(chatPause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.ended:
	}
}

// paced is a writer as slow as a pacer.
type paced struct {
	pacer
	w io.Writer
}

// Write implements io.Writer.
func (p *paced) Write(b []byte) (int, error) {
	p.took(len(b))
	return p.w.Write(b)
}

// tail keeps the beginning and the end of what was written to it.
type tail struct {
	mu    sync.Mutex
	head  []byte
	last  []byte // at most 2*stderrHalf, cut back to stderrHalf
	total int64
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(p))
	n := len(p)
	if room := stderrHalf - len(t.head); room > 0 {
		k := min(room, len(p))
		t.head = append(t.head, p[:k]...)
		p = p[k:]
	}
	if len(p) > stderrHalf {
		p = p[len(p)-stderrHalf:]
	}
	if len(t.last)+len(p) > 2*stderrHalf {
		t.last = append(t.last[:0], t.last[len(t.last)-stderrHalf:]...)
	}
	t.last = append(t.last, p...)
	return n, nil
}

// take returns what was kept and starts anew.
func (t *tail) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.last
	if len(last) > stderrHalf {
		last = last[len(last)-stderrHalf:]
	}
	out := t.head
	if lost := t.total - int64(len(t.head)+len(last)); lost > 0 {
		note := fmt.Appendf(nil, "\n[%d bytes left out]\n", lost)
		out = append(out[:len(out)-min(len(note), len(out))], note...)
	}
	out = append(out, last...)
	t.head, t.last, t.total = nil, nil, 0
	return out
}

// stderrRounds times stderrPause is how long stderr that is in its pipe is waited for.
const (
	stderrRounds = 50
	stderrPause  = time.Millisecond
)

// takeStderr returns what the process wrote to stderr since it was last asked. What it
// wrote before it was done may still be in the pipe, and belongs to this job, not to
// the next one.
func (r *procRunner) takeStderr() []byte {
	for range stderrRounds {
		if r.errPipe == nil || pending(r.errPipe) == 0 {
			break
		}
		time.Sleep(stderrPause)
	}
	return r.stderr.take()
}

// drain reads f, which is of a process, to its end into w.
func drain(w io.Writer, f io.Reader, ended <-chan struct{}) {
	buf := make([]byte, chatChunk)
	p := pacer{ended: ended}
	for {
		k, err := f.Read(buf)
		_, _ = w.Write(buf[:k])
		if err != nil {
			return // io.EOF, or closed by the reaper
		}
		p.took(k)
	}
}

var _ io.Writer = (*tail)(nil)
