package leakcheck

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	_ "github.com/ncruces/go-sqlite3/driver"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// canaries are planted; each has a category and, where that differs, a canonical spelling.
var canaries = []struct{ category, raw, canonical string }{
	{"phone", "138 0013 8765", "+8613800138765"},
	{"username", "Zhang_Wei-88x", "zhang_wei-88x"},
	{"person_name", "歐陽明華", ""},
	{"email", "Zhao.Liu1987@Example.org", "zhao.liu1987@example.org"},
	{"cn_resident_id", "11010519491231002X", ""},
	{"bank_card", "6222-0212-3456-7894", "6222021234567894"},
	{"person_name", "Ólafur Þórðarson", ""},
	{"account_number", "80471926", ""},
}

func canaryNeedles(t testing.TB) *Needles {
	t.Helper()
	n, err := NewNeedles(func(yield func(category, raw, canonical string) error) error {
		for _, c := range canaries {
			if err := yield(c.category, c.raw, c.canonical); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// spelling writes a value another way; nil where it cannot.
type spelling struct {
	name  string
	write func(value string) []byte
	// safe: it can stand in a text, and in a name where name is true.
	text, inName bool
}

func each(value string, f func(r rune) string) []byte {
	var b strings.Builder
	for _, r := range value {
		b.WriteString(f(r))
	}
	return []byte(b.String())
}

func wide(value string, little bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(value)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return b
}

func onlyDigits(value string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, value)
}

// isNumber: a value that is looked for as a number.
func isNumber(value string) bool {
	return len(onlyDigits(value)) >= 7 && strings.Trim(value, "0123456789 -+X") == ""
}

func aligned(n int, e *base64.Encoding) func(string) []byte {
	return func(v string) []byte { return []byte(e.EncodeToString([]byte("<<<"[:n] + v + ">>>>"))) }
}

func wrapped(v string) []byte {
	s := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("filler ", 30) + v + strings.Repeat(" filler", 30)))
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + "\r\n")
	}
	return []byte(b.String() + s)
}

func quoted(v string) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.Repeat("x", 68) + " " + v + " "))
	_ = w.Close()
	return b.Bytes()
}

func asNumber(f func(digits string) string) func(string) []byte {
	return func(v string) []byte {
		if !isNumber(v) {
			return nil
		}
		return []byte(f(onlyDigits(v)))
	}
}

func hashed(f func([]byte) []byte, as func([]byte) string) func(string) []byte {
	return func(v string) []byte { return []byte(as(f([]byte(v)))) }
}

