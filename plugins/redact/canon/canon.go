package canon

import (
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
)

// Of is the canonical spelling of a value of a category (docs/redaction.md lists them):
// all spellings of one value give one string, and that string gives itself. What is no
// value of the category is folded as text. region (ISO 3166-1, two capitals, or "") is
// the country in which telephone numbers without + are dialled.
func Of(category, text, region string) string {
	switch category {
	case "phone":
		return phone(text, region)
	case "email":
		return email(text)
	case "ip":
		return ip(text)
	case "mac":
		return strings.ToLower(letters(text))
	case "bank_card", "imei", "imsi", "ssn":
		if s := Digits(text); s != "" {
			return s
		}
	case "iccid":
		return strings.TrimRight(letters(text), "F") // odd ones are filled up with F
	case "cn_resident_id":
		return residentID(text)
	case "iban", "hkid", "tw_id", "passport", "plate", "nino", "account_number":
		if s := letters(text); s != "" {
			return s
		}
	case "birth_date":
		return date(text)
	case "credential", "url_secret":
		return strings.TrimSpace(text) // each letter counts, and its case
	}
	return Fold(text)
}

// Digits are the decimal digits of text, those of any script and Han numerals, in ASCII.
func Digits(text string) string {
	var b strings.Builder
	for _, r := range text {
		if d := HanDigit(r); d != 0 {
			b.WriteByte(d)
		} else if r = Width(r); r >= '0' && r <= '9' {
			b.WriteByte(byte(r))
		}
	}
	return b.String()
}

// letters are the letters and digits of text, in capitals.
func letters(text string) string {
	var b strings.Builder
	for _, r := range text {
		if d := HanDigit(r); d != 0 {
			b.WriteByte(d)
		} else if r = Width(r); r != Dropped && (unicode.IsLetter(r) || r >= '0' && r <= '9') {
			b.WriteRune(unicode.ToUpper(Lower(r)))
		}
	}
	return b.String()
}

func email(text string) string {
	s := strings.TrimPrefix(Fold(text), "mailto:")
	s = strings.Trim(s, "<>.,;\"' ")
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	domain := strings.ReplaceAll(s[at+1:], "。", ".")
	if strings.Contains(domain, "xn--") {
		if u, err := idna.ToUnicode(domain); err == nil {
			domain = u
		}
	}
	return s[:at] + "@" + domain
}

func ip(text string) string {
	s := strings.ReplaceAll(Fold(text), "。", ".")
	s = strings.ReplaceAll(strings.Trim(s, "[] "), " ", "")
	if parts := strings.Split(s, "."); len(parts) == 4 {
		for i, p := range parts {
			if p = strings.TrimLeft(p, "0"); p == "" {
				p = "0"
			}
			parts[i] = p
		}
		if a, err := netip.ParseAddr(strings.Join(parts, ".")); err == nil {
			s = a.String()
		}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return s
}

// residentID is a number of GB 11643-1999; one of 15 digits (GB 11643-1989) becomes the
// one of 18 that its bearer was given later.
func residentID(text string) string {
	s := letters(text)
	if len(s) != 15 || strings.Trim(s, "0123456789") != "" {
		return s
	}
	s = s[:6] + "19" + s[6:]
	return s + string(ResidentCheck(s))
}

// ResidentCheck is the check character of the 17 digits of a Chinese resident number,
// MOD 11-2 (GB 11643-1999, ISO 7064).
func ResidentCheck(digits string) byte {
	sum := 0
	for i := range 17 {
		sum = (sum + int(digits[i]-'0')) * 2 % 11
	}
	return "0123456789X"[(12-sum)%11]
}

// date is a day as YYYY-MM-DD where text states it unambiguously.
func date(text string) string {
	s := Fold(text)
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-/.年月日号號, ", r) })
	if len(parts) == 1 && len(parts[0]) == 8 {
		parts = []string{parts[0][:4], parts[0][4:6], parts[0][6:]}
	}
	if len(parts) == 3 {
		for i := range parts {
			if d := Digits(parts[i]); len(d) == len([]rune(parts[i])) {
				parts[i] = d
			}
		}
		if len(parts[0]) == 4 {
			if t, err := time.Parse("2006-1-2", strings.Join(parts, "-")); err == nil {
				return t.Format(time.DateOnly)
			}
		}
		for _, layout := range []string{"2 jan 2006", "jan 2 2006", "2 january 2006", "january 2 2006"} {
			if t, err := time.Parse(layout, strings.Join(parts, " ")); err == nil {
				return t.Format(time.DateOnly)
			}
		}
	}
	return s
}
