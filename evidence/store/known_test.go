package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// A digest gets another row only where that says more.
func TestArtifactRows(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	full := fakeArtifact("x")
	path, elsewhere := evidence.NewName("/mnt/x"), evidence.NewName("/mnt/y")
	inPlace := full
	inPlace.Stored = evidence.Stored{Encoding: evidence.StoredInPlace, SHA256: full.SHA256, Size: full.Size, Path: &path}
	moved := inPlace
	moved.Stored.Path = &elsewhere
	derived := full
	derived.Origin, derived.Hashes = evidence.Derived, nil
	derived.Stored = evidence.Stored{Encoding: evidence.StoredZstd, SHA256: evidence.Sum([]byte("frames")), Size: 3}
	both := full
	both.Stored = derived.Stored
	for _, test := range []struct {
		name string
		add  [][]evidence.Artifact
		want []evidence.Artifact // rows
	}{
		{"twice", [][]evidence.Artifact{{full}, {full}}, []evidence.Artifact{full}},
		{"twice in one batch", [][]evidence.Artifact{{full, full}}, []evidence.Artifact{full}},
		{"in place twice", [][]evidence.Artifact{{inPlace}, {moved}}, []evidence.Artifact{inPlace}},
		{"in place, then stored", [][]evidence.Artifact{{inPlace}, {full}, {inPlace}}, []evidence.Artifact{inPlace, full}},
		{"in place and stored in one batch", [][]evidence.Artifact{{inPlace, full}}, []evidence.Artifact{full}},
		{"derived, then received", [][]evidence.Artifact{{derived}, {full}, {derived}}, []evidence.Artifact{derived, both}},
		{"received, then derived", [][]evidence.Artifact{{full}, {derived}}, []evidence.Artifact{full}},
		{"received in place, then derived", [][]evidence.Artifact{{inPlace}, {derived}, {inPlace}}, []evidence.Artifact{inPlace, both}},
		{"derived, then received in place", [][]evidence.Artifact{{derived}, {inPlace}}, []evidence.Artifact{derived, both}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := create(t)
			for _, list := range test.add {
				appendTo(t, c, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Artifacts: list})
			}
			var rows []evidence.Artifact
			db, err := sql.Open("sqlite3", "file:"+filepath.Join(c.Dir(), "case.db")+"?mode=ro")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			r, err := db.Query("SELECT body FROM artifacts ORDER BY seq, n")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for r.Next() {
				var body []byte
				var a evidence.Artifact
				if err := errors.Join(r.Scan(&body), json.Unmarshal(body, &a)); err != nil {
					t.Fatal(err)
				}
				rows = append(rows, a)
			}
			if diff := cmp.Diff(test.want, rows); diff != "" {
				t.Error(diff)
			}
			last := test.want[len(test.want)-1]
			if got, err := c.Artifact(ctx, full.SHA256); err != nil || !cmp.Equal(got, last) {
				t.Errorf("%+v, %v", got, err)
			}
			if diff := cmp.Diff([]evidence.Artifact{last}, collect(t, c.Artifacts(ctx))); diff != "" {
				t.Error(diff)
			}
			checkCommitments(t, c)
		})
	}
	other := full
	other.Size++
	appendTo(t, c, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Artifacts: []evidence.Artifact{full}})
	if _, err := c.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Artifacts: []evidence.Artifact{other}}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("one digest, two sizes: %v", err)
	}
}
