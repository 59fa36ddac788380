package host

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"github.com/prometheus/procfs"

	"pushbench/servers/count"
)

// ProcessTime is what a process has taken, or had to wait for, since it began or
// between two readings. It is read from outside, so that nothing of the reading is
// charged to the process.
type ProcessTime struct {
	CPU      float64 // s, of all its threads, those that ended included
	Syscalls int64   // read and write calls, of the same; 0 where the host does not count them
	// Threads is what the kernel tells of each thread that lives, by its number. It is
	// nil where it does not (CONFIG_SCHED_INFO).
	Threads map[int]ThreadTime
}

// ThreadTime is what one thread has had to wait for.
type ThreadTime struct {
	Waited   float64 // s that it was ready to run and had no CPU, up to when it last got one
	Switches int64   // how often it got one
}

// Waited is what all threads together waited (s), and whether that is known.
func (t ProcessTime) Waited() (seconds float64, known bool) { return t.sum().Waited, t.Threads != nil }

// Switches is how often threads got a CPU, and whether that is known.
func (t ProcessTime) Switches() (n int64, known bool) { return t.sum().Switches, t.Threads != nil }

func (t ProcessTime) sum() (all ThreadTime) {
	for _, thread := range t.Threads {
		all = count.Add(all, thread)
	}
	return all
}

// ReadProcess reads a process of this host. Off Linux it is an error.
func ReadProcess(pid int) (ProcessTime, error) {
	cpu, err := ReadProcessCPU(pid)
	if err != nil {
		return ProcessTime{}, err
	}
	t, err := readProcess("/", pid)
	t.CPU = cpu
	return t, err
}

// Sub returns what passed between the reading o and the later t. Of a thread that ended
// in between, what it waited after o is left out.
func (t ProcessTime) Sub(o ProcessTime) ProcessTime {
	d := ProcessTime{CPU: t.CPU - o.CPU}
	if t.Syscalls > 0 && o.Syscalls > 0 {
		d.Syscalls = t.Syscalls - o.Syscalls
	}
	if t.Threads == nil || o.Threads == nil {
		return d
	}
	d.Threads = map[int]ThreadTime{}
	for tid, thread := range t.Threads {
		d.Threads[tid] = count.Sub(thread, o.Threads[tid]) // which has nothing of one that began since
	}
	return d
}

// readProcess reads all but the CPU time. A process has a schedstat, too, but it tells of
// its first thread alone.
func readProcess(r root, pid int) (ProcessTime, error) {
	t := ProcessTime{Threads: map[int]ThreadTime{}}
	tells := false
	err := eachThread(r, pid, func(thread procfs.Proc) error {
		s, err := thread.Schedstat()
		if err != nil {
			return err
		}
		t.Threads[thread.PID] = ThreadTime{float64(s.WaitingNanoseconds) / 1e9, int64(s.RunTimeslices)}
		tells = tells || s.RunningNanoseconds > 0 // a kernel that does not keep them has noughts
		return nil
	})
	if !tells {
		t.Threads = nil
	}
	if calls, uncounted := fromProcess(r, pid, procfs.Proc.IO); uncounted == nil {
		t.Syscalls = int64(calls.SyscR + calls.SyscW)
	}
	return t, err
}

// Strayed says where a process may run other than on the CPUs that it was held to, in
// order: its CPU time is then not what it would have been there. It is "" where the
// process stays there, where it was held to none, and where nobody knows.
func Strayed(pid int, held []int) string {
	var may []int
	err := eachThread("/", pid, func(thread procfs.Proc) error {
		status, err := thread.NewStatus()
		for _, cpu := range status.CpusAllowedList {
			may = append(may, int(cpu))
		}
		return err
	})
	slices.Sort(may)
	if may = slices.Compact(may); err != nil || len(held) == 0 || slices.Equal(may, held) {
		return ""
	}
	return fmt.Sprintf("held to %s, it may run on %s: does a wrapper of the program, or the container's cpuset, say where it runs?", cpuText(held), cpuText(may))
}

// Resting reports whether every thread of a process sleeps, and none of them is ready
// to run.
func Resting(pid int) (bool, error) { return resting("/", pid) }

func resting(r root, pid int) (bool, error) {
	rests := true
	err := eachThread(r, pid, func(thread procfs.Proc) error {
		s, err := thread.Stat()
		if s.State == "R" || s.State == "D" { // running or ready; about to run again
			rests = false
		}
		return err
	})
	return rests, err
}

// eachThread looks at each thread that a process has. One that ends meanwhile is passed
// over.
func eachThread(r root, pid int, look func(procfs.Proc) error) error {
	threads, err := fromProc(r, func(proc procfs.FS) (procfs.Procs, error) { return proc.AllThreads(pid) })
	for _, thread := range threads {
		e := look(thread)
		if !errors.Is(e, fs.ErrNotExist) && !errors.Is(e, syscall.ESRCH) { // before it was opened, or after
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return fmt.Errorf("read the threads of process %d: %w", pid, err)
	}
	return nil
}
