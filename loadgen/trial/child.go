package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"pushbench/loadgen/host"
	"pushbench/servers/control"
)

// child is a process of a trial: the server, the fleet or the link.
type child struct {
	name string
	limits
	cmd  *exec.Cmd
	in   io.Closer
	out  io.Closer
	peer *control.Peer
	log  *tail
	done chan struct{} // closed when it has ended
	err  error         // how, once done is closed
}

// limits are of what is waited for. A test may have others.
type limits struct {
	patience time.Duration // a child may take beyond what its command needs
	grace    time.Duration // and so long to end once its input has
	settle   time.Duration // both ends may take so long to agree: they do within some ms, but where others have the CPUs
}

func (l limits) orDefault() limits {
	return limits{
		patience: cmp.Or(l.patience, 20*time.Second),
		grace:    cmp.Or(l.grace, 20*time.Second),
		settle:   cmp.Or(l.settle, 22*time.Second),
	}
}

// start runs a program held to the given CPUs.
func (l limits) start(name string, cpus []int, path string, args ...string) (*child, error) {
	cmd := exec.Command(path, args...)
	cmd.Env = Environment(os.Environ())
	// Out of the terminal's foreground group: Ctrl-C is loadgen's to handle, and
	// the child ends with its standard input.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c := &child{name: name, limits: l, cmd: cmd, log: &tail{}, done: make(chan struct{})}
	cmd.Stderr = c.log
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	// Not StdoutPipe: Wait would close it under the reader, who may still have
	// the last answer to read. stop does, when nobody reads any more.
	out, child, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	cmd.Stdout = child
	err = host.StartPinned(cmd, cpus)
	child.Close()
	if err != nil && !errors.Is(err, host.ErrNoAffinity) {
		out.Close()
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	c.in, c.out, c.peer = in, out, control.NewPeer(in, out)
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// Environment is a child's: without the settings of Go's runtime that the
// person's shell may hold, so that every trial runs under the same ones.
func Environment(own []string) []string {
	var env []string
	for _, kv := range own {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG":
		default:
			env = append(env, kv)
		}
	}
	return env
}

// call sends a command that should take no longer than within.
func (c *child) call(ctx context.Context, within time.Duration, do string, args, result any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within+c.patience,
		fmt.Errorf("it hangs: nothing for %v", (within+c.patience).Round(time.Second)))
	defer cancel()
	if err := c.peer.Call(ctx, do, args, result); err != nil {
		return &childError{child: c.name, err: err}
	}
	return nil
}

// childError says which process failed a command.
type childError struct {
	child string
	err   error
}

func (e *childError) Error() string { return e.child + ": " + e.err.Error() }
func (e *childError) Unwrap() error { return e.err }

// stop ends the child: by the end of its input, and if it does not take that,
// by a signal. It says how the process ended where that was not by itself.
func (c *child) stop() error {
	defer c.out.Close()
	c.in.Close()
	select {
	case <-c.done:
	case <-time.After(c.grace):
		c.cmd.Process.Kill()
		<-c.done
		return &childError{c.name, errors.New("did not end with its input and was killed")}
	}
	if c.err != nil {
		return &childError{c.name, fmt.Errorf("ended with %w", c.err)}
	}
	return nil
}

// tail keeps the first and the last lines of what a child wrote to its log: a program
// that crashes says why, and then writes pages of stacks.
type tail struct {
	mu    sync.Mutex
	first []byte
	last  []byte
	cut   bool // something between them is left out
}

// Bytes of a log that are kept.
const (
	firstSize = 1 << 10
	tailSize  = 4 << 10 // in all
)

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(p), firstSize-len(t.first))
	t.first = append(t.first, p[:n]...)
	t.last = append(t.last, p[n:]...)
	if over := len(t.last) - (tailSize - firstSize); over > 0 {
		t.last, t.cut = append(t.last[:0], t.last[over:]...), true
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	between := ""
	if t.cut {
		between = "\n…\n"
	}
	return strings.TrimSpace(string(t.first) + between + string(t.last))
}
