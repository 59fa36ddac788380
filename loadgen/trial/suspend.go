package trial

import (
	"fmt"
	"syscall"
)

// suspend stops the child's process as it stands. It cannot refuse, and is told
// nothing: its connections stay open, and its kernel goes on acknowledging what
// arrives for it until the socket's buffer is full.
//
// Whoever suspends a child resumes it, whatever happens meanwhile. Where
// loadgen itself is killed, the kernel does: it wakes what is stopped in a
// process group that becomes an orphan (POSIX.1, _exit), and the child finds
// that its input has ended.
func (c *child) suspend() error { return c.signal("stop it", syscall.SIGSTOP) }

// resume lets it go on.
func (c *child) resume() error { return c.signal("let it go on", syscall.SIGCONT) }

func (c *child) signal(what string, s syscall.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil {
		return &childError{c.name, fmt.Errorf("%s: %w", what, err)}
	}
	return nil
}
