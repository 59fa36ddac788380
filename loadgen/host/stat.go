package host

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// statTime is what /proc/stat tells of some CPUs, in the order that was asked for.
type statTime struct {
	cores      []statCore
	interrupts bool // the kernel counts interrupts
}

// statCore is the columns of one CPU that can be relied upon (s since boot). Idle and
// steal are counted by clocks. So are irq and softirq where the kernel counts
// interrupts.
type statCore struct {
	idle         float64 // and waiting for disk
	irq, softirq float64
	steal        float64
	total        float64 // all columns: about the time since boot
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

func readStat(files fs.FS, cpus []int) (statTime, error) {
	text, err := fs.ReadFile(files, "proc/stat")
	if err != nil {
		return statTime{}, err
	}
	t, err := parseStat(text, cpus)
	if err != nil {
		return statTime{}, fmt.Errorf("/proc/stat: %w", err)
	}
	return t, nil
}

// parseStat finds the lines of the CPUs named, each of which must be there exactly
// once.
//
// A kernel that counts interrupts has some in irq at once, as each tick is one. One
// that does not charges a tick to irq only if it interrupts an interrupt, during which
// no tick comes.
func parseStat(stat []byte, cpus []int) (statTime, error) {
	if len(cpus) == 0 {
		return statTime{}, fmt.Errorf("no CPU was named")
	}
	t := statTime{cores: make([]statCore, len(cpus))}
	seen := make([]bool, len(cpus))
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
		i := slices.Index(cpus, cpu)
		if err != nil || i < 0 {
			continue
		}
		if seen[i] {
			return statTime{}, fmt.Errorf("line %d: CPU %d is there twice", n, cpu)
		}
		seen[i] = true
		if t.cores[i], err = parseStatLine(fields[1:]); err != nil {
			return statTime{}, fmt.Errorf("line %d: CPU %d: %w", n, cpu, err)
		}
		t.interrupts = t.interrupts || t.cores[i].irq > 0
	}
	if i := slices.Index(seen, false); i >= 0 {
		return statTime{}, fmt.Errorf("CPU %d is missing: is it offline?", cpus[i])
	}
	return t, nil
}

func parseStatLine(fields [][]byte) (statCore, error) {
	if len(fields) < minCols {
		return statCore{}, fmt.Errorf("%d numbers, at least %d were expected", len(fields), minCols)
	}
	var col [numCols]float64 // seconds
	var c statCore
	for i := range min(len(fields), numCols) {
		ticks, err := strconv.ParseUint(string(fields[i]), 10, 64)
		if err != nil {
			return statCore{}, fmt.Errorf("number %d is %q", i+1, fields[i])
		}
		col[i] = float64(ticks) / userHZ
		c.total += col[i]
	}
	c.idle = col[colIdle] + col[colIowait]
	c.irq, c.softirq, c.steal = col[colIRQ], col[colSoftirq], col[colSteal]
	return c, nil
}
