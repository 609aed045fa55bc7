package selftest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// Options is what a test needs from its surroundings.
type Options struct {
	// Samples holds the samples and goldens of the bundled plugins, as plugins/NAME/testdata/….
	Samples fs.FS
	// Plugins are those that are installed.
	Plugins []*host.Plugin
	// Host is how plugins are run.
	Host host.Config
	// Work is a directory that is there and private, on the filesystem that is to be
	// tested; files are left in it.
	Work    string
	Program Program
	Machine Machine
	By      string
	Now     func() time.Time
	Rand    io.Reader
	// Progress is told the identifier of each test once it is done; may be nil.
	Progress func(Test)
}

// tester is one run.
type tester struct {
	o      Options
	record *Record
	// refused, crashed: of plugins.
	refused, crashed bool
	vectors          vectors
}

// Outcome is a record, and what the exit code hangs on beside its result.
type Outcome struct {
	Record *Record
	// Refused: the host would not run a plugin. Crashed: a plugin's process crashed,
	// hung or broke the protocol.
	Refused, Crashed bool
}

// Run tests everything and returns the record, whatever it says. An error says that
// testing itself was not possible.
func Run(ctx context.Context, o Options) (*Outcome, error) {
	t := &tester{o: o, record: &Record{
		V: Version, Type: Type, By: o.By, Program: o.Program, Machine: o.Machine, Start: stamp(o.Now()),
		Plugins: []Plugin{}, Tests: []Test{}, Limits: []string{},
	}}
	if err := t.run(ctx); err != nil {
		return nil, fmt.Errorf("selftest: %w", err)
	}
	t.record.End = stamp(o.Now())
	t.record.conclude()
	t.limits()
	return &Outcome{Record: t.record, Refused: t.refused, Crashed: t.crashed}, nil
}

func (t *tester) run(ctx context.Context) (err error) {
	if t.vectors, err = readVectors(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{t.primitives, t.log, t.proofs, t.inCase, t.plugins} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// stamp writes a time as entries do, to the second.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// known is a test before it was carried out.
type known struct {
	id, what, source string
	rejects          bool
	expected         string
}

// try carries a test out: what observe returns must be what is expected. An error is an
// observation like any other.
func (t *tester) try(k known, observe func() (string, error)) {
	got, err := observe()
	if err != nil {
		got = "error: " + err.Error()
	}
	t.add(k, got, nil)
}

func (t *tester) add(k known, observed string, detail []string) {
	r := Test{ID: k.id, What: k.what, Source: k.source, Rejects: k.rejects, Expected: k.expected, Observed: observed, Result: Pass, Detail: detail}
	if observed != k.expected {
		r.Result = Fail
	}
	t.put(r)
}

func (t *tester) put(r Test) {
	t.record.Tests = append(t.record.Tests, r)
	if t.o.Progress != nil {
		t.o.Progress(r)
	}
}

// refused is the answer of code that refuses what it was given, and nothing else.
func refused(err, want error) (string, error) {
	switch {
	case err == nil:
		return "accepted", nil
	case errors.Is(err, want):
		return "refused", nil
	}
	return "", err
}

// limits says what the record does not show.
func (t *tester) limits() {
	l := []string{
		"A known answer shows that this program and these plugins, on this computer, gave what is expected for this input. It says nothing about other inputs, and no rate of errors follows from it.",
		"The inputs are small and synthetic. How plugins read what a particular device or program wrote is not tested here.",
		"What is expected is part of the program whose digest is above: whoever can replace the program can replace that too. Compare its digest, and those of the plugins, with ones that you have from elsewhere.",
		"That what was written is safe when the power fails was not tried here: the settings on which it rests were read back. Whether a disk keeps what it reports as written, no program can tell.",
		"The sandbox is described as it reported itself. Whether a hostile plugin gets out of it was not tried here.",
		"The computer is described as its operating system describes it; times are by its clock, which was compared with nothing.",
		"This is a check that the tool performs as expected in this installation. Whether a method is fit for its purpose in a laboratory, that laboratory validates itself.",
	}
	for _, p := range t.record.Plugins {
		if p.Tested == 0 {
			l = append(l, fmt.Sprintf("The plugin %s %s is installed and has no known answers here: exhibit plugin test holds it to its own samples.", p.Name, p.Version))
		}
	}
	if n := t.record.Counts[NotRun]; n > 0 {
		l = append(l, fmt.Sprintf("%d known answers were not tried: each says why.", n))
	}
	t.record.Limits = l
}
