package store

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Options are what a writer needs of the world. Every function must be set.
type Options struct {
	// Now is the system's clock.
	Now func() time.Time
	// Rand is the source of salts, seeds, nonces and identifiers; only one
	// goroutine reads it at a time.
	Rand io.Reader
	// Clock says how far the system's clock can be trusted at the moment.
	Clock func() custody.Clock
	// Monotonic is the time since boot.
	Monotonic func() time.Duration
	// LocalOffset is the local zone's offset now, such as "+08:00".
	LocalOffset func() string
	// Tool is the running program.
	Tool custody.Tool
	// Observed and Asserted are committed to in every entry, by full field name
	// ("observed.os.host", "asserted.actor.name"), unless the batch itself has
	// the field.
	Observed, Asserted map[string]any
}

func (o Options) check() error {
	if o.Now == nil || o.Rand == nil || o.Clock == nil || o.Monotonic == nil || o.LocalOffset == nil {
		return fmt.Errorf("%w: an option of the store is not set", evidence.ErrFormat)
	}
	for name := range o.Observed {
		if !strings.HasPrefix(name, "observed.") {
			return fmt.Errorf("%w: option field %q is not observed", evidence.ErrFormat, name)
		}
	}
	for name := range o.Asserted {
		if !strings.HasPrefix(name, "asserted.") {
			return fmt.Errorf("%w: option field %q is not asserted", evidence.ErrFormat, name)
		}
	}
	return nil
}

// Init says what a new case is called.
type Init struct {
	// Lab is the first part of the log's origin (custody.CheckLab).
	Lab string
	// Secret is committed to in entry 0: asserted.case.title and the like.
	Secret map[string]any
}
