package epoll_test

import (
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}
