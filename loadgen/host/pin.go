package host

import (
	"errors"
	"os/exec"
)

// ErrNoAffinity says that this system cannot hold a process to a CPU. What was
// asked for was done, unpinned.
var ErrNoAffinity = errors.New("CPU affinity is not available on this system: processes run where the kernel puts them (Linux is the measuring platform)")

// StartPinned starts cmd held to the CPUs. The child has its affinity before
// exec, so that a Go runtime, which reads it once to size GOMAXPROCS and its
// thread pool, and every thread the child ever makes, follow it.
//
// The thread that starts the child lives on, so that Pdeathsig, which fires at
// the end of the starting thread (prctl(2)), stays usable as long as no other
// goroutine ends while locked to a thread.
//
// With ErrNoAffinity the child runs, unpinned; after any other error no child
// runs.
func StartPinned(cmd *exec.Cmd, cpus []int) error { return onCPUs(cpus, cmd.Start) }
