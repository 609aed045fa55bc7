package leakcheck

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// perCPU reports megabytes for each second of processor time: others use this machine as well.
func perCPU(b *testing.B, size int) func() {
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	start := used()
	return func() { b.ReportMetric(float64(size)*float64(b.N)/1e6/(used()-start), "MB/cpu-s") }
}

// hundredThousand are values as a large case has them, half telephone numbers and half user names.
func hundredThousand() []string {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]string, 100_000)
	for i := range list {
		if i%2 == 0 {
			list[i] = fmt.Sprintf("1%d%09d", 3+r.IntN(7), r.IntN(1_000_000_000))
		} else {
			list[i] = fmt.Sprintf("%s%s_%d", syllables(r, 2), syllables(r, 1), r.IntN(100_000))
		}
	}
	return list
}

func syllables(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte("bcdfghjklmnpqrstvwxz"[r.IntN(20)])
		b.WriteByte("aeiou"[r.IntN(5)])
	}
	return b.String()
}

// redactedLog is text as a redacted bundle has it: about a third Chinese, times, marks.
func redactedLog(size int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("今天 我们 在 公司 开会 谢谢 你好 明天 再见 收到 没有 问题 the message was sent to our office please answer before noon tomorrow thanks")
	var b strings.Builder
	for n := 1; b.Len() < size; n++ {
		fmt.Fprintf(&b, `{"from":"[USERNAME-%08X]","kind":"message","number":"PREFIX-%06d","text":"`, r.Uint32(), n)
		for range 6 + r.IntN(12) {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		fmt.Fprintf(&b, `[PHONE-%08X]","time":"2010-%02d-%02dT%02d:%02d:%02dZ"}`+"\n", r.Uint32(), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	}
	return []byte(b.String())[:size]
}

func needlesOf(tb testing.TB, values []string) *Needles {
	tb.Helper()
	n, err := NewNeedles(func(yield func(category, raw, canonical string) error) error {
		for _, v := range values {
			category := "username"
			if v[0] == '1' {
				category = "phone"
			}
			if err := yield(category, v, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// BenchmarkLeakScan is a file searched in every way: all charsets, escapes, digits, base64,
// hexadecimal and hashes.
func BenchmarkLeakScan(b *testing.B) {
	text, n := redactedLog(8<<20), needlesOf(b, hundredThousand())
	defer perCPU(b, len(text))()
	for b.Loop() {
		s := searcher{n: n, found: func(hit) {}, packed: func(int, []byte) {}}
		for i := 0; i < len(text); i += pieceSize {
			s.piece(text[i:min(len(text), i+pieceSize)])
		}
	}
}

// BenchmarkLeakScanView is one view: one pass for all values in all charsets at once.
func BenchmarkLeakScanView(b *testing.B) {
	text, n := redactedLog(8<<20), needlesOf(b, hundredThousand())
	defer perCPU(b, len(text))()
	for b.Loop() {
		s := searcher{n: n, found: func(hit) {}}
		for i := 0; i < len(text); i += pieceSize {
			s.text(&segment{text: text[i:min(len(text), i+pieceSize)]}, 0)
		}
	}
}

func BenchmarkLeakScanDigits(b *testing.B) {
	text, n := redactedLog(8<<20), needlesOf(b, hundredThousand())
	defer perCPU(b, len(text))()
	for b.Loop() {
		var chance float64
		s := digitScanner{t: &n.digits, chance: &chance, found: func(uint32, int, int, bool) {}}
		s.scan(text)
	}
}

// BenchmarkLeakScanRegexp is a hundredth of the values as one alternation of package regexp, in
// UTF-8 alone: all of them take it more than ten minutes for 16 kB.
func BenchmarkLeakScanRegexp(b *testing.B) {
	text, values := redactedLog(16<<10), hundredThousand()[:1000]
	re, err := regexp.Compile("(?i:" + strings.Join(values, "|") + ")")
	if err != nil {
		b.Fatal(err)
	}
	defer perCPU(b, len(text))()
	for b.Loop() {
		re.FindAllIndex(text, -1)
	}
}
