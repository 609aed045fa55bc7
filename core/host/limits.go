package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// Limits bound one run. A zero field means the default.
type Limits struct {
	// Records, Diagnostics, Artifacts: the most a run may make. 50 million, 50 million, 1 million.
	Records, Diagnostics, Artifacts int64
	// RecordBytes is the longest line of records or diagnostics. 1 MiB.
	RecordBytes int64
	// OutputBytes is the most that records, and that artifacts, may come to.
	// The larger of 64 MiB and Ratio times the input.
	OutputBytes int64
	// Ratio of output to input. 50; 200 for unpack and decrypt.
	Ratio int64
	// Depth of containers within containers; the plugin is told. 16.
	Depth int64
	// Memory of a process, in bytes. 1 GiB.
	Memory int64
	// Start: from launch to the answer to Describe. 5 s.
	Start time.Duration
	// Progress: the longest time in which the host sees neither a byte nor a Progress event. 60 s.
	Progress time.Duration
	// Total: 300 s and 2 s for every MiB of input, at most 4 h.
	Total time.Duration
}

const (
	mib = 1 << 20

	defaultRecords     = 50_000_000
	defaultDiagnostics = 50_000_000
	defaultArtifacts   = 1_000_000
	defaultRecordBytes = mib
	defaultRatio       = 50
	defaultUnpackRatio = 200
	minOutputBytes     = 64 * mib
	defaultDepth       = 16
	defaultMemory      = 1024 * mib
	defaultStart       = 5 * time.Second
	defaultProgress    = 60 * time.Second
	totalBase          = 300 * time.Second
	totalPerMiB        = 2 * time.Second
	maxTotal           = 4 * time.Hour
	minMemory          = 128 * mib
)

// pick returns the first value that is set.
func pick[T int64 | time.Duration](values ...T) T {
	for _, v := range values {
		if v != 0 {
			return v
		}
	}
	return 0
}

// resolve fills in what l leaves open: from base, then from the defaults for an
// operation over size bytes of input.
func (l Limits) resolve(base Limits, operation string, size int64) Limits {
	ratio := int64(defaultRatio)
	if operation == evidence.OpUnpack || operation == evidence.OpDecrypt {
		ratio = defaultUnpackRatio
	}
	r := Limits{
		Records:     pick(l.Records, base.Records, defaultRecords),
		Diagnostics: pick(l.Diagnostics, base.Diagnostics, defaultDiagnostics),
		Artifacts:   pick(l.Artifacts, base.Artifacts, defaultArtifacts),
		RecordBytes: pick(l.RecordBytes, base.RecordBytes, defaultRecordBytes),
		OutputBytes: pick(l.OutputBytes, base.OutputBytes),
		Ratio:       pick(l.Ratio, base.Ratio, ratio),
		Depth:       pick(l.Depth, base.Depth, defaultDepth),
		Memory:      pick(l.Memory, base.Memory, defaultMemory),
		Start:       pick(l.Start, base.Start, defaultStart),
		Progress:    pick(l.Progress, base.Progress, defaultProgress),
		Total:       pick(l.Total, base.Total),
	}
	if r.OutputBytes == 0 {
		r.OutputBytes = minOutputBytes
		// The product could overflow for an input of exabytes; compare by division.
		if size > minOutputBytes/r.Ratio {
			r.OutputBytes = min(size, evidence.MaxSafeInteger/r.Ratio) * r.Ratio
		}
	}
	if r.Total == 0 {
		r.Total = min(totalBase+time.Duration(min(size/mib, int64(maxTotal/totalPerMiB)))*totalPerMiB, maxTotal)
	}
	return r
}

// check refuses limits that cannot be.
func (l Limits) check() error {
	for _, n := range []int64{
		l.Records, l.Diagnostics, l.Artifacts, l.RecordBytes, l.OutputBytes, l.Ratio, l.Depth, l.Memory,
		int64(l.Start), int64(l.Progress), int64(l.Total),
	} {
		if n < 0 {
			return errors.New("a limit is negative")
		}
	}
	if l.Memory != 0 && l.Memory < minMemory {
		return fmt.Errorf("a memory limit of %d bytes; a Go program needs %d to start", l.Memory, minMemory)
	}
	return nil
}

// wire is what the plugin is told, so that it can stop in good order by itself.
func (l Limits) wire() *wire.Limits {
	return &wire.Limits{
		MaxRecords:     uint64(l.Records),
		MaxRecordBytes: uint64(l.RecordBytes),
		MaxDiagnostics: uint64(l.Diagnostics),
		MaxArtifacts:   uint64(l.Artifacts),
		MaxOutputBytes: uint64(l.OutputBytes),
		MaxRatio:       uint64(l.Ratio),
		MaxDepth:       uint64(l.Depth),
	}
}

// canonical is the form in a run's row.
func (l Limits) canonical() []byte {
	b, err := evidence.Canonical(map[string]any{
		"artifacts":    l.Artifacts,
		"depth":        l.Depth,
		"diagnostics":  l.Diagnostics,
		"memory":       l.Memory,
		"output_bytes": l.OutputBytes,
		"progress_ms":  l.Progress.Milliseconds(),
		"ratio":        l.Ratio,
		"record_bytes": l.RecordBytes,
		"records":      l.Records,
		"total_ms":     l.Total.Milliseconds(),
	})
	if err != nil {
		return []byte("{}") // a limit beyond 2^53: New and Run have refused it
	}
	return b
}
