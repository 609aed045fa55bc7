// Package detecttest makes texts with personal data in them at known places, and counts
// what a detector finds of it. It shares no code with the detector: what a number of an
// entity looks like, and its check characters, are worked out here once more. All values
// are made up.
package detecttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// entity is a sort of value and the ways in which it is written.
type entity struct {
	name, category string
	make           func(*rand.Rand) string
	forms          []string
	// carriers are sentences of its own; nil for all that fit anything.
	carriers []string
	// sep is what separates the parts of a value that is made with spaces; "" for digits
	// that are grouped by groups.
	groups [][]int
	// known: the value is one that the detector is told.
	known bool
}

var (
	numberForms = []string{"plain", "fullwidth", "separated", "ideographic_space", "zero_width", "han", "mixed", "line_break"}
	codeForms   = []string{"plain", "fullwidth", "separated", "zero_width", "case"}
	wordForms   = []string{"plain", "fullwidth", "zero_width", "case", "homoglyph"}
)

func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	return string(b)
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// withLuhn appends the digit that makes the sum by Luhn a multiple of ten.
func withLuhn(s string) string {
	for d := byte('0'); ; d++ {
		sum := 0
		t := s + string(d)
		for i := range len(t) {
			v := int(t[len(t)-1-i] - '0')
			if i%2 == 1 {
				v = v*2%10 + v*2/10
			}
			sum += v
		}
		if sum%10 == 0 {
			return t
		}
	}
}

func date(r *rand.Rand) (y, m, d int) { return 1940 + r.IntN(65), 1 + r.IntN(12), 1 + r.IntN(28) }

func resident(r *rand.Rand) string {
	y, m, d := date(r)
	s := pick(r, "110101", "310104", "440106", "510107", "330102", "420111", "610113", "230103", "650102", "810000") + fmt.Sprintf("%04d%02d%02d", y, m, d) + digits(r, 3)
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return s + string("10X98765432"[sum%11])
}

func card(r *rand.Rand) string {
	p, n := "", 16
	switch r.IntN(8) {
	case 0:
		p = "4"
	case 1:
		p = fmt.Sprint(51 + r.IntN(5))
	case 2:
		p, n = pick(r, "34", "37"), 15
	case 3:
		p = "35"
	case 4:
		p = "6011"
	case 5:
		p, n = "622202", 19
	default:
		p = "62"
	}
	return withLuhn(p + digits(r, n-1-len(p)))
}

func iban(r *rand.Rand) string {
	country, body := "DE", digits(r, 18)
	switch r.IntN(4) {
	case 0:
		country, body = "GB", pick(r, "BARC", "LOYD", "MIDL")+digits(r, 14)
	case 1:
		country, body = "FR", digits(r, 23)
	case 2:
		country, body = "NL", pick(r, "ABNA", "INGB")+digits(r, 10)
	}
	rest := 0
	for _, c := range body + country + "00" {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return fmt.Sprintf("%s%02d%s", country, 98-rest, body)
}

func hkid(r *rand.Rand) string {
	letter := byte('A' + r.IntN(26))
	d := digits(r, 6)
	sum := 36*9 + int(letter-'A'+10)*8
	for i := range 6 {
		sum += int(d[i]-'0') * (7 - i)
	}
	check := (11 - sum%11) % 11
	return fmt.Sprintf("%c%s(%c)", letter, d, "0123456789A"[check])
}

func taiwan(r *rand.Rand) string {
	letter := byte('A' + r.IntN(26))
	codes := map[byte]int{'I': 34, 'O': 35, 'W': 32, 'X': 30, 'Y': 31, 'Z': 33}
	code, ok := codes[letter]
	if !ok {
		code = strings.IndexByte("ABCDEFGHJKLMNPQRSTUV", letter) + 10
	}
	d := pick(r, "1", "2") + digits(r, 7)
	sum := code/10 + code%10*9
	for i := range 8 {
		sum += int(d[i]-'0') * (8 - i)
	}
	return fmt.Sprintf("%c%s%d", letter, d, (10-sum%10)%10)
}

func user(r *rand.Rand) string {
	return pick(r, "blue", "sky", "tiger", "lucky", "nick", "kevin", "moon", "river", "anna", "peter") + pick(r, "", ".", "_", "-") + pick(r, "sun", "tom", "king", "star", "zhou", "cat") + digits(r, 2+r.IntN(3))
}

func hexes(r *rand.Rand, n int, sep string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("%02x", r.IntN(256))
	}
	parts[0] = "0a"
	return strings.Join(parts, sep)
}

