package detect

import (
	"bytes"
	"unicode/utf8"
)

// mixed looks at a word of letters and digits, and at numbers inside it.
func (s *Finder) mixed(from, end int) {
	b := s.b
	// Digits behind letters: tel13812345678.
	if class[b[from]]&isDigit == 0 {
		letters := from
		for letters < end && class[b[letters]]&isLetter != 0 {
			letters++
		}
		if n := letters - from; n >= 2 && n <= longestTrigger {
			s.trigger(from, letters) // DOB1980-01-02
		}
		for i := from; i < end; i++ {
			if class[b[i]]&isDigit != 0 {
				if n := digitsAt(b[i:end]); i >= s.digitsTo && (n >= 7 || i+n == end && class[s.at(end)]&isSep != 0 && class[s.at(end+1)]&isDigit != 0 && s.named(i)) {
					s.number(i)
				}
				for i < end && class[b[i]]&isDigit != 0 {
					i++
				}
			}
		}
	}
	if class[b[from]]&isLetter == 0 || from > 0 && b[from-1] >= utf8.RuneSelf && s.wordBefore(from) {
		return
	}
	two := end > from+1 && class[b[from+1]]&isLetter != 0
	if two && end >= from+4 && class[b[from+2]]&isDigit != 0 && class[b[from+3]]&isDigit != 0 {
		s.iban(from)
	}
	if two {
		s.nino(from)
	}
	s.hkid(from, two)
	if !two {
		s.taiwan(from, end)
	}
	s.passport(from, end)
}

func digitsAt(b []byte) int {
	for i, c := range b {
		if class[c]&isDigit == 0 {
			return i
		}
	}
	return len(b)
}

// ibanLengths are how long account numbers are by country (ISO 13616, SWIFT's registry).
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
	"EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27,
	"JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
	"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
	"UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

