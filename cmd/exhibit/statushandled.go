package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

type standingCorrection struct {
	Seq        int64    `json:"seq"`
	Supersedes int64    `json:"supersedes"`
	Fields     []string `json:"fields"`
	Why        string   `json:"why"`
}

type standingHandover struct {
	Seq       int64  `json:"seq"`
	Key       string `json:"key"`
	Successor string `json:"successor,omitempty"`
	Revoked   bool   `json:"revoked"`
	// Signed: it is carried out by a checkpoint.
	Signed bool `json:"signed"`
}

func itemOf(it store.Item) standingItem {
	s := standingItem{
		Exhibit: it.Exhibit, Path: it.Path, Source: it.Source, Zone: it.Zone, Charset: it.Charset, InPlace: it.InPlace, Complete: it.Complete, Counts: it.Counts,
		Transfers: len(it.Transfers), Accesses: len(it.Accesses),
	}
	for _, t := range it.Transfers {
		if t.Phase == "received" {
			s.Custodian = t.To
		}
	}
	for _, d := range it.Disposals {
		s.Disposed, s.DisposedBy = d.Phase, d.Seq
		s.DisposedObjects += d.Objects
	}
	return s
}

func (it standingItem) disposedText() string {
	text := fmt.Sprintf("DISPOSED: %s (#%d)", it.Disposed, it.DisposedBy)
	if it.DisposedObjects > 0 {
		text += ", " + count(it.DisposedObjects, "object") + " gone"
	}
	return text
}

// handled adds corrections and what became of keys.
func (s *standing) handled(state *store.State) {
	for _, c := range state.Corrections {
		s.Corrections = append(s.Corrections, standingCorrection{c.Seq, c.Supersedes, sortedKeys(c.Fields), c.Why})
	}
	for _, h := range state.Handovers {
		s.Handovers = append(s.Handovers, standingHandover{h.Seq, h.Key, h.Successor, h.Revoked, h.Signed})
	}
}

func (s *standing) handledRows() [][]string {
	var rows [][]string
	for _, it := range s.Items {
		if it.Custodian != "" {
			rows = append(rows, []string{"custody", visible(it.Exhibit), "with " + visible(it.Custodian)})
		}
	}
	for _, c := range s.Corrections {
		rows = append(rows, []string{"correction", fmt.Sprintf("#%d", c.Seq), fmt.Sprintf("corrects #%d: %s", c.Supersedes, visible(strings.Join(c.Fields, ", ")))})
	}
	for _, h := range s.Handovers {
		what := "rotated"
		if h.Revoked {
			what = "revoked"
		}
		if !h.Signed {
			what += ", NOT SIGNED: give the same command again"
		}
		rows = append(rows, []string{"signing key", fmt.Sprintf("#%d", h.Seq), visible(h.Key) + " " + what})
	}
	return rows
}
