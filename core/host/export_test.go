//go:build linux

package host

import (
	"os"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// IsTime is isTime.
var IsTime = isTime

// ForbidNamespaces makes h start processes as on a system that has no namespaces
// for them.
func ForbidNamespaces(h *Host) {
	for _, w := range h.spawner.ways {
		if w.namespaces == 0 {
			h.spawner.ways = []way{w}
			return
		}
	}
}

// SetJobsPerProcess makes h replace processes after n jobs.
func SetJobsPerProcess(h *Host, n int) { h.pool.jobs = n }

// ForbidSealing makes h execute programs as on a system without executable memory
// files.
func ForbidSealing(h *Host) {
	h.programs.copy = func(*os.File) (*os.File, evidence.Digest, error) { return nil, evidence.Digest{}, errNoSeal }
}

// ReadRecords reads a stream of records over an input of size bytes.
func ReadRecords(r *os.File, sink Sink, size, maxLine int64) (StreamResult, error) {
	rec := &recordLines{sizes: sizes{largest: size}, sink: sink}
	l := lines{r: r, clock: newClock(time.Now), max: maxLine, count: 1 << 40, bytes: 1 << 40, what: "records", check: rec.check, flush: rec.flush}
	err := l.read()
	return l.got, err
}

// ReadArtifacts reads a stream of artifacts, to its end or where it breaks.
func ReadArtifacts(r *os.File, sink Sink, maxBytes int64) (StreamResult, error) {
	f := frames{r: r, clock: newClock(time.Now), sink: sink, count: 1 << 40, bytes: maxBytes}
	err := f.read()
	_ = f.finish(nil)
	return f.got, err
}
