package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"pushbench/loadgen/run"
	"pushbench/servers/feed/feedtest"
	"pushbench/servers/test/need"
)

// What the test binary is, beside the tests: loadgen itself, its fleet, and a
// wrapper that becomes the servers' program. Each is told by these variables.
const (
	asVar      = "LOADGEN_TEST_AS"      // loadgen
	limitVar   = "LOADGEN_TEST_LIMIT"   // open-files=N or file-size=N, for loadgen
	serversVar = "LOADGEN_TEST_SERVERS" // the real servers' program, for the wrapper
	addrVar    = "LOADGEN_TEST_ADDR"    // where they listen, in place of a free port
	aliveVar   = "LOADGEN_TEST_ALIVE"   // a pipe that the children of a trial report to and hold open
	gateVar    = "LOADGEN_TEST_GATE"    // a pipe from which each then takes a byte before it goes on
)

const (
	exitOK          = run.ExitOK
	exitFailure     = run.ExitFailure
	exitUsage       = run.ExitUsage
	exitInterrupted = run.ExitInterrupted

	canaries = 2 // before the first trial
)

// servers is where the real servers are.
var servers func(testing.TB) string

func TestMain(m *testing.M) {
	// What a fleet can take, and how fast the host is, no test asks: a little of both
	// shows that they are measured.
	run.Calibrators, run.FirstCanaries = 2, canaries
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "fleet":
			reportAlive("fleet")
			main()
		case "link":
			sayAlive("link") // it passes no gate: one is tried before any trial
			main()
		case "join":
			main()
		case "-control":
			reportAlive("server")
			fail(becomeServers(os.Args[1:]))
		}
	}
	if as := roles[os.Getenv(asVar)]; as != nil {
		fail(as())
	}
	if os.Getenv(asVar) == "loadgen" {
		if err := setLimit(os.Getenv(limitVar)); err != nil {
			fail(err)
		}
		main()
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each child rests a second before it ends
	dir, err := os.MkdirTemp("", "loadgen-test-")
	if err != nil {
		fail(err)
	}
	servers = need.Program(dir, "pushbench/servers")
	leaked := feedtest.LeakedDescriptors()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		leaked(code)
	}))
}

// roles are what else the test binary is when asVar says so. They return only to
// say why they cannot be.
var roles = map[string]func() error{}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "test:", err)
	os.Exit(1)
}

// sayAlive says on the pipe that a child of a trial has started, and leaves the
// pipe open, across exec too: its reader sees the end when all have ended.
func sayAlive(role string) {
	path := os.Getenv(aliveVar)
	if path == "" {
		return
	}
	// Not blocking: who comes when nobody listens any more, started by a loadgen that
	// was killed just then, would wait for ever.
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_, err = syscall.Write(fd, fmt.Appendf(nil, "%s %d\n", role, os.Getpid()))
	}
	if err != nil {
		fail(err)
	}
}

// reportAlive says so, and waits at the gate.
func reportAlive(role string) {
	sayAlive(role)
	path := os.Getenv(gateVar)
	if path == "" {
		return
	}
	gate, err := os.Open(path)
	if err == nil {
		_, err = gate.Read(make([]byte, 1))
		gate.Close()
	}
	if err != nil {
		fail(err)
	}
}

// becomeServers replaces this process by the real servers.
func becomeServers(args []string) error {
	if addr := os.Getenv(addrVar); addr != "" {
		for i, arg := range args {
			if arg == "-addr" {
				args[i+1] = addr
			}
		}
	}
	path := os.Getenv(serversVar)
	return syscall.Exec(path, append([]string{path}, args...), os.Environ())
}

func setLimit(text string) error {
	if text == "" {
		return nil
	}
	name, digits, _ := strings.Cut(text, "=")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return err
	}
	which := map[string]int{"open-files": syscall.RLIMIT_NOFILE, "file-size": syscall.RLIMIT_FSIZE}[name]
	return syscall.Setrlimit(which, &syscall.Rlimit{Cur: n, Max: n})
}
