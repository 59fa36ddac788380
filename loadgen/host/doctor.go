package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"pushbench/results"
)

// State is what a check found.
type State string

const (
	OK    State = "ok"
	Note  State = "note"  // usable, and a reader of the results should know
	Lacks State = "lacks" // what needs it cannot be measured here
)

// Check is one thing that the host has, or has not.
type Check struct {
	Name  string
	State State
	Found string // what there is, with its number
	Means string // what that means for the user, one clause; "" if nothing
}

// okUnless is a check that finds nothing to note, or else what it means.
func okUnless(noted bool, name, found, means string) Check {
	if noted {
		return Check{name, Note, found, means}
	}
	return Check{name, OK, found, ""}
}

// Doctor examines this host in well under two seconds. It needs no root, opens no
// network connection and changes nothing. It writes a line for each check, what
// trials ask of a host among them, and the count of all. What no run asks for,
// such as a compiler for tests, is among them where tools are asked for.
func Doctor(w io.Writer, asked []Check, tools bool) error {
	e := thisHost()
	checks := slices.Concat(e.checks(), asked)
	if tools {
		checks = append(checks, e.tools()...)
	}
	return write(w, checks)
}

func write(w io.Writer, checks []Check) error {
	b := bufio.NewWriter(w)
	found := map[State]int{}
	for _, c := range checks {
		found[c.State]++
		fmt.Fprintf(b, "%-5s  %-10s  %s\n", c.State, c.Name, strings.Join(nonEmpty(c.Found, c.Means), " – "))
	}
	fmt.Fprintf(b, "%d ok, %d to note, %d lacking (only what needs them cannot run)\n", found[OK], found[Note], found[Lacks])
	return b.Flush()
}

// checks are of what every run has to do with.
func (e *environment) checks() []Check {
	u := e.usage()
	return []Check{
		e.system(),
		e.cpus(),
		e.load(u),
		e.steal(u),
		e.cpuTime(u),
		e.virtual(),
		e.clock(),
		e.timer(),
		e.openFiles(),
		e.ports(),
		e.congestion(),
	}
}

// tools are of what no run asks for.
func (e *environment) tools() []Check {
	return []Check{e.packets(), e.browser(), e.proxies(), e.compiler()}
}

// environment is everything that the checks ask, so that a test can stand in
// for a host.
type environment struct {
	root     root
	host     results.Host
	topology Topology
	now      func() time.Time
	pause    func(time.Duration)
	lookPath func(name string) (string, error) // as exec.LookPath
	cc       string                            // the CC variable
	capture  func() error                      // may this process capture packets?
}

func thisHost() *environment {
	return &environment{
		root:     "/",
		host:     Describe(),
		topology: Cores(),
		now:      time.Now,
		pause:    time.Sleep,
		lookPath: exec.LookPath,
		cc:       os.Getenv("CC"),
		capture:  tryCapture,
	}
}

// linux reports whether the host is the measuring platform.
func (e *environment) linux() bool { return strings.HasPrefix(e.host.OS, "linux") }

// find returns where the first of the programs is, "" if none is there.
func (e *environment) find(names ...string) string {
	for _, name := range names {
		if p, err := e.lookPath(name); err == nil {
			return p
		}
	}
	return ""
}
