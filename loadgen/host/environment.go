package host

import (
	"os"
	"os/exec"
	"strings"
	"time"

	"pushbench/results"
)

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
