// Package sdktest is the conformance kit for plugins written with the SDK: what
// every plugin must hold to, whatever it reads. The kit for programs, over the
// wire and in the sandbox, is `exhibit plugin test`.
package sdktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/exhibit-forensics/exhibit/evidence"
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
//   - come through inputs that are empty, noise, cut short or have a bit flipped,
//     without a panic, in bounded time;
//   - fail where the input cannot be read, and not take an error for the end;
//   - stop when cancelled, and at its limits, with what it had so far.
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
			t.Run("damaged", func(t *testing.T) { damaged(t, p, c) })
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

// damaged runs versions of c that no writer of the format wrote.
func damaged(t *testing.T, p sdk.Plugin, c Case) {
	for _, data := range [][]byte{nil, {0}, {0xff}, []byte("\n"), noise(4096)} {
		c := c
		c.Data = data
		Do(t, p, c)
	}
	step := max(1, len(c.Data)/cuts)
	for at := 0; at < len(c.Data); at += step {
		cut, flipped := c, c
		cut.Name, cut.Data = fmt.Sprintf("%s cut at %d", c.Name, at), c.Data[:at:at]
		Do(t, p, cut)
		flipped.Name, flipped.Data = fmt.Sprintf("%s flipped at %d", c.Name, at), slices.Clone(c.Data)
		flipped.Data[at] ^= 1 << (at % 8)
		Do(t, p, flipped)
	}
}

// noise is the same every time (xorshift64, Marsaglia 2003).
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
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
	if want.Result.BytesRead < int64(len(c.Data)) || len(c.Data) == 0 {
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
