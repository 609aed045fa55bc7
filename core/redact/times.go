package redact

import (
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// time writes a record's time as the policy has times; null stays.
func (w *walker) time(value []byte) (kept bool, err error) {
	if string(value) == "null" {
		return w.copy(value), nil
	}
	t := textOf(value)
	switch w.r.p.Times.Op {
	case OpDrop:
		w.out = append(w.out, "null"...)
		return true, nil
	case OpDateShift:
		shifted, ok := shiftTime(t, w.days())
		if !ok {
			return false, nil
		}
		w.showTime(shifted)
		w.out = evidence.AppendString(w.out, shifted)
		return true, nil
	}
	if _, err := time.Parse(time.RFC3339Nano, t); err != nil {
		return false, nil // no time: nobody knows what it is
	}
	w.showTime(t)
	return w.copy(value), nil
}

// showTime keeps the record's own time, as it comes out.
func (w *walker) showTime(t string) {
	if string(w.ptr) == "/time" {
		w.shownTime = t
	}
}

// days is by how many days times of the record are moved.
func (w *walker) days() int {
	subject := ""
	if w.r.p.Times.Subject == "account" {
		subject = w.subject
	}
	return w.r.marker.shift(subject, w.r.p.Times.Days)
}

// shiftTime moves a time in RFC 3339 by whole days, and leaves its time of day as written.
func shiftTime(s string, days int) (string, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || len(s) < 11 || strings.ContainsAny(s, ", ") {
		return "", false
	}
	t = t.AddDate(0, 0, days)
	if t.Year() < 0 || t.Year() > 9999 {
		return "", false
	}
	return t.Format(time.DateOnly) + s[10:], true
}

// basis writes what a time rests on, or that it was moved.
func (w *walker) basis(value []byte) (kept bool, err error) {
	switch {
	case string(value) == "null":
		return w.copy(value), nil
	case value[0] != '{' || w.r.p.Times.Op == OpDrop:
		return false, nil
	case w.r.p.Times.Op == OpDateShift:
		w.out = append(w.out, `{"basis":"shifted"}`...)
		return true, nil
	}
	zone := field{sort: text} // +08:00
	return true, w.object(value, map[string]field{"basis": {sort: word}, "epoch": {sort: word}, "unit": {sort: word}, "zone": zone, "zone_basis": {sort: word}}, "time_basis")
}

// times writes a list of times, without what the source has.
func (w *walker) times(value []byte) (kept bool, err error) {
	if value[0] != '[' {
		return false, nil
	}
	return true, w.list(value, func(v []byte) error {
		return w.object(v, map[string]field{"basis": {sort: basis}, "kind": {sort: word}, "time": {sort: at}}, "times")
	})
}
