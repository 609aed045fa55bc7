package delimited_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

type output struct {
	sdk.Result
	records []string
	says    string
}

func parse(t testing.TB, data []byte, config string, op sdk.Op) output {
	t.Helper()
	var records, diagnostics bytes.Buffer
	r, err := sdk.Run(t.Context(), sdk.Plugin{Parse: op}, sdk.Job{
		Operation: evidence.OpParse, Config: json.RawMessage(config), Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader(data), int64(len(data)))},
		Records: &records, Diagnostics: &diagnostics, Artifacts: &bytes.Buffer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Units.Consistent() {
		t.Errorf("units do not add up: %+v", r.Units)
	}
	out := output{Result: r}
	for line := range strings.Lines(records.String()) {
		out.records = append(out.records, strings.TrimSuffix(line, "\n"))
	}
	var says []string
	for line := range strings.Lines(diagnostics.String()) {
		var d struct {
			Code, Severity string
			Source         struct{ Line int }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		says = append(says, fmt.Sprintf("%s %s %d", d.Severity, d.Code, d.Source.Line))
	}
	out.says = strings.Join(says, ", ")
	return out
}

// table lists the rows of a table: line, and name=value of each column. Spans of
// fields must hold what the fields do.
func table(t testing.TB, data []byte, config string, o delimited.Options) (rows []string, out output) {
	t.Helper()
	out = parse(t, data, config, func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		tab, err := delimited.Open(c, in, out, o)
		if err != nil {
			return err
		}
		for row := range tab.Rows() {
			var cells []string
			for i, name := range tab.Columns {
				cells = append(cells, name+"="+row.Text(name).String())
				span, err := row.Span(name)
				if err != nil {
					t.Fatal(err)
				}
				raw := data[span.Offset : span.Offset+span.Length]
				if text, bad := tab.Charset.AppendShown(nil, raw, nil); !bad && string(text) != string(row.Fields[i]) && strings.ReplaceAll(string(text), `""`, `"`) != string(row.Fields[i]) {
					t.Errorf("%s is %q, at its place stands %q", name, row.Fields[i], text)
				}
			}
			rows = append(rows, fmt.Sprintf("%d %s", row.Line, strings.Join(cells, " ")))
			if err := out.Put(&sdk.SMS{Common: row.Common(), Text: row.Text("text"), From: row.Text("from")}, row.Source()); err != nil {
				return err
			}
		}
		return tab.Err()
	})
	return rows, out
}

func TestTable(t *testing.T) {
	const head = "from,text\n"
	for name, c := range map[string]struct {
		text string
		o    delimited.Options
		want string
		says string
	}{
		"plain":        {head + "a,b\r\n\r\nc,\n", delimited.Options{}, "[2 from=a text=b|4 from=c text=]", ""},
		"quotes":       {head + "\"a,\"\"x\"\"\",\"b\nc\"\nd,e", delimited.Options{}, "[2 from=a,\"x\" text=b\nc|4 from=d text=e]", ""},
		"tab":          {"from\ttext\na\tb,c\n", delimited.Options{}, "[2 from=a text=b,c]", ""},
		"semicolon":    {"from;text;n\na;1,5;2,5\nb;2,5;3,5\n", delimited.Options{}, "[2 from=a text=1,5 n=2,5|3 from=b text=2,5 n=3,5]", ""},
		"bar, stated":  {"from|text\na|b,c\n", delimited.Options{Delimiter: "|"}, "[2 from=a text=b,c]", ""},
		"double colon": {"from::text\na::b\n", delimited.Options{Delimiter: "::"}, "[2 from=a text=b]", ""},
		"no header":    {"a,b\nc,d\n", delimited.Options{Columns: []string{"from", "text"}}, "[1 from=a text=b|2 from=c text=d]", ""},
		"skip":         {"An export\n\nfrom,text\na,b\n", delimited.Options{Skip: 1}, "[4 from=a text=b]", ""},
		"names":        {"x,,x,x\n1,2,3,4\n", delimited.Options{}, "[2 x=1 column_2=2 x#2=3 x#3=4]", ""},
		"bad rows":     {head + "a\nb,c,d\n\"e,f\ng,h\n", delimited.Options{}, "[4 from=\"e text=f|5 from=g text=h]", "reject record.fields 2, reject record.fields 3, warning record.quote_odd 4"},
		"odd quotes":   {head + "a,b\"c\n", delimited.Options{}, "[2 from=a text=b\"c]", "warning record.quote_odd 2"},
		"strict":       {head + "a,\"b\"c\nd,e\n", delimited.Options{Strict: true}, "[3 from=d text=e]", "reject record.quote 2"},
		"no quotes":    {head + "\"a,b\n", delimited.Options{NoQuote: true}, "[2 from=\"a text=b]", ""},
		"CR":           {"from,text\ra,b\rc,d", delimited.Options{}, "[2 from=a text=b|3 from=c text=d]", ""},
		"mark":         {"\xef\xbb\xbffrom,text\na,b\n", delimited.Options{}, "[2 from=a text=b]", ""},
		"header lines": {"\"from\",\"te\nxt\"\na,b\n", delimited.Options{}, "[3 from=a te\nxt=b]", ""},
		"header only":  {head, delimited.Options{}, "[]", ""},
		"one column":   {"word\na\nb\n", delimited.Options{}, "[2 word=a|3 word=b]", ""},
		"empty":        {"", delimited.Options{}, "[]", ""},
		"NUL":          {head + "a\x00,b\n", delimited.Options{}, "[2 from=a\x00 text=b]", ""},
	} {
		rows, out := table(t, []byte(c.text), "{}", c.o)
		if got := "[" + strings.Join(rows, "|") + "]"; got != c.want || out.says != c.says || out.Err != nil {
			t.Errorf("%s: %q; %s %v", name, got, out.says, out.Err)
		}
	}
}

