package host

import (
	"fmt"

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
