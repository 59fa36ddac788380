package host

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// childRole makes the test binary a child process of a test, for what can only
// be seen, or only be done, in a process of its own.
const childRole = "HOST_TEST_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := children[role](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func child(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if children[role] == nil {
		t.Fatalf("no child %q", role)
	}
	cmd := exec.Command(self)
	// Under the race detector a program rests a second before it exits.
	cmd.Env = append(os.Environ(), childRole+"="+role, "GOMAXPROCS=", "GORACE=atexit_sleep_ms=0")
	return cmd
}
