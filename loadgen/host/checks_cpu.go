package host

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

func (e *environment) system() Check {
	h := e.host
	var memory, kernel string
	if h.Memory > 0 {
		memory = fmt.Sprintf("%.1f GiB of memory", float64(h.Memory)/(1<<30))
	}
	if h.Kernel != "" {
		kernel = "kernel " + h.Kernel
	}
	c := Check{Name: "system", State: OK, Found: strings.Join(nonEmpty(h.OS, kernel, h.CPU, memory), ", ")}
	if !e.linux() {
		c.State, c.Means = Note, "Linux is the measuring platform; here nothing is pinned and the host's CPU time is not read"
	}
	return c
}

func (e *environment) cpus() Check {
	cores := map[int]bool{}
	for _, cpu := range e.topology.CPUs {
		cores[cpu.Core] = true
	}
	l := Split(e.topology)
	c := Check{Name: "cpus", State: OK, Means: l.Note}
	c.Found = fmt.Sprintf("%s on %s", plural(len(e.topology.CPUs), "CPU"), plural(len(cores), "core"))
	switch {
	case !e.linux():
		return Check{"cpus", Note, plural(len(e.topology.CPUs), "CPU"), "server and fleet run where the kernel puts them"}
	case l.Shared:
		c.State = Lacks
	case l.Note != "":
		c.State = Note
	default:
		c.Found += fmt.Sprintf(", server on %s, fleet on %s", cpuText(l.Server), cpuText(l.Fleet))
	}
	return c
}

// usage is how the CPUs spent a moment in which the doctor slept, and the share that
// has been stolen from them since boot.
type usage struct {
	now       CoreTime
	bootSteal float64
	source    Source
	err       error
}

// usageSample is long enough for 30 of the kernel's steps per CPU.
const usageSample = 300 * time.Millisecond

func (e *environment) usage() usage {
	cpus := e.topology.IDs()
	begun := e.now()
	wall := func() float64 { return e.now().Sub(begun).Seconds() }
	before, err := readCPU(e.root, cpus, wall)
	if errors.Is(err, fs.ErrNotExist) {
		return usage{err: errors.New("there is no /proc/stat")}
	} else if err != nil {
		return usage{err: err}
	}
	e.pause(usageSample)
	after, err := readCPU(e.root, cpus, wall)
	stat, err2 := readStat(e.root, cpus)
	var steal, total float64
	for _, s := range stat { // of which user and nice hold what guests ran
		steal, total = steal+s.Steal, total+s.User+s.Nice+s.System+s.Idle+s.Iowait+s.IRQ+s.SoftIRQ+s.Steal
	}
	return usage{now: after.Sub(before).Sum(), bootSteal: share(steal, total), source: after.Source, err: errors.Join(err, err2)}
}

// busyNow is the share of CPU time from which other work is worth a note.
const busyNow = 0.10

func (e *environment) load(u usage) Check {
	if u.err != nil {
		return Check{"load", Note, u.err.Error(), "look for other work yourself before a run"}
	}
	c := Check{Name: "load", State: OK}
	c.Found = fmt.Sprintf("load average %.2f, CPUs %.0f %% busy now", e.host.Load, u.now.BusyShare()*100)
	switch {
	case u.now.BusyShare() > busyNow:
		c.State, c.Means = Note, "something else is running, and will show in latency and CPU time"
	case busy(e.host):
		c.State, c.Means = Note, "other work ran within the last minute"
	}
	return c
}

// muchSteal is a share of the time from which its owner should know.
const muchSteal = 0.05

func (e *environment) steal(u usage) Check {
	if u.err != nil {
		return Check{"steal", Lacks, u.err.Error(), "stolen time and the host's CPU time are not measured"}
	}
	return okUnless(max(u.now.StealShare(), u.bootSteal) > muchSteal, "steal",
		fmt.Sprintf("%.1f %% now, %.1f %% since boot", u.now.StealShare()*100, u.bootSteal*100),
		"blocks differ more from one another: more of them make up for that")
}

// cpuTime tells whether the CPU time of the whole host is exact.
func (e *environment) cpuTime(u usage) Check {
	switch {
	case u.err != nil:
		return Check{"cpu-time", Lacks, u.err.Error(), "host/cpu is not measured"}
	case u.source.Inexact() != "":
		return Check{"cpu-time", Lacks, "run time of tasks is known to 10 ms on each CPU", "host/cpu is not counted; a kernel with CONFIG_SCHEDSTATS tells it exactly"}
	}
	return Check{"cpu-time", OK, fmt.Sprintf("run time of tasks is exact on each CPU, from %s", u.source), ""}
}

func (e *environment) virtual() Check {
	if e.host.Virtual {
		return Check{"virtual", Note, "a hypervisor is announced", "neighbours can slow this machine; steal and the calibration loop tell when"}
	}
	return Check{"virtual", OK, "no hypervisor is announced", ""}
}

func (e *environment) clock() Check {
	if e.host.Clock == "" {
		return Check{"clock", Note, "clock source not known", ""}
	}
	return okUnless(slowClock(e.host.Clock), "clock", e.host.Clock, "each time stamp costs a system call or more, and CPU per event is dearer for it")
}

const (
	timerSleeps = 51 // an odd number has a middle one
	timerSleep  = time.Millisecond
	// A publisher is late when p99 of its lag is 1 ms: half of that for the
	// middle sleep leaves no room.
	timerLimit = time.Millisecond / 2
)

func (e *environment) timer() Check {
	late := make([]time.Duration, timerSleeps)
	for i := range late {
		start := e.now()
		e.pause(timerSleep)
		late[i] = e.now().Sub(start) - timerSleep
	}
	slices.Sort(late)
	p50 := late[timerSleeps/2]
	return okUnless(p50 > timerLimit, "timer", fmt.Sprintf("a sleep of 1 ms ends %d µs late (p50 of %d)", p50.Microseconds(), timerSleeps),
		"publishing may miss its schedule by more than 1 ms, and trials become invalid")
}