func spellings() []spelling {
	m := func(b []byte) []byte { s := md5.Sum(b); return s[:] }
	s1 := func(b []byte) []byte { s := sha1.Sum(b); return s[:] }
	s2 := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	crc := func(b []byte) []byte { return []byte(fmt.Sprintf("%08x", crc32.ChecksumIEEE(b))) }
	raw := func(b []byte) string { return string(b) }
	b64 := base64.StdEncoding.EncodeToString
	charset := func(f func(string) ([]byte, error)) func(string) []byte {
		return func(v string) []byte {
			b, err := f(v)
			if err != nil || string(b) == v {
				return nil
			}
			return b
		}
	}
	return []spelling{
		{"UTF-8", func(v string) []byte { return []byte(v) }, true, true},
		{"capitals", func(v string) []byte {
			return []byte(strings.Map(func(r rune) rune { return rune(strings.ToUpper(string(r))[0]) }, asciiOnly(v)))
		}, true, true},
		{"UTF-16LE", func(v string) []byte { return wide(v, true) }, false, false},
		{"UTF-16BE", func(v string) []byte { return wide(v, false) }, false, false},
		{"GB18030", charset(func(v string) ([]byte, error) { return simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(v)) }), false, false},
		{"Big5", charset(func(v string) ([]byte, error) { return traditionalchinese.Big5.NewEncoder().Bytes([]byte(v)) }), false, false},
		{"percent, as needed", func(v string) []byte { return []byte(url.PathEscape(v)) }, true, true},
		{"percent, all, small", func(v string) []byte { return []byte(strings.ReplaceAll(fmt.Sprintf("% x", " "+v)[2:], " ", "%")) }, true, true},
		{"percent, GB18030", charset(func(v string) ([]byte, error) {
			b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(v))
			return []byte(url.QueryEscape(string(b))), err
		}), true, true},
		{"percent, twice", func(v string) []byte { return []byte(url.QueryEscape(url.PathEscape("|" + v))) }, true, true},
		{"JSON, all", func(v string) []byte { return each(v, func(r rune) string { return fmt.Sprintf(`\u%04x`, r) }) }, true, false},
		{"JSON, beyond ASCII", func(v string) []byte { return []byte(strings.Trim(fmt.Sprintf("%+q", v), `"`)) }, true, false},
		{"JSON in JSON", func(v string) []byte { return each(v, func(r rune) string { return fmt.Sprintf(`\\u%04X`, r) }) }, true, false},
		{"HTML, decimal", func(v string) []byte { return each(v, func(r rune) string { return fmt.Sprintf("&#%d;", r) }) }, true, false},
		{"HTML, hexadecimal", func(v string) []byte { return each(v, func(r rune) string { return fmt.Sprintf("&#x%X;", r) }) }, true, false},
		{"HTML, tags", func(v string) []byte {
			r := []rune(v)
			return []byte(string(r[:2]) + "<wbr>" + string(r[2:3]) + "<mark class=x>" + string(r[3:]) + "</mark>")
		}, false, false},
		{"quoted-printable", quoted, true, false},
		{"hexadecimal", func(v string) []byte { return []byte(hex.EncodeToString([]byte(v))) }, true, true},
		{"hexadecimal, capitals", func(v string) []byte { return []byte(strings.ToUpper(hex.EncodeToString([]byte("." + v)))) }, true, true},
		{"hexadecimal of UTF-16", func(v string) []byte { return []byte(hex.EncodeToString(wide(v, true))) }, true, true},
		{"base64, 0", aligned(0, base64.StdEncoding), true, false},
		{"base64, 1", aligned(1, base64.StdEncoding), true, false},
		{"base64, 2", aligned(2, base64.RawStdEncoding), true, false},
		{"base64 for URLs", aligned(2, base64.URLEncoding), true, true},
		{"base64, lines", wrapped, true, false},
		{"base64 of UTF-16", func(v string) []byte { return []byte(base64.StdEncoding.EncodeToString(wide("a"+v, true))) }, true, false},
		{"base64 of base64", func(v string) []byte {
			return []byte(base64.StdEncoding.EncodeToString(aligned(1, base64.StdEncoding)(v)))
		}, true, false},
		{"base64 of JSON", func(v string) []byte {
			return []byte(base64.StdEncoding.EncodeToString(each(v, func(r rune) string { return fmt.Sprintf(`\u%04x`, r) })))
		}, true, false},
		{"full-width", func(v string) []byte {
			return each(v, func(r rune) string {
				if r > ' ' && r < 0x7f && (r > '9' || r >= '0' || r == '-' || r == '.') {
					r += 0xfee0
				}
				return string(r)
			})
		}, true, true},
		{"invisible characters", func(v string) []byte { return each(v, func(r rune) string { return string(r) + "\u200b" }) }, true, true},
		{"digits in groups", asNumber(func(d string) string { return d[:3] + "-" + d[3:7] + " " + d[7:] }), true, true},
		{"digits, full-width", asNumber(func(d string) string { return string(each(d, func(r rune) string { return string(r + 0xfee0) })) }), true, true},
		{"digits, Han", asNumber(func(d string) string {
			return string(each(d, func(r rune) string { return string([]rune("〇一二三四五六七八九")[r-'0']) }))
		}), true, true},
		{"digits, spaced", asNumber(func(d string) string { return string(each(d, func(r rune) string { return string(r) + " " })) }), true, true},
		{"the last 7 digits", asNumber(func(d string) string { return d[len(d)-7:] }), true, true},
		{"+86 before", asNumber(func(d string) string { return "+86" + d }), true, true},
		{"MD5", hashed(m, hex.EncodeToString), true, true},
		{"SHA-1 in capitals", hashed(s1, func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }), true, true},
		{"SHA-256", hashed(s2, hex.EncodeToString), true, true},
		{"SHA-256, cut short", hashed(s2, func(b []byte) string { return hex.EncodeToString(b[:8]) }), true, true},
		{"SHA-256 in base64", hashed(s2, b64), true, false},
		{"SHA-256 of the line", func(v string) []byte { return []byte(hex.EncodeToString(s2([]byte(v + "\n")))) }, true, true},
		{"CRC-32", hashed(crc, raw), true, true},
	}
}

