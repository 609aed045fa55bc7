package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

type span struct{ Number, Offset, Length int64 }

// splitSlowly says what Lines must say, from all the bytes at once.
func splitSlowly(data string) (out []span) {
	var at int64
	for n := int64(1); data != ""; n++ {
		line, rest, ended := strings.Cut(data, "\n")
		length := len(line)
		if ended {
			length = len(strings.TrimSuffix(line, "\r"))
		}
		out = append(out, span{n, at, int64(length)})
		at += int64(len(line) + 1)
		data = rest
	}
	return out
}

func collect(t testing.TB, data string) (out []span, r sdk.Result, diagnostics []string) {
	r, _, diagnostics, _ = run(t, data, func(c *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
		for ln := range in.Lines() {
			if got := data[ln.Span.Offset:][:ln.Span.Length]; got != string(ln.Bytes) {
				t.Errorf("line %d: bytes differ from those of its span", ln.Number)
			}
			out = append(out, span{ln.Number, ln.Span.Offset, ln.Span.Length})
		}
		return in.Err()
	})
	return out, r, diagnostics
}

func TestLines(t *testing.T) {
	for _, data := range []string{
		"", "\n", "\r\n", "\r", "a", "a\n", "a\r\n", "a\r", "\n\n", "\r\r\n", "a\nb", "a\r\nb\r\n", "\na", "a\n\r\nb\rc\n", "a\x00b\n\xff\n", "\r\n\r",
	} {
		got, r, _ := collect(t, data)
		if d := cmp.Diff(splitSlowly(data), got); d != "" || r.BytesRead != int64(len(data)) || r.Outcome != evidence.OutcomeComplete {
			t.Errorf("%q: %s read %d, %s", data, d, r.BytesRead, r.Reason)
		}
	}
}

// Line endings must be found wherever they fall in the read buffer, a CR and its
// LF in different reads included.
func TestLinesAcrossBuffers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		var b strings.Builder
		for b.Len() < 700<<10 {
			n := rnd.IntN(1 << rnd.IntN(19))
			b.WriteString(strings.Repeat("x", n))
			b.WriteString([]string{"\n", "\r\n", "\r", ""}[rnd.IntN(4)])
		}
		data := b.String()
		if i%2 == 0 {
			edge := 256<<10 + rnd.IntN(3) - 1
			data = data[:edge-1] + "\r\n" + data[edge+1:]
		}
		got, r, _ := collect(t, data)
		if d := cmp.Diff(splitSlowly(data), got); d != "" || r.BytesRead != int64(len(data)) {
			t.Fatalf("round %d: %s", i, d)
		}
	}
}

func TestLinesThatAreTooLong(t *testing.T) {
	const limit = sdk.MaxLine
	for _, over := range []int{0, 1, 2, 3, 300 << 10} {
		for _, ending := range []string{"\n", "\r\n", ""} {
			data := "first\n" + strings.Repeat("y", limit+over) + ending
			if ending != "" {
				data += "last\n"
			}
			got, r, diagnostics := collect(t, data)
			want := splitSlowly(data)
			var long []string
			if over > 0 {
				long = []string{fmt.Sprintf(`{"code":"line.too_long","data":{"limit":16777216},"message":"the line is longer than a line may be and was not read","severity":"reject","source":{"length":%d,"line":2,"offset":6}}`, limit+over)}
				want = append(want[:1:1], want[2:]...)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%d over, %q: %s", over, ending, d)
			}
			if d := cmp.Diff(long, diagnostics); d != "" {
				t.Errorf("%d over, %q: %s", over, ending, d)
			}
			if r.Outcome != evidence.OutcomeComplete || r.BytesRead != int64(len(data)) || r.Units.Rejected != int64(len(long)) {
				t.Errorf("%d over, %q: %+v", over, ending, r)
			}
		}
	}
}

// counting counts what reading costs.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n++
	return c.ReaderAt.ReadAt(p, off)
}

