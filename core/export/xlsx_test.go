package export_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/export"
)

func openXLSX(t testing.TB, file []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// sheetOf reads a sheet's cells as they are stored.
func sheetOf(t testing.TB, file []byte, name string) [][]string {
	t.Helper()
	rows, err := openXLSX(t, file).GetRows(name, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func indexOf(t testing.TB, row []string, name string) int {
	t.Helper()
	i := slices.Index(row, name)
	if i < 0 {
		t.Fatalf("no column %s in %q", name, row)
	}
	return i
}

// pictured is what text looks like in a cell.
func pictured(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			return 0x2400 + r
		case r == 0xFFFE || r == 0xFFFF:
			return 0xFFFD
		}
		return r
	}, s)
}

func TestXLSXKeepsHostileText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := hostile().Draw(rt, "text")
		file, r := write(t, export.Options{Format: "xlsx"}, line(t, 1, map[string]any{"text": s, "from": "x", "duration_s": 5}))
		rows := sheetOf(t, file, "message")
		if got := rows[1][indexOf(t, rows[0], "text")]; got != pictured(s) {
			rt.Fatalf("%q became %q", s, got)
		}
		changed := 0
		for i, c := range []rune(s) {
			if []rune(pictured(s))[i] != c {
				changed++
			}
		}
		if r.Changes.Replaced != int64(changed) || (r.Changes.ReplacedCells > 0) != (changed > 0) {
			rt.Fatalf("%d replaced, counted %d in %d cells", changed, r.Changes.Replaced, r.Changes.ReplacedCells)
		}
	})
}

func TestXLSXTypes(t *testing.T) {
	file, r := write(t, export.Options{Format: "xlsx", Zone: zone(t, "Asia/Shanghai"), ZoneName: "Asia/Shanghai", Tool: "1"},
		line(t, 1, map[string]any{"kind": "call", "time": "2008-08-01T16:30:00.25Z", "to": []string{"0123"}, "duration_s": 402, "from": "=1+1"}),
		line(t, 2, map[string]any{"kind": "call", "time": "1899-01-01T00:00:00Z", "duration_s": nil}),
		line(t, 3, map[string]any{"kind": "call", "duration_s": 1 << 50}),
	)
	f := openXLSX(t, file)
	head, err := f.GetRows("call")
	if err != nil {
		t.Fatal(err)
	}
	cell := func(name string, row int) (string, excelize.CellType) {
		at, err := excelize.CoordinatesToCellName(indexOf(t, head[0], name)+1, row)
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.GetCellValue("call", at, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		typ, err := f.GetCellType("call", at)
		if err != nil {
			t.Fatal(err)
		}
		if formula, _ := f.GetCellFormula("call", at); formula != "" {
			t.Errorf("%s is a formula", at)
		}
		return v, typ
	}
	const number = excelize.CellTypeUnset // of a cell that says nothing of its type: a number
	for _, c := range []struct {
		column string
		row    int
		want   string
		typ    excelize.CellType
	}{
		{"date (Asia/Shanghai)", 2, "39662.02083622685", number}, // 2008-08-02 00:30:00.25
		{"time", 2, "2008-08-01T16:30:00.25Z", excelize.CellTypeInlineString},
		{"to", 2, "0123", excelize.CellTypeInlineString},
		{"from", 2, "=1+1", excelize.CellTypeInlineString},
		{"duration_s", 2, "402", number},
		{"source_line", 2, "1", number},
		{"date (Asia/Shanghai)", 3, "", number},
		{"time", 3, "1899-01-01T00:00:00Z", excelize.CellTypeInlineString},
		{"duration_s", 4, "1125899906842624", excelize.CellTypeInlineString}, // more digits than a number keeps
	} {
		if got, typ := cell(c.column, c.row); got != c.want || typ != c.typ {
			t.Errorf("%s, row %d: %q of type %v, want %q of type %v", c.column, c.row, got, typ, c.want, c.typ)
		}
	}
	// excelize itself shows no fractions of a second.
	if shown, err := f.GetCellValue("call", "D2"); err != nil || !strings.HasPrefix(shown, "2008-08-02 00:30:00.") {
		t.Errorf("the date is shown as %q (%v)", shown, err)
	}
	if r.Changes.Undated != 1 {
		t.Errorf("%d undated", r.Changes.Undated)
	}
}

func TestXLSXCutsLongCells(t *testing.T) {
	for _, c := range []struct {
		name, text string
		cut        bool
	}{
		{"fits", strings.Repeat("長", 32767), false},
		{"one more", strings.Repeat("長", 32768), true},
		{"pairs", strings.Repeat("😀", 16384), true},
		{"a million", strings.Repeat("a", 1_000_000), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, r := write(t, export.Options{Format: "xlsx"}, line(t, 1, map[string]any{"text": c.text}))
			rows := sheetOf(t, file, "message")
			got := rows[1][indexOf(t, rows[0], "text")]
			units := 0
			for _, x := range got {
				units++
				if x > 0xFFFF {
					units++
				}
			}
			if units > 32767 || (got == c.text) == c.cut || (r.Changes.Cut == 1) != c.cut || strings.Contains(got, "[cut here") != c.cut {
				t.Errorf("%d units, counted %d, ends %q", units, r.Changes.Cut, got[max(0, len(got)-60):])
			}
			if c.cut && units < 32700 {
				t.Errorf("only %d units kept", units)
			}
		})
	}
}

