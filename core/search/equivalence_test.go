package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// scripts are few letters each, so that chance makes matches and near misses.
var scripts = [][]string{
	strings.Split("微 信 身 份 证 件 。 ， 的", " "),
	strings.Split("a B c SS ß ſ İ i I ﬁ é E\u0301 \u0301 ö", " "),
	strings.Split("ｶ ﾞ カ ガ か \u3099 Ａ ａ １ 1", " "),
	strings.Split("\u1112 \u1161 \u11ab 한 하 국 각 가", " "),
	strings.Split("ا ل م ع \u064b \u0654 ي ﷲ", " "),
	strings.Split("😀 ❤ \ufe0f 👍 🏽 \u200d", " "),
	strings.Split(`\ " / : ( ) . - _ 0 9 %`, " "),
	{"\t", "\n", "\x01", " ", "x", "я", "Я", "Й", "и\u0306"},
}

func letters(r *rand.Rand, least, most int) string {
	var b strings.Builder
	script := scripts[r.IntN(len(scripts))]
	for range least + r.IntN(most-least+1) {
		if r.IntN(12) == 0 {
			script = scripts[r.IntN(len(scripts))]
		}
		b.WriteString(script[r.IntN(len(script))])
	}
	return b.String()
}

func randomIP(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return fmt.Sprintf("::ffff:10.0.%d.%d", r.IntN(2), r.IntN(4))
	case 1:
		return fmt.Sprintf("2001:DB8::%x", r.IntN(4))
	case 2:
		return fmt.Sprintf("10.0.%d.%d:8080", r.IntN(2), r.IntN(4))
	case 3:
		return fmt.Sprintf("::ffff:0a00:%x", r.IntN(4))
	}
	return fmt.Sprintf("10.%d.%d.%d", r.IntN(2), r.IntN(2), r.IntN(4))
}

var epoch = time.Date(2008, 7, 31, 23, 0, 0, 0, time.UTC)

func randomTime(r *rand.Rand) string {
	t := epoch.Add(time.Duration(r.IntN(40)) * time.Second)
	switch r.IntN(6) {
	case 0:
		t = t.Add(time.Duration(r.IntN(3)) * 500 * time.Nanosecond)
	case 1:
		t = t.Add(time.Duration(r.IntN(3)) * time.Millisecond)
	}
	return t.Format(time.RFC3339Nano)
}

func randomRecord(t testing.TB, r *rand.Rand) []byte {
	v := map[string]any{"kind": []string{"message", "sms", "x-acme/loc"}[r.IntN(3)], "time": nil, "source": map[string]any{"offset": r.IntN(1000), "length": 3, "line": r.IntN(99)}}
	if r.IntN(4) > 0 {
		v["time"] = randomTime(r)
	}
	if r.IntN(5) > 0 {
		v["text"] = letters(r, 0, 12)
	}
	if r.IntN(2) == 0 {
		v["from"], v["to"] = letters(r, 0, 4), []string{letters(r, 0, 3), letters(r, 0, 3)}
	}
	if r.IntN(3) == 0 {
		v["ip"] = randomIP(r)
	}
	if r.IntN(4) == 0 {
		v["ips"], v["text_raw"] = []string{randomIP(r), "none"}, "YWFhYQ=="
	}
	if r.IntN(4) == 0 {
		v["columns"] = map[string]any{"姓名": letters(r, 0, 3), "a.b": r.IntN(2000), "bytes": map[string]any{"raw": "YWFh", "text": letters(r, 1, 4)}}
	}
	if r.IntN(4) == 0 {
		v["attachments"] = []any{map[string]any{"name": letters(r, 0, 3), "missing": r.IntN(2) == 0, "name_raw": "YWFhYQ=="}}
		v["matched_term"] = letters(r, 1, 3)
	}
	return canonical(t, v)
}

// fixture is a case with sets of all sorts: large and small, read twice, equal to
// another, superseded, empty.
func fixture(t testing.TB, r *rand.Rand, records int) *store.Case {
	c := newCase(t)
	some := func(n int) [][]byte {
		out := make([][]byte, n)
		for i := range out {
			out[i] = randomRecord(t, r)
		}
		return out
	}
	one := receive(t, c, "EX-001", "logs/one.log")
	receiveAs(t, c, "EX-002", "Copies/ONE.txt", one, nil)
	two, three := receive(t, c, "EX-001", "logs/deep/two.txt"), receive(t, c, "EX-002", "三.txt")
	parsed(t, c, one, 1, some(records))
	same := some(records / 4)
	parsed(t, c, two, 1, same)
	parsed(t, c, three, 1, same)
	old := parsed(t, c, two, 2, some(5))
	parsed(t, c, two, 3, some(7), old.ID)
	parsed(t, c, three, 4, nil)
	parsed(t, c, three, 5, some(1))
	return c
}

