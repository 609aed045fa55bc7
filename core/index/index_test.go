package index_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// fill indexes n records as a set.
func fill(t testing.TB, x *index.Index, set evidence.Digest, n int) {
	t.Helper()
	s, err := x.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		kind, stamp := fmt.Sprintf("kind%d", i%2), ""
		if i%3 != 0 {
			stamp = time.Unix(int64(i)*1000, int64(i)*1000).UTC().Format(time.RFC3339Nano)
		}
		add(t, s, lineOf(i), kind, stamp)
	}
	if err := s.Commit(t.Context(), set); err != nil {
		t.Fatal(err)
	}
}

func lineOf(i int) []byte {
	return fmt.Appendf(nil, `{"kind":"kind%d","text":"number %d %s"}`, i%2, i, strings.Repeat("微信", i%50))
}

func open(t testing.TB, path string) *index.Index {
	t.Helper()
	x, err := index.Open(t.Context(), path, "boot")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestContent compares all that the index holds with what was put in: a large set
// in several chunks, and small ones that share one, written in pieces.
func TestContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x := open(t, path)
	sizes := []int{index.ChunkRecords + 1000, 0, 1, 5000, 40000, 40000, 40000, 3}
	want := map[evidence.Digest]int{}
	for i, n := range sizes {
		if n == 40000 {
			n += i
		}
		set := evidence.Sum(fmt.Append(nil, i))
		want[set] = n
		fill(t, x, set, n)
		if has, err := x.Has(t.Context(), set); err != nil || !has {
			t.Fatalf("set %d: %v %v", i, has, err)
		}
		fill(t, x, set, n) // again: one segment stays
		if i == 4 {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = open(t, path)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x, err := index.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	got, err := x.Read(t.Context(), "kind0", "kind1", "nothing")
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d segments, want %d: %v", len(got), len(want), err)
	}
	for set, n := range want {
		check(t, got[set], n)
	}
	if _, err := x.Locate(t.Context(), evidence.Sum(nil), 0); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	for set, n := range want {
		if _, err := x.Locate(t.Context(), set, int64(n)); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	}
}

// check compares a set's content with fill's records, worked out the long way.
func check(t *testing.T, c *index.Content, n int) {
	t.Helper()
	if len(c.Times) != n || len(c.Places) != n {
		t.Fatalf("%d times and %d places, want %d", len(c.Times), len(c.Places), n)
	}
	grams, kinds, offset := map[uint64][]int64{}, map[string][]int64{}, int64(0)
	for i := range n {
		line := lineOf(i)
		at := int64(i)*1000*1e6 + int64(i)
		if i%3 == 0 {
			at = index.NoTime
		}
		if row := (index.Row{N: int64(i), Offset: offset, Length: int64(len(line)) + 1}); c.Times[i] != at || c.Places[i] != row {
			t.Fatalf("record %d: %d %+v, want %d %+v", i, c.Times[i], c.Places[i], at, row)
		}
		offset += int64(len(line)) + 1
		kind := fmt.Sprintf("kind%d", i%2)
		kinds[kind] = append(kinds[kind], int64(i))
		text := []rune(fmt.Sprintf("number %d %s", i, strings.Repeat("微信", i%50)))
		seen := map[uint64]bool{}
		for k := range text {
			second := rune(-1)
			if k+1 < len(text) {
				second = text[k+1]
			}
			if g := index.GramOf(text[k], second); !seen[g] {
				seen[g] = true
				grams[g] = append(grams[g], int64(i))
			}
		}
	}
	if !reflect.DeepEqual(grams, c.Grams) || !reflect.DeepEqual(kinds, c.Kinds) {
		t.Fatalf("%d records: %d grams, want %d; or their records differ", n, len(c.Grams), len(grams))
	}
}

// TestUnfinishedIsForgotten: what a kill leaves is swept; another boot trusts
// nothing that was being written.
func TestUnfinishedIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x := open(t, path)
	done := evidence.Sum([]byte("done"))
	fill(t, x, done, 5)
	if err := x.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	chunks, err := x.Rows(t.Context(), "chunks")
	if err != nil || chunks != 1 {
		t.Fatal(chunks, err)
	}
	s, err := x.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range index.ChunkRecords + 100000 {
		add(t, s, lineOf(i), "k", "")
	}
	for { // until the first chunk of its own is there
		if n, err := x.Rows(t.Context(), "chunks"); err != nil || n == 2 {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
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
		r, err := index.OpenReader(t.Context(), c.path)
		if err != nil {
			t.Fatal(err)
		}
		trusted, err := r.Trusted(t.Context(), c.boot)
		segments, serr := r.Segments(t.Context())
		if err != nil || serr != nil || trusted != c.want || len(segments) != 1 {
			t.Errorf("%s: trusted %v, %d segments, %v %v", c.boot, trusted, len(segments), err, serr)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		y, err := index.Open(t.Context(), c.path, c.boot)
		if err != nil {
			t.Fatal(err)
		}
		if has, err := y.Has(t.Context(), done); err != nil || has != c.want {
			t.Errorf("%s: has %v, %v", c.boot, has, err)
		}
		left := 0
		if c.want {
			left = 1
		}
		for table, each := range map[string]int{"segments": 1, "parts": 1, "blocks": 1, "chunks": 1, "kinds": 2} {
			if n, err := y.Rows(t.Context(), table); err != nil || n != left*each {
				t.Errorf("%s: %d rows of %s, %v", c.boot, n, table, err)
			}
		}
		if err := y.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Aborted, it leaves nothing either.
	if err := s.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := x.Rows(t.Context(), "chunks"); err != nil || n != 1 {
		t.Error(n, "chunks after abort", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := index.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if trusted, err := r.Trusted(t.Context(), ""); err != nil || !trusted {
		t.Error("closed in order, and not trusted:", err)
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

// add gives s a line as the host does.
func add(t testing.TB, s *index.Segment, line []byte, kind, stamp string) {
	_, members, err := evidence.ScanRecord(line, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Add(line, members, kind, stamp)
}

// BenchmarkAdd is the whole cost of indexing a message, chunks written.
func BenchmarkAdd(b *testing.B) {
	x := open(b, filepath.Join(b.TempDir(), "index.db"))
	defer x.Close()
	s, err := x.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		i++
		add(b, s, fmt.Appendf(nil, `{"account":"amber.birch%d","direction":"incoming","extra":{},"flags":[],"from":"cedar%d","ip":"192.0.2.%d","kind":"message","matched_term":"集会",`+
			`"service":"example-chat","source":{"length":140,"line":%d,"offset":%d},"state":"live","status":null,"text":"网上到处都在说集会,关于新闻自由%d","time":"2008-07-31T23:10:19Z","time_basis":{"basis":"declared","unit":"text","zone":"+08:00","zone_basis":"layout"},"time_kind":"logged","time_raw":"2008-08-01 07:10:19","to":["amber.birch%d"]}`,
			i%9999, i%7777, i%254, i, i*140, i%100, i%9999), "message", "2008-07-31T23:10:19Z")
	}
	if err := s.Commit(b.Context(), evidence.Sum(nil)); err != nil {
		b.Fatal(err)
	}
}
