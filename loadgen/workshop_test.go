package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tooLong is far beyond what anything here takes: whatever has not come by then
// never will.
const tooLong = 2 * time.Minute

// workshop is a directory with a scenario, in which loadgen is run.
type workshop struct {
	t        *testing.T
	dir      string
	scenario string // path
	self     string // loadgen, and the wrapper of the servers
	env      []string
	alive    *alive

	attributes *syscall.SysProcAttr // of loadgen's process
}

// tiny is a scenario whose run takes a second or two.
const tiny = `question: Does it run?
factors:
  transport: [longpoll, ws]
fixed: {rate: 100/s, subscribers: 3}
warmup: 50ms
measure: 100ms
blocks: 2
`

func newWorkshop(t *testing.T, scenario string) *workshop {
	t.Helper()
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &workshop{t: t, dir: t.TempDir(), self: self}
	w.scenario = filepath.Join(w.dir, "tiny.yaml")
	w.write(w.scenario, scenario)
	w.alive = newAlive(t, filepath.Join(w.dir, "alive"))
	w.env = []string{
		asVar + "=loadgen", serversVar + "=" + servers(t), aliveVar + "=" + w.alive.path,
		"TMPDIR=" + t.TempDir(), // what is killed cannot clean up
	}
	return w
}

func (w *workshop) write(path, text string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// result is the path of the result file.
func (w *workshop) result() string { return filepath.Join(w.dir, "out", "tiny.jsonl") }

// command is loadgen, with the results in out and the wrapper as servers.
func (w *workshop) command(args ...string) *command {
	w.t.Helper()
	c := &command{t: w.t, done: make(chan error, 1)}
	c.Cmd = exec.Command(w.self, append(args, "-servers", w.self, "-out", filepath.Join(w.dir, "out"), w.scenario)...)
	c.Dir = w.dir
	c.Env = append(os.Environ(), w.env...)
	c.Stdout, c.Stderr = &c.stdout, &c.stderr
	c.SysProcAttr = w.attributes
	return c
}

// command is a loadgen process.
type command struct {
	*exec.Cmd
	t              *testing.T
	stdout, stderr strings.Builder
	done           chan error
}

func (c *command) start() *command {
	c.t.Helper()
	if err := c.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { c.done <- c.Wait() }()
	c.t.Cleanup(func() { c.Process.Kill() })
	return c
}

func (c *command) signal(s os.Signal) {
	c.t.Helper()
	if err := c.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// wait is the exit code, -1 after a signal.
func (c *command) wait() int {
	c.t.Helper()
	select {
	case <-c.done:
		return c.ProcessState.ExitCode()
	case <-time.After(tooLong):
		c.t.Fatalf("loadgen has not ended; it said\n%s", &c.stderr)
		return -1
	}
}

// want runs loadgen to its end and fails the test unless it exits with code and
// says all of the texts.
func (c *command) want(code int, texts ...string) {
	c.t.Helper()
	if got := c.start().wait(); got != code {
		c.t.Fatalf("exit code %d, want %d; it said\n%s", got, code, &c.stderr)
	}
	c.says(texts...)
}

func (c *command) says(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if !strings.Contains(c.stderr.String(), text) {
			c.t.Errorf("it does not say %q but\n%s", text, &c.stderr)
		}
	}
}

// gate holds the children of trials after they have reported, so that a test
// does what it does while the one it means is there.
type gate struct {
	t    *testing.T
	pipe *os.File
}

// before is how many trials there are before those of the scenario: one to see that
// any works, and two with which the fleet is calibrated.
const before = 1 + 2

// gated lets the first n children of the scenario's trials pass, and holds those
// after them.
func (w *workshop) gated(n int) *gate {
	w.t.Helper()
	path := filepath.Join(w.dir, "gate")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		w.t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		os.Remove(path) // first: who came to a gate that nobody opens any more would wait for ever
		pipe.Close()
	})
	w.env = append(w.env, gateVar+"="+path)
	g := &gate{w.t, pipe}
	g.pass(2*before + n)
	return g
}

// pass lets n more children pass.
func (g *gate) pass(n int) {
	g.t.Helper()
	if _, err := g.pipe.Write(make([]byte, n)); err != nil {
		g.t.Fatal(err)
	}
}

// open lets all pass from now on.
func (g *gate) open() { g.pass(1000) }

// alive hears of the children of trials: each says who it is as it starts, and
// when the last has ended so has the pipe.
type alive struct {
	t     *testing.T
	path  string
	hold  *os.File    // keeps the pipe open between trials
	heard chan string // "server 123", closed at the end of the pipe
}

func newAlive(t *testing.T, path string) *alive {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	a := &alive{t: t, path: path, heard: make(chan string, 1000)}
	if a.hold, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer pipe.Close()
		defer close(a.heard)
		for lines := bufio.NewScanner(io.Reader(pipe)); lines.Scan(); {
			a.heard <- lines.Text()
		}
	}()
	t.Cleanup(func() { a.hold.Close() })
	return a
}

// await returns the process ID of the n-th child of a role in the scenario's
// trials, once it has started.
func (a *alive) await(role string, n int) int {
	a.t.Helper()
	n += before
	late := time.After(tooLong)
	for {
		select {
		case line := <-a.heard:
			name, digits, _ := strings.Cut(line, " ")
			if name != role {
				continue
			}
			if n--; n > 0 {
				continue
			}
			pid, err := strconv.Atoi(digits)
			if err != nil {
				a.t.Fatalf("a child said %q", line)
			}
			return pid
		case <-late:
			a.t.Fatalf("%s number %d has not started", role, n)
		}
	}
}

// allEnded returns when every child has ended. The pipe cannot be used
// afterwards.
func (a *alive) allEnded() {
	a.t.Helper()
	a.hold.Close()
	late := time.After(tooLong)
	for {
		select {
		case _, open := <-a.heard:
			if !open {
				return
			}
		case <-late:
			a.t.Fatal("children of trials are left")
		}
	}
}
