// Command search measures core/search over a case, for scripts/bench/bench.py.
//
// Usage: search CASE ROUNDS QUERY…  For each query one line of JSON: hits, and the
// best of ROUNDS times in milliseconds to the first 50 hits by time and to the
// number of all hits. "cold" is the very first search of the process, which also
// compares the record set with its digest.
//
// Usage: search CASE --grams  prints of each current record, between tabs, its time,
// its folded texts with U+001F between, and its grams in hexadecimal with spaces
// between: what other programs are given to index.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/search/fold"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: search CASE ROUNDS QUERY… | search CASE --grams")
	}
	c, err := store.OpenReader(ctx, args[0])
	if err != nil {
		return err
	}
	defer c.Close()
	if args[1] == "--grams" {
		return grams(ctx, c)
	}
	rounds, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for i, text := range args[2:] {
		q, err := search.Parse(text, search.ParseOptions{})
		if err != nil {
			return err
		}
		first, count := measure{o: search.Options{Order: search.ByTime, Limit: 50}}, measure{o: search.Options{Order: search.InLog, Limit: 1, Count: true}}
		var cold float64
		for r := range rounds {
			if err := first.once(ctx, c, q); err != nil {
				return err
			}
			if i == 0 && r == 0 {
				cold = first.last
			}
			if err := count.once(ctx, c, q); err != nil {
				return err
			}
		}
		if err := out.Encode(map[string]any{"query": text, "first": first.best, "count": count.best, "hits": count.hits, "unindexed": count.unindexed, "cold": cold}); err != nil {
			return err
		}
	}
	return nil
}

type measure struct {
	o                     search.Options
	best, last            float64
	hits, unindexed, runs int64
}

func (m *measure) once(ctx context.Context, c *store.Case, q *search.Query) error {
	start := time.Now()
	sum, err := search.Select(ctx, c, q, m.o, func(search.Hit) error { return nil })
	m.last = float64(time.Since(start).Microseconds()) / 1000
	if m.runs++; m.runs == 1 || m.last < m.best {
		m.best = m.last
	}
	m.hits, m.unindexed = sum.Hits, sum.Unindexed
	return err
}

func grams(ctx context.Context, c *store.Case) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	w := fold.Walker{Texts: true}
	plain := strings.NewReplacer("\t", " ", "\n", " ")
	var texts []string
	var tokens []byte
	err := view.Records(ctx, c, view.Filter{}, func(line []byte) error {
		texts, tokens = texts[:0], tokens[:0]
		if err := w.Walk(line, func(v *fold.Value) {
			text := plain.Replace(string(v.AppendFolded(nil)))
			texts = append(texts, text)
			letters := []rune(text)
			for i, r := range letters {
				tokens = strconv.AppendInt(append(tokens, ' '), int64(r), 16)
				if i+1 < len(letters) {
					tokens = strconv.AppendInt(append(tokens, 'z'), int64(letters[i+1]), 16)
				}
			}
		}); err != nil {
			return err
		}
		_, at := evidence.KindAndTime(line)
		_, err := fmt.Fprintf(out, "%s\t%s\t%s\n", at, strings.Join(texts, "\x1f"), tokens)
		return err
	})
	return errors.Join(err, out.Flush())
}
