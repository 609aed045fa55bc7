// Package sdktest is the conformance kit for plugins written with the SDK: what
// every plugin must hold to, whatever it reads. The kit for programs, over the
// wire and in the sandbox, is `exhibit plugin test`.
package sdktest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// cuts is how many places an input is cut or flipped at; all of them where it is shorter.
const cuts = 64

// patience is how long a cancelled job may go on.
const patience = 10 * time.Second

// Run checks p against each case of the corpus, which is to have at least one
// that the plugin reads completely. Whatever the input, a plugin must:
//
//   - make the same of the same input every time, after any other input;
//   - keep the formats: canonical lines, spans inside the input, units that add up;
//   - come through inputs that are empty, of other formats, cut short or have a bit
//     flipped, without a panic, and without saying of one that it cannot read that it
//     read it all;
//   - find its values again in the bytes that its records say they were read from;
//   - open nothing with a wrong key, and tell no key to anybody;
//   - fail where the input cannot be read, and not take an error for the end;
//   - stop when cancelled, and at its limits, with what it had so far.
//
// The rules are those of `exhibit plugin test`. What that has beyond: the manifest and
// the program's own description of itself, goldens, other processes and surroundings
// (time zone, locale, environment, processors), crashes, the sandbox, growth over
// many jobs, standard error, and what a plugin does with formats that its manifest
// does not ask for.
func Run(t *testing.T, p sdk.Plugin, corpus []Case) {
	t.Helper()
	if len(corpus) == 0 {
		t.Fatal("an empty corpus proves nothing")
	}
	complete := false
	for _, c := range corpus {
		t.Run(c.Name, func(t *testing.T) {
			want := Do(t, p, c)
			complete = complete || want.Result.Outcome == evidence.OutcomeComplete && len(want.Records)+len(want.Artifacts) > 0
			t.Run("damaged", func(t *testing.T) { damaged(t, p, c, want) })
			t.Run("spans", func(t *testing.T) { spans(t, c, want) })
			t.Run("keys", func(t *testing.T) { keys(t, p, c, want) })
			t.Run("again", func(t *testing.T) {
				if d := cmp.Diff(want, Do(t, p, c), cmpopts.EquateErrors(), cmpopts.EquateEmpty()); d != "" {
					t.Errorf("the same input gives another output:\n%s", d)
				}
			})
			t.Run("unreadable", func(t *testing.T) { unreadable(t, p, c, want) })
			t.Run("cancelled", func(t *testing.T) { cancelled(t, p, c) })
			t.Run("limited", func(t *testing.T) { limited(t, p, c, want) })
		})
	}
	if !complete {
		t.Error("no case of the corpus is read completely and makes something")
	}
}

// damaged runs versions of c that no writer of the format wrote, and other formats.
func damaged(t *testing.T, p sdk.Plugin, c Case, want Output) {
	places := conform.Places(len(c.Data), cuts)
	cut := conform.Cut(c.Data, places)
	inputs := slices.Concat(conform.Tiny(), conform.Foreign(), cut, conform.Flipped(c.Data, places))
	first := len(conform.Tiny())
	for i, in := range inputs {
		d := c
		d.Name, d.Data = c.Name+", "+in.Name, in.Data
		if i < len(inputs)-2*len(cut) {
			d.Canary = "" // it is text of Data
		}
		out := Do(t, p, d).conform()
		if why := conform.Silence(out, int64(len(in.Data))); why != "" && i >= first {
			t.Errorf("%s: %s", d.Name, why)
		}
		if i >= len(inputs)-2*len(cut) && i < len(inputs)-len(cut) && c.Operation == evidence.OpUnpack {
			if why := conform.Shortened(want.conform(), out); why != "" {
				t.Errorf("%s: %s", d.Name, why)
			}
		}
	}
}

// spans compares the values of records with the bytes that they say they are from.
func spans(t *testing.T, c Case, want Output) {
	for i, line := range want.Records {
		if verdict, value := conform.Reread([]byte(line), c.of(line)); verdict == conform.Drifted {
			t.Errorf("record %d: none of its values is in the bytes that it says it was read from; %q is elsewhere in the input", i+1, value)
		}
	}
}

