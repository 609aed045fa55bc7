package canon

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phone is E.164 where the number is one of a country that is stated or assumed; else its
// digits, with + where it has one. A Chinese mobile number is one without a region too,
// as the detector takes it for one.
func phone(text, region string) string {
	digits := Digits(text)
	if digits == "" {
		return Fold(text)
	}
	plus := false
	for _, r := range text {
		if r = Width(r); r == '+' {
			plus = true
			break
		} else if r != Dropped && r >= '0' && r <= '9' || HanDigit(r) != 0 {
			break
		}
	}
	if !plus && strings.HasPrefix(digits, "00") && len(digits) > 10 {
		digits, plus = digits[2:], true
	}
	if plus {
		return international(digits)
	}
	if region != "" && region != "CN" {
		if n, err := phonenumbers.Parse(digits, region); err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	switch {
	case Mobile(digits):
		return "+86" + digits
	case len(digits) == 13 && digits[:2] == "86" && Mobile(digits[2:]):
		return "+" + digits
	case len(digits) == 12 && digits[0] == '0' && Mobile(digits[1:]): // trunk prefix
		return "+86" + digits[1:]
	case region == "CN":
		if n, err := phonenumbers.Parse(digits, region); err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	return digits
}

func international(digits string) string {
	if len(digits) == 13 && digits[:2] == "86" && Mobile(digits[2:]) {
		return "+" + digits // most of them, and working one out takes 12 µs
	}
	if n, err := phonenumbers.Parse("+"+digits, ""); err == nil && phonenumbers.IsValidNumber(n) {
		return phonenumbers.Format(n, phonenumbers.E164)
	}
	return "+" + digits
}

// Mobile reports whether digits are a mobile number of China as it is dialled there: 11,
// the first 1, the second 3 to 9. (Which of them were given out has changed since 2008.)
func Mobile(digits string) bool {
	return len(digits) == 11 && digits[0] == '1' && digits[1] >= '3'
}
