package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

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
func (t ProcessTime) Waited() (seconds float64, known bool) {
	for _, thread := range t.Threads {
		seconds += thread.Waited
	}
	return seconds, t.Threads != nil
}

// Switches is how often threads got a CPU, and whether that is known.
func (t ProcessTime) Switches() (n int64, known bool) {
	for _, thread := range t.Threads {
		n += thread.Switches
	}
	return n, t.Threads != nil
}

// ReadProcess reads a process of this host. Off Linux it is an error.
func ReadProcess(pid int) (ProcessTime, error) {
	cpu, err := ReadProcessCPU(pid)
	if err != nil {
		return ProcessTime{}, err
	}
	t, err := readProcess(os.DirFS("/"), pid)
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

// readProcess reads all but the CPU time. Of the three numbers that a thread has in
// schedstat, the second and third count here (Documentation/scheduler/sched-stats.rst).
// The process has such a file, too, but it tells of its first thread alone.
func readProcess(files fs.FS, pid int) (ProcessTime, error) {
	t := ProcessTime{Threads: map[int]ThreadTime{}, Syscalls: countCalls(readText(files, fmt.Sprintf("proc/%d/io", pid)))}
	tells := false
	err := eachThread(files, pid, "schedstat", func(tid int, text string) error {
		fields := strings.Fields(text)
		if len(fields) != 3 {
			return fmt.Errorf("%q is not three numbers", text)
		}
		waited, err1 := parseNanos(fields[1])
		switches, err2 := strconv.ParseInt(fields[2], 10, 64)
		t.Threads[tid] = ThreadTime{waited, switches}
		tells = tells || fields[0] != "0" // a kernel that does not keep them has noughts
		return errors.Join(err1, err2)
	})
	if !tells {
		t.Threads = nil
	}
	return t, err
}

// countCalls adds up the read and write calls of /proc/PID/io (proc_pid_io(5)), whose
// lines are "syscr: 12".
func countCalls(io string) int64 {
	reads, err1 := strconv.ParseInt(infoValue(io, "syscr"), 10, 64)
	writes, err2 := strconv.ParseInt(infoValue(io, "syscw"), 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return reads + writes
}

// Resting reports whether every thread of a process sleeps, and none of them is ready
// to run.
func Resting(pid int) (bool, error) { return resting(os.DirFS("/"), pid) }

func resting(files fs.FS, pid int) (bool, error) {
	rests := true
	err := eachThread(files, pid, "stat", func(_ int, text string) error {
		// The state follows the name, which is in brackets and may hold some.
		after := strings.TrimLeft(text[strings.LastIndexByte(text, ')')+1:], " ")
		if after == "" {
			return fmt.Errorf("%q has no state", text)
		}
		if after[0] == 'R' || after[0] == 'D' { // running or ready; about to run again
			rests = false
		}
		return nil
	})
	return rests, err
}

// eachThread reads a file of each thread that a process has. One that ends meanwhile
// is passed over.
func eachThread(files fs.FS, pid int, name string, read func(tid int, text string) error) error {
	dir := fmt.Sprintf("proc/%d/task", pid)
	tasks, err := fs.ReadDir(files, dir)
	if err != nil {
		return fmt.Errorf("read the threads of process %d: %w", pid, err)
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		path := dir + "/" + task.Name() + "/" + name
		text, err := fs.ReadFile(files, path)
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH): // before it was opened, or after
			continue
		case err != nil:
			return fmt.Errorf("read the threads of process %d: %w", pid, err)
		}
		if err := read(tid, string(text)); err != nil {
			return fmt.Errorf("read the threads of process %d: /%s: %w", pid, path, err)
		}
	}
	return nil
}
