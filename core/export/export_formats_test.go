package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// mixed makes records of all kinds.
func mixed(t testing.TB, n int) [][]byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"message", "call", "sms", "account", "contact", "keyword", "row", "x-acme/location"}
	var out [][]byte
	for i := range n {
		f := map[string]any{
			"kind": kinds[rnd.IntN(len(kinds))], "text": fmt.Sprint("看到一篇文章 ", rnd.Int64()), "from": fmt.Sprint("user", rnd.IntN(50)),
			"to": []string{fmt.Sprint("user", rnd.IntN(50))}, "time_kind": "sent", "duration_s": rnd.IntN(1000), "service": "tom-skype",
		}
		if rnd.IntN(4) > 0 {
			f["time"] = time.Unix(1_217_548_800+int64(i), 0).UTC().Format(time.RFC3339)
		}
		out = append(out, line(t, i+1, f))
	}
	return out
}

func TestSameRecordsMakeTheSameBytes(t *testing.T) {
	lines := mixed(t, 3000)
	for _, f := range formats() {
		o := export.Options{Format: f, Zone: zone(t, "Europe/Berlin"), ZoneName: "Europe/Berlin", Tool: "1"}
		a, ra := write(t, o, lines...)
		b, rb := write(t, o, lines...)
		if !bytes.Equal(a, b) || fmt.Sprint(ra) != fmt.Sprint(rb) {
			t.Errorf("%s: two exports differ", f)
		}
		var kinds int64
		for _, n := range ra.Kinds {
			kinds += n
		}
		if ra.Records != 3000 || kinds != 3000 || ra.Sets[setA] != 3000 {
			t.Errorf("%s: counted %d, by kind %d, by set %v", f, ra.Records, kinds, ra.Sets)
		}
	}
}

func TestJSONLinesAreTheRecords(t *testing.T) {
	lines := mixed(t, 50)
	file, _ := write(t, export.Options{Format: "jsonl"}, lines...)
	if want := append(bytes.Join(lines, []byte("\n")), '\n'); !bytes.Equal(file, want) {
		t.Error("they are not")
	}
}

func TestNothingBecomesAFileAllTheSame(t *testing.T) {
	for _, f := range formats() {
		file, r := write(t, export.Options{Format: f, Kind: "call"})
		if empty := len(file) == 0; empty != (f == "jsonl" || f == "timesketch") || r.Records != 0 {
			t.Errorf("%s: %d bytes", f, len(file))
		}
	}
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	for _, f := range formats() {
		for _, bad := range []string{"", "[]", `{"a":1.5}`, `{"b":1,"a":1}`, `{"id":"x"`} {
			w, err := export.NewWriter(&bytes.Buffer{}, export.Options{Format: f, Scratch: func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "s") }})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Record([]byte(bad)); !errors.Is(err, evidence.ErrNotCanonical) {
				t.Errorf("%s: %q: %v", f, bad, err)
			}
			w.Abort()
		}
	}
	if _, err := export.NewWriter(&bytes.Buffer{}, export.Options{Format: "doc"}); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
}

// Members of types that a kind does not have lose nothing and break nothing.
func TestOddRecords(t *testing.T) {
	odd := []any{nil, true, 7, "x", []any{}, []any{1, nil, "a", []any{"b"}, map[string]any{"c": "d,]}"}}, map[string]any{}, map[string]any{"raw": "AA=="}}
	for _, name := range append(export.Columns(""), "source", "time_basis", "credential") {
		if slices.Contains([]string{"id", "kind", "time_local", "zone", "other"}, name) || strings.HasPrefix(name, "source_") {
			continue
		}
		for _, v := range odd {
			fields := map[string]any{"time": "2008-01-01T00:00:00Z"}
			fields[name] = v
			l := line(t, 1, fields)
			for _, f := range formats() {
				file, r := write(t, export.Options{Format: f, Credentials: true}, l)
				if r.Records != 1 || len(file) == 0 && r.LeftOut.Untimed == 0 {
					t.Errorf("%s: %s", f, l)
				}
				if f == "timesketch" && len(file) > 0 && !json.Valid(bytes.TrimSpace(file)) {
					t.Errorf("no JSON: %s", file)
				}
			}
		}
	}
}

func TestXLSXSplitsSheets(t *testing.T) {
	for _, bound := range [][2]int64{{10, 1 << 30}, {1 << 20, 1}} {
		var out bytes.Buffer
		w, err := export.NewWriter(&out, export.Options{Format: "xlsx", Scratch: func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "s") }})
		if err != nil {
			t.Fatal(err)
		}
		export.SplitAt(w, bound[0], bound[1])
		const n = 1005
		for i := range n {
			if err := w.Record(line(t, i+1, map[string]any{"text": strings.Repeat("x", 400)})); err != nil {
				t.Fatal(err)
			}
		}
		r, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		next := 1
		for i, s := range r.Sheets {
			if want := fmt.Sprintf("message (%d)", i+1); i > 0 && s.Name != want {
				t.Errorf("sheet %q, want %q", s.Name, want)
			}
			for _, row := range sheetOf(t, out.Bytes(), s.Name)[1:] {
				if row[0] != fmt.Sprintf("%s:%d", setA, next) {
					t.Fatalf("sheet %s: %s where record %d should be", s.Name, row[0], next)
				}
				next++
			}
		}
		if next != n+1 || len(r.Sheets) < 2 {
			t.Errorf("%d rows in %d sheets", next-1, len(r.Sheets))
		}
	}
}

// event is what Timesketch asks of a line (timesketch/lib/utils.py,
// read_and_validate_jsonl).
type event struct {
	Message   *string `json:"message"`
	Datetime  *string `json:"datetime"`
	Timestamp *int64  `json:"timestamp"`
	Desc      *string `json:"timestamp_desc"`
	ID        string  `json:"id"`
	Tag       any     `json:"tag"`
}

