package intake

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Options is what an intake needs from outside.
type Options struct {
	// Now is the wall clock; required.
	Now func() time.Time
	// Workers is how many files are read at once; two where 0. Each file is
	// hashed by two goroutines, so that two workers keep two processors busy
	// with small files as with large ones.
	Workers int
	// Begun, if set, is told once the item is open in the log.
	Begun func(exhibit string, resumed bool)
	// Progress, if set, is told how far the intake is, a few times a second,
	// from one goroutine. Setting it makes the item be looked through first.
	Progress func(Progress)
	// Notice, if set, is told of each thing that a person should know of, from one goroutine.
	Notice func(Notice)
}

// Request is one thing to receive.
type Request struct {
	// Path of a file or directory.
	Path string
	// Exhibit is the exhibit number; the next EX-n where empty.
	Exhibit string
	// Source, Note, Zone and Charset are what the examiner asserts; empty ones are not recorded.
	Source, Note, Zone, Charset string
	// Exclude are globs over paths in the item; docs/cli.md says how they match.
	Exclude []string
	// Expect is a digest that the item, one file, should have.
	Expect *Sum
	// Lists are hash lists handed over with the item.
	Lists []*List
	// Hashes are digests to compute beside SHA-256, SHA-1 and MD5: sha512.
	Hashes []string
	// InPlace leaves the bytes where they are: hashed now, and again at every read.
	InPlace bool
	// Asserted are further fields of the receiving entry, by their full names.
	Asserted map[string]any
}

// Progress is how far an intake is. The totals are 0 where they are not known.
type Progress struct {
	Files, TotalFiles int64
	Bytes, TotalBytes int64
}

// Concern is what a Notice is about.
type Concern string

// The concerns.
const (
	// ConcernRefused: a special file; it was recorded and not opened.
	ConcernRefused Concern = "refused"
	// ConcernUnreadable: a file or directory that could not be read.
	ConcernUnreadable Concern = "unreadable"
	// ConcernChanged: a file that changed while it was read.
	ConcernChanged Concern = "changed while read"
	// ConcernMismatch: a file whose digest is not the one it came with.
	ConcernMismatch Concern = "mismatch"
	// ConcernAbsent: a listed file that is not there.
	ConcernAbsent Concern = "absent"
	// ConcernUnlisted: a file that no list names.
	ConcernUnlisted Concern = "unlisted"
	// ConcernUnfinished: another intake of the same path was never finished.
	ConcernUnfinished Concern = "unfinished"
)

// Notice is something about one path that a person should know of.
type Notice struct {
	Concern Concern
	// Path is relative to the item, bytes.
	Path string
	Text string
}

// Report is what an intake came to.
type Report struct {
	Exhibit string
	// Begin and End are the entries that open and close the item.
	Begin, End int64
	// Resumed: an unfinished intake of the same thing was gone on with; Skipped
	// files had been received before.
	Resumed bool
	Skipped int64
	Counts  Counts
	// Mismatches are all digests that differ.
	Mismatches []Mismatch
	// Absent are listed paths at which there is no file; Outside counts listed
	// paths that are not below the item.
	Absent  []string
	Outside int64
}

// Counts are the numbers of an item. Each path counts once, but for one that
// was received again after an interruption because it had changed.
type Counts struct {
	Files       int64 `json:"files"`
	Directories int64 `json:"directories"`
	Symlinks    int64 `json:"symlinks"`
	// Bytes of all files, holes included.
	Bytes int64 `json:"bytes"`
	// Special files were refused for what they are, Unreadable ones failed.
	Special    int64 `json:"special"`
	Unreadable int64 `json:"unreadable"`
	Changed    int64 `json:"changed"`
	// Compared files had an expected digest; Mismatched of them differ.
	Compared   int64 `json:"compared"`
	Mismatched int64 `json:"mismatched"`
	Absent     int64 `json:"absent"`
	Unlisted   int64 `json:"unlisted"`
	// Excluded paths were left out by a glob, directories counting as one.
	Excluded int64 `json:"excluded"`
}

