package fleet

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
)

// childRole makes the test binary a process of its own, where a benchmark
// counts the CPU time of this one.
const childRole = "FLEET_TEST_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := children[role](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}
