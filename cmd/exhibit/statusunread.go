package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxIdentified is how many unread artifacts `status` looks at to say what they are:
// it must answer at once, whatever the case holds.
const maxIdentified = 500

// standingFailure is an input that a plugin failed on.
type standingFailure struct {
	Plugin    string          `json:"plugin"`
	Operation string          `json:"operation"`
	Input     evidence.Digest `json:"input"`
	Place     string          `json:"place"`
	Reason    string          `json:"reason"`
	Attempts  int             `json:"attempts"`
}

// standingUnread are unread artifacts of one description.
type standingUnread struct {
	What string `json:"what"`
	N    int64  `json:"n"`
	// Example is the place of the first, Seen what was seen of it where nothing opens it.
	Example string `json:"example"`
	Seen    string `json:"seen,omitempty"`
}

// quarantined lists what is not tried again.
func (s *standing) quarantined(ctx context.Context, k *store.Case, rows []evidence.Run) error {
	for _, r := range engine.Quarantined(rows) {
		place, err := firstPlace(ctx, k, r.Main())
		if err != nil {
			return err
		}
		s.Quarantined = append(s.Quarantined, standingFailure{r.Plugin.Name, r.Operation, r.Main(), place, r.Reason, r.Attempts})
	}
	return nil
}

func firstPlace(ctx context.Context, k *store.Case, d evidence.Digest) (string, error) {
	places, err := k.Places(ctx, d)
	if err != nil || len(places) == 0 {
		return d.Short(), err
	}
	return places[0].Item + ":" + places[0].Path.String(), nil
}

// unread groups what no run was handed by what it is.
func (s *standing) unread(ctx context.Context, k *store.Case, current []evidence.Run) error {
	read := map[evidence.Digest]bool{}
	surveyed := map[evidence.Digest][]evidence.Run{}
	targets, sources := engine.Searched(current)
	s.KeysFor, s.KeysIn = int64(len(targets)), int64(len(sources))
	for i := range current {
		if evidence.Surveys(current[i].Operation) { // only looked at
			if current[i].Operation == evidence.OpSurvey {
				surveyed[current[i].Main()] = append(surveyed[current[i].Main()], current[i])
			}
			continue
		}
		for _, d := range current[i].Reads() {
			read[d] = true
		}
	}
	groups := map[string]int{}
	looked := 0
	for a, err := range k.Work(ctx) {
		if err != nil {
			return err
		}
		if a.Size == 0 || read[a.SHA256] {
			continue
		}
		if looked++; looked > maxIdentified {
			s.UnreadMore++
			continue
		}
		what := identified(ctx, k, a)
		i, ok := groups[what]
		if !ok {
			place, err := firstPlace(ctx, k, a.SHA256)
			if err != nil {
				return err
			}
			i = len(s.Unread)
			groups[what] = i
			seen, err := engine.Seen(ctx, k, surveyed[a.SHA256])
			if err != nil {
				return err
			}
			s.Unread = append(s.Unread, standingUnread{What: what, Example: place, Seen: seen})
		}
		s.Unread[i].N++
	}
	slices.SortStableFunc(s.Unread, func(a, b standingUnread) int { return int(b.N - a.N) })
	return nil
}

// identified says what an artifact is.
func identified(ctx context.Context, k *store.Case, a evidence.Artifact) string {
	obj, err := k.Blobs().Reader(ctx, a)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	defer obj.Close()
	id, _, err := identify.Look(identify.Source{ReaderAt: obj, Size: a.Size}, nil)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	return id.String()
}

// troubled are the rows of the table on what was not read.
func (s *standing) troubled() (rows [][]string) {
	for _, q := range s.Quarantined {
		rows = append(rows, []string{"quarantined", q.Plugin + " " + q.Operation, visible(q.Place + ": " + q.Reason)})
	}
	for _, u := range s.Unread {
		what := u.What + ", such as " + u.Example
		if u.Seen != "" {
			what += ": " + u.Seen
		}
		rows = append(rows, []string{"unread", number(u.N), visible(what)})
	}
	if s.UnreadMore > 0 {
		rows = append(rows, []string{"unread", number(s.UnreadMore), "more, not looked at here: exhibit run states them all"})
	}
	if s.KeysIn > 0 {
		rows = append(rows, []string{"keys", "looked for", fmt.Sprintf("in %s, for %s that may be encrypted", count(s.KeysIn, "file"), number(s.KeysFor))})
	}
	return rows
}