func TestTableCharsets(t *testing.T) {
	const text = "发送号码,短信内容\n13900000001,\"你好,世界\"\n13900000002,再见再见\n"
	for name, data := range map[string][]byte{"utf-16le": utf16(t, text), "gb18030": gbk(t, text), "utf-8": []byte(text)} {
		rows, out := table(t, data, "{}", delimited.Options{})
		if len(rows) != 2 || rows[0] != "2 发送号码=13900000001 短信内容=你好,世界" || out.says != "" {
			t.Errorf("%s: %q; %s", name, rows, out.says)
		}
	}
	// One damaged field keeps its bytes, and the others theirs.
	data := append(gbk(t, "from,text\n一二三,"), append([]byte("ab\xffcd"), gbk(t, "\n四五六,七八九十\n四五六,七八九十\n")...)...)
	_, out := table(t, data, `{"charset":"gbk"}`, delimited.Options{})
	want := `{"charset":"gb18030","charset_basis":"declared","flags":["charset_damaged"],"from":"一二三","kind":"sms",`
	if len(out.records) != 3 || !strings.HasPrefix(out.records[0], want) || !strings.HasSuffix(out.records[0], "\"text\":\"ab\uFFFDcd\",\"text_raw\":\"YWL/Y2Q=\"}") {
		t.Errorf("%q; %s", out.records, out.says)
	}
}

func utf16(t testing.TB, text string) []byte {
	t.Helper()
	b, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gbk(t testing.TB, text string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What encoding/csv reads is read here, and as the same.
func FuzzTable(f *testing.F) {
	f.Add([]byte("a,b\n\"x,\"\"\",\"y\r\nz\"\n\n1,2\n"))
	f.Add([]byte("a,b,c\n,,\n\"\",\"\"\"\",\"\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, out := table(t, data, `{"charset":"utf-8"}`, delimited.Options{Delimiter: ",", Strict: true})
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		// encoding/csv makes line feeds of CR LF, takes a lone CR before the end for one,
		// and has other rules for blank lines of spaces and for bytes that are no text.
		if bytes.ContainsAny(data, "\r\x00 \t\v\f") || bytes.ContainsRune(data, 0x85) || bytes.ContainsRune(data, 0xA0) || !bytes.Equal(bytes.ToValidUTF8(data, nil), data) || bytes.HasPrefix(data, []byte("\ufeff")) || len(strings.Fields(string(data))) != len(strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })) {
			return
		}
		r := csv.NewReader(bytes.NewReader(data))
		all, err := r.ReadAll()
		if err != nil || len(all) == 0 {
			return // it gives up at what costs one record here
		}
		if len(rows) != len(all)-1 {
			t.Fatalf("%d rows, want %d: %q", len(rows), len(all)-1, all)
		}
		for i, row := range rows {
			for _, cell := range all[i+1] {
				if !strings.Contains(row, cell) {
					t.Fatalf("row %q, want %q", row, all[i+1])
				}
			}
		}
	})
}

// BenchmarkTable reads a table of four columns, and encoding/csv does the same.
func BenchmarkTable(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("from,to,time,text\n")
	const rows = 100_000
	for i := range rows {
		fmt.Fprintf(&text, "1390000%04d,1380000%04d,2008-08-01 07:%02d:%02d,\"message %d, as \"\"text\"\"\"\n", i%10000, i%7919, i/60%60, i%60, i)
	}
	data := text.Bytes()
	b.Run("encoding/csv", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for range b.N {
			r := csv.NewReader(bytes.NewReader(data))
			n := 0
			for {
				if _, err := r.Read(); err != nil {
					break
				}
				n++
			}
			if n != rows+1 {
				b.Fatal(n)
			}
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	for _, fields := range []bool{false, true} {
		b.Run(map[bool]string{false: "rows", true: "every field"}[fields], func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for range b.N {
				n := 0
				out := parse(b, data, "{}", func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
					tab, err := delimited.Open(c, in, out, delimited.Options{})
					if err != nil {
						return err
					}
					for row := range tab.Rows() {
						n++
						if fields {
							_, _, _, _ = row.Text("from"), row.Text("to"), row.Text("time"), row.Text("text")
						}
					}
					return tab.Err()
				})
				if n != rows || out.Err != nil {
					b.Fatal(n, out.Err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
