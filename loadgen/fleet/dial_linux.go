package fleet

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"
)

// manyLoopbacks says that each address in 127.0.0.0/8 is this host's.
const manyLoopbacks = true

// portAtConnect lets the kernel choose the port of a bound socket when it connects, and
// not before: then the port has to be free for this server alone (ip(7),
// IP_BIND_ADDRESS_NO_PORT).
func portAtConnect(_ context.Context, _, _ string, c syscall.RawConn) (err error) {
	failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	if failed != nil {
		return failed
	}
	return err
}
