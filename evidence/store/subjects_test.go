package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// What an entry is about is a set of it: read back in order, refused where it names
// what the case does not have.
func TestSubjects(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-001", "f", "content")
	d := b.Artifacts[0].SHA256
	appendTo(t, c, b)
	want := []evidence.Subject{{Artifact: d, Line: 3}, {Artifact: d}, {Exhibit: "EX-001"}, {Artifact: d, Line: 1 << 40}}
	mark := func(subjects ...evidence.Subject) store.Batch {
		return store.Batch{Kind: "tag", Plain: map[string]any{"action": "add"}, Secret: map[string]any{"asserted.name": "x"}, Subjects: subjects}
	}
	seq := appendTo(t, c, mark(want...))
	appendTo(t, c, mark(want[0]))
	for _, bad := range []evidence.Subject{{}, {Artifact: evidence.Sum([]byte("other"))}, {Artifact: evidence.Sum([]byte("other")), Line: 1}, {Artifact: d, Line: -1}} {
		if _, err := c.Append(ctx, mark(bad)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	all, one := collect(t, c.Subjects(ctx, -1)), collect(t, c.Subjects(ctx, seq))
	if len(all) != len(want)+1 || len(one) != len(want) || all[len(want)].Seq != seq+1 {
		t.Fatalf("%+v, %+v", all, one)
	}
	for i, row := range one {
		if row.Subject != want[i] || row.N != int64(i) || row.Seq != seq || all[i] != row {
			t.Errorf("subject %d: %+v", i, row)
		}
	}
	checkCommitments(t, c)
}
