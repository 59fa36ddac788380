package host

import (
	"errors"
	"os/exec"
	"time"
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
func StartPinned(cmd *exec.Cmd, cpus []int) error {
	err := onCPUs(cpus, func() error {
		if err := cmd.Start(); err != nil {
			return err
		}
		return heldTo(cmd.Process.Pid, cpus)
	})
	if err != nil && !errors.Is(err, ErrNoAffinity) && cmd.Process != nil {
		abandon(cmd)
	}
	return err
}

// abandon ends a child that was started in vain.
func abandon(cmd *exec.Cmd) {
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = time.Second // a grandchild holding a pipe must not hold us
	}
	cmd.Process.Kill()
	cmd.Wait() // reports the kill, which is no news
}
