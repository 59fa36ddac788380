// Package host is what the generator knows about the machine it measures on:
// what the machine is, which CPU each process of a trial gets, what CPU time
// and open files there are, what stops it, and what else it was busy with during a trial.
//
//	loadgen ─▶ host.Describe, Split, Doubts ─▶ the record's header
//	        ─▶ host.StartPinned             ─▶ server and fleet, one CPU each
//	        ─▶ host.ReadCPU, ReadProcess    ─▶ CPU and waits of cores and processes
//	        ─▶ host.Canary                  ─▶ host/canary
//	        ─▶ host.ReadThrottle            ─▶ before and after a trial: what a CPU quota took
//	        ─▶ host.Doctor                  ─▶ the terminal, before any run
//
// Linux is the measuring platform. Elsewhere the package builds and says what
// it cannot do: Describe leaves fields and facts empty, StartPinned starts unpinned.
package host

import (
	"fmt"
	"slices"

	"pushbench/results"
)

// Describe returns what is known about this machine; what cannot be read stays
// empty. ServerCPUs, FleetCPUs and Canary are for the caller to fill, who
// decides and measures them.
func Describe() results.Host {
	h := describe("/")
	if _, reach, err := openFiles(); err == nil {
		h.OpenFiles = int64(reach)
	}
	return h
}

// busyLoad is the load average per CPU from which the host is called busy.
// Half a CPU's worth of other work is where a pinned process starts to queue.
const busyLoad = 0.5

// Doubts returns what about the host and its layout a reader of the results
// should know: the warnings of the record's header. It is empty on a quiet
// machine with a core for each process.
func Doubts(h results.Host, l Layout) []string {
	var doubts []string
	if l.Note != "" {
		doubts = append(doubts, l.Note)
	}
	if busy(h) {
		doubts = append(doubts, fmt.Sprintf("load average %.2f on %s before the start: other work ran within the last minute",
			h.Load, plural(h.Cores, "CPU")))
	}
	if slowClock(h.Clock) {
		doubts = append(doubts, fmt.Sprintf("clock source %s: each time stamp costs a system call or more, and is charged to whoever takes it", h.Clock))
	}
	return doubts
}

func busy(h results.Host) bool {
	return h.Cores > 0 && h.Load > busyLoad*float64(h.Cores)
}

// slowClock names the clock sources that user space cannot read by itself
// (vdso(7) falls back to a system call, and these also leave the CPU).
func slowClock(source string) bool {
	return slices.Contains([]string{"hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies", "xen"}, source)
}
