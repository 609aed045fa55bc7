package verify

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Verdict is what verification comes to, for one finding or for the whole. A
// greater one is worse; where several apply the worst counts.
type Verdict int

// The verdicts, best first. A log that is not the one that was signed is worse
// than a thing that does not agree with its log: the log is the yardstick. What
// is known to be wrong is worse than what could not be looked at.
const (
	// Intact: as recorded. A finding with this verdict is a remark.
	Intact Verdict = iota
	// BelowRequired: intact, but attested less strongly than was asked.
	BelowRequired
	// CannotVerify: something could not be read or understood.
	CannotVerify
	// Incomplete: something that the log names is not there.
	Incomplete
	// Altered: something is there, but not as it was recorded.
	Altered
	// RolledBack: the log was longer once than it is now.
	RolledBack
	// Forked: the log differs from what was signed or handed out of the same log.
	Forked
)

// about returns the row of the table of verdicts: the name that people read,
// and the exit code of docs/design.md §8.
func (v Verdict) about() (name string, exit int) {
	table := [...]struct {
		name string
		exit int
	}{
		Intact:        {"INTACT", 0},
		BelowRequired: {"INTACT, BELOW WHAT WAS REQUIRED", 24},
		CannotVerify:  {"CANNOT VERIFY", 25},
		Incomplete:    {"INCOMPLETE", 21},
		Altered:       {"ALTERED", 20},
		RolledBack:    {"ROLLED BACK", 22},
		Forked:        {"FORKED", 23},
	}
	if v < 0 || int(v) >= len(table) {
		v = CannotVerify
	}
	return table[v].name, table[v].exit
}

// String returns the verdict's name as people read it.
func (v Verdict) String() string { name, _ := v.about(); return name }

// ExitCode returns the exit code of docs/design.md §8.
func (v Verdict) ExitCode() int { _, exit := v.about(); return exit }

// MarshalText writes what String returns.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote; evidence.ErrFormat otherwise.
func (v *Verdict) UnmarshalText(b []byte) error {
	for w := Intact; w <= Forked; w++ {
		if w.String() == string(b) {
			*v = w
			return nil
		}
	}
	return fmt.Errorf("verify: verdict %q: %w", b, evidence.ErrFormat)
}

// Level says how strongly the log's head is attested. A greater one is stronger.
type Level int

// The levels, weakest first.
const (
	// Unattested: nobody signed the log.
	Unattested Level = iota
	// SelfAsserted: signed by a key that only the case itself vouches for.
	SelfAsserted
	// Trusted: signed by a key that the caller gave.
	Trusted
	// Anchored: as a receipt says that was handed out of the case.
	Anchored
)

func (l Level) names() []string {
	return []string{Unattested: "none", SelfAsserted: "self-asserted", Trusted: "trusted", Anchored: "anchored"}
}

// String returns the level's name: none, self-asserted, trusted, anchored.
func (l Level) String() string {
	if names := l.names(); l >= 0 && int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// ParseLevel reads what String returns; evidence.ErrFormat otherwise.
func ParseLevel(s string) (Level, error) {
	for l, name := range Level(0).names() {
		if name == s {
			return Level(l), nil
		}
	}
	return Unattested, fmt.Errorf("verify: level %q: %w: none, self-asserted, trusted or anchored", s, evidence.ErrFormat)
}

// MarshalText writes what String returns.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLevel(string(b))
	return err
}
