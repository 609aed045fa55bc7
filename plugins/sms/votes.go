package main

import "bytes"

// votes count how many values of a column fit each way of reading it.
type votes struct {
	filled   int
	counted  map[string]int
	fit      [orders]int
	differ   [orders][orders]bool // some value is another day under the other order
	dateOnly int
	timeOnly int
}

func (v *votes) add(value []byte) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return
	}
	v.filled++
	if unit := countedUnit(value); unit != "" {
		if v.counted == nil {
			v.counted = map[string]int{}
		}
		v.counted[unit]++
		return
	}
	var got [orders]moment
	var ok [orders]bool
	for o := range orders {
		if got[o], ok[o] = scanMoment(value, o); !ok[o] {
			continue
		}
		v.fit[o]++
		for p := range o {
			if ok[p] && (got[o].month != got[p].month || got[o].day != got[p].day || got[o].year != got[p].year) {
				v.differ[o][p], v.differ[p][o] = true, true
			}
		}
	}
	for o := range orders {
		if ok[o] {
			if got[o].hour < 0 {
				v.dateOnly++
			}
			if got[o].year < 0 {
				v.timeOnly++
			}
			break
		}
	}
}

// countedUnit tells the unit of a number since 1970 by its length: seconds have 9
// or 10 digits between 1973 and 2286, and each unit below three more. Twelve and
// fourteen digits are a date where they begin with a year of these centuries.
func countedUnit(value []byte) string {
	for _, c := range value {
		if c < '0' || c > '9' {
			return ""
		}
	}
	switch len(value) {
	case 1:
		if value[0] == '0' {
			return "zero"
		}
	case 9, 10:
		return "s"
	case 12, 13:
		if _, ok := scanMoment(value, orderYMD); ok && len(value) == 12 && (value[0] == '1' && value[1] == '9' || value[0] == '2' && value[1] == '0') {
			return ""
		}
		return "ms"
	case 15, 16:
		return "us"
	case 18, 19:
		return "ns"
	}
	return ""
}

// best returns the order that fits most values, and others that fit as many and
// make other days of them.
func (v *votes) best(preferred []order) (o order, rivals []order) {
	o = preferred[0]
	for _, p := range preferred {
		if v.fit[p] > v.fit[o] {
			o = p
		}
	}
	for _, p := range preferred {
		if p != o && v.fit[p] == v.fit[o] && v.differ[o][p] {
			rivals = append(rivals, p)
		}
	}
	return o, rivals
}

func (v *votes) most() int { return max(v.fit[0], v.fit[1], v.fit[2]) }

// unit returns the unit that most counted values have, and how many those are.
func (v *votes) unit() (unit string, n int) {
	for _, u := range []string{"s", "ms", "us", "ns"} {
		if v.counted[u] > n {
			unit, n = u, v.counted[u]
		}
	}
	return unit, n
}
