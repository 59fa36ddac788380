package party

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"pushbench/loadgen/host"
	"pushbench/servers/control"
)

// Limits are of what is waited for. A test may have others.
type Limits struct {
	Patience time.Duration // a party may take beyond what its command needs
	Grace    time.Duration // and so long to end once its input has
	Settle   time.Duration // both ends may take so long to agree: they do within some ms, but where others have the CPUs
}

// OrDefault fills in what is not set.
func (l Limits) OrDefault() Limits {
	return Limits{
		Patience: cmp.Or(l.Patience, 20*time.Second),
		Grace:    cmp.Or(l.Grace, 20*time.Second),
		Settle:   cmp.Or(l.Settle, 22*time.Second),
	}
}

// Start starts a program as a child process, held to the given CPUs, which is asked
// over its standard input and output.
func (l Limits) Start(name string, cpus []int, path string, args ...string) (*Party, error) {
	cmd := exec.Command(path, args...)
	cmd.Env = Environment(os.Environ())
	// Out of the terminal's foreground group: Ctrl-C is loadgen's to handle, and
	// the child ends with its standard input.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log := &tail{}
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	// Not StdoutPipe: Wait would close it under the reader, who may still have
	// the last answer to read. Stop does, when nobody reads any more.
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
	done := make(chan struct{})
	p := &Party{Name: name, Limits: l, Caller: control.NewPeer(in, out), PID: cmd.Process.Pid, CPUs: cpus, Done: done, Log: log.String}
	var ended error // how, once done is closed
	go func() {
		ended = cmd.Wait()
		close(done)
	}()
	signal := func(what string, s syscall.Signal) func() error {
		return func() error { return p.failed(what, cmd.Process.Signal(s)) }
	}
	p.Suspend, p.Resume = signal("stop it: ", syscall.SIGSTOP), signal("let it go on: ", syscall.SIGCONT)
	p.Stop = func() error {
		defer out.Close()
		in.Close()
		select {
		case <-done:
		case <-time.After(l.Grace):
			cmd.Process.Kill()
			<-done
			return p.failed("", errors.New("did not end with its input and was killed"))
		}
		return p.failed("ended with ", ended)
	}
	return p, nil
}

// Environment is a child's: without the settings of Go's runtime that the
// person's shell may hold, so that every trial runs under the same ones.
func Environment(own []string) []string {
	return slices.DeleteFunc(slices.Clone(own), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"}, name)
	})
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
