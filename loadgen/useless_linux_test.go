package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pushbench/servers/test/need"
)

// wantUseless runs loadgen on a host on which no trial can work: it says why in its
// first line, fails, and leaves nothing behind.
func (w *workshop) wantUseless(c *command, says string) {
	w.t.Helper()
	c.want(exitFailure)
	line, _, _ := strings.Cut(c.stderr.String(), "\n")
	if !strings.Contains(line, says) {
		w.t.Errorf("it does not say %q but\n%s", says, &c.stderr)
	}
	if _, err := os.Stat(w.result()); err == nil {
		w.t.Error("it left a result file")
	}
}

// unshared are the attributes of a process in namespaces of its own; the test needs a
// host where this user can have them.
func unshared(t *testing.T, flags uintptr) *syscall.SysProcAttr {
	t.Helper()
	a := &syscall.SysProcAttr{Cloneflags: flags}
	if os.Getuid() != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	try := exec.Command("/proc/self/exe", "-test.run=^$")
	try.SysProcAttr = a
	err := try.Run()
	need.That(t, err == nil, fmt.Sprintf("namespaces of its own (%v)", err))
	return a
}

// A network namespace begins with its loopback interface down.
func TestNoLoopback(t *testing.T) {
	w := newWorkshop(t, tiny)
	w.attributes = unshared(t, unix.CLONE_NEWNET)
	w.wantUseless(w.command(), "no trial can work here: the loopback interface is down: `ip link set lo up`")
}

// noexecRole is loadgen with a TMPDIR that lets no program run.
const noexecRole = "loadgen without programs in TMPDIR"

func init() { roles[noexecRole] = becomeNoexec }

func becomeNoexec() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to itself: %w", err)
	}
	if err := unix.Mount("tmpfs", os.TempDir(), "tmpfs", unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount on %s: %w", os.TempDir(), err)
	}
	os.Setenv(asVar, "loadgen")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, os.Environ())
}

func TestNoexecTMPDIR(t *testing.T) {
	need.Go(t)
	w := newWorkshop(t, tiny)
	w.attributes = unshared(t, unix.CLONE_NEWNS)
	c := w.command()
	c.Args = []string{w.self, "-out", filepath.Join(w.dir, "out"), w.scenario}
	c.Env = append(c.Env, asVar+"="+noexecRole)
	var err error
	if c.Dir, err = os.Getwd(); err != nil { // of the module, from which it builds
		t.Fatal(err)
	}
	w.wantUseless(c, " lets no program run (is it mounted noexec?): let TMPDIR name a folder where programs may run, or give the built program with -servers")
}

// A program that is not the servers'.
func TestWrongServers(t *testing.T) {
	w := newWorkshop(t, tiny)
	text := filepath.Join(w.dir, "text")
	w.write(text, "dear diary\n")
	if err := os.Chmod(text, 0o755); err != nil {
		t.Fatal(err)
	}
	for program, says := range map[string]string{
		"/bin/sh":  "no trial can work here: is /bin/sh the servers' program of this module? `go build -o bin/ ./servers`, then -servers bin/servers",
		text:       "no trial can work here: is " + text + " the servers' program of this module?",
		w.scenario: "-servers: ",
	} {
		c := w.command()
		c.Args = []string{w.self, "-servers", program, "-out", filepath.Join(w.dir, "out"), w.scenario}
		w.wantUseless(c, says)
	}
}

// A server that cannot listen, as where all ports are taken.
func TestPortTaken(t *testing.T) {
	w := newWorkshop(t, tiny)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w.env = append(w.env, addrVar+"="+l.Addr().String())
	c := w.command()
	w.wantUseless(c, "no trial can work here: the ports that the kernel picks from may be used up")
	c.says("  server: servers: listen tcp " + l.Addr().String() + ": bind: address already in use")
}

// Somebody who reads the first lines and goes away does not end a run.
func TestNobodyReadsProgress(t *testing.T) {
	w := newWorkshop(t, tiny)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	c := w.command("-blocks", "1", "-only", "ws")
	c.Cmd.Stderr = write
	if err := c.Run(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	write.Close()
	if run := w.read(); len(run.Trials) != 1 || run.End == nil {
		t.Errorf("%d trials, end %+v", len(run.Trials), run.End)
	}
}
