package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/leakcheck"
	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxTerms bounds a private list of terms, in bytes.
const maxTerms = 64 << 20

func (p *program) leakcheckCommand() *cli.Command {
	return command(&cli.Command{
		Name: "leakcheck", Usage: "whether values that must not be in a bundle are in it, in any spelling", ArgsUsage: "FILE",
		Description: "   Looks for each value in the bytes of every file, in names and archives within, in every encoding\n" +
			"   in which one is known to come through a redaction. The values are those that a policy redacts in\n" +
			"   the case, or a private list, a term a line, for which no case is needed; or both. The report\n" +
			"   never says a value. Exit 0: none was found. 26: one was. 25: not everything could be read.\n\n" +
			"   exhibit leakcheck answer.zip --policy sar-gdpr\n" +
			"   exhibit leakcheck answer.zip --terms names.txt --out leakcheck.html\n" +
			"   exhibit leakcheck unpacked/ --terms names.txt --json | jq .verdict",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "terms", Usage: "look for what stands in `FILE`, a term a line; - is standard input"},
			policyFlag(),
			&cli.StringFlag{Name: "out", Usage: "write the report into a new `FILE`, .json or .html"},
		},
	}, 1, 1, p.leakcheck)
}

func (p *program) leakcheck(c *cli.Context) error {
	out := c.String("out")
	page := strings.EqualFold(filepath.Ext(out), ".html")
	switch {
	case !c.IsSet("terms") && !c.IsSet("policy"):
		return usagef("exhibit leakcheck: what is to be looked for? --terms FILE (a term a line), or --policy POLICY (all that it redacts in the case)")
	case out != "" && !page && !strings.EqualFold(filepath.Ext(out), ".json"):
		return usagef("exhibit leakcheck: --out %s: a report is FILE.json or FILE.html", visible(out))
	}
	if err := mustBeNew(out); err != nil {
		return err
	}
	const state = "Nothing was checked."
	needles, err := p.needles(c)
	if err != nil {
		return withState(err, state)
	}
	r, err := p.lookForLeaks(c, needles)
	if err != nil {
		return withState(err, state)
	}
	if out != "" {
		err := writeNew(out, func(w io.Writer) error {
			if page {
				return r.Page(w)
			}
			return writeJSON(w, r)
		})
		if err != nil {
			return err
		}
	}
	if p.asJSON {
		err = writeJSON(p.out, r)
	} else {
		err = p.printf("%s", visibleLines(r.Text()))
	}
	if err != nil {
		return err
	}
	switch r.Verdict {
	case leakcheck.Leak:
		return ended(exitLeak)
	case leakcheck.NotChecked:
		return ended(exitUnsure)
	case leakcheck.Releasable:
	}
	return nil
}

// visibleLines is visible of every line by itself.
func visibleLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(visible(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// needles are the terms of the list, in its order, and then the values of the case.
func (p *program) needles(c *cli.Context) (*leakcheck.Needles, error) {
	var terms []byte
	if name := c.String("terms"); name == "-" {
		var err error
		if terms, err = readAtMost(p.in, maxTerms); err != nil {
			return nil, fmt.Errorf("--terms -: %w", err)
		}
	} else if name != "" {
		var err error
		if terms, err = readBounded(name, maxTerms); err != nil {
			return nil, fmt.Errorf("--terms %s: %w", visible(name), err)
		}
	}
	private := func(yield func(category, raw, canonical string) error) error {
		s := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(terms, []byte("\xef\xbb\xbf"))))
		s.Buffer(nil, maxReceipt)
		for s.Scan() {
			if term := strings.TrimSpace(s.Text()); term != "" {
				if err := yield("term", strings.ToValidUTF8(term, "\ufffd"), ""); err != nil {
					return err
				}
			}
		}
		return s.Err()
	}
	if !c.IsSet("policy") {
		return leakcheck.NewNeedles(private)
	}
	policy, err := p.policy(c)
	if err != nil {
		return nil, err
	}
	var n *leakcheck.Needles
	err = p.reading(c, func(ctx context.Context, k *store.Case) error {
		r, err := redact.Open(ctx, k, policy, redact.Options{Recipient: redact.NoRecipient})
		if err != nil {
			if errors.Is(err, evidence.ErrNotFound) {
				return &problem{what: "the case was not searched for personal data by this policy yet", try: "exhibit redact plan --policy " + visible(c.String("policy")), cause: err}
			}
			return err
		}
		n, err = leakcheck.NewNeedles(func(yield func(category, raw, canonical string) error) error {
			if err := private(yield); err != nil {
				return err
			}
			return r.Values(ctx, yield)
		})
		return errors.Join(err, r.Close())
	})
	return n, err
}

// lookForLeaks checks what was named: a ZIP file, any other file, or a directory.
func (p *program) lookForLeaks(c *cli.Context, n *leakcheck.Needles) (*leakcheck.Report, error) {
	o := leakcheck.Options{Own: map[string]bool{}}
	programs, err := bundle.Verifiers()
	if err != nil {
		return nil, err
	}
	for _, f := range programs {
		o.Own[f.SHA256.Hex()] = true
	}
	if p.terminal {
		bar, read := &progress{p: p}, int64(0)
		defer bar.clear()
		o.Progress = func(n int64) { read += n; bar.show("checking: %s", size(read)) }
	}
	name := c.Args().First()
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", visible(name), reasonOf(err))
	}
	if info.IsDir() {
		return leakcheck.Check(c.Context, filesUnder(name), n, o)
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, reasonOf(err)
	}
	defer f.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, reasonOf(err)
	}
	r, err := leakcheck.CheckZIP(c.Context, f, info.Size(), n, o)
	if errors.Is(err, evidence.ErrFormat) {
		r, err = leakcheck.Check(c.Context, func(yield func(leakcheck.File, error) bool) {
			yield(leakcheck.File{Name: filepath.Base(name), Open: opener(name)}, nil)
		}, n, o)
	}
	if err == nil {
		r.Of = fmt.Sprintf("%s, SHA-256 %x", filepath.Base(name), sum.Sum(nil))
	}
	return r, err
}

// filesUnder are the files of a directory, by their names in it.
func filesUnder(dir string) iter.Seq2[leakcheck.File, error] {
	return func(yield func(leakcheck.File, error) bool) {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || d.IsDir():
				return err
			case !d.Type().IsRegular():
				return fmt.Errorf("%w: %s is no file and no directory, and cannot be checked", evidence.ErrFormat, visible(name))
			}
			short, err := filepath.Rel(dir, name)
			if err == nil && !yield(leakcheck.File{Name: filepath.ToSlash(short), Open: opener(name)}, nil) {
				err = fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(leakcheck.File{}, err)
		}
	}
}

func opener(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return os.Open(filepath.Clean(name)) }
}