// entities are all that are made.
func entities() []entity {
	context := func(words ...string) []string {
		var out []string
		for _, w := range words {
			out = append(out, w+"{}", w+" {},请记下", w+"：{}。", "麻烦看下,"+w+"是{}")
		}
		return out
	}
	return []entity{
		{name: "cn_mobile", category: "phone", forms: numberForms, groups: [][]int{{3, 4, 4}, {4, 4, 3}, {3, 8}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}, make: func(r *rand.Rand) string {
			return pick(r, "130", "133", "135", "138", "139", "150", "158", "159", "177", "186", "189", "198") + digits(r, 8)
		}},
		{name: "cn_mobile_86", category: "phone", forms: []string{"plain", "fullwidth", "separated", "zero_width"}, groups: [][]int{{3, 3, 4, 4}, {3, 11}}, make: func(r *rand.Rand) string {
			return "+86" + pick(r, "130", "138", "159", "189") + digits(r, 8)
		}},
		{name: "cn_landline", category: "phone", forms: []string{"plain", "fullwidth", "zero_width"}, make: func(r *rand.Rand) string {
			return pick(r, "010-6", "021-6", "020-8", "028-8", "0571-8", "0755-8") + digits(r, 7)
		}},
		{name: "phone_international", category: "phone", forms: []string{"plain", "fullwidth", "separated", "zero_width"}, groups: [][]int{{3, 4, 10}, {3, 3, 3, 10}}, make: func(r *rand.Rand) string {
			return pick(r, "+4479"+pick(r, "11", "12")+digits(r, 6), "+8529"+digits(r, 7), "+819012"+digits(r, 6), "+6591"+digits(r, 6), "+1202555"+fmt.Sprintf("%04d", 100+r.IntN(9000)))
		}},
		{name: "phone_us", category: "phone", forms: []string{"plain", "fullwidth", "zero_width"}, make: func(r *rand.Rand) string {
			n := pick(r, "202", "212", "312", "415", "617") + "55" + fmt.Sprint(2+r.IntN(8)) + fmt.Sprintf("%04d", r.IntN(10000))
			return fmt.Sprintf(pick(r, "(%s) %s-%s", "%s-%s-%s", "%s.%s.%s"), n[:3], n[3:6], n[6:])
		}},
		{name: "email", category: "email", forms: wordForms, make: func(r *rand.Rand) string {
			return user(r) + "@" + pick(r, "example.com", "mail.example.cn", "example.org", "sub.example.co.uk")
		}},
		{name: "ipv4", category: "ip", forms: []string{"plain", "fullwidth", "zero_width"}, make: func(r *rand.Rand) string {
			return pick(r, "192.0.2.", "198.51.100.", "203.0.113.", "10.20.30.") + fmt.Sprint(1+r.IntN(254))
		}},
		{name: "ipv6", category: "ip", forms: []string{"plain", "fullwidth", "zero_width", "case"}, make: func(r *rand.Rand) string {
			return fmt.Sprintf(pick(r, "2001:db8::%x:%x", "2001:db8:0:%x::%x", "fe80::1:%x:%x"), 1+r.IntN(65535), 1+r.IntN(65535))
		}},
		{name: "mac", category: "mac", forms: []string{"plain", "fullwidth", "zero_width", "case"}, make: func(r *rand.Rand) string { return hexes(r, 6, pick(r, ":", "-")) }},
		{name: "cn_resident_id", category: "cn_resident_id", forms: numberForms, groups: [][]int{{6, 8, 4}, {6, 4, 4, 4}}, make: resident},
		{name: "bank_card", category: "bank_card", forms: numberForms, groups: [][]int{{4, 4, 4, 7}}, make: card},
		{name: "imei", category: "imei", forms: numberForms[:5], groups: [][]int{{2, 6, 6, 1}}, carriers: context("手机IMEI", "串号", "my IMEI"), make: func(r *rand.Rand) string { return withLuhn("35" + digits(r, 12)) }},
		{name: "imsi", category: "imsi", forms: []string{"plain", "fullwidth", "zero_width"}, carriers: context("IMSI", "the imsi"), make: func(r *rand.Rand) string { return "46000" + digits(r, 10) }},
		{name: "iccid", category: "iccid", forms: []string{"plain", "fullwidth", "separated", "zero_width"}, groups: [][]int{{4, 4, 4, 4, 4}}, make: func(r *rand.Rand) string { return withLuhn("89860" + digits(r, 14)) }},
		{name: "iban", category: "iban", forms: codeForms, groups: [][]int{{4, 4, 4, 4, 4, 4, 4}}, make: iban},
		{name: "ssn", category: "ssn", forms: []string{"plain", "fullwidth", "zero_width"}, make: func(r *rand.Rand) string {
			return fmt.Sprintf("%03d-%02d-%04d", 100+r.IntN(500), 1+r.IntN(99), 1+r.IntN(9999))
		}},
		{name: "nino", category: "nino", forms: codeForms, groups: [][]int{{2, 2, 2, 2, 1}}, make: func(r *rand.Rand) string {
			return pick(r, "AB", "CE", "JT", "SX", "WM") + digits(r, 6) + pick(r, "A", "B", "C", "D")
		}},
		{name: "hkid", category: "hkid", forms: []string{"plain", "fullwidth", "zero_width", "case"}, make: hkid},
		{name: "tw_id", category: "tw_id", forms: []string{"plain", "fullwidth", "zero_width", "case"}, make: taiwan},
		{name: "passport", category: "passport", forms: []string{"plain", "fullwidth", "zero_width", "case"}, carriers: context("护照号", "护照", "passport"), make: func(r *rand.Rand) string { return pick(r, "E", "G", "EA") + digits(r, 8) }},
		{name: "plate", category: "plate", forms: []string{"plain", "fullwidth", "zero_width", "case"}, make: func(r *rand.Rand) string {
			return pick(r, "京A", "沪B", "粤S", "川A", "浙C") + pick(r, "", "·") + pick(r, "1", "A", "8") + digits(r, 4)
		}},
		{name: "qq", category: "username", forms: []string{"plain", "fullwidth", "zero_width", "han"}, carriers: context("QQ", "加我QQ", "qq号"), make: func(r *rand.Rand) string { return fmt.Sprint(1+r.IntN(9)) + digits(r, 6+r.IntN(4)) }},
		{name: "account_number", category: "account_number", forms: []string{"plain", "fullwidth", "zero_width"}, carriers: context("对公账户", "银行账号", "account number"), make: func(r *rand.Rand) string { return "1" + digits(r, 7) }},
		{name: "birth_date", category: "birth_date", forms: []string{"plain", "fullwidth"}, carriers: context("生日", "出生日期", "date of birth", "DOB"), make: func(r *rand.Rand) string {
			y, m, d := date(r)
			return fmt.Sprintf(pick(r, "%d-%02d-%02d", "%d年%d月%d日", "%d/%d/%d"), y, m, d)
		}},
		{name: "url_secret", category: "url_secret", forms: []string{"plain"}, carriers: []string{"https://example.com/reset?user=1&token={}", "点这里https://example.org/login?sessionid={}", "http://example.com/a?key={}&lang=zh 打开"}, make: func(r *rand.Rand) string {
			b := make([]byte, 24)
			for i := range b {
				b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789"[r.IntN(44)]
			}
			return string(b)
		}},
		{name: "known_username", category: "username", known: true, forms: wordForms, make: user},
		{name: "known_name_zh", category: "person_name", known: true, forms: []string{"plain", "zero_width", "separated"}, groups: [][]int{{1, 2}}, make: func(r *rand.Rand) string {
			return pick(r, "张", "王", "李", "赵", "欧阳") + pick(r, "晓", "建", "丽", "志", "文") + pick(r, "明", "华", "芳", "强", "燕")
		}},
		{name: "known_name_en", category: "person_name", known: true, forms: wordForms, make: func(r *rand.Rand) string {
			return pick(r, "Marta", "Johann", "Priya", "Tomas", "Aisha") + " " + pick(r, "Kowalski", "Lindqvist", "Okafor", "Brandt", "Moreau")
		}},
		{name: "known_phone", category: "phone", known: true, forms: numberForms, groups: [][]int{{2, 3, 3, 3}, {5, 6}, {3, 4, 4}}, make: func(r *rand.Rand) string { return "1" + pick(r, "40", "41", "92") + digits(r, 8) }},
	}
}
