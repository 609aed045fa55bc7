package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Answer is a sample with its golden, and what came of it here.
type Answer struct {
	Sample, Operation string
	// Want and Got say what the golden holds and what came: its digest, and the account in words.
	Want, Got string
	// Rejects: the golden says that something of the sample is wrong, and was rejected or is damaged.
	Rejects bool
	// Differs are lines about how the two differ.
	Differs []string
	// Crash is how the process failed, "" where it did not.
	Crash   string
	Refused bool
	// Sandbox is what was in force: {features, level}.
	Sandbox json.RawMessage
}

// Answers runs the samples in a directory that have a golden through h, and compares
// what comes of them with that, as the check golden does. Without a plugin nothing is run:
// only what is expected is told.
func Answers(ctx context.Context, h *host.Host, p *host.Plugin, m evidence.PluginManifest, dir string) ([]Answer, error) {
	samples, err := readSamples(dir, m)
	if err != nil {
		return nil, err
	}
	k := &kit{plugin: p}
	var out []Answer
	for _, s := range samples {
		golden, err := s.readGolden()
		if err != nil {
			return nil, fmt.Errorf("kit: golden of %q: %w", s.name, err)
		}
		if golden == nil {
			continue
		}
		a := Answer{Sample: s.name, Operation: s.job.Operation}
		if a.Want, a.Rejects, err = told(golden); err != nil {
			return nil, fmt.Errorf("kit: golden of %q: %w", s.name, err)
		}
		if p != nil {
			if err := k.answer(ctx, h, s, golden, &a); err != nil {
				if ctx.Err() != nil {
					return nil, fmt.Errorf("kit: sample %q: %w", s.name, err)
				}
				a.Got = "error: " + err.Error() // no answer is an answer too
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (k *kit) answer(ctx context.Context, h *host.Host, s *sample, golden []byte, a *Answer) error {
	t, err := k.take(ctx, h, s.request(s.data))
	if err != nil {
		return err
	}
	a.Sandbox, a.Refused, a.Crash = t.result.Sandbox, t.result.Refused, t.crash()
	if a.Crash != "" {
		a.Got = a.Crash
		a.Differs = stderrOf(t)
		return nil
	}
	fresh, err := goldenOf(s, t)
	if err != nil {
		return err
	}
	if a.Got, _, err = told(fresh); err != nil {
		return err
	}
	differs, err := compare(s, golden, fresh)
	if err != nil {
		return err
	}
	for _, d := range differs {
		a.Differs = append(append(a.Differs, d.Where+": "+d.What), d.Detail...)
	}
	return nil
}

// told says in words what a golden holds.
func told(golden []byte) (text string, rejects bool, err error) {
	g, err := parseGolden(golden)
	if err != nil {
		return "", false, err
	}
	if len(g.account) != 1 {
		return "", false, fmt.Errorf("%w: %d accounts", evidence.ErrFormat, len(g.account))
	}
	var a struct {
		Outcome   string
		Reason    string
		Units     evidence.Units
		Records   struct{ Count int64 }
		Artifacts struct{ Count int64 }
	}
	if err := json.Unmarshal(g.account[0], &a); err != nil {
		return "", false, errors.Join(evidence.ErrFormat, err)
	}
	words := []string{a.Outcome}
	if a.Reason != "" {
		words = append(words, "("+a.Reason+")")
	}
	text = fmt.Sprintf("%s: %d units read, %d rejected, %d skipped; %d records, %d artifacts; answer %s",
		strings.Join(words, " "), a.Units.Read, a.Units.Rejected, a.Units.Skipped, a.Records.Count, a.Artifacts.Count, evidence.Sum(golden))
	rejects = a.Units.Rejected > 0 || a.Outcome != string(evidence.OutcomeComplete)
	for _, line := range g.diagnostic {
		var d struct{ Severity string }
		if json.Unmarshal(line, &d) == nil && (d.Severity == evidence.SeverityReject || d.Severity == evidence.SeverityDamage) {
			rejects = true
		}
	}
	return text, rejects, nil
}
