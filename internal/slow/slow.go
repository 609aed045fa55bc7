// Package slow marks the tests that go test ./... leaves out, so that it stays
// within minutes: ./task test, which is what a fresh machine and CI run, asks for
// them.
package slow

import (
	"os"
	"testing"
)

// Asked reports whether all tests are to be run: EXHIBIT_LONG is set.
func Asked() bool { return os.Getenv("EXHIBIT_LONG") != "" }

// Test skips t unless all tests are to be run.
func Test(t testing.TB) {
	t.Helper()
	if !Asked() {
		t.Skip("NOT TESTED here: ./task test does (EXHIBIT_LONG=1)")
	}
}