// condition is a random condition with a judgement of its own about a record, as
// encoding/json reads it: it shares nothing with the package.
type condition struct {
	text  string
	judge func(v map[string]any) int // 0 no, 1 open, 2 yes
}

func reference(s string) string {
	c := cases.Fold()
	return norm.NFKC.String(c.String(norm.NFKC.String(c.String(norm.NFD.String(s)))))
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func truth(b bool) int {
	if b {
		return 2
	}
	return 0
}

// eachValue calls f with every string and number below v, and whether it is searched.
func eachValue(v any, path string, f func(path, text string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			if path == "" && slices.Contains([]string{"kind", "time", "source", "id", "exhibit", "text_raw"}, name) || name == "name_raw" || name == "raw" {
				continue
			}
			eachValue(m, strings.TrimPrefix(path+"."+name, "."), f)
		}
	case []any:
		for _, m := range v {
			eachValue(m, path, f)
		}
	case string:
		f(path, v)
	case float64:
		f(path, fmt.Sprint(int64(v)))
	}
}

func contains(field, text string) func(map[string]any) int {
	want := reference(text)
	return func(v map[string]any) int {
		found := false
		eachValue(v, "", func(path, value string) {
			if field == "" || path == field || strings.HasPrefix(path, field+".") || field == "term" && path == "matched_term" {
				found = found || strings.Contains(reference(value), want)
			}
		})
		return truth(found)
	}
}

func randomCondition(r *rand.Rand, ids []string) condition {
	for {
		c, ok := tryCondition(r, ids)
		if ok {
			return c
		}
	}
}

