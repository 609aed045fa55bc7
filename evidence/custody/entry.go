package custody

import (
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// MaxEntry bounds an entry's bytes. What is long is committed to, not written out.
const MaxEntry = 1 << 20

// timeLayout is how an entry writes times: RFC 3339 UTC, microseconds.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Draft is what the writer of an entry knows; Build adds what makes it an entry.
type Draft struct {
	// Kind is one of Kinds.
	Kind string
	// Start and End bound what the entry is about, by the clock described by
	// Clock. End may precede Start: clocks are set back, and then that is what was seen.
	Start, End time.Time
	// LocalOffset is the local time zone's offset from UTC at End: ±hh:mm.
	LocalOffset string
	// MonotonicUS is microseconds since boot (CLOCK_BOOTTIME) at End.
	MonotonicUS int64
	Clock       Clock
	Tool        Tool
	// Plain holds fields that stand readable in the entry, by name.
	Plain map[string]any
	// Secret holds fields that are committed to, by full name: asserted.… or observed.….
	Secret map[string]any
	// Sets holds the roots of the sets the entry is about, by name.
	Sets map[string]SetRoot
	// Refs holds numbers of earlier entries: intent, supersedes, item.
	Refs map[string]int64
}

// Clock says how far the times of an entry can be trusted.
type Clock struct {
	// Source is "system", or names another source.
	Source string
	// Synchronised is what the kernel says, nil where unknown.
	Synchronised *bool
	// OffsetUS and ErrorUS are the kernel's estimates in microseconds, nil where unknown.
	OffsetUS, ErrorUS *int64
}

// Tool names the program that wrote an entry.
type Tool struct {
	Name, Version string
	// SHA256 is the digest of the running program file, with evidence.DigestPrefix;
	// "" where it could not be read.
	SHA256 string
	// Protocol is the version of the plugin protocol.
	Protocol int
	// OS and Arch are GOOS and GOARCH.
	OS, Arch string
}

// Head is the end of a log: what the next entry must continue.
type Head struct {
	Origin string
	// Size is the number of entries, and so the number of the next one.
	Size int64
	// Prev is the leaf hash of the last entry as 64 hexadecimal digits, "" where Size is 0.
	Prev string
}

// Entry is one line of the custody log, as read.
type Entry struct {
	Version     int
	Origin      string
	Seq         int64
	ID, Kind    string
	Prev, Nonce string
	Start, End  time.Time
	LocalOffset string
	MonotonicUS int64
	Clock       Clock
	Tool        Tool
	// Plain holds string, int64, bool, []any, map[string]any.
	Plain  map[string]any
	Commit map[string]evidence.Digest
	Sets   map[string]SetRoot
	Refs   map[string]int64
}