func asciiOnly(v string) string {
	for _, r := range v {
		if r > 0x7f {
			return "n/a"
		}
	}
	return v
}

// spelled is a value so written, nil where that says nothing new.
func (s spelling) of(value string) []byte {
	switch {
	case s.name == "capitals" && asciiOnly(value) == "n/a":
		return nil
	case s.name == "digits, spaced" && len(onlyDigits(value)) < 11:
		return nil
	}
	return s.write(value)
}

// surface plants bytes in a bundle.
type surface struct {
	name  string
	plant func(t *testing.T, b *made, what []byte)
	// kinds of spelling that can stand there.
	text, inName, html bool
}

// made is a bundle in the making.
type made struct {
	names   []string
	files   map[string][]byte
	comment string
	gap     []byte
}

func (m *made) put(name string, content []byte) {
	if _, ok := m.files[name]; !ok {
		m.names = append(m.names, name)
	}
	m.files[name] = content
}

func (m *made) within(name, before string, what []byte, after string) {
	m.put(name, bytes.Join([][]byte{m.files[name], []byte(before), what, []byte(after)}, nil))
}

func (m *made) zip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	b.Write(m.gap)
	w.SetOffset(int64(len(m.gap)))
	for _, name := range m.names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: "B/" + name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(m.files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(m.comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, method uint16, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err == nil {
		_, err = f.Write(content)
	}
	if err = firstOf(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, content []byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	_, err := w.Write(content)
	if err = firstOf(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func lines64(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for ; len(s) > 76; s = s[76:] {
		out.WriteString(s[:76] + "\r\n")
	}
	return out.String() + s + "\r\n"
}

func rsmf(attachment []byte, subject string) []byte {
	return []byte("Subject: " + subject + "\r\nX-RSMF-Version: 2.0.0\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b0\"\r\n\r\n--b0\r\nContent-Type: text/plain\r\n\r\nmessages\r\n--b0\r\nContent-Type: application/zip; name=\"rsmf.zip\"\r\nContent-Disposition: attachment; filename=\"rsmf.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines64(attachment) + "--b0--\r\n")
}

// database runs statements on a new SQLite database and returns its file and its log.
func database(t *testing.T, wal bool, do func(db *sql.DB)) (file, log []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "d.db")
	db, err := sql.Open("sqlite3", "file:"+name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	run(t, db, "pragma synchronous=off")
	if wal {
		if _, err := db.Exec("pragma journal_mode=wal; pragma wal_autocheckpoint=0"); err != nil {
			t.Fatal(err)
		}
	}
	do(db)
	if wal {
		if log, err = os.ReadFile(name + "-wal"); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	return file, log
}

func run(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func surfaces() []surface {
	deflated := func(name string) func(t *testing.T, m *made, what []byte) {
		return func(t *testing.T, m *made, what []byte) {
			m.put("data/redacted/"+name, zipped(t, zip.Deflate, "inner.txt", append([]byte("a "), append(what, " b"...)...)))
		}
	}
	return []surface{
		{"text", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/texts/P-000001.txt", "Sent by: ", w, " on Monday\n")
		}, true, false, false},
		{"bytes among bytes", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/raw.bin", "\x00\x01\xff\xfe\x00\x00", w, "\x00\x00\x03\xff")
		}, false, false, false},
		{"records.jsonl", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/records.jsonl", `{"number":"P-000009","text":"`, w, "\"}\n")
		}, true, false, false},
		{"records.csv", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/records.csv", `P-000010,"`, w, "\",x\n")
		}, true, false, false},
		{"HTML text", func(_ *testing.T, m *made, w []byte) { m.within("data/redacted/report.html", "<td>", w, "</td>") }, true, false, true},
		{"HTML attribute", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/report.html", `<a title="`, w, `">x</a>`)
		}, true, false, false},
		{"redaction log", func(_ *testing.T, m *made, w []byte) {
			m.within("data/redacted/redaction-log.csv", "P-000001,/text,phone,", w, ",auto\n")
		}, true, false, false},
		{"custody log", func(_ *testing.T, m *made, w []byte) {
			m.within("custody/log.jsonl", `{"plain":{"kind":"`, w, "\"}}\n")
		}, true, false, false},
		{"opening", func(_ *testing.T, m *made, w []byte) {
			m.within("custody/openings.jsonl", `{"field":"asserted.recipient","value":"`, w, "\"}\n")
		}, true, false, false},
		{"file name", func(_ *testing.T, m *made, w []byte) { m.put("data/redacted/"+string(w)+".txt", []byte("x")) }, true, true, false},
		{"first file's first bytes", func(_ *testing.T, m *made, w []byte) { m.put("data/a.bin", w) }, false, false, false},
		{"border of two pieces", func(_ *testing.T, m *made, w []byte) {
			m.put("data/big.txt", bytes.Join([][]byte{bytes.Repeat([]byte("."), lead+pieceSize-len(w)/2), w, []byte(" end")}, nil))
		}, true, false, false},
		{"before the border's overlap", func(_ *testing.T, m *made, w []byte) {
			m.put("data/big.txt", bytes.Join([][]byte{bytes.Repeat([]byte("."), lead+pieceSize-1), w, bytes.Repeat([]byte("."), 2*overlap)}, nil))
		}, true, false, false},
		{"ZIP comment", func(_ *testing.T, m *made, w []byte) { m.comment = "made for " + string(w) + "." }, true, false, false},
		{"before the first ZIP member", func(_ *testing.T, m *made, w []byte) { m.gap = append(append([]byte("hidden "), w...), 0) }, false, false, false},
		{"member of a ZIP, deflated", deflated("inner.zip"), true, false, false},
		{"member of a ZIP, stored", func(t *testing.T, m *made, w []byte) {
			m.put("data/redacted/s.zip", zipped(t, zip.Store, "inner.bin", append([]byte{0}, w...)))
		}, false, false, false},
		{"name of a ZIP's member", func(t *testing.T, m *made, w []byte) {
			m.put("data/redacted/n.zip", zipped(t, zip.Store, string(w)+".txt", []byte("x")))
		}, true, true, false},
		{"ZIP in gzip in ZIP", func(t *testing.T, m *made, w []byte) {
			m.put("data/redacted/deep.zip", zipped(t, zip.Deflate, "x.gz", gzipped(t, zipped(t, zip.Deflate, "y", w), "")))
		}, false, false, false},
		{"gzip", func(t *testing.T, m *made, w []byte) {
			m.put("data/redacted/t.gz", gzipped(t, append([]byte("_ "), w...), ""))
		}, true, false, false},
		{"name in gzip", func(t *testing.T, m *made, w []byte) { m.put("data/redacted/t.gz", gzipped(t, []byte("x"), string(w))) }, true, true, false},
		{"ZIP in a mail (RSMF)", func(t *testing.T, m *made, w []byte) {
			m.put("data/redacted/rsmf/P-000001.rsmf", rsmf(zipped(t, zip.Deflate, "rsmf_manifest.json", bytes.Join([][]byte{[]byte(`{"body":"`), w, []byte(`"}`)}, nil)), "x"))
		}, true, false, false},
		{"gzip in base64 in HTML", func(t *testing.T, m *made, w []byte) {
			m.within("data/redacted/report.html", `<img src="data:application/gzip;base64,`, []byte(base64.StdEncoding.EncodeToString(gzipped(t, append(bytes.Repeat([]byte("padding of no meaning, 0123456 7 8 9 "), 4), w...), ""))), `">`)
		}, true, false, false},
		{"SQLite row", func(t *testing.T, m *made, w []byte) {
			f, _ := database(t, false, func(db *sql.DB) { run(t, db, "create table r(a,b)"); run(t, db, "insert into r values(1,?)", w) })
			m.put("data/redacted/records.db", f)
		}, false, false, false},
		{"SQLite page that is free", func(t *testing.T, m *made, w []byte) {
			f, _ := database(t, false, func(db *sql.DB) {
				run(t, db, "create table r(a,b)")
				run(t, db, "begin")
				for i := range 200 {
					run(t, db, "insert into r values(?,?)", i, append(bytes.Repeat([]byte("long "), 100), w...))
				}
				run(t, db, "commit")
				run(t, db, "drop table r")
				run(t, db, "create table n(a)")
			})
			m.put("data/redacted/records.db", f)
		}, false, false, false},
		{"SQLite write-ahead log", func(t *testing.T, m *made, w []byte) {
			_, log := database(t, true, func(db *sql.DB) {
				run(t, db, "create table r(a,b)")
				run(t, db, "insert into r values(1,?)", w)
				run(t, db, "update r set b='x'")
			})
			m.put("data/redacted/records.db-wal", log)
		}, false, false, false},
		{"PDF stream", func(t *testing.T, m *made, w []byte) {
			var z bytes.Buffer
			zw := zlib.NewWriter(&z)
			_, err := zw.Write(bytes.Join([][]byte{[]byte("BT ("), w, []byte(") Tj ET")}, nil))
			if err = firstOf(err, zw.Close()); err != nil {
				t.Fatal(err)
			}
			m.put("data/redacted/p.pdf", []byte(fmt.Sprintf("%%PDF-1.4\n1 0 obj <</Length %d/Filter/FlateDecode>>\nstream\r\n%s\nendstream endobj\n", z.Len(), z.Bytes())))
		}, false, false, false},
	}
}

// clean is a bundle made by hand with nothing in it.
func clean() *made {
	m := &made{files: map[string][]byte{}}
	sum := strings.Repeat("0a1b2c3d4e5f60718293", 4)[:64]
	m.put("bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"))
	m.put("manifest-sha256.txt", []byte(sum+"  data/redacted/records.jsonl\n"))
	m.put("custody/log.jsonl", []byte(`{"commit":{"asserted.recipient":"`+sum+`"},"id":3,"time":{"utc":"2026-11-22T23:04:05Z"},"size":12345678}`+"\n"))
	m.put("custody/openings.jsonl", []byte(`{"field":"asserted.purpose","salt":"00112233445566778899aabbccddeeff","value":"trial"}`+"\n"))
	m.put("data/redacted/records.jsonl", []byte(`{"kind":"message","from":"[USERNAME-7F3KQ2M9]","text":"来电 [PHONE-7F3KQ2M9]，谢谢","time":"2010-08-25T14:22:03Z","number":"P-000001"}`+"\n"))
	m.put("data/redacted/records.csv", []byte("number,from,text\nP-000001,[USERNAME-7F3KQ2M9],hello\n"))
	m.put("data/redacted/redaction-log.csv", []byte("number,field,category,operator,decided\nP-000001,/text,phone,pseudonym,auto\n"))
	m.put("data/redacted/report.html", []byte("<!doctype html><html><body><h1>Report</h1><p>1 message, 2010-08-25</p>\n"))
	return m
}

func checked(t testing.TB, n *Needles, m *made) *Report {
	t.Helper()
	tt, ok := t.(*testing.T)
	if !ok {
		t.Fatal("no test")
	}
	z := m.zip(tt)
	r, err := CheckZIP(context.Background(), bytes.NewReader(z), int64(len(z)), n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCanaries is the proof by mutation: every value, in every spelling, on every surface of a
// bundle in which nothing is found otherwise.
func TestCanaries(t *testing.T) {
	n := canaryNeedles(t)
	if r := checked(t, n, clean()); r.Verdict != Releasable || len(r.Findings)+len(r.Uncertain)+len(r.Unread) > 0 {
		t.Fatalf("the clean bundle: %+v", r)
	}
	planted, missed := 0, 0
	table := map[string]map[string]string{}
	for k, s := range surfaces() {
		row := map[string]string{}
		table[s.name] = row
		for l, w := range spellings() {
			if s.text && !w.text && (!s.html || w.name != "HTML, tags") || s.inName && !w.inName || w.name == "HTML, tags" && !s.html {
				row[w.name] = "-"
				continue
			}
			count, bad := 0, 0
			for i, c := range canaries {
				// Short: every spelling of every value on the first surface, a third of one's on the others.
				if !slow.Asked() && k > 0 && (i != (k+l)%len(canaries) || (k+l)%3 != 0) {
					continue
				}
				what := w.of(c.raw)
				if what == nil || w.name == "+86 before" && len(onlyDigits(c.raw)) < sureDigits || s.name == "name in gzip" && asciiOnly(string(what)) == "n/a" {
					continue // a short number within a longer one is not looked for; gzip's names are Latin-1
				}
				if s.inName && (bytes.ContainsAny(what, "/\\\x00") || len(what) > 200) {
					continue
				}
				count++
				m := clean()
				s.plant(t, m, what)
				r := checked(t, n, m)
				if r.Verdict != Leak || !slicesHas(r.Findings, int64(i)+1) {
					bad++
					t.Errorf("missed: %s of a %s on %s: %s %+v", w.name, c.category, s.name, r.Verdict, r.Findings)
				}
				if text := r.Text() + fmt.Sprintf("%+v", r); strings.Contains(text, c.raw) {
					t.Errorf("the report of %s on %s says the value", w.name, s.name)
				}
			}
			planted, missed = planted+count, missed+bad
			row[w.name] = fmt.Sprintf("%d/%d", count-bad, count)
		}
	}
	t.Logf("%d canaries planted on %d surfaces in %d spellings, %d missed", planted, len(surfaces()), len(spellings()), missed)
	if planted < 500 {
		t.Errorf("only %d planted", planted)
	}
}

func slicesHas(list []Finding, needle int64) bool {
	for _, f := range list {
		if f.Needle == needle {
			return true
		}
	}
	return false
}

// TestIndexLeaves: what a full-text index of SQLite keeps of numbers that were redacted in place.
func TestIndexLeaves(t *testing.T) {
	const total = 300
	n, err := NewNeedles(func(yield func(category, raw, canonical string) error) error {
		for i := range total {
			if err := yield("phone", fmt.Sprintf("138%08d", 10_000_019+i*104_729), ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "d.db")
	script := `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("pragma secure_delete=on")
db.execute("create table m(id integer primary key, text)")
db.execute("create virtual table f using fts5(text, content='m', content_rowid='id')")
texts = ["call 138%08d now" % (10000019 + i * 104729) for i in range(300)]
for i, text in enumerate(texts):
    db.execute("insert into m values(?,?)", (i, text))
    db.execute("insert into f(rowid,text) values(?,?)", (i, text))
for i, text in enumerate(texts):
    db.execute("insert into f(f,rowid,text) values('delete',?,?)", (i, text))
    db.execute("update m set text='call [PHONE] now' where id=?", (i,))
db.commit()
`
	if out, err := exec.Command("python3", "-c", script, name).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: no Python with FTS5: %v %s", err, out)
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// What there is to be found, by a naive scan of the file.
	want := 0
	for i := range total {
		if bytes.Contains(file, []byte(fmt.Sprintf("%08d", 10_000_019+i*104_729)[1:])) {
			want++
		}
	}
	if want == 0 {
		t.Skip("NOT TESTED: this SQLite leaves nothing behind")
	}
	r, err := Check(context.Background(), oneFile("records.db", file), n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != Leak || int(r.Counts.Values) < want {
		t.Errorf("%s: %d numbers found, %d have their last 7 digits in the file", r.Verdict, r.Counts.Values, want)
	}
	t.Logf("%d of %d numbers left in part, %d found: %v", want, total, r.Counts.Values, r.Counts.ByKind)
}

func oneFile(name string, content []byte) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		yield(File{Name: name, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}, nil)
	}
}

// TestMailHeaders: encoded words in the fields of a mail.
func TestMailHeaders(t *testing.T) {
	n := canaryNeedles(t)
	for _, e := range []mime.WordEncoder{mime.BEncoding, mime.QEncoding} {
		m := clean()
		m.put("data/redacted/rsmf/P-000001.rsmf", rsmf(zipped(t, zip.Deflate, "rsmf_manifest.json", []byte("{}")), e.Encode("utf-8", "對 歐陽明華")))
		if r := checked(t, n, m); r.Verdict != Leak || !slicesHas(r.Findings, 3) {
			t.Errorf("%c: %s %+v", e, r.Verdict, r.Findings)
		}
	}
}