func tryCondition(r *rand.Rand, ids []string) (condition, bool) {
	switch r.IntN(20) {
	case 0:
		kind := []string{"message", "sms", "x-acme/loc", "nothing"}[r.IntN(4)]
		return condition{"kind:" + kind, func(v map[string]any) int { return truth(v["kind"] == kind) }}, true
	case 1, 2:
		field := []string{"from", "to", "columns", "columns.姓名", "columns.a.b", "columns.bytes", "term", "attachments"}[r.IntN(8)]
		text := letters(r, 1, 2)
		if field == "columns.a.b" {
			text = fmt.Sprint(r.IntN(200))
		}
		return condition{field + ":" + quoted(text), contains(field, text)}, true
	case 3:
		prefix := []string{"10.0.0.0/8", "10.0.0.0/12", "10.0.1.0/24", "10.0.0.0/30", "10.0.0.2", "10.1.1.1", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0", "::ffff:10.0.0.1"}[r.IntN(10)]
		p, err := netip.ParsePrefix(prefix)
		if err != nil {
			a := netip.MustParseAddr(prefix).Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		return condition{"ip:" + prefix, func(v map[string]any) int {
			found := false
			eachValue(map[string]any{"ip": v["ip"], "ips": v["ips"]}, "", func(_, text string) {
				a, err := netip.ParseAddr(strings.TrimSuffix(text, ":8080"))
				found = found || err == nil && p.Contains(a.Unmap())
			})
			return truth(found)
		}}, true
	case 4, 5:
		at, err := time.Parse(time.RFC3339Nano, randomTime(r))
		if err != nil {
			return condition{}, false
		}
		name := []string{"after", "before"}[r.IntN(2)]
		return condition{name + ":" + at.Format(time.RFC3339Nano), func(v map[string]any) int {
			text, ok := v["time"].(string)
			if !ok {
				return 1
			}
			t, _ := time.Parse(time.RFC3339Nano, text)
			return truth(t.Before(at) == (name == "before"))
		}}, true
	case 6:
		item := []string{"EX-001", "EX-002", "EX-003"}[r.IntN(3)]
		return condition{"exhibit:" + item, func(v map[string]any) int {
			found := v["exhibit"] == item
			paths, _ := v["source"].(map[string]any)["paths"].([]any)
			for _, p := range paths {
				found = found || strings.HasPrefix(p.(string), item+":")
			}
			return truth(found)
		}}, true
	case 7:
		paths := map[string][]string{ // by pattern, the paths that fit
			"one.LOG": {"logs/one.log"}, "logs/": {"logs/one.log", "logs/deep/two.txt"}, "*.txt": {"Copies/ONE.txt", "logs/deep/two.txt", "三.txt"},
			"logs/**/*.txt": {"logs/deep/two.txt"}, "三": {"三.txt"}, "logs/*": {"logs/one.log"},
		}
		names := []string{"one.LOG", "logs/", "*.txt", "logs/**/*.txt", "三", "logs/*"}
		name := names[r.IntN(len(names))]
		return condition{"path:" + name, func(v map[string]any) int {
			source := v["source"].(map[string]any)
			all := []string{source["path"].(string)}
			if list, ok := source["paths"].([]any); ok {
				for _, p := range list {
					_, path, _ := strings.Cut(p.(string), ":")
					all = append(all, path)
				}
			}
			return truth(slices.ContainsFunc(all, func(p string) bool { return slices.Contains(paths[name], p) }))
		}}, true
	case 8:
		id := ids[r.IntN(len(ids))]
		return condition{"id:" + id, func(v map[string]any) int { return truth(v["id"] == id) }}, true
	case 9:
		return condition{"tag:three", func(v map[string]any) int { return truth(tagged(v["id"].(string))) }}, true
	case 10:
		line := fmt.Sprint(r.IntN(10))
		return condition{"source.line:" + line, func(v map[string]any) int {
			return truth(strings.Contains(fmt.Sprint(v["source"].(map[string]any)["line"]), line))
		}}, true
	case 11:
		return condition{"attachments.missing:tru", func(v map[string]any) int {
			list, _ := v["attachments"].([]any)
			return truth(len(list) > 0 && list[0].(map[string]any)["missing"] == true)
		}}, true
	case 12:
		return condition{"time:2008-07-31T23:00:1", func(v map[string]any) int {
			text, _ := v["time"].(string)
			return truth(strings.HasPrefix(text, "2008-07-31T23:00:1"))
		}}, true
	}
	text := letters(r, 1, 4)
	return condition{quoted(text), contains("", text)}, true
}

func tagged(id string) bool { return strings.HasSuffix(id, "3") }

func randomQuery(r *rand.Rand, ids []string, depth int) condition {
	kind := r.IntN(7)
	if depth == 0 || kind > 3 {
		return randomCondition(r, ids)
	}
	a := randomQuery(r, ids, depth-1)
	if kind == 0 {
		return condition{"-(" + a.text + ")", func(v map[string]any) int { return 2 - a.judge(v) }}
	}
	b := randomQuery(r, ids, depth-1)
	if kind == 1 {
		return condition{"(" + a.text + " OR " + b.text + ")", func(v map[string]any) int { return max(a.judge(v), b.judge(v)) }}
	}
	return condition{"(" + a.text + ") " + b.text, func(v map[string]any) int { return min(a.judge(v), b.judge(v)) }}
}

type result struct {
	ids   []string
	lines []string
	sum   search.Summary
}

func find(t testing.TB, c *store.Case, query string, o search.Options) result {
	t.Helper()
	q, err := search.Parse(query, search.ParseOptions{})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if again, err := search.Parse(q.String(), search.ParseOptions{Zone: time.FixedZone("", 3600)}); err != nil || again.String() != q.String() {
		t.Fatalf("%s: normal form %s: %v", query, q, err)
	}
	o.Boot = boot
	if o.Tagged == nil {
		o.Tagged = func(string) (map[string]bool, error) { return allTagged, nil }
	}
	var out result
	out.sum, err = search.Select(t.Context(), c, q, o, func(h search.Hit) error {
		out.ids = append(out.ids, h.ID)
		out.lines = append(out.lines, string(h.Line))
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

var allTagged map[string]bool

// byTime is the order of ByTime or ByTimeDesc, of lines in the order of the log.
func byTime(lines []string, descending bool) []string {
	out := slices.Clone(lines)
	at := func(line string) int64 {
		_, text := evidence.KindAndTime([]byte(line))
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return math.MaxInt64
		}
		if descending {
			return -t.UnixMicro()
		}
		return t.UnixMicro()
	}
	slices.SortStableFunc(out, func(a, b string) int {
		if x, y := at(a), at(b); x < y {
			return -1
		} else if x > y {
			return 1
		}
		return 0
	})
	return out
}

func TestFindsWhatIsThere(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testEquivalence(t, seed) })
	}
}

func testEquivalence(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 5))
	c := fixture(t, r, 400)
	var values []map[string]any
	var lines []string
	var ids []string
	allTagged = map[string]bool{}
	must(t, view.Records(t.Context(), c, view.Filter{}, func(line []byte) error {
		var v map[string]any
		must(t, json.Unmarshal(line, &v))
		values, lines = append(values, v), append(lines, string(line))
		id := v["id"].(string)
		if ids = append(ids, id); tagged(id) {
			allTagged[id] = true
		}
		return nil
	}))
	if len(lines) != 608 {
		t.Fatal(len(lines), "records")
	}
	queries := []condition{{"", func(map[string]any) int { return 2 }}}
	for range 40 {
		queries = append(queries, randomQuery(r, ids, 3))
	}
	hits, open := 0, int64(0)
	check := func(state string, unindexed int64) {
		for _, q := range queries {
			var want []string
			var left int64
			for i, v := range values {
				switch q.judge(v) {
				case 2:
					want = append(want, lines[i])
				case 1:
					left++
				}
			}
			hits, open = hits+len(want), open+left
			n := int64(len(want))
			got := find(t, c, q.text, search.Options{})
			if !slices.Equal(got.lines, want) {
				t.Fatalf("%s: %s: %d hits, want %d", state, q.text, len(got.lines), n)
			}
			if w := (search.Summary{Hits: n, Exact: true, Untimed: left, Unindexed: unindexed, Records: int64(len(lines))}); got.sum != w {
				t.Fatalf("%s: %s: %+v, want %+v", state, q.text, got.sum, w)
			}
			{
				desc := r.IntN(2) == 0
				o := search.Options{Order: search.ByTime}
				if desc {
					o.Order = search.ByTimeDesc
				}
				all := byTime(want, desc)
				if got := find(t, c, q.text, o); !slices.Equal(got.lines, all) || got.sum.Hits != n || got.sum.Untimed != left || !got.sum.Exact {
					t.Fatalf("%s: %s: by time %v: %d hits %+v, want %d", state, q.text, desc, len(got.lines), got.sum, n)
				}
				o.Offset, o.Limit, o.Count = int64(r.IntN(20)), int64(1+r.IntN(30)), true
				page := all[min(o.Offset, n):min(o.Offset+o.Limit, n)]
				if got := find(t, c, q.text, o); !slices.Equal(got.lines, page) || got.sum.Hits != n || got.sum.Untimed != left || !got.sum.Exact {
					t.Fatalf("%s: %s: by time %v from %d: %d hits %+v, want %d of %d, %d open", state, q.text, desc, o.Offset, len(got.lines), got.sum, len(page), n, left)
				}
				o.Count = false
				if got := find(t, c, q.text, o); !slices.Equal(got.lines, page) || got.sum.Exact && got.sum.Hits != n {
					t.Fatalf("%s: %s: without count %+v", state, q.text, got.sum)
				}
			}
			o := search.Options{Offset: int64(r.IntN(20)), Limit: int64(1 + r.IntN(30)), Count: true}
			page := want[min(o.Offset, n):min(o.Offset+o.Limit, n)]
			if got := find(t, c, q.text, o); !slices.Equal(got.lines, page) || got.sum.Hits != n || !got.sum.Exact || got.sum.Untimed != left {
				t.Fatalf("%s: %s: from %d: %d hits %+v, want %d of %d", state, q.text, o.Offset, len(got.lines), got.sum, len(page), n)
			}
			o.Count = false
			if got := find(t, c, q.text, o); !slices.Equal(got.lines, page) || got.sum.Exact && got.sum.Hits != n {
				t.Fatalf("%s: %s: without count %+v", state, q.text, got.sum)
			}
		}
	}
	relevance := func() []result {
		var out []result
		for _, q := range queries[:25] {
			a := find(t, c, q.text, search.Options{Order: search.ByRelevance})
			if got := find(t, c, q.text, search.Options{Order: search.ByRelevance, Offset: 3, Limit: 10}); !slices.Equal(got.lines, a.lines[min(3, len(a.lines)):min(13, len(a.lines))]) {
				t.Fatalf("%s: by relevance, a page", q.text)
			}
			a.sum.Unindexed = 0
			out = append(out, a)
		}
		return out
	}
	check("no index", 6)
	scanned := relevance()
	reindex(t, c)
	check("index", 0)
	for i, got := range relevance() {
		if !slices.Equal(got.lines, scanned[i].lines) || got.sum != scanned[i].sum {
			t.Fatalf("%s: by relevance: the index changes the order", queries[i].text)
		}
	}
	if hits < 300 || open == 0 {
		t.Fatal("the queries find nothing:", hits, open)
	}
	// Another run, of which the index knows nothing yet.
	parsed(t, c, receive(t, c, "EX-003", "late"), 9, [][]byte{canonical(t, map[string]any{"kind": "message", "text": "xyzzy", "time": nil, "source": map[string]any{"offset": 0, "length": 1}})})
	if got := find(t, c, "xyzzy OR 微", search.Options{Order: search.ByTime}); got.sum.Unindexed != 1 || !slices.Contains(got.ids, got.ids[len(got.ids)-1]) {
		t.Fatalf("%+v", got.sum)
	}
	if got := find(t, c, "XYZZY", search.Options{}); len(got.ids) != 1 {
		t.Fatalf("%+v", got.sum)
	}
}