// plain is the counts as the log has them. The first four are always stated.
func (n Counts) plain() map[string]any {
	m := map[string]any{"files": n.Files, "directories": n.Directories, "symlinks": n.Symlinks, "bytes": n.Bytes}
	for name, v := range map[string]int64{
		"special": n.Special, "unreadable": n.Unreadable, "changed": n.Changed, "compared": n.Compared,
		"mismatched": n.Mismatched, "absent": n.Absent, "unlisted": n.Unlisted, "excluded": n.Excluded,
	} {
		if v != 0 {
			m[name] = v
		}
	}
	return m
}

// Add receives one thing into the case. It returns when everything it reports
// is durable. On an error the case holds the item as far as it came, without
// its closing entry, and the same request resumes it; errors that are found
// before anything is written say so by Report.Exhibit being empty.
//
// Errors are evidence.ErrExists (exhibit number taken), ErrAmbiguous and
// ErrNotFound (hash lists), ErrFormat (request), ErrNoSpace, and the system's.
// Files that could not be read and digests that differ are no errors here:
// they are in the report.
func Add(ctx context.Context, c *store.Case, o Options, r Request) (Report, error) {
	a := &adding{c: c, o: o, r: r}
	rep, err := a.add(ctx)
	if err != nil {
		return rep, fmt.Errorf("intake: %w", err)
	}
	return rep, nil
}

// adding is one call of Add.
type adding struct {
	c    *store.Case
	o    Options
	r    Request
	src  source
	want *expectations
	rep  Report
	// before is what an interrupted intake of the same thing has recorded.
	before *earlier
	totals Progress
	// resumedBytes were received before the interruption.
	resumedBytes int64
}

func (a *adding) add(ctx context.Context) (Report, error) {
	if err := a.check(); err != nil {
		return Report{}, err
	}
	var err error
	if a.src, err = locate(a.r.Path); err != nil {
		return Report{}, err
	}
	if err := a.src.apartFrom(a.c.Dir(), a.r.Exclude); err != nil {
		return Report{}, err
	}
	if err := a.survey(ctx); err != nil {
		return Report{}, err
	}
	if err := a.begin(ctx); err != nil {
		return a.rep, err
	}
	if a.o.Begun != nil {
		a.o.Begun(a.rep.Exhibit, a.rep.Resumed)
	}
	if err := a.receive(ctx); err != nil {
		return a.rep, fmt.Errorf("%s: %w", a.rep.Exhibit, err)
	}
	return a.rep, a.end(ctx)
}

// check refuses what can be refused without looking at the source.
func (a *adding) check() error {
	r := &a.r
	if r.Exhibit != "" {
		if err := CheckExhibit(r.Exhibit); err != nil {
			return err
		}
	}
	var err error
	if r.Zone != "" {
		if r.Zone, err = Zone(r.Zone); err != nil {
			return err
		}
	}
	if r.Charset != "" {
		if r.Charset, err = Charset(r.Charset); err != nil {
			return err
		}
	}
	for _, p := range r.Exclude {
		if err := CheckGlob(p); err != nil {
			return err
		}
	}
	for _, h := range r.Hashes {
		if _, known := digitsOf[h]; !known {
			return fmt.Errorf("%w: hash %q is not md5, sha1, sha256 or sha512", evidence.ErrFormat, h)
		}
	}
	return nil
}

// survey looks through the item before anything is read, where somebody wants
// to know: for matching hash lists, and for the totals of progress.
func (a *adding) survey(ctx context.Context) error {
	lists := a.r.Lists
	if a.r.Expect != nil {
		if a.src.directory {
			return fmt.Errorf("%w: one digest was given and %q is a directory; give a list of hashes", evidence.ErrFormat, a.r.Path)
		}
		lists = append(slices.Clone(lists), &List{Name: "the digest given", Entries: []Listed{{Sums: []Sum{*a.r.Expect}}}})
	}
	if len(lists) == 0 && a.o.Progress == nil {
		return nil
	}
	names := map[string]struct{}{}
	w := walker{src: a.src, exclude: a.r.Exclude, lookOnly: true, emit: func(_ context.Context, f found) error {
		if f.typ == typeFile {
			a.totals.TotalFiles++
			a.totals.TotalBytes += int64(f.st.Size)
			if len(lists) > 0 {
				names[f.rel] = struct{}{}
			}
		}
		return nil
	}}
	if err := w.walk(ctx); err != nil {
		return err
	}
	if len(lists) == 0 {
		return nil
	}
	var err error
	a.want, err = match(lists, target{abs: a.src.abs, given: a.r.Path, single: !a.src.directory, names: names, exclude: a.r.Exclude})
	return err
}

