package host

const maxTimeBytes = 40

// isTime reports whether b is a time in RFC 3339, UTC, with a capital T and Z and
// any number of decimals: what sorts as text and what everybody's parser takes.
// There is no second 60.
func isTime(b []byte) bool {
	const shape = "0000-00-00T00:00:00"
	if len(b) <= len(shape) || len(b) > maxTimeBytes || b[len(b)-1] != 'Z' {
		return false
	}
	for i := range len(shape) {
		if isDigit(shape[i]) != isDigit(b[i]) || !isDigit(shape[i]) && shape[i] != b[i] {
			return false
		}
	}
	year, month, day := two(b[0:])*100+two(b[2:]), two(b[5:]), two(b[8:])
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || two(b[11:]) > 23 || two(b[14:]) > 59 || two(b[17:]) > 59 {
		return false
	}
	fraction := b[len(shape) : len(b)-1]
	if len(fraction) == 0 {
		return true
	}
	if fraction[0] != '.' || len(fraction) == 1 {
		return false
	}
	for _, c := range fraction[1:] {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// two reads two digits.
func two(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

// daysIn is the length of a month of the Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