// iban finds account numbers of ISO 13616, whose remainder by 97 is 1.
func (s *Finder) iban(from int) {
	n := ibanLengths[string([]byte{s.b[from] &^ 0x20, s.b[from+1] &^ 0x20})]
	if n == 0 {
		return
	}
	var compact [34]byte
	i, k, gap := from, 0, 0
	for i < len(s.b) && k < n {
		c := s.b[i]
		switch {
		case class[c]&isLetter != 0:
			compact[k] = c &^ 0x20
			k++
			gap = 0
		case class[c]&isDigit != 0:
			compact[k] = c
			k++
			gap = 0
		case (c == ' ' || c == '-' || c == '.') && gap == 0:
			gap++
		default:
			return
		}
		i++
	}
	if k < n || s.wordAt(i) {
		return
	}
	rest := 0
	for j := range n {
		c := compact[(j+4)%n]
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	if rest == 1 {
		s.add(from, i, "iban", "iban@1", "mod97", Proven)
	}
}

// tail reads digits with single separators from a place: how many there are, and where
// they end.
func (s *Finder) tail(at int, into []byte) (n, end int) {
	gap := 0
	for i := at; i < len(s.b); i++ {
		c := s.b[i]
		switch {
		case class[c]&isDigit != 0:
			if n == len(into) {
				return n + 1, i
			}
			into[n] = c
			n++
			gap, end = 0, i+1
		case (c == ' ' || c == '-' || c == '.') && gap == 0:
			gap++
		default:
			return n, end
		}
	}
	return n, end
}

// nino finds national insurance numbers of the United Kingdom (HMRC, NIM39110).
func (s *Finder) nino(from int) {
	a, b := s.b[from]|0x20, s.b[from+1]|0x20
	for _, c := range []byte("dfiquv") {
		if a == c || b == c {
			return
		}
	}
	if b == 'o' {
		return
	}
	switch string([]byte{a, b}) {
	case "bg", "gb", "kn", "nk", "nt", "tn", "zz":
		return
	}
	i := from + 2
	if class[s.at(i)]&isSep != 0 {
		i++
	}
	var d [6]byte
	n, end := s.tail(i, d[:])
	if n != 6 {
		return
	}
	if class[s.at(end)]&isSep != 0 {
		end++
	}
	if c := s.at(end) | 0x20; c < 'a' || c > 'd' || s.wordAt(end+1) {
		return
	}
	s.add(from, end+1, "nino", "uk_nino@1", "", Strong)
}

// hkid finds identity card numbers of Hong Kong: one or two letters, six digits and a check
// character, modulo 11.
func (s *Finder) hkid(from int, two bool) {
	i := from + 1
	sum := 324 + (int(s.b[from]|0x20)-'a'+10)*8 // 36*9: a blank before one letter
	if two {
		sum = (int(s.b[from]|0x20)-'a'+10)*9 + (int(s.b[from+1]|0x20)-'a'+10)*8
		i++
	}
	if s.at(i) == ' ' || s.at(i) == '-' {
		i++
	}
	for k := range 6 {
		if class[s.at(i)]&isDigit == 0 {
			return
		}
		sum += int(s.b[i]-'0') * (7 - k)
		i++
	}
	bracket := false
	for s.at(i) == ' ' || s.at(i) == '-' || s.at(i) == '(' {
		bracket = bracket || s.b[i] == '('
		i++
	}
	check := 0
	switch c := s.at(i); {
	case class[c]&isDigit != 0:
		check = int(c - '0')
	case c|0x20 == 'a':
		check = 10
	default:
		return
	}
	i++
	if (sum+check)%11 != 0 {
		return
	}
	if bracket {
		if s.at(i) != ')' {
			return
		}
		i++
	}
	if s.wordAt(i) {
		return
	}
	class := Proven
	if !bracket && !s.context(from, i, hkWords) {
		class = Weak
	}
	s.add(from, i, "hkid", "hkid@1", "mod11", class)
}

var (
	hkWords       = wordList("hkid", "身份证", "身份證", "香港", "hong kong", "identity", "id card", "id no", "id number")
	passportWords = wordList("护照", "護照", "passport", "passports", "通行证", "travel document")
	twWords       = wordList("身份证", "身份證", "身分證", "台湾", "台灣", "taiwan", "identity", "id card", "id no", "id number")
)

// taiwan finds identity card numbers of Taiwan: a letter and nine digits, weighted modulo 10.
func (s *Finder) taiwan(from, end int) {
	var d [9]byte
	n, stop := s.tail(from+1, d[:])
	if n != 9 || s.wordAt(stop) || stop < end || (d[0] != '1' && d[0] != '2' && d[0] != '8' && d[0] != '9') {
		return
	}
	const order = "abcdefghjklmnpqrstuvxywzio"
	value := 0
	for i := range order {
		if order[i] == s.b[from]|0x20 {
			value = i + 10
		}
	}
	sum := value/10 + value%10*9
	for i := range 8 {
		sum += int(d[i]-'0') * (8 - i)
	}
	if (sum+int(d[8]-'0'))%10 != 0 {
		return
	}
	class := Strong
	if s.context(from, stop, twWords) {
		class = Proven
	}
	s.add(from, stop, "tw_id", "tw_id@1", "mod10", class)
}

// passport finds numbers of passports, which only the words around them tell.
func (s *Finder) passport(from, end int) {
	letters := 0
	for from+letters < end && class[s.b[from+letters]]&isLetter != 0 {
		letters++
	}
	digits := end - from - letters
	if letters > 8 && bytes.HasPrefix(s.lower(s.b[from:from+letters]), []byte("passport")) {
		from, letters = from+8, letters-8
	}
	if digits < 6 || digits > 9 || letters > 3 || digitsAt(s.b[from+letters:end]) != digits || s.wordAt(end) {
		// Perhaps with a separator behind the letters.
		return
	}
	if s.context(from, end, passportWords) {
		s.add(from, end, "passport", "passport@1", "", Strong)
	}
}

// plate finds number plates of China: a province, a letter, five or six letters and digits.
func (s *Finder) plate(from, size int) {
	i := from + size
	if s.at(i) == ' ' {
		i++
	}
	if class[s.at(i)]&isLetter == 0 {
		return
	}
	i++
	for k := 0; k < 3 && i < len(s.b); k++ {
		if r, n := utf8.DecodeRune(s.b[i:]); r == '·' || r == '•' || r == '・' || r == ' ' || r == '-' || r == '.' {
			i += n
		} else {
			break
		}
	}
	n, digits := 0, 0
	for ; i < len(s.b) && class[s.b[i]]&(isDigit|isLetter) != 0; i++ {
		if class[s.b[i]]&isDigit != 0 {
			digits++
		}
		n++
	}
	if n == 4 {
		if r, size := utf8.DecodeRune(s.b[i:]); r == '学' || r == '警' || r == '挂' || r == '港' || r == '澳' {
			n, i = 5, i+size
		}
	}
	if n < 5 || n > 6 || digits < 2 || s.wordAt(i) {
		return
	}
	s.add(from, i, "plate", "cn_plate@1", "", Strong)
}
