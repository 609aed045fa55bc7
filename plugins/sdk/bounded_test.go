package sdk_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// vast is a document of head, a byte very many times, and tail.
type vast struct {
	head, tail string
	fill       byte
	size       int64 // of the middle
}

func (v vast) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		switch middle := int64(len(v.head)); {
		case at < middle:
			n += copy(p[n:], v.head[at:])
		case at < middle+v.size:
			k := int(min(int64(len(p)-n), middle+v.size-at))
			for i := range p[n : n+k] {
				p[n+i] = v.fill
			}
			n += k
		default:
			at -= middle + v.size
			if at >= int64(len(v.tail)) {
				return n, io.EOF
			}
			n += copy(p[n:], v.tail[at:])
		}
	}
	return n, nil
}

// One record of a size that no memory holds costs that record, and little memory:
// the one before and the one after it come out.
func TestVastRecords(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("short")
	}
	put := func(out *sdk.Out, src sdk.Source) error { return out.Put(&sdk.Keyword{}, src) }
	for name, c := range map[string]struct {
		vast
		op sdk.Op
	}{
		"lines": {vast{"one\n", "\nthree\n", 'x', 0}, func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			for ln := range in.Lines() {
				if err := put(out, ln.Source()); err != nil {
					return err
				}
			}
			return in.Err()
		}},
		"delimited": {vast{"a,b\n1,2\n", "\n3,4\n", 'x', 0}, func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			tab, err := delimited.Open(c, in, out, delimited.Options{})
			if err != nil {
				return err
			}
			for row := range tab.Rows() {
				if err := put(out, row.Source()); err != nil {
					return err
				}
			}
			return tab.Err()
		}},
		"json string":  {vast{`[1,"`, `",3]`, 'x', 0}, elements},
		"json nesting": {vast{`[1,{"a":[`, `]},3]`, ' ', 0}, elements},
		"xml value":    {vast{`<r><e/><e a="" b="`, `"/></r>`, 'x', 0}, tags},
		"xml text":     {vast{`<r><e/><e>`, `</e></r>`, 'x', 0}, tags},
		"xml comment":  {vast{`<r><e/><!-- `, `--><e/></r>`, '-', 0}, tags},
	} {
		t.Run(name, func(t *testing.T) {
			v := c.vast
			v.size = 200 << 20
			in := sdk.NewInput(v, v.size+int64(len(v.head)+len(v.tail)))
			var diagnostics strings.Builder
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			r, err := sdk.Run(t.Context(), sdk.Plugin{Parse: c.op}, sdk.Job{
				Operation: evidence.OpParse, Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: &diagnostics, Artifacts: io.Discard,
			})
			runtime.ReadMemStats(&after)
			if err != nil || r.Err != nil || r.Records.Count != 2 || r.BytesRead != in.Size {
				t.Errorf("%v %v: %d records, %d of %d bytes; %s", err, r.Err, r.Records.Count, r.BytesRead, in.Size, diagnostics.String())
			}
			if grown := int64(after.TotalAlloc) - int64(before.TotalAlloc); grown > 120<<20 {
				t.Errorf("%d MiB were allocated for %d of input", grown>>20, in.Size>>20)
			}
		})
	}
}

func elements(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	for e := range jsonread.Elements(c, in, "/*") {
		if err := out.Put(&sdk.Keyword{}, e.Source()); err != nil {
			return err
		}
	}
	return in.Err()
}

func tags(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	d, err := xmlread.Open(c, in)
	if err != nil {
		return err
	}
	for e := range d.Elements("e") {
		if err := out.Put(&sdk.Keyword{}, e.Source()); err != nil {
			return err
		}
	}
	return in.Err()
}
