package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tryCapture opens and closes a raw packet socket. Its protocol is 0, so it
// receives nothing (packet(7)).
func tryCapture() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("raw packet socket: %w", err)
	}
	return unix.Close(fd)
}

// tryTUN opens the TUN device. No interface exists before TUNSETIFF.
func tryTUN() error {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// tryNamespaces runs true(1) in new user and network namespaces: a process of
// one thread has to ask for them, which a Go program never is.
func tryNamespaces() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second/2)
	defer cancel()
	cmd := exec.CommandContext(ctx, "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("user and network namespaces: %w", err)
	}
	return nil
}
