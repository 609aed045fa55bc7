package detect

import (
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// luhn reports whether the last digit is the check digit of the others (ISO/IEC 7812-1,
// annex B).
func luhn(d []byte) bool {
	sum := 0
	for i, double := len(d)-1, false; i >= 0; i, double = i-1, !double {
		x := int(d[i] - '0')
		if double {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

// issued reports whether cards of this length begin so (ISO/IEC 7812, as issuers publish).
func issued(d []byte) bool {
	n := len(d)
	two := int(d[0]-'0')*10 + int(d[1]-'0')
	four := two*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	switch {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16
	case two == 34 || two == 37:
		return n == 15
	case four/10 >= 300 && four/10 <= 305, two == 36, two == 38, two == 39, four/10 == 309:
		return n == 14 || n == 16
	case four == 1800 || four == 2131:
		return n == 15
	case two == 35:
		return n == 16
	case two == 62:
		return n >= 16
	case two == 81, two == 60, two == 64, two == 65:
		return n >= 16
	case four == 9558:
		return n == 19
	case two == 50, two >= 56 && two <= 58, two == 63, two == 67, two == 61, two == 66, two == 68, two == 69:
		return n >= 12
	}
	return false
}

// card finds numbers of payment cards.
func (w *window) card() {
	d := w.digits(0)
	if !luhn(d) || w.decimal() {
		return
	}
	const fours = 1<<4 | 1<<8 | 1<<12 | 1<<16
	shaped := w.cuts&^fours == 0 || w.singles() && w.cuts&2 != 0 || w.cuts == 1<<4|1<<10 || w.cuts == 1<<6 || w.cuts == 1<<6|1<<12
	class := Proven
	switch {
	case same(d):
		return
	case shaped && !w.glued() && issued(d):
	case !w.s.context(w.begin(), w.finish(), cardWords):
		return
	case w.glued() || len(d) < 13:
		class = Strong
	}
	w.add(w.begin(), "bank_card", "bank_card@1", "luhn", class)
}

// same reports whether all digits are one, as in a line of zeros.
func same(d []byte) bool {
	for _, c := range d {
		if c != d[0] {
			return false
		}
	}
	return true
}

// iccid finds numbers of SIM cards (ITU-T E.118).
func (w *window) iccid() {
	d := w.digits(0)
	if d[0] == '8' && d[1] == '9' && d[2] != '0' && luhn(d) && !w.glued() {
		w.add(w.begin(), "iccid", "iccid@1", "luhn", Proven)
	}
}

// mobileIDs finds numbers of devices (3GPP TS 23.003, IMEI with its check digit) and of
// subscribers (IMSI, which has none).
func (w *window) mobileIDs() {
	d := w.digits(0)
	if w.glued() {
		return
	}
	if luhn(d) && !same(d) {
		two := int(d[0]-'0')*10 + int(d[1]-'0')
		if w.s.context(w.begin(), w.finish(), imeiWords) {
			w.s.add(w.begin(), w.finish(), "imei", "imei@1", "luhn", Proven)
		} else if two == 1 || two == 35 || two == 86 || two == 99 || two == 44 || two == 45 || two == 49 {
			w.add(w.begin(), "imei", "imei@1", "luhn", Weak)
		}
	}
	if d[0] == '4' && d[1] == '6' && d[2] == '0' && d[3] <= '1' {
		class := Weak
		if w.s.context(w.begin(), w.finish(), imsiWords) {
			class = Strong
		}
		w.add(w.begin(), "imsi", "imsi@1", "", class)
	} else if w.s.context(w.begin(), w.finish(), imsiWords) && d[0] >= '2' && d[0] <= '7' {
		w.add(w.begin(), "imsi", "imsi@1", "", Strong)
	}
}

// province reports whether a resident number may begin so: GB/T 2260, the first two
// digits, those of provinces that no longer are too.
func province(d []byte) bool {
	switch d[0] {
	case '1':
		return d[1] >= '1' && d[1] <= '5'
	case '2':
		return d[1] >= '1' && d[1] <= '3'
	case '3':
		return d[1] >= '1' && d[1] <= '7'
	case '4':
		return d[1] >= '1' && d[1] <= '6'
	case '5':
		return d[1] >= '0' && d[1] <= '4'
	case '6':
		return d[1] >= '1' && d[1] <= '5'
	case '7':
		return d[1] == '1'
	case '8':
		return d[1] >= '1' && d[1] <= '3'
	}
	return false
}

// day reports whether eight digits are a day of 1850 to 2049.
func day(d []byte) bool {
	n := func(d []byte) int {
		v := 0
		for _, c := range d {
			v = v*10 + int(c-'0')
		}
		return v
	}
	y, m, x := n(d[:4]), n(d[4:6]), n(d[6:8])
	if y < 1850 || y > 2049 || m < 1 || m > 12 || x < 1 {
		return false
	}
	return time.Date(y, time.Month(m), x, 0, 0, 0, 0, time.UTC).Day() == x
}

// resident18 finds Chinese resident numbers (GB 11643-1999).
func (w *window) resident18() bool {
	d := w.digits(0)
	if !province(d) || !day(d[6:14]) {
		return false
	}
	check := canon.ResidentCheck(string(d))
	end := w.finish()
	if len(d) == 17 {
		// The eighteenth is a letter, perhaps behind a separator.
		if w.b != w.s.run.n {
			return false
		}
		at := end
		if class[w.s.at(at)]&isSep != 0 && w.groups > 0 {
			at++
		}
		if x := w.s.at(at) | 0x20; x != 'x' || check != 'X' || w.s.wordAt(at+1) {
			return false
		}
		end = at + 1
	} else if d[17] != check {
		return false
	}
	if w.a == 0 && w.s.run.glued && !w.s.context(w.begin(), end, idWords) {
		return false
	}
	w.s.add(w.begin(), end, "cn_resident_id", "cn_resident_id@1", "mod11-2", Proven)
	return true
}

// resident15 finds those of before 1999 (GB 11643-1989), which have no check digit.
func (w *window) resident15() {
	d := w.digits(0)
	if !province(d) || w.glued() || !day(append([]byte("19"), d[6:12]...)) {
		return
	}
	class := Weak
	if w.s.context(w.begin(), w.finish(), idWords) {
		class = Strong
	}
	w.add(w.begin(), "cn_resident_id", "cn_resident_id_15@1", "", class)
}

// ssn finds social security numbers of the United States, and taxpayer numbers that are
// written alike (SSA, "SSN Randomization"; IRS, ITIN).
func (w *window) ssn() bool {
	d := w.digits(0)
	if w.glued() || w.decimal() || d[3] == '0' && d[4] == '0' || string(d[5:]) == "0000" || string(d[:3]) == "000" || string(d[:3]) == "666" {
		return false
	}
	shaped := w.cuts == 1<<3|1<<5 && (w.sep == '-' || w.sep == ' ' || w.sep == '.')
	said := w.s.context(w.begin(), w.finish(), ssnWords)
	if w.cuts == 1<<2 && w.sep == '-' && w.s.context(w.begin(), w.finish(), einWords) {
		w.add(w.begin(), "tin", "us_ein@1", "", Strong)
		return true
	}
	switch {
	case d[0] == '9':
		if group := int(d[3]-'0')*10 + int(d[4]-'0'); (said || shaped && w.sep == '-') && group >= 50 {
			w.add(w.begin(), "tin", "us_itin@1", "", Strong)
			return true
		}
	case shaped && w.sep == '-', said && (shaped || w.groups == 0 || w.singles()):
		w.add(w.begin(), "ssn", "us_ssn@1", "", Strong)
		return true
	}
	return false
}

// byContext finds numbers that only the words before them tell.
func (w *window) byContext() {
	if w.glued() || w.decimal() {
		return
	}
	if w.a > 0 {
		return
	}
	n, r := w.len(), &w.s.run
	if r.said == saidUnknown {
		r.said = w.s.announced(w.begin())
	}
	if r.said == saidNothing {
		return
	}
	if r.said == saidUser && n <= 12 && (w.groups == 0 || w.singles() || w.groups <= 4 && w.sep != '/' && w.sep != '.') {
		w.add(w.begin(), "username", "qq@1", "", Strong)
	}
	if r.said == saidAccount && n >= 6 && (w.groups == 0 || !w.date()) {
		w.add(w.begin(), "account_number", "account_number@1", "", Strong)
	}
}
