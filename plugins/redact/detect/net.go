package detect

import (
	"bytes"
	"net/netip"
	"slices"
	"unicode/utf8"
)

// ipv4 finds addresses in the run: four numbers to 255 with dots between them, and no
// fifth.
func (s *Finder) ipv4() {
	r := &s.run
	for a := 0; a < r.n; {
		b, value, dots, ok := a, 0, 0, true
		start := a
		for b < r.n && (b == a || r.gap[b] == gapNone || r.gap[b] == '.') {
			if b > a && r.gap[b] == '.' {
				dots++
				value, start = 0, b
			}
			value = value*10 + int(r.digit[b]-'0')
			if b-start >= 3 || value > 255 {
				ok, value = false, 0
			}
			b++
		}
		if ok && dots == 3 && !s.version(int(r.pos[a])) && !(a == 0 && (r.glued || s.at(int(r.pos[0])-1) == '.')) && !(b == r.n && r.gluedAfter) {
			class := Strong
			if b-a == 4 && r.digit[a] < '8' && !s.context(int(r.pos[a]), int(r.end[b-1]), ipWords) {
				class = Weak // 1.2.3.4: perhaps a version, or a section
			}
			s.add(int(r.pos[a]), int(r.end[b-1]), "ip", "ipv4@1", "", class)
		}
		for a = b; a < r.n && r.gap[a] == gapNone; a++ {
		}
	}
}

var (
	ipWords      = wordList("ip", "服务器", "地址", "server", "host", "address", "addr", "dns", "gateway", "登录", "登陆", "login")
	versionWords = wordList("version", "ver", "ver.", "v", "版本", "版", "build", "release", "firmware", "oid")
)

// version reports whether what stands right before a place says that a version follows.
func (s *Finder) version(at int) bool {
	before := bytes.TrimRight(s.lower(s.b[max(0, at-16):at]), " :=#")
	return endsIn(before, versionWords) || len(before) > 0 && before[len(before)-1] == '/' && at > 1 && class[s.at(at-2)]&isLetter != 0 // Firefox/3.0.0.1
}

// ipv6 finds the address around the colon at a place, and returns where to go on.
func (s *Finder) ipv6(at int) int {
	part := func(c byte) bool { return class[c]&isHex != 0 || c == ':' || c == '.' }
	a, b := at, 0
	for a > 0 && at-a < 6 && part(s.b[a-1]) {
		a--
	}
	if s.b[a] == ':' && s.at(a+1) != ':' {
		a++ // it ends what stands before
	}
	colons := 0
	for b = a; b < len(s.b) && b-a < 46 && part(s.b[b]); b++ {
		if s.b[b] == ':' {
			colons++
		}
	}
	if colons < 2 || b-a < 3 {
		return at + 1
	}
	for end := b; end > at+1 && b-end < 3; end-- { // a full stop or a colon may follow
		if c := s.b[end-1]; (c == '.' || c == ':') && !(c == ':' && s.at(end-2) == ':') {
			continue
		}
		x, err := netip.ParseAddr(string(s.b[a:end]))
		if err != nil {
			continue
		}
		if s.wordBefore(a) || s.wordAt(end) || !x.Is6() || bytes.IndexFunc(s.b[a:end], func(r rune) bool { return r >= '0' && r <= '9' }) < 0 {
			break
		}
		class := Strong
		if end-a < 8 {
			class = Weak
		}
		s.add(a, end, "ip", "ipv6@1", "", class)
		return end
	}
	return at + 1
}

// mac finds a hardware address whose first part is a word.
func (s *Finder) mac(from, end int) {
	sep, width := s.at(end), end-from
	if !(width == 2 && (sep == ':' || sep == '-') || width == 4 && sep == '.') || class[s.at(end+1)]&isHex == 0 {
		return
	}
	n := 12 / width
	total := 12 + n - 1
	if from+total > len(s.b) || s.wordAt(from+total) || from > 1 && s.b[from-1] == sep && class[s.b[from-2]]&isHex != 0 || s.at(from+total) == sep && class[s.at(from+total+1)]&isHex != 0 {
		return
	}
	letters, digits := false, false
	for i := range total {
		c := s.b[from+i]
		if i%(width+1) == width {
			if c != sep {
				return
			}
			continue
		}
		if class[c]&isHex == 0 {
			return
		}
		letters, digits = letters || class[c]&isLetter != 0, digits || class[c]&isDigit != 0
	}
	class := Strong
	if !letters && sep != ':' {
		class = Weak
	}
	s.add(from, from+total, "mac", "mac@1", "", class)
}

