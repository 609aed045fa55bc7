package index_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func fill(t testing.TB, x *index.Index, set evidence.Digest, n int) {
	t.Helper()
	s, err := x.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		stamp := ""
		if i%3 != 0 {
			stamp = time.Unix(int64(i)*1000, int64(i)*1000).UTC().Format(time.RFC3339Nano)
		}
		if err := s.Add(t.Context(), i%300+1, fmt.Sprintf("kind%d", i%2), stamp); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), set); err != nil {
		t.Fatal(err)
	}
}

func TestLocateAgreesWithRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := index.Open(t.Context(), path, "boot")
	if err != nil {
		t.Fatal(err)
	}
	set := evidence.Sum([]byte("set"))
	fill(t, x, set, 10000)
	fill(t, x, set, 10000) // the same record set again is one segment
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if x, err = index.OpenReader(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	seen := 0
	err = x.Rows(t.Context(), set, func(r index.Row) bool {
		i := int64(seen)
		want := index.Row{N: i, Offset: r.Offset, Length: i%300 + 1, Kind: fmt.Sprintf("kind%d", i%2), Time: i*1000*1e6 + i}
		if i%3 == 0 {
			want.Time = index.NoTime
		}
		if r != want {
			t.Fatalf("row %d: %+v, want %+v", i, r, want)
		}
		if i%997 == 0 {
			got, err := x.Locate(t.Context(), set, i)
			if err != nil || got != r {
				t.Fatalf("locate %d: %+v %v, want %+v", i, got, err, r)
			}
		}
		seen++
		return true
	})
	if err != nil || seen != 10000 {
		t.Fatal(seen, err)
	}
	if _, err := x.Locate(t.Context(), set, 10000); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := x.Locate(t.Context(), evidence.Sum(nil), 0); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestUnfinishedSegmentIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := index.Open(t.Context(), path, "boot")
	if err != nil {
		t.Fatal(err)
	}
	done := evidence.Sum([]byte("done"))
	fill(t, x, done, 5)
	s, err := x.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 5000 {
		if err := s.Add(t.Context(), 1, "k", ""); err != nil {
			t.Fatal(err)
		}
	}
	// A kill leaves the file as it is; the same boot trusts it, another does not.
	copyTo := func(name string) string {
		to := filepath.Join(t.TempDir(), name)
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	same, other := copyTo("same.db"), copyTo("other.db")
	for _, c := range []struct {
		path, boot string
		want       bool
	}{{same, "boot", true}, {other, "next boot", false}} {
		y, err := index.Open(t.Context(), c.path, c.boot)
		if err != nil {
			t.Fatal(err)
		}
		if has, err := y.Has(t.Context(), done); err != nil || has != c.want {
			t.Errorf("%s: has %v, %v", c.boot, has, err)
		}
		if err := y.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRubbishIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	if err := os.WriteFile(path, []byte("not a database at all, but long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), path, "boot")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, x, evidence.Sum(nil), 1)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAdd(b *testing.B) {
	x, err := index.Open(b.Context(), filepath.Join(b.TempDir(), "index.db"), "boot")
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	s, err := x.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Add(b.Context(), 340, "message", "2008-07-31T23:10:19Z"); err != nil {
			b.Fatal(err)
		}
	}
}
