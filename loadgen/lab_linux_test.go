package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pushbench/loadgen/internal/netns"
	"pushbench/loadgen/lab"
	"pushbench/servers/test/need"
)

// far is a scenario of which half the trials take the lab.
const far = `question: Does it run over a path?
factors:
  transport: [longpoll, ws]
  rtt: [0ms, 5ms]
fixed: {rate: 100/s, subscribers: 3}
warmup: 50ms
measure: 100ms
blocks: 1
`

// newLabWorkshop is a workshop on a host that has the lab.
func newLabWorkshop(t *testing.T, scenario string) *workshop {
	t.Helper()
	err := lab.Ready()
	need.That(t, err == nil, fmt.Sprintf("the lab (%v)", err))
	return newWorkshop(t, scenario)
}

// A run of trials with and without a path: the record tells them apart.
func TestLabRun(t *testing.T) {
	w := newLabWorkshop(t, far)
	w.command().want(exitOK, "lab: this host can emulate networks", "\n[4/4] block 1  ")
	run := w.checkComplete(0)
	if len(run.Header.Host.LinkCPUs) == 0 {
		t.Error("the record does not say where the link ran")
	}
	if shares := fmt.Sprint(run.Header.Host.LinkCPUs) == fmt.Sprint(run.Header.Host.FleetCPUs); shares != strings.Contains(strings.Join(run.Header.Warnings, "\n"), "the link shares the fleet's core: ") {
		t.Errorf("the link shares the fleet's core: %t; the warnings are %q", shares, run.Header.Warnings)
	}
	for _, trial := range run.Trials {
		_, over := trial.Metrics["link/bytes/down"]
		if path := trial.Treatment["rtt"] == "5ms"; over != path {
			t.Errorf("%s: link/bytes/down is there: %t", trial.Treatment.Key(), over)
		}
		if h := trial.Hists["staleness"]; over && h.Min() < int64(2500*time.Microsecond) {
			t.Errorf("%s: an event is %v old", trial.Treatment.Key(), time.Duration(h.Min()))
		}
	}
	w.alive.allEnded()
}

// What the dry run says of the lab.
func TestLabInDryRun(t *testing.T) {
	w := newLabWorkshop(t, far)
	c := w.command("-dry")
	c.want(exitOK)
	if want := "\nlab: 2 of 4 treatments over an emulated network, which this host can make\n"; !strings.Contains(c.stdout.String(), want) {
		t.Errorf("it does not say %q but\n%s", want, &c.stdout)
	}
	c = w.command("-dry", "-only", "rtt=0ms")
	c.want(exitOK)
	if strings.Contains(c.stdout.String(), "lab:") {
		t.Errorf("of loopback alone it says\n%s", &c.stdout)
	}
}

// onlyFar is far without its trials on loopback.
var onlyFar = strings.Replace(far, "rtt: [0ms, 5ms]", "rtt: [5ms]", 1)

// Ctrl-C in a trial over a path leaves a whole file to go on with, and kill -9 one
// that is cut short; neither leaves a process, and so no namespace and no device.
func TestLabEnds(t *testing.T) {
	// Each end once, and each user once: that the other pairs leave nothing, the tests of
	// packages lab and trial show.
	for s, user := range map[syscall.Signal]string{syscall.SIGINT: "an ordinary user", syscall.SIGKILL: "this user"} {
		t.Run(fmt.Sprintf("%v, %s", s, user), func(t *testing.T) {
			w := newLabWorkshop(t, onlyFar)
			if user != "this user" {
				w.ordinary()
			}
			gate := w.gated(1) // the first server serves, and its fleet has not begun
			w.hand()
			c := w.command().start()
			space := netns.Of(t, w.alive.await("fleet", 1))
			c.signal(s)
			if s == syscall.SIGKILL {
				c.wait()
			}
			gate.open()
			if s == syscall.SIGINT {
				if code := c.wait(); code != exitInterrupted {
					t.Fatalf("exit code %d, want %d; it said\n%s", code, exitInterrupted, &c.stderr)
				}
			}
			w.alive.allEnded()
			if holders := netns.Holders(t, space); holders != nil {
				t.Errorf("the fleet's %s is held by %q", space, holders)
			}
			if run := w.read(); (run.End != nil) != (s == syscall.SIGINT) {
				t.Errorf("the file ends with %+v", run.End)
			}
			file, err := os.Stat(w.result())
			if err != nil {
				t.Fatal(err)
			}
			if owner := file.Sys().(*syscall.Stat_t).Uid; int(owner) != w.user() {
				t.Errorf("the results are user %d's, want %d", owner, w.user())
			}
			w.alive = newAlive(t, filepath.Join(w.dir, "alive-again"))
			w.env = append(w.env, aliveVar+"="+w.alive.path, gateVar+"=")
			w.hand()
			w.command("-resume").want(exitOK)
			w.checkComplete(0)
			w.alive.allEnded()
		})
	}
}

// nobody is a user without rights on nearly every system.
const nobody = 65534

// ordinaryRole is loadgen run by nobody, who takes the lab in a user namespace.
const ordinaryRole = "ordinary loadgen"

func init() { roles[ordinaryRole] = becomeOrdinary }

// becomeOrdinary is root's, in a mount namespace of its own, where the TUN device
// is one that everybody may open, as most distributions have it.
func becomeOrdinary() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to itself: %w", err)
	}
	if err := unix.Mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount on /dev/net: %w", err)
	}
	const tun = "/dev/net/tun"
	// Major and minor number of the device (Documentation/admin-guide/devices.txt).
	if err := unix.Mknod(tun, unix.S_IFCHR|0o600, int(unix.Mkdev(10, 200))); err != nil {
		return fmt.Errorf("make %s: %w", tun, err)
	}
	if err := os.Chmod(tun, 0o666); err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
		return fmt.Errorf("become an ordinary user: %w", err)
	}
	os.Setenv(asVar, "loadgen")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, os.Environ())
}

// ordinary makes an ordinary user of whoever runs loadgen in the workshop.
func (w *workshop) ordinary() {
	w.t.Helper()
	if os.Getuid() != 0 {
		return // it is one
	}
	w.attributes = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	for dir := w.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // which are this user's alone
		if err := os.Chmod(dir, 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	tmp := filepath.Join(w.dir, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.self = w.copy(w.self, "loadgen")
	w.env = append(w.env, asVar+"="+ordinaryRole, serversVar+"="+w.copy(servers(w.t), "servers"), "TMPDIR="+tmp)
}

// user is who runs loadgen in the workshop.
func (w *workshop) user() int {
	if w.attributes != nil {
		return nobody
	}
	return os.Getuid()
}

// hand gives the workshop, with what is in it, to whoever runs loadgen.
func (w *workshop) hand() {
	w.t.Helper()
	if w.attributes == nil {
		return
	}
	err := filepath.WalkDir(w.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// copy puts a program where everybody may run it.
func (w *workshop) copy(path, name string) string {
	w.t.Helper()
	program, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	to := filepath.Join(w.dir, name)
	if err := os.WriteFile(to, program, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return to
}
