package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	c := create(t)
	got, err := c.Settings(context.Background())
	if err != nil || !slices.Contains(got, "journal_mode=wal") || !slices.Contains(got, "synchronous=2") || !slices.Contains(got, "foreign_keys=1") {
		t.Errorf("%q, %v", got, err)
	}
	r, err := store.OpenReader(context.Background(), c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Settings(context.Background()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a case that is read: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Settings(context.Background()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed case: %v", err)
	}
}
