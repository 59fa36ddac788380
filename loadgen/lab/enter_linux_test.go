package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pushbench/servers/test/need"
)

func init() {
	children["enter"] = enter
	children["ready"] = sayReady
	children["ordinary user"] = becomeOrdinary
}

// enter is a program that needs the lab. Inside it says who it is, and ends with
// the number that it reads, or with 42 at a SIGTERM.
func enter() error {
	os.Setenv(childRole, "enter") // Enter runs the same program again
	code, entered, err := Enter()
	if err != nil {
		return err
	}
	if entered {
		os.Exit(code)
	}
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	go func() {
		<-terms
		os.Exit(42)
	}()
	fmt.Println(os.Getpid(), os.Getuid(), os.Getenv(enteredVar), strings.Join(os.Args[1:], ","))
	var text string
	if _, err := fmt.Scan(&text); err != nil {
		return err
	}
	if text == "die" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	code, err = strconv.Atoi(text)
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

// nobody is an ordinary user.
const nobody = 65534

// startEnter starts that program as an ordinary user, and gives the process
// inside, and what it says of itself.
func startEnter(t *testing.T) (cmd *exec.Cmd, in io.Writer, inside int, says string, alive *os.File) {
	t.Helper()
	needLab(t)
	need.That(t, os.Getenv(enteredVar) == "" && os.Getuid() == 0, "root, to become an ordinary user")
	alive, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alive.Close() })
	cmd = ordinary(self("enter", "one", "two"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = theirs
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(alive).ReadString('\n')
	if err != nil {
		t.Fatalf("it ended with %v", cmd.Wait())
	}
	pid, says, _ := strings.Cut(strings.TrimSpace(line), " ")
	if inside, err = strconv.Atoi(pid); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, inside, says, alive
}

// The program inside is root there, has the same arguments, files and signals,
// and its end is the end of the one outside.
func TestEnter(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(cmd *exec.Cmd, in io.Writer)
		code int
	}{
		{"ends well", func(_ *exec.Cmd, in io.Writer) { fmt.Fprintln(in, 0) }, 0},
		{"has a code", func(_ *exec.Cmd, in io.Writer) { fmt.Fprintln(in, 7) }, 7},
		{"is told of a signal", func(cmd *exec.Cmd, _ io.Writer) { cmd.Process.Signal(syscall.SIGTERM) }, 42},
		{"is killed", func(_ *exec.Cmd, in io.Writer) { fmt.Fprintln(in, "die") }, 128 + 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd, in, inside, says, _ := startEnter(t)
			if inside == cmd.Process.Pid || says != "0 1 one,two" {
				t.Errorf("process %d in %d says %q", inside, cmd.Process.Pid, says)
			}
			test.do(cmd, in)
			err := cmd.Wait()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("the code is %d, want %d", code, test.code)
			}
		})
	}
	t.Run("is left behind", func(t *testing.T) {
		cmd, _, inside, _, alive := startEnter(t)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, alive); err != nil { // until both have ended
			t.Fatal(err)
		}
		soon(t, func() error { return gone(inside) })
	})
}

// An ordinary user has the lab, too: the tests of the path pass for one.
//
// The device is one that everybody may open, as most distributions have it; in
// a mount namespace of its own, where the host's is not. Before that it is one
// for root alone, and before that none, and Ready says so.
func TestOrdinaryUser(t *testing.T) {
	needLab(t)
	if os.Getenv(enteredVar) != "" {
		t.Log("it is one who runs this: every test shows it")
		return
	}
	cmd := self("ordinary user", "-test.v", "-test.run=^(TestConnection|TestCut|TestReaddress|TestCongestion|TestJoin|TestReady|TestKilledParentLeavesNothing)$")
	cmd.Env = append(cmd.Env, "REQUIRE_ALL=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	cmd.Stderr = nil
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestConnection") {
		t.Errorf("it ended with %v:\n%s", err, out)
	}
}

func becomeOrdinary() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to itself: %w", err)
	}
	dir := filepath.Dir(tunPath)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount on %s: %w", dir, err)
	}
	if err := expectReady("open /dev/net/tun: no such file or directory; `modprobe tun` as root makes it; in a container, run it with --device /dev/net/tun"); err != nil {
		return err
	}
	// Major and minor number of the device (Documentation/admin-guide/devices.txt).
	if err := unix.Mknod(tunPath, unix.S_IFCHR|0o600, int(unix.Mkdev(10, 200))); err != nil {
		return fmt.Errorf("make %s: %w", tunPath, err)
	}
	if err := expectReady("open /dev/net/tun: permission denied; `chmod 666 /dev/net/tun` as root lets ordinary users"); err != nil {
		return err
	}
	if err := os.Chmod(tunPath, 0o666); err != nil {
		return err
	}
	if err := expectReady("ready"); err != nil {
		return err
	}
	cmd := ordinary(exec.Command("/proc/self/exe", os.Args[1:]...))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// ordinary has a command run by nobody.
func ordinary(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// expectReady compares what Ready says to an ordinary user.
func expectReady(want string) error {
	out, err := ordinary(self("ready")).Output()
	if err == nil && !strings.Contains(string(out), want) {
		err = fmt.Errorf("an ordinary user hears %q, want %q", out, want)
	}
	return err
}

// sayReady prints what Ready says.
func sayReady() error {
	if err := Ready(); err != nil {
		fmt.Print(err)
	} else {
		fmt.Print("ready")
	}
	return nil
}
