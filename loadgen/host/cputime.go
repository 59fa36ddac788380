package host

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// CPUTime is what a set of CPUs has done since boot, or between two readings,
// in seconds. The kernel counts in steps of 10 ms.
type CPUTime struct {
	Busy    float64 // user, nice, system, interrupts and softirq: whatever ran, whoever asked for it
	Softirq float64 // part of Busy: on loopback the receiver's kernel half, run by the sender
	Steal   float64 // ready to run while the hypervisor ran something else
	Total   float64 // Busy, Steal, idle and waiting for disk
}

// Sub returns the time that passed between the reading o and the later t.
func (t CPUTime) Sub(o CPUTime) CPUTime {
	return CPUTime{t.Busy - o.Busy, t.Softirq - o.Softirq, t.Steal - o.Steal, t.Total - o.Total}
}

// StealShare is the share of the time that was stolen (1: all of it); 0 where
// no time was counted.
func (t CPUTime) StealShare() float64 { return share(t.Steal, t.Total) }

// BusyShare is the share of the time that the CPUs ran something.
func (t CPUTime) BusyShare() float64 { return share(t.Busy, t.Total) }

func share(part, whole float64) float64 {
	if !(whole > 0) {
		return 0
	}
	// Each column is rounded to a step on its own, and time waiting for disk may
	// even run backwards (proc_stat(5)).
	return min(max(part/whole, 0), 1)
}

// ReadCPU returns the CPUs' time since boot, summed. Off Linux it is an error.
func ReadCPU(cpus []int) (CPUTime, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return CPUTime{}, fmt.Errorf("read CPU time: %w", err)
	}
	t, err := parseStat(stat, cpus)
	if err != nil {
		return CPUTime{}, fmt.Errorf("read CPU time: /proc/stat: %w", err)
	}
	return t, nil
}

// userHZ is the kernel's unit towards user space, the same on every
// architecture that Go has (USER_HZ, include/uapi/asm-generic/param.h).
const userHZ = 100

// Columns of a cpu line, proc_stat(5). Columns eight and nine, guest and
// guest_nice, are left out because they are already in user and nice; newer
// ones because nobody knows what they would be part of.
const (
	colUser = iota
	colNice
	colSystem
	colIdle
	colIowait
	colIRQ
	colSoftirq
	colSteal
	numCols
)

// minCols is what a line must have: older kernels end it after idle.
const minCols = colIdle + 1

// parseStat sums the lines of the CPUs named, each of which must be there
// exactly once.
func parseStat(stat []byte, cpus []int) (CPUTime, error) {
	if len(cpus) == 0 {
		return CPUTime{}, fmt.Errorf("no CPU was named")
	}
	var sum CPUTime
	seen := make(map[int]bool, len(cpus))
	n := 0
	for line := range bytes.Lines(stat) {
		n++
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		digits, ok := bytes.CutPrefix(fields[0], []byte("cpu"))
		if !ok || len(digits) == 0 { // another key, or the sum of all CPUs
			continue
		}
		cpu, err := strconv.Atoi(string(digits))
		if err != nil || !slices.Contains(cpus, cpu) {
			continue
		}
		if seen[cpu] {
			return CPUTime{}, fmt.Errorf("line %d: CPU %d is there twice", n, cpu)
		}
		seen[cpu] = true
		t, err := parseStatLine(fields[1:])
		if err != nil {
			return CPUTime{}, fmt.Errorf("line %d: CPU %d: %w", n, cpu, err)
		}
		sum.Busy += t.Busy
		sum.Softirq += t.Softirq
		sum.Steal += t.Steal
		sum.Total += t.Total
	}
	for _, cpu := range cpus {
		if !seen[cpu] {
			return CPUTime{}, fmt.Errorf("CPU %d is missing: is it offline?", cpu)
		}
	}
	return sum, nil
}

func parseStatLine(fields [][]byte) (CPUTime, error) {
	if len(fields) < minCols {
		return CPUTime{}, fmt.Errorf("%d numbers, at least %d were expected", len(fields), minCols)
	}
	var col [numCols]float64 // seconds
	for i := range min(len(fields), numCols) {
		ticks, err := strconv.ParseUint(string(fields[i]), 10, 64)
		if err != nil {
			return CPUTime{}, fmt.Errorf("number %d is %q", i+1, fields[i])
		}
		col[i] = float64(ticks) / userHZ
	}
	var t CPUTime
	t.Busy = col[colUser] + col[colNice] + col[colSystem] + col[colIRQ] + col[colSoftirq]
	t.Softirq = col[colSoftirq]
	t.Steal = col[colSteal]
	t.Total = t.Busy + t.Steal + col[colIdle] + col[colIowait]
	return t, nil
}