func TestLinesDoNotAllocate(t *testing.T) {
	data := strings.Repeat("a line of some length that is read many times over\r\n", 100_000)
	reads := &counting{ReaderAt: strings.NewReader(data)}
	op := func(_ *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
		for range in.Lines() {
		}
		return in.Err()
	}
	n := testing.AllocsPerRun(3, func() {
		j := sdk.Job{Operation: evidence.OpParse, Inputs: []*sdk.Input{sdk.NewInput(reads, int64(len(data)))}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard}
		if _, err := sdk.Run(context.Background(), sdk.Plugin{Parse: op}, j); err != nil {
			t.Error(err)
		}
	})
	if n > 40 {
		t.Errorf("%.0f allocations for 100,000 lines", n)
	}
	if per := reads.n / 4; per > len(data)/(200<<10) {
		t.Errorf("%d reads for %d bytes", per, len(data))
	}
}

type failing struct{ at int64 }

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= f.at {
		return copy(p, bytes.Repeat([]byte("ab\n"), len(p)/3+1)), nil
	}
	return 0, errors.New("input/output error")
}

// An input that cannot be read, or is shorter than the host said, fails the run:
// it must not look like the end of the input.
func TestLinesOfUnreadableInput(t *testing.T) {
	for name, in := range map[string]*sdk.Input{
		"error": sdk.NewInput(failing{at: 300 << 10}, 600<<10),
		"short": sdk.NewInput(strings.NewReader("ab\nab"), 9),
	} {
		r, _, _, _ := run(t, "", func(_ *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			for range in.Lines() {
			}
			return in.Err()
		}, func(j *sdk.Job) { j.Inputs = []*sdk.Input{in} })
		if r.Outcome != evidence.OutcomeFailed || r.BytesRead >= in.Size {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestLinesStoppedEarlyAccountForWhatWasSeen(t *testing.T) {
	r, _, _, _ := run(t, "one\ntwo\nthree\n", func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			out.Skip(1)
			if ln.Number == 2 {
				break
			}
		}
		return in.Err()
	})
	if r.BytesRead != 8 || r.Units.Read != 2 {
		t.Errorf("%+v", r)
	}
}

func TestReaderAndReadAtCountOnce(t *testing.T) {
	data := strings.Repeat("0123456789", 1000)
	r, _, _, _ := run(t, data, func(_ *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
		got, err := io.ReadAll(in.Section(100, 200))
		if err != nil || string(got) != data[100:300] {
			t.Errorf("section: %v", err)
		}
		b := make([]byte, 50)
		for _, off := range []int64{280, 0, 60, 9990, 25} {
			n, err := in.ReadAt(b, off)
			if string(b[:n]) != data[off:off+int64(n)] || (err == io.EOF) != (off == 9990) {
				t.Errorf("at %d: %d, %v", off, n, err)
			}
		}
		if n, err := in.ReadAt(b, 10000); n != 0 || err != io.EOF {
			t.Errorf("at the end: %d, %v", n, err)
		}
		return nil
	})
	if want := int64(330 + 10); r.BytesRead != want {
		t.Errorf("read %d, want %d", r.BytesRead, want)
	}
}

// The count of bytes read must equal that of a plain set of bytes.
func TestCoverageAgainstASet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		const size = 300
		seen := map[int64]bool{}
		r, _, _, _ := run(t, strings.Repeat("x", size), func(_ *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			for range rnd.IntN(60) {
				off, n := rnd.Int64N(size), rnd.IntN(20)
				if _, err := in.ReadAt(make([]byte, n), off); err != nil && err != io.EOF {
					return err
				}
				for i := off; i < min(off+int64(n), size); i++ {
					seen[i] = true
				}
			}
			return nil
		})
		if r.BytesRead != int64(len(seen)) {
			t.Fatalf("counted %d, a set has %d", r.BytesRead, len(seen))
		}
	}
}
