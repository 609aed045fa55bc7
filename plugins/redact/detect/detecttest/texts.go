package detecttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// carriers are sentences that fit any value: with words that say what it is and without,
// beside Han letters and beside spaces.
var carriers = []string{
	"{}", "你记一下{}谢谢", "我的是{}，收到了回我", "有事找我 {}", "{} 这个是我的", "发到{}就行了", "昨天他给我{}，我忘了存", "新的：{}。", "今天下午3点之前发给{}吧",
	"【通知】请核对{}", "你2008年用的那个{}还在用吗", "(" + "{}" + ")", "不是那个，是{}！", "哈哈哈{}哈哈", "我说第三遍了 {}", "转给老李:{}", "{}\n上面这个", "好的。{}。明天10:30见",
	"here you go: {}", "it is {} I think", "pls use {} from now on", "{} is mine", "write it down, {}, ok?", "did you get {}?", "sent to {} at 10:45", "old one was wrong, new: {}.", "[{}]", "\"{}\"", "btw {} works too", "see you at 7, {} if late",
}

// Case is a text with one value in it.
type Case struct {
	Entity, Form, Category string
	Text                   string
	Start, End             int
	// Known is the value itself, where the detector is to be told it.
	Known string
}

// Generate makes n texts for each entity in each form; the same for the same seed.
func Generate(seed uint64, n int) []Case {
	r := rand.New(rand.NewPCG(seed, 7))
	var out []Case
	for _, e := range entities() {
		lines := e.carriers
		if lines == nil {
			lines = carriers
		}
		for _, form := range e.forms {
			for range n {
				value := e.make(r)
				shown := write(r, &e, value, form)
				before, after, _ := strings.Cut(lines[r.IntN(len(lines))], "{}")
				c := Case{Entity: e.name, Form: form, Category: e.category, Text: before + shown + after, Start: len(before), End: len(before) + len(shown)}
				if e.known {
					c.Known = value
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// Negatives makes n messages without personal data, with the numbers, names of things and
// codes that people write.
func Negatives(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 11))
	num := func(lo, hi int) string { return fmt.Sprint(lo + r.IntN(hi-lo)) }
	makers := []func() string{
		func() string { return "今天" + num(1, 12) + "点" + num(10, 60) + "分在老地方见" },
		func() string {
			return fmt.Sprintf("%d年%d月%d日的会改到%d月%d日", 1995+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), 1+r.IntN(12), 1+r.IntN(28))
		},
		func() string { return "这个要" + num(10, 99999) + "." + num(10, 99) + "元，太贵了" },
		func() string {
			return fmt.Sprintf("log at %d-%02d-%02d %02d:%02d:%02d was fine", 2000+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		},
		func() string {
			return fmt.Sprintf("upgrade to version %d.%d.%d.%d please", r.IntN(20), r.IntN(20), r.IntN(300), r.IntN(5000))
		},
		func() string {
			return "epoch " + num(1000000000, 1400000000) + " and ms " + num(1000000000, 1400000000) + digits(r, 3)
		},
		func() string {
			return "订单号" + fmt.Sprintf("2008%02d%02d", 1+r.IntN(12), 1+r.IntN(28)) + digits(r, 6) + "已发货"
		},
		func() string {
			return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x is the id", r.Uint32(), r.IntN(65536), r.IntN(4096), r.IntN(4096), r.Uint64()&0xffffffffffff)
		},
		func() string { return fmt.Sprintf("sha1 %016x%016x%08x ok", r.Uint64(), r.Uint64(), r.Uint32()) },
		func() string {
			return "比分" + num(0, 9) + ":" + num(0, 9) + "，第" + pick(r, "一", "二", "三", "四", "五") + "场"
		},
		func() string {
			return "一共" + num(100, 99999) + "人参加，占" + num(1, 99) + "." + num(10, 99) + "%"
		},
		func() string {
			return "see chapter " + num(1, 20) + "." + num(1, 9) + "." + num(1, 9) + " on page " + num(1, 900)
		},
		func() string {
			return "他在" + pick(r, "北京", "上海", "广州") + "住了" + num(2, 40) + "年，说" + pick(r, "一五一十", "三三两两", "七上八下", "五六七八遍")
		},
		func() string {
			return "http://example.com/news/" + num(1990, 2012) + "/" + num(1, 12) + "/article.html 看看这个"
		},
		func() string {
			return "file_" + num(1, 9999) + ".jpg " + num(100000, 99999999) + " bytes, " + num(1, 100) + "%"
		},
		func() string {
			return "resistor " + num(1, 999) + "k, " + num(1, 99) + "x" + num(1, 99) + "x" + num(1, 99) + " mm"
		},
		func() string { return "pi is 3.14159265358979, e is 2.71828182845904" },
		func() string { return "std::vector<int> v; a::b(c); time 12:30:45.678" },
		func() string { return "@all 大家注意 @ 三点 meeting at 3pm @ room" },
		func() string {
			return fmt.Sprintf("彩票开奖 %02d %02d %02d %02d %02d %02d", r.IntN(36), r.IntN(36), r.IntN(36), r.IntN(36), r.IntN(36), r.IntN(36))
		},
		func() string {
			return "价格从" + num(1000, 9000) + "-" + num(9000, 20000) + "不等，型号GT" + num(100, 9999) + "-A" + num(1, 99)
		},
		func() string { return "isbn " + "978" + digits(r, 10) + " 这本书不错" },
		func() string {
			return "拿到二〇〇八年八月八日的票，座位" + num(1, 40) + "排" + num(1, 60) + "号"
		},
		func() string { return "matrix 10 20 30 40 50 60 70 80 90 100 110 120" },
		func() string {
			return "call me later, in " + num(5, 59) + " minutes, ok? number " + num(1, 99) + " bus"
		},
		func() string {
			return "0x" + fmt.Sprintf("%08X", r.Uint32()) + " at offset " + num(0, 1<<20) + ", errno -" + num(1, 100)
		},
		func() string {
			return "温度" + num(-20, 40) + "度，湿度" + num(10, 99) + "%，风力" + num(1, 9) + "-" + num(1, 9) + "级"
		},
		func() string { return "快递 SF" + digits(r, 12) + " 到了" },
		func() string { return "天气真好，出去走走吧，别老在家里" },
		func() string { return "i am happy that you came, will you stay? may is warm" },
	}
	out := make([]string, n)
	for i := range out {
		out[i] = makers[i%len(makers)]()
	}
	return out
}
