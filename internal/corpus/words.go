package corpus

import (
	"fmt"
	"math/rand/v2"
)

var (
	nameParts = []string{"amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper", "karst", "larch", "maple", "north"}
	listed    = []string{"新闻自由", "集会", "march", "选举", "ballot", "罢课", "strike", "请愿", "petition", "公投", "whistle", "独立报", "watchdog", "真话"}
	phrases   = []string{"你听说%s的事情了吗", "网上到处都在说%s", "did you read about %s today", "关于%s,我有话要说", "看到一篇关于%s的文章", "%s是怎么回事", "有人转发了%s的消息给我"}
	chatter   = []string{"今天天气不错,晚上一起吃饭吧", "明天几点开会", "see you at eight", "我的电脑又坏了", "生日快乐", "the train is late again", "😀 好的"}
	surnames  = []string{"赵", "钱", "孙", "李", "周", "吴", "郑", "王"}
	given     = []string{"安", "博", "晨", "德", "恩", "方", "刚", "海", "佳", "丽", "明", "宁"}
)

type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 0x65786869626974))} }

func (s source) pick(from []string) string { return from[s.IntN(len(from))] }

func (s source) account() string {
	return fmt.Sprintf("%s%s%s%d", s.pick(nameParts), s.pick([]string{"", ".", "_", "-"}), s.pick(nameParts), s.IntN(9999))
}

func (s source) ip() string {
	return fmt.Sprintf("%s%d", s.pick([]string{"192.0.2.", "198.51.100.", "203.0.113."}), 1+s.IntN(254))
}

func (s source) person() string { return s.pick(surnames) + s.pick(given) + s.pick(given) }

// phone is eleven digits in a range that no mobile number has: they begin with 13 to 19.
func (s source) phone() string { return fmt.Sprintf("10%09d", s.IntN(1_000_000_000)) }
