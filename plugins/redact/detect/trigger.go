package detect

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Words behind which a name or a day stands. What is found so is for a person to look at:
// names in free text are not found reliably by any rule (docs/redaction.md, Names).
const longestTrigger = 9

var (
	titleWords = wordList("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "dear", "madam", "mister", "professor", "regards", "sincerely")
	nameWords  = wordList("name", "names", "named", "am", "surname", "lastname", "firstname", "signed")
	bornWords  = wordList("born", "dob", "birth", "birthday", "birthdate")

	// triggerShapes has, for each first letter, a bit for each length of these words.
	triggerShapes = func() (t [26]uint16) {
		for _, list := range [][][]byte{titleWords, nameWords, bornWords} {
			for _, w := range list {
				t[w[0]-'a'] |= 1 << len(w)
			}
		}
		return t
	}()
)

// trigger looks behind a word of letters for what it announces.
func (s *Finder) trigger(from, end int) {
	if c := (s.b[from] | 0x20) - 'a'; c >= 26 || triggerShapes[c]&(1<<(end-from)) == 0 {
		return
	}
	word := s.lower(s.b[from:end])
	switch {
	case isOne(word, bornWords):
		s.birth(end)
	case isOne(word, titleWords):
		s.name(s.skip(end, ".,: \n\t"), 1, "name_title@1", Weak)
	case isOne(word, nameWords):
		if string(word) == "am" && (from < 2 || s.b[from-2]|0x20 != 'i') {
			return
		}
		at := s.skip(end, ".,:; \"'\t")
		if bytes.HasPrefix(s.b[at:], []byte("is ")) {
			at = s.skip(at+len("is "), ": \"")
		}
		if at < len(s.b) && (s.b[at] == '?' || s.b[at] == '\n') { // the answer to a question
			at = s.skip(at, "? \n")
		}
		s.name(at, 1, "name_said@1", Weak)
	}
}

func isOne(word []byte, list [][]byte) bool {
	for _, w := range list {
		if bytes.Equal(w, word) {
			return true
		}
	}
	return false
}

// skip is the first place from one on with none of the characters, three on at most.
func (s *Finder) skip(at int, chars string) int {
	for n := 0; n < 3 && at < len(s.b) && strings.IndexByte(chars, s.b[at]) >= 0; n++ {
		at++
	}
	return at
}

// notNames are words with capitals that begin no name.
var notNames = wordList("the", "i", "a", "an", "my", "your", "it", "is", "not", "no", "yes", "ok", "he", "she", "we", "they", "you", "this", "that", "and", "but", "all", "what", "who", "when", "where", "how", "why", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "god", "lord", "sir", "madam", "customer", "friend", "friends", "mum", "dad", "mom")

// name finds words with capitals that begin at a place, four at most.
func (s *Finder) name(at, least int, rule string, class Class) {
	i, end, n := at, 0, 0
	for n < 4 && i < len(s.b) {
		from := i
		r, size := utf8.DecodeRune(s.b[i:])
		if !unicode.IsUpper(r) {
			break
		}
		i += size
		for i < len(s.b) {
			r, size := utf8.DecodeRune(s.b[i:])
			if !unicode.IsLetter(r) && !(r == '\'' || r == '-' || r == '’') || isHan(r) {
				break
			}
			i += size
		}
		for i > from && (s.b[i-1] == '\'' || s.b[i-1] == '-') {
			i--
		}
		if w := s.b[from:i]; bytes.HasSuffix(w, []byte("'s")) {
			i -= 2
		}
		if isOne(s.lower(s.b[from:i]), notNames) {
			break
		}
		title := isOne(s.lower(s.b[from:i]), titleWords)
		if title && n == 0 {
			i = s.skip(i, ". ")
			at = i
			continue
		}
		end = i
		n++
		if i-from == 1 && s.at(i) == '.' {
			end = i + 1
			i++
		}
		if s.at(i) != ' ' {
			break
		}
		i++
	}
	if n >= least && end-at >= 2 {
		s.add(at, end, "person_name", rule, "", class)
	}
}

// surnames are the most frequent Chinese family names of one letter.
const surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂焦向柳邢岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边張劉陳楊趙黃吳孫馬羅鄭謝韓馮許鄧蕭葉閻鍾譚鄒陸龍萬錢湯賀賴龔龐蘭顏倪嚴溫蘆魯莊"

// compound are family names of two letters.
var compound = wordList("欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "皇甫", "慕容", "歐陽", "尉迟", "公孙", "令狐", "端木")

// surname is how many bytes of a place are a family name, 0 for none.
func (s *Finder) surname(at int) int {
	if at >= len(s.b) {
		return 0
	}
	for _, c := range compound {
		if bytes.HasPrefix(s.b[at:], c) {
			return len(c)
		}
	}
	r, n := utf8.DecodeRune(s.b[at:])
	if isHan(r) && strings.ContainsRune(surnames, r) {
		return n
	}
	return 0
}

// notGiven are letters with which no given name goes on.
const notGiven = "的了吗呢吧啊是在有和与我你他她它们这那不就都也还说去来到要会能很个，。！？、先女小老您请给把被跟对从向让叫为因所但如果没着过得地"

// hanName is where a name ends that begins at a place: a family name and one or two letters.
func (s *Finder) hanName(at int) int {
	n := s.surname(at)
	if n == 0 {
		return 0
	}
	end := at + n
	given := 0
	for given < 2 && end < len(s.b) {
		r, size := utf8.DecodeRune(s.b[end:])
		if !isHan(r) || r < 0x3400 || strings.ContainsRune(notGiven, r) {
			break
		}
		end += size
		given++
	}
	if given == 0 {
		return 0
	}
	return end
}

// hanTriggers are the Han letters at which hanTrigger looks.
func hanTriggers() string { return "叫我姓名先女小生出路街巷弄道村" }

func (s *Finder) hanTrigger(at int, r rune) {
	after := s.b[at+utf8.RuneLen(r):]
	starts := func(words ...string) int {
		for _, w := range words {
			if bytes.HasPrefix(after, []byte(w)) {
				return len(w)
			}
		}
		return 0
	}
	next := at + utf8.RuneLen(r)
	switch r {
	case '叫', '我':
		if r == '我' {
			n := starts("是", "叫")
			if n == 0 {
				return
			}
			next += n
		}
		if end := s.hanName(next); end > 0 {
			s.add(next, end, "person_name", "name_said_han@1", "", Review)
		}
	case '姓', '名':
		if n := starts("名", "字", "叫"); n > 0 {
			next += n
		} else if r == '名' {
			return
		}
		next = s.skip(next, ": =\"")
		for _, filler := range []string{"是", "叫", "为"} {
			if bytes.HasPrefix(s.b[next:], []byte(filler)) {
				next += len(filler)
			}
		}
		if end := s.hanName(next); end > 0 {
			s.add(next, end, "person_name", "name_said_han@1", "", Weak)
		}
	case '先', '女', '小':
		if r == '先' && starts("生") == 0 || r == '女' && starts("士") == 0 || r == '小' && starts("姐") == 0 {
			return
		}
		s.nameBefore(at)
	case '生':
		if n := starts("日"); n > 0 {
			s.birth(next + n)
		} else if n := starts("于", "於"); n > 0 {
			s.birth(next + n)
		}
	case '出':
		if n := starts("生日期", "生年月日", "生年月", "生于", "生在", "生"); n > 0 {
			s.birth(next + n)
		}
	default:
		s.address(at, next)
	}
}

// nameBefore finds the name before a title.
func (s *Finder) nameBefore(at int) {
	from := at
	for n := 0; n < 4 && from > 0; n++ {
		r, size := utf8.DecodeLastRune(s.b[:from])
		if !isHan(r) {
			return
		}
		from -= size
		if k := s.surname(from); k > 0 && from+k <= at && (from+k == at || s.hanName(from) >= at) {
			s.add(from, at, "person_name", "name_title_han@1", "", Review)
			return
		}
	}
}

// birth finds the day that stands behind a word that announces one.
func (s *Finder) birth(at int) {
	if len(s.b) > at+1 && s.b[at] == 's' {
		at++
	}
	for n := 0; n < 4; n++ {
		at = s.skip(at, " :=-.\"(,")
		for _, filler := range []string{"是", "为", "在", "日期", "于", "date", "is ", "on ", "of ", "in "} {
			if bytes.HasPrefix(s.b[at:], []byte(filler)) {
				at += len(filler)
				break
			}
		}
	}
	if end := s.day(at); end > 0 {
		s.add(at, end, "birth_date", "birth_date@1", "", Strong)
	}
}

// count reads up to n digits, of Han numerals too: how many there are, and where they end.
func (s *Finder) count(at, n int) (got, end int) {
	for end = at; got < n && end < len(s.b); got++ {
		r, size := utf8.DecodeRune(s.b[end:])
		if (r < '0' || r > '9') && canon.HanDigit(r) == 0 {
			break
		}
		end += size
	}
	return got, end
}

// day is where the day ends that begins at a place, 0 where none does.
func (s *Finder) day(at int) int {
	n, i := s.count(at, 8)
	switch {
	case n == 8 || n == 6:
		if more, _ := s.count(i, 1); more == 0 {
			return i
		}
	case n == 4:
		sep, size := utf8.DecodeRune(s.b[min(i, len(s.b)):])
		if sep != '-' && sep != '/' && sep != '.' && sep != '年' {
			return 0
		}
		m, j := s.count(i+size, 2)
		if m == 0 {
			if sep == '年' {
				return i + size
			}
			return 0
		}
		sep2, size2 := utf8.DecodeRune(s.b[min(j, len(s.b)):])
		if sep2 == '月' {
			if d, k := s.count(j+size2, 2); d > 0 {
				if r, size := utf8.DecodeRune(s.b[min(k, len(s.b)):]); r == '日' || r == '号' {
					k += size
				}
				return k
			}
			return j + size2
		}
		if sep2 == sep {
			if d, k := s.count(j+size2, 2); d > 0 {
				return k
			}
		}
		if sep2 != '-' && sep2 != '/' {
			return j
		}
	case n == 1 || n == 2:
		if c := s.at(i); c == '-' || c == '/' || c == '.' {
			m, j := s.count(i+1, 2)
			if m > 0 && s.at(j) == c {
				if y, k := s.count(j+1, 4); y == 4 || y == 2 {
					return k
				}
			}
			return 0
		}
		return s.monthName(at, i)
	case n == 0:
		return s.monthName(at, at)
	}
	return 0
}

var months = wordList("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

// monthName reads 2 January 1980, or January 2, 1980, the month of which is at a place or
// behind a space and "of".
func (s *Finder) monthName(from, at int) int {
	for _, ordinal := range []string{"st", "nd", "rd", "th"} {
		if at > from && bytes.HasPrefix(s.b[at:], []byte(ordinal)) {
			at += 2
			break
		}
	}
	i := s.skip(at, " ,-")
	if bytes.HasPrefix(s.b[i:], []byte("of ")) {
		i += 3
	}
	end := i
	for end < len(s.b) && class[s.b[end]]&isLetter != 0 {
		end++
	}
	if end-i < 3 || !isOne(s.lower(s.b[i:i+3]), months) {
		return 0
	}
	j := s.skip(end, " ,.-")
	n, k := s.count(j, 4)
	if from == at { // the day stands behind the month
		if n == 4 {
			return k
		}
		if n == 0 {
			return 0
		}
		for _, ordinal := range []string{"st", "nd", "rd", "th"} {
			if bytes.HasPrefix(s.b[k:], []byte(ordinal)) {
				k += 2
				break
			}
		}
		end = k
		j = s.skip(k, " ,")
		if n, k = s.count(j, 4); n != 4 {
			return end
		}
		return k
	}
	if n != 4 {
		return end
	}
	return k
}

// notAddress are letters before which an address does not begin.
const notAddress = "在住到去是址于於从和给发寄我你他她送，。：:;；！？、"

// address finds a street with a number: 中山路12号3栋402室.
func (s *Finder) address(at, next int) {
	n, i := s.count(next, 5)
	if n == 0 || at == 0 {
		return
	}
	r, size := utf8.DecodeRune(s.b[min(i, len(s.b)):])
	if r == '-' || r == '之' {
		if n, k := s.count(i+size, 4); n > 0 {
			r, size = utf8.DecodeRune(s.b[min(k, len(s.b)):])
			i = k
		}
	}
	if r != '号' && r != '號' && r != '弄' && r != '巷' {
		return
	}
	end := i + size
	for end < len(s.b) {
		r, size := utf8.DecodeRune(s.b[end:])
		if !strings.ContainsRune("号號楼樓栋棟幢座单元單室层層院弄巷-#", r) && (r < '0' || r > '9') && canon.HanDigit(r) == 0 && !(r >= 'A' && r <= 'Z') {
			break
		}
		end += size
	}
	from := at
	for k := 0; k < 24 && from > 0; k++ {
		r, size := utf8.DecodeLastRune(s.b[:from])
		if !isHan(r) || strings.ContainsRune(notAddress, r) {
			break
		}
		from -= size
	}
	if from == at {
		return
	}
	s.add(from, end, "address", "cn_address@1", "", Review)
}
