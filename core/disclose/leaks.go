package disclose

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/leakcheck"
	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// ErrLeak: a value that was to be redacted is in what would be handed out, or not all of it
// could be looked through.
var ErrLeak = errors.New("the leak check does not let it go")

// Files of the leak check's report.
const (
	leaksFile = bundle.RedactedDir + "/leakcheck.json"
	leaksPage = bundle.RedactedDir + "/leakcheck.html"
)

// needles are the values to look for: all that is redacted, whether in what is produced or
// not.
func (d *disclosure) needles(ctx context.Context) (err error) {
	d.values, err = leakcheck.NewNeedles(func(yield func(category, raw, canonical string) error) error {
		return d.q.Redacted.Redactor.Values(ctx, yield)
	})
	return err
}

// leaks checks the files of the bag that were not checked yet: the payload before the log
// commits to it, then all that goes with it.
func (d *disclosure) leaks(ctx context.Context) (*leakcheck.Report, error) {
	own := map[string]bool{}
	programs, err := bundle.Verifiers()
	if err != nil {
		return nil, err
	}
	for _, c := range programs {
		own[c.SHA256.Hex()] = true
	}
	var files iter.Seq2[leakcheck.File, error] = func(yield func(leakcheck.File, error) bool) {
		for _, c := range d.bag.Contents() {
			if _, done := d.looked[c.Name]; done {
				continue // it reads as it was measured, or the bundle is not written
			}
			d.looked[c.Name] = struct{}{}
			if !yield(leakcheck.File{Name: c.Name, Open: c.Open}, nil) {
				return
			}
		}
	}
	r, err := leakcheck.Check(ctx, files, d.values, leakcheck.Options{Own: own})
	if err != nil {
		return nil, fmt.Errorf("disclose: %w", err)
	}
	if d.report.Leaks == nil {
		d.report.Leaks = r
	}
	if d.q.Redacted.Draft || r.Verdict == leakcheck.Releasable || r.Verdict == leakcheck.NotChecked && r.Counts.NotChecked == 0 {
		return r, nil
	}
	var where []string
	for _, f := range r.Findings[:min(len(r.Findings), 3)] {
		where = append(where, fmt.Sprintf("a %s in %s at byte %d (%s)", strings.ReplaceAll(f.Category, "_", " "), f.Place, f.Offset, f.Encoding))
	}
	for _, u := range r.Unread[:min(len(r.Unread), 3)] {
		where = append(where, u.Place+": "+u.Why)
	}
	return nil, &LeakError{Report: r, where: strings.Join(where, "; ")}
}

// LeakError is ErrLeak with what was found, which names no value.
type LeakError struct {
	Report *leakcheck.Report
	where  string
}

func (e *LeakError) Error() string {
	return fmt.Sprintf("disclose: %v: %s: %s", ErrLeak, e.Report.Verdict, e.where)
}

func (e *LeakError) Unwrap() error { return ErrLeak }

// checked looks through the payload and adds what came of it.
func (d *disclosure) checked(ctx context.Context) error {
	if err := d.needles(ctx); err != nil {
		return err
	}
	r, err := d.leaks(ctx)
	if err != nil {
		return err
	}
	if seal := d.q.Redacted.Seal; seal != nil {
		if err := seal(ctx, d.choose); err != nil {
			return err
		}
	}
	r = r.ForRecipient()
	line, err := evidence.Canonical(r)
	if err != nil {
		return fmt.Errorf("disclose: leak check: %w", err)
	}
	if err := d.bag.Add(bundle.Bytes(leaksFile, append(line, '\n'))); err != nil {
		return err
	}
	return d.bag.Make(leaksPage, func(w *bufio.Writer) error {
		if d.q.Redacted.Draft { // with the stamp
			return publish.TextPage(w, "Leak check", r.Text(), true)
		}
		return r.Page(w)
	})
}
