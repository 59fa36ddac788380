package feedtest

import (
	"fmt"
	"net"
	"os"
)

// LeakedDescriptors counts the process's open descriptors and returns what a
// TestMain does last: it exits with the tests' code, or with 1 if more
// descriptors are open than before. Give it to goleak, which has waited by then
// for every goroutine that may still have one to close:
//
//	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
//
// Where the host does not list them (off Linux) nothing is checked.
func LeakedDescriptors() func(code int) {
	// The first use of the network opens descriptors that stay: the poller's.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	before := descriptors()
	return func(code int) {
		after := descriptors()
		if code == 0 && len(after) > len(before) {
			fmt.Fprintf(os.Stderr, "descriptors leaked: %d were open before the tests, %d after:\n", len(before), len(after))
			for name, target := range after {
				fmt.Fprintf(os.Stderr, "  %s → %s\n", name, target)
			}
			code = 1
		}
		os.Exit(code)
	}
}

// descriptors maps the open descriptors to what they stand for. It includes
// the one that it lists them with, each time.
func descriptors() map[string]string {
	const dir = "/proc/self/fd/"
	open := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return open
	}
	for _, e := range entries {
		target, err := os.Readlink(dir + e.Name())
		if err != nil {
			target = "the list itself"
		}
		open[e.Name()] = target
	}
	return open
}
