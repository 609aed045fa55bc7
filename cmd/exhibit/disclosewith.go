package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// certificatePacks are the forms that --certificate names; nil where it names none, so that
// those are taken that suit.
func certificatePacks(names []string) ([]bundle.Pack, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := bundle.Packs()
	if err != nil {
		return nil, err
	}
	out := []bundle.Pack{}
	for _, name := range names {
		p, ok := known[name]
		switch {
		case ok:
		case name == "none" && len(names) == 1:
			return out, nil
		case strings.HasSuffix(name, ".json"):
			text, err := readBounded(name, bundle.MaxPack)
			if err == nil {
				p, err = bundle.ParsePack(text)
			}
			if err != nil {
				return nil, withState(fmt.Errorf("--certificate %s: %w", visible(name), err), "Nothing was disclosed.")
			}
		default:
			return nil, usagef("exhibit disclose: --certificate %s: one of %s, a pack's file (docs/formats/certificate.md) whose name ends in .json, or none by itself", visible(name), strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if slices.ContainsFunc(out, func(o bundle.Pack) bool { return o.ID == p.ID }) {
			return nil, usagef("exhibit disclose: --certificate: two packs are called %s", p.ID)
		}
		out = append(out, p)
	}
	return out, nil
}

// earlier are the checkpoints that --since names: by a file, or by a date.
func (p *program) earlier(ctx context.Context, k *store.Case, names []string) ([][]byte, error) {
	var out [][]byte
	for _, name := range names {
		at, ok := p.sinceTime(name)
		if !ok {
			note, err := readNote(name)
			if err != nil {
				return nil, fmt.Errorf("--since: %w", err)
			}
			out = append(out, note)
			continue
		}
		note, err := sealedBefore(ctx, k, at)
		if err != nil {
			return nil, fmt.Errorf("--since %s: %w", visible(name), err)
		}
		out = append(out, note)
	}
	return out, nil
}

// sinceTime reads a date, the end of that day, or a time. A file of that name goes first.
func (p *program) sinceTime(text string) (time.Time, bool) {
	if _, err := os.Lstat(text); err == nil {
		return time.Time{}, false
	}
	if t, err := time.ParseInLocation("2006-01-02", text, p.zone); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

// sealedBefore is the newest checkpoint whose last entry was made before a time, by the clock
// of the computer that made it.
func sealedBefore(ctx context.Context, k *store.Case, at time.Time) ([]byte, error) {
	var note []byte
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil {
			return nil, err
		}
		if cp.Size == 0 {
			continue
		}
		le, err := k.Entry(ctx, cp.Size-1)
		if err != nil {
			return nil, err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return nil, err
		}
		if e.End.Before(at) {
			note = cp.Note
		}
	}
	if note == nil {
		return nil, fmt.Errorf("checkpoint: %w: the log was not sealed before then", evidence.ErrNotFound)
	}
	return note, nil
}