// TestManyChunks: a set that fills more than one chunk, and small ones that share one.
func TestManyChunks(t *testing.T) {
	c := newCase(t)
	var lines [][]byte
	const n = index.ChunkRecords + 5000
	for i := range n {
		lines = append(lines, fmt.Appendf(nil, `{"kind":"message","source":{"length":1,"offset":%d},"text":"%d号","time":"%s"}`, i, i, epoch.Add(time.Duration(i*7919%n)*time.Millisecond).Format(time.RFC3339Nano)))
	}
	parsed(t, c, receive(t, c, "EX-001", "small"), 1, lines[:10])
	parsed(t, c, receive(t, c, "EX-001", "large"), 1, lines)
	for i := range 20 {
		parsed(t, c, receive(t, c, "EX-002", fmt.Sprint(i)), 1, lines[i*100:i*100+100])
	}
	queries := []string{"", "1号", "-1", "13107 -号4", "exhibit:EX-002 99", "kind:message text:131072 OR 135999", "after:2008-07-31T23:02:00Z 7号"}
	all := func() []result {
		var out []result
		for _, q := range queries {
			for _, o := range []search.Options{{}, {Order: search.ByTime}, {Order: search.ByTimeDesc, Offset: 7, Limit: 300, Count: true}, {Limit: 3, Count: true}, {Order: search.ByRelevance, Limit: 100}} {
				r := find(t, c, q, o)
				r.sum.Unindexed = 0
				out = append(out, r)
			}
		}
		return out
	}
	want := all()
	reindex(t, c)
	for i, got := range all() {
		if got.sum != want[i].sum || !slices.Equal(got.lines, want[i].lines) || want[i].sum.Hits == 0 {
			t.Errorf("%s, order %d: %+v, without index %+v", queries[i/5], i%5, got.sum, want[i].sum)
		}
	}
}

func TestErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := fixture(t, r, 50)
	reindex(t, c)
	q, err := search.Parse("", search.ParseOptions{})
	must(t, err)
	stop := errors.New("stop")
	for _, o := range []search.Order{search.InLog, search.ByTime, search.ByRelevance} {
		n := 0
		if _, err := search.Select(t.Context(), c, q, search.Options{Order: o, Boot: boot}, func(search.Hit) error {
			if n++; n == 3 {
				return stop
			}
			return nil
		}); !errors.Is(err, stop) || n != 3 {
			t.Errorf("order %d: %v after %d", o, err, n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := search.Select(ctx, c, q, search.Options{Order: o, Boot: boot}, func(search.Hit) error { return nil }); err == nil {
			t.Errorf("order %d: a cancelled search ends well", o)
		}
	}
	q, err = search.Parse("tag:x", search.ParseOptions{})
	must(t, err)
	if _, err := search.Select(t.Context(), c, q, search.Options{}, func(search.Hit) error { return nil }); err == nil {
		t.Error("a tag nobody knows")
	}
	// An index that is no index: everything is read through.
	must(t, os.WriteFile(indexPath(c), []byte("rubbish"), 0o600))
	if got := find(t, c, "", search.Options{}); got.sum.Unindexed == 0 || got.sum.Hits != got.sum.Records {
		t.Errorf("%+v", got.sum)
	}
}
