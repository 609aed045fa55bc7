//go:build unix

package detect_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect/detecttest"
)

// plain are messages without numbers, as most are.
var plain = []string{
	"今天晚上一起吃饭吧，老地方见", "好的，我知道了，谢谢你告诉我", "你看昨天那个新闻了吗？大家都在讨论", "哈哈哈哈哈太好笑了", "明天有空吗，想跟你说点事情", "在吗", "我刚到家，今天路上堵得厉害",
	"ok thanks, see you tomorrow then", "did you hear what happened at the office today? everybody was talking about it", "lol no way", "i think we should leave a bit earlier, traffic is bad on fridays",
	"can you send me the pictures from the trip please", "sure, no problem", "老师说作业下周再交，不用着急", "周末去不去爬山，听说那边风景不错", "what do you mean? i never said that to anyone", "生日快乐！祝你身体健康万事如意",
	"sorry for the late reply, was in a meeting all day and then dinner with the family", "电影票买好了，记得早点来", "他说得对，不过我觉得还有别的办法可以试试看",
}

// chat is a made-up log in lines: a time, two accounts, a message; one in four holds
// something personal besides. Accounts are of those in known.
func chat(size int) (lines [][]byte, known []string) {
	r := rand.New(rand.NewPCG(5, 5))
	known = make([]string, 100_000)
	for i := range known {
		known[i] = fmt.Sprintf("%s%s%d", []string{"blue", "sky", "tiger", "lucky", "kevin", "moon"}[r.IntN(6)], []string{"sun", "tom", "cat", "king", ""}[r.IntN(5)], i)
	}
	cases := detecttest.Generate(3, 10)
	negatives := detecttest.Negatives(3, 2000)
	for n := 0; n < size; {
		text := plain[r.IntN(len(plain))]
		switch r.IntN(12) {
		case 0, 1:
			text = negatives[r.IntN(len(negatives))]
		case 2, 3, 4:
			text += " " + cases[r.IntN(len(cases))].Text
		}
		line := fmt.Sprintf("%d %s %s %s", 1217548800+n, known[r.IntN(len(known))], known[r.IntN(len(known))], strings.ReplaceAll(text, "\n", " "))
		lines = append(lines, []byte(line))
		n += len(line)
	}
	return lines, known
}

const benchSize = 4 << 20

// processor is the processor time of this process so far.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchmark(b *testing.B, lines [][]byte, find func([]byte) int) {
	size, found := 0, 0
	for _, l := range lines {
		size += len(l)
	}
	// Processor time, since others may use the cores too.
	runs, before := 0, processor(b)
	for b.Loop() {
		found = 0
		for _, l := range lines {
			found += find(l)
		}
		runs++
	}
	b.ReportMetric(float64(size)*float64(runs)/1e6/(processor(b)-before).Seconds(), "MB/cpu-s")
	b.ReportMetric(float64(found), "found")
}

func BenchmarkDetect(b *testing.B) {
	lines, _ := chat(benchSize)
	d, err := detect.New(detect.Options{Regions: []string{"CN"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	f := d.Finder()
	benchmark(b, lines, func(l []byte) int { return len(f.Find(l, nil)) })
}

func BenchmarkDetectKnown(b *testing.B) {
	lines, known := chat(benchSize)
	dict := detect.NewDictionary()
	for i, k := range known {
		if err := dict.Add("username", k, "", uint64(i)); err != nil {
			b.Fatal(err)
		}
	}
	d, err := detect.New(detect.Options{Regions: []string{"CN"}}, dict)
	if err != nil {
		b.Fatal(err)
	}
	f := d.Finder()
	benchmark(b, lines, func(l []byte) int { return len(f.Find(l, nil)) })
}

// The same entities, plainly written, by the standard library's regular expressions:
// without check characters, forms, context or known values.
func BenchmarkRegexp(b *testing.B) {
	lines, _ := chat(benchSize / 8)
	var all []*regexp.Regexp
	for _, p := range []string{
		`(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}`, `0\d{2,3}[- ]?\d{7,8}`, `\+\d{1,3}[- ]?(?:\d[- ]?){6,13}\d`,
		`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}`, `(?:\d{1,3}\.){3}\d{1,3}`, `(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}`,
		`(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}`, `\d{17}[\dXx]`, `\d{4}(?:[- ]?\d{4}){2,3}[- ]?\d{1,7}`, `[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}`, `\d{3}-\d{2}-\d{4}`, `https?://[^\s]+`,
	} {
		all = append(all, regexp.MustCompile(p))
	}
	benchmark(b, lines, func(l []byte) int {
		n := 0
		for _, re := range all {
			n += len(re.FindAllIndex(l, -1))
		}
		return n
	})
}
