package kit

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
)

const (
	// mostPlaces is at how many places a sample is cut, and how many of its bits are
	// turned over; fewer where it is large, or where every job takes a process.
	mostPlaces     = 24
	slowPlaces     = 2
	thoroughPlaces = 1000
	leastPlaces    = 5
	placeBytes     = 8 << 20
)

// each gives the inputs to the sample's operation, and what came of each to judge,
// until enough is found.
func (k *kit) each(ctx context.Context, f *findings, s *sample, inputs []conform.Input, judge func(conform.Input, *taken) string) error {
	for _, in := range inputs {
		if f.enough() {
			return nil
		}
		t, err := k.take(ctx, k.here, s.request(in.Data))
		if err != nil {
			return err
		}
		where := s.job.Operation + ", " + in.Name
		if k.crashed(f, s, where, t) {
			continue
		}
		if d := conform.Defect(t.Output); d != "" {
			f.fault(Fault{Where: where, What: d, Do: "bad input is the normal case: say it by a diagnostic", Detail: stderrOf(t)})
			continue
		}
		if why := judge(in, t); why != "" {
			f.fault(Fault{Where: where, What: why, Do: "say it by a diagnostic, or end with an error"})
		}
	}
	return nil
}

// models are the samples by whose jobs other inputs are run: one for each operation.
func (k *kit) models() []*sample {
	var out []*sample
	for _, s := range k.samples {
		if !slices.ContainsFunc(out, func(o *sample) bool { return o.job.Operation == s.job.Operation }) {
			out = append(out, s)
		}
	}
	return out
}

func (k *kit) tiny(ctx context.Context, f *findings) error {
	for _, s := range k.models() {
		if err := k.each(ctx, f, s, conform.Tiny(), func(conform.Input, *taken) string { return "" }); err != nil {
			return err
		}
	}
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
	}
	f.pass("no byte, and one byte: no crash")
	return nil
}

// foreign: of what is not its format a plugin neither claims that it is, nor that
// there is nothing.
func (k *kit) foreign(ctx context.Context, f *findings) error {
	inputs := conform.Foreign()
	for _, s := range k.models() {
		err := k.each(ctx, f, s, inputs, func(in conform.Input, t *taken) string {
			if why := conform.Silence(t.Output, int64(len(in.Data))); why != "" {
				return why
			}
			if k.asksFor(s.job.Operation, in.Data) {
				return ""
			}
			return conform.Mistaken(t.Output)
		})
		if err != nil {
			return err
		}
	}
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
	}
	f.pass("%s: no crash, no false claim", counted(len(inputs), "input")+" of other formats")
	return nil
}

// asksFor reports whether the manifest asks for inputs like data by what they hold.
// One that is taken by its path alone may be anything.
func (k *kit) asksFor(operation string, data []byte) bool {
	id := identify.Sniff(data)
	for _, op := range k.plugin.Manifest.Operations {
		if op.Operation != operation {
			continue
		}
		for _, a := range op.Accepts {
			stated := len(a.MediaTypes)+len(a.Magic) > 0 || a.Content != ""
			if stated && len(a.SQLiteTables)+len(a.XMLRoot) == 0 && holds(a, id, data) {
				return true
			}
		}
	}
	return false
}

func holds(a evidence.Accept, id identify.Identity, data []byte) bool {
	if len(a.MediaTypes) > 0 && !slices.Contains(a.MediaTypes, id.MediaType) || a.Content != "" && a.Content != id.Content {
		return false
	}
	return len(a.Magic) == 0 || slices.ContainsFunc(a.Magic, func(m evidence.Magic) bool {
		b, err := hex.DecodeString(m.Hex)
		return err == nil && m.Offset >= 0 && m.Offset < int64(len(data)) && strings.HasPrefix(string(data[m.Offset:]), string(b))
	})
}

// cut: samples cut short at many places.
func (k *kit) cut(ctx context.Context, f *findings) error {
	n := 0
	for _, s := range k.samples {
		inputs := conform.Cut(s.data, k.places(len(s.data)))
		n += len(inputs)
		err := k.each(ctx, f, s, named(s, inputs), func(in conform.Input, t *taken) string {
			if s.job.Operation == evidence.OpUnpack {
				if why := conform.Shortened(s.base.Output, t.Output); why != "" {
					return why
				}
			}
			return conform.Silence(t.Output, int64(len(in.Data)))
		})
		if err != nil {
			return err
		}
	}
	if n == 0 {
		f.skipped("there is no sample")
	}
	f.pass("samples cut short at %s: no crash, no false claim", counted(n, "place"))
	return nil
}

// flipped: samples with a bit turned over.
func (k *kit) flipped(ctx context.Context, f *findings) error {
	n := 0
	for _, s := range k.samples {
		inputs := conform.Flipped(s.data, k.places(len(s.data)))
		n += len(inputs)
		if err := k.each(ctx, f, s, named(s, inputs), func(in conform.Input, t *taken) string {
			return conform.Silence(t.Output, int64(len(in.Data)))
		}); err != nil {
			return err
		}
	}
	if n == 0 {
		f.skipped("there is no sample")
	}
	f.pass("%s turned over, one at a time: no crash", counted(n, "bit"))
	return nil
}

func (k *kit) places(size int) []int {
	most := mostPlaces
	switch {
	case k.o.Thorough:
		return conform.Places(size, thoroughPlaces)
	case k.processPerJob():
		most = slowPlaces
	}
	return conform.Places(size, min(most, max(leastPlaces, placeBytes/max(size, 1))))
}

// processPerJob reports whether each job is given a process of its own.
func (k *kit) processPerJob() bool { return k.plugin.Manifest.Runtime == evidence.RuntimeNDJSON }

// named says in an input's name which sample it was made of.
func named(s *sample, inputs []conform.Input) []conform.Input {
	for i := range inputs {
		inputs[i].Name = s.name + " " + inputs[i].Name
	}
	return inputs
}
