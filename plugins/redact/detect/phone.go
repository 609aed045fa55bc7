package detect

import (
	"bytes"
	"fmt"

	"github.com/nyaruka/phonenumbers"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// region is a country in which numbers may be dialled without +.
type region struct {
	name string
	// nanp: three digits, three and four, the first of both triples 2 to 9.
	nanp bool
}

func openRegions(names []string) (out []region, err error) {
	for _, name := range names {
		code := phonenumbers.GetCountryCodeForRegion(name)
		if code == 0 {
			return nil, fmt.Errorf("regions: %q: two capital letters that name a country (ISO 3166-1), such as CN", name)
		}
		if name != "CN" {
			out = append(out, region{name, code == 1})
		}
	}
	return out, nil
}

const libphonenumber = "libphonenumber"

// phone finds telephone numbers as they are dialled in a country.
func (w *window) phone() {
	r := &w.s.run
	if w.a == 0 && r.plus >= 0 {
		w.mobileAbroad()
		return
	}
	if w.decimal() {
		return
	}
	if w.mobile() || w.doubleZero() || w.landline() {
		return
	}
	for _, in := range w.s.d.regions {
		if w.national(in) {
			return
		}
	}
}

// opening is where the value begins that the digits begin: at a bracket before them
// where it is closed behind some of them.
func (w *window) opening(at int) int {
	if w.s.at(at-1) != '(' {
		return at
	}
	if i := bytes.IndexByte(w.s.b[at:w.finish()], ')'); i >= 0 {
		return at - 1
	}
	return at
}

// mobileAbroad finds +86 and a mobile number.
func (w *window) mobileAbroad() {
	d := w.digits(0)
	if len(d) == 13 && d[0] == '8' && d[1] == '6' && canon.Mobile(string(d[2:])) || len(d) == 15 && string(d[:4]) == "0086" && canon.Mobile(string(d[4:])) {
		w.add(w.opening(w.s.run.plus), "phone", "cn_mobile@1", "", Strong)
	}
}

// mobile finds Chinese mobile numbers.
func (w *window) mobile() bool {
	d := w.digits(0)
	p := 0
	switch {
	case len(d) == 13 && d[0] == '8' && d[1] == '6':
		p = 2
	case len(d) == 15 && string(d[:4]) == "0086":
		p = 4
	case len(d) == 12 && d[0] == '0':
		p = 1
	case len(d) != 11:
		return false
	}
	core := d[p:]
	if !canon.Mobile(string(core)) {
		return false
	}
	good := w.core(p)
	class := Strong
	switch {
	case !good && p < 2 && !w.s.context(w.begin(), w.finish(), phoneWords):
		return false
	case !good, w.glued() && !w.s.context(w.begin(), w.finish(), phoneWords):
		class = Weak
	case p == 0 && !assigned(core) && !w.s.context(w.begin(), w.finish(), phoneWords):
		class = Weak
	}
	w.add(w.opening(w.begin()), "phone", "cn_mobile@1", "", class)
	return true
}

// core reports whether the separators of the eleven digits from an offset on are where
// people put them.
func (w *window) core(p int) bool {
	if w.groups == 0 || w.singles() {
		return true
	}
	cuts := w.cuts >> p &^ 1
	switch cuts {
	case 0, 1<<3 | 1<<7, 1 << 3, 1 << 7, 1<<4 | 1<<8, 1<<3 | 1<<6, 1<<3 | 1<<6 | 1<<9, 1 << 5, 1 << 6, 1<<4 | 1<<7, 1<<3 | 1<<5 | 1<<7 | 1<<9, 1<<2 | 1<<6, 1<<5 | 1<<8:
		return true
	}
	return cuts == 0x7FE || cuts == 0x554 // one by one, two by two
}

// assigned reports whether a mobile number's first digits were given out, by
// libphonenumber's metadata of 2026.
func assigned(d []byte) bool {
	switch x := d[2]; d[1] {
	case '3', '8', '9':
		return true
	case '4':
		return x == '5' || x == '7'
	case '5':
		return x != '4'
	case '6':
		return x >= '5' && x <= '7' || x == '2'
	case '7':
		return x != '4' && x != '9'
	}
	return false
}

// doubleZero finds international numbers that begin with 00.
func (w *window) doubleZero() bool {
	d := w.digits(0)
	if len(d) < 11 || d[0] != '0' || d[1] != '0' || d[2] == '0' || w.glued() || w.groups > 5 {
		return false
	}
	if w.s.verdict(d[2:], "") != numberValid {
		return false
	}
	w.add(w.begin(), "phone", "phone_international@1", libphonenumber, Strong)
	return true
}

// landline finds numbers of the Chinese fixed network, with its area.
func (w *window) landline() bool {
	d := w.digits(0)
	if len(d) < 10 || len(d) > 12 || d[0] != '0' || d[1] == '0' || w.groups > 3 || w.glued() {
		return false
	}
	area := 4
	if d[1] == '1' || d[1] == '2' {
		area = 3
	}
	if n := len(d) - area; n < 7 || n > 8 || d[area] < '2' {
		return false
	}
	if !areaCode(d[1:area]) {
		return false
	}
	split := w.cuts&(1<<area) != 0
	if w.groups > 0 && !split && w.cuts != 1<<(area+4) && w.cuts != 1<<(area+3) {
		return false
	}
	class := Strong
	if !split && !w.s.context(w.begin(), w.finish(), phoneWords) {
		class = Weak
	}
	w.add(w.opening(w.begin()), "phone", "cn_landline@1", "area", class)
	return true
}

// areaCode reports whether the digits behind the 0 are an area of China (the areas that
// libphonenumber's metadata of 2026 lists; a test compares).
func areaCode(d []byte) bool {
	if len(d) == 2 {
		return d[0] == '1' && d[1] == '0' || d[0] == '2' && d[1] != '6'
	}
	n := int(d[1]-'0')*10 + int(d[2]-'0')
	return areas[d[0]-'0'][n/64]>>(n%64)&1 != 0
}

// areas has, for each first digit, a bit for each pair of digits behind it.
var areas = func() (t [10][2]uint64) {
	for first, list := range map[int]string{
		3: "10 11 12 13 14 15 16 17 18 19 35 49 50 51 52 53 54 55 56 57 58 59 70 71 72 73 74 75 76 77 78 79 91 92 93 94 95 96 98",
		4: "10 11 12 13 14 15 16 17 18 19 21 27 29 31 32 33 34 35 36 37 38 39 51 52 53 54 55 56 57 58 59 64 67 68 69 70 71 72 73 74 75 76 77 78 79 82 83",
		5: "10 11 12 13 14 15 16 17 18 19 23 27 30 31 32 33 34 35 36 37 38 39 43 46 50 51 52 53 54 55 56 57 58 59 61 62 63 64 66 70 71 72 73 74 75 76 77 78 79 80 91 92 93 94 95 96 97 98 99",
		6: "31 32 33 34 35 60 62 63 68 91 92",
		7: "01 10 11 12 13 14 15 16 17 18 19 22 24 28 30 31 34 35 36 37 38 39 43 44 45 46 50 51 52 53 54 55 56 57 58 59 60 62 63 66 68 69 70 71 72 73 74 75 76 77 78 79 90 91 92 93 94 95 96 97 98 99",
		8: "07 12 13 16 17 18 25 26 27 30 31 32 33 34 35 36 37 38 39 51 52 53 54 55 56 57 58 59 70 71 72 73 74 75 76 77 78 79 83 86 87 88 91 92 93 94 95 96 97 98",
		9: "01 02 03 06 08 09 11 12 13 14 15 16 17 19 30 31 32 33 34 35 36 37 38 39 41 43 51 52 53 54 55 70 71 72 73 74 75 76 77 78 79 90 91 92 93 94 95 96 97 98 99",
	} {
		for i := 0; i < len(list); i += 3 {
			n := int(list[i]-'0')*10 + int(list[i+1]-'0')
			t[first][n/64] |= 1 << (n % 64)
		}
	}
	return t
}()

// verdict is what the library says of a number.
type verdict uint8

const (
	numberUnknown verdict = iota
	numberNone
	numberPossible
	numberValid
)

// maxVerdicts bounds what is remembered of numbers: working one out takes 12 µs, and most
// stand in many messages.
const maxVerdicts = 8192

// verdict asks the library about digits dialled in a region, or with + where that is "".
func (s *Finder) verdict(digits []byte, in string) verdict {
	s.key = append(append(s.key[:0], in...), digits...)
	if v := s.verdicts[string(s.key)]; v != numberUnknown {
		return v
	}
	if len(s.verdicts) >= maxVerdicts || s.verdicts == nil {
		s.verdicts = make(map[string]verdict, 64)
	}
	v, text := numberNone, string(digits)
	if in == "" {
		text = "+" + text
	}
	if n, err := phonenumbers.Parse(text, in); err == nil {
		switch {
		case in == "" && phonenumbers.IsValidNumber(n), in != "" && phonenumbers.IsValidNumberForRegion(n, in):
			v = numberValid
		case phonenumbers.IsPossibleNumber(n):
			v = numberPossible
		}
	}
	s.verdicts[string(s.key)] = v
	return v
}

// national finds numbers that are dialled in a region.
func (w *window) national(in region) bool {
	n := w.len()
	if n > 13 || w.groups > 5 || w.glued() || w.sep == gapOdd && w.groups > 4 {
		return false
	}
	d := w.digits(0)
	if in.nanp {
		p := n - 10
		if p < 0 || p > 1 && !(p == 3 && string(d[:3]) == "001") || p == 1 && d[0] != '1' || d[p] < '2' || d[p+3] < '2' {
			return false
		}
		if cuts := w.cuts >> p &^ 1; cuts != 0 && cuts != 1<<3|1<<6 && cuts != 1<<3 && cuts != 1<<6 && !(w.singles() && w.cuts&2 != 0) {
			return false
		}
	}
	if w.groups == 0 || w.groups == 1 && w.sep == ' ' || w.date() || !in.nanp && (d[0] != '0' && w.s.at(w.begin()-1) != '(' || w.sep == '.' || n < 8) {
		if !w.s.context(w.begin(), w.finish(), phoneWords) {
			return false
		}
	}
	if v := w.s.verdict(d, in.name); v != numberValid && !(in.nanp && v == numberPossible && w.groups > 0) {
		return false
	}
	w.s.add(w.opening(w.begin()), w.end(), "phone", "phone_national@1", libphonenumber, Strong)
	return true
}

// date reports whether the window reads as a day, with or without a time.
func (w *window) date() bool {
	d := w.digits(0)
	if len(d) < 8 {
		return len(d) == 7 || len(d) == 6
	}
	iso := (d[0] == '1' && d[1] == '9' || d[0] == '2' && d[1] == '0') && (d[4] == '0' || d[4] == '1' && d[5] <= '2') && d[6] <= '3'
	return iso && (w.groups == 0 && (len(d) == 8 || len(d) >= 12) || w.cuts&(1<<4|1<<6) == 1<<4|1<<6)
}

// extension is where a number that ends at a place ends with x123 or ext. 123 behind it.
func (s *Finder) extension(end int) int {
	i := s.skip(end, " ")
	k := i
	for _, mark := range []string{"extension", "ext.", "ext", "x"} {
		if len(s.b) >= i+len(mark) && bytes.EqualFold(s.b[i:i+len(mark)], []byte(mark)) {
			k = i + len(mark)
			break
		}
	}
	if k == i {
		return end
	}
	k = s.skip(k, " ")
	digits := digitsAt(s.b[k:])
	if digits < 1 || digits > 6 || s.wordAt(k+digits) {
		return end
	}
	return k + digits
}

// end is where the number ends that the window is, an extension included.
func (w *window) end() int {
	if w.b != w.s.run.n {
		return w.finish()
	}
	return w.s.extension(w.finish())
}

// international finds a number with +, and returns how many digits belong to it.
func (s *Finder) international() int {
	r := &s.run
	if r.plus < 0 || r.n < 7 {
		return 0
	}
	last, best, possible := 0, 0, false
	for b := min(r.n, 16); b >= 7; b-- {
		if b < r.n && (r.gap[b] == gapNone) {
			continue
		}
		w := window{s: s, a: 0, b: b}
		for k := 1; k < b; k++ {
			w.take(k)
		}
		if w.odd > 0 || w.sep == '\n' || w.groups > 7 && !w.singles() {
			continue
		}
		if last == 0 {
			last = b
		}
		v := s.verdict(r.digit[:b], "")
		if v == numberValid {
			best = b
			break
		}
		if v == numberPossible && !possible {
			possible, last = true, b
		}
	}
	rule, class, validator := "phone_international@1", Strong, libphonenumber
	if best == 0 {
		best, validator = last, ""
		if !possible {
			class = Weak
		}
	}
	if best < 8 {
		return 0
	}
	w := window{s: s, a: 0, b: best}
	s.add(w.opening(r.plus), w.end(), "phone", rule, validator, class)
	return best
}
