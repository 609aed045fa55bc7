package engine_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// TestReindexEqualsIncremental: the index that a run leaves is, row by row, every
// posting list and all, the one that is built of its record sets afterwards; and
// what is found in both is what is found without.
func TestReindexEqualsIncremental(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Write(dir, corpus.Options{Seed: 7}); err != nil {
		t.Fatal(err)
	}
	c := newCase(t, filepath.Join(dir, "server"), "+08:00")
	if _, err := layouts.Add(t.Context(), c, []byte(corpus.Layouts)); err != nil {
		t.Fatal(err)
	}
	// One run after the other, so that small sets come into their chunk in the
	// order of the log.
	e := newEngine(t, c, func(o *engine.Options) { o.Jobs = 1 })
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.Dir(), "index.db")
	ran := dump(t, path)
	found := func() []string {
		var out []string
		for _, text := range []string{"微", "新闻", "网上到处都在说", "kind:keyword", "from:amber after:2008", ""} {
			q, err := search.Parse(text, search.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := search.Select(t.Context(), c, q, search.Options{Order: search.ByTime}, func(h search.Hit) error {
				out = append(out, text+" "+string(h.Line))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	hits := found()
	if len(hits) == 0 || len(ran) < 20 {
		t.Fatal(len(hits), "hits,", len(ran), "rows")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(found(), hits) {
		t.Error("the index finds something else")
	}
	x, err := index.Open(t.Context(), path, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Fill(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if again := dump(t, path); !slices.Equal(again, ran) {
		for i := range min(len(again), len(ran)) {
			if again[i] != ran[i] {
				t.Errorf("row %d: %.200s, of the run %.200s", i, again[i], ran[i])
			}
		}
		t.Errorf("%d rows, of the run %d", len(again), len(ran))
	}
	if !slices.Equal(found(), hits) {
		t.Error("the index built again finds something else")
	}
}

// dump returns every row of an index.
func dump(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out []string
	for _, query := range []string{
		"SELECT 'segment', id, set_sha, records, '' FROM segments ORDER BY id",
		"SELECT 'part', segment, first, chunk, base || ' ' || count FROM parts ORDER BY segment, first",
		"SELECT 'block', segment, first, start, hex(body) FROM blocks ORDER BY segment, first",
		"SELECT 'chunk', id, records, '', hex(times) FROM chunks ORDER BY id",
		"SELECT 'gram', id, '', '', hex(body) FROM grams ORDER BY id",
		"SELECT 'kind', chunk, name, '', hex(body) FROM kinds ORDER BY chunk, name",
		"SELECT 'state', name, value, '', '' FROM state ORDER BY name",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var v [5]string
			if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4]); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprint(v))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
	}
	return out
}
