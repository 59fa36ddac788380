package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

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
