package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// cpuacct is where systemd and its like mount it, or a link to that.
const cpuacct = "sys/fs/cgroup/cpuacct"

// readCpuacct reads the root of cgroup v1's cpuacct: a number (ns) for each CPU that
// the kernel can have (Documentation/admin-guide/cgroup-v1/cpuacct.rst).
func readCpuacct(files fs.FS, cpus []int) ([]float64, error) {
	// A container may see its own group there, which has nobody else's tasks. The root
	// alone has this file.
	if _, err := fs.Stat(files, cpuacct+"/release_agent"); err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(files, cpuacct+"/cpuacct.usage_percpu")
	if err != nil {
		return nil, err
	}
	possible, err := parseCPUs(readText(files, "sys/devices/system/cpu/possible"))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text))
	if len(fields) != len(possible) {
		return nil, fmt.Errorf("%d numbers for %s", len(fields), plural(len(possible), "possible CPU"))
	}
	ran := make([]float64, len(cpus))
	for i, cpu := range cpus {
		at := slices.Index(possible, cpu)
		if at < 0 {
			return nil, fmt.Errorf("CPU %d is not possible", cpu)
		}
		if ran[i], err = parseNanos(fields[at]); err != nil {
			return nil, err
		}
	}
	return ran, nil
}

// Lines and fields of /proc/schedstat (Documentation/scheduler/sched-stats.rst). The
// fields that are read are the same in each version from 15 on, which is of 2010.
const (
	schedstatVersion = 15
	colRan           = 7 // of a cpu line, its name being 0: ns that tasks ran
	colWaited        = 8 // ns that tasks waited to run
)

// readSchedstat reads how long tasks ran on each CPU, and how long they waited for it.
func readSchedstat(files fs.FS, cpus []int) (ran, waited []float64, err error) {
	text, err := fs.ReadFile(files, "proc/schedstat")
	if err != nil {
		return nil, nil, err
	}
	ran, waited = make([]float64, len(cpus)), make([]float64, len(cpus))
	left := len(cpus)
	version := 0
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) == 2 && fields[0] == "version":
			if version, err = strconv.Atoi(fields[1]); err != nil || version < schedstatVersion {
				return nil, nil, fmt.Errorf("version %q, at least %d was expected", fields[1], schedstatVersion)
			}
		case len(fields) > colWaited && strings.HasPrefix(fields[0], "cpu"):
			cpu, bad := strconv.Atoi(strings.TrimPrefix(fields[0], "cpu"))
			i := slices.Index(cpus, cpu)
			if bad != nil || i < 0 {
				continue
			}
			left--
			r, err1 := parseNanos(fields[colRan])
			w, err2 := parseNanos(fields[colWaited])
			if err := errors.Join(err1, err2); err != nil {
				return nil, nil, err
			}
			ran[i], waited[i] = r, w
			if r == 0 { // a CPU that has run nothing reads no file
				return nil, nil, fmt.Errorf("CPU %d has run no task", cpu)
			}
		}
	}
	if version == 0 || left != 0 {
		return nil, nil, fmt.Errorf("version %d, and %d of %d CPUs are missing", version, left, len(cpus))
	}
	return ran, waited, nil
}

func parseNanos(text string) (seconds float64, err error) {
	ns, err := strconv.ParseUint(text, 10, 64)
	return float64(ns) / 1e9, err
}
