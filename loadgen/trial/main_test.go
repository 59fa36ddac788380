package trial

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"pushbench/loadgen/lab"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/test/need"
)

// servers is where the real server is, loadgen where the program is that is the
// fleet and the link.
var servers, loadgen func(testing.TB) string

// TestMain is also a server that does wrong, started as a real one is, and the link by
// which the lab is tried.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "link" {
		exit(lab.Serve(context.Background(), os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == "-control" {
		exit(serveFaulty(os.Args[1:]))
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each child rests a second before it ends
	atOnce()
	dir, err := os.MkdirTemp("", "trial-test-")
	if err != nil {
		exit(err)
	}
	servers, loadgen = need.Program(dir, "pushbench/servers"), need.Program(dir, "pushbench/loadgen")
	leaked := feedtest.LeakedDescriptors()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
			fmt.Fprintf(os.Stderr, "a child is left behind: wait says %d, %v\n", pid, err)
			code = max(code, 1)
		}
		leaked(code)
	}))
}

// atOnce lets more trials run at once than there are CPUs, unless the person who
// runs the tests says how many: they spend nearly all of their time waiting.
func atOnce() {
	const parallel = "test.parallel"
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == parallel })
	if !chosen {
		flag.Set(parallel, "8")
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
