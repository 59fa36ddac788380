package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pushbench/loadgen/internal/netns"
	"pushbench/servers/control"
)

func init() {
	programs["interfaces"] = interfaces
	children["parent"] = parent
}

// self is a command of this test binary in a role. Its path works whoever runs
// it: the directory of a test binary is its user's alone.
func self(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), childRole+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// interfaces prints the process's id and its network interfaces.
func interfaces() error {
	fmt.Print(os.Getpid())
	all, err := net.Interfaces()
	for _, i := range all {
		fmt.Print(" ", i.Name)
		addrs, err := i.Addrs()
		if err != nil {
			return err
		}
		for _, a := range addrs {
			fmt.Print("=", a)
		}
	}
	return err
}

// A process that joins is the same process, in the namespace.
func TestJoin(t *testing.T) {
	_, opened := startLink(t, OpenArgs{})
	for _, test := range []struct{ ns, want string }{
		{opened.ServerNS, "lo=127.0.0.1/8 path0=198.18.0.1/32"},
		{opened.FleetNS, "lo=127.0.0.1/8 path0=198.18.0.2/32"},
	} {
		cmd := exec.Command("/proc/self/exe", "join", test.ns, "/proc/self/exe", "interfaces")
		out, err := cmd.Output()
		if want := fmt.Sprintf("%d %s", cmd.Process.Pid, test.want); err != nil || string(out) != want {
			t.Errorf("it says %q, %v; want %q", out, err, want)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "join takes a network namespace and a program"},
		{[]string{opened.ServerNS}, "join takes a network namespace and a program"},
		{[]string{opened.ServerNS, "/no/such/program"}, "join: find the program"},
		{[]string{"/proc/self/no-such-file", "true"}, "join: open the network namespace /proc/self/no-such-file"},
		{[]string{os.DevNull, "true"}, "join: enter the network namespace /dev/null: invalid argument"},
	} {
		var stderr bytes.Buffer
		cmd := exec.Command("/proc/self/exe", append([]string{"join"}, test.args...)...)
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil || !strings.HasPrefix(stderr.String(), test.want) {
			t.Errorf("join %q: %v, %q; want %q", test.args, err, &stderr, test.want)
		}
	}
}

// The link says what is wrong with a command, and goes on.
func TestServeErrors(t *testing.T) {
	needLab(t)
	var in bytes.Buffer
	for _, line := range []string{
		`{"do":"mark","args":{}}`, `{"do":"cut","args":{"down":true}}`, `{"do":"mend","args":{}}`, `{"do":"readdress","args":{}}`,
		`{"do":"open","args":{"loss":2}}`, `{"do":"open","args":{"rtt":"long"}}`, `{"do":"open","args":{"congestion":"reno"}}`,
		`{"do":"open","args":{}}`, `{"do":"cut","args":{}}`, `{"do":"mark","args":{}}`,
	} {
		in.WriteString(line + "\n")
	}
	var out bytes.Buffer
	if err := Serve(t.Context(), &in, &out); err != nil {
		t.Fatal(err)
	}
	want := []string{
		errNotOpen.Error(), errNotOpen.Error(), errNotOpen.Error(), errNotOpen.Error(),
		"loss of 200 % of the packets: it must be 0 % to 100 %", "read the arguments: json: cannot unmarshal string", "",
		"the path is open already", "no direction to cut was named", "",
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d answers to %d commands", len(lines), len(want))
	}
	for i, line := range lines {
		var answer struct{ Error string }
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(answer.Error, want[i]) || want[i] == "" && answer.Error != "" {
			t.Errorf("answer %d is %q", i, answer.Error)
		}
	}
}

// The lab is ready here, with what the kernel has, and a name that is none is
// said so.
func TestReady(t *testing.T) {
	needLab(t)
	if err := Ready("reno"); err != nil {
		t.Error(err)
	}
	if err := Ready("vegas"); err == nil || !strings.Contains(err.Error(), "must be one of") {
		t.Errorf("with vegas: %v", err)
	}
}

// parent opens a path in a link of its own, has a process join it, says so, and
// waits to be killed.
func parent() error {
	link := exec.Command("/proc/self/exe", "link")
	in, err := link.StdinPipe()
	if err != nil {
		return err
	}
	out, err := link.StdoutPipe()
	if err != nil {
		return err
	}
	alive := os.NewFile(3, "alive")
	link.ExtraFiles = []*os.File{alive}
	if err := link.Start(); err != nil {
		return err
	}
	var opened Opened
	if err := control.NewPeer(in, out).Call(context.Background(), Open, OpenArgs{}, &opened); err != nil {
		return err
	}
	child := exec.Command("/proc/self/exe", "join", opened.ServerNS, "/bin/cat")
	child.ExtraFiles = link.ExtraFiles
	say, err := child.StdinPipe()
	if err != nil {
		return err
	}
	said, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	// Once it answers it has joined.
	if _, err := say.Write([]byte{1}); err != nil {
		return err
	}
	if _, err := io.ReadFull(said, make([]byte, 1)); err != nil {
		return err
	}
	fmt.Println(link.Process.Pid, child.Process.Pid, opened.FleetNS)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startParent starts one, and gives it with its link's and child's process ids,
// the fleet's namespace, and a pipe that ends when all three have.
func startParent(t *testing.T) (cmd *exec.Cmd, link, child int, ns string, alive *os.File) {
	t.Helper()
	needLab(t)
	alive, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alive.Close() })
	cmd = self("parent")
	cmd.ExtraFiles = []*os.File{theirs}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if _, err := fmt.Fscan(bufio.NewReader(out), &link, &child, &ns); err != nil {
		t.Fatal(err)
	}
	return cmd, link, child, ns, alive
}

// Whoever kills loadgen with a signal that it cannot handle leaves no process,
// and with them go namespaces and devices, which are theirs alone.
func TestKilledParentLeavesNothing(t *testing.T) {
	cmd, link, child, ns, alive := startParent(t)
	space := netns.At(t, ns)
	if len(netns.Holders(t, space)) == 0 {
		t.Errorf("nobody holds %s", space)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if _, err := io.Copy(io.Discard, alive); err != nil { // until all have ended
		t.Fatal(err)
	}
	// Ending, a process closes its files first.
	soon(t, func() error { return errors.Join(gone(link), gone(child)) })
	soon(t, func() error {
		if left := netns.Holders(t, space); len(left) > 0 {
			return fmt.Errorf("%s is still held by %v", space, left)
		}
		return nil
	})
	if _, err := net.InterfaceByName(deviceName); err == nil {
		t.Errorf("there is a device %s outside the namespaces", deviceName)
	}
}

// A link that is killed takes its devices along: who has joined is cut off, and
// nothing is forwarded by anybody.
func TestKilledLinkTakesItsDevices(t *testing.T) {
	_, link, child, _, _ := startParent(t)
	here, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", child), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(here)
	if err := unix.Kill(link, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	soon(t, func() error { // once its descriptors are closed
		return enterThread(fmt.Sprintf("/proc/self/fd/%d", here), func() error {
			all, err := net.Interfaces()
			if err == nil && (len(all) != 1 || all[0].Name != "lo") {
				err = fmt.Errorf("the namespace still has %v", all)
			}
			return err
		})
	})
}

// soon waits until there is no error any more.
func soon(t *testing.T, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for err := f(); err != nil; err = f() {
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

// gone says so where a process still is; one that nobody has waited for yet
// (a zombie) is no more.
func gone(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, state, _ := strings.Cut(string(stat), ") ") // proc_pid_stat(5)
	if strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
		return nil
	}
	return fmt.Errorf("process %d is still there: %s", pid, stat)
}