// assertions is what the opening entry says of the item, apart from its number.
func (a *adding) assertions() map[string]any {
	m := maps.Clone(a.r.Asserted)
	if m == nil {
		m = map[string]any{}
	}
	for name, v := range map[string]string{
		"asserted.source": a.r.Source, "asserted.note": a.r.Note, "asserted.zone": a.r.Zone, "asserted.charset": a.r.Charset,
	} {
		if v != "" {
			m[name] = v
		}
	}
	if len(a.r.Exclude) > 0 {
		m["asserted.excluded"] = a.r.Exclude
	}
	expected := stated(a.r.Lists)
	if a.r.Expect != nil {
		expected = append(expected, map[string]any{"path": evidence.NewName(filepath.Base(a.src.abs)), "algorithm": a.r.Expect.Algorithm, "value": a.r.Expect.Value})
	}
	if len(expected) > 0 {
		m["asserted.expected"] = expected
	}
	m["observed.source.path"] = evidence.NewName(a.src.abs)
	return m
}

// absentPerEntry bounds how many absent files one entry names.
const absentPerEntry = 5000

// end closes the item.
func (a *adding) end(ctx context.Context) error {
	if a.want != nil {
		if err := a.missing(ctx); err != nil {
			return err
		}
	}
	now := a.o.Now()
	seq, err := a.c.Append(ctx, store.Batch{
		Kind: "receive", Start: now, End: now,
		Plain: map[string]any{"phase": "end", "counts": a.rep.Counts.plain()},
		Refs:  map[string]int64{"item": a.rep.Begin},
	})
	if err != nil {
		return fmt.Errorf("%s: close the item: %w", a.rep.Exhibit, err)
	}
	a.rep.End = seq
	return nil
}

// missing reports and records the listed files that are not there.
func (a *adding) missing(ctx context.Context) error {
	a.rep.Absent = slices.Clone(a.want.absent)
	for p := range a.want.sums {
		if !a.want.compared[p] && !a.want.failed[p] {
			a.rep.Absent = append(a.rep.Absent, p)
		}
	}
	slices.Sort(a.rep.Absent)
	a.rep.Outside = a.want.outside
	a.rep.Counts.Absent = int64(len(a.rep.Absent))
	for _, p := range a.rep.Absent {
		a.notice(ConcernAbsent, p, "a list names it, and it is not there")
	}
	for some := range slices.Chunk(a.rep.Absent, absentPerEntry) {
		errs := make([]any, len(some))
		for i, p := range some {
			errs[i] = map[string]any{"path": evidence.NewName(p), "error": "listed and not there"}
		}
		now := a.o.Now()
		_, err := a.c.Append(ctx, store.Batch{
			Kind: "receive", Start: now, End: now,
			Plain:  map[string]any{"phase": "part", "counts": map[string]any{"absent": len(some)}},
			Secret: map[string]any{"observed.errors": errs},
			Refs:   map[string]int64{"item": a.rep.Begin},
		})
		if err != nil {
			return fmt.Errorf("%s: record what is absent: %w", a.rep.Exhibit, err)
		}
	}
	return nil
}

func (a *adding) notice(concern Concern, path, text string) {
	if a.o.Notice != nil {
		a.o.Notice(Notice{Concern: concern, Path: path, Text: text})
	}
}

// Unfinished says of an error from Add whether the item was begun: whether the
// case holds a part of it that the same request would resume.
func Unfinished(rep Report, err error) bool { return err != nil && rep.Exhibit != "" }