// keys runs c with other keys and with none: what opened with the right ones must
// not seem to open with these.
func keys(t *testing.T, p sdk.Plugin, c Case, want Output) {
	if len(want.Result.KeysUsed) == 0 {
		t.Skip("no key decides anything of this input")
	}
	wrong := slices.Clone(c.Keys)
	for i := range wrong {
		wrong[i].Value = slices.Clone(wrong[i].Value)
		for j := range wrong[i].Value {
			wrong[i].Value[j] ^= 0xff
		}
	}
	for name, with := range map[string][]sdk.Key{"wrong keys": wrong, "no key": nil} {
		c := c
		c.Keys = with
		out := Do(t, p, c)
		if why := conform.Opened(out.conform(), c.Operation); why != "" {
			t.Errorf("with %s: %s", name, why)
		}
	}
}

// readerAt fails at and after an offset, and calls a function at each read.
type readerAt struct {
	io.ReaderAt
	good int64
	each func()
}

var errUnreadable = errors.New("input/output error")

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	r.each()
	if off+int64(len(p)) <= r.good {
		return r.ReaderAt.ReadAt(p, off)
	}
	if off >= r.good {
		return 0, errUnreadable
	}
	n, err := r.ReaderAt.ReadAt(p[:r.good-off], off)
	if err == nil {
		err = errUnreadable
	}
	return n, err
}

// unreadable gives the input a bad sector: unless the plugin never reads it, the run must fail.
func unreadable(t *testing.T, p sdk.Plugin, c Case, want Output) {
	if want.Result.BytesRead < c.size() || len(c.Data) == 0 {
		t.Skip("the plugin leaves some of this input unread")
	}
	for _, good := range []int64{0, int64(len(c.Data)) / 2, int64(len(c.Data)) - 1} {
		in := sdk.NewInput(readerAt{bytes.NewReader(c.Data), good, func() {}}, int64(len(c.Data)))
		out, err := do(t.Context(), p, c, in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Result.Outcome == evidence.OutcomeComplete {
			t.Errorf("unreadable from byte %d, yet the outcome is complete", good)
		}
	}
}

// cancelled cancels at the first read, and before it.
func cancelled(t *testing.T, p sdk.Plugin, c Case) {
	for _, early := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		if early {
			cancel()
		}
		in := sdk.NewInput(readerAt{bytes.NewReader(c.Data), int64(len(c.Data)), cancel}, int64(len(c.Data)))
		ended := make(chan error, 1)
		go func() {
			_, err := do(ctx, p, c, in)
			ended <- err
		}()
		select {
		case err := <-ended:
			if early && !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled before it began, yet it ends with %v", err)
			}
		case <-time.After(patience):
			t.Errorf("still running %s after it was cancelled", patience)
		}
		cancel()
	}
}

// limited runs with every limit one below what the case needs.
func limited(t *testing.T, p sdk.Plugin, c Case, want Output) {
	var size int64
	for _, a := range want.Artifacts {
		size += int64(len(a.Data))
	}
	records, diagnostics, artifacts := int64(len(want.Records)), int64(len(want.Diagnostics)), int64(len(want.Artifacts))
	for name, l := range map[string]struct {
		have int64
		set  func(*sdk.Limits, int64)
		got  func(Output) int64
	}{
		"records":     {records, func(l *sdk.Limits, n int64) { l.MaxRecords = n }, func(o Output) int64 { return int64(len(o.Records)) }},
		"diagnostics": {diagnostics, func(l *sdk.Limits, n int64) { l.MaxDiagnostics = n }, func(o Output) int64 { return int64(len(o.Diagnostics)) }},
		"artifacts":   {artifacts, func(l *sdk.Limits, n int64) { l.MaxArtifacts = n }, func(o Output) int64 { return int64(len(o.Artifacts)) }},
		"output":      {size, func(l *sdk.Limits, n int64) { l.MaxOutputBytes = n }, nil},
	} {
		if l.have < 2 {
			continue // zero is no limit
		}
		c := c
		l.set(&c.Limits, l.have-1)
		out := Do(t, p, c)
		if out.Result.Outcome != evidence.OutcomePartial {
			t.Errorf("%s limited to %d of %d, yet the outcome is %s", name, l.have-1, l.have, out.Result.Outcome)
		}
		if l.got != nil && l.got(out) != l.have-1 {
			t.Errorf("%s limited to %d of %d, %d came", name, l.have-1, l.have, l.got(out))
		}
	}
}
