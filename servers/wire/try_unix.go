//go:build unix

package wire

import (
	"os"
	"syscall"
)

// triesSockets says that sockets are in non-blocking mode, as Go's are on every Unix.
const triesSockets = true

// writeOnce writes what the kernel takes at once.
func writeOnce(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, nil
		}
		return 0, os.NewSyscallError("write", err)
	}
}
