package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"pushbench/servers/count"
)

// CPUTime is what CPUs have done since some instant of the past, or between two
// readings, each CPU by itself and in seconds.
//
// The kernel's columns of busy time in /proc/stat are samples: whoever runs when a
// tick comes is charged for a whole one. A program that runs for 100 µs at a time, woken
// by timers, is missed in part; TestBurn shows how much of it. So none of these columns
// is used. What the tasks ran is read where the kernel keeps it to the nanosecond
// (Source).
//
// Left out is what a CPU does between its tasks: interrupts that come while it is
// idle, unless the kernel counts them (Interrupts), and the way into and out of idle.
// Wall less Busy and Idle is all of that and steal. The two cannot be told apart: a
// virtual CPU that is woken waits for the hypervisor while it still counts as idle.
type CPUTime struct {
	Source Source
	// Interrupts says that the kernel counts the time of interrupts by itself
	// (CONFIG_IRQ_TIME_ACCOUNTING). Elsewhere an interrupt is charged to the task that
	// it interrupts, and the columns of interrupts are 0 here.
	Interrupts bool
	Waits      bool // CoreTime.Waited is known
	Cores      []CoreTime
}

// Source is where the run time of tasks is from.
type Source string

const (
	// Cpuacct is usage_percpu of the root of cgroup v1's cpuacct: exact, and the same
	// sum of which each process is told its part.
	Cpuacct Source = "cpuacct"
	// Schedstat is rq_cpu_time of /proc/schedstat (CONFIG_SCHEDSTATS), which is counted
	// when a task leaves its CPU. Interrupts and steal that fell into the run of a task
	// are part of it. Where interrupts are counted, all of them are taken off, also the
	// few that came while the CPU was idle.
	Schedstat Source = "schedstat"
	// Idle is all time that was neither idle nor stolen. The kernel tells both to 10 ms
	// only, and part of what is stolen from a CPU that wakes up is in both.
	Idle Source = "idle"
)

// Inexact says why the run time of tasks is not exact, "" where it is.
func (s Source) Inexact() string {
	if s != Idle {
		return ""
	}
	return "the kernel keeps no exact run time for each CPU: there is no /proc/schedstat (CONFIG_SCHEDSTATS) and no root of cgroup v1's cpuacct; known to 10 ms is when a CPU was idle"
}

// CoreTime is what one CPU has done, or several together. CPU time is the seconds of
// each of them, added up.
type CoreTime struct {
	CPU        int
	Wall       float64 // that passed; the beginning is arbitrary, so that only differences mean something
	Tasks      float64 // that processes and the kernel's threads ran
	Interrupts float64 // hard and soft, in nobody's run time; 0 unless CPUTime.Interrupts
	Softirq    float64 // part of Interrupts: on loopback the receiver's kernel half, run by the sender
	Idle       float64 // and waiting for disk, to 10 ms
	Steal      float64 // ready to run while the hypervisor ran something else
	Waited     float64 // that tasks were ready to run and waited for this CPU, summed over them
}

// Busy is the time that the CPU ran something, whoever asked for it.
func (c CoreTime) Busy() float64 { return c.Tasks + c.Interrupts }

// StealShare is the share of the time that was stolen (1: all of it); 0 where no time
// passed.
func (c CoreTime) StealShare() float64 { return share(c.Steal, c.Wall) }

// BusyShare is the share of the time that the CPU ran something.
func (c CoreTime) BusyShare() float64 { return share(c.Busy(), c.Wall) }

func share(part, whole float64) float64 {
	if !(whole > 0) {
		return 0
	}
	// The parts are read a moment after the clock, and some in steps of 10 ms.
	return min(max(part/whole, 0), 1)
}

// Sub returns what passed between the reading o and the later t of the same CPUs. Where
// one of them could not be read as well as the other, so is all that passed.
func (t CPUTime) Sub(o CPUTime) CPUTime {
	d := CPUTime{Source: t.Source, Interrupts: t.Interrupts && o.Interrupts, Waits: t.Waits && o.Waits}
	for i, c := range t.Cores {
		if i < len(o.Cores) {
			c = count.Sub(c, o.Cores[i])
			c.CPU = t.Cores[i].CPU
		}
		if !d.Interrupts {
			c.Interrupts, c.Softirq = 0, 0
		}
		if t.Source != o.Source {
			d.Source = Idle
			c.Tasks = c.Wall - c.Idle - c.Steal - c.Interrupts
		}
		d.Cores = append(d.Cores, c)
	}
	return d
}

// Sum is all CPUs together.
func (t CPUTime) Sum() (sum CoreTime) {
	for _, c := range t.Cores {
		sum = count.Add(sum, c)
	}
	sum.CPU = -1
	return sum
}

// booted is when this process began to count: readings differ by what passed since.
var booted = time.Now()

// ReadCPU reads three or four files of the kernel, and looks at no process. Off Linux
// it is an error.
func ReadCPU(cpus []int) (CPUTime, error) {
	return readCPU("/", cpus, func() float64 { return time.Since(booted).Seconds() })
}

// readCPU reads the CPUs' time. All but the run time of tasks is in /proc/stat.
func readCPU(r root, cpus []int, wall func() float64) (CPUTime, error) {
	now := wall()
	acct := readCpuacct(r, cpus)
	sched := readSchedstat(r, cpus)
	stat, err := readStat(r, cpus)
	if err != nil {
		return CPUTime{}, fmt.Errorf("read CPU time: %w", err)
	}
	t := CPUTime{Source: Idle, Waits: sched != nil}
	switch {
	case acct != nil:
		t.Source = Cpuacct
	case sched != nil:
		t.Source = Schedstat
	}
	// A kernel that counts interrupts has some in irq at once, as each tick is one. One
	// that does not charges a tick to irq only if it interrupts an interrupt, during which
	// no tick comes.
	t.Interrupts = slices.ContainsFunc(stat, func(s procfs.CPUStat) bool { return s.IRQ > 0 })
	for i, cpu := range cpus {
		s := stat[i]
		c := CoreTime{CPU: cpu, Wall: now, Idle: s.Idle + s.Iowait, Steal: s.Steal}
		if t.Interrupts {
			c.Interrupts, c.Softirq = s.IRQ+s.SoftIRQ, s.SoftIRQ
		}
		switch t.Source {
		case Cpuacct:
			c.Tasks = acct[i]
		case Schedstat:
			c.Tasks = float64(sched[i].RunningNanoseconds)/1e9 - c.Interrupts
		case Idle:
			c.Tasks = now - c.Idle - s.Steal - c.Interrupts
		}
		if t.Waits {
			c.Waited = float64(sched[i].WaitingNanoseconds) / 1e9
		}
		t.Cores = append(t.Cores, c)
	}
	return t, nil
}

// readStat is the CPUs' lines of /proc/stat (s since boot), of which idle and steal are
// counted by clocks. So are the interrupts where the kernel counts them.
func readStat(r root, cpus []int) ([]procfs.CPUStat, error) {
	all, err := fromProc(r, procfs.FS.Stat)
	if err != nil {
		return nil, err
	}
	of := make([]procfs.CPUStat, len(cpus))
	for i, cpu := range cpus {
		known := false
		if of[i], known = all.CPU[int64(cpu)]; !known {
			return nil, fmt.Errorf("/proc/stat: CPU %d is missing: is it offline?", cpu)
		}
	}
	return of, nil
}