// Sheets are named as spreadsheets allow, in a fixed order, however kinds come.
func TestXLSXSheets(t *testing.T) {
	long := "x-acme/" + strings.Repeat("k", 40)
	var lines [][]byte
	kinds := []string{"keyword", "x-b/z", "message", long, long + "2", "X-B/Z", "x-b:z", "call", ""}
	for i, k := range kinds {
		lines = append(lines, line(t, i+1, map[string]any{"kind": k}))
	}
	about := func(r export.Result) [][2]string { return [][2]string{{"Records", "9\x01"}} }
	file, r := write(t, export.Options{Format: "xlsx", About: about}, lines...)
	got := openXLSX(t, file).GetSheetList()
	if len(got) != len(kinds)+1 || got[0] != "About" || got[1] != "message" || got[2] != "call" || got[3] != "keyword" {
		t.Errorf("sheets %q", got)
	}
	for i, name := range got[1:] {
		if r.Sheets[i].Name != name || r.Sheets[i].Rows != 1 {
			t.Errorf("sheet %q, counted as %v", name, r.Sheets[i])
		}
		if len([]rune(name)) > 31 || strings.ContainsAny(name, `:\/?*[]`) {
			t.Errorf("sheet %q", name)
		}
	}
	if rows := sheetOf(t, file, "About"); rows[0][1] != "9␁" {
		t.Errorf("About %q", rows)
	}
}

func TestXLSXOfManyKinds(t *testing.T) {
	var lines [][]byte
	for i := range 100 {
		lines = append(lines, line(t, i+1, map[string]any{"kind": "x-a/k" + strings.Repeat("i", i)}))
	}
	file, r := write(t, export.Options{Format: "xlsx"}, lines...)
	if n := len(r.Sheets); n != 33 || r.Sheets[32].Rows+r.Sheets[0].Rows > 100 {
		t.Errorf("%d sheets", n)
	}
	total := 0
	for _, s := range r.Sheets {
		total += len(sheetOf(t, file, s.Name)) - 1
	}
	if total != 100 {
		t.Errorf("%d rows of 100", total)
	}
}

func TestXLSXOfNothing(t *testing.T) {
	for kind, sheet := range map[string]string{"": "records", "call": "call"} {
		file, _ := write(t, export.Options{Format: "xlsx", Kind: kind}, nil...)
		if rows := sheetOf(t, file, sheet); len(rows) != 1 || rows[0][0] != "id" {
			t.Errorf("kind %q: %q", kind, rows)
		}
	}
}

// LibreOffice, where it is installed, reads the same text.
func TestXLSXByLibreOffice(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("NOT TESTED: no LibreOffice here")
	}
	texts := []string{"=1+1", "0123", "_x0041_", "a\nb", " x ", "'q", "+86", "長 😀", "a\x01b"}
	var lines [][]byte
	for i, s := range texts {
		lines = append(lines, line(t, i+1, map[string]any{"text": s}))
	}
	file, _ := write(t, export.Options{Format: "xlsx", Kind: "message"}, lines...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.xlsx"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	// 44,34,76,1,,0,false,true,false,false,false,2: UTF-8, text as shown, the second sheet.
	cmd := exec.Command(office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2", "--outdir", dir, filepath.Join(dir, "a.xlsx"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range texts {
		if got := rows[i+1][indexOf(t, rows[0], "text")]; got != pictured(s) {
			t.Errorf("%q became %q", s, got)
		}
	}
}
