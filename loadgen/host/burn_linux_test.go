package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"pushbench/servers/test/need"
)

// burnSlice is how long a burner runs at a time, and burnSlices how often: that many
// slices are known well within the limit, and take a second where they are 5 % of it.
const (
	burnSlice   = 100 * time.Microsecond
	burnSlices  = 500
	burnThreads = 2
	burnLimit   = 0.05
)

// burnAsked is the environment variable with the share of time that a child burns (%).
const burnAsked = "HOST_TEST_BURN"

func init() {
	// The burner rests until it reads a line, burns, and writes down its own CPU time
	// (s). At the next line its threads end.
	children["burner"] = func() error {
		share, err := strconv.ParseFloat(os.Getenv(burnAsked), 64)
		if err != nil {
			return err
		}
		begin, end := make(chan struct{}), make(chan struct{})
		var ready, burned, ended sync.WaitGroup
		for range burnThreads {
			ready.Add(1)
			burned.Add(1)
			ended.Go(func() {
				runtime.LockOSThread() // and never unlocked: the thread ends, too
				ready.Done()
				<-begin
				burn(burnSlices/burnThreads, time.Duration(100/share*float64(burnThreads*burnSlice)))
				burned.Done()
				<-end
			})
		}
		ready.Wait()
		in := bufio.NewReader(os.Stdin)
		next := func(says any) error {
			fmt.Println(says)
			_, err := in.ReadString('\n')
			return err
		}
		if err := next("ready"); err != nil {
			return err
		}
		before, err := ownCPU()
		if err != nil {
			return err
		}
		close(begin)
		burned.Wait()
		after, err := ownCPU()
		if err != nil {
			return err
		}
		if err := next(after - before); err != nil {
			return err
		}
		close(end)
		ended.Wait()
		if err := next("ended"); err != io.EOF {
			return fmt.Errorf("read one line more than there is: %w", err)
		}
		return nil
	}
	// Its first thread runs from before it says so: between a system call and what
	// follows, all threads sleep for a moment while one wakes another.
	children["spinner"] = func() error {
		var begun, ended atomic.Bool
		stopped := make(chan error, 1)
		go func() {
			for !begun.Load() {
				runtime.Gosched()
			}
			fmt.Println("ready")
			_, err := io.Copy(io.Discard, os.Stdin)
			ended.Store(true)
			stopped <- err
		}()
		for !ended.Load() {
			begun.Store(true)
		}
		return <-stopped
	}
}

// burn runs for a slice at the beginning of each period.
func burn(slices int, period time.Duration) {
	next := time.Now()
	for range slices {
		for begun := time.Now(); time.Since(begun) < burnSlice; {
		}
		next = next.Add(period)
		time.Sleep(time.Until(next))
	}
}

// ownCPU is what this process has run (s), as its kernel tells it alone.
func ownCPU() (float64, error) {
	var ru syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano()).Seconds(), err
}

// begin starts a child on a CPU and waits until it is ready.
func begin(t *testing.T, cpu int, role string, env ...string) (pid int, in io.WriteCloser, out *bufio.Reader) {
	t.Helper()
	cmd := child(t, role)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := StartPinned(cmd, []int{cpu}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the %s ended with %v", role, err)
		}
	})
	out = bufio.NewReader(stdout)
	if said, err := out.ReadString('\n'); err != nil || said != "ready\n" {
		t.Fatalf("the %s says %q, %v", role, said, err)
	}
	return cmd.Process.Pid, in, out
}