// localPart tells the bytes of ASCII of which the part of an address before the @ consists
// (RFC 5321 atoms, without those that hardly occur).
func localPart(c byte) bool {
	return class[c]&isWord != 0 || c == '.' || c == '-' || c == '+' || c == '%' || c == '\'' || c == '&' || c == '='
}

// email finds the address around the @ at a place.
func (s *Finder) email(at int) {
	if at == s.userinfo {
		return
	}
	a := at
	for a > 0 {
		c := s.b[a-1]
		if c < utf8.RuneSelf {
			if !localPart(c) {
				break
			}
			a--
			continue
		}
		r, n := utf8.DecodeLastRune(s.b[:a])
		if !letter(r) {
			break
		}
		a -= n
	}
	for a < at && (s.b[a] == '.' || s.b[a] == '-' || s.b[a] == '\'' || s.b[a] == '&' || s.b[a] == '=' || s.b[a] == '%') {
		a++
	}
	if i := bytes.LastIndexAny(s.b[a:at], "=&"); i >= 0 { // ?mail=a@b.cn
		a += i + 1
	}
	class := Strong
	if a == at {
		// A local part of Han letters, which may be a sentence.
		k := at
		for n := 0; k > 0 && n < 8; n++ {
			r, size := utf8.DecodeLastRune(s.b[:k])
			if !isHan(r) || r == '。' || r == '、' {
				break
			}
			k -= size
		}
		if k == at {
			return
		}
		a, class = k, Weak
	}
	if end := s.domain(at + 1); end > 0 {
		s.add(a, end, "email", "email@1", "", class)
	}
}

// domain is where the domain name that begins at a place ends, 0 where there is none.
func (s *Finder) domain(from int) int {
	end, label, dots := 0, from, 0
	i := from
	for i < len(s.b) && i-from < 254 {
		c := s.b[i]
		switch {
		case class[c]&(isDigit|isLetter) != 0 || c == '-' && i > label:
			i++
			if dots > 0 && i-label >= 2 && topLevel(s.b[label:i]) {
				end = i
			}
			continue
		case c == '.' && i > label:
			dots++
			i++
			label = i
			continue
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(s.b[i:])
			if letter(r) {
				i += n
				if dots > 0 && utf8.RuneCount(s.b[label:i]) >= 2 {
					end = i
				}
				continue
			}
			if r == '。' && i > label && class[s.at(i+n)]&(isDigit|isLetter) != 0 {
				dots++
				i += n
				label = i
				continue
			}
			if isHan(r) && dots > 0 && i == label {
				if n := hanTopLevel(s.b[i:]); n > 0 {
					return i + n
				}
			}
			if i == label && dots == 0 && isHan(r) {
				return s.hanDomain(from)
			}
		}
		break
	}
	return end
}

// topLevel reports whether a label may be a top-level domain: letters, or punycode.
func topLevel(b []byte) bool {
	if len(b) > 4 && bytes.EqualFold(b[:4], []byte("xn--")) {
		return true
	}
	return len(b) <= 24 && !slices.ContainsFunc(b, func(c byte) bool { return class[c]&(isLetter|isHigh) == 0 })
}

// hanDomains are top-level domains of Han letters (IANA root zone).
var hanDomains = wordList("中国", "中國", "公司", "网络", "網絡", "香港", "台湾", "台灣", "澳门", "澳門", "在线", "中文网", "网址", "网站", "政务", "公益", "商城", "集团", "我爱你", "手机", "新加坡", "移动", "信息", "机构", "游戏", "娱乐", "商店", "组织机构")

func hanTopLevel(b []byte) int {
	for _, d := range hanDomains {
		if bytes.HasPrefix(b, d) {
			return len(d)
		}
	}
	return 0
}

// hanDomain is where a domain of Han labels ends that has a known top level.
func (s *Finder) hanDomain(from int) int {
	i := from
	for n := 0; i < len(s.b) && n < 20; n++ {
		if s.b[i] == '.' && i > from {
			if k := hanTopLevel(s.b[i+1:]); k > 0 {
				return i + 1 + k
			}
		}
		r, size := utf8.DecodeRune(s.b[i:])
		if !isHan(r) && class[s.b[i]]&(isDigit|isLetter) == 0 && r != '-' && r != '.' {
			return 0
		}
		i += size
	}
	return 0
}
