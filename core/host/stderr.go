package host

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// stderrHalf is kept of the beginning, and as much of the end: the cause of a
	// crash stands first, the last words of a program last.
	stderrHalf = 32 << 10
	// stderrFree is read at full speed; beyond it a chunk every stderrPause, so that
	// a plugin that floods stderr waits instead of the host working.
	stderrFree  = 1 << 20
	stderrPause = 10 * time.Millisecond
)

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

// drain reads f to its end.
func (t *tail) drain(f *os.File) {
	buf := make([]byte, 16<<10)
	var n int64
	for {
		k, err := f.Read(buf)
		_, _ = t.Write(buf[:k])
		if n += int64(k); n > stderrFree {
			time.Sleep(stderrPause)
		}
		if err != nil {
			return // io.EOF, or closed by the reaper
		}
	}
}

var _ io.Writer = (*tail)(nil)
