package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// digits writes a number as people read it.
func digits(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int64, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "s"):
		thing += "es"
	default:
		thing += "s"
	}
	return digits(n) + " " + thing
}

// verb is the form of a verb after a number of things.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func quote(s string) string {
	if strings.ContainsAny(s, `"\`) {
		s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)
	}
	return `"` + s + `"`
}

func was(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return digits(n) + " were"
}

// decimal writes four significant digits.
func decimal(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "none"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// power writes ten to the power of lg, which may be smaller than any float.
func power(lg float64) string {
	if math.IsInf(lg, -1) {
		return "0"
	}
	if lg > -4 {
		return strconv.FormatFloat(math.Pow(10, lg), 'f', 4, 64)
	}
	whole := math.Floor(lg)
	return fmt.Sprintf("%.1fe%d", math.Pow(10, lg-whole), int64(whole))
}

// messages says how many messages and text messages.
func messages(c *counted) string {
	switch {
	case c.sms == 0:
		return plural(c.message, "message")
	case c.message == 0:
		return plural(c.sms, "text message")
	}
	return plural(c.message, "message") + " and " + plural(c.sms, "text message")
}
