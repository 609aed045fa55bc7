package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// wholeOptions decline parts of a run.
type wholeOptions struct{ noGuess, noAnalyze bool }

// wholeRun is what came of a run: what was read, by which guesses, and what it comes to.
type wholeRun struct {
	*engine.Report
	// Guessed are the layouts in use that nobody has confirmed.
	Guessed []layouts.Proposal `json:"layouts_guessed,omitempty"`
	// Analysis is the one that counts, nil where none was made.
	Analysis *evidence.Run `json:"analysis,omitempty"`
	read     analysis.Read
}

// runWhole reads everything, by guessed layouts too, and analyzes what was read.
func runWhole(ctx context.Context, k *store.Case, e *engine.Engine, o wholeOptions) (*wholeRun, error) {
	r, err := e.Run(ctx)
	if err != nil {
		return nil, err
	}
	w := &wholeRun{Report: r}
	if !o.noGuess {
		if err := w.guess(ctx, k, e); err != nil {
			return nil, err
		}
	}
	if !o.noAnalyze && e.Analyzer(analysis.Plugin) != nil {
		return w, w.analyze(ctx, k, e)
	}
	return w, nil
}

// guess reads what is laid out in columns that nobody has stated, where they speak for
// themselves: who spoke when, in nearly all lines. The rest is left to a person.
func (w *wholeRun) guess(ctx context.Context, k *store.Case, e *engine.Engine) error {
	list, err := proposals(ctx, k, w.Report, true)
	if err != nil {
		return err
	}
	w.Guessed = slices.DeleteFunc(list, func(l layouts.Proposal) bool { return !evident(&l) })
	if len(w.Guessed) == 0 {
		return nil
	}
	before, err := k.State(ctx)
	if err != nil {
		return err
	}
	if _, err := addUnconfirmed(ctx, k, w.Guessed); err != nil {
		return err
	}
	after, err := k.State(ctx)
	if err != nil || len(before.Layouts) == len(after.Layouts) && slices.EqualFunc(before.Layouts, after.Layouts, func(a, b store.Layout) bool { return a.Seq == b.Seq }) {
		return err // they were in use before
	}
	done := *w.Report
	if w.Report, err = e.Run(ctx); err != nil {
		return err
	}
	w.Executed += done.Executed
	w.Crashed += done.Crashed
	return nil
}

// evident: the columns name a time and people, and nineteen of twenty lines agree.
func evident(l *layouts.Proposal) bool {
	kind, _ := l.Layout["kind"].(string)
	_, timed := l.Layout["time"]
	return slices.Contains([]string{"message", "sms", "call"}, kind) && timed && 20*l.Agree >= 19*l.Lines
}

// analyze makes the analysis, or makes it anew in the way in which it was made before.
func (w *wholeRun) analyze(ctx context.Context, k *store.Case, e *engine.Engine) error {
	last, _, err := analysis.Current(ctx, k)
	if err != nil {
		return err
	}
	var q analysis.Request
	var config []byte
	if last != nil {
		config = last.Config
		if q, err = analysis.Again(ctx, k, last); err != nil {
			return err
		}
	} else {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		if config, err = analysisDefaults(state); err != nil {
			return err
		}
	}
	if w.read, err = analysis.Members(ctx, k, q); err != nil || w.read.Telling == 0 {
		return err
	}
	run, made, err := e.Analyze(ctx, engine.Analysis{Plugin: analysis.Plugin, Members: w.read.Members, Config: config})
	if err != nil {
		return err
	}
	w.Analysis = &run
	if made {
		w.Executed++
	}
	return nil
}

// text writes it for a person: what was and was not read, then what it comes to.
func (w *wholeRun) text(ctx context.Context, k *store.Case, out io.Writer) error {
	if err := w.Report.Text(out); err != nil {
		return err
	}
	b := &strings.Builder{}
	if len(w.Guessed) > 0 {
		b.WriteString("\nREAD BY A GUESS: nobody has confirmed these layouts; each record that they make is flagged layout_unconfirmed\n")
		for i := range w.Guessed {
			l := &w.Guessed[i]
			name, _ := l.Layout["name"].(string)
			kind, _ := l.Layout["kind"].(string)
			fmt.Fprintf(b, "  %s: %s, %s of %s lines agree, in %s\n", name, kind, number(l.Agree), number(l.Lines), count(int64(len(l.Files)), "file"))
			for _, a := range l.Ask {
				fmt.Fprintf(b, "    ASK  %s\n", a)
			}
		}
		b.WriteString("  look: exhibit layout propose. Correct and confirm: exhibit layout propose --out layouts.json, exhibit layout add layouts.json, exhibit run\n")
	}
	if a := w.Analysis; a != nil && a.Outcome == evidence.OutcomeComplete {
		fmt.Fprintf(b, "\nANALYSIS of %s in %s: run %s, %s, %s\n", count(w.read.Records, "record"), count(w.read.Sets, "record set"), a.ID.Short(), count(a.Records.Kinds["finding"], "finding"), count(a.Records.Kinds["edge"], "edge"))
		err := analysis.Each(ctx, k, a, func(f *analysis.Finding) error {
			if slices.Contains([]string{"terms.total", "accounts.test", "edges.total"}, f.Rule) {
				fmt.Fprintf(b, "  %s\n", f.Statement)
			}
			return nil
		}, nil)
		if err != nil {
			return err
		}
		b.WriteString("  all of it: exhibit report --out report.html. Other lists, another zone, tables of categories and countries: exhibit analyze\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
