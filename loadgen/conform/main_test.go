package conform

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
)

var update = flag.Bool("update", false, "write the golden files and the committed table")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}
