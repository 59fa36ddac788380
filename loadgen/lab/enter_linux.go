package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// enteredVar tells a process that it is the one which Enter started.
const enteredVar = "PUSHBENCH_LAB_ENTERED"

// Enter runs this program again in a user namespace of its own, with the same
// arguments, files and signals, where this process may not make network
// namespaces; there the user is root, and outside remains who he is, so that
// files which are written belong to him. If entered, all is done, and the caller
// exits with code. Else it may go on itself, or err says why there is no lab.
//
// The process inside ends with this one, however this one ends.
func Enter() (code int, entered bool, err error) {
	if privileged() {
		return 0, false, nil
	}
	if os.Getenv(enteredVar) != "" {
		return 0, false, fmt.Errorf("enter a user namespace: it gives no right to make network namespaces%s", hint(whyNoNamespace(unix.EPERM)))
	}
	// Pdeathsig fires when the thread that started the process ends (prctl(2)).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), enteredVar+"=1")
	cmd.SysProcAttr = userNamespace()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL

	// Ctrl-C reaches both, which are one group to the terminal; a signal for this
	// process alone is passed on. One that comes twice does no harm.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, false, fmt.Errorf("enter a user namespace: %w%s", err, hint(whyNoNamespace(err)))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			cmd.Process.Signal(s) // it may have ended by now
		case err := <-ended:
			return exitCode(err)
		}
	}
}

// exitCode is how the process inside ended: like a shell's, 128 and the number
// of a signal that ended it.
func exitCode(err error) (code int, entered bool, _ error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, true, nil
	case !errors.As(err, &exit):
		return 0, false, fmt.Errorf("wait for the process in the user namespace: %w", err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), true, nil
	}
	return exit.ExitCode(), true, nil
}

// userNamespace is where the present user is root.
func userNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// privileged reports whether this process may make network namespaces
// (CAP_SYS_ADMIN) and set them up (CAP_NET_ADMIN), capabilities(7).
func privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	for _, c := range []uint{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN} {
		if data[c/32].Effective&(1<<(c%32)) == 0 {
			return false
		}
	}
	return true
}

// Join is `loadgen join NAMESPACE PROGRAM ARGS…`: it enters the network
// namespace and becomes the program, so that process id, affinity and pipes stay
// as they are. It returns only to say why it could not.
func Join(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("join takes a network namespace and a program with its arguments, got %q", args)
	}
	namespace, program := args[0], args[1]
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("join: find the program: %w", err)
	}
	// A namespace is of a thread; the program inherits that of the one that
	// becomes it.
	runtime.LockOSThread()
	fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("join: open the network namespace %s: %w (it lives as long as the link that made it)", namespace, err)
	}
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		unix.Close(fd)
		return fmt.Errorf("join: enter the network namespace %s: %w (the right to do so comes with the user namespace that made it)", namespace, err)
	}
	return fmt.Errorf("join: become %s: %w", path, unix.Exec(path, args[1:], os.Environ()))
}
