package kit

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
)

// base runs every sample once, in the order of their names.
func (k *kit) base(ctx context.Context) error {
	for _, s := range k.samples {
		t, err := k.take(ctx, k.here, s.request(s.data))
		if err != nil {
			return fmt.Errorf("kit: sample %q: %w", s.name, err)
		}
		s.base = t
	}
	return nil
}

// golden: what comes of the samples is what was accepted, and the samples show what
// the plugin is for.
func (k *kit) golden(_ context.Context, f *findings) error {
	if len(k.samples) == 0 {
		f.fault(Fault{Where: "testdata/", What: "there is no sample", Do: "put a small synthetic file of the format there: no evidence, no real names"})
		return nil
	}
	made := map[string]bool{}
	records, artifacts := 0, 0
	for _, s := range k.samples {
		records, artifacts = records+len(s.base.Records), artifacts+len(s.base.Artifacts)
		if k.crashed(f, s, s.name, s.base) {
			continue
		}
		if d := conform.Defect(s.base.Output); d != "" {
			f.fault(Fault{Where: s.name, What: d, Do: "see standard error below, or run it by hand: ./plugin run FILE", Detail: stderrOf(s.base)})
		}
		made[s.job.Operation] = made[s.job.Operation] || s.base.Outcome == evidence.OutcomeComplete && len(s.base.Records)+len(s.base.Artifacts) > 0
		k.kinds(f, s)
		if err := k.againstGolden(f, s); err != nil {
			return err
		}
	}
	for _, op := range k.plugin.Manifest.Operations {
		if !made[op.Operation] && k.o.Only == "" {
			f.fault(Fault{
				Where: "testdata/", What: fmt.Sprintf("no sample is read completely by %s and makes something", op.Operation),
				Do: "add one; NAME" + jobSuffix + " says which operation, configuration and keys a sample is for", Detail: k.outcomes(op.Operation),
			})
		}
	}
	f.pass("%s: %s, %s, as accepted", counted(len(k.samples), "sample"), counted(records, "record"), counted(artifacts, "artifact"))
	return nil
}

// outcomes says what became of an operation's samples.
func (k *kit) outcomes(operation string) (out []string) {
	for _, s := range k.samples {
		if s.job.Operation == operation {
			out = append(out, fmt.Sprintf("%s: %s, %s, %s (%s)", s.name, s.base.Outcome, counted(len(s.base.Records), "record"), counted(len(s.base.Artifacts), "artifact"), shown(s.base.Reason)))
		}
	}
	return out
}

// kinds: only what the manifest announces is made.
func (k *kit) kinds(f *findings, s *sample) {
	for _, op := range k.plugin.Manifest.Operations {
		if op.Operation != s.job.Operation {
			continue
		}
		for i, line := range s.base.Records {
			kind, _ := evidence.KindAndTime(line)
			if !slices.Contains(op.Emits, kind) {
				f.fault(Fault{Where: s.name, What: fmt.Sprintf("record %d is of kind %q, which the manifest does not announce", i+1, shown(kind)), Do: "add it to emits of " + op.Operation})
				return
			}
		}
	}
}

func (k *kit) againstGolden(f *findings, s *sample) error {
	fresh, err := goldenOf(s, s.base)
	if err != nil {
		return err
	}
	old, err := s.readGolden()
	if err != nil {
		return err
	}
	if old == nil && !k.o.Accept {
		f.fault(Fault{Where: s.name, What: "it has no golden", Do: "exhibit plugin test --accept writes " + filepath.Base(s.path) + goldenSuffix + "; then read it, line by line: it is what your plugin says of the sample"})
		return nil
	}
	differs, err := compare(s, old, fresh)
	if err != nil {
		f.fault(Fault{Where: s.name, What: err.Error(), Do: "exhibit plugin test --accept writes it anew"})
		return nil
	}
	switch {
	case len(differs) == 0:
	case k.o.Accept:
		if err := s.writeGolden(fresh); err != nil {
			return err
		}
		k.report.Accepted = append(k.report.Accepted, Accepted{Path: s.path + goldenSuffix, New: old == nil, Changes: differs})
	default:
		differs[0].Do = "mend the plugin; or, where the new is right: exhibit plugin test --accept"
		for _, d := range differs {
			f.fault(d)
		}
	}
	return nil
}