func events(t testing.TB, file []byte) []event {
	t.Helper()
	var out []event
	for l := range bytes.Lines(file) {
		var e event
		if err := json.Unmarshal(l, &e); err != nil {
			t.Fatal(err)
		}
		if e.Message == nil || e.Datetime == nil || e.Desc == nil || e.Timestamp == nil || *e.Message == "" || *e.Desc == "" {
			t.Fatalf("a mandatory field is missing: %s", l)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000000-07:00", *e.Datetime)
		if err != nil || at.UnixMicro() != *e.Timestamp {
			t.Fatalf("datetime %s is not timestamp %d: %v", *e.Datetime, *e.Timestamp, err)
		}
		out = append(out, e)
	}
	return out
}

func TestTimesketch(t *testing.T) {
	at := func(kind, time string) map[string]any { return map[string]any{"kind": kind, "time": time} }
	file, r := write(t, export.Options{Format: "timesketch"},
		line(t, 1, map[string]any{
			"time": "2008-08-01T16:30:00.123456789Z", "time_kind": "sent", "from": "a", "to": []string{"b", "c"}, "text": "hi",
			"times": []any{at("sent", "2008-08-01T16:30:00.123456789Z"), at("received", "2008-08-01T16:30:09Z"), map[string]any{"kind": "read", "time": nil}, at("edited", "no time")},
		}),
		line(t, 2, map[string]any{"time": nil}),
		line(t, 3, map[string]any{"times": []any{at("created", "1969-12-31T23:59:59.5Z")}}),
		line(t, 4, map[string]any{"kind": "call", "time": "2008-01-01T00:00:00Z", "from": "a", "to": []string{"b"}, "duration_s": 61}),
	)
	var got []string
	for _, e := range events(t, file) {
		got = append(got, strings.Join([]string{e.ID[len(setA)+1:], *e.Datetime, *e.Desc, *e.Message}, " | "))
	}
	want := []string{
		`1 | 2008-08-01T16:30:00.123456+00:00 | message sent | message from a to ["b","c"]: hi`,
		`1 | 2008-08-01T16:30:09.000000+00:00 | message received | message from a to ["b","c"]: hi`,
		`3 | 1969-12-31T23:59:59.500000+00:00 | message created | message`,
		`4 | 2008-01-01T00:00:00.000000+00:00 | call time | call from a to b, seconds: 61`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.LeftOut.Untimed != 1 || r.Rows != 4 || r.Records != 4 {
		t.Errorf("%d untimed, %d rows of %d records", r.LeftOut.Untimed, r.Rows, r.Records)
	}
}

func TestParquetReadBack(t *testing.T) {
	type row struct {
		ID       string   `parquet:"id"`
		Kind     *string  `parquet:"kind"`
		Time     *int64   `parquet:"time,timestamp(microsecond)"`
		TimeText *string  `parquet:"time_text"`
		Text     *string  `parquet:"text"`
		To       []string `parquet:"to,list,optional"`
		Duration *int64   `parquet:"duration_s"`
		Offset   *int64   `parquet:"source_offset"`
		JSON     string   `parquet:"json"`
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := hostile().Draw(rt, "text")
		to := rapid.SliceOfN(hostile(), 0, 3).Draw(rt, "to")
		lines := [][]byte{
			line(t, 1, map[string]any{"text": text, "to": to, "time": "1970-01-01T00:00:00Z", "duration_s": "9007199254740993"}),
			line(t, 2, map[string]any{"text": nil, "time": "2008-08-01T16:30:00.123456789Z", "duration_s": 0}),
		}
		file, _ := write(t, export.Options{Format: "parquet", Tool: "1"}, lines...)
		rows, err := parquet.Read[row](bytes.NewReader(file), int64(len(file)))
		if err != nil || len(rows) != 2 {
			rt.Fatal(len(rows), err)
		}
		a, b := rows[0], rows[1]
		if a.JSON != string(lines[0]) || b.JSON != string(lines[1]) {
			rt.Fatal("json is not the record")
		}
		if *a.Text != text || b.Text != nil || !slices.Equal(a.To, to) || b.To != nil {
			rt.Fatalf("text %q, list %q", *a.Text, a.To)
		}
		if *a.Time != 0 || *b.Time != 1217608200123456 || *b.TimeText != "2008-08-01T16:30:00.123456789Z" || *a.Duration != 9007199254740993 || *b.Duration != 0 || *b.Offset != 20 {
			rt.Fatalf("times %d %d, duration %d %d", *a.Time, *b.Time, *a.Duration, *b.Duration)
		}
	})
}

func TestParquetFile(t *testing.T) {
	n := export.GroupRows + 1000
	var out bytes.Buffer
	w, err := export.NewWriter(&out, export.Options{Format: "parquet", Tool: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	l := line(t, 1, map[string]any{"text": "x"})
	for range n {
		if err := w.Record(l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != int64(n) || len(f.RowGroups()) != 2 || !strings.HasPrefix(f.Metadata().CreatedBy, "exhibit version 1.2.3") {
		t.Errorf("%d rows in %d groups by %q", f.NumRows(), len(f.RowGroups()), f.Metadata().CreatedBy)
	}
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
		if c.Name() == "time" && c.Type().String() != "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)" {
			t.Errorf("time is %s", c.Type())
		}
	}
	if names[0] != "id" || names[len(names)-1] != "json" || slices.Contains(names, "zone") {
		t.Errorf("columns %q", names)
	}
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			if codec := c.MetaData.Codec.String(); codec != "ZSTD" {
				t.Errorf("%v is %s", c.MetaData.PathInSchema, codec)
			}
		}
	}
}
