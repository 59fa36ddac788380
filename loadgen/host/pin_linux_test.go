package host

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	children["pinned"] = func() error {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		fmt.Println(infoValue(string(status), "Cpus_allowed_list"), runtime.NumCPU(), runtime.GOMAXPROCS(0))
		return nil
	}
}

func TestStartPinned(t *testing.T) {
	for _, cpu := range Cores().IDs() {
		cmd := child(t, "pinned")
		var out strings.Builder
		cmd.Stdout = &out
		if err := StartPinned(cmd, []int{cpu}); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		// Its affinity, the CPUs the runtime counted, and GOMAXPROCS.
		if got, want := out.String(), fmt.Sprintf("%d 1 1\n", cpu); got != want {
			t.Errorf("held to CPU %d, the child saw %q, want %q", cpu, got, want)
		}
	}
}

// Where a process may run is read back of one that runs.
func TestStrayed(t *testing.T) {
	all := Cores().IDs()
	for _, held := range [][]int{all, nil} {
		if why := Strayed(os.Getpid(), held); why != "" {
			t.Errorf("held to %v: %s", held, why)
		}
	}
	if why, want := Strayed(os.Getpid(), []int{maxCPU - 1}), fmt.Sprintf("held to CPU %d, it may run on %s: ", maxCPU-1, cpuText(all)); !strings.HasPrefix(why, want) {
		t.Errorf("it says %q, not %q", why, want)
	}
	if why := Strayed(1<<30, all); why != "" {
		t.Errorf("of nobody it says %q", why)
	}
}

func TestStartPinnedErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		cpus []int
		want string
	}{
		{"none", nil, "hold a thread to CPUs : invalid argument"},
		{"not on this machine", []int{maxCPU - 1}, fmt.Sprintf("hold a thread to CPU %d: invalid argument", maxCPU-1)},
		{"partly on this machine", []int{Cores().IDs()[0], maxCPU - 1}, "the kernel gave CPU"},
	} {
		cmd := child(t, "pinned")
		err := StartPinned(cmd, test.cpus)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
		if cmd.Process != nil {
			t.Errorf("%s: a child was started", test.name)
		}
	}
	if err := StartPinned(exec.Command("./no-such-program"), Cores().IDs()[:1]); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("a missing program: error %v", err)
	}
}

// Threads that the runtime needs while one of its threads is pinned must not
// inherit the narrow mask, or the coordinator ends up on the server's core.
func TestPinningStaysOnItsThread(t *testing.T) {
	all := Cores().IDs()
	err := onCPUs(all[:1], func() error {
		const threads = 8
		var ready, read sync.WaitGroup
		ready.Add(threads)
		masks := make([][]int, threads)
		for i := range masks {
			read.Go(func() {
				runtime.LockOSThread() // and so each needs a thread of its own
				defer runtime.UnlockOSThread()
				ready.Done()
				ready.Wait()
				mask := unix.NewCPUSet(maxCPU)
				if err := unix.SchedGetaffinityDynamic(0, mask); err == nil {
					masks[i] = maskCPUs(mask)
				}
			})
		}
		read.Wait()
		for _, mask := range masks {
			if !slices.Equal(mask, all) {
				t.Errorf("a new thread is held to %v, want %v", mask, all)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
		if err != nil {
			continue // the thread has ended
		}
		got, err := parseCPUs(infoValue(string(status), "Cpus_allowed_list"))
		if err != nil || !slices.Equal(got, all) {
			t.Errorf("afterwards thread %s is held to %v (%v), want %v", task.Name(), got, err, all)
		}
	}
}