// spans: whoever looks at the bytes that a record names finds its values there.
func (k *kit) spans(_ context.Context, f *findings) error {
	found, unchecked := 0, 0
	for _, s := range k.samples {
		if why := s.job.Skip["spans"]; why != "" {
			unchecked += len(s.base.Records)
			continue
		}
		for i, line := range s.base.Records {
			verdict, value := conform.Reread(line, s.dataOf(line))
			switch verdict {
			case conform.Found:
				found++
			case conform.Unchecked:
				unchecked++
			case conform.Drifted:
				f.fault(Fault{
					Where: s.name, What: fmt.Sprintf("record %d: none of its values is in the bytes that it says it was read from; %q is elsewhere in the input", i+1, shown(value)),
					Do: "pass the place of the very line, element or row that the record was read from", Detail: s.bytesOf(line),
				})
			}
		}
	}
	if found+unchecked == 0 && len(f.faults) == 0 {
		f.skipped("the samples make no records")
		return nil
	}
	f.pass("%s found at their bytes, %d not comparable (decrypted, unescaped, rows)", counted(found, "record"), unchecked)
	return nil
}

// repeat: the same input gives the same bytes, after any other, in the same process.
func (k *kit) repeat(ctx context.Context, f *findings) error {
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
		return nil
	}
	for _, s := range slices.Backward(k.samples) {
		t, err := k.take(ctx, k.here, s.request(s.data))
		if err != nil {
			return err
		}
		k.same(f, s, t, "run a second time, in another order", "nothing of one job may reach the next: no globals that change, no map order, no random numbers")
	}
	f.pass("a second time, in another order, the same bytes")
	return nil
}

// surroundings: nor does it matter where and by whom the process is started.
func (k *kit) surroundings(ctx context.Context, f *findings) error {
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
		return nil
	}
	for _, s := range k.samples {
		t, err := k.take(ctx, k.there, s.request(s.data))
		if err != nil {
			return err
		}
		k.same(f, s, t, "in another process with other TZ, LANG, LC_ALL, HOME, USER, working directory and GOMAXPROCS", "nothing outside the call may decide what comes out: no local time, no locale, no environment, no number of processors")
	}
	f.pass("another process, TZ, locale, HOME, directory and GOMAXPROCS: the same bytes")
	return nil
}

// same compares t with what the sample gave first.
func (k *kit) same(f *findings, s *sample, t *taken, when, do string) {
	if k.crashed(f, s, s.name+", "+when, t) || t.digests() == s.base.digests() && t.Outcome == s.base.Outcome {
		return
	}
	was, err := goldenOf(s, s.base)
	if err != nil {
		return
	}
	is, err := goldenOf(s, t)
	if err != nil {
		return
	}
	x := Fault{Where: s.name, What: "another output, " + when, Do: do}
	if differs, err := compare(s, was, is); err == nil && len(differs) > 0 {
		x.Detail = append([]string{differs[0].What}, differs[0].Detail...)
	}
	f.fault(x)
}

// crashed notes a process that crashed, hung or broke the protocol.
func (k *kit) crashed(f *findings, s *sample, where string, t *taken) bool {
	why := t.crash()
	if why == "" {
		return false
	}
	k.crash.Store(true)
	f.fault(Fault{Where: where, What: shown(why), Do: "an input that cannot be read is a failed run or diagnostics, never the end of the process; standard error says more", Detail: stderrOf(t)})
	return true
}

func stderrOf(t *taken) []string {
	if len(t.result.Stderr) == 0 {
		return nil
	}
	var out []string
	for i, line := range split(t.result.Stderr) {
		if i == 12 {
			return append(out, "…")
		}
		out = append(out, "stderr: "+shown(string(line)))
	}
	return out
}

// limitsFor returns a host's limits of which one is set.
func limitsFor(set func(*host.Limits)) host.Limits {
	var l host.Limits
	set(&l)
	return l
}
