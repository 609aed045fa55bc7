package main_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	gb    = "用户名称测试中文字符的数据库" // simplified
	trad  = "許功蓋誠實的資料庫內容測試"  // characters whose second byte is a backslash in Big5
	table = "CREATE TABLE `t` (`a` text, `b` text);\n"
)

func encode(t *testing.T, enc interface {
	String(string) (string, error)
}, s string,
) string {
	t.Helper()
	out, err := enc.String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Text is read in the charset that the item, the dump or its values say, and the
// record says which.
func TestCharsets(t *testing.T) {
	gbk := encode(t, simplifiedchinese.GBK.NewEncoder(), gb)
	big5 := encode(t, traditionalchinese.Big5.NewEncoder(), trad)
	latin := encode(t, charmap.Windows1252.NewEncoder(), "café €5")
	if !strings.Contains(big5, `\`) {
		t.Fatal("no backslash in the Big5 text")
	}
	for name, c := range map[string]struct {
		set, value, config string
		want               string // text, charset and basis
		codes              string
	}{
		"utf8mb4":                {"SET NAMES utf8mb4;\n", gb, "", gb + " utf-8 declared", ""},
		"gbk":                    {"/*!40101 SET NAMES gbk */;\n", gbk, "", gb + " gb18030 declared", ""},
		"big5, lexed by two":     {"SET NAMES 'big5';\n", big5, "", trad + " big5 declared", ""},
		"latin1":                 {"SET NAMES latin1;\n", latin, "", "café €5 windows-1252 declared", ""},
		"latin1 that is UTF-8":   {"SET NAMES latin1;\n", gb, "", gb + " utf-8 detected", "charset.contradicted"},
		"nothing stated, UTF-8":  {"", gb, "", gb + " utf-8 detected", ""},
		"nothing stated, GBK":    {"", gbk, "", gb + " gb18030 detected", ""},
		"binary":                 {"SET NAMES binary;\n", gbk, "", gb + " gb18030 detected", ""},
		"declared for the item":  {"SET NAMES latin1;\n", gbk, `{"charset":"gb18030"}`, gb + " gb18030 declared", ""},
		"PostgreSQL":             {"SET client_encoding = 'WIN1251';\n", "\xcf\xf0\xe8", "", "При windows-1251 declared", ""},
		"not what it says":       {"SET NAMES utf8;\n", gbk, "", "", "charset.undecoded"},
		"ASCII needs no charset": {"", "abc", "", "abc <nil> <nil>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dump := c.set + table + "INSERT INTO `t` VALUES ('" + c.value + "','" + c.value + "');\n"
			o := parse(t, dump, c.config)
			recs := decoded(t, o.Records)
			if len(recs) != 1 {
				t.Fatalf("%q", o.Diagnostics)
			}
			columns := recs[0]["columns"].(object)
			if got := fmt.Sprint(columns["a"], " ", recs[0]["charset"], " ", recs[0]["charset_basis"]); c.want != "" && got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if c.want == "" && string(bytesOf(t, columns, "b")) != c.value {
				t.Errorf("%v", columns)
			}
			found := ""
			for code := range codes(t, o) {
				found += code
			}
			if found != c.codes {
				t.Errorf("codes %q, want %q", found, c.codes)
			}
		})
	}
}

// A dump that PowerShell wrote is UTF-16; places are those of its bytes.
func TestWide(t *testing.T) {
	dump := pgHead + "CREATE TABLE t (a text, b text);\nCOPY t (a, b) FROM stdin;\n" + gb + "\t𝛼é\n" + strings.Repeat("x\t𝛼\\n\n", 60_000) + "\\.\nINSERT INTO t VALUES ('" + gb + "','𝛼'),\n('a','it''s');\n" + pgTail
	for name, order := range map[string]binary.ByteOrder{"le": binary.LittleEndian, "be": binary.BigEndian} {
		var b []byte
		for _, u := range utf16.Encode([]rune("\uFEFF" + strings.ReplaceAll(dump, "\n", "\r\n"))) {
			b = append(b, 0, 0)
			order.PutUint16(b[len(b)-2:], u)
		}
		o := parse(t, string(b), "")
		recs := decoded(t, o.Records)
		if len(recs) != 60_003 || len(codes(t, o)) > 0 {
			t.Fatalf("%s: %d records, %v", name, len(recs), codes(t, o))
		}
		for i, want := range map[int]string{0: gb + "\t𝛼é", 1: "x\t𝛼\\n", 60_000: "x\t𝛼\\n", 60_001: "('" + gb + "','𝛼')", 60_002: "('a','it''s')"} {
			raw := span(t, string(b), recs[i])
			units := make([]uint16, len(raw)/2)
			for k := range units {
				units[k] = order.Uint16([]byte(raw[2*k:]))
			}
			if got := string(utf16.Decode(units)); got != want {
				t.Errorf("%s: record %d at %q, want %q", name, i, got, want)
			}
			if line := recs[i]["source"].(object)["line"]; i == 60_001 && fmt.Sprint(line) != fmt.Sprint(strings.Count(dump[:strings.Index(dump, "INSERT")], "\n")+1) {
				t.Errorf("line %v", line)
			}
		}
		if got := recs[0]["columns"].(object)["b"]; got != "𝛼é" || recs[0]["charset"] != "utf-16" {
			t.Errorf("%s: %v %v", name, got, recs[0]["charset"])
		}
	}
}
