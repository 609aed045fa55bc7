package blob_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or the helper process of the fault tests.
func TestMain(m *testing.M) {
	if scenario := os.Getenv("BLOB_TEST_HELPER"); scenario != "" {
		os.Exit(helper(scenario))
	}
	goleak.VerifyTestMain(m)
}
