package interop

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

// need skips the test, or fails it under REQUIRE_ALL=1, unless the host has what
// it needs.
func need(t *testing.T, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("REQUIRE_ALL") == "1":
		t.Fatalf("needs %s, and REQUIRE_ALL=1 lets nothing be skipped", what)
	default:
		t.Skipf("needs %s", what)
	}
}
