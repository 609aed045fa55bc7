package host

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// stopKind says what ended an attempt before its plugin did.
type stopKind int

const (
	// stopBroken: the plugin broke the protocol. Failed; another try would do the same.
	stopBroken stopKind = iota
	// stopFault: it crashed, hung or used too much memory. Failed, after a second try.
	stopFault
	// stopLimit: it went over a limit on its output or its time. What came before is kept.
	stopLimit
	// stopHost: the sink or the host itself failed.
	stopHost
)

// stop is the reason an attempt was ended, the cause of its context.
type stop struct {
	kind   stopKind
	reason string
	err    error // for stopHost
}

// Error implements error.
func (s *stop) Error() string { return s.reason }

func broken(format string, a ...any) *stop {
	return &stop{kind: stopBroken, reason: "broke the protocol: " + fmt.Sprintf(format, a...)}
}

func fault(format string, a ...any) *stop {
	return &stop{kind: stopFault, reason: fmt.Sprintf(format, a...)}
}

func limit(format string, a ...any) *stop {
	return &stop{kind: stopLimit, reason: "over its limits: " + fmt.Sprintf(format, a...)}
}

func hostFailure(err error) *stop { return &stop{kind: stopHost, reason: err.Error(), err: err} }

// outcome is what a stopped attempt comes to.
func (s *stop) outcome() evidence.Outcome {
	if s.kind == stopLimit {
		return evidence.OutcomePartial
	}
	return evidence.OutcomeFailed
}
