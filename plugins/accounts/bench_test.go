package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/accounts"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

const benchHead = "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE `users` (`id` int(11) NOT NULL, `username` varchar(64), `email` varchar(99), `mobile` varchar(20), `reg_ip` varchar(15), `reg_time` datetime, `passwd` char(32), PRIMARY KEY (`id`)) ENGINE=InnoDB;\nINSERT INTO `users` VALUES "

// rowsReader is a dump of n bytes and more in one INSERT, made as it is read.
type rowsReader struct {
	row  []byte
	size int64
}

func newRowsReader(n int64, name string) *rowsReader {
	r := &rowsReader{row: []byte("(1000001,'" + name + "','some.body@mail.example.org','13800138000','203.0.113.77','2008-08-01 07:10:19','e0fe73d6b89f6450716620de49ee32d6'),\n")}
	r.size = int64(len(benchHead)) + n/int64(len(r.row))*int64(len(r.row))
	return r
}

// ReadAt computes each byte from its offset; the last comma is the semicolon.
func (r *rowsReader) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < r.size {
		switch at := off - int64(len(benchHead)); {
		case at < 0:
			k := copy(p[n:], benchHead[off:])
			n, off = n+k, off+int64(k)
		default:
			k := copy(p[n:min(int64(len(p)), int64(n)+r.size-off)], r.row[at%int64(len(r.row)):])
			n, off = n+k, off+int64(k)
		}
	}
	if off == r.size && n >= 2 {
		p[n-2] = ';'
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func run(t testing.TB, in *sdk.Input) sdk.Result {
	t.Helper()
	r, err := sdk.Run(context.Background(), main.Plugin, sdk.Job{
		Operation: evidence.OpParse, Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
	})
	if err != nil || r.Outcome != evidence.OutcomeComplete || r.Units.Rejected > 0 || r.Units.Emitted == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	return r
}

// heapReader notes the most that is allocated while it is read.
type heapReader struct {
	io.ReaderAt
	reads int
	most  uint64
}

func (h *heapReader) ReadAt(p []byte, off int64) (int, error) {
	if h.reads++; h.reads%100 == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	return h.ReaderAt.ReadAt(p, off)
}

// Memory does not grow with the input: 200 MB in one INSERT of short rows, and one
// value of 200 MB.
func TestMemoryIsFlat(t *testing.T) {
	const size, most = 200 << 20, 24 << 20
	rows := newRowsReader(size, strings.Repeat("name ", 200))
	h := &heapReader{ReaderAt: rows}
	r := run(t, sdk.NewInput(h, rows.size))
	if want := (rows.size - int64(len(benchHead))) / int64(len(rows.row)); r.Units.Emitted != want {
		t.Errorf("%d rows of %d", r.Units.Emitted, want)
	}
	t.Logf("%d rows, at most %d KiB in use", r.Units.Emitted, h.most>>10)
	if h.most > most {
		t.Errorf("%d bytes in use", h.most)
	}
	before := "INSERT INTO `t` (a,b) VALUES (1,'x'),(2,'"
	long := &longReader{before: before, after: "'),(3,'y');\n", size: size}
	h = &heapReader{ReaderAt: long}
	if r = run(t, sdk.NewInput(h, size)); r.Units.Emitted != 3 {
		t.Errorf("%+v", r.Units)
	}
	if h.most > most {
		t.Errorf("%d bytes in use for one value", h.most)
	}
}

// longReader is one value of almost size bytes.
type longReader struct {
	before, after string
	size          int64
}

func (l *longReader) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), l.size-off))
	for i := range n {
		at := off + int64(i)
		switch {
		case at < int64(len(l.before)):
			p[i] = l.before[at]
		case at >= l.size-int64(len(l.after)):
			p[i] = l.after[at-(l.size-int64(len(l.after)))]
		default:
			p[i] = 'v'
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func bench(b *testing.B, dump []byte) {
	b.SetBytes(int64(len(dump)))
	b.ReportAllocs()
	var rows int64
	for b.Loop() {
		rows += run(b, sdk.NewInput(bytes.NewReader(dump), int64(len(dump)))).Units.Emitted
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkAccounts(b *testing.B) {
	r := newRowsReader(16<<20, "user_name_of_it")
	dump := make([]byte, r.size)
	if _, err := r.ReadAt(dump, 0); err != nil {
		b.Fatal(err)
	}
	bench(b, dump)
}

func BenchmarkRows(b *testing.B) {
	var dump bytes.Buffer
	dump.WriteString("CREATE TABLE `payment` (`a` int, `b` int, `c` int, `d` int, `e` decimal(5,2), `f` datetime, `g` timestamp);\nINSERT INTO `payment` VALUES (0,0,0,0,'0','2005-05-25 11:30:37','2006-02-15 22:12:30')")
	for i := range 100_000 {
		fmt.Fprintf(&dump, ",\n(%d,1,2,%d,'2.99','2005-05-25 11:30:37','2006-02-15 22:12:30')", i, i*7)
	}
	dump.WriteString(";\n")
	bench(b, dump.Bytes())
}

func BenchmarkCopy(b *testing.B) {
	dump := pgHead + "CREATE TABLE t (a integer, b text, c text, d timestamp with time zone);\nCOPY t (a, b, c, d) FROM stdin;\n" +
		strings.Repeat("1234567\tsome text with a \\ttab\t\\N\t2008-08-01 07:10:19.123456+08\n", 100_000) + "\\.\n" + pgTail
	bench(b, []byte(dump))
}
