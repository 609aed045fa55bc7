package detect

import (
	"bytes"
	"unicode/utf8"
)

// Words that say of what stands behind them, or close to them, what it is; folded.
var (
	phoneWords   = wordList("电话", "手机", "號碼", "号码", "联系", "聯繫", "致电", "拨打", "来电", "短信", "传真", "座机", "热线", "电联", "機", "tel", "tel.", "telephone", "phone", "phones", "mobile", "mob", "cell", "cellphone", "call", "calling", "called", "dial", "ring", "sms", "text me", "fax", "whatsapp", "contact", "reach", "my number", "new number", "number is", "numbers", "registered", "answering", "messages", "office", "desk", "hotline", "ph", "msisdn")
	cardWords    = wordList("卡号", "银行", "账号", "帐号", "信用卡", "储蓄卡", "借记卡", "转账", "汇款", "汇到", "打款", "打到", "card", "cards", "visa", "mastercard", "amex", "maestro", "debit", "credit", "account", "bank", "pan")
	imeiWords    = wordList("imei", "串号", "机身码", "meid")
	imsiWords    = wordList("imsi")
	iccidWords   = wordList("iccid", "sim")
	idWords      = wordList("身份证", "身份證", "证件", "证号", "identity", "resident", "id card", "id number", "id no", "national id")
	ssnWords     = wordList("ssn", "social security", "social", "taxpayer", "itin", "tin")
	einWords     = wordList("ein", "tin", "employer", "taxpayer", "tax id")
	qqWords      = wordList("qq", "qq号", "qq號", "扣扣", "企鹅号", "qq:", "icq", "uin", "微信", "微信号", "加q", "扣")
	accountWords = wordList("账号", "帐号", "账户", "賬號", "户头", "account", "acct", "a/c", "account number", "account no", "account #", "acct no", "存折", "routing")
)

func wordList(words ...string) (out [][]byte) {
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}

// Reach of context, in bytes of folded text.
const (
	contextBefore = 40
	contextAfter  = 16
	justBefore    = 12
)

// context reports whether one of the words stands close to a value, or is its hint.
func (s *Finder) context(start, end int, words [][]byte) bool {
	if hasWord(s.lower(s.hint), words) {
		return true
	}
	from := max(0, start-contextBefore)
	if hasWord(s.lower(s.b[from:start]), words) {
		return true
	}
	return hasWord(s.lower(s.b[end:min(len(s.b), end+contextAfter)]), words)
}

// named reports whether the letters that touch a value say what it is: tel13812345678.
func (s *Finder) named(at int) bool {
	from := at
	for from > 0 && at-from < 12 && class[s.b[from-1]]&isLetter != 0 {
		from--
	}
	if from == at || s.wordBefore(from) {
		return false
	}
	return lastWords[string(s.lower(s.b[from:at]))]
}

// lastWords are the words of ASCII with which those lists' members end.
var lastWords = func() map[string]bool {
	out := map[string]bool{}
	for _, list := range [][][]byte{phoneWords, cardWords, imeiWords, imsiWords, ssnWords, qqWords, accountWords, passportWords, iccidWords} {
		for _, w := range list {
			if i := bytes.LastIndexByte(w, ' '); i < 0 || len(w)-i > 5 {
				out[string(w[i+1:])] = true
			}
		}
	}
	return out
}()

// announced is what stands right before a number that only words tell.
func (s *Finder) announced(at int) announcement {
	if !s.mayAnnounce(at) {
		return saidNothing
	}
	switch {
	case s.just(at, qqWords):
		return saidUser
	case s.just(at, accountWords):
		return saidAccount
	}
	return saidNothing
}

// mayAnnounce reports quickly whether what stands before a place can be one of the words
// that just looks for.
func (s *Finder) mayAnnounce(at int) bool {
	i := at
	for i > 0 && bytes.IndexByte([]byte(" :=#-\"'(.,+"), s.b[i-1]) >= 0 {
		i--
	}
	if i == 0 {
		return len(s.hint) > 0 && at <= justBefore
	}
	c := s.b[i-1]
	if c >= utf8.RuneSelf {
		r, _ := utf8.DecodeLastRune(s.b[:i])
		return bytes.ContainsRune([]byte("是为号號码我加扣户折信"), r)
	}
	if c == 'q' || c == 'Q' {
		return true
	}
	from := i
	for from > 0 && i-from < 9 && class[s.b[from-1]]&isLetter != 0 {
		from--
	}
	var word [9]byte
	n := copy(word[:], s.b[from:i])
	for k := range n {
		word[k] |= 0x20
	}
	switch string(word[:n]) {
	case "is", "are", "no", "number", "num", "icq", "uin", "account", "acct", "c", "routing":
		return true
	}
	return false
}

// just reports whether what stands right before a value is one of the words, with
// nothing but punctuation, or 是 or "is", between them.
func (s *Finder) just(start int, words [][]byte) bool {
	before := s.lower(s.b[max(0, start-contextBefore):start])
	if len(bytes.TrimRight(before, " ")) == 0 && start <= justBefore && hasWord(s.lower(s.hint), words) {
		return true
	}
	if start == 0 {
		return false
	}
	before = s.lower(s.b[max(0, start-contextBefore):start])
	before = bytes.TrimRight(before, " :=#-\"'(.,+")
	for _, filler := range []string{"是", "为", "is", "are", "no", "number", "num", "号", "號", "码", "：", "我", "加"} {
		if cut, ok := bytes.CutSuffix(before, []byte(filler)); ok {
			cut = bytes.TrimRight(cut, " :=#-.")
			if endsIn(cut, words) {
				return true
			}
		}
	}
	return endsIn(before, words)
}

func endsIn(text []byte, words [][]byte) bool {
	for _, w := range words {
		if bytes.HasSuffix(text, w) && (w[0] >= utf8.RuneSelf || len(text) == len(w) || class[text[len(text)-len(w)-1]]&isWord == 0) {
			return true
		}
	}
	return false
}

// hasWord reports whether text has one of the words, those of ASCII as whole words.
func hasWord(text []byte, words [][]byte) bool {
	if len(text) == 0 {
		return false
	}
	for _, w := range words {
		for at := 0; at+len(w) <= len(text); {
			i := bytes.Index(text[at:], w)
			if i < 0 {
				break
			}
			i += at
			if w[0] >= utf8.RuneSelf || (i == 0 || class[text[i-1]]&isLetter == 0) && (i+len(w) == len(text) || class[text[i+len(w)]]&isLetter == 0) {
				return true
			}
			at = i + 1
		}
	}
	return false
}

// lower is b in small letters of ASCII, good until the next call.
func (s *Finder) lower(b []byte) []byte {
	s.shown = append(s.shown[:0], b...)
	for i, c := range s.shown {
		if class[c]&isLetter != 0 {
			s.shown[i] = c | 0x20
		}
	}
	return s.shown
}