// Processes that burn a part of a CPU in short slices are counted, whatever else the
// host does: in the process and in the CPU, and in all CPUs with what all others ran.
// The table shows what the kernel's samples make of the same time:
//
//	go test -v -run TestBurn ./loadgen/host
func TestBurn(t *testing.T) {
	cpus := Cores().IDs()
	cpu := cpus[len(cpus)-1]
	first, err := ReadCPU(cpus)
	if err != nil {
		t.Fatal(err)
	}
	online, err := parseCPUs(root("/").text("sys/devices/system/cpu/online"))
	if err != nil {
		t.Fatal(err)
	}
	need.That(t, first.Source.Inexact() == "", "a kernel that tells exact run times for each CPU")
	t.Logf("asked   burned      process     CPU         others      samples   of it (source: %s)", first.Source)
	for _, asked := range []float64{5, 10, 20, 40, 80} {
		pid, in, out := begin(t, cpu, "burner", fmt.Sprintf("%s=%v", burnAsked, asked))
		tell := func(what string) (answer string) {
			if _, err := io.WriteString(in, what+"\n"); err != nil {
				t.Fatal(err)
			}
			answer, err := out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(answer)
		}
		outer, inner := readTask{}, readTask{}
		outer.read(t)
		before := readBurn(t, cpu, pid)
		inner.read(t)
		burned, err := strconv.ParseFloat(tell("burn"), 64)
		if err != nil {
			t.Fatal(err)
		}
		inner.read(t)
		after := readBurn(t, cpu, pid)
		outer.read(t)
		tell("end")
		if ended := readBurn(t, cpu, pid); ended.process.CPU < after.process.CPU {
			t.Errorf("%v %%: with its threads go %v s of its time", asked, after.process.CPU-ended.process.CPU)
		}

		process := after.process.Sub(before.process).CPU
		all := after.all.Sub(before.all)
		var core CoreTime
		for _, c := range all.Cores {
			if c.CPU == cpu {
				core = c
			}
		}
		ticks := after.ticks - before.ticks
		t.Logf("%4.0f %%  %6.2f ms  %6.2f ms  %6.2f ms  %8.2f ms  %4.0f ms  %4.0f %%",
			asked, 1e3*burned, 1e3*process, 1e3*core.Tasks, 1e3*(core.Tasks-burned), 1e3*ticks, 100*ticks/core.Tasks)
		if off := math.Abs(process/burned - 1); off > burnLimit {
			t.Errorf("%v %%: the process is said to have run for %v s, and has for %v", asked, process, burned)
		}
		if core.Busy() < (1-burnLimit)*burned {
			t.Errorf("%v %%: CPU %d is said to have been busy for %v s, and one process has run for %v", asked, cpu, core.Busy(), burned)
		}
		if all.Source != Cpuacct || len(cpus) != len(online) {
			continue // else a task is counted once it leaves its CPU, or is on another
		}
		// All that live ran at least as long as between the inner readings, and no
		// longer than between the outer ones.
		ran := all.Sum().Tasks
		if least, _ := inner.between(); ran < least-burnLimit*burned {
			t.Errorf("%v %%: all CPUs are said to have run tasks for %v s, and all tasks have run for %v", asked, ran, least)
		}
		most, whole := outer.between()
		switch {
		case !whole:
			t.Logf("        others ended meanwhile or are out of sight: nobody can say what all of them ran")
		case ran > most+burnLimit*burned:
			t.Errorf("%v %%: all CPUs are said to have run tasks for %v s, and all tasks have run for at most %v", asked, ran, most)
		}
	}
}

// burnReading is a host with a burner, read at once.
type burnReading struct {
	all     CPUTime
	process ProcessTime
	ticks   float64 // s that the kernel's samples say the burner's CPU was busy
}

func readBurn(t *testing.T, cpu, pid int) (r burnReading) {
	t.Helper()
	var err, err2, err3 error
	r.all, err = ReadCPU(Cores().IDs())
	r.process, err2 = ReadProcess(pid)
	stat, err3 := readStat("/", []int{cpu})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	r.ticks = stat[0].User + stat[0].Nice + stat[0].System + stat[0].IRQ + stat[0].SoftIRQ
	return r
}

// readTask is what every task of the host has run, at two instants.
type readTask struct {
	ran   []map[int]float64 // s, by the task's number
	forks []uint64          // how many there have been
}

func (r *readTask) read(t *testing.T) {
	t.Helper()
	ran := map[int]float64{}
	processes, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		threads, _ := procfs.AllThreads(p.PID) // of one that has ended, none
		for _, thread := range threads {
			if s, err := thread.Schedstat(); err == nil {
				ran[thread.PID] = float64(s.RunningNanoseconds) / 1e9
			}
		}
	}
	stat, err := fromProc("/", procfs.FS.Stat)
	if err != nil {
		t.Fatal(err)
	}
	r.ran, r.forks = append(r.ran, ran), append(r.forks, stat.ProcessCreated)
}

// between is what the tasks ran that live at the second reading (s), and whether that
// is all: no other task has begun or ended, and those of the kernel are in sight.
func (r *readTask) between() (ran float64, whole bool) {
	for task, seconds := range r.ran[1] {
		ran += seconds - r.ran[0][task]
	}
	whole = r.forks[0] == r.forks[1] && root("/").text("proc/2/comm") == "kthreadd"
	for task := range r.ran[0] {
		_, lives := r.ran[1][task]
		whole = whole && lives
	}
	return ran, whole
}

// A process that runs, or could if it had a CPU, does not rest.
func TestSpinnerDoesNotRest(t *testing.T) {
	cpus := Cores().IDs()
	// Nothing takes the loop off its thread.
	pid, _, _ := begin(t, cpus[0], "spinner", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2", "GOGC=off")
	for range 20 {
		if rests, err := Resting(pid); err != nil || rests {
			t.Fatalf("rests: %v, %v", rests, err)
		}
	}
	const nobody = 1 << 23 // above what the kernel gives (PID_MAX_LIMIT)
	if _, err := ReadProcess(nobody); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a process that is not there: %v", err)
	}
}
