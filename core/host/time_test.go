//go:build linux

package host_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// The standard library decides which days and hours exist.
func TestIsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string, max int) int { return rapid.IntRange(0, max).Draw(t, name) }
		s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", n("year", 9999), n("month", 13), n("day", 32), n("hour", 25), n("minute", 61), n("second", 61))
		s += rapid.SampledFrom([]string{"Z", "Z", ".5Z", ".123456789Z"}).Draw(t, "end")
		_, err := time.Parse(time.RFC3339Nano, s)
		if host.IsTime([]byte(s)) != (err == nil) {
			t.Fatalf("%s: %v", s, err)
		}
	})
	for _, bad := range []string{
		"", "Z", "2008-07-31", "2008-07-31T23:10:19", "2008-07-31T23:10:19z", "2008-07-31t23:10:19Z", "2008-07-31T23:10:19,5Z",
		"2008-07-31T23:10:19.Z", "2008-07-31T23:10:19.5", "2008-07-31T23:10:19.5xZ", "2008-07-31T23:10:19+00:00", "+2008-07-31T23:10:9Z",
		"2008-07-31T23:10:19.000000000000000000000000000000Z", "20080-07-31T23:10:19Z",
	} {
		if host.IsTime([]byte(bad)) {
			t.Errorf("%q is a time", bad)
		}
	}
}
