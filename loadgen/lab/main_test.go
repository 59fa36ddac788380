package lab

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"pushbench/servers/feed/feedtest"
)

// childRole makes the test binary another process than the tests.
const childRole = "LAB_TEST_CHILD"

var children = map[string]func() error{}

// programs are what its first argument makes it, as loadgen's does.
var programs = map[string]func() error{
	"link": func() error { return Serve(context.Background(), os.Stdin, os.Stdout) },
	"join": func() error { return Join(os.Args[2:]) },
}

// noLab is why the tests' own process can make no namespaces.
var noLab error

// The tests' process stands in for loadgen, and like it goes where the lab may
// be made: an ordinary user's tests run in a user namespace.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Unsetenv(childRole)
		exit(children[role]())
	}
	if len(os.Args) > 1 {
		if program := programs[os.Args[1]]; program != nil {
			exit(program())
		}
	}
	code, entered, err := Enter()
	if entered {
		os.Exit(code)
	}
	noLab = err
	goleak.VerifyTestMain(m, goleak.Cleanup(feedtest.LeakedDescriptors()))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
